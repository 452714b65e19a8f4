from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import radiographs
from kerma.science.imaging.image import GreyScale, Lut
from kerma.science.measure import run
from kerma.science.measure.statistics import PERCENTILES
from kerma.science.results import NotMeasurable

PIXELS = arrays.arrays(np.uint16, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 65535))


@settings(max_examples=60, deadline=None)
@given(PIXELS)
def test_agrees_with_numpy_on_every_pixel(pixels: np.ndarray) -> None:
    values = run("statistics", radiographs.image(pixels)).values
    assert values["mean_stored"] == pytest.approx(pixels.mean(dtype=float), rel=1e-12)
    expected = pixels.std(dtype=float, ddof=1) if pixels.size > 1 else 0.0
    assert values["standard_deviation_stored"] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert (values["minimum_stored"], values["maximum_stored"]) == (pixels.min(), pixels.max())
    for share in (*PERCENTILES, 50):
        key = "median_stored" if share == 50 else f"percentile_{share}_stored"
        assert values[key] == np.percentile(pixels, share, method="inverted_cdf")


@settings(max_examples=30, deadline=None)
@given(PIXELS, st.integers(0, 65535))
def test_padding_counts_for_nothing(pixels: np.ndarray, padding: int) -> None:
    image = radiographs.image(pixels, padding_value=padding)
    kept = pixels[pixels != padding]
    result = run("statistics", image)
    if kept.size == 0:
        assert isinstance(result, NotMeasurable)
    else:
        assert result.values["mean_stored"] == pytest.approx(kept.mean(dtype=float))
        assert result.values["pixels_without_data"] == pixels.size - kept.size


def test_floating_point_leaves_out_what_is_not_a_number() -> None:
    pixels = np.array([[1.0, np.nan, 3.0], [np.inf, 5.0, -np.inf]], np.float32)
    values = run("statistics", radiographs.image(pixels)).values
    assert (values["pixels_measured"], values["mean_stored"], values["median_stored"]) == (3, 3.0, 3.0)


def test_large_integers_are_exact() -> None:
    pixels = np.array([[0, 2**31], [2**32 - 1, 5]], np.uint32)
    values = run("statistics", radiographs.image(pixels, bits=32)).values
    assert values["maximum_stored"] == 2**32 - 1
    assert values["mean_stored"] == (2**31 + 2**32 - 1 + 5) / 4


def test_rescaled_values_carry_their_unit() -> None:
    image = radiographs.image(np.array([[1000, 1100]], np.uint16), grey=GreyScale(2.0, -1024.0, "HU"))
    values = run("statistics", image).values
    assert values["mean_rescaled"] == 2 * 1050 - 1024
    assert values["standard_deviation_rescaled"] == pytest.approx(2 * values["standard_deviation_stored"])
    assert values["rescaled_unit"] == "HU"


def test_a_modality_table_that_falls_turns_the_extremes_round() -> None:
    lut = Lut(np.arange(100, 0, -1, dtype=np.uint16), first=10, bits=16)
    image = radiographs.image(np.array([[10, 109, 20]], np.uint16), grey=GreyScale(modality_lut=lut))
    values = run("statistics", image).values
    assert (values["minimum_rescaled"], values["maximum_rescaled"], values["median_rescaled"]) == (1, 100, 90)


def test_a_region_is_measured_alone() -> None:
    pixels = np.zeros((20, 30), np.uint16)
    pixels[5:9, 10:16] = 7
    values = run("statistics", radiographs.image(pixels), region="5,10,4,6").values
    assert (values["mean_stored"], values["minimum_stored"], values["pixels_measured"]) == (7, 7, 24)
