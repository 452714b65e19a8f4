"""What a search order, its outcome and a handling rule may say: pure, by the tables of ``kerma_security``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerma.areas.review.rules_talk import checked, optional
from kerma.errors import WrongUsage
from kerma.science.observer.proportion import interval
from kerma.standards import table

METHODS, OUTCOMES, REASONS, HANDLING, CATEGORIES = (
    f"kerma_security/{name}" for name in ("search_methods", "search_outcomes", "reasons", "handling", "categories")
)
ORDERED, STARTED, DONE, CANCELED = STATES = ("ordered", "started", "done", "canceled")
SEARCHED = ("suspect", "refer")
"""Decisions that ask for a search."""
UNRESOLVED = "unresolved"
MOST_PLACES = 50
MOST_PHOTOS = 30
NOT_SET = "The site's own rule is wanted: {what} is not set here. Ask the supervisor."
_CODE = re.compile(r"\[([A-Z_]{2,32})\]")


@dataclass(frozen=True)
class Order:
    """What is to be searched for, where and how."""

    suspicion: str = UNRESOLVED
    reason: str = ""
    """Code of ``kerma_security/reasons``; empty: the one that the decision names, if any."""
    methods: Sequence[str] = ("manual",)
    instruction: str = ""
    places: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Outcome:
    """What a search came to."""

    outcome: str
    category: str = ""
    words: str = ""
    custody_number: str = ""
    photos: Sequence[str] = ()


@dataclass(frozen=True)
class Card:
    """How to handle an object by what is suspected in it."""

    suspicion: str
    words: str
    steps: Sequence[str]
    call: str
    cordon: str
    source: str
    version: int
    """Of the site's rule; 0 where the site has written none."""
    missing: Sequence[str] = field(default_factory=tuple)
    """What the site has not set, in words to be shown in its place."""


@dataclass(frozen=True)
class Share:
    """How many of a reader's referrals a search found something in."""

    found: int
    searched: int
    """Searches that came to something or nothing; a refusal and a missing object tell neither."""
    low: float | None
    high: float | None
    """Its exact 95 % interval; None before the first search."""


def rows(name: str, key: str) -> dict[str, dict[str, str]]:
    """Return a table of searches by its codes, in its order."""
    return {row[key]: row for row in table(name)}


def reason_of(text: str) -> str:
    """Return the code that a decision's text begins with, in square brackets; empty where it names none we know."""
    found = _CODE.match(text.strip())
    return found[1] if found and found[1] in rows(REASONS, "reason") else ""


def checked_order(order: Order) -> dict[str, Any]:
    """Return the columns of an order.

    Raises
    ------
    WrongUsage
        A code is in no table, no method is named, or there are too many places.
    """
    suspicions = {row["suspicion"] for row in table(HANDLING)}
    _known("suspicion", order.suspicion, suspicions)
    methods = list(dict.fromkeys(order.methods))
    if not methods:
        raise WrongUsage("say how it is to be searched: one method at least")
    for one in methods:
        _known("method", one, rows(METHODS, "method"))
    if order.reason:
        _known("reason", order.reason, rows(REASONS, "reason"))
    if len(order.places) > MOST_PLACES:
        raise WrongUsage(f"an order marks at most {MOST_PLACES} places, not {len(order.places)}")
    return {
        "suspicion": order.suspicion,
        "reason": order.reason,
        "methods": methods,
        "instruction": optional(order.instruction, "the instruction"),
    }


def place_of(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a finding lies and what it is, as a place to be searched keeps it."""
    has_box = all(side > 0 for side in finding["box"][2:])  # what a reader wrote down without a mark has none
    return {
        "image_sha256": finding["image_sha256"],
        "plane": finding.get("plane") or 0,
        "box": list(finding["box"]) if has_box else None,
        "label": finding["label"],
        "is_software": finding["by"]["kind"] == "algorithm",
    }


def checked_outcome(told: Outcome) -> dict[str, str]:
    """Return the columns of an outcome.

    Raises
    ------
    WrongUsage
        The outcome is none, or what was found is not said.
    """
    row = _known("outcome", told.outcome, rows(OUTCOMES, "outcome"))
    if (row["needs_category"] == "yes") != bool(told.category):
        wanted = (
            "say which category of prohibited item" if not told.category else "only a prohibited item has a category"
        )
        raise WrongUsage(f"'{row['words']}': {wanted}")
    if told.category:
        _known("category", told.category, rows(CATEGORIES, "category"))
    if len(told.photos) > MOST_PHOTOS:
        raise WrongUsage(f"a search keeps at most {MOST_PHOTOS} photos, not {len(told.photos)}")
    needs_words = row["is_found"] != "no"
    words = checked(told.words, "what was found or happened") if needs_words else optional(told.words, "the words")
    return {"outcome": told.outcome, "category": told.category, "words": words, "custody_number": told.custody_number}


def card(suspicion: str, own: Mapping[str, Any] | None) -> Card:
    """Return the step card for a suspicion: the site's own rule, else the steps that come with Kerma.

    No call and no distance comes with Kerma: what the site has not set is named as missing.
    """
    shipped = [row for row in table(HANDLING) if row["suspicion"] == suspicion]
    words = shipped[0]["words"] if shipped else suspicion
    texts = {"call": "whom to call", "cordon": "how far to keep away"}
    if own is None:
        missing = tuple(NOT_SET.format(what=what) for what in texts.values())
        source = f"{table(HANDLING).source}"
        return Card(suspicion, words, tuple(row["text"] for row in shipped), "", "", source, 0, missing)
    missing = tuple(NOT_SET.format(what=what) for name, what in texts.items() if not own[name])
    steps = tuple(line for line in own["steps"].splitlines() if line.strip())
    return Card(suspicion, words, steps, own["call"], own["cordon"], own["source"], own["version"], missing)


def checked_rule(suspicion: str, steps: str, call: str, cordon: str, source: str) -> dict[str, str]:
    """Return the columns of a site's rule.

    Raises
    ------
    WrongUsage
        The suspicion is none, there is no step, or it does not say where the rule is written.
    """
    _known("suspicion", suspicion, {row["suspicion"] for row in table(HANDLING)})
    lines = [line.strip() for line in checked(steps, "the steps").splitlines() if line.strip()]
    return {
        "suspicion": suspicion,
        "steps": "\n".join(lines),
        "call": optional(call, "whom to call", 1000),
        "cordon": optional(cordon, "how far to keep away", 1000),
        "source": checked(source, "the source: where this rule is written", 400),
    }


def share(outcomes: Sequence[str]) -> Share:
    """Return how many of some outcomes found something, with the exact interval of Clopper and Pearson."""
    told = {code: row["is_found"] for code, row in rows(OUTCOMES, "outcome").items()}
    searched = [told[one] for one in outcomes if told.get(one)]
    found = searched.count("yes")
    if not searched:
        return Share(0, 0, None, None)
    low, high = interval(found, len(searched))
    return Share(found, len(searched), low, high)


def _known(what: str, code: str, known: Any) -> Any:
    if code not in known:
        raise WrongUsage(f"'{code[:32]}' is no {what}; there are {', '.join(known)}")
    return known[code] if isinstance(known, dict) else code
