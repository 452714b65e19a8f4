"""A guest at the door: the token checked, slowed down when too many are wrong, and what the guest may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries import exam_by_pk, images_of_exam
from kerma.areas.review import queries_consult, queries_marks, queries_talk
from kerma.areas.review.actions_guest import GUEST_ACTIONS
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import clock
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import actor_of_person, sha256
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import sight_of
from kerma.kernel.sign_in_attempts import count_guess, demand_pace

if TYPE_CHECKING:
    import sqlalchemy as sa

NOT_GOOD = "This link is not good, or no longer. Ask whoever gave it to you for another one."
"""The one answer to every token that opens nothing, whatever the reason."""
_LONGEST_TOKEN = 64


@dataclass(frozen=True)
class Visit:
    """A guest with a good link, and what the link lets them see."""

    actor: Actor
    link: dict[str, Any]
    asker: str
    """The name of who asks."""
    exam: dict[str, Any]
    images: Sequence[dict[str, Any]]
    """Rows of the exam's images that have pixels, in reading order."""
    findings: Sequence[dict[str, Any]] = ()
    """Of the whole exam with ``image_sha256``; empty where the link does not show them."""
    marks: Sequence[dict[str, Any]] = ()

    @property
    def consult(self) -> dict[str, Any]:
        """What the guest is asked."""
        return dict(self.link["consult"])


def visit(kernel: Kernel, token: str, address: str) -> Visit:
    """Return a guest's visit by a token.

    Raises
    ------
    NotFound
        The token opens nothing: it is wrong, has expired, is revoked, or who made the link may not (any more).
    TooManyRequests
        Too many wrong tokens, or sign-ins, came from this address; says how long to wait.
    """
    demand_pace(kernel, address)
    now = clock.text(kernel.clock.now())
    with kernel.database.read() as connection:
        link = queries_consult.link_by_token(connection, sha256(token), now) if len(token) <= _LONGEST_TOKEN else None
        found = _visit(connection, link) if link else None
    if found is None:
        count_guess(kernel, "guest link", address)
        raise NotFound(NOT_GOOD)
    return found


def _visit(connection: sa.Connection, link: dict[str, Any]) -> Visit | None:
    """Return what a link shows: never more than its maker may see at this moment."""
    maker = actor_of_person(connection, int(link["by"].partition(":")[2]))
    exam = exam_by_pk(connection, link["exam_pk"])
    if exam is None or not is_granted("review.admit_guest", maker.permissions):
        return None
    sight = sight_of(connection, maker, exam["id"])
    images = [row for row in images_of_exam(connection, exam["id"], sight) if row["kind"] == "image"]
    shows = link["shows_findings"]
    marks = queries_marks.marks_of(connection, exam["id"], maker) if shows else []
    return Visit(
        actor=Actor("guest", str(link["id"]), link["consult"]["guest_name"], GUEST_ACTIONS),
        link=link,
        asker=names_of(connection, [maker.key]).get(maker.key, ""),
        exam=exam,
        images=images,
        findings=queries_talk.findings_of(connection, exam["id"], sight) if shows else (),
        marks=[one for row in marks for one in row["document"]["marks"]],
    )
