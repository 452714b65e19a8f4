"""All that changes what is kept and how long: retention rules, classes of subjects, legal holds, tier rules."""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.model_keeping import (
    ACCESSION,
    COUNTED_FROM,
    ITEM,
    OFF,
    ON,
    RETURNS,
    SOURCES,
    SUBJECT,
    TARGETS,
    legal_hold,
    retention_rule,
    subject_class,
    tier_rule,
)
from kerma.areas.archive.rules import clean
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Act, action

MOST_DAYS = 100_000
PERSON = "person"


@action("archive.view_keeping")
def view_keeping(act: Act, *, list_: str) -> None:
    """See retention rules, legal holds, dry runs, deletions, storage tiers, alarms and backups."""
    act.record(list=list_)


@action("archive.add_retention_rule")
def add_retention_rule(
    act: Act,
    *,
    industry: str,
    kept_days: int,
    source: str,
    subject_class: str = "",
    options: dict[str, str] | None = None,
) -> int:
    """Make a rule by which exams may be deleted after so many days; returns its number.

    ``options`` may hold ``counted_from`` ("arrival", "exam", "birth"), ``source_kind`` ("law", "contract",
    "procedure") and ``returns`` ("quarantine", "accept").
    """
    chosen = {"counted_from": "exam", "source_kind": "law", "returns": "quarantine"} | (options or {})
    _demand(industry in act.kernel.industries, f"there is no industry '{clean(industry, 80)}'")
    _demand(0 <= kept_days <= MOST_DAYS, f"{kept_days} days make no sense: 0 to {MOST_DAYS} are possible")
    _demand(bool(source.strip()), "name the law, contract or procedure that the rule rests on")
    for name, allowed in (("counted_from", COUNTED_FROM), ("source_kind", SOURCES), ("returns", RETURNS)):
        _demand(chosen[name] in allowed, f"{name} is one of {', '.join(allowed)}, not '{clean(chosen[name], 80)}'")
    _demand(len(chosen) == len(("counted_from", "source_kind", "returns")), "a rule has no further options")
    values = {
        "industry": industry,
        "subject_class": clean(subject_class, 64),
        "kept_days": kept_days,
        "source": clean(source),
        **chosen,
        **_made(act),
    }
    rule_id = act.connection.execute(
        sa.insert(retention_rule).values(values).returning(retention_rule.c.id)
    ).scalar_one()
    act.record(rule_id=rule_id, industry=industry, kept_days=kept_days, counted_from=chosen["counted_from"])
    return int(rule_id)


@action("archive.end_retention_rule")
def end_retention_rule(act: Act, *, rule_id: int) -> None:
    """Switch a retention rule off; it stays on the list as it was."""
    _end(act, retention_rule, rule_id, "retention rule")


@action("archive.classify_subject")
def classify_subject(act: Act, *, subject_key: str, class_: str) -> None:
    """Say to which class of the retention rules a subject belongs (a class of part); empty takes it back."""
    subject_key = _subject_key(act, subject_key)
    given = clean(class_, 64)
    act.connection.execute(sa.delete(subject_class).where(subject_class.c.subject_key == subject_key))
    if given:
        values = {"subject_key": subject_key, "class": given, "set_at": act.at_text, "set_by": act.actor.key}
        act.connection.execute(sa.insert(subject_class).values(values))
    act.record(subject=subject_key, subject_class=given)


@action("archive.hold")
def hold(act: Act, *, target: str, thing: str, reason: str) -> int:
    """Place a legal hold on an exam, a subject, an accession number or a thing under custody; returns its number.

    Nothing of it is deleted or destroyed. ``thing`` is the exam's number or UID, the subject's key, the accession
    number, or the number of the thing under custody.
    """
    _demand(target in TARGETS, f"a hold is placed on {', '.join(TARGETS)}, not on '{clean(target, 80)}'")
    _demand(bool(reason.strip()), "say why it must not be deleted: whoever lifts the hold needs to know")
    held = _held(act, target, thing)
    values = {
        "target": target,
        "thing": held,
        "reason": clean(reason),
        "placed_at": act.at_text,
        "placed_by": act.actor.key,
    }
    hold_id = act.connection.execute(sa.insert(legal_hold).values(values).returning(legal_hold.c.id)).scalar_one()
    act.record(hold_id=hold_id, target=target, **({} if target == ACCESSION else {"thing": held}))
    return int(hold_id)


def _held(act: Act, target: str, thing: str) -> str:
    """Return what a hold names; what does not exist yet can be held by its accession number only."""
    if target == ACCESSION:
        _demand(bool(clean(thing, 64)), "state the accession number")
        return clean(thing, 64)
    if target == ITEM:
        _demand(bool(clean(thing, 64)), "state the number of the thing under custody")
        return clean(thing, 64)
    if target == SUBJECT:
        return _subject_key(act, thing)
    number = int(thing) if thing.isdecimal() and len(thing) < 19 else 0
    same = sa.or_(exam.c.uid == thing, exam.c.id == number)
    found = act.connection.execute(sa.select(exam.c.uid).where(same)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no {target} '{clean(thing, 64)}'")
    return cast("str", found)


def _subject_key(act: Act, told: str) -> str:
    """Return the key of a subject that is told by its key, as the ledger names it, or by its id."""
    same = sa.select(subject.c.key).where(sa.or_(subject.c.key == told, subject.c.subject_id == told))
    found = act.connection.execute(same).scalars().all() if told else []
    if not found:
        raise NotFound(f"there is no subject '{clean(told, 64)}'")
    if len(found) > 1:
        keys = ", ".join(found)
        raise Conflict(f"{len(found)} subjects have the id '{clean(told, 64)}': name one by its key: {keys}")
    return cast("str", found[0])


@action("archive.request_lift")
def request_lift(act: Act, *, hold_id: int, reason: str) -> None:
    """Ask that a legal hold be lifted; another person must confirm it before anything changes.

    Raises
    ------
    NotAllowed
        The asker is a program: a hold is lifted by two persons.
    """
    _demand(bool(reason.strip()), "say why the hold may be lifted")
    found = _in_force(act, hold_id)
    _demand_person(act)
    if found["lift_requested_by"]:
        raise Conflict(f"that hold {hold_id} be lifted was asked for before; another person confirms or withdraws it")
    _set_hold(act, hold_id, lift_requested_at=act.at_text, lift_requested_by=act.actor.key, lift_reason=clean(reason))


@action("archive.withdraw_lift")
def withdraw_lift(act: Act, *, hold_id: int) -> None:
    """Take back, or turn down, the request to lift a legal hold: it stays in force."""
    if not _in_force(act, hold_id)["lift_requested_by"]:
        raise Conflict(f"nobody asked that hold {hold_id} be lifted")
    _set_hold(act, hold_id, lift_requested_at="", lift_requested_by="", lift_reason="")


@action("archive.lift")
def lift(act: Act, *, hold_id: int) -> None:
    """Confirm that a legal hold is lifted, which another person has asked for.

    Raises
    ------
    Conflict
        Nobody has asked for it.
    NotAllowed
        The same person has asked for it, or the asker is a program.
    """
    found = _in_force(act, hold_id)
    _demand_person(act)
    if not found["lift_requested_by"]:
        raise Conflict(f"nobody asked that hold {hold_id} be lifted: one person asks, another confirms")
    if found["lift_requested_by"] == act.actor.key:
        raise NotAllowed(f"you asked yourself that hold {hold_id} be lifted: another person must confirm it")
    _set_hold(act, hold_id, lifted_at=act.at_text, lifted_by=act.actor.key)
    act.record(requested_by=found["lift_requested_by"])


@action("archive.add_tier_rule")
def add_tier_rule(act: Act, *, industry: str, after_days: int, tier: str) -> int:
    """Make a rule by which an industry's exams move to a storage tier after so many days; returns its number."""
    from kerma.kernel.blobs_tiers import parse

    known = parse(act.kernel.settings.blobs_tiers)
    _demand(industry in act.kernel.industries, f"there is no industry '{clean(industry, 80)}'")
    _demand(0 <= after_days <= MOST_DAYS, f"{after_days} days make no sense: 0 to {MOST_DAYS} are possible")
    named = ", ".join(known) or "(none)"
    _demand(tier in known, f"there is no storage tier '{clean(tier, 16)}'; KERMA_BLOBS_TIERS names {named}")
    values = {"industry": industry, "after_days": after_days, "tier": tier, **_made(act)}
    rule_id = act.connection.execute(sa.insert(tier_rule).values(values).returning(tier_rule.c.id)).scalar_one()
    act.record(rule_id=rule_id, industry=industry, after_days=after_days, tier=tier)
    return int(rule_id)


@action("archive.end_tier_rule")
def end_tier_rule(act: Act, *, rule_id: int) -> None:
    """Switch a tier rule off; what was moved stays where it is."""
    _end(act, tier_rule, rule_id, "tier rule")


def demand_no_hold(act: Act, exam_pk: int) -> None:
    """Refuse when a legal hold is on an exam, its subject or its accession number: for deletion, erasure and discard.

    Raises
    ------
    NotAllowed
        There is one; says its reason.
    """
    from kerma.areas.archive.queries_keeping import exam_to_keep, holds

    row = exam_to_keep(act.connection, exam_pk)
    reasons = holds(act.connection).on(row) if row else []
    if reasons:
        raise NotAllowed(f"exam {exam_pk} is under legal hold: {'; '.join(reasons)}; two persons can lift it")


def _demand(holds_true: bool, otherwise: str) -> None:
    if not holds_true:
        raise WrongUsage(otherwise)


def _demand_person(act: Act) -> None:
    if act.actor.kind != PERSON:
        raise NotAllowed("a legal hold is lifted by two persons who have signed in, not by a program or a command")


def _made(act: Act) -> dict[str, str]:
    return {"state": ON, "made_at": act.at_text, "made_by": act.actor.key}


def _end(act: Act, table: sa.Table, rule_id: int, word: str) -> None:
    state = act.connection.execute(sa.select(table.c.state).where(table.c.id == rule_id)).scalar_one_or_none()
    if state is None:
        raise NotFound(f"there is no {word} {rule_id}")
    if state == OFF:
        raise Conflict(f"{word} {rule_id} was switched off before")
    values = {"state": OFF, "ended_at": act.at_text, "ended_by": act.actor.key}
    act.connection.execute(sa.update(table).where(table.c.id == rule_id).values(values))
    act.record(rule_id=rule_id)


def _in_force(act: Act, hold_id: int) -> dict[str, Any]:
    statement = sa.select(legal_hold).where(legal_hold.c.id == hold_id).with_for_update()
    found = act.connection.execute(statement).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no legal hold {hold_id}")
    if found["lifted_at"]:
        raise Conflict(f"hold {hold_id} was lifted at {found['lifted_at']}")
    return dict(found)


def _set_hold(act: Act, hold_id: int, **values: str) -> None:
    act.connection.execute(sa.update(legal_hold).where(legal_hold.c.id == hold_id).values(**values))
    act.record(hold_id=hold_id)
