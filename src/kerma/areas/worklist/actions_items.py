"""How an exam gets its item: asked by the rules in force, once, when it arrives, is ordered, analysed or decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.archive.rules import fold
from kerma.areas.worklist import (
    queries_flow,
    queries_items,
    queries_levels,
    rules,
    rules_flow,
    rules_items,
    rules_levels,
)
from kerma.areas.worklist.model import WAITING, item
from kerma.areas.worklist.model_items import unread_exam
from kerma.areas.worklist.queries_items import Asked, RuleSet
from kerma.areas.worklist.rules_items import Facts, Rule
from kerma.areas.worklist.rules_levels import Level
from kerma.kernel import clock
from kerma.kernel.action import Act
from kerma.kernel.prepared import Prepared

UNHELD = {"claimed_by": "", "claimed_at": "", "claim_until": "", "held_until": "", "held_reason": ""}
ANYBODY = {"assigned_to": "", "not_for": ""}
_ADD = Prepared(sa.insert(item).returning(item.c.id))
_READ = Prepared(sa.delete(unread_exam).where(unread_exam.c.exam_pk == sa.bindparam("exam")))


@dataclass(frozen=True)
class Exam:
    """The exam that is asked about."""

    pk: int
    uid: str
    industry: str


def ask(act: Act, one: Exam, triggers: Sequence[str] = ()) -> int | None:
    """Ask the rules about an exam that has no item; returns the item made, None where the exam stays unread.

    Whoever calls has locked the exam, so that of two who ask at once the second finds the item.

    Parameters
    ----------
    triggers : which rules are asked; none: those of an arrival
    """
    chosen = queries_items.rules_in_force(act.connection)
    found, round_ = _choose(act, one, chosen, triggers)
    if found is not None and found.makes:
        return add(act, one, found, found.trigger, chosen)
    _leave_out(act, one, found, round_, chosen)
    return None


def _choose(act: Act, one: Exam, chosen: RuleSet, triggers: Sequence[str]) -> tuple[Rule | None, str]:
    """Return the rule that takes an exam in a round, and the round's first trigger."""
    if not queries_items.needs_facts(chosen.rules):
        facts = Facts(one.pk, one.uid, one.industry)
    else:
        facts = queries_items.facts_of(act.connection, [one.pk], chosen.rules)[one.pk]
    asked = tuple(triggers) or rules_items.arriving(facts)
    return rules_items.taken_by(chosen.rules, asked, facts, chosen.seed), asked[0]


def add(act: Act, one: Exam, rule: Rule | None, trigger: str, chosen: RuleSet | None = None) -> int:
    """Put an exam that has no item on the list; returns the item."""
    asked = queries_items.asked_of(act.connection, one.uid)
    urgency = _urgency(rules_levels.urgency_of(asked.priorities), rule)
    row = {
        "exam_pk": one.pk,
        "industry": one.industry,
        "state": WAITING,
        "urgency": urgency,
        "trigger": trigger,
        **_asks(act, one, rule, asked),
        **queued(act, one.industry, queries_levels.promised(act.connection, one.industry, urgency), rule),
    }
    item_id = int(_ADD.scalar(act.connection, row))
    act.record(item_id=item_id)
    if rule is not None and chosen is not None and chosen.rules_id:
        act.record(rules_id=chosen.rules_id, rule=1 + chosen.rules.index(rule))
    _READ.run(act.connection, {"exam": one.pk})
    return item_id


def _asks(act: Act, one: Exam, rule: Rule | None, asked: Asked) -> dict[str, str]:
    """Return what an item asks of its reader."""
    site = queries_items.site_of(act.connection, one.pk, asked)
    return {
        "rule": rule.name if rule else "",
        "skill": rule.skill if rule else "",
        "language": (rule.language if rule else "") or asked.language,
        "site": site,
        "site_folded": fold(site)[: queries_items.SITE_LETTERS],
    }


def _urgency(urgency: str, rule: Rule | None) -> str:
    """Return the more urgent of what is asked for already and of what a rule says."""
    return min(urgency, rule.urgency, key=rules_levels.URGENCIES.index) if rule and rule.urgency else urgency


def queued(act: Act, industry: str, level: Level, rule: Rule | None = None) -> dict[str, Any]:
    """Return where an item stands that comes onto the list now."""
    standing = rules.standing(industry, "", act.at, level)
    due_at = clock.text(standing.due_at)
    return {
        "priority": standing.priority,
        "queued_at": act.at_text,
        "due_at": due_at,
        "plain_priority": standing.priority,
        "plain_due_at": due_at,
        "notice_at": rules_levels.notice_text(level, standing.due_at),
        "stage": first_stage(act, industry, rule),
        "round_at": act.at_text,
    }


def first_stage(act: Act, industry: str, rule: Rule | None) -> str:
    """Return the stage at which an item begins: the rule's where the flow in force has it, else the flow's first."""
    flow = queries_flow.flow_in_force(act.connection, industry)
    is_known = rule is not None and rules_flow.stage_of(flow, rule.stage) is not None
    return rule.stage if rule is not None and is_known else rules_flow.first_stage(flow)


def _leave_out(act: Act, one: Exam, rule: Rule | None, round_: str, chosen: RuleSet) -> None:
    """Note that an exam is read by nobody, and for which rule."""
    known = sa.select(unread_exam.c.rule, unread_exam.c.asked).where(unread_exam.c.exam_pk == one.pk)
    before = act.connection.execute(known).first()
    name = rule.name if rule else (before.rule if before else "")  # what left it out earlier is still why
    values = {"rule": name, "asked": round_, "at": act.at_text}
    if before is None:
        row = {"exam_pk": one.pk, "industry": one.industry, **values}
        act.connection.execute(sa.insert(unread_exam).values(row))
    elif (before.rule, before.asked) == (name, round_):
        return
    else:
        act.connection.execute(sa.update(unread_exam).where(unread_exam.c.exam_pk == one.pk).values(values))
    act.record(unread=True, rules_id=chosen.rules_id, rule=1 + chosen.rules.index(rule) if rule else 0)


def back(act: Act, one: Exam, urgency: str) -> dict[str, Any]:
    """Return what changes in a closed item that comes back onto the list: the rules say anew what it asks."""
    rule = None
    chosen = queries_items.rules_in_force(act.connection)
    if queries_items.needs_facts(chosen.rules):
        found, _ = _choose(act, one, chosen, ())
        rule = found if found is not None and found.makes else None
    raised = _urgency(urgency, rule)
    level = queries_levels.promised(act.connection, one.industry, raised)
    own = _asks(act, one, rule, queries_items.asked_of(act.connection, one.uid)) if rule else {}
    return {
        "state": WAITING, "closed_at": "", "decision": "", "urgency": raised, **UNHELD, **ANYBODY, **own,
        **queued(act, one.industry, level, rule),
    }  # fmt: skip


def begin_again(act: Act, one: Exam, stage: str) -> dict[str, Any]:
    """Return what changes in an open item that is beyond its first stage when further images come; else nothing."""
    chosen = queries_items.rules_in_force(act.connection)
    rule = _choose(act, one, chosen, ())[0] if queries_items.needs_facts(chosen.rules) else None
    first = first_stage(act, one.industry, rule if rule is not None and rule.makes else None)
    return {"stage": first, "round_at": act.at_text, "decision": "", "not_for": ""} if stage != first else {}


def ordered(act: Act, exam_uid: str) -> None:
    """Ask the rules about an exam that is here already and is ordered now."""
    locked = sa.select(exam.c.id, exam.c.industry).where(exam.c.uid == exam_uid).with_for_update()
    found = act.connection.execute(locked).first()
    if found is None or act.connection.scalar(sa.select(item.c.id).where(item.c.exam_pk == found.id)) is not None:
        return
    ask(act, Exam(found.id, exam_uid, found.industry), (rules_items.ORDER,))


def weighed(act: Act, one: Exam, urgency: str, skill: str) -> tuple[str, str]:
    """Return how urgent an item is and which skill it asks for, once the score of its exam is known."""
    chosen = queries_items.rules_in_force(act.connection)
    if not any(rule.trigger == rules_items.SCORE for rule in chosen.rules):
        return urgency, skill
    rule, _ = _choose(act, one, chosen, (rules_items.SCORE,))
    if rule is None or not rule.makes:
        return urgency, skill
    return _urgency(urgency, rule), skill or rule.skill


def sampled(act: Act, one: Exam, decision: str) -> dict[str, Any]:
    """Return what changes in an item that was decided and is looked at again by somebody else; nothing for most."""
    chosen = queries_items.rules_in_force(act.connection)
    if not any(rule.trigger == rules_items.QUALITY for rule in chosen.rules):
        return {}
    facts = queries_items.facts_of(act.connection, [one.pk], chosen.rules)[one.pk]
    facts = replace(facts, decision=decision)
    rule = rules_items.taken_by(chosen.rules, (rules_items.QUALITY,), facts, chosen.seed)
    if rule is None or not rule.makes:
        return {}
    urgency = rule.urgency or rules_levels.ROUTINE
    level = queries_levels.promised(act.connection, one.industry, urgency)
    act.record(rules_id=chosen.rules_id, rule=1 + chosen.rules.index(rule), sampled=True)
    own = {"rule": rule.name, "trigger": rules_items.QUALITY, "not_for": act.actor.key, "skill": rule.skill}
    return queued(act, one.industry, level, rule) | own | {
        "state": WAITING, "urgency": urgency, "assigned_to": "", "stage": rules_items.CHECK,
    }  # fmt: skip
