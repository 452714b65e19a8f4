"""Manifest against image: whether a load of cargo can be what was declared, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect.area import Area, areas
from kerma.science.detect.cargo_density import Load, load_of, setting
from kerma.science.detect.declared import GOODS, Declared, Limits, limits_of, split
from kerma.science.imaging.image import Image
from kerma.science.results import By, Finding
from kerma.standards import table

VERSION = "2"
UNTOLD = "cannot-be-told"
Answer = Literal["agrees", "contradicts", "cannot-be-told"]
LABELS = {
    ("density_g_cm3", False): "lighter-than-declared",
    ("density_g_cm3", True): "denser-than-declared",
    ("z_effective", False): "lighter-matter-than-declared",
    ("z_effective", True): "heavier-matter-than-declared",
    ("variation", True): "less-even-than-declared",
}
"""What is said of a figure below or above what the goods can have."""
WORDS = {
    "density_g_cm3": ("density", " g/cm³"),
    "z_effective": ("effective number", ""),
    "variation": ("unevenness", ""),
}
"""How a figure is called in a sentence, and what stands behind its value."""
PIECE = "denser-piece"
DENSER = "areal density above {:.3g} g/cm², more than the densest of the declared goods can have at this depth"
HIDDEN = "too little gets through; the densest of the declared goods can have {:.3g} g/cm² at this depth"
MM_PER_CM = 10.0


@dataclass(frozen=True)
class Comparison:
    """One figure of a load against what declared goods can have; ``value`` is None where it cannot be told."""

    quantity: str
    answer: Answer
    value: float | None
    least: float | None
    most: float | None
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return dict(vars(self))


@dataclass(frozen=True)
class Held:
    """What came of holding an image against declared goods."""

    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
    """What contradicts, as :func:`detect` marks it, and what cannot be told."""

    @property
    def contradictions(self) -> tuple[Finding, ...]:
        """The findings without what cannot be told: that is no contradiction, and no agreement either."""
        return tuple(finding for finding in self.findings if finding.label != UNTOLD)

    @property
    def untold(self) -> tuple[str, ...]:
        """What cannot be told, in words."""
        return tuple(one.reason for one in self.comparisons if one.answer == UNTOLD)


def detect(
    image: Image, *, declared: str, depth_mm: float | None = None, end_point_mev: float | None = None
) -> tuple[Finding, ...]:
    """Return what contradicts the declared goods, and what cannot be told; nothing where all figures agree.

    Parameters
    ----------
    image : a load from the side, a linear signal with open beam: two energies of a tube, or of an accelerator
    declared : rows of ``kerma_findings/manifest_goods`` (``paper``, ``steel``, …) or chapter numbers of the
        Harmonized System, parted by commas; of several goods a figure may lie anywhere between them
    depth_mm : depth of the load along the beam; without it no density can be told
    end_point_mev : of the accelerator whose energy the most penetrating plane shows

    The label says how the load differs (``denser-than-declared``, …, ``denser-piece``) or ``cannot-be-told``; the code
    is the quantity, the note says it in words. ``score`` is 1 for a contradiction and 0 for what cannot be told.

    Raises
    ------
    WrongUsage
        Unknown goods, no load in the picture, or a picture in which nothing can be computed.
    """
    return hold(image, Declared(split(declared), depth_mm, end_point_mev)).findings


def compare(
    image: Image, declared: str, *, depth_mm: float | None = None, end_point_mev: float | None = None
) -> tuple[Comparison, ...]:
    """Return every figure of the load against what the declared goods can have, with words; as :func:`detect`."""
    return hold(image, Declared(split(declared), depth_mm, end_point_mev)).comparisons


def hold(image: Image, declared: Declared) -> Held:
    """Hold an image against declared goods: every figure with words, and what contradicts or cannot be told.

    Raises
    ------
    WrongUsage
        As :func:`detect`.
    """
    limits = limits_of(declared.goods)
    load = load_of(image, end_point_mev=declared.end_point_mev)
    is_load = _loaded(load)
    told = _compared(limits, load, is_load, declared.depth_mm)
    by = By("algorithm", "manifest", f"{VERSION}; goods {table(GOODS).edition}, {table(GOODS).status}")
    whole = _in_pixels(_around(is_load), load.side_px)
    found = [_finding(image, one, whole, by) for one in told if one.answer != "agrees"]
    if declared.depth_mm is not None:
        found += _pieces(image, limits, load, (declared.depth_mm, by))
    return Held(told, tuple(found))


def _loaded(load: Load) -> NDArray[np.bool_]:
    is_load: NDArray[np.bool_] = load.is_opaque | (np.nan_to_num(load.areal_g_cm2) >= setting("load_from_g_cm2"))
    if is_load.mean() < setting("least_load_share"):
        raise WrongUsage("nothing is loaded in this picture: there is nothing to hold against a manifest")
    return is_load


def _compared(limits: Limits, load: Load, is_load: NDArray[np.bool_], depth_mm: float | None) -> tuple[Comparison, ...]:
    areal = load.areal_g_cm2[is_load]
    numbers = load.number[is_load]
    opaque = float(load.is_opaque[is_load].mean())
    hidden = f"too little gets through {100 * opaque:.0f} % of the load"
    is_hidden = opaque > setting("most_opaque_share")
    told = float(np.isfinite(numbers).mean())
    density_why = hidden if is_hidden else "" if depth_mm else "the depth of the load is not given"
    number_why = "" if told >= setting("least_told_share") else f"the number is told for {100 * told:.0f} % of the load"
    seen = areal[np.isfinite(areal)]
    mean = float(seen.mean()) if seen.size else 0.0
    density = mean / (depth_mm / MM_PER_CM) if depth_mm else None
    number = float(np.nanmedian(numbers)) if not number_why else None
    variation = float(seen.std()) / mean if mean > 0 else None
    return (
        _against("density_g_cm3", density, limits.density_g_cm3, density_why),
        _against("z_effective", number, limits.z, number_why),
        _against("variation", variation, (None, limits.most_variation), hidden if is_hidden else ""),
    )


def _against(quantity: str, value: float | None, limits: tuple[float | None, float], why: str) -> Comparison:
    least, most = limits
    if why or value is None:
        return Comparison(quantity, "cannot-be-told", None, least, most, f"{WORDS[quantity][0]} cannot be told: {why}")
    share = setting("tolerance_percent") / 100
    low = least is not None and value < least * (1 - share)
    high = value > most * (1 + share)
    between = f"at most {most:.3g}" if least is None else f"{least:g} to {most:g}"
    name, unit = WORDS[quantity]
    goods = f"declared goods have {between}{unit} (unverified), {100 * share:.0f} % are allowed"
    words = f"{name} is {value:.3g}{unit}; {goods}"
    return Comparison(quantity, "contradicts" if low or high else "agrees", value, least, most, words)


def _finding(image: Image, one: Comparison, area: Area, by: By) -> Finding:
    measured: dict[str, float] = {}
    label = UNTOLD
    if one.value is not None:
        measured = {one.quantity: one.value}
        label = LABELS[one.quantity, one.most is not None and one.value > one.most]
    return Finding(
        f"manifest-{one.quantity}", one.quantity, label, area.box, by, 0.0 if one.value is None else 1.0,
        polygon=area.polygon(), measurements=area.sizes(image.spacing) | measured, note=one.reason,
    )  # fmt: skip


def _pieces(image: Image, limits: Limits, load: Load, told: tuple[float, By]) -> Iterator[Finding]:
    """Yield pieces denser than the densest of the goods can be, or through which too little gets."""
    depth_mm, by = told
    most = limits.density_g_cm3[1] * setting("denser_factor") * depth_mm / MM_PER_CM
    dense = load.is_opaque | (np.nan_to_num(load.areal_g_cm2) > most)
    for number, blocks in enumerate(areas(dense), start=1):
        area = _in_pixels(blocks, load.side_px)
        seen = load.areal_g_cm2[blocks.slices][blocks.mask]
        if area.area_px >= setting("piece_px"):
            measured = {"areal_density_g_cm2": float(np.nanmean(seen))} if np.isfinite(seen).any() else {}
            yield Finding(
                f"manifest-{PIECE}-{number}", PIECE, PIECE, area.box, by, 1.0, polygon=area.polygon(),
                measurements=area.sizes(image.spacing) | measured,
                note=DENSER.format(most) if measured else HIDDEN.format(most),
            )  # fmt: skip


def _around(is_load: NDArray[np.bool_]) -> Area:
    rows, columns = np.flatnonzero(is_load.any(axis=1)), np.flatnonzero(is_load.any(axis=0))
    height, width = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    return Area(int(rows[0]), int(columns[0]), np.ones((height, width), dtype=bool))


def _in_pixels(blocks: Area, side: int) -> Area:
    whole = blocks.mask.repeat(side, axis=0).repeat(side, axis=1)
    return Area(blocks.row * side, blocks.column * side, whole)
