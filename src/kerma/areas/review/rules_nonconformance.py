"""What becomes of a rejected part, and when its non-conformance may be closed: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kerma.areas.review.rules_talk import checked, optional
from kerma.errors import NotAllowed, WrongUsage

OPEN, PROPOSED, DECIDED, CLOSED, WITHDRAWN = STATES = ("open", "proposed", "decided", "closed", "withdrawn")
STILL_OPEN = (OPEN, PROPOSED, DECIDED)
REJECTED = ("reject",)
"""Decisions that a non-conformance may rest on."""
ACCEPTED = ("accept",)
"""Decisions on a follow-up exam that end one."""
MOST_FINDINGS = 500


@dataclass(frozen=True)
class Kind:
    """What a disposition asks for."""

    words: str
    needs_follow_up: bool = False
    """It is closed when an exam that came later is accepted."""
    needs_concession: bool = False
    """It needs the number of a concession and who of the customer has given it."""


DISPOSITIONS: Mapping[str, Kind] = {
    "repair": Kind("Repair, then examine again", needs_follow_up=True),
    "scrap": Kind("Scrap"),
    "use-as-is": Kind("Use as is, with concession", needs_concession=True),
    "re-inspect": Kind("Examine again", needs_follow_up=True),
}


def number_of(year: int, key: int) -> str:
    """Return the number of a non-conformance, such as ``NC-2026-0007``."""
    return f"NC-{year}-{key:04d}"


def checked_disposition(disposition: str) -> str:
    """Return a disposition, once it is one."""
    if disposition not in DISPOSITIONS:
        raise WrongUsage(f"'{disposition[:32]}' is no disposition; there are {', '.join(DISPOSITIONS)}")
    return disposition


def demand_other_than(proposer: str, actor: str) -> None:
    """Check that who decides a disposition is not who proposed it.

    Raises
    ------
    NotAllowed
        It is the same person.
    """
    if proposer == actor:
        raise NotAllowed("you proposed this disposition: somebody else decides it")


def checked_concession(disposition: str, number: str, approver: str) -> tuple[str, str]:
    """Return a concession's number and its approver; both empty where the disposition needs none.

    Raises
    ------
    WrongUsage
        One is missing where both are needed, or given where none is.
    """
    if DISPOSITIONS[checked_disposition(disposition)].needs_concession:
        return (
            checked(number, "the number of the concession", 64),
            checked(approver, "who of the customer has given the concession", 128),
        )
    if optional(number, "the number of the concession", 64) or optional(approver, "the approver", 128):
        raise WrongUsage(f"only a part that is used as it is needs a concession, not '{disposition}'")
    return "", ""


def checked_findings(finding_ids: Collection[str], known: Collection[str]) -> list[str]:
    """Return the ids of findings, each once, once all are of the exam."""
    found = list(dict.fromkeys(finding_ids))
    if len(found) > MOST_FINDINGS:
        raise WrongUsage(f"a non-conformance names at most {MOST_FINDINGS} findings, not {len(found)}")
    unknown = [one for one in found if one not in known]
    if unknown:
        raise WrongUsage(f"this exam has no finding '{unknown[0][:32]}'")
    return found


def why_open(state: str, disposition: str, has_follow_up: bool, follow_up_decision: str) -> str:
    """Return why a non-conformance cannot be closed yet, in words; empty where it can."""
    if state != DECIDED:
        return "nobody has decided what becomes of the part" if state in STILL_OPEN else f"it is {state} already"
    if not DISPOSITIONS[disposition].needs_follow_up or follow_up_decision in ACCEPTED:
        return ""
    if not has_follow_up:
        return "the exam after it is not linked"
    return "the exam after it is not accepted"
