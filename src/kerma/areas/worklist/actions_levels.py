"""What a site promises of its worklist is set; who is told when an exam is late, and who says that they know."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.rules import clean
from kerma.areas.worklist import queries_levels as queries
from kerma.areas.worklist import rules_levels, rules_next
from kerma.areas.worklist.model import (
    CLOSED,
    break_rule,
    item,
    late_notice,
    reader,
    service_level,
    skill_needed,
)
from kerma.areas.worklist.rules_levels import Level
from kerma.areas.worklist.rules_next import BreakRule, Reader
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.identity import sha256
from kerma.kernel.identity_model import person, role
from kerma.kernel.in_force import settle

FIRST = 1


@action("worklist.set_level")
def set_level(act: Act, *, industry: str, urgency: str, level: Level, is_ended: bool = False) -> int:
    """Set what is promised of exams of an urgency; it holds for exams that arrive from now on.

    Parameters
    ----------
    is_ended : the site has no level of its own any more, and Kerma's table holds again

    Raises
    ------
    WrongUsage
        Industry, urgency, a number or a role makes no sense; the message says which.
    """
    _demand_industry(act, industry)
    rules_levels.demand_level(urgency, level, act.connection.scalars(sa.select(role.c.name)))
    row = asdict(level) | {"industry": industry, "urgency": urgency, "is_ended": is_ended}
    row["chain"] = [asdict(one) for one in level.chain]
    return settle(act, service_level, row)


@action("worklist.set_reader")
def set_reader(act: Act, *, person_key: str, profile: Reader) -> int:
    """Set what a person is handed to read, and how many exams they may claim at once.

    Raises
    ------
    NotFound
        There is no such person.
    WrongUsage
        A word or number is none that there can be.
    """
    kind, _, number = person_key.partition(":")
    there = kind == "person" and number.isdigit() and sa.select(person.c.id).where(person.c.id == int(number))
    if there is False or act.connection.scalar(there) is None:
        raise NotFound(f"there is no person '{person_key[:64]}'")
    rules_next.demand_reader(profile, tuple(act.kernel.industries))
    named = {name: list(getattr(profile, name)) for name in ("industries", "modalities", "skills")}
    return settle(act, reader, {"person": person_key, "most_claimed": profile.most_claimed, **named})


@action("worklist.set_skill")
def set_skill(act: Act, *, industry: str, skill: str, modality: str = "", is_ended: bool = False) -> int:
    """Say that exams of an industry, or of one modality of it, are handed only to readers with a skill.

    Raises
    ------
    WrongUsage
        The industry, the modality or the skill makes no sense.
    """
    _demand_industry(act, industry)
    named, asked = modality.strip().upper(), skill.strip()
    if len(named) > 16 or not (named.isalnum() or not named):
        raise WrongUsage(f"'{modality[:32]}' is no modality, as CT or DX; empty is all of the industry")
    if not 0 < len(asked) <= rules_next.LETTERS:
        raise WrongUsage(f"a skill is named in 1 to {rules_next.LETTERS} letters")
    return settle(act, skill_needed, {"industry": industry, "modality": named, "skill": asked, "is_ended": is_ended})


@action("worklist.set_break")
def set_break(act: Act, *, industry: str, rule: BreakRule) -> int:
    """Set how long people read exams of an industry without a break.

    Raises
    ------
    WrongUsage
        The industry, the mode or a time makes no sense.
    """
    _demand_industry(act, industry)
    rules_next.demand_break_rule(rule)
    return settle(act, break_rule, {"industry": industry, **asdict(rule)})


@action("worklist.view_readers")
def view_readers(act: Act) -> None:
    """See what each person is handed to read."""
    act.record(list="readers")


@action("worklist.view_late")
def view_late(act: Act) -> None:
    """See who was told of late exams."""
    act.record(list="late-notices")


@action("worklist.tell_late")
def tell_late(act: Act, *, item_id: int) -> None:
    """Tell that an exam is nearly late, or late, as far as its time has come; who is late moves up in the list.

    A step of the chain is told unless somebody has acknowledged that this exam is late.
    """
    found = act.connection.execute(sa.select(item).where(item.c.id == item_id).with_for_update()).first()
    if found is None or not found.notice_at or found.notice_at > act.at_text:
        return
    level = queries.promised(act.connection, found.industry, found.urgency)
    of_item = (late_notice.c.item_id == item_id, late_notice.c.due_at == found.due_at)
    told = act.connection.scalar(sa.select(sa.func.max(late_notice.c.step)).where(*of_item))
    told = -1 if told is None else int(told)
    due_at, new = clock.moment(found.due_at), []
    if found.state != CLOSED:
        new = [one for one in rules_levels.steps_of(level, due_at) if one[0] > told and one[1] <= act.at]
    for step, _, to in new:
        row = {"item_id": item_id, "due_at": found.due_at, "step": step, "role": to, "raised_at": act.at_text}
        act.connection.execute(sa.insert(late_notice).values(row))
    last = max([told, *(step for step, _, _ in new)])
    coming = rules_levels.next_notice(level, due_at, last) if found.state != CLOSED else None
    changed: dict[str, Any] = {"notice_at": clock.text(coming) if coming else ""}
    if any(step >= FIRST for step, _, _ in new):
        changed |= {name: max(1, found._mapping[name] - 1) for name in ("priority", "plain_priority")}
    act.connection.execute(sa.update(item).where(item.c.id == item_id).values(changed))
    act.record(item_id=item_id, steps=[step for step, _, _ in new], roles=[to for _, _, to in new if to])


@action("worklist.acknowledge_late")
def acknowledge_late(act: Act, *, notice_id: int, words: str) -> None:
    """Say that one knows that an exam is late and what is done about it: its chain goes no further.

    Raises
    ------
    WrongUsage
        Nothing is said.
    Conflict
        Somebody has acknowledged it before.
    """
    said = clean(words)
    if not said:
        raise WrongUsage("say what is done about it: whoever asks later reads it here")
    notice = act.connection.execute(sa.select(late_notice).where(late_notice.c.id == notice_id)).first()
    if notice is None:
        raise NotFound(f"there is no notice {notice_id}")
    values = {"acknowledged_by": act.actor.key, "acknowledged_at": act.at_text, "words": said}
    same = (late_notice.c.item_id == notice.item_id, late_notice.c.due_at == notice.due_at)
    open_ones = sa.update(late_notice).where(*same, late_notice.c.acknowledged_at == "")
    if act.connection.execute(open_ones.where(late_notice.c.id == notice_id).values(values)).rowcount != 1:
        raise Conflict(f"this was acknowledged at {notice.acknowledged_at}; reload the list")
    act.connection.execute(open_ones.values(values))
    act.connection.execute(sa.update(item).where(item.c.id == notice.item_id).values(notice_at=""))
    act.record(item_id=notice.item_id, notice_id=notice_id, words_sha256=sha256(said))


def _demand_industry(act: Act, industry: str) -> None:
    if industry not in act.kernel.industries:
        raise WrongUsage(f"there is no industry '{industry[:32]}'; there are {', '.join(act.kernel.industries)}")
