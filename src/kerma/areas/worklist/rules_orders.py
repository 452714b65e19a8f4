"""Orders as a worklist shows them: a step's document, what the database may search, what follows from work done."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerma.areas.people.rules_posting import LANGUAGE
from kerma.areas.worklist import rules_match
from kerma.areas.worklist.model_orders import (
    COMPLETED,
    DISCONTINUED,
    IN_PROGRESS,
    OFFERED,
    ORDER_STATES,
    STARTED,
)
from kerma.areas.worklist.rules_match import Document, Keys
from kerma.standards import table

WORKLIST = "dicom_ps3.4/modality_worklist"
STEP_SEQUENCE = "00400100"
STATUS = "00400020"
UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))*")
PRIORITIES = ("STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW")
SEXES = ("M", "F", "O", "")
PART_NUMBERS = ("PartNumber", "WeldNumber", "DrawingNumber")
"""Details of an inspection order that DICOM has no attribute for: shown in the step's comments."""

PREFILTERS: Mapping[str, str] = {
    "00400001": "station_ae",
    "00080060": "modality",
    "00400009": "step_id",
    "00401001": "requested_id",
    "00080050": "accession",
    "00100020": "subject_id",
    "0020000D": "study_uid",
}
"""Keys with a column of their own: an exact value narrows the search before documents are compared."""


@functools.cache
def known(place: str) -> dict[str, dict[str, str]]:
    """Return the rows of the worklist's table for the query's top level or its step, by tag."""
    return {row["tag"]: row for row in table(WORKLIST) if row["place"] == place}


def document(order: Mapping[str, Any]) -> Document:
    """Return an order as a worklist answers it, every attribute of the table present (PS3.4, Table K.6-1)."""
    facts = {
        **order,
        "status": order["state"].upper(),
        "comments": _comments(order),
        "requested_description": order["requested_description"] or order["step_description"],
    }
    details = json.loads(order["details"])
    return {
        **{tag: _element(row, facts, details) for tag, row in known("top").items()},
        STEP_SEQUENCE: {
            "vr": "SQ",
            "Value": [{tag: _element(row, facts, details) for tag, row in known("step").items()}],
        },
    }


def _element(row: Mapping[str, str], facts: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    kept = facts[row["column"]] if row["column"] else details.get(row["keyword"], "")
    found = _values(row["vr"], kept)
    return {"vr": row["vr"], "Value": found} if found else {"vr": row["vr"]}


def _values(vr: str, kept: Any) -> list[Any]:
    if kept in ("", None, "[]"):
        return []
    if vr == "SQ":
        return [code_item(code) for code in json.loads(kept)] if isinstance(kept, str) else list(kept)
    if vr == "PN":
        return [rules_match.name_value(kept)]
    if vr == "US":
        return [int(kept)]
    return str(kept).split("\\")


def code_item(code: Mapping[str, str]) -> Document:
    """Return a code as a sequence item has it."""
    return {
        "00080100": {"vr": "SH", "Value": [code["value"]]},
        "00080102": {"vr": "SH", "Value": [code["scheme"]]},
        "00080104": {"vr": "LO", "Value": [code["meaning"]]},
    }


def code_of(item: Keys) -> dict[str, str]:
    """Return a code from a sequence item."""
    tags = {"value": "00080100", "scheme": "00080102", "meaning": "00080104"}
    return {name: str(rules_match.first(item, tag)) for name, tag in tags.items()}


def _comments(order: Mapping[str, Any]) -> str:
    details = json.loads(order["details"])
    numbers = [f"{_spaced(name)} {details[name]}" for name in PART_NUMBERS if details.get(name)]
    return "; ".join([*numbers, *([order["comments"]] if order["comments"] else [])])


def _spaced(keyword: str) -> str:
    return keyword.removesuffix("Number").lower()


def order_of(worklist: Keys) -> list[dict[str, Any]]:
    """Return the fields of the orders that one worklist document holds, one for each scheduled step."""
    steps = rules_match.items(worklist.get(STEP_SEQUENCE)) or [{}]
    shared, details = _fields(worklist, "top")
    orders = []
    for step in steps:
        own, more = _fields(step, "step")
        orders.append({**shared, **own, "details": {**details, **more}})
    return orders


def _fields(keys: Keys, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
    fields: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for tag, row in known(place).items():
        found = rules_match.values(keys.get(tag))
        if not found or row["column"] == "status":
            continue
        if row["vr"] == "SQ":
            if row["column"]:
                fields[row["column"]] = [code_of(item) for item in rules_match.items(keys[tag])]
            continue
        text = rules_match.first(keys, tag) if row["vr"] == "PN" else "\\".join(str(value) for value in found)
        (fields if row["column"] else details)[row["column"] or row["keyword"]] = text
    return fields, details


def states_asked(keys: Keys) -> tuple[str, ...]:
    """Return the states of the steps a query may be answered with: those still to be done unless it names others."""
    steps = rules_match.items(keys.get(STEP_SEQUENCE))
    wanted = [str(value).lower() for value in rules_match.values(steps[0].get(STATUS))] if steps else []
    named = tuple(state for state in ORDER_STATES if state in wanted)
    return named or OFFERED


def exact_keys(keys: Keys) -> dict[str, list[str]]:
    """Return the columns that a query names with exact values, and the values."""
    steps = rules_match.items(keys.get(STEP_SEQUENCE))
    flat = {**keys, **(steps[0] if steps else {})}
    found = {}
    for tag, column in PREFILTERS.items():
        wanted = [one for value in rules_match.values(flat.get(tag)) for one in str(value).strip().split("\\")]
        if wanted and not any(mark in value for value in wanted for mark in "*?"):
            found[column] = wanted
    # A step may be planned for several machines, whose titles then stand together in one column.
    found.pop("station_ae", None)
    return found


def dates_asked(keys: Keys) -> tuple[str, str]:
    """Return the first and last start date that a query asks for; an empty one is open."""
    steps = rules_match.items(keys.get(STEP_SEQUENCE))
    written = str(rules_match.first(steps[0], "00400002")).replace(" ", "") if steps else ""
    low, dash, high = written.partition("-")
    return (low, high) if dash else (low, low)


def matched(order: Document, keys: Keys) -> bool:
    """Return whether an order is what a query asks for; the state has been asked for already."""
    steps = rules_match.items(keys.get(STEP_SEQUENCE))
    rest = {tag: key for tag, key in keys.items() if tag != STEP_SEQUENCE}
    own = {tag: key for tag, key in steps[0].items() if tag != STATUS} if steps else {}
    own_step = rules_match.values(order[STEP_SEQUENCE])[0]
    return rules_match.matches(order, rest) and rules_match.matches(own_step, own)


def answer(order: Document, keys: Keys) -> Document:
    """Return what a query asks for of an order."""
    top = {tag: key for tag, key in keys.items() if tag != STEP_SEQUENCE}
    answered = rules_match.project(order, top, [*known("top"), STEP_SEQUENCE])
    if STEP_SEQUENCE in keys:
        asked = rules_match.items(keys[STEP_SEQUENCE])
        step = rules_match.values(order[STEP_SEQUENCE])[0]
        shown = rules_match.project(step, asked[0], known("step")) if asked else step
        answered[STEP_SEQUENCE] = {"vr": "SQ", "Value": [shown]}
    return answered


def is_supported(keys: Keys) -> bool:
    """Return whether every key of a query is one that the table lists: else the answer must say so (status FF01)."""
    steps = rules_match.items(keys.get(STEP_SEQUENCE))
    mine = {*known("top"), STEP_SEQUENCE, rules_match.CHARACTER_SET}
    return set(keys) <= mine and (not steps or set(steps[0]) <= set(known("step")))


def state_after(states: Iterable[str], standing: str) -> str:
    """Return the state of an order from the states of all that was performed for it.

    As long as one step runs the order is started; then it is completed if one completed. Without any, or when it was
    canceled, it stays what it is.
    """
    found = set(states)
    if not found:
        return standing
    order = {IN_PROGRESS: STARTED, COMPLETED: COMPLETED, DISCONTINUED: DISCONTINUED}
    return next((after for state, after in order.items() if state in found), standing)


def problems(order: Mapping[str, Any], industries: Sequence[str]) -> list[str]:
    """Return what is wrong with an order, in words that say how to mend it; empty when nothing is."""
    needed = {
        "subject_id": "whom or what the order is about (a patient id, part number, item number)",
        "station_ae": "the AE title of the machine that shall do it",
        "modality": "the modality: DX, CR, CT ...",
    }
    wrong = [f"'{name}' is missing: {words}" for name, words in needed.items() if not order.get(name)]
    if order.get("industry") not in industries:
        wrong.append(f"'industry' is one of {', '.join(industries)}")
    if order.get("priority") not in PRIORITIES:
        wrong.append(f"'priority' is one of {', '.join(PRIORITIES)}")
    if order.get("sex") not in SEXES:
        wrong.append("'sex' is M, F, O or empty")
    if order.get("study_uid") and not UID.fullmatch(str(order["study_uid"])):
        wrong.append("'study_uid' is a UID: numbers with full stops between, at most 64 characters")
    if order.get("language") and not LANGUAGE.fullmatch(str(order["language"])):
        wrong.append("'language' is a code of two or three small letters, as de or fr")
    for name in ("start_date", "birth_date"):
        if order.get(name) and rules_match.moment_bounds(str(order[name])) is None:
            wrong.append(f"'{name}' is a date as DICOM writes it, YYYYMMDD")
    return wrong
