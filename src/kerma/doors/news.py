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
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse

from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import sessions_of
from kerma.kernel.ledger_tables import ledger_head, ledger_record

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
TOLD_AREAS = ("archive", "worklist", "review", "report")
TOLD_IDS = ("exam_pk", "item_id")

router = APIRouter(prefix="/api/v1", tags=["news"])


class News:
    """Reads new ledger records once for all listening browsers of this process."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.listeners: set[asyncio.Queue[ServerSentEvent]] = set()
        self._position = 0

    async def run(self) -> None:
        """Look for new records for as long as the server runs."""
        while True:
            await asyncio.sleep(POLL_S)
            if not self.listeners:
                continue
            try:
                self._position, events = await asyncio.to_thread(read_after, self.kernel, self._position)
            except sa.exc.SQLAlchemyError:
                log.exception("news could not be read; browsers get them once the database answers again")
                await asyncio.sleep(RETRY_S)
            else:
                self._tell(events)

    async def listen(self, after: int | None) -> asyncio.Queue[ServerSentEvent]:
        """Begin to listen: from now on, or from a ledger position on."""
        queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue(MOST_WAITING)
        if not self.listeners:
            self._position = await asyncio.to_thread(ledger_size, self.kernel)
        if after is not None and after < self._position:
            _, missed = await asyncio.to_thread(read_after, self.kernel, after)
            for event in missed[:MOST_WAITING]:
                queue.put_nowait(event)
        self.listeners.add(queue)
        return queue

    def _tell(self, events: list[ServerSentEvent]) -> None:
        for queue in self.listeners:
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
) -> EventSourceResponse:
    """Stream what has changed, as ids; whoever shows those things asks for them again."""
    told: News = request.app.state.news
    queue, ends = await told.listen(last_event_id), anyio.Event()
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
        told.listeners.discard(queue)


def _is_signed_in(kernel: Kernel, actor: Actor) -> bool:
    return actor.kind != "person" or bool(sessions_of(kernel, int(actor.id)))


def ledger_size(kernel: Kernel) -> int:
    """Return the number of records in the ledger."""
    with kernel.database.read() as connection:
        return connection.scalar(sa.select(ledger_head.c.size)) or 0


def read_after(kernel: Kernel, position: int) -> tuple[int, list[ServerSentEvent]]:
    """Return the new length of the ledger and the news since a position; several of the same are one."""
    with kernel.database.read() as connection:
        size = connection.scalar(sa.select(ledger_head.c.size)) or 0
        if size <= position:
            return size, []
        if size - position > MOST_RECORDS:
            return size, [resync(size)]
        wanted = sa.select(ledger_record.c.body).where(ledger_record.c.record_index >= position)
        bodies = connection.scalars(wanted.order_by(ledger_record.c.record_index)).all()
    return size, events_of(json.loads(body) for body in bodies)


def events_of(records: Iterable[dict[str, Any]]) -> list[ServerSentEvent]:
    """Return what browsers may know of ledger records: the action and the ids of exam and item, no more."""
    latest: dict[str, int] = {}
    for record in records:
        area = record["action"].partition(".")[0]
        if area not in TOLD_AREAS or record["outcome"] != "done":
            continue
        ids = {name: record["details"][name] for name in TOLD_IDS if name in record["details"]}
        piece = json.dumps({"action": record["action"], **ids}, sort_keys=True)
        latest.pop(piece, None)
        latest[piece] = record["index"] + 1
    return [ServerSentEvent(data=piece, event="news", id=str(position)) for piece, position in latest.items()]


def resync(position: int) -> ServerSentEvent:
    """Return the event that tells a browser to load anew what it shows."""
    return ServerSentEvent(data="{}", event="resync", id=str(position))
