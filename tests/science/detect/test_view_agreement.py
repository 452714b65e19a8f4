"""Two views of one bag: support follows the belt, whatever the size of a pixel, and changes scores as the card says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from kerma.science.detect.learned_finding import Seen
from kerma.science.detect.looking import LearnedModel, look_with
from kerma.science.detect.view_agreement import SUPPORT, find_views, supported, together, views_of
from kerma.science.imaging.image import Image
from kerma.science.results import Box, By, Finding

BY = By("algorithm", "bag")
HOW = {"shift": -1.0, "score": 1.0, "support": 3.0, "threshold": 0.4}


def mark(label: str, row: float, height: float, score: float = 0.5) -> Finding:
    return Finding("1", "", label, Box(row, 10.0, height, 20.0), BY, score=score)


def support_of(one: Finding, other: Finding, rows: tuple[tuple[float, float], tuple[float, float]]) -> float:
    return supported([[one], [other]], rows)[0][0].measurements[SUPPORT]


def test_a_mark_at_the_same_place_of_the_belt_is_supported_by_its_score_whatever_the_pixels() -> None:
    top, side = (100.0, 300.0), (10.0, 510.0)
    assert support_of(mark("pistol", 150, 50), mark("pistol", 135, 125, 0.8), (top, side)) == pytest.approx(0.8)
    assert support_of(mark("pistol", 150, 50), mark("pistol", 385, 125, 0.8), (top, side)) == 0.0
    half = support_of(mark("pistol", 150, 50), mark("pistol", 135, 62.5, 0.8), (top, side))
    assert half == pytest.approx(0.4), "half of the length is shared"


def test_another_label_supports_less_and_another_category_not_at_all() -> None:
    rows = ((0.0, 100.0), (0.0, 100.0))
    here = mark("pistol", 10, 20)
    assert support_of(here, mark("revolver", 10, 20, 1.0), rows) == pytest.approx(0.6)
    assert support_of(here, mark("kitchen-knife", 10, 20, 1.0), rows) == 0.0
    assert supported([[here], []], rows)[0][0].measurements[SUPPORT] == 0.0


def test_more_support_never_lowers_the_score_of_both_views() -> None:
    scores = [
        together(replace(mark("pistol", 0, 1), measurements={SUPPORT: share}), HOW) for share in (0.0, 0.3, 0.6, 1.0)
    ]
    assert scores == sorted(scores) and scores[0] == pytest.approx(1 / (1 + np.e))


@dataclass
class Told:
    """A network that marks what it is told to."""

    marks: dict[str, tuple[Finding, ...]]
    card: dict[str, Any] = field(default_factory=lambda: {"agreement": HOW, "name": "bag"})

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        least = 0.5 if threshold is None else threshold
        return Seen(tuple(one for one in self.marks[image.view] if (one.score or 0.0) >= least))


def bag(view: str) -> Image:
    pixels = np.full((1, 100, 80), 50000, np.uint16)
    pixels[:, 20:80, 20:60] = 9000
    return Image(pixels, 16, "raw", rises_with_dose=True, view=view)


def test_two_views_are_scored_together_and_one_is_looked_at_alone() -> None:
    above = (mark("pistol", 30, 10, 0.45), mark("lighter", 60, 5, 0.45))
    network = Told({"top": above, "side": (mark("pistol", 30, 10, 0.5),)})
    top, side = find_views([bag("top"), bag("side")], network)
    assert [one.label for one in top] == ["pistol"], "the lighter is not seen from the side"
    assert [one.label for one in side] == ["pistol"] and (side[0].score or 0) > 0.5
    assert find_views([bag("top")], network) == ((),), "alone none reaches the operating point"
    network.card = {"name": "bag"}
    assert len(find_views([bag("top"), bag("side")], network)[1]) == 1, "a card that says nothing of agreement"


def test_an_image_of_two_views_is_taken_apart() -> None:
    both = Image(np.zeros((2, 4, 5), np.uint16), 16, plane_kind="view", plane_labels=("top", "side"))
    assert [one.plane_labels for one in views_of(both)] == [("top",), ("side",)]
    assert views_of(bag("top"))[0].view == "top"


def test_the_analysis_of_an_exam_of_two_images_scores_them_together_and_of_one_alone() -> None:
    above = (mark("pistol", 30, 10, 0.45), mark("lighter", 60, 5, 0.45))
    network = Told({"top": above, "side": (mark("pistol", 30, 10, 0.5),)})
    card = network.card | {"version": "1.0.0", "sha256": "0" * 64, "thresholds": {"score": 0.5}}
    model = LearnedModel(card, b"")
    both = look_with([bag("top"), bag("side")], model, lambda: network)
    assert [[one.label for one in image.findings] for image in both.images] == [["pistol"], ["pistol"]]
    assert [image.quantities["marks"] for image in both.images] == [1.0, 1.0]
    assert both.images[0].findings[0].measurements[SUPPORT] == pytest.approx(0.5)
    (alone,) = look_with([bag("top")], replace(model, threshold=0.44), lambda: network).images
    assert [one.label for one in alone.findings] == ["pistol", "lighter"]
    slices = [replace(bag("top"), modality="CT"), bag("side")]
    passed, seen = look_with(slices, model, lambda: network).images
    assert passed.passed_over and [one.score for one in seen.findings] == [0.5]
