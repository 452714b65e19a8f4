"""What a machine may report of its work (modality performed procedure steps), and which order it belongs to: pure."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.areas.worklist import rules_match
from kerma.areas.worklist.model_orders import (
    COMPLETED,
    CONTRADICTING,
    DISCONTINUED,
    IN_PROGRESS,
    MATCHED,
    UNMATCHED,
)
from kerma.areas.worklist.model_ups import StatusRefused
from kerma.areas.worklist.rules_match import Document, Keys
from kerma.standards import table

PERFORMED = "dicom_ps3.4/performed_step"
SCHEDULED_SEQUENCE, SERIES_SEQUENCE, STATUS = "00400270", "00400340", "00400252"
IMAGE_SEQUENCES = ("00081140", "00400220")
SERIES_UID, IMAGE_UID, STUDY_UID = "0020000E", "00081155", "0020000D"
ACCESSION, STEP_ID, REQUESTED_ID, SUBJECT_ID = "00080050", "00400009", "00401001", "00100020"

STATES: Mapping[str, str] = {"IN PROGRESS": IN_PROGRESS, "COMPLETED": COMPLETED, "DISCONTINUED": DISCONTINUED}
"""The status as DICOM writes it, and as it is kept."""

INVALID_VALUE, DUPLICATE, NO_SUCH_INSTANCE = 0x0106, 0x0111, 0x0112
MISSING, EMPTY, FAILED, INVALID_INSTANCE, TOO_MUCH = 0x0120, 0x0121, 0x0110, 0x0117, 0x0213
NO_LONGER = 0xA710
"""The error id that says a step has ended and may no longer be changed (PS3.4, F.7.2.2.4)."""

REASONS: Mapping[str, str] = {
    "no-order": "no ordered step has this study UID, accession number or step id",
    "unscheduled": "the machine worked without an order: accession number and step id are empty",
    "other-subject": "the order is about another subject id",
    "other-accession": "the order has another accession number",
    "other-study": "the order has another study UID",
    "order-closed": "the order was canceled or has ended already",
}
"""Why a person must look at a performed step: code to words."""


@functools.cache
def rows(place: str) -> tuple[dict[str, str], ...]:
    """Return the rows of the table for one level: the step itself, its scheduled steps, or its series."""
    return tuple(row for row in table(PERFORMED) if row["place"] == place)


def begun(sent: Keys) -> Document:
    """Return a step as it is kept when it begins, what may be empty added.

    Raises
    ------
    StatusRefused
        An attribute that must have a value is missing or empty, or the status is not IN PROGRESS.
    """
    document = _filled(sent, "top")
    items = rules_match.items(document[SCHEDULED_SEQUENCE])
    if not items:
        raise StatusRefused(INVALID_VALUE, "there is no scheduled step", offending=(SCHEDULED_SEQUENCE,))
    document[SCHEDULED_SEQUENCE] = {"vr": "SQ", "Value": [_filled(item, "scheduled") for item in items]}
    if rules_match.first(document, STATUS) != "IN PROGRESS":
        raise StatusRefused(INVALID_VALUE, "a step begins with the status IN PROGRESS", offending=(STATUS,))
    return document


def _filled(sent: Keys, place: str) -> Document:
    document = {tag: dict(element) for tag, element in sent.items() if tag != rules_match.CHARACTER_SET}
    for row in rows(place):
        tag, element = row["tag"], sent.get(row["tag"])
        if row["create"] == "1" and not rules_match.values(element):
            code = MISSING if element is None else EMPTY
            words = "is missing" if element is None else "is empty"
            raise StatusRefused(code, f"{row['keyword']} {words}", offending=(tag,))
        if row["create"] == "2" and element is None:
            document[tag] = {"vr": row["vr"]}
    return document


def changed(kept: Document, state: str, sent: Keys) -> tuple[Document, str]:
    """Return a step after a change, and its state (PS3.4, F.7.2.2).

    Raises
    ------
    StatusRefused
        The step has ended, an attribute may not change, or what the end needs is missing.
    """
    if state != IN_PROGRESS:
        words = "Performed Procedure Step Object may no longer be updated"
        raise StatusRefused(FAILED, words, error_id=NO_LONGER)
    fixed = {row["tag"] for row in rows("top") if row["change"] == "no"}
    given = {tag: dict(element) for tag, element in sent.items() if tag != rules_match.CHARACTER_SET}
    touched = tuple(tag for tag in given if tag in fixed and not _is_same(kept.get(tag), given[tag]))
    if touched:
        raise StatusRefused(INVALID_VALUE, "an attribute of the beginning may not change", offending=touched)
    document = {**kept, **given}
    written = str(rules_match.first(document, STATUS))
    if written not in STATES:
        raise StatusRefused(INVALID_VALUE, f"there is no status '{written[:16]}'", offending=(STATUS,))
    after = STATES[written]
    if after == COMPLETED:
        _demand_end(document)
    return document, after


def _is_same(kept: Mapping[str, Any] | None, sent: Mapping[str, Any]) -> bool:
    return rules_match.values(kept) == rules_match.values(sent)


def _demand_end(document: Keys) -> None:
    """Check what a completed step must say; a discontinued one may have nothing to show."""
    _demand(document, "top")
    for item in rules_match.items(document.get(SERIES_SEQUENCE)):
        _demand(item, "series")


def _demand(document: Keys, place: str) -> None:
    for row in rows(place):
        if row["final"] == "1" and not rules_match.values(document.get(row["tag"])):
            code = EMPTY if row["tag"] in document else MISSING
            raise StatusRefused(code, f"a completed step needs {row['keyword']}", offending=(row["tag"],))


def announced(document: Keys) -> Iterator[tuple[str, str]]:
    """Yield series and image UID of all that a machine says it made, each image once."""
    seen: set[str] = set()
    for item in rules_match.items(document.get(SERIES_SEQUENCE)):
        for tag in IMAGE_SEQUENCES:
            for reference in rules_match.items(item.get(tag)):
                uid = str(rules_match.first(reference, IMAGE_UID))
                if uid and uid not in seen:
                    seen.add(uid)
                    yield str(rules_match.first(item, SERIES_UID)), uid


@dataclass(frozen=True)
class Matching:
    """Which orders a performed step fulfils, how sure that is, and what speaks against it."""

    matching: str
    order_pks: tuple[int, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What a performed step says of one scheduled step."""

    study_uid: str
    accession: str
    requested_id: str
    step_id: str
    subject_id: str


def claims(document: Keys) -> list[Claim]:
    """Return what a performed step says of each scheduled step it fulfils."""
    subject_id = str(rules_match.first(document, SUBJECT_ID))
    items = rules_match.items(document.get(SCHEDULED_SEQUENCE))
    return [
        Claim(
            study_uid=str(rules_match.first(item, STUDY_UID)),
            accession=str(rules_match.first(item, ACCESSION)),
            requested_id=str(rules_match.first(item, REQUESTED_ID)),
            step_id=str(rules_match.first(item, STEP_ID)),
            subject_id=subject_id,
        )
        for item in items
    ]


def candidates(claim: Claim, orders: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the orders that a claim names, by the surest of its identifiers that any order has.

    The study UID is ours and unique; accession and step id can be typed or repeated, so they count after it.
    """
    tries: tuple[tuple[tuple[str, str], ...], ...] = (
        (("study_uid", claim.study_uid), ("step_id", claim.step_id)),
        (("accession", claim.accession), ("step_id", claim.step_id)),
        (("study_uid", claim.study_uid),),
        (("accession", claim.accession),),
        (("step_id", claim.step_id),),
    )
    for pairs in tries:
        if not all(value for _, value in pairs):
            continue
        found = [order for order in orders if all(order[name] == value for name, value in pairs)]
        if found:
            return found
    return []


def compare(document: Keys, orders: Sequence[Mapping[str, Any]]) -> Matching:
    """Return which orders a performed step fulfils; anything unsure or contradicting is for a person to decide."""
    found: list[int] = []
    reasons: list[str] = []
    for claim in claims(document):
        named = candidates(claim, orders)
        if not named:
            reasons.append("no-order" if claim.accession or claim.step_id else "unscheduled")
        for order in named:
            found.append(order["id"])
            reasons.extend(_against(claim, order))
    unique = tuple(dict.fromkeys(reasons))
    state = UNMATCHED if not found else CONTRADICTING if unique else MATCHED
    return Matching(state, tuple(dict.fromkeys(found)), unique)


def _against(claim: Claim, order: Mapping[str, Any]) -> Iterator[str]:
    pairs = (
        ("other-subject", claim.subject_id, order["subject_id"]),
        ("other-accession", claim.accession, order["accession"]),
        ("other-study", claim.study_uid, order["study_uid"]),
    )
    for reason, said, ordered in pairs:
        if said and ordered and said != ordered:
            yield reason
    if order["state"] in (COMPLETED, DISCONTINUED, "canceled"):
        yield "order-closed"
