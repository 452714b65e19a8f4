"""What an imaging specification may say, who may approve it, and which exams are read under it: pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.areas.review.rules_judge import Asked, checked
from kerma.areas.review.rules_talk import checked as checked_text
from kerma.areas.review.rules_talk import optional
from kerma.errors import Conflict, NotAllowed, WrongUsage
from kerma.science.detect.purpose import PART_SAID

KINDS: Mapping[str, tuple[str, ...]] = {
    "part": PART_SAID,
    "route": ("route",),
    "examination": ("protocol", "examination"),
}
"""What a specification is for, and under which names of a technique an exam says it."""
DRAFT, IN_REVIEW, IN_FORCE, SUPERSEDED, WITHDRAWN = ("draft", "in-review", "in-force", "superseded", "withdrawn")
OWN, CUSTOMER = SIDES = ("own", "customer")
NUMBERS = (
    "tube_voltage_kv", "tube_current_ma", "exposure_time_ms", "exposure_mas", "source_detector_mm",
    "source_object_mm", "focal_spot_mm", "filter_thickness_mm", "thickness_mm", "frames_integrated",
)  # fmt: skip
WORDS = ("filter_material", "material", "detector_type")
FIELDS = ("technique", "pack", "conditions", "views_wanted", "quality_class", "notes")
MAX_NAME_LETTERS = 128
MOST_VIEWS = 999
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Given:
    """What a person writes into a specification."""

    technique: Mapping[str, float | str]
    """Of ``NUMBERS`` and ``WORDS``; what is left out is not asked for."""
    pack: str = ""
    conditions: Mapping[str, float | str] | None = None
    views_wanted: int | None = None
    quality_class: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Outside:
    """Somebody of the customer who has no account here."""

    name: str
    organisation: str


def checked_name(written: str) -> str:
    """Return a part number, route or examination without the space around it.

    Raises
    ------
    WrongUsage
        It is empty, too long or of several lines.
    """
    name = checked_text(written, "the part number, route or examination", MAX_NAME_LETTERS)
    if not name.isprintable():
        raise WrongUsage("the part number, route or examination stands on one line")
    return name


def checked_kind(kind: str) -> str:
    """Return a kind of specification, once it is one."""
    if kind not in KINDS:
        raise WrongUsage(f"'{kind[:32]}' is nothing to specify; there are {', '.join(KINDS)}")
    return kind


def checked_document(given: Given, industry: str) -> dict[str, Any]:
    """Return what a specification says, by the names of ``FIELDS``.

    Raises
    ------
    WrongUsage
        A quantity is unknown or no number above 0, a condition makes no sense, or nothing is asked for at all.
    """
    technique = {name: value for name, value in given.technique.items() if value not in ("", None)}
    for name, value in technique.items():
        _check_quantity(name, value)
    conditions = {name: value for name, value in (given.conditions or {}).items() if value not in ("", None)}
    checked(Asked(conditions), industry)
    views = given.views_wanted
    if views is not None and not 1 <= views <= MOST_VIEWS:
        raise WrongUsage(f"the number of views is {views}; it lies from 1 to {MOST_VIEWS}")
    document = {
        "technique": technique,
        "pack": given.pack.strip(),
        "conditions": conditions,
        "views_wanted": views,
        "quality_class": optional(given.quality_class, "the class of image quality", 64),
        "notes": optional(given.notes, "the notes"),
    }
    if not any(document.values()):
        raise WrongUsage("the specification asks for nothing: fill in one field at least")
    return document


def check_field(field: str) -> None:
    """Refuse a comment on a field there is not; an empty one means the whole specification."""
    if field and field not in FIELDS:
        raise WrongUsage(f"'{field[:32]}' is no field of a specification; there are {', '.join(FIELDS)}")


def check_approval(side: str, actor: str, authors: Collection[str], given: Sequence[Mapping[str, Any]]) -> None:
    """Check that somebody may approve for a side, or record the approval of somebody outside.

    Parameters
    ----------
    authors : keys of all who wrote the text
    given : approvals of this text so far, as rows

    Raises
    ------
    NotAllowed
        They wrote it, or have approved for the other side or recorded its approval.
    Conflict
        The side has approved this text already.
    """
    if any(row["side"] == side for row in given):
        raise Conflict("this text has the approval of that side already")
    if actor in authors:
        raise NotAllowed("who wrote a specification does not approve it: somebody else has to")
    if any(row["by"] == actor for row in given):
        raise NotAllowed("both approvals are put on record by two different people, and one of them is by you")


def checked_outside(outside: Outside) -> Outside:
    """Return somebody of the customer, once there is a name and where they are from."""
    return Outside(
        checked_text(outside.name, "the name of who approves for the customer", MAX_NAME_LETTERS),
        checked_text(outside.organisation, "the customer they approve for", MAX_NAME_LETTERS),
    )


def names_in(document: Mapping[str, Any], description: str) -> dict[str, list[str]]:
    """Return what an exam says of itself, by kind of specification, the likeliest first.

    Parameters
    ----------
    document : the analysis, whose technique and whose images' techniques name part, route and examination
    description : the exam's description, which names the examination too
    """
    told = [document.get("technique", {}), *(image.get("technique", {}) for image in document.get("images", ()))]
    found = {
        kind: [str(one[name]).strip() for name in names for one in told if one.get(name)]
        for kind, names in KINDS.items()
    }
    found["examination"].append(description.strip())
    return {kind: [name for name in dict.fromkeys(names) if name] for kind, names in found.items()}


def differences(asked: Mapping[str, Any], technique: Mapping[str, Any], image_count: int) -> list[dict[str, str]]:
    """Return where an exam is not as its specification asks: ``name``, ``asked`` and ``said`` as text.

    Parameters
    ----------
    asked : a specification's document
    technique : what the images say of how they were taken; what they do not say is no difference
    image_count : images of the exam
    """
    found = []
    for name, value in asked["technique"].items():
        said = technique.get(name)
        if said is not None and not _same(value, said):
            found.append({"name": name, "asked": _text(value), "said": _text(said)})
    views = asked["views_wanted"]
    if views is not None and image_count < views:
        found.append({"name": "views_wanted", "asked": f"{views}", "said": f"{image_count}"})
    return found


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _same(asked: object, said: object) -> bool:
    if isinstance(asked, int | float) and isinstance(said, int | float):
        return math.isclose(asked, said, rel_tol=_TOLERANCE)
    return str(asked).strip().casefold() == str(said).strip().casefold()


def _check_quantity(name: str, value: object) -> None:
    if name in WORDS:
        optional(str(value), name, 64)
        return
    if name not in NUMBERS:
        raise WrongUsage(f"'{name[:64]}' is no field of a technique; there are {', '.join((*NUMBERS, *WORDS))}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise WrongUsage(f"{name} is {str(value)[:32]}; give a number above 0, or leave it out")
