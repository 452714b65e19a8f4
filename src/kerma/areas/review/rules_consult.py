"""What a consult and a guest's link may say: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kerma.areas.review.rules_talk import checked, optional
from kerma.errors import WrongUsage
from kerma.standards import table

KINDS = "kerma_consult/kinds"
OPEN, ANSWERED, WITHDRAWN = STATES = ("open", "answered", "withdrawn")
MAX_NAME_LETTERS = 200
LONGEST_DUE = timedelta(days=366)


@dataclass(frozen=True)
class Guest:
    """Somebody without an account, as named by who asks them."""

    name: str
    email: str = ""
    organisation: str = ""


@dataclass(frozen=True)
class Asked:
    """A question about an exam, to a colleague (an actor key) or to a guest."""

    kind: str
    question: str
    due_at: datetime
    colleague: str = ""
    guest: Guest | None = None


@dataclass(frozen=True)
class Leave:
    """What a guest is let see, for how long and what for."""

    hours: int
    purpose: str
    shows_findings: bool = False
    shows_subject: bool = False


def kinds() -> dict[str, dict[str, str]]:
    """Return the kinds of consult by their codes, in the order of the table."""
    return {row["kind"]: row for row in table(KINDS)}


def checked_consult(asked: Asked, now: datetime) -> dict[str, str]:
    """Return the columns of a consult as it is asked.

    Raises
    ------
    WrongUsage
        The kind is none, the question is empty, the due time is past, or it is not clear who is asked.
    """
    if asked.kind not in kinds():
        raise WrongUsage(f"'{asked.kind[:32]}' is no kind of consult; there are {', '.join(kinds())}")
    if not now < asked.due_at <= now + LONGEST_DUE:
        raise WrongUsage(f"the answer is due in the future, within {LONGEST_DUE.days} days")
    if bool(asked.colleague) == (asked.guest is not None):
        raise WrongUsage("ask a colleague or a guest: one of them")
    guest = asked.guest
    return {
        "kind": asked.kind,
        "question": checked(asked.question, "the question"),
        "guest_name": checked(guest.name, "the guest's name", MAX_NAME_LETTERS) if guest else "",
        "guest_email": optional(guest.email, "the guest's address", MAX_NAME_LETTERS) if guest else "",
        "guest_organisation": optional(guest.organisation, "the organisation", MAX_NAME_LETTERS) if guest else "",
    }


def expiry(leave: Leave, now: datetime, most_hours: int) -> datetime:
    """Return when a link ends.

    Raises
    ------
    WrongUsage
        It would live for less than an hour, or longer than the site lets it.
    """
    if not 1 <= leave.hours <= most_hours:
        raise WrongUsage(f"a link lives for 1 to {most_hours} hours (KERMA_GUEST_LINK_HOURS), not {leave.hours}")
    return now + timedelta(hours=leave.hours)
