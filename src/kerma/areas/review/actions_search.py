"""Secondary screening: ordered by a reader or by a decision, started by exactly one, done with its outcome."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.custody.queries import item_by_number
from kerma.areas.review import queries_search, queries_talk, rules, rules_search, rules_talk
from kerma.areas.review.actions_talk import checked_place, demand_person, lock_exam, tell
from kerma.areas.review.model import ExamDecided
from kerma.areas.review.model_search import handling_rule, search_order, search_photo, search_setting, search_step
from kerma.areas.review.rules_search import CANCELED, DONE, ORDERED, STARTED, Order, Outcome
from kerma.errors import Conflict, NotAllowed, NotFound
from kerma.kernel.action import Act, action
from kerma.kernel.sight import sight_of


@action("review.view_searches")
def view_searches(act: Act, *, order_id: str = "") -> None:
    """See search orders with the images and places to be searched, and what became of them."""
    act.record(**({"order_id": int(order_id)} if order_id else {"list": "searches"}))


@action("review.order_search")
def order_search(act: Act, *, exam_pk: int, order: Order) -> int:
    """Order the search of an object whose image was decided to be suspect or referred.

    Raises
    ------
    Conflict
        The decision in force asks for no search, or a search of it is open already.
    NotAllowed
        Somebody else decided.
    """
    demand_person(act, "order a search")
    lock_exam(act, exam_pk)
    made = queries_search.decision_to_search(act.connection, exam_pk)
    if made is None or not sight_of(act.connection, act.actor, exam_pk).people:
        raise Conflict("the decision in force asks for no search: decide first that the object is suspect or referred")
    if made["by"] != act.actor.key:
        raise NotAllowed("who decided orders the search; decide the exam yourself to order another one")
    return _order(act, made, order)


@action("review.start_search")
def start_search(act: Act, *, order_id: int) -> None:
    """Take a search, so that exactly one person does it.

    Raises
    ------
    Conflict
        Somebody has it, or it has ended.
    """
    demand_person(act, "search an object")
    found = _seen(act, order_id)
    changed = {"state": STARTED, "searcher": act.actor.key, "started_at": act.at_text}
    # The condition stands in the UPDATE itself, so of two starts at the same moment exactly one changes the row.
    if not _change(act, order_id, changed, search_order.c.state == ORDERED):
        raise Conflict(f"search {order_id} is {found['state']}: somebody else has taken it, or it has ended")
    _step(act, found, STARTED, {})


@action("review.end_search")
def end_search(act: Act, *, order_id: int, told: Outcome) -> None:
    """Record what a search that one has started came to; the first reader is told.

    Raises
    ------
    Conflict
        The search is not in one's own hands.
    NotFound
        A photo is not kept, or there is no custody record of this number.
    """
    found = _seen(act, order_id)
    values = rules_search.checked_outcome(told)
    if told.custody_number:
        values["custody_number"] = item_by_number(act.connection, told.custody_number)["number"]
    for sha256 in told.photos:
        if not act.kernel.blobs.exists(sha256):
            raise NotFound("a photo that is named is not kept: send it again")
    mine = sa.and_(search_order.c.state == STARTED, search_order.c.searcher == act.actor.key)
    if not _change(act, order_id, {**values, "state": DONE, "ended_at": act.at_text}, mine):
        raise Conflict(f"search {order_id} is {found['state']}, and not in your hands: start it first")
    for sha256 in dict.fromkeys(told.photos):
        row = {"order_id": order_id, "sha256": sha256, "by": act.actor.key, "at": act.at_text}
        act.connection.execute(sa.insert(search_photo).values(row))
    _step(act, found, DONE, {**values, "photos": list(told.photos)})
    act.record(outcome=values["outcome"], category=values["category"], custody=values["custody_number"])
    act.record(words_sha256=rules.text_digest(values["words"]), photos=list(told.photos))
    outcome = rules_search.rows(rules_search.OUTCOMES, "outcome")[values["outcome"]]["words"]
    said = ". ".join(one for one in (outcome, values["words"]) if one)
    if found["reader"].startswith("person:"):
        tell(act, found["reader"], rules_talk.FEEDBACK, found["exam_pk"], order_id, said)


@action("review.link_custody")
def link_custody(act: Act, *, order_id: int, custody_number: str) -> None:
    """Link the custody record of what a search found, where it was made afterwards.

    Raises
    ------
    Conflict
        The search is not done, or is linked already.
    """
    found = _seen(act, order_id)
    number = item_by_number(act.connection, custody_number)["number"]
    unlinked = sa.and_(search_order.c.state == DONE, search_order.c.custody_number == "")
    if not _change(act, order_id, {"custody_number": number}, unlinked):
        raise Conflict(f"search {order_id} is {found['state']} or has a custody record already")
    _step(act, found, "linked", {"custody_number": number})
    act.record(custody=number)


@action("review.cancel_search")
def cancel_search(act: Act, *, order_id: int, reason: str) -> None:
    """Cancel a search that is not done, with the reason.

    Raises
    ------
    NotAllowed
        It is neither one's own order nor in one's own hands.
    Conflict
        It has ended.
    """
    found = _seen(act, order_id)
    if act.actor.key not in (found["ordered_by"], found["searcher"], found["reader"]):
        raise NotAllowed("who ordered a search, or does it, cancels it")
    words = rules_talk.checked(reason, "the reason")
    still = search_order.c.state.in_((ORDERED, STARTED))
    if not _change(act, order_id, {"state": CANCELED, "ended_at": act.at_text, "words": words}, still):
        raise Conflict(f"search {order_id} has ended already")
    _step(act, found, CANCELED, {"words": words})
    act.record(reason_sha256=rules.text_digest(words))


@action("review.set_handling")
def set_handling(act: Act, *, suspicion: str, steps: str, call: str, cordon: str, source: str) -> int:
    """Set the site's own rule for handling what is suspected: steps, whom to call, how far to keep away.

    Returns
    -------
    the version that is in force now
    """
    values = rules_search.checked_rule(suspicion, steps, call, cordon, source)
    last = sa.select(sa.func.max(handling_rule.c.version)).where(handling_rule.c.suspicion == suspicion)
    version = int(act.connection.scalar(last) or 0) + 1
    row = {**values, "version": version, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(handling_rule).values(row))
    act.record(suspicion=suspicion, version=version, rule_sha256=rules.document_digest(values))
    return version


@action("review.set_searches")
def set_searches(act: Act, *, is_automatic: bool) -> None:
    """Set whether a decision that asks for a search orders it by itself."""
    row = {"is_automatic": is_automatic, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(search_setting).values(row))
    act.record(is_automatic=is_automatic)


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Order a search at once where the site wants it, or end one that was not begun and is asked for no more."""
    made = queries_search.decision_to_search(act.connection, event.exam_pk)
    if made is None:
        _end_unbegun(act, event.exam_pk)
        return
    is_wanted = queries_search.is_automatic(act.connection) and made["by"].startswith("person:")
    if is_wanted and not _has_open(act, event.exam_pk):
        sight = sight_of(act.connection, act.actor, event.exam_pk)
        found = queries_talk.findings_of(act.connection, event.exam_pk, sight)
        places = [{"finding_id": one["id"]} for one in found[: rules_search.MOST_PLACES]]
        order = Order(instruction=rules_talk.excerpt(made["reason"], rules_talk.MAX_LETTERS), places=places)
        act.record(search_order=_order(act, made, order))


def _order(act: Act, made: dict[str, Any], order: Order) -> int:
    values = rules_search.checked_order(order)
    values["reason"] = values["reason"] or rules_search.reason_of(made["reason"])
    if _has_open(act, made["exam_pk"]):
        raise Conflict("a search of this object is open already")
    row = {
        **values,
        "exam_pk": made["exam_pk"],
        "decision_id": made["id"],
        "reader": made["by"],
        "places": _placed(act, made["exam_pk"], order),
        "state": ORDERED,
        "ordered_by": act.actor.key,
        "ordered_at": act.at_text,
    }
    insert = sa.insert(search_order).values(row).returning(search_order.c.id)
    order_id = int(act.connection.execute(insert).scalar_one())
    told = {name: row[name] for name in ("suspicion", "reason", "methods", "instruction", "places", "decision_id")}
    _step(act, {**row, "id": order_id}, ORDERED, told)
    act.record(suspicion=row["suspicion"], reason=row["reason"], methods=row["methods"], decision_id=made["id"])
    return order_id


def _placed(act: Act, exam_pk: int, order: Order) -> list[dict[str, Any]]:
    """Return the places of an order; a finding's as it is now, because the next analysis may not have it."""
    places = [checked_place(act, exam_pk, dict(one)) for one in order.places]
    sight = sight_of(act.connection, act.actor, exam_pk)
    known = {one["id"]: one for one in queries_talk.findings_of(act.connection, exam_pk, sight)}
    return [one | rules_search.place_of(known[one["finding_id"]]) if "finding_id" in one else one for one in places]


def _end_unbegun(act: Act, exam_pk: int) -> None:
    """Cancel a search that nobody has begun, because the exam was decided otherwise."""
    unbegun = (search_order.c.exam_pk == exam_pk, search_order.c.state == ORDERED)
    words = "The exam was decided anew, and no search is asked for."
    changed = sa.update(search_order).where(*unbegun).values(state=CANCELED, ended_at=act.at_text, words=words)
    for order_id in list(act.connection.scalars(changed.returning(search_order.c.id))):
        _step(act, {"id": order_id, "exam_pk": exam_pk}, CANCELED, {"words": words})


def _has_open(act: Act, exam_pk: int) -> bool:
    still = (search_order.c.exam_pk == exam_pk, search_order.c.state.in_((ORDERED, STARTED)))
    return act.connection.scalar(sa.select(search_order.c.id).where(*still).limit(1)) is not None


def _seen(act: Act, order_id: int) -> dict[str, Any]:
    """Return a search that the one who acts may know of."""
    found = queries_search.order_by_id(act.connection, order_id)
    if found is None or not sight_of(act.connection, act.actor, found["exam_pk"]).people:
        raise NotFound(f"there is no search {order_id}")
    return found


def _change(act: Act, order_id: int, values: dict[str, Any], where: sa.ColumnElement[bool]) -> bool:
    statement = sa.update(search_order).where(search_order.c.id == order_id, where).values(values)
    return act.connection.execute(statement).rowcount == 1


def _step(act: Act, found: dict[str, Any], kind: str, told: dict[str, Any]) -> None:
    row = {"order_id": found["id"], "kind": kind, "told": told, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(search_step).values(row))
    act.record(exam_pk=found["exam_pk"], order_id=found["id"])
