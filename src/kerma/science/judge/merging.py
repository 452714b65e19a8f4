"""Findings that count as one because they lie so near: as long as all of them with the gaps between.

Merging only ever adds: the stretches between the findings are filled up, so a further finding can make neither a
merged length nor a sum in a window smaller.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerma.science.judge.groups import by_name, connected
from kerma.science.judge.places import Placed, ids_of
from kerma.science.judge.windows import TOUCH_MM


@dataclass(frozen=True)
class Merged:
    """Findings that count as one, and the stretches between them that count as well."""

    items: tuple[Placed, ...]
    between: tuple[Placed, ...] = ()

    @functools.cached_property
    def whole(self) -> Placed:
        """The one finding they are: from the first edge to the last, as long as all with the gaps between."""
        if len(self.items) == 1 and not self.between:
            return self.items[0]
        parts = (*self.items, *self.between)
        return Placed(
            self.items[0].id,
            min(item.start_mm for item in self.items),
            max(item.end_mm for item in self.items),
            sum(item.value for item in parts),
            min(item.top_mm for item in self.items),
            max(item.bottom_mm for item in self.items),
            self.items[0].strip,
            ids_of(self.items),
        )


def merged(placed: Sequence[Placed], factor: float, of: Literal["smaller", "larger"]) -> list[Merged]:
    """Merge findings whose gap is less than ``factor`` times the length of the smaller or larger, until none is left.

    What has merged is measured as one against its next neighbour.
    """
    found = [Merged((item,)) for item in placed]
    while True:
        wholes = [one.whole for one in found]
        sets = by_name(connected(wholes, factor, np.array([whole.value for whole in wholes]), of)) if wholes else []
        if len(sets) == len(found):
            return found
        found = [_one([found[number] for number in numbers]) for numbers in sets]


def _one(parts: Sequence[Merged]) -> Merged:
    if len(parts) == 1:
        return parts[0]
    items = tuple(item for part in parts for item in part.items)
    return Merged(items, tuple(_filled(items)))


def _filled(items: Sequence[Placed]) -> list[Placed]:
    """Return what must be added between the first and last edge so that every mm counts at least 1 mm."""
    edges = sorted({edge for item in items for edge in (item.start_mm, item.end_mm)})
    rises = dict.fromkeys(edges, 0.0)
    for item in items:
        if item.extent_mm > TOUCH_MM:
            rises[item.start_mm] += item.value / item.extent_mm
            rises[item.end_mm] -= item.value / item.extent_mm
    ids, strip = ids_of(items), items[0].strip
    found, counted = [], 0.0
    for start, end in zip(edges, edges[1:], strict=False):
        counted += rises[start]
        lacking = max(0.0, 1.0 - counted) * (end - start)
        if lacking > TOUCH_MM:
            found.append(Placed(items[0].id, start, end, lacking, strip=strip, members=ids))
    return found
