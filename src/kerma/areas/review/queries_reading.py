"""Reading policies and reads, and what of an exam an actor may see by them: the answer to ``kernel.sight``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, image
from kerma.areas.archive.queries_sight import is_image
from kerma.areas.review import rules_reading
from kerma.areas.review.model_reading import reading, reading_policy
from kerma.areas.review.rules_reading import BLIND, DECISION, DOUBLE, INDEPENDENT, READERS_OF_DOUBLE, Policy, Read
from kerma.kernel.in_force import InForce
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import Listing, Sight

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

SEE_ALL = "review.see_all"
"""The permission from which nothing is hidden."""
_MANY = 500


@dataclass(frozen=True)
class Facts:
    """What decides what is hidden in an exam."""

    policy: Policy
    reads: tuple[Read, ...] = ()
    newest_image_pk: int = 0


class ReadingRules:
    """Answers what of an exam an actor may see (``kernel.sight.Rules``)."""

    def sights(self, connection: sa.Connection, actor: Actor, exam_pks: Iterable[int]) -> Mapping[int, Sight]:
        """Return what the actor may see of each exam."""
        wanted = list(exam_pks)
        whole = Sight(actor=actor.key)
        if sees_all(actor):
            return dict.fromkeys(wanted, whole)
        known = facts_of(connection, wanted)
        return {
            pk: rules_reading.sight_by(known[pk].policy, known[pk].reads, actor.key, known[pk].newest_image_pk)
            if pk in known
            else whole
            for pk in wanted
        }

    def hides_anything(self, connection: sa.Connection) -> bool:
        """Return whether a policy in force hides anything."""
        return any(Policy(row["algorithm"], row["reading"]).hides for row in policies(connection))

    def listing(self, connection: sa.Connection, actor: Actor) -> Listing:
        """Return how the worklist must look for the actor."""
        every = policies(connection)
        rows = [row for row in every if Policy(row["algorithm"], row["reading"]).hides]
        if not rows or sees_all(actor):
            return Listing()
        blind, double = (_governed(every, mode) for mode in (BLIND, DOUBLE))
        mine = reading.c.person == actor.key
        decided = _readers(sa.and_(mine, reading.c.kind.in_((DECISION, INDEPENDENT)))) > 0
        read = _readers(sa.and_(mine, reading.c.kind == INDEPENDENT)) > 0
        twice = _readers(reading.c.kind == INDEPENDENT) >= READERS_OF_DOUBLE
        return Listing(
            unranked=frozenset(row["industry"] for row in rows),
            left_out=(sa.and_(double, read, sa.not_(twice)),),
            untold=(sa.and_(blind, sa.not_(decided)), sa.and_(double, sa.not_(twice))),
        )


def sees_all(actor: Actor) -> bool:
    """Return whether nothing is hidden from an actor."""
    return is_granted(SEE_ALL, actor.permissions)


_POLICIES = InForce(reading_policy, "industry", "exam_class")


def policies(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the policies in force, by industry and class."""
    return _POLICIES.rows(connection)


def facts_of(connection: sa.Connection, exam_pks: Iterable[int]) -> dict[int, Facts]:
    """Return what decides what is hidden in each of some exams that a policy may hide something in."""
    rows, wanted = policies(connection), list(exam_pks)
    if not any(Policy(row["algorithm"], row["reading"]).hides for row in rows):
        return {}
    known: dict[int, Facts] = {}
    for start in range(0, len(wanted), _MANY):
        known |= _some_facts(connection, rows, wanted[start : start + _MANY])
    return known


def readings(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return the reads of an exam that one may see, in the order they were recorded."""
    statement = sa.select(reading).where(reading.c.exam_pk == exam_pk).order_by(reading.c.id)
    if not sight.people:
        statement = statement.where(reading.c.person == sight.actor)
    return [dict(row) for row in connection.execute(statement).mappings()]


def records_between(connection: sa.Connection, after: str, before: str, industry: str) -> list[dict[str, Any]]:
    """Return the records of reading of decisions in a span of time, of one industry or of all."""
    statement = (
        sa.select(reading.c.record)
        .join_from(reading, exam, reading.c.exam_pk == exam.c.id)
        .where(reading.c.kind == DECISION, reading.c.recorded_at >= after, reading.c.recorded_at < before)
    )
    if industry:
        statement = statement.where(exam.c.industry == industry)
    return [dict(record) for record in connection.scalars(statement)]


def newest_image_pk(connection: sa.Connection, exam_pk: int) -> int:
    """Return the key of an exam's newest image, 0 where it has none."""
    return int(connection.scalar(_NEWEST_IMAGE, {"exam": exam_pk}) or 0)


_NEWEST_IMAGE = sa.select(sa.func.max(image.c.id)).where(image.c.exam_pk == sa.bindparam("exam"), is_image())


def _some_facts(connection: sa.Connection, rows: list[dict[str, Any]], exam_pks: list[int]) -> dict[int, Facts]:
    columns = (exam.c.id, exam.c.industry, exam.c.modalities)
    governed = {
        row.id: rules_reading.policy_for(row.industry, row.modalities.split(","), rows)
        for row in connection.execute(sa.select(*columns).where(exam.c.id.in_(exam_pks)))
    }
    hiding = [pk for pk, policy in governed.items() if policy.hides]
    reads: dict[int, list[Read]] = {pk: [] for pk in hiding}
    statement = sa.select(
        reading.c.exam_pk, reading.c.person, reading.c.kind, reading.c.last_image_pk, reading.c.conclusion
    )
    for row in connection.execute(statement.where(reading.c.exam_pk.in_(hiding)).order_by(reading.c.id)):
        reads[row.exam_pk].append(Read(row.person, row.kind, row.last_image_pk, row.conclusion))
    newest = sa.select(image.c.exam_pk, sa.func.max(image.c.id)).where(image.c.exam_pk.in_(hiding), is_image())
    images = {row[0]: int(row[1]) for row in connection.execute(newest.group_by(image.c.exam_pk))}
    return {pk: Facts(governed[pk], tuple(reads[pk]), images.get(pk, 0)) for pk in hiding}


def _readers(clause: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Return how many people have a read of all images of the exam of the row around it."""
    newest = sa.select(sa.func.coalesce(sa.func.max(image.c.id), 0)).where(image.c.exam_pk == exam.c.id, is_image())
    counted = sa.select(sa.func.count(sa.distinct(reading.c.person))).where(
        reading.c.exam_pk == exam.c.id, clause, reading.c.last_image_pk >= newest.correlate(exam).scalar_subquery()
    )
    return counted.correlate(exam).scalar_subquery()


def _governed(rows: list[dict[str, Any]], mode: str) -> sa.ColumnElement[bool]:
    """Return the clause for exams that are read in a mode (``rules_reading.policy_for`` in the database)."""
    found: list[sa.ColumnElement[bool]] = []
    for industry in dict.fromkeys(row["industry"] for row in rows):
        own = [row for row in rows if row["industry"] == industry]
        of_class = {row["exam_class"]: row["reading"] for row in own}
        usual = of_class.pop("", rules_reading.OPEN)
        stricter = [name for name, value in of_class.items() if _rank(value) > _rank(mode)]
        same = [name for name, value in of_class.items() if value == mode]
        cases = [sa.and_(_of_classes(same), sa.not_(_of_classes(stricter)))]
        if usual == mode:
            cases.append(sa.not_(_of_classes(list(of_class))))
        found.append(sa.and_(exam.c.industry == industry, sa.or_(*cases)))
    return sa.or_(sa.false(), *found)


def _rank(mode: str) -> int:
    return rules_reading.READINGS.index(mode)


def _of_classes(names: list[str]) -> sa.ColumnElement[bool]:
    listed = sa.literal(",").concat(exam.c.modalities).concat(",")
    return sa.or_(sa.false(), *(listed.contains(f",{name},") for name in names))


def read_by(connection: sa.Connection, actor: Actor, exam_pks: Sequence[int]) -> set[int]:
    """Return those of some exams whose newest images an actor has read alone already: they wait for somebody else."""
    statement = sa.select(reading.c.exam_pk, reading.c.last_image_pk).where(
        reading.c.exam_pk.in_(exam_pks), reading.c.person == actor.key, reading.c.kind == rules_reading.INDEPENDENT
    )
    rows = connection.execute(statement).all()
    return {row.exam_pk for row in rows if row.last_image_pk >= newest_image_pk(connection, row.exam_pk)}
