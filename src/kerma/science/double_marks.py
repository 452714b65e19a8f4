"""A flaw that a detector and a learned model both mark is one finding with two sources: it counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kerma.science.judge.words import labels_of
from kerma.science.results import Finding

SAME_PLACE = 0.4
"""Two marks are of one flaw where they share so much of their union ..."""
LIES_ON_SHARE = 0.5
"""... and one lies on another where they share so much of the smaller one's box: a pore lies on its cluster."""
ALSO = "also marked by {}{}"


def merged(detected: Sequence[Finding], marked: Sequence[Finding]) -> tuple[tuple[Finding, ...], int]:
    """Return the marks of detectors and models with each flaw that both mark once, and how many still lie on another.

    Marks are of one flaw where their boxes nearly agree and they have one label, or one calls it planar: then the
    planar label stands, which no rule takes lighter. Else the detector's mark stands, whose measures come from the
    image alone. The other mark is kept whole in ``also``. Two labels of another kind stay two findings, since rules
    weigh them differently and nobody has said which is right.
    """
    pairs = sorted(
        ((overlap, place, number) for place, one in enumerate(detected) for number, other in enumerate(marked)
         if (overlap := _shared(one, other)) >= SAME_PLACE and _is_one(one, other)),
        key=lambda pair: (-pair[0], *pair[1:]),
    )  # fmt: skip
    of: dict[int, int] = {}
    for _, place, number in pairs:
        if place not in of and number not in of.values():
            of[place] = number
    both = [_joined(one, marked[of[place]]) if place in of else one for place, one in enumerate(detected)]
    left = [other for number, other in enumerate(marked) if number not in of.values()]
    return (*both, *left), sum(any(_lies_on(one, other) for other in detected) for one in left)


def _is_one(detected: Finding, marked: Finding) -> bool:
    """Whether two labels may be of one flaw, so that the stricter of them can stand for both."""
    planar = labels_of("@planar")
    return detected.label == marked.label or (detected.label in planar) != (marked.label in planar)


def _joined(detected: Finding, marked: Finding) -> Finding:
    planar = labels_of("@planar")
    is_model = marked.label in planar and detected.label not in planar
    stands, other = (marked, detected) if is_model else (detected, marked)
    label = f" as {other.label}" if other.label != stands.label else ""
    score = "" if other.score is None else f", score {other.score:.2f}"
    words = ALSO.format(f"{other.by.name} {other.by.version}".strip(), label + score)
    return replace(stands, also=(other,), note="; ".join(filter(None, (stands.note, words))))


def _areas(one: Finding, other: Finding) -> tuple[float, float, float]:
    """Return the area that two boxes of one plane share, and their own."""
    first, second = one.box, other.box
    rows = min(first.row + first.height, second.row + second.height) - max(first.row, second.row)
    columns = min(first.column + first.width, second.column + second.width) - max(first.column, second.column)
    shared = max(rows, 0.0) * max(columns, 0.0) if one.plane == other.plane else 0.0
    return shared, first.height * first.width, second.height * second.width


def _shared(one: Finding, other: Finding) -> float:
    shared, first, second = _areas(one, other)
    return shared / (first + second - shared) if shared > 0 else 0.0


def _lies_on(one: Finding, other: Finding) -> bool:
    shared, first, second = _areas(one, other)
    return shared >= LIES_ON_SHARE * min(first, second) > 0
