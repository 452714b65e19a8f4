"""Whose turn it is in a decision flow: nobody decides twice in one round, and some stages ask for a skill."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from kerma.areas.review.model import decision
from kerma.areas.worklist import actions_flow, queries_flow
from kerma.errors import Conflict
from kerma.kernel.action import Act, Actor


def demand_turn(act: Act, exam_pk: int) -> str:
    """Return the stage at which the actor may decide; empty where the exam is decided once.

    Raises
    ------
    Conflict
        They decided it at an earlier stage of this round, or lack the skill that the stage asks for.
    """
    industry, stage, round_at = queries_flow.standing(act.connection, exam_pk)
    if not stage:
        return ""
    actions_flow.demand_skilled(act, industry, stage)
    if exam_pk in _decided_before(act.connection, act.actor, {exam_pk: (stage, round_at)}):
        raise Conflict("you have decided this exam at an earlier stage: somebody else decides now")
    return stage


def had_their_turn(connection: sa.Connection, actor: Actor, exam_pks: Sequence[int]) -> set[int]:
    """Return those of some exams that an actor has decided at an earlier stage of their round."""
    rounds = queries_flow.rounds(connection, exam_pks)
    return _decided_before(connection, actor, rounds) if rounds else set()


def _decided_before(connection: sa.Connection, actor: Actor, rounds: dict[int, tuple[str, str]]) -> set[int]:
    columns = (decision.c.exam_pk, decision.c.stage, decision.c.at)
    own = sa.select(*columns).where(decision.c.exam_pk.in_(list(rounds)), decision.c.by == actor.key)
    return {
        row.exam_pk
        for row in connection.execute(own)
        if row.stage not in ("", rounds[row.exam_pk][0]) and row.at >= rounds[row.exam_pk][1]
    }
