"""Brought networks: run as their card declares, every way of laying out, resizing and answering proved on real ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.onnx_files import mean_classifier

from kerma.science.detect import learned
from kerma.science.imaging.image import GreyScale, Image, Window

FULL = GreyScale(windows=(Window(127.5, 255.0, "LINEAR_EXACT"),))
"""Displayed as stored: 0 black, 255 white."""


def grey_image(values: Any, **more: Any) -> Image:
    """An 8-bit image displayed as it is stored."""
    return Image(np.asarray(values, dtype=np.uint8)[None], 8, grey=FULL, **more)


def sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


@pytest.mark.parametrize("level", [0, 64, 128, 255])
def test_the_score_of_a_classifier_is_its_own_and_a_sure_label_is_marked_where_it_looked(level: int) -> None:
    network = learned.load(*mean_classifier())
    seen = network.look(grey_image(np.full((40, 60), level)))
    expected = sigmoid(10 * level / 255 - 5)
    assert seen.score == pytest.approx(expected, abs=1e-4)
    assert [finding.label for finding in seen.findings] == (["thing"] if expected >= 0.5 else [])
    for finding in seen.findings:
        assert finding.box.as_json() == [0, 0, 40, 60]
        assert finding.measurements == {}, "the picture is no size of what is on it"
        assert finding.score == pytest.approx(expected, abs=1e-4)
        assert finding.by.model_sha256 == network.card["sha256"]


def test_the_calibration_of_the_card_moves_the_score() -> None:
    content, card = mean_classifier()
    card["calibration"] = {"temperature": 2.0, "shift": 1.0}
    image = grey_image(np.full((20, 20), 204))
    assert learned.load(content, card).look(image).score == pytest.approx(sigmoid((10 * 0.8 - 5) / 2 + 1), abs=1e-4)


def test_what_is_dense_is_given_as_the_card_wants_it_however_it_is_displayed() -> None:
    content, card = mean_classifier()
    shown = np.full((20, 20), 204)
    for dense_is, rises, is_inverse, mean in (
        ("bright", True, False, 0.2), ("bright", True, True, 0.2), ("bright", False, False, 0.8),
        ("dark", True, False, 0.8), ("dark", False, False, 0.2), ("bright", None, False, 0.8),
        ("as-shown", True, False, 0.8), ("as-shown", True, True, 0.2),
    ):  # fmt: skip
        told = card | {"input": card["input"] | {"dense_is": dense_is}}
        grey = GreyScale(windows=FULL.windows, is_inverse=is_inverse)
        image = Image(shown[None].astype(np.uint8), 8, grey=grey, rises_with_dose=rises)
        score = learned.load(content, told).look(image).score
        assert score == pytest.approx(sigmoid(10 * mean - 5), abs=1e-3), (dense_is, rises, is_inverse)
