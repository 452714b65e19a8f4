"""The gate: each fault that is put in is named with its figure, a picture without fault passes, nothing is silent."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from good_parts import part, reference
from kerma.science.detect import detect
from kerma.science.detect.image_quality_gate import answers
from kerma.science.imaging.image import Image


def _labels(image: Image, **options: object) -> set[str]:
    return {one.label for one in detect("image_quality_gate", image, **options)}


def _clipped(image: Image) -> Image:
    most = float(np.quantile(image.pixels, 0.6))
    return dataclasses.replace(image, pixels=np.minimum(image.pixels, most).astype(np.uint16))


def _even(seed: int) -> Image:
    noise = np.random.default_rng(seed).poisson(5000, (1, 240, 280)).astype(np.uint16)
    return dataclasses.replace(part(1), pixels=noise)


@pytest.mark.parametrize("seed", range(5))
def test_a_picture_without_fault_passes_with_and_without_good_parts(seed: int) -> None:
    image = part(40 + seed, shift_px=(seed, -seed), turn_deg=0.5 * seed)
    assert _labels(image) == set()
    assert _labels(image, reference=reference()) == set()


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (part(3, quanta=300), "too-noisy"),
        (_clipped(part(3)), "clipped"),
        (part(3, blur_px=8), "blurred"),
        (_even(3), "empty"),
    ],
)
def test_each_fault_is_named(image: Image, label: str) -> None:
    assert label in _labels(image)


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (part(3, quanta=8000), "too-noisy"),
        (part(3, blur_px=1.5), "blurred"),
        (dataclasses.replace(part(3), pixels=np.ascontiguousarray(65_535 - part(3).pixels)), "wrong-view"),
        (_even(3), "wrong-view"),
    ],
)
def test_against_good_parts_smaller_faults_are_named(image: Image, label: str) -> None:
    assert label in _labels(image, reference=reference())
    assert label not in _labels(image)


def test_every_answer_has_words_and_figures() -> None:
    for one in answers(part(3, quanta=300), reference=reference()):
        assert one.reason and (one.value is not None or one.state == "not-computed")
        assert f"{one.limit:g}" in one.reason or one.state == "not-computed"
    (noisy,) = [one for one in answers(part(3, quanta=300)) if one.state == "failed"]
    assert noisy.value == pytest.approx((300 * np.exp(-0.8)) ** 0.5, rel=0.15)
    assert "too little dose" in noisy.reason


def test_what_cannot_be_computed_is_said() -> None:
    found = detect("image_quality_gate", part(3), testing_class="B")
    assert [(one.label, one.code) for one in found] == [("not-computed", "snr_n")]
    known = dataclasses.replace(part(3), technique={"srb_um": 200.0})
    (told,) = [one for one in answers(known, testing_class="B") if one.quantity == "snr_n"]
    assert told.value == pytest.approx((40_000 * np.exp(-0.8)) ** 0.5 * 88.6 / 200, rel=0.1)
    assert told.state == "failed" and "class B" in told.reason


def test_more_dose_never_makes_it_noisier() -> None:
    seen = [
        next(one.value for one in answers(part(3, quanta=quanta)) if one.quantity == "snr")
        for quanta in (1000, 4000, 16_000)
    ]
    assert seen == sorted(seen) and seen[2] == pytest.approx(4 * seen[0], rel=0.15)
