"""Handing out the most urgent exam that is one for a person, to exactly one; holding back, assigning, falling back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.archive.rules import clean
from kerma.areas.people import queries as people
from kerma.areas.worklist import queries_flow, queries_matching, rules_next
from kerma.areas.worklist import queries_levels as settled
from kerma.areas.worklist.model import CLAIMED, HELD, WAITING, item, screen_time
from kerma.areas.worklist.queries import seen
from kerma.areas.worklist.rules_matching import lacks, matching_of
from kerma.areas.worklist.rules_next import BreakRule, ScreenTime
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, Actor, action
from kerma.kernel.identity_model import person
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import listing_of, sight_of

PAGES = (8, 32, 128, *[512] * 10)
"""So many exams are looked through before it is said that none is for this reader: mostly one of the first is."""
Conflicting = Callable[[sa.Connection, Actor, Sequence[int]], set[int]]
CONFLICTS: list[Conflicting] = []
"""Which of some exams somebody must not be handed, for what they have to do with them already; filled in ``app.py``."""
LOOSE = {"claimed_by": "", "claimed_at": "", "claim_until": ""}


@action("worklist.next")
def take_next(act: Act, *, industry: str = "") -> int | None:
    """Claim the most urgent exam that is one for the person; returns its item, None where there is none.

    Exams that several people read alone are returned without being claimed.

    Raises
    ------
    Conflict
        The person has claimed as many as they may, or a break is due that the site enforces.
    """
    profile = settled.reader_of(act.connection, act.actor.key)
    demand_room(act, profile)
    needed = settled.skills_needed(act.connection)
    by_stage = queries_flow.skills_by_stage(act.connection)
    own = rules_next.Reader(profile.industries, profile.modalities, profile.skills)
    posting = people.posting_of(act.connection, act.actor.key)
    handed = queries_matching.handed_to(posting, queries_matching.matchings(act.connection), act.actor.key)
    rested: dict[str, tuple[BreakRule, ScreenTime]] = {}
    resting: ScreenTime | None = None
    for page in _pages(act, industry, handed):
        fitting = [
            row
            for row in page
            if rules_next.fits(own, row.industry, row.modalities.split(","), needed)
            and {by_stage.get((row.industry, row.stage), ""), row.skill} <= {"", *own.skills}
        ]
        barred: set[int] = set()
        for one in CONFLICTS:
            barred |= one(act.connection, act.actor, [row.exam_pk for row in fitting])
        for row in fitting:
            if row.exam_pk in barred:
                continue
            if row.industry not in rested:
                rested[row.industry] = settled.screen_time_of(act.connection, act.actor.key, row.industry, act.at)
            rule, time = rested[row.industry]
            if rule.mode == rules_next.ENFORCED and time.is_due:
                resting = time
                continue
            if sight_of(act.connection, act.actor, row.exam_pk).is_shared or _taken(act, row, rule, time):
                act.record(item_id=row.id)
                return int(row.id)
    if resting is not None:
        raise _resting(resting)
    act.record(none=True)
    return None


def _pages(
    act: Act, industry: str, handed: tuple[list[sa.ColumnElement[bool]], sa.ColumnElement[Any] | None]
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield what waits for the person or for anybody, in the order in which they see it, by pages."""
    listing = listing_of(act.connection, act.actor)
    required, off = handed
    order = [seen(item.c.priority, listing), seen(item.c.due_at, listing), item.c.id]
    types: list[sa.types.TypeEngine[Any]] = [sa.SmallInteger(), sa.String(), sa.BigInteger()]
    if off is not None:  # within a priority, what is of the person's site and language comes first
        order.insert(1, off)
        types.insert(1, sa.Integer())
    columns = (item.c.id, item.c.exam_pk, item.c.industry, item.c.urgency, item.c.stage, item.c.skill)
    statement = sa.select(*columns, exam.c.modalities, *(one.label(f"o{place}") for place, one in enumerate(order)))
    statement = statement.select_from(item.join(exam, item.c.exam_pk == exam.c.id))
    statement = statement.where(item.c.state == WAITING, item.c.assigned_to.in_(("", act.actor.key)))
    statement = statement.where(item.c.not_for != act.actor.key, *required)
    if industry:
        statement = statement.where(item.c.industry == industry)
    after: list[Any] = []
    for size in PAGES:
        keys = sa.tuple_(*order)
        beyond = [keys > sa.tuple_(*after, types=types)] if after else []
        rows = act.connection.execute(statement.where(*beyond).order_by(*order).limit(size)).all()
        if not rows:
            return
        yield rows
        after = [rows[-1]._mapping[f"o{place}"] for place in range(len(order))]


_FREE = sa.select(item.c.id).where(item.c.id == sa.bindparam("item_id"), item.c.state == WAITING)
_TAKE = Prepared(
    sa.update(item)
    .where(item.c.id.in_(_FREE.with_for_update(skip_locked=True)), item.c.state == sa.literal(WAITING))
    .returning(item.c.id)
)
_READS_ON = Prepared(
    sa.update(screen_time)
    .where(screen_time.c.person == sa.bindparam("of"), screen_time.c.industry == sa.bindparam("of_industry"))
    .returning(screen_time.c.person)
)


def _taken(act: Act, row: sa.Row[Any], rule: BreakRule, time: ScreenTime) -> bool:
    """Claim one item unless somebody else has it or is just taking it: of many at once, each goes on to the next."""
    values = claimed(act, row.industry, row.urgency)
    if _TAKE.scalar(act.connection, {"item_id": row.id, **values}) is None:
        return False
    _touch(act, row.industry, rule, time)
    return True


def claimed(act: Act, industry: str, urgency: str) -> dict[str, str]:
    """Return what a claim by the actor writes into an item."""
    expires_s = settled.promised(act.connection, industry, urgency).claim_expires_s
    until = clock.text(act.at + timedelta(seconds=expires_s)) if expires_s else ""
    return {"state": CLAIMED, "claimed_by": act.actor.key, "claimed_at": act.at_text, "claim_until": until}


def demand_room(act: Act, profile: rules_next.Reader) -> None:
    """Refuse a claim beyond what a person may hold at once.

    Raises
    ------
    Conflict
        They hold as many.
    """
    if not profile.most_claimed:
        return
    mine = sa.select(sa.func.count()).where(item.c.claimed_by == act.actor.key, item.c.state == CLAIMED)
    if int(act.connection.scalar(mine) or 0) >= profile.most_claimed:
        raise Conflict(
            f"you hold {profile.most_claimed} exams, as many as you may at once: decide or release one first"
        )


def demand_fitting(act: Act, found: sa.Row[Any]) -> None:
    """Refuse a claim of an item that is for others: by skill, site, language, or because one has decided it.

    What is assigned to a person is theirs, whatever its site and language.

    Raises
    ------
    Conflict
        The message says what is lacking.
    """
    if act.actor.kind != "person":
        return
    if found.not_for == act.actor.key:
        raise Conflict("you have decided this exam: it was drawn for a second look, and somebody else takes it")
    if found.skill and found.skill not in settled.reader_of(act.connection, act.actor.key).skills:
        raise Conflict(f"this exam asks for the skill '{found.skill}'; a lead gives it to you")
    if found.assigned_to == act.actor.key:
        return
    policy = matching_of(found.industry, queries_matching.matchings(act.connection))
    lacking = lacks(people.posting_of(act.connection, act.actor.key), policy, found.site, found.language)
    if lacking:
        raise Conflict(f"this exam is for others ({', '.join(lacking)}); a lead can assign it to you")


def demand_rested(act: Act, industry: str) -> None:
    """Refuse to hand out an exam while a break is due that the site enforces.

    Raises
    ------
    Conflict
        The break is due; the message says until when.
    """
    rule, time = settled.screen_time_of(act.connection, act.actor.key, industry, act.at)
    if rule.mode == rules_next.ENFORCED and time.is_due:
        raise _resting(time)


def _resting(time: ScreenTime) -> Conflict:
    return Conflict(f"your break is due: nothing is handed to you before {clock.text(time.until)}")


def touch(act: Act, industry: str) -> None:
    """Note that the person reads now."""
    _touch(act, industry, *settled.screen_time_of(act.connection, act.actor.key, industry, act.at))


def _touch(act: Act, industry: str, rule: BreakRule, time: ScreenTime) -> None:
    if rule.mode == rules_next.OFF:
        return
    values = {"began_at": clock.text(time.began_at), "last_at": act.at_text}
    own = {"of": act.actor.key, "of_industry": industry, **values}
    if _READS_ON.scalar(act.connection, own) is not None:
        return
    try:
        with act.connection.begin_nested():
            row = {"person": act.actor.key, "industry": industry, **values}
            act.connection.execute(sa.insert(screen_time).values(row))
    except sa.exc.IntegrityError:  # another page of the same person was first
        _READS_ON.run(act.connection, own)


@action("worklist.hold")
def hold(act: Act, *, item_id: int, until: datetime, reason: str) -> None:
    """Hold an item back until a moment, with a reason: nobody is handed it before; its due time goes on.

    Raises
    ------
    Conflict
        Somebody else has claimed it, or it is closed.
    WrongUsage
        There is no reason, or the moment is past.
    """
    said = clean(reason)
    if not said:
        raise WrongUsage("say why the exam waits: whoever looks for it reads it here")
    if until <= act.at:
        raise WrongUsage("the moment until which it is held is past")
    mine = sa.and_(item.c.state == CLAIMED, item.c.claimed_by == act.actor.key)
    statement = sa.update(item).where(item.c.id == item_id, sa.or_(item.c.state == WAITING, mine))
    values = {"state": HELD, "held_until": clock.text(until), "held_reason": said, **LOOSE}
    if act.connection.execute(statement.values(values)).rowcount != 1:
        raise _not(act, item_id, "held back")
    act.record(item_id=item_id, until=clock.text(until))


@action("worklist.resume")
def resume(act: Act, *, item_id: int) -> None:
    """Put an item that is held back on the list again, before its time or when it has come."""
    statement = sa.update(item).where(item.c.id == item_id, item.c.state == HELD)
    if act.connection.execute(statement.values(state=WAITING, held_until="", held_reason="")).rowcount != 1:
        raise _not(act, item_id, "taken up again")
    act.record(item_id=item_id)


@action("worklist.assign")
def assign(act: Act, *, item_id: int, person_key: str) -> None:
    """Say who is to read an exam; an empty key gives it back to all. One that somebody else has claimed stays theirs.

    Raises
    ------
    NotFound
        There is no such person.
    Conflict
        Somebody else has claimed it, or it is closed.
    """
    if person_key:
        kind, _, number = person_key.partition(":")
        known = kind == "person" and number.isdigit()
        if not known or not act.connection.scalar(sa.select(person.c.id).where(person.c.id == int(number))):
            raise NotFound(f"there is no person '{person_key[:64]}'")
    open_to = sa.or_(item.c.state.in_((WAITING, HELD)), item.c.claimed_by == person_key)
    statement = sa.update(item).where(item.c.id == item_id, open_to).values(assigned_to=person_key)
    if act.connection.execute(statement).rowcount != 1:
        raise _not(act, item_id, "assigned")
    act.record(item_id=item_id, to=person_key)


@action("worklist.expire")
def expire(act: Act, *, item_id: int) -> None:
    """Put an item back on the list whose claim has expired; one that was claimed anew meanwhile stays."""
    statement = sa.update(item).where(
        item.c.id == item_id, item.c.state == CLAIMED, item.c.claim_until != "", item.c.claim_until <= act.at_text
    )
    holder = act.connection.scalar(sa.select(item.c.claimed_by).where(item.c.id == item_id))
    if act.connection.execute(statement.values(state=WAITING, **LOOSE)).rowcount == 1:
        act.record(item_id=item_id, holder=holder)


def _not(act: Act, item_id: int, what: str) -> Conflict | NotFound:
    found = act.connection.execute(sa.select(item.c.state, item.c.claimed_at).where(item.c.id == item_id)).first()
    if found is None:
        return NotFound(f"there is no worklist item {item_id}")
    since = f" by somebody else since {found.claimed_at}" if found.state == CLAIMED else ""
    return Conflict(f"item {item_id} is {found.state}{since}: it cannot be {what}")
