"""The unified procedure step: its states, its lock, its attributes, and what watchers are told (PS3.4, Annex CC)."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kerma.areas.worklist import rules_match
from kerma.areas.worklist.model_ups import (
    ASSIGNED,
    CANCELED,
    COMPLETED,
    FINAL,
    PROGRESS_REPORT,
    PUSH,
    SCHEDULED,
    STATE_REPORT,
    STATES,
    StatusRefused,
)
from kerma.areas.worklist.rules_match import Document, Keys
from kerma.areas.worklist.rules_orders import UID
from kerma.standards import table

ATTRIBUTES = "dicom_ps3.4/unified_step"
TRANSITIONS = "dicom_ps3.4/unified_step_states"
STATUSES = "dicom_ps3.4/unified_step_statuses"

CANCEL, UPDATE = "cancel", "update"
STATE, READINESS, TRANSACTION, MODIFIED_AT = "00741000", "00404041", "00081195", "00404010"
EXAM_UID = "0020000D"
PRIORITY, LABEL, WORKLIST_LABEL, SUBJECT_ID = "00741200", "00741204", "00741202", "00100020"
SOP_CLASS, SOP_INSTANCE = "00080016", "00080018"
PROGRESS, PERFORMED, CANCELED_AT = "00741002", "00741216", "00404052"
REASON, REASON_CODES, CONTACT_URI, CONTACT_NAME = "00741238", "0074100E", "0074100A", "0074100C"
STATION, PERFORMERS = "00404025", "00404034"
PERFORMER_CODE, PERFORMER_ORGANIZATION = "00404009", "00404036"
REQUESTING_AE, RECEIVING_AE, DELETION_LOCK = "00741236", "00741234", "00741230"

DONE, GONE_FINAL, NOT_LOCKED, NOT_FINISHED = 0x0000, 0xC300, 0xC301, 0xC304
UNKNOWN, UNKNOWN_RECEIVER, NOT_SCHEDULED, UNREACHABLE, UNSUITED = 0xC307, 0xC308, 0xC309, 0xC312, 0xC314
INVALID_VALUE, DUPLICATE, INVALID_INSTANCE, MISSING, EMPTY, NO_ACTION = 0x0106, 0x0111, 0x0117, 0x0120, 0x0121, 0x0123
TOO_MUCH = 0x0213
ALREADY = (0xB304, 0xB306)
"""Warnings: the workitem is already what was asked for."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    PRIORITY: ("HIGH", "MEDIUM", "LOW"),
    READINESS: ("READY", "UNAVAILABLE", "INCOMPLETE"),
}
MESSAGE_NUMBERS = 1 << 16
"""A message id has 16 bits (PS3.7, 9.3): the numbers of a channel begin again after so many."""
DEFAULT_WORKLIST = "Kerma"
_NOT_KEPT = (rules_match.CHARACTER_SET, TRANSACTION, SOP_CLASS, SOP_INSTANCE)


@dataclass(frozen=True)
class Outcome:
    """What becomes of a request: its status, and the state after it."""

    code: int
    state: str

    @property
    def is_refused(self) -> bool:
        """Whether nothing changes: a failure (0xC...), not a warning (0xB...)."""
        return self.code != DONE and self.code not in ALREADY


@dataclass(frozen=True)
class Status:
    """One status in both languages: DIMSE's code, and what UPS-RS answers."""

    code: int
    http: int
    words: str
    warning: str


@functools.cache
def statuses() -> dict[int, Status]:
    """Return every status by its code."""
    return {
        int(row["status"], 16): Status(int(row["status"], 16), int(row["http"]), row["words"], row["warning"])
        for row in table(STATUSES)
    }


@functools.cache
def _transitions() -> dict[tuple[str, bool, str], Outcome]:
    return {
        (row["request"], row["locked"] == "yes", row["state"]): Outcome(
            int(row["status"], 16), row["next"] or row["state"]
        )
        for row in table(TRANSITIONS)
    }


def refused(code: int, words: str = "") -> StatusRefused:
    """Return the error for a status."""
    return StatusRefused(code, words or statuses()[code].words)


def holds_lock(state: str, kept: str, given: str) -> bool:
    """Return whether a request comes with the right transaction UID: any well-formed one while nobody has claimed."""
    if state == SCHEDULED:
        return UID.fullmatch(given) is not None
    return bool(kept) and hmac.compare_digest(kept.encode(), given.encode())


def outcome(request: str, state: str, *, has_lock: bool) -> Outcome:
    """Return what becomes of a request on a workitem (PS3.4, Table CC.1.1-2).

    Parameters
    ----------
    request : the state asked for, "cancel" for the wish that it be canceled, or "update"
    has_lock : whether the right transaction UID came with it; a wish to cancel needs none
    """
    found = _transitions().get((request, has_lock and request != CANCEL, state))
    if found is None:
        raise refused(INVALID_VALUE, f"there is no state '{request[:16]}'; ask for one of {', '.join(STATES)}")
    return found


@functools.cache
def rows(place: str) -> tuple[dict[str, str], ...]:
    """Return the rows of the table for the workitem itself or for what was performed."""
    return tuple(row for row in table(ATTRIBUTES) if row["place"] == place)


def created(sent: Keys, uid: str, at: str) -> Document:
    """Return a workitem as it is kept when it is created, what may be empty added.

    Parameters
    ----------
    at : the time now, as DICOM writes a date and time

    Raises
    ------
    StatusRefused
        The UID is none, it is not SCHEDULED, or an attribute is missing, empty or not allowed.
    """
    if not UID.fullmatch(uid):
        raise refused(INVALID_INSTANCE, "the UID of the workitem is not valid")
    if rules_match.values(sent.get(STATE)) not in ([], [SCHEDULED]):
        raise refused(NOT_SCHEDULED)
    for row in rows("top"):
        _demand_creation(row, sent.get(row["tag"]))
    _demand_fitting(sent)
    kept = {tag: dict(element) for tag, element in sent.items() if tag not in _NOT_KEPT}
    for row in rows("top"):
        if row["create"] in ("2", "empty") and row["tag"] not in _NOT_KEPT:
            kept.setdefault(row["tag"], {"vr": row["vr"]})
    if not rules_match.values(kept[WORKLIST_LABEL]):
        kept[WORKLIST_LABEL] = {"vr": "LO", "Value": [DEFAULT_WORKLIST]}
    return _stamped(kept, uid, at)


def _demand_creation(row: Mapping[str, str], element: Mapping[str, Any] | None) -> None:
    has_value = bool(rules_match.values(element))
    if row["create"] == "empty" and has_value:
        raise StatusRefused(INVALID_VALUE, f"{row['keyword']} is empty at creation", offending=(row["tag"],))
    if row["create"] == "1" and not has_value:
        code = MISSING if element is None else EMPTY
        words = f"{row['keyword']} {'is missing' if element is None else 'is empty'}"
        raise StatusRefused(code, words, offending=(row["tag"],))


def _demand_fitting(sent: Keys) -> None:
    """Check that what is sent has the representation and, where there is a choice, one of the values it may have."""
    lying = tuple(row["tag"] for row in rows("top") if sent.get(row["tag"], row)["vr"] != row["vr"])
    if lying:
        raise StatusRefused(INVALID_VALUE, "an attribute has another VR than the dictionary says", offending=lying)
    for tag, choices in CHOICES.items():
        found = rules_match.values(sent.get(tag))
        if found and found[0] not in choices:
            raise StatusRefused(INVALID_VALUE, f"the value is one of {', '.join(choices)}", offending=(tag,))


def _stamped(document: Document, uid: str, at: str) -> Document:
    stamped = {
        **document,
        SOP_CLASS: {"vr": "UI", "Value": [PUSH]},
        SOP_INSTANCE: {"vr": "UI", "Value": [uid]},
        MODIFIED_AT: {"vr": "DT", "Value": [at]},
    }
    return dict(sorted(stamped.items()))


def updated(kept: Document, sent: Keys, at: str) -> Document:
    """Return a workitem with the attributes that were sent.

    Raises
    ------
    StatusRefused
        An attribute may not change any more, or would lose the value it needs.
    """
    fixed = {row["tag"] for row in rows("top") if row["change"] == "no"}
    needed = {row["tag"] for row in rows("top") if row["create"] == "1"}
    given = {tag: dict(element) for tag, element in sent.items() if tag not in _NOT_KEPT}
    touched = tuple(
        tag
        for tag, element in given.items()
        if tag in fixed and rules_match.values(element) != rules_match.values(kept.get(tag))
    )
    if touched:
        raise StatusRefused(INVALID_VALUE, "an attribute of the creation may not change", offending=touched)
    emptied = tuple(tag for tag, element in given.items() if tag in needed and not rules_match.values(element))
    if emptied:
        raise StatusRefused(EMPTY, "an attribute that needs a value would become empty", offending=emptied)
    _demand_fitting(given)
    return _stamped({**kept, **given}, str(rules_match.first(kept, SOP_INSTANCE)), at)


def moved(kept: Document, state: str, at: str) -> Document:
    """Return a workitem in another state; a canceled one says when.

    Raises
    ------
    StatusRefused
        It does not say yet what a completed one must (PS3.4, Table CC.2.5-3, final state).
    """
    document = dict(kept)
    if state == COMPLETED:
        _demand_final(kept)
    if state == CANCELED:
        document[PROGRESS] = {"vr": "SQ", "Value": [_canceled(kept, at)]}
    document[STATE] = {"vr": "CS", "Value": [state]}
    return _stamped(document, str(rules_match.first(kept, SOP_INSTANCE)), at)


def _canceled(kept: Keys, at: str) -> Document:
    progress = rules_match.items(kept.get(PROGRESS))
    item: Document = dict(progress[0]) if progress else {}
    item.setdefault(CANCELED_AT, {"vr": "DT", "Value": [at]})
    item.setdefault(REASON_CODES, {"vr": "SQ"})
    return item


def _demand_final(kept: Keys) -> None:
    performed = rules_match.items(kept.get(PERFORMED))
    item = performed[0] if performed else {}
    for row in rows("performed"):
        element = item.get(row["tag"])
        if (row["final"] == "P" and not rules_match.values(element)) or (row["final"] == "2" and element is None):
            words = f"{statuses()[NOT_FINISHED].words}: {row['keyword']} of what was performed is missing"
            raise StatusRefused(NOT_FINISHED, words, offending=(PERFORMED,))


def with_reason(kept: Document, wish: Keys) -> Document:
    """Return a workitem that says why it is to be canceled, from the wish."""
    progress = rules_match.items(kept.get(PROGRESS))
    item: Document = dict(progress[0]) if progress else {}
    item |= {tag: dict(wish[tag]) for tag in (REASON, REASON_CODES) if rules_match.values(wish.get(tag))}
    return {**kept, PROGRESS: {"vr": "SQ", "Value": [item]}} if item else kept


def position(newest: int, message: int) -> int:
    """Return the event that a message number stands for: the newest that can have had it, for numbers begin again."""
    return max(0, newest - (newest - message) % MESSAGE_NUMBERS)


def state_report(document: Keys) -> Document:
    """Return what watchers are told of a state (PS3.4, Table CC.2.4-1)."""
    progress = rules_match.items(document.get(PROGRESS))
    told = {tag: dict(document[tag]) for tag in (STATE, READINESS) if tag in document}
    if progress and rules_match.first(document, STATE) == CANCELED:
        told |= {tag: dict(progress[0][tag]) for tag in (REASON, REASON_CODES) if tag in progress[0]}
    return told


def cancel_wish(wish: Keys, requesting_ae: str) -> Document:
    """Return what watchers, the performer among them, are told of the wish to cancel."""
    told: Document = {REQUESTING_AE: {"vr": "AE", "Value": [requesting_ae]}}
    return told | {tag: dict(wish[tag]) for tag in (REASON, REASON_CODES, CONTACT_URI, CONTACT_NAME) if tag in wish}


def events(before: Document | None, after: Document) -> Iterator[tuple[int, Document]]:
    """Yield the events that a change makes: the type, and what is told (PS3.4, CC.2.4.3)."""
    kept: Document = before or {}
    if before is None or any(kept.get(tag) != after.get(tag) for tag in (STATE, READINESS)):
        yield STATE_REPORT, state_report(after)
    if before is None:
        return
    if kept.get(PROGRESS) != after.get(PROGRESS) and rules_match.first(after, STATE) not in FINAL:
        yield PROGRESS_REPORT, {PROGRESS: dict(after[PROGRESS])}
    if any(kept.get(tag) != after.get(tag) for tag in (STATION, PERFORMERS)):
        yield ASSIGNED, _assigned(after)


def _assigned(document: Keys) -> Document:
    told: Document = {STATION: dict(document.get(STATION, {"vr": "SQ"}))}
    people = rules_match.items(document.get(PERFORMERS))
    if people:
        tags = (PERFORMER_CODE, PERFORMER_ORGANIZATION)
        told |= {tag: dict(people[0][tag]) for tag in tags if tag in people[0]}
    return told


def exam_uids(document: Document) -> list[str]:
    """Return the studies that a workitem names, at whatever depth, each once."""
    found: list[str] = []
    for tag, element in document.items():
        values = element.get("Value", []) if isinstance(element, dict) else []
        if tag == EXAM_UID:
            found += [str(value) for value in values if value]
        found += [uid for value in values if isinstance(value, dict) for uid in exam_uids(value)]
    return list(dict.fromkeys(found))
