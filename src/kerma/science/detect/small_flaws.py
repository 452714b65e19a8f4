"""Small flaws of welds and castings: difference of Gaussians at many scales against local noise, no weights needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.candidates import Candidate, candidates, is_ring_of, shows_same
from kerma.science.detect.marks import is_wire, lead_marks
from kerma.science.detect.merging import Seen, distinct, joined
from kerma.science.detect.outline import Outline, outline
from kerma.science.detect.scale_space import Grey, fill_gaps, levels
from kerma.science.imaging.image import Image, Spacing
from kerma.science.imaging.values import has_data
from kerma.science.results import Box, By, Finding
from kerma.standards import table

VERSION = "2"
THRESHOLD = 5.0
"""Local standard deviations a response must reach: about 0.25 false alarms in 512 x 512 pixels of pure noise."""
MOST_FINDINGS = 100
COMPACT = 3.0
"""Slenderness below which a flaw has a diameter."""
OCTAVES = 4
"""Scales of 1 to 13 pixels: flaws up to about 40 pixels wide."""
LINEAR_MEANINGS = ("raw", "for-processing")
CLIPPED_SIDE_PX = 31
"""Clipped areas at least this wide and high hold no information: they count as missing data."""


def detect(image: Image, *, plane: int = 0, threshold: float = THRESHOLD) -> tuple[Finding, ...]:
    """Return small flaws of one plane, strongest first, at most 100.

    The image is looked at in four octaves of two scales; each difference of Gaussians is divided by its robust local
    standard deviation, so that gain, offset and slow background do not matter. Steps and lines that run on are shape
    of the part and dropped; so are lead letters and wires where it is known which way the values run. ``score`` is
    response / (response + threshold): 0.5 at the threshold. ``detectability`` is CNR times the root of the area in
    pixels. Sizes in mm are given where the spacing is known; they are at the detector unless it is calibrated. The
    label says only what shape and brightness can say (``kerma_findings/small_flaws``): it is a proposal to the person
    who reads.
    """
    grey = image.pixels[plane].astype(np.float32)
    known = _fill_what_hides(image, plane, grey)
    if known is not None and not known.any():
        return ()
    low, high = float(grey.min()), float(grey.max())
    if low == high:
        return ()
    step = 1.0 if np.issubdtype(image.pixels.dtype, np.integer) else (high - low) * 1e-6
    found = [one for level in levels(grey, known, step=step, octaves=OCTAVES) for one in candidates(level, threshold)]
    seen = distinct(_outlined(grey, known, found), MOST_FINDINGS)
    kept = joined(_without_wires(seen, grey, image.rises_with_dose))
    return tuple(_finding(image, plane, number, one, threshold) for number, one in enumerate(kept, start=1))


def _outlined(grey: Grey, known: NDArray[np.bool_] | None, found: Iterable[Candidate]) -> Iterator[Seen]:
    """Outline candidates, strongest first: each thing once, and at the strongest scale that stands in background."""
    looked_at: list[Candidate] = []
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda one: -one.strength):
        is_ring = any(is_ring_of(candidate, strong) for strong in looked_at)
        looked_at.append(candidate)
        if is_ring or any(shows_same(candidate, strong) for strong in kept):
            continue
        outlined = outline(grey, known, candidate)
        if outlined is not None:
            kept.append(candidate)
            yield Seen(outlined, candidate.response)


def _fill_what_hides(image: Image, plane: int, grey: Grey) -> NDArray[np.bool_] | None:
    """Return where there is something to see, and fill, in place, where not: padding, clipped areas, lead marks."""
    known = has_data(image, plane)
    if known is not None:
        if not known.any():
            return known
        fill_gaps(grey, known)
    hidden = _large_clipped(grey) if np.issubdtype(image.pixels.dtype, np.integer) else []
    if image.rises_with_dose is not None:
        falling = grey if image.rises_with_dose else grey.max() - grey
        marks = lead_marks(falling, is_linear=image.meaning in LINEAR_MEANINGS and image.rises_with_dose)
        hidden += [marks] if marks is not None else []
    if hidden:
        visible = ~np.logical_or.reduce(hidden)
        known = visible if known is None else known & visible
        if known.any():
            fill_gaps(grey, known)
    return known


def _large_clipped(grey: Grey) -> list[NDArray[np.bool_]]:
    import cv2

    low, high, _, _ = cv2.minMaxLoc(grey)
    clipped = ((grey == low) | (grey == high)).astype(np.uint8)
    square = np.ones((CLIPPED_SIDE_PX, CLIPPED_SIDE_PX), np.uint8)
    large: NDArray[np.uint8] = cv2.morphologyEx(clipped, cv2.MORPH_OPEN, square)
    return [large > 0] if large.any() else []


def _without_wires(seen: Sequence[Seen], grey: Grey, rises_with_dose: bool | None) -> list[Seen]:
    """Drop the pieces of a wire indicator, which is denser than what it lies on."""
    return [
        one
        for one in seen
        if rises_with_dose is None or (one.response > 0) == rises_with_dose or not is_wire(grey, one.outline)
    ]


def _finding(image: Image, plane: int, number: int, seen: Seen, threshold: float) -> Finding:
    length_px, width_px = seen.outline.size()
    label = _label(image, seen)
    strength = abs(seen.response)
    return Finding(
        id=f"small_flaws-{plane}-{number}",
        code=_code(label),
        label=label,
        box=Box(*seen.outline.box),
        by=By("algorithm", "small_flaws", VERSION),
        score=strength / (strength + threshold),
        plane=plane,
        polygon=seen.outline.polygon(),
        measurements=_sizes(image.spacing, seen.outline)
        | {
            "length_px": length_px,
            "width_px": width_px,
            "area_px": float(seen.outline.area_px),
            "contrast_stored": seen.outline.contrast,
            "contrast_percent": seen.outline.contrast_percent,
            "cnr": seen.outline.cnr,
            "detectability": seen.outline.detectability,
        },
    )


def _sizes(spacing: Spacing, seen: Outline) -> dict[str, float]:
    if spacing.row_mm is None or spacing.column_mm is None:
        return {}
    length_mm, width_mm = seen.size(spacing.row_mm, spacing.column_mm)
    area_mm2 = seen.area_px * spacing.row_mm * spacing.column_mm
    sizes = {"length_mm": length_mm, "width_mm": width_mm, "area_mm2": area_mm2}
    if seen.slenderness < COMPACT:
        # A rule takes the diameter where there is one; that of a long flaw would hide its length.
        sizes["diameter_mm"] = float((4 * area_mm2 / np.pi) ** 0.5)
    return sizes


def _label(image: Image, seen: Seen) -> str:
    """Look the label up by what is seen: less or more material, or unknown; how slender; how strong its contrast."""
    material = "unknown"
    if image.rises_with_dose is not None:
        material = "less" if (seen.response > 0) == image.rises_with_dose else "more"
    strength = abs(seen.outline.contrast_percent) if image.meaning in LINEAR_MEANINGS else 0.0
    return next(
        row["label"]
        for row in table("kerma_findings/small_flaws")
        if row["material"] == material
        and seen.outline.slenderness < float(row["slenderness_below"] or "inf")
        and strength >= float(row["contrast_from_percent"] or 0)
    )


def _code(label: str) -> str:
    return next(row["number"] for row in table("iso_6520-1/imperfections") if row["label"] == label)
