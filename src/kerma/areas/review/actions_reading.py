"""How exams are read is set, seen past by who may, and every read is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.archive.queries import opened_at
from kerma.areas.review import queries_reading, rules, rules_reading
from kerma.areas.review.model_reading import reading, reading_policy
from kerma.areas.review.queries_reading import SEE_ALL, Facts
from kerma.areas.review.rules_reading import DISAGREE, DOUBLE, SECOND_READER, Policy
from kerma.areas.review.rules_reading_record import Record
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, Actor, action
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import Sight, sight_of

if TYPE_CHECKING:
    from kerma.areas.review.queries import Current


@dataclass(frozen=True)
class Standing:
    """Where an exam stands for one who reads it."""

    exam_pk: int
    facts: Facts
    sight: Sight
    sees_all: bool
    own: frozenset[str]
    """Kinds of the person's own reads of all its images."""

    @property
    def policy(self) -> Policy:
        """How the exam is read."""
        return self.facts.policy

    @property
    def outcome(self) -> str:
        """How two independent reads stand to each other."""
        return rules_reading.outcome_of(self.facts.reads, self.facts.newest_image_pk)[1]


@action("review.set_reading")
def set_policy(  # noqa: PLR0913 - one parameter for each word of a policy
    act: Act,
    *,
    industry: str,
    algorithm: str,
    reading: str,
    exam_class: str = "",
    differing: str = rules_reading.ANYBODY,
    is_ended: bool = False,
) -> int:
    """Set how exams of an industry, or of one modality of it, are read: what software found, and other people's reads.

    Parameters
    ----------
    differing : who decides where two independent reads differ
    exam_class : the modality for which it is otherwise; empty for the rest of the industry
    is_ended : the class has no policy of its own any more

    Raises
    ------
    WrongUsage
        The industry or a word is none of those there are.
    """
    written = rules_reading.checked_policy(algorithm, reading, exam_class, differing)
    if industry not in act.kernel.industries:
        raise WrongUsage(f"there is no industry '{industry[:32]}'; there are {', '.join(act.kernel.industries)}")
    values = {"industry": industry, "exam_class": written, "algorithm": algorithm, "reading": reading}
    values["differing"] = differing
    row = {**values, "is_ended": is_ended, "set_by": act.actor.key, "set_at": act.at_text}
    insert = sa.insert(reading_policy).values(row).returning(reading_policy.c.id)
    policy_id = int(act.connection.execute(insert).scalar_one())
    act.record(policy_id=policy_id, is_ended=is_ended, **values)
    return policy_id


@action(SEE_ALL)
def see_all(act: Act, *, exam_pk: str) -> None:
    """See of an exam what is hidden from those who read it."""
    act.record(exam_pk=int(exam_pk))


@action("review.view_functions")
def view_functions(act: Act, *, after: str, before: str, industry: str) -> None:
    """See which functions readers used how long before they decided."""
    act.record(after=after, before=before, industry=industry)


def standing(act: Act, exam_pk: int) -> Standing:
    """Return where an exam stands for the actor of an action that has locked it."""
    return standing_of(act.connection, act.actor, exam_pk)


def standing_of(connection: sa.Connection, actor: Actor, exam_pk: int) -> Standing:
    """Return where an exam stands for an actor."""
    facts = queries_reading.facts_of(connection, [exam_pk]).get(exam_pk)
    if facts is None:
        facts = Facts(Policy(), (), queries_reading.newest_image_pk(connection, exam_pk))
    own = frozenset(
        one.kind for one in facts.reads if one.person == actor.key and one.last_image_pk >= facts.newest_image_pk
    )
    sight = sight_of(connection, actor, exam_pk)
    return Standing(exam_pk, facts, sight, queries_reading.sees_all(actor), own)


def demand_decidable(stand: Standing, person: str, reason: str) -> None:
    """Refuse a decision where a read must be recorded first, or where two reads differ and it is a third one's.

    Raises
    ------
    Conflict
        The person's own first read, or one of the two independent reads, is not there; the words do not tell whose.
    """
    if stand.policy.algorithm == SECOND_READER and not stand.sight.algorithm:
        raise Conflict("record your own read first; then what the software found is shown, and you decide")
    is_complete, _ = rules_reading.outcome_of(stand.facts.reads, stand.facts.newest_image_pk)
    if stand.policy.reading == DOUBLE and not is_complete:
        raise Conflict("this exam is read twice: record your own read; it is decided when two reads are there")
    why_not = rules_reading.why_not_decide(stand.policy, stand.facts.reads, person, stand.facts.newest_image_pk)
    if why_not:
        raise Conflict(why_not)
    if stand.policy.differing != rules_reading.ANYBODY and stand.outcome == DISAGREE and not reason.strip():
        raise WrongUsage("the two reads differ: say why you decide as you do")


def keep(  # noqa: PLR0913 - a read is all of this
    act: Act,
    stand: Standing,
    known: Current | None,
    kind: str,
    conclusion: str,
    *,
    record: Record,
    reason: str = "",
    decision_id: int | None = None,
) -> int:
    """Keep one read of an exam, what its maker saw and how they read, as a part of the action under way."""
    opened = opened_at(act.connection, act.actor.key, stand.exam_pk) or ""
    document_sha256 = rules.document_digest(known.document) if known else ""
    values = {
        "exam_pk": stand.exam_pk,
        "person": act.actor.key,
        "kind": kind,
        "opened_at": opened,
        "recorded_at": act.at_text,
        "last_image_pk": stand.facts.newest_image_pk,
        "analysis_id": known.analysis_id if known else None,
        "judgement_id": known.judgement_id if known else None,
        "decision_id": decision_id,
        "document_sha256": document_sha256,
        "conclusion": conclusion,
        "reason": reason,
        "algorithm": stand.policy.algorithm,
        "reading": stand.policy.reading,
        "saw_algorithm": stand.sight.algorithm,
        "saw_people": stand.sight.people,
        "record": record,
    }
    reading_id = int(_ADD.scalar(act.connection, values))
    told = {key: values[key] for key in ("algorithm", "reading", "saw_algorithm", "saw_people", "document_sha256")}
    act.record(reading_id=reading_id, kind=kind, record_sha256=rules.document_digest(record), **told)
    return reading_id


_ADD = Prepared(sa.insert(reading).returning(reading.c.id))


def lock(act: Act, exam_pk: int) -> str:
    """Make two readers of one exam take turns; returns its industry."""
    statement = sa.select(exam.c.industry).where(exam.c.id == exam_pk).with_for_update()
    industry: Any = act.connection.scalar(statement)
    if industry is None:
        raise NotFound(f"there is no exam {exam_pk}")
    return str(industry)
