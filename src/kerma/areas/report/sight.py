"""What of an exam stands in its report, and who may see it so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.review.queries_reading import facts_of
from kerma.areas.review.rules_reading import OFF
from kerma.errors import Withheld
from kerma.kernel.sight import WHOLE, Sight, sight_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.kernel.action import Actor

ALGORITHM = "algorithm"
"""What a version leaves out (``report.hides``): where software is off for readers, what it found is in no report."""


def stated_sight(connection: sa.Connection, exam_pk: int) -> Sight:
    """Return what of an exam a report made now states: all of it, but nothing of software where that is off."""
    facts = facts_of(connection, [exam_pk]).get(exam_pk)
    return Sight(algorithm=False) if facts and facts.policy.algorithm == OFF else WHOLE


def demand_stated(connection: sa.Connection, actor: Actor, exam_pk: int) -> None:
    """Refuse what states everything a report made now would state, while some of that is hidden from the actor.

    Raises
    ------
    Withheld
        Something is hidden; the words are the same whatever there is.
    """
    sight = sight_of(connection, actor, exam_pk)
    if not sight.people or (not sight.algorithm and stated_sight(connection, exam_pk).algorithm):
        raise Withheld("this is withheld while you read the exam: record your own read first, see its state line")
