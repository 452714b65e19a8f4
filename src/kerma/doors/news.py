"""Live news to browsers: the tail of the ledger as server-sent events, ids only.

Every change is a ledger record, so the ledger's length says whether anything is new: one small query every quarter of
a second serves all browsers, whichever process made the change. The ``id:`` of an event is the ledger position after
it, so a browser that lost the connection gets what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse

from kerma.areas.worklist.model import item
from kerma.kernel import ledger, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import text
from kerma.kernel.identity import sessions_of
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.sight import hides_anything, sights_of

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)

POLL_S = 0.25
RETRY_S = 2.0
COMMENT_S = 15
LOOK_S = 0.5
"""How often a stream looks whether the server ends."""
SIGNED_IN_S = 30.0
"""How often a stream looks whether its person is still signed in anywhere."""
MOST_RECORDS = 1000
"""Beyond so many records at once a browser reloads what it shows instead."""
MOST_WAITING = 200
MOST_AGE_S = 3600.0
TOLD_AREAS = ("archive", "worklist", "review", "report", "exchange", "custody", "alarms")
TOLD_IDS = ("exam_pk", "item_id")
ALWAYS_TOLD = ("archive.ingest", "review.record_analysis")
"""What is told of an exam in which something is hidden: images came, software has looked at them."""
HOLDING = ("worklist.claim", "worklist.release", "worklist.hand_over", "worklist.free", "worklist.close")
"""What is told besides, where one person holds an exam: it leaves the list, or comes back to it."""

router = APIRouter(prefix="/api/v1", tags=["news"])


class Told(ServerSentEvent):
    """One piece of news, and what says to whom it may be told."""

    def __init__(self, piece: Mapping[str, Any], position: int, actors: frozenset[str]) -> None:
        super().__init__(data=json.dumps(piece, sort_keys=True), event="news", id=str(position))
        self.piece, self.actors = piece, actors


class News:
    """Reads new ledger records once for all listening browsers of this process."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.listeners: dict[asyncio.Queue[ServerSentEvent], Actor] = {}
        self._position = 0

    async def run(self) -> None:
        """Look for new records for as long as the server runs."""
        while True:
            await asyncio.sleep(POLL_S)
            if not self.listeners:
                continue
            try:
                position, events = await asyncio.to_thread(read_after, self.kernel, self._position)
                told = await asyncio.to_thread(told_to, self.kernel, events, list(self.listeners.values()))
            except sa.exc.SQLAlchemyError:
                log.exception("news could not be read; browsers get them once the database answers again")
                await asyncio.sleep(RETRY_S)
            else:
                self._position = position
                if events:
                    self._tell(told)

    async def listen(self, after: int | None, actor: Actor) -> asyncio.Queue[ServerSentEvent]:
        """Begin to listen: from now on, or from a ledger position on."""
        queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue(MOST_WAITING)
        if not self.listeners:
            self._position = await asyncio.to_thread(ledger_size, self.kernel)
        self.listeners[queue] = actor  # first: what happens while it is read what was missed is told, if need be twice
        try:
            if after is not None:
                _, missed = await asyncio.to_thread(read_after, self.kernel, after)
                told = await asyncio.to_thread(told_to, self.kernel, missed, [actor])
                self._tell({actor.key: told[actor.key]}, {queue: actor})
        except BaseException:
            del self.listeners[queue]  # nobody will read it
            raise
        return queue

    def _tell(
        self,
        told: Mapping[str, Sequence[ServerSentEvent]],
        listeners: Mapping[asyncio.Queue[ServerSentEvent], Actor] | None = None,
    ) -> None:
        for queue, actor in (self.listeners if listeners is None else listeners).items():
            # Who came while it was found out what may be told has missed it.
            events = told.get(actor.key, (resync(self._position),))
            if queue.qsize() + len(events) > MOST_WAITING:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(resync(self._position))
                continue
            for event in events:
                queue.put_nowait(event)


@router.get("/news", response_class=EventSourceResponse)
async def news(
    request: Request,
    actor: Annotated[Actor, Depends(requests.actor_of)],
    last_event_id: Annotated[int | None, Header()] = None,
    age_s: Annotated[float | None, Query(ge=0, le=MOST_AGE_S)] = None,
) -> EventSourceResponse:
    """Stream what has changed, as ids; whoever shows those things asks for them again.

    `age_s` says for how long the page has been loading what it shows: what happened meanwhile is told first.
    """
    told: News = request.app.state.news
    after = last_event_id
    if after is None and age_s is not None:
        after = await asyncio.to_thread(position_before, told.kernel, age_s)
    queue, ends = await told.listen(after, actor), anyio.Event()
    return EventSourceResponse(
        _stream(told, queue, actor, ends),
        ping=COMMENT_S,
        send_timeout=10,
        shutdown_event=ends,
        shutdown_grace_period=2 * LOOK_S,
    )


async def _stream(
    told: News, queue: asyncio.Queue[ServerSentEvent], actor: Actor, ends: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    """Yield what the queue brings until the server ends, the browser leaves, or nobody is signed in any more."""
    loop = asyncio.get_running_loop()
    look_at = loop.time() + SIGNED_IN_S
    try:
        while not ends.is_set():
            with contextlib.suppress(TimeoutError):
                yield await asyncio.wait_for(queue.get(), LOOK_S)
            if loop.time() >= look_at:
                if not await asyncio.to_thread(_is_signed_in, told.kernel, actor):
                    return
                look_at = loop.time() + SIGNED_IN_S
    finally:
        told.listeners.pop(queue, None)


def _is_signed_in(kernel: Kernel, actor: Actor) -> bool:
    return actor.kind != "person" or bool(sessions_of(kernel, int(actor.id)))


def ledger_size(kernel: Kernel) -> int:
    """Return the number of records in the ledger."""
    with kernel.database.read() as connection:
        return ledger.length(connection)


def position_before(kernel: Kernel, age_s: float) -> int:
    """Return how long the ledger was some time ago; of very much since then, at most what a browser is told."""
    since = text(kernel.clock.now() - timedelta(seconds=age_s))
    newest = sa.select(ledger_record.c.record_index, ledger_record.c.body)
    with kernel.database.read() as connection:
        size = ledger.length(connection)
        for index, body in connection.execute(newest.order_by(ledger_record.c.record_index.desc()).limit(MOST_RECORDS)):
            if json.loads(body)["at"] < since:
                return int(index) + 1
    return max(0, size - MOST_RECORDS)


def read_after(kernel: Kernel, position: int) -> tuple[int, list[ServerSentEvent]]:
    """Return the new length of the ledger and the news since a position; several of the same are one."""
    with kernel.database.read() as connection:
        size = ledger.length(connection)
        if size <= position:
            return size, []
        if size - position > MOST_RECORDS:
            return size, [resync(size)]
        wanted = sa.select(ledger_record.c.body).where(ledger_record.c.record_index >= position)
        bodies = connection.scalars(wanted.order_by(ledger_record.c.record_index)).all()
    return size, events_of(json.loads(body) for body in bodies)


def events_of(records: Iterable[dict[str, Any]]) -> list[ServerSentEvent]:
    """Return what browsers may know of ledger records: the action and the ids of exam and item, no more."""
    latest: dict[str, Told] = {}
    for record in records:
        area = record["action"].partition(".")[0]
        if area not in TOLD_AREAS or record["outcome"] != "done":
            continue
        ids = {name: record["details"][name] for name in TOLD_IDS if name in record["details"]}
        piece = {"action": record["action"], **ids}
        key = json.dumps(piece, sort_keys=True)
        before = latest.pop(key, None)
        actors = frozenset({record["actor"]}) | (before.actors if before else frozenset())
        latest[key] = Told(piece, record["index"] + 1, actors)
    return list(latest.values())


def told_to(
    kernel: Kernel, events: Sequence[ServerSentEvent], actors: Sequence[Actor]
) -> dict[str, Sequence[ServerSentEvent]]:
    """Return by actor what may be told: where something of an exam is hidden, not what others do with it."""
    everybody = {actor.key: actor for actor in actors}
    with kernel.database.read() as connection:
        if not hides_anything(connection):
            return dict.fromkeys(everybody, events)
        ids = {one.piece["item_id"] for one in events if isinstance(one, Told) and "item_id" in one.piece}
        exams = _exams_of(connection, ids)
        return {key: _told_to(connection, events, actor, exams) for key, actor in everybody.items()}


def _told_to(
    connection: sa.Connection, events: Sequence[ServerSentEvent], actor: Actor, exams: Mapping[int, int]
) -> list[ServerSentEvent]:
    about = [_exam_of(one, exams) for one in events]
    sights = sights_of(connection, actor, {pk for pk in about if pk is not None})

    def is_told(one: ServerSentEvent, pk: int | None) -> bool:
        if pk is None or not isinstance(one, Told) or actor.key in one.actors or one.piece["action"] in ALWAYS_TOLD:
            return True
        return sights[pk].is_whole or (not sights[pk].is_shared and one.piece["action"] in HOLDING)

    return [one for one, pk in zip(events, about, strict=True) if is_told(one, pk)]


def _exam_of(one: ServerSentEvent, exams: Mapping[int, int]) -> int | None:
    piece = one.piece if isinstance(one, Told) else {}
    return piece.get("exam_pk", exams.get(piece.get("item_id", 0)))


def _exams_of(connection: sa.Connection, item_ids: Iterable[int]) -> dict[int, int]:
    found = connection.execute(sa.select(item.c.id, item.c.exam_pk).where(item.c.id.in_(sorted(item_ids))))
    return {row.id: row.exam_pk for row in found}


def resync(position: int) -> ServerSentEvent:
    """Return the event that tells a browser to load anew what it shows."""
    return ServerSentEvent(data="{}", event="resync", id=str(position))
