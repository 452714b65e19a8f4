"""Where a finding lies along and across the weld, in mm.

Positions compare only on one *strip*: the weld with its datum, or one image whose place on the weld nobody has said.
A finding without any place stands alone: it is never in one window or group with another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.results import NO_BOX, Finding

WELD, IMAGE = "weld", "image"
PLACE_NAMES = ("start_mm", "end_mm", "offset_mm", "offset_end_mm")
"""Measurements that say where a finding lies: along the weld from its datum, and across it."""


@dataclass(frozen=True)
class Placed:
    """A finding laid along the weld: from where to where (mm), also across it, and the value a rule counts.

    ``strip`` is None for a finding without a place. ``members`` are the findings that count as this one.
    """

    id: str
    start_mm: float
    end_mm: float
    value: float
    top_mm: float = 0.0
    bottom_mm: float = 0.0
    strip: str | None = WELD
    members: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The findings it stands for."""
        return self.members or (self.id,)

    @property
    def extent_mm(self) -> float:
        """Its length along the weld."""
        return self.end_mm - self.start_mm


def ids_of(items: Iterable[Placed]) -> tuple[str, ...]:
    """Return the findings of several, each once."""
    return tuple(dict.fromkeys(name for item in items for name in item.ids))


def has_place(finding: Finding) -> bool:
    """Whether anybody has said where the finding lies."""
    return "start_mm" in finding.measurements or finding.box != NO_BOX


def placed(finding: Finding, value: float, conditions: Conditions) -> Placed:
    """Lay one finding along the weld; one nobody has placed begins at 0 on a strip of its own.

    Raises
    ------
    NotJudgedError
        It is marked on an image that has no scale.
    """
    measured = finding.measurements
    length = _first(measured, "length_mm", "diameter_mm")
    if "start_mm" in measured:
        start = measured["start_mm"]
        top = _first(measured, "offset_mm")
        end = measured.get("end_mm", start + length)
        bottom = measured.get("offset_end_mm", top + _first(measured, "width_mm", "diameter_mm"))
        return Placed(finding.id, min(start, end), max(start, end), value, min(top, bottom), max(top, bottom), WELD)
    if finding.box == NO_BOX:
        return Placed(finding.id, 0.0, length, value, strip=None)
    return _by_box(finding, value, conditions)


def _by_box(finding: Finding, value: float, conditions: Conditions) -> Placed:
    row_mm, column_mm = conditions.spacing.row_mm, conditions.spacing.column_mm
    if row_mm is None or column_mm is None:
        raise NotJudgedError("the places of the findings are unknown in mm: give the image a scale (spacing_mm)")
    box, shift = finding.box, conditions.weld_start_mm
    across = (box.row * row_mm, (box.row + box.height) * row_mm)
    along = (box.column * column_mm, (box.column + box.width) * column_mm)
    if conditions.axis == "row":
        along, across = across, along
    start, end = (edge + (shift or 0.0) for edge in along)
    top, bottom = (edge + conditions.weld_offset_mm for edge in across)
    return Placed(finding.id, start, end, value, top, bottom, IMAGE if shift is None else WELD)


def laid_out(findings: Sequence[Finding], conditions: Conditions) -> list[Finding]:
    """Return the findings of one image with their places along the weld written down as measurements."""
    found = []
    for finding in findings:
        lies = placed(finding, 0.0, conditions)
        if lies.strip is None:
            found.append(finding)
            continue
        edges = (lies.start_mm, lies.end_mm, lies.top_mm, lies.bottom_mm)
        said = dict(zip(PLACE_NAMES, edges, strict=True))
        found.append(replace(finding, measurements={**finding.measurements, **said}))
    return found


def strips(items: Sequence[Placed]) -> list[list[Placed]]:
    """Return the findings strip by strip; those without a place are left out."""
    found: dict[str, list[Placed]] = {}
    for item in items:
        if item.strip is not None:
            found.setdefault(item.strip, []).append(item)
    return list(found.values())


def _first(measured: Mapping[str, float], *names: str) -> float:
    value = next((measured[name] for name in names if name in measured), 0.0)
    return value if math.isfinite(value) else 0.0
