"""What was seen against a decision: how grave, who answers it, and when it may be closed: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kerma.errors import NotAllowed, WrongUsage
from kerma.standards import Table, table

SEVERITIES = "kerma_review/discrepancy"
OPEN, ACCEPTED, DISPUTED, DISMISSED, CLOSED, WITHDRAWN = STATES = (
    "open", "accepted", "disputed", "dismissed", "closed", "withdrawn",
)  # fmt: skip
STILL_OPEN = (OPEN, ACCEPTED, DISPUTED, DISMISSED)
UNANSWERED = (OPEN, DISPUTED)
"""While who saw it and who decided still stand against each other; names are shown afterwards."""
ADDENDUM, READ_AGAIN = REMEDIES = ("addendum", "read-again")
REMEDY_WORDS: Mapping[str, str] = {ADDENDUM: "Addendum to the report", READ_AGAIN: "The exam is read again"}
SOURCES: Mapping[str, str] = {
    "second-look": "A second look at the same images",
    "later-exam": "A later exam of the same subject",
    "search": "What a search or a test of the part found",
    "told": "Told by somebody outside",
}
OUTCOMES: Mapping[str, str] = {
    "amended": "The report was amended",
    "changed": "Read again and decided otherwise",
    "confirmed": "Read again and decided the same",
    "dismissed": "Not upheld: the decision stands",
}
ADDENDUM_STEP = "addendum"


@dataclass(frozen=True)
class Severity:
    """How grave a discrepancy is."""

    code: str
    words: str
    answer_days: int


@dataclass(frozen=True)
class Seen:
    """What somebody saw against a decision."""

    severity: str
    what: str
    source: str = "second-look"
    other_exam_pk: int | None = None
    """The later exam in which it was seen."""
    decision_id: int | None = None
    """The decision that it contradicts; None: the one in force."""


def severity_table() -> Table:
    """Return the table of severities of all industries."""
    return table(SEVERITIES)


def severities(industry: str) -> dict[str, Severity]:
    """Return the severities of an industry by code, the gravest first."""
    rows = [row for row in severity_table() if row["industry"] == industry]
    return {row["code"]: Severity(row["code"], row["words"], int(row["answer_days"])) for row in rows}


def checked_severity(industry: str, code: str) -> Severity:
    """Return a severity of an industry.

    Raises
    ------
    WrongUsage
        The industry has none of this code.
    """
    known = severities(industry)
    if code not in known:
        raise WrongUsage(f"'{code[:32]}' is no severity here; there are {', '.join(known) or 'none'}")
    return known[code]


def checked_source(source: str, other_exam_pk: int | None) -> str:
    """Return how it was seen; only what a later exam shows names one, and it has to."""
    if source not in SOURCES:
        raise WrongUsage(f"source is '{source[:32]}'; it is one of {', '.join(SOURCES)}")
    if (source == "later-exam") != (other_exam_pk is not None):
        raise WrongUsage("say which later exam shows it, where a later exam does, and only there")
    return source


def checked_remedy(remedy: str) -> str:
    """Return what is done about it, once it is something that can be done."""
    if remedy not in REMEDIES:
        raise WrongUsage(f"'{remedy[:32]}' is no remedy; there are {' and '.join(REMEDIES)}")
    return remedy


def due_at(severity: Severity, at: datetime) -> datetime:
    """Return until when a discrepancy is to be answered."""
    return at + timedelta(days=severity.answer_days)


def number_of(year: int, key: int) -> str:
    """Return the number of a discrepancy, such as ``DIS-2026-0007``."""
    return f"DIS-{year}-{key:04d}"


def demand_answerer(actor: str, reader: str, seen_by: str, *, leads: bool) -> None:
    """Check that somebody may answer a discrepancy.

    Raises
    ------
    NotAllowed
        They saw it themselves, or neither made the decision nor lead.
    """
    if actor == seen_by:
        raise NotAllowed("you saw it yourself: who made the decision answers it, or a lead")
    if actor != reader and not leads:
        raise NotAllowed("this decision is somebody else's: they answer it, or a lead")


def demand_third(actor: str, parties: Collection[str]) -> None:
    """Check that who settles a dispute is none of those who disagree.

    Raises
    ------
    NotAllowed
        They are.
    """
    if actor in parties:
        raise NotAllowed("a third person settles it: neither who saw it, nor who decided, nor who disputed it")


def is_nameless(is_blinded: bool, state: str) -> bool:
    """Return whether the reader is not told who saw it: where reading is blind, until it is answered and settled."""
    return is_blinded and state in UNANSWERED


def outcome_of(state: str, remedy: str, addendum_at: str, before: str, after: str | None) -> tuple[str, str]:
    """Return the outcome of a discrepancy that can be closed, and why it cannot be yet; one of them is empty.

    Parameters
    ----------
    before : the decision that it contradicts
    after : the final decision made after it was seen; None while there is none
    """
    if state in UNANSWERED:
        return "", "nobody has answered it" if state == OPEN else "a third person has not settled it"
    if state == DISMISSED:
        return "dismissed", ""
    if state != ACCEPTED:
        return "", f"it is {state} already"
    if remedy == ADDENDUM:
        return ("amended", "") if addendum_at else ("", "the report is not amended yet, by an addendum that names it")
    if after is None:
        return "", "the exam is not read again yet"
    return ("confirmed" if after == before else "changed"), ""
