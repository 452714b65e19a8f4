"""Letting a guest see one exam for a while, and everything a guest does there.

The actor of what a guest does is ``guest:<id of the link>`` with just the permissions of this module, made anew for
every request; see ``guests``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import sqlalchemy as sa

from kerma.areas.review import queries_consult, rules
from kerma.areas.review.actions_consult import end_links, keep_answer, seen_consult
from kerma.areas.review.actions_talk import demand_person
from kerma.areas.review.model_consult import guest_link
from kerma.areas.review.rules_consult import OPEN, Leave, expiry
from kerma.areas.review.rules_talk import checked
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.identity import sha256

TOKEN_BYTES = 32
LOOK, SHOW, ANSWER = ("review.look_as_guest", "review.show_guest_image", "review.answer_as_guest")
GUEST_ACTIONS = frozenset({LOOK, SHOW, ANSWER})
"""All that a guest may do."""


@dataclass(frozen=True)
class Link:
    """A link just made; ``token`` exists nowhere else and is shown once."""

    id: int
    token: str = field(repr=False)
    expires_at: str


@action("review.admit_guest")
def admit_guest(act: Act, *, consult_id: int, leave: Leave) -> Link:
    """Make the link by which a guest sees the one exam they are asked about; a link made before ends.

    Raises
    ------
    WrongUsage
        It would live longer than the site lets it, or has no purpose.
    Conflict
        The consult is not asked of a guest, or is no longer open.
    """
    demand_person(act, "let a guest in")
    found = seen_consult(act, consult_id)
    if found["by"] != act.actor.key:
        raise NotAllowed("only who asked lets the guest in")
    if not found["guest_name"] or found["state"] != OPEN:
        raise Conflict("a link is for an open question to a guest; colleagues sign in")
    purpose = checked(leave.purpose, "the purpose", 400)
    expires_at = clock.text(expiry(leave, act.at, act.kernel.settings.guest_link_hours))
    revoked = end_links(act, consult_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {
        "consult_id": consult_id,
        "exam_pk": found["exam_pk"],
        "token_sha256": sha256(token),
        "purpose": purpose,
        "shows_findings": leave.shows_findings,
        "shows_subject": leave.shows_subject,
        "expires_at": expires_at,
        "by": act.actor.key,
        "at": act.at_text,
    }
    link_id = int(act.connection.execute(sa.insert(guest_link).values(values).returning(guest_link.c.id)).scalar_one())
    act.record(exam_pk=found["exam_pk"], consult_id=consult_id, link_id=link_id, expires_at=expires_at)
    act.record(shows_findings=leave.shows_findings, shows_subject=leave.shows_subject, links_revoked=revoked)
    act.record(purpose_sha256=rules.text_digest(purpose))
    return Link(link_id, token, expires_at)


@action("review.revoke_guest")
def revoke_guest(act: Act, *, link_id: int) -> None:
    """End a guest's link before its time.

    Raises
    ------
    Conflict
        It is revoked already.
    """
    found = queries_consult.link_by_id(act.connection, link_id)
    if found is None:
        raise NotFound(f"there is no guest's link {link_id}")
    seen_consult(act, found["consult_id"])
    live = (guest_link.c.id == link_id, guest_link.c.revoked_at == "")
    ended = sa.update(guest_link).where(*live).values(revoked_at=act.at_text, revoked_by=act.actor.key)
    if act.connection.execute(ended).rowcount != 1:
        raise Conflict("this link is revoked already")
    act.record(exam_pk=found["exam_pk"], link_id=link_id)


@action(LOOK)
def look_as_guest(act: Act) -> None:
    """Open, as a guest, the one exam that the link is for."""
    act.record(**_own(act))


@action(SHOW)
def show_guest_image(act: Act, *, image_pk: int, plane: int) -> None:
    """See, as a guest, an image of the one exam that the link is for."""
    act.record(**_own(act), image_pk=image_pk, plane=plane)


@action(ANSWER)
def answer_as_guest(act: Act, *, answer: str) -> None:
    """Answer, as a guest, the question that the link is for; once.

    Raises
    ------
    Conflict
        It is answered already.
    """
    link = _link(act)
    found = queries_consult.consult_by_id(act.connection, link["consult_id"])
    assert found is not None  # a link refers to it
    keep_answer(act, found, answer, found["guest_name"])
    act.record(link_id=link["id"])


def _own(act: Act) -> dict[str, int]:
    link = _link(act)
    return {"link_id": link["id"], "exam_pk": link["exam_pk"]}


def _link(act: Act) -> dict[str, object]:
    """Return the link of the guest who acts, while it is good: a permission of everything does not make a guest."""
    if act.actor.kind != "guest":
        raise WrongUsage("this is done by a guest, by the link that was handed to them")
    found = queries_consult.link_by_id(act.connection, int(act.actor.id))
    if found is None or found["revoked_at"] or found["expires_at"] <= act.at_text:
        raise NotFound("this link is not, or no longer, good")
    return found
