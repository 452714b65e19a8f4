"""Reading plans and cases of peer review, and what a reviewer must not see until their review is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review.model import analysis, decision
from kerma.areas.review.model_judge import judgement
from kerma.areas.review.model_peer import (
    CLAIMED,
    DONE,
    OPEN,
    peer_answer,
    peer_case,
    peer_conclusion,
    peer_given_back,
    peer_learning,
    peer_plan,
    peer_reason,
    peer_review,
)
from kerma.areas.review.model_reading import reading
from kerma.areas.review.rules_peer import NEW_PERSON, Decided, Plan
from kerma.kernel.in_force import InForce
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import Listing, Rules, Sight, sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST_CASES = 500
_PLAN_FIELDS = tuple(Plan.__dataclass_fields__)


class PeerRules:
    """What of an exam an actor may see (``kernel.sight.Rules``): less than other rules say, while they review it.

    Whoever holds a blinded case sees nothing of what other people recorded of its exam until the review is recorded,
    whatever permission they hold.
    """

    def __init__(self, others: Rules) -> None:
        self.others = others

    def sights(self, connection: sa.Connection, actor: Actor, exam_pks: Iterable[int]) -> Mapping[int, Sight]:
        """Return what the actor may see of each exam."""
        found = self.others.sights(connection, actor, exam_pks)
        blinded = _blinded_exams(connection, actor)
        return {pk: replace(sight, people=False) if pk in blinded else sight for pk, sight in found.items()}

    def hides_anything(self, connection: sa.Connection) -> bool:
        """Return whether anything is hidden from anybody."""
        return self.others.hides_anything(connection) or connection.scalar(_BLINDED.limit(1)) is not None

    def listing(self, connection: sa.Connection, actor: Actor) -> Listing:
        """Return how the worklist must look for the actor."""
        listing = self.others.listing(connection, actor)
        blinded = _blinded_exams(connection, actor)
        return replace(listing, untold=(*listing.untold, exam.c.id.in_(sorted(blinded)))) if blinded else listing


_BLINDED = sa.select(peer_case.c.exam_pk).where(peer_case.c.state == CLAIMED, peer_case.c.is_blinded)
_BLINDED_FOR = Prepared(_BLINDED.where(peer_case.c.reviewer == sa.bindparam("of")))


def _blinded_exams(connection: sa.Connection, actor: Actor) -> frozenset[int]:
    """Return the exams that an actor reviews blinded; a transaction that only reads asks once for each actor."""
    reads_only = connection.get_execution_options().get("kerma_read", False)
    known: dict[Any, frozenset[int]] = connection.info.setdefault("blinded", {}) if reads_only else {}
    key = (connection.get_transaction(), actor.key)
    if key not in known:
        known.clear()
        known[key] = frozenset(row["exam_pk"] for row in _BLINDED_FOR.all(connection, {"of": actor.key}))
    return known[key]


_PLANS = InForce(peer_plan, "industry", "exam_class", "kind", "person")


def plans(connection: sa.Connection, industry: str = "") -> list[dict[str, Any]]:
    """Return the plans in force, by industry, class, kind and person."""
    return _PLANS.rows(connection, **({"industry": industry} if industry else {}))


def as_plans(rows: Iterable[Mapping[str, Any]]) -> list[Plan]:
    """Return rows of the table as plans."""
    return [Plan(**{name: row[name] for name in _PLAN_FIELDS}) for row in rows]


def decided(
    connection: sa.Connection, found: Sequence[Plan], *, decision_id: int = 0, industry: str = "", after: str = ""
) -> list[tuple[Decided, str]]:
    """Return decisions of people as the plans need them, each with its moment: one, or an industry's since a moment."""
    statement = (
        sa.select(decision.c.id, decision.c.by, decision.c.decision, decision.c.at)
        .add_columns(exam.c.industry, exam.c.modalities)
        .add_columns(analysis.c.decision_proposed, judgement.c.decision_proposed.label("judged"))
        .join_from(decision, exam, decision.c.exam_pk == exam.c.id)
        .outerjoin(analysis, decision.c.analysis_id == analysis.c.id)
        .outerjoin(judgement, decision.c.judgement_id == judgement.c.id)
        .where(decision.c.by.startswith("person:"))
        .order_by(decision.c.id)
    )
    if decision_id:
        statement = statement.where(decision.c.id == decision_id)
    else:
        statement = statement.where(exam.c.industry == industry, decision.c.at >= after)
    rows = connection.execute(statement).all()
    most = max((plan.first_count for plan in found if plan.kind == NEW_PERSON), default=0)
    before = {by: _before(connection, rows[0].industry, by, rows[0].id, most) for by in {row.by for row in rows}}
    said = []
    for row in rows:
        before[row.by] += 1
        number = before[row.by] if most else 0
        proposed, judged = row.decision_proposed or "", row.judged or ""
        modalities = tuple(row.modalities.split(","))
        one = Decided(row.id, row.industry, modalities, row.by, row.decision, proposed, judged, number)
        said.append((one, row.at))
    return said


def _before(connection: sa.Connection, industry: str, by: str, decision_id: int, most: int) -> int:
    """Return how many decisions a person had made in an industry before one of the house, counted up to ``most``."""
    if not most:
        return 0
    statement = (
        sa.select(decision.c.id)
        .join_from(decision, exam, decision.c.exam_pk == exam.c.id)
        .where(decision.c.by == by, exam.c.industry == industry, decision.c.id < decision_id)
    )
    return int(connection.scalar(sa.select(sa.func.count()).select_from(statement.limit(most).subquery())) or 0)


def parties(connection: sa.Connection, exam_pk: int) -> set[str]:
    """Return everybody who has decided, read or judged an exam."""
    columns = ((decision, decision.c.by), (reading, reading.c.person), (judgement, judgement.c.by))
    found = [sa.select(column).where(table.c.exam_pk == exam_pk) for table, column in columns]
    return set(connection.scalars(sa.union(*found)))


def given_back(connection: sa.Connection, case_id: int) -> set[str]:
    """Return who had a case and gave it back."""
    statement = sa.select(peer_given_back.c.person).where(peer_given_back.c.case_id == case_id)
    return set(connection.scalars(statement))


def case_by_id(connection: sa.Connection, case_id: int) -> dict[str, Any] | None:
    """Return one case with its exam, the decision, and what its reviewer recorded, or None."""
    found = connection.execute(_CASE.where(peer_case.c.id == case_id)).mappings().first()
    return dict(found) if found else None


def held_by(connection: sa.Connection, actor_key: str, exam_pk: int) -> int | None:
    """Return the case by which a person reviews an exam now, or None."""
    found: int | None = _HELD_BY.scalar(connection, {"of": actor_key, "exam": exam_pk})
    return found


_HELD_BY = Prepared(
    sa.select(peer_case.c.id).where(
        peer_case.c.reviewer == sa.bindparam("of"),
        peer_case.c.exam_pk == sa.bindparam("exam"),
        peer_case.c.state == CLAIMED,
    )
)


_CASE = (
    sa.select(peer_case)
    .add_columns(exam.c.modalities, exam.c.description, subject.c.subject_id)
    .add_columns(decision.c.decision, decision.c.reason, decision.c.at.label("decided_at"), decision.c.judgement_id)
    .add_columns(decision.c.analysis_id, peer_conclusion.c.conclusion, peer_conclusion.c.was_blinded)
    .add_columns(peer_conclusion.c.words.label("conclusion_words"), peer_conclusion.c.at.label("concluded_at"))
    .add_columns(peer_review.c.id.label("review_id"), peer_review.c.score, peer_review.c.words.label("score_words"))
    .add_columns(peer_review.c.agrees, peer_review.c.is_significant, peer_review.c.at.label("reviewed_at"))
    .add_columns(peer_answer.c.words.label("answer"), peer_answer.c.at.label("answered_at"))
    .join_from(peer_case, exam, peer_case.c.exam_pk == exam.c.id)
    .join(subject, exam.c.subject_pk == subject.c.id)
    .join(decision, peer_case.c.decision_id == decision.c.id)
    .outerjoin(peer_conclusion, peer_conclusion.c.case_id == peer_case.c.id)
    .outerjoin(peer_review, peer_review.c.case_id == peer_case.c.id)
    .outerjoin(peer_answer, peer_answer.c.review_id == peer_review.c.id)
)


def cases_for(connection: sa.Connection, actor: Actor, view: str) -> list[dict[str, Any]]:
    """Return cases, the most urgent first: those a reviewer may take, holds, or has reviewed (the newest first).

    "all" are those that wait or are under review, of everybody's decisions but one's own.
    """
    mine = peer_case.c.reviewer == actor.key
    wanted = {
        "open": sa.and_(peer_case.c.state == OPEN, sa.not_(_is_party(actor.key))),
        "mine": sa.and_(mine, peer_case.c.state == CLAIMED),
        "done": sa.and_(mine, peer_case.c.state == DONE),
        "all": sa.and_(peer_case.c.state.in_((OPEN, CLAIMED)), peer_case.c.person != actor.key),
    }[view]
    order = (peer_case.c.closed_at.desc(),) if view == "done" else (peer_case.c.due_at, peer_case.c.id)
    statement = _CASE.where(wanted).order_by(*order).limit(MOST_CASES)
    return [dict(row) for row in connection.execute(statement).mappings()]


def _is_party(key: str) -> sa.ColumnElement[bool]:
    """Return the clause for cases whose exam a person has decided, read or judged, or that they gave back."""
    columns = ((decision, decision.c.by), (reading, reading.c.person), (judgement, judgement.c.by))
    found = [
        sa.exists().where(table.c.exam_pk == peer_case.c.exam_pk, column == key).correlate(peer_case)
        for table, column in columns
    ]
    back = sa.exists().where(peer_given_back.c.case_id == peer_case.c.id, peer_given_back.c.person == key)
    return sa.or_(*found, back.correlate(peer_case))


def reasons_of(connection: sa.Connection, case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return by case the kinds of plan that took it."""
    found: dict[int, list[str]] = {}
    statement = sa.select(peer_reason.c.case_id, peer_reason.c.kind).where(peer_reason.c.case_id.in_(case_ids))
    for row in connection.execute(statement.order_by(peer_reason.c.case_id, peer_reason.c.plan_id)):
        if row.kind not in found.setdefault(row.case_id, []):
            found[row.case_id].append(row.kind)
    return found


def feedback(connection: sa.Connection, actor: Actor) -> list[dict[str, Any]]:
    """Return the reviews of an actor's own decisions, the newest first."""
    own = (peer_case.c.person == actor.key, peer_case.c.state == DONE)
    statement = _CASE.where(*own).order_by(peer_case.c.closed_at.desc(), peer_case.c.id).limit(MOST_CASES)
    return _visible(connection, actor, connection.execute(statement).mappings())


def learning(connection: sa.Connection, actor: Actor, *, is_mine: bool) -> list[dict[str, Any]]:
    """Return learning items, one's own or everybody's: open ones first, then the newest."""
    statement = sa.select(peer_learning, peer_review.c.score, exam.c.industry, subject.c.subject_id)
    statement = statement.join_from(peer_learning, peer_review, peer_learning.c.review_id == peer_review.c.id)
    statement = statement.join(exam, peer_learning.c.exam_pk == exam.c.id)
    statement = statement.join(subject, exam.c.subject_pk == subject.c.id)
    if is_mine:
        statement = statement.where(peer_learning.c.person == actor.key)
    ordered = statement.order_by(peer_learning.c.done_at != "", peer_learning.c.id.desc()).limit(MOST_CASES)
    return _visible(connection, actor, connection.execute(ordered).mappings())


def _visible(connection: sa.Connection, actor: Actor, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without those of exams of which the actor must not see what people recorded."""
    found = [dict(row) for row in rows]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in found])
    return [row for row in found if sights[row["exam_pk"]].people]
