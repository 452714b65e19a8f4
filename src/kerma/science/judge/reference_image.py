"""Grades of castings: may an image be held beside a licensed reference image, and what a person's grade then means.

The images are licensed and never part of Kerma: a site fills a *slot* with its own copy and what was measured on it.
A grade counts only where the inspected image shows at least as much as the reference image does.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from kerma.errors import WrongUsage
from kerma.science.judge.pack import BINDING
from kerma.science.results import Citation, Outcome, Verdict
from kerma.standards import Table, table

LIMITS = "kerma_reference_images/limits"
SETS = ("astm_e155", "astm_e2422", "astm_e446", "astm_e2868", "astm_e186", "astm_e2660", "astm_e2973")
"""Sets of reference images whose contents are known, by the folder of their table."""
NAMED = {"srb_um": ("the basic spatial resolution", "µm"), "cnr": ("the contrast-to-noise ratio", "")}


@dataclass(frozen=True)
class Slot:
    """A site's licensed copy of a reference image, and what was measured on it; an empty licence allows nothing."""

    image_set: str
    volume: str
    discontinuity: str
    plate_thickness_mm: float | None = None
    licence: str = ""
    srb_um: float | None = None
    cnr: float | None = None


@dataclass(frozen=True)
class Inspected:
    """The image of the casting: its alloy, section, radiation and what was measured on it; None where nobody has."""

    alloy: str
    thickness_mm: float | None = None
    voltage_kv: float | None = None
    srb_um: float | None = None
    cnr: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Whether an image may be held beside a reference image, and every reason why not."""

    slot: Slot
    is_allowed: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    grades: int
    """Grades of the set for this discontinuity; 0 where it only illustrates it."""
    source: Citation


def check_slot(slot: Slot, grade: int) -> None:
    """Refuse a reference image that its set does not hold: kind, plate or grade.

    Raises
    ------
    WrongUsage
        No such set, volume, kind, plate or grade; the message names those there are.
    """
    row = _row_of(_table_of(slot.image_set), slot)
    grades = int(row["grades"])
    if not (1 <= grade <= grades or (grades == 0 and grade == 0)):
        raise WrongUsage(f"the grade shown is {grade}; this set has grades 1 to {grades}, 0 where it has none")


def compare(inspected: Inspected, slot: Slot, confirmed: Collection[str] = ()) -> Comparison:
    """Say whether the inspected image may be graded beside a reference image, with every reason why not.

    Parameters
    ----------
    inspected : the image of the casting; voltage in kV (for a source the name of the volume says which), SRb in µm
    slot : the licensed reference image, measured in the same way
    confirmed : tables that a Level III has compared with the published edition: a verdict by them binds

    Raises
    ------
    WrongUsage
        The set, or the discontinuity in this volume of it, does not exist; the message names those that do.
    """
    images = _table_of(slot.image_set)
    row = _row_of(images, slot)
    reasons = [
        *_licence(slot, images),
        *_alloy(inspected, row),
        *_within(inspected.thickness_mm, row, "thickness", "mm"),
        *_within(inspected.voltage_kv, row, "voltage", "kv"),
    ]
    warnings: list[str] = []
    for limit in table(LIMITS):
        refused, warned = _ratio(limit, inspected, slot)
        reasons += refused
        warnings += warned
    cited = Citation.of(images, f"{images.clause}, volume {slot.volume}, {row['category']}")
    cited = replace(cited, status="confirmed") if images.name in confirmed else cited
    return Comparison(slot, not reasons, tuple(reasons), tuple(warnings), int(row["grades"]), cited)


def grade(comparison: Comparison, found: int, allowed: int, finding_ids: tuple[str, ...] = ()) -> Verdict:
    """Return the verdict on a grade that a person found beside the reference image.

    ``found`` and ``allowed`` count from 1, the slightest; 0 is "none of this kind". A comparison that is not allowed
    gives *not-judged* with the reasons, never a grade.

    Raises
    ------
    WrongUsage
        A grade lies outside the set.
    """
    rule = f"grade of {comparison.slot.discontinuity}"
    if comparison.grades == 0:
        why = "the set shows this kind without grades: what is allowed of it is agreed, mostly nothing"
        return Verdict(rule, "not-judged", comparison.source, f"Not judged: {why}.", finding_ids=finding_ids)
    for name, value in (("found", found), ("allowed", allowed)):
        if not 0 <= value <= comparison.grades:
            raise WrongUsage(f"the grade {name} is {value}; this set has grades 1 to {comparison.grades}, 0 for none")
    if not comparison.is_allowed:
        why = "; ".join(comparison.reasons)
        return Verdict(rule, "not-judged", comparison.source, f"Not judged: {why}.", finding_ids=finding_ids)
    return Verdict(
        rule,
        _outcome(found, allowed, comparison),
        comparison.source,
        " ".join((f"Grade {found} found, {allowed} allowed.", *(f"{warning}." for warning in comparison.warnings))),
        limit=float(allowed),
        measured=float(found),
        margin=float(allowed - found),
        unit="grades",
        finding_ids=finding_ids,
        action="Set the casting aside: repair if the drawing allows it, else replace" if found > allowed else "",
        corrective="quarantine" if found > allowed else "",
    )


def _outcome(found: int, allowed: int, comparison: Comparison) -> Outcome:
    if found <= allowed:
        return "pass"
    return "fail" if comparison.source.status in BINDING else "advisory"


def _table_of(image_set: str) -> Table:
    if image_set not in SETS:
        raise WrongUsage(f"there is no set of reference images '{image_set}'; there are {', '.join(SETS)}")
    return table(f"{image_set}/reference_images")


def _row_of(images: Table, slot: Slot) -> Mapping[str, str]:
    """Return the row of the slot; the plate's thickness tells apart rows of one kind."""
    rows = [row for row in images if (row["volume"], row["discontinuity"]) == (slot.volume, slot.discontinuity)]
    if not rows:
        there = sorted({f"{row['volume']} {row['discontinuity']}" for row in images})
        raise WrongUsage(f"{images.title} has no '{slot.volume} {slot.discontinuity}'; it has {', '.join(there)}")
    if not rows[0]["plate_thickness_mm"]:
        return rows[0]
    plates = {float(row["plate_thickness_mm"]): row for row in rows}
    if slot.plate_thickness_mm not in plates:
        raise WrongUsage(f"say which plate it is, plate_thickness_mm: {', '.join(f'{plate:g}' for plate in plates)}")
    return plates[slot.plate_thickness_mm]


def _licence(slot: Slot, images: Table) -> list[str]:
    if slot.licence.strip():
        return []
    return [f"no licence for {images.title} is entered: the images are bought, and only a licensed copy counts"]


def _alloy(inspected: Inspected, row: Mapping[str, str]) -> list[str]:
    if inspected.alloy == row["alloy"]:
        return []
    return [f"the casting is of {inspected.alloy or 'an alloy nobody has said'}, the reference image of {row['alloy']}"]


def _within(value: float | None, row: Mapping[str, str], name: str, unit: str) -> list[str]:
    """Refuse what lies outside the row's range; a row without a range takes everything."""
    over, up_to = row[f"{name}_over_{unit}"], row[f"{name}_up_to_{unit}"]
    if not over and not up_to:
        return []
    if not _is_known(value):
        return [f"the {name} is not known: give {name}_{unit}"]
    if value is not None and float(over or 0) < value <= float(up_to or math.inf):
        return []
    return [f"{name}_{unit} is {value:g}; the reference image is for above {over or 0} to {up_to}"]


def _ratio(limit: Mapping[str, str], inspected: Inspected, slot: Slot) -> tuple[list[str], list[str]]:
    """Return why a measured quantity forbids the comparison, and what it warns of."""
    quantity = limit["quantity"]
    what, unit = NAMED[quantity]
    ours, theirs = getattr(inspected, quantity), getattr(slot, quantity)
    if not _is_known(ours) or not _is_known(theirs):
        which = "image" if not _is_known(ours) else "reference image"
        return [f"{what} of the {which} is not measured: give {quantity}"], []
    ratio = ours / theirs
    said = f"{what} is {ours:g} {unit}".rstrip() + f", that of the reference image {theirs:g}"
    if ratio > float(limit["ratio_max"] or math.inf) or ratio < float(limit["ratio_min"] or 0):
        return [f"{said}: the image may hide what the reference image shows"], []
    is_far_better = ratio < float(limit["ratio_warned"]) if limit["ratio_max"] else ratio > float(limit["ratio_warned"])
    return [], [f"{said}: flaws look graver here than in the reference image"] if is_far_better else []


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0
