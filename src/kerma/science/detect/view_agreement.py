"""Two views of one bag: a mark that the other view supports counts for more, one that it does not for less.

Both views share the belt: what lies at some place along it in one view lies there in the other. Along the belt a mark
reaches over rows; counted from the first to the last row of the bag, they are the same in both views whatever the size
of a pixel. How much support weighs was fitted on calibration images and stands in the model's card.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.detect.bag_channels import content_rows, reading_of
from kerma.science.detect.learned import Network
from kerma.science.imaging.image import Image
from kerma.science.results import Finding
from kerma.standards import table

SUPPORT = "other_view_support"
"""Measurement of a finding: how far the other view supports it, 0 to 1."""
SAME_CATEGORY_SHARE = 0.6
"""What a mark of another label but the same category counts: a pistol from above is a magazine from the side."""
VIEWS = 2
Rows = tuple[float, float]


def agreement_of(card: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how two views make one score, where the card of a model says so."""
    how = card.get("agreement")
    return how if isinstance(how, Mapping) else None


def find_views(
    images: Sequence[Image], network: Network, *, threshold: float | None = None, planes: Sequence[int] = (0, 0)
) -> tuple[tuple[Finding, ...], ...]:
    """Return what a network marks in each view of one bag, most certain first.

    With two views, and a card that says how views agree, scores are those of both views together and carry
    ``other_view_support``; without, each view is looked at alone.

    Parameters
    ----------
    images : the views, rows along the belt in each; they are not changed
    network : from ``learned.load`` or ``learned.of``
    threshold : least score of a mark; default the card's operating point for two views, or for one
    planes : plane of each image, counted from 0
    """
    is_pair = len(images) == VIEWS and agreement_of(network.card) is not None
    least = 0.0 if is_pair else threshold
    seen = [network.look(image, threshold=least, plane=plane) for image, plane in zip(images, planes, strict=False)]
    marks = [one.findings for one in seen]
    return joined(images, marks, network.card, threshold=threshold, planes=planes) if is_pair else tuple(marks)


def joined(
    images: Sequence[Image], marks: Sequence[Sequence[Finding]], card: Mapping[str, Any], *,
    threshold: float | None = None, planes: Sequence[int] = (0, 0),
) -> tuple[tuple[Finding, ...], ...]:  # fmt: skip
    """Return the marks of two views, all that were made whatever their score, scored together; see :func:`find_views`.

    Raises
    ------
    WrongUsage
        There are not two views, or the card does not say how they agree.
    """
    how = agreement_of(card)
    if how is None or len(images) != VIEWS:
        raise WrongUsage(f"model '{card.get('name')}' scores no {len(images)} views together")
    rows = [content_rows(reading_of(image, plane=plane)) for image, plane in zip(images, planes, strict=False)]
    least = float(how["threshold"]) if threshold is None else threshold
    found = []
    for view in supported(marks, rows):
        scored = [replace(mark, score=together(mark, how)) for mark in view]
        found.append(tuple(sorted((mark for mark in scored if (mark.score or 0.0) >= least), key=_surest_first)))
    return tuple(found)


def views_of(image: Image) -> tuple[Image, ...]:
    """Return the views of an image whose planes are views, each as an image of its own; else the image alone."""
    if image.plane_kind != "view" or image.planes == 1:
        return (image,)
    labels = image.plane_labels or ("",) * image.planes
    return tuple(
        replace(image, pixels=image.pixels[plane : plane + 1], plane_labels=(labels[plane],))
        for plane in range(image.planes)
    )


def supported(views: Sequence[Sequence[Finding]], rows: Sequence[Rows]) -> tuple[tuple[Finding, ...], ...]:
    """Return the marks of both views with how far the other view supports each of them.

    Support is the largest product of the score of a mark there, its overlap along the belt (intersection over union
    of rows, from the first to the last row of the bag), and 1 for the same label or less for the same category.
    """
    categories = {row["name"]: row["category"] for row in table("kerma_security/things")}

    def support(mark: Finding, number: int) -> float:
        other = 1 - number
        here = _along(mark, rows[number])
        return max(
            (
                (each.score or 0.0) * _likeness(mark.label, each.label, categories)
                * _shared(here, _along(each, rows[other]))
                for each in views[other]
            ),
            default=0.0,
        )  # fmt: skip

    return tuple(
        tuple(replace(mark, measurements={**mark.measurements, SUPPORT: support(mark, number)}) for mark in marks)
        for number, marks in enumerate(views)
    )


def together(mark: Finding, how: Mapping[str, Any]) -> float:
    """Return the score of a mark with its support: logistic in both, fitted on calibration images."""
    share = min(max(mark.score or 0.0, 1e-6), 1.0 - 1e-6)
    logit = float(how["shift"]) + float(how["score"]) * math.log(share / (1.0 - share))
    logit += float(how["support"]) * mark.measurements.get(SUPPORT, 0.0)
    return 1.0 / (1.0 + math.exp(-logit))


def _likeness(one: str, other: str, categories: Mapping[str, str]) -> float:
    if one == other:
        return 1.0
    return SAME_CATEGORY_SHARE if categories.get(one, one) == categories.get(other, other) else 0.0


def _along(mark: Finding, rows: Rows) -> Rows:
    """Return from where to where a mark reaches along the bag, 0 to 1."""
    first, last = rows
    length = max(last - first, 1.0)
    return (mark.box.row - first) / length, (mark.box.row + mark.box.height - first) / length


def _shared(one: Rows, other: Rows) -> float:
    both = min(one[1], other[1]) - max(one[0], other[0])
    whole = max(one[1], other[1]) - min(one[0], other[0])
    return max(0.0, both) / whole if whole > 0 else 0.0


def _surest_first(mark: Finding) -> tuple[float, float, float]:
    return -(mark.score or 0.0), mark.box.row, mark.box.column
