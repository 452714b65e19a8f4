"""What stands in front of the images of an exam until its reader has decided: asked here, answered by a higher area.

A reader who may not see the images as they came (``Sight.originals``) is given rows of images with pixels made for
reading. Where something was projected into them, the reader's decision is about that, and no decision on the exam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from kerma.errors import Withheld
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.kernel.action import Act

BEFORE_DECIDING = frozenset({"archive.view", "review.decide"})
"""Actions on an exam that are open to a reader who has not decided. Every other one waits for the decision, so that
nothing is recorded of an exam that was seen in pixels which may not be its own: a new action is closed until somebody
has thought of it."""
DECIDE_FIRST = "this waits for your decision: decide the exam first, then record it"


class Projections(Protocol):
    """Who knows what stands in front of which images."""

    def shown(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return rows of images with a ``source`` of their own, and a name of it in place of the sidecar's digest."""
        ...

    def answered(self, act: Act, *, exam_pk: int, decision_code: str) -> bool:
        """Keep what a reader answered to projected images; false where they are the exam's own."""
        ...


PROJECTIONS: list[Projections] = []
"""One entry, put here by ``app.py``."""


def shown(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of images as they are made for reading.

    Raises
    ------
    Withheld
        They are not made yet, or nobody makes any.
    """
    if not PROJECTIONS:
        raise Withheld("the images are not shown to you now")
    return PROJECTIONS[0].shown(connection, rows)


def answered(act: Act, *, exam_pk: int, decision_code: str) -> bool:
    """Keep what a reader answered, as a part of the action under way; true where it is no decision on the exam."""
    return bool(PROJECTIONS) and PROJECTIONS[0].answered(act, exam_pk=exam_pk, decision_code=decision_code)


def demand_decided(act: Act, given: Mapping[str, Any]) -> None:
    """Refuse an action on an exam by a reader who has to decide it first (``kernel.action.GUARDS``).

    Raises
    ------
    Withheld
        The words do not tell whether anything was projected.
    """
    exam_pk = given.get("exam_pk")
    if act.action in BEFORE_DECIDING or not isinstance(exam_pk, int) or isinstance(exam_pk, bool):
        return
    if not sight_of(act.connection, act.actor, exam_pk).originals:
        raise Withheld(DECIDE_FIRST)
