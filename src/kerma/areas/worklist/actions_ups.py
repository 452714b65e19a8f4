"""All that changes workitems: one engine for both doors, the DICOM network and UPS-RS."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.rules import clean
from kerma.areas.worklist import actions_items, queries_ups, rules_match, rules_ups
from kerma.areas.worklist.model_ups import (
    CANCEL_REQUESTED,
    CANCELED,
    EVERYTHING,
    FILTERED,
    IN_PROGRESS,
    SCHEDULED,
    STATE_REPORT,
    UpsChanged,
    UpsSubscribing,
    ups_event,
    ups_subscription,
    ups_watch,
    workitem,
)
from kerma.areas.worklist.rules_match import Document
from kerma.areas.worklist.ups_requests import (
    Answer,
    Cancel,
    Create,
    Listen,
    Move,
    Retrieve,
    Search,
    Subscribe,
    Suspend,
    Unsubscribe,
    Update,
)
from kerma.kernel import clock
from kerma.kernel.action import Act, action

EVENTS_KEPT = timedelta(days=1)
MOST_TEXT = 4 << 20
"""The most characters that one workitem's document may have."""


@action("worklist.ups")
def ups(act: Act, *, request: Any) -> Answer:
    """Work with workitems (UPS): create, search, claim, report, finish, watch.

    Raises
    ------
    StatusRefused
        With the status that the service prescribes.
    """
    act.record(workitem_uid=request.uid, request=type(request).__name__.lower())
    return _REQUESTS[type(request)](act, request)


def _create(act: Act, request: Create) -> Answer:
    if queries_ups.by_uid(act.connection, request.uid) is not None:
        raise rules_ups.refused(rules_ups.DUPLICATE)
    document = rules_ups.created(request.document, request.uid, _now(act))
    row = {"uid": request.uid, "state": SCHEDULED, "created_at": act.at_text, **_columns(act, document)}
    try:
        with act.connection.begin_nested():
            adding = sa.insert(workitem).values(row).returning(workitem.c.id)
            pk = int(act.connection.execute(adding).scalar_one())
    except sa.exc.IntegrityError as error:  # another created it at the same moment
        raise rules_ups.refused(rules_ups.DUPLICATE) from error
    for watch in queries_ups.watchers(act.connection):
        if not watch["filter"] or rules_match.matches(document, json.loads(watch["filter"])):
            _add_subscription(act, pk, watch["ae_title"], watch["is_locking"])
    _tell(act, {"id": pk, "uid": request.uid}, rules_ups.events(None, document))
    for exam_uid in rules_ups.exam_uids(document):
        actions_items.ordered(act, exam_uid)
    return Answer(document=document)


def _columns(act: Act, document: Document) -> dict[str, Any]:
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > MOST_TEXT:
        raise rules_ups.refused(rules_ups.TOO_MUCH)
    return {
        "subject_id": clean(str(rules_match.first(document, rules_ups.SUBJECT_ID)), 64),
        "label": clean(str(rules_match.first(document, rules_ups.LABEL)), 64),
        "priority": clean(str(rules_match.first(document, rules_ups.PRIORITY)), 16),
        "document": text,
        "changed_at": act.at_text,
    }


def _retrieve(act: Act, request: Retrieve) -> Answer:
    row = queries_ups.by_uid(act.connection, request.uid)
    if row is None:
        raise rules_ups.refused(rules_ups.UNKNOWN)
    return Answer(document=json.loads(row["document"]))


def _permitted(_: Act, __: Search | Listen) -> Answer:
    return Answer()


def _update(act: Act, request: Update) -> Answer:
    row = _kept(act, request.uid)
    has_lock = bool(request.transaction_uid) and rules_ups.holds_lock(
        row["state"], row["transaction_uid"], request.transaction_uid
    )
    found = rules_ups.outcome(rules_ups.UPDATE, row["state"], has_lock=has_lock)
    if found.is_refused:
        raise rules_ups.refused(found.code)
    before: Document = json.loads(row["document"])
    after = rules_ups.updated(before, request.document, _now(act))
    _keep(act, row, after)
    _tell(act, row, rules_ups.events(before, after))
    return Answer(document=after)


def _move(act: Act, request: Move) -> Answer:
    row = _kept(act, request.uid)
    has_lock = rules_ups.holds_lock(row["state"], row["transaction_uid"], request.transaction_uid)
    found = rules_ups.outcome(request.state, row["state"], has_lock=has_lock)
    if found.is_refused:
        raise rules_ups.refused(found.code)
    if found.code in rules_ups.ALREADY:
        return Answer(found.code)
    claimed = {"transaction_uid": request.transaction_uid, "performer": act.actor.key}
    _advance(act, row, found.state, **(claimed if row["state"] == SCHEDULED else {}))
    return Answer()


def _advance(act: Act, row: Mapping[str, Any], state: str, **values: str) -> Document:
    before: Document = json.loads(row["document"])
    after = rules_ups.moved(before, state, _now(act))
    _keep(act, row, after, state=state, **values)
    act.record(state=state)
    _tell(act, row, rules_ups.events(before, after))
    return after


def _cancel(act: Act, request: Cancel) -> Answer:
    row = _kept(act, request.uid)
    found = rules_ups.outcome(rules_ups.CANCEL, row["state"], has_lock=False)
    if found.is_refused:
        raise rules_ups.refused(found.code)
    if found.code in rules_ups.ALREADY:
        return Answer(found.code)
    if row["state"] == SCHEDULED:
        _cancel_unclaimed(act, row, request.wish)
        return Answer()
    told = rules_ups.cancel_wish(request.wish, request.requesting_ae)
    if not _tell(act, row, [(CANCEL_REQUESTED, told)]):
        raise rules_ups.refused(rules_ups.UNREACHABLE)
    return Answer()


def _cancel_unclaimed(act: Act, row: Mapping[str, Any], wish: Document) -> None:
    """Nobody works on it: it goes through IN PROGRESS to CANCELED at once (PS3.4, CC.2.2.3)."""
    ours = f"2.25.{uuid.uuid4().int}"
    reasoned = {**row, "document": json.dumps(rules_ups.with_reason(json.loads(row["document"]), wish))}
    claimed = _advance(act, reasoned, IN_PROGRESS, transaction_uid=ours, performer=act.actor.key)
    _advance(act, {**row, "state": IN_PROGRESS, "document": json.dumps(claimed)}, CANCELED)


def _subscribe(act: Act, request: Subscribe) -> Answer:
    ae_title = _ae_title(request.ae_title)
    if request.is_dimse:
        act.publish(UpsSubscribing(ae_title))
    if request.uid not in (EVERYTHING, FILTERED):
        row = _kept(act, request.uid)
        _add_subscription(act, row["id"], ae_title, request.is_locking)
        _send(act, row["uid"], STATE_REPORT, rules_ups.state_report(json.loads(row["document"])), [ae_title])
        return Answer()
    keys = request.keys if request.uid == FILTERED else {}
    if request.uid == FILTERED and not any(rules_match.values(key) for key in keys.values()):
        raise rules_ups.refused(rules_ups.INVALID_VALUE, "a filtered subscription names at least one key with a value")
    act.connection.execute(sa.delete(ups_watch).where(ups_watch.c.ae_title == ae_title))
    watch = {
        "ae_title": ae_title,
        "filter": json.dumps(keys, separators=(",", ":")) if keys else "",
        "is_locking": request.is_locking,
        "subscribed_by": act.actor.key,
        "subscribed_at": act.at_text,
    }
    act.connection.execute(sa.insert(ups_watch).values(watch))
    _subscribe_existing(act, ae_title, request.is_locking, keys)
    return Answer()


def _subscribe_existing(act: Act, ae_title: str, is_locking: bool, keys: Document) -> None:
    """A global subscription is one to each workitem there is, and to each that comes (PS3.4, CC.2.3.3)."""
    if not keys:
        known = sa.select(ups_subscription.c.workitem_pk).where(ups_subscription.c.ae_title == ae_title)
        rows = sa.select(workitem.c.id, sa.literal(ae_title), sa.literal(is_locking)).where(workitem.c.id.not_in(known))
        columns = ["workitem_pk", "ae_title", "is_locking"]
        act.connection.execute(sa.insert(ups_subscription).from_select(columns, rows))
        return
    for document in queries_ups.find(lambda: contextlib.nullcontext(act.connection), keys):
        row = queries_ups.by_uid(act.connection, str(rules_match.first(document, rules_ups.SOP_INSTANCE)))
        if row is not None:
            _add_subscription(act, row["id"], ae_title, is_locking)


def _add_subscription(act: Act, workitem_pk: int, ae_title: str, is_locking: bool) -> None:
    own = (ups_subscription.c.workitem_pk == workitem_pk, ups_subscription.c.ae_title == ae_title)
    changed = act.connection.execute(sa.update(ups_subscription).where(*own).values(is_locking=is_locking))
    if not changed.rowcount:
        values = {"workitem_pk": workitem_pk, "ae_title": ae_title, "is_locking": is_locking}
        act.connection.execute(sa.insert(ups_subscription).values(values))


def _unsubscribe(act: Act, request: Unsubscribe) -> Answer:
    ae_title = _ae_title(request.ae_title)
    own = ups_subscription.c.ae_title == ae_title
    if request.uid in (EVERYTHING, FILTERED):
        act.connection.execute(sa.delete(ups_watch).where(ups_watch.c.ae_title == ae_title))
        act.connection.execute(sa.delete(ups_subscription).where(own))
        return Answer()
    row = _kept(act, request.uid)
    act.connection.execute(sa.delete(ups_subscription).where(own, ups_subscription.c.workitem_pk == row["id"]))
    return Answer()


def _suspend(act: Act, request: Suspend) -> Answer:
    if request.uid not in (EVERYTHING, FILTERED):
        raise rules_ups.refused(rules_ups.UNSUITED)
    ae_title = _ae_title(request.ae_title)
    act.connection.execute(sa.delete(ups_watch).where(ups_watch.c.ae_title == ae_title))
    return Answer()


@action("worklist.settle_events")
def settle_events(act: Act, *, event_ids: Sequence[int]) -> None:
    """Write down which events a node on the DICOM network has taken."""
    taken = sa.update(ups_event).where(ups_event.c.id.in_(list(event_ids)))
    act.connection.execute(taken.values(sent_at=act.at_text))
    act.record(event_ids=list(event_ids))


_REQUESTS: Mapping[type, Callable[[Act, Any], Answer]] = {
    Create: _create,
    Retrieve: _retrieve,
    Search: _permitted,
    Listen: _permitted,
    Update: _update,
    Move: _move,
    Cancel: _cancel,
    Subscribe: _subscribe,
    Unsubscribe: _unsubscribe,
    Suspend: _suspend,
}


def _ae_title(written: str) -> str:
    title = clean(written, 64).strip()
    if not 0 < len(title) <= 16 or "\\" in title:
        raise rules_ups.refused(rules_ups.UNKNOWN_RECEIVER, "an AE title has 1 to 16 characters and no backslash")
    return title


def _now(act: Act) -> str:
    return act.at.strftime("%Y%m%d%H%M%S.%f+0000")


def _kept(act: Act, uid: str) -> dict[str, Any]:
    """Return a workitem, held against others until this action ends."""
    row = (
        act.connection.execute(sa.select(workitem).where(workitem.c.uid == clean(uid, 65)).with_for_update())
        .mappings()
        .first()
    )
    if row is None:
        raise rules_ups.refused(rules_ups.UNKNOWN)
    return dict(row)


def _keep(act: Act, row: Mapping[str, Any], document: Document, **values: str) -> None:
    # The state stands in the condition too, so that no order of events lets two claims through.
    own = (workitem.c.id == row["id"], workitem.c.state == row["state"])
    changed = sa.update(workitem).where(*own).values(**_columns(act, document), **values)
    if act.connection.execute(changed).rowcount != 1:
        raise rules_ups.refused(rules_ups.NOT_LOCKED)


def _tell(act: Act, row: Mapping[str, Any], happened: Iterable[tuple[int, Document]]) -> int:
    """Tell the subscribers of a workitem what happened; returns how many there are."""
    receiving = queries_ups.subscribers(act.connection, row["id"])
    for event_type_id, information in happened:
        _send(act, row["uid"], event_type_id, information, receiving)
    return len(receiving)


def _send(act: Act, uid: str, event_type_id: int, information: Document, receiving: list[str]) -> None:
    if not receiving:
        return
    text = json.dumps(information, separators=(",", ":"))
    common = {
        "workitem_uid": uid,
        "event_type_id": event_type_id,
        "information": text,
        "happened_at": act.at_text,
    }
    act.connection.execute(sa.insert(ups_event), [{**common, "ae_title": ae_title} for ae_title in receiving])
    old = clock.text(act.at - EVENTS_KEPT)
    act.connection.execute(sa.delete(ups_event).where(ups_event.c.happened_at < old))
    act.publish(UpsChanged(uid, event_type_id, text, tuple(receiving)))
