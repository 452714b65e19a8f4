"""Traces that one image carries by itself: nothing in what is as it came, planted traces where they were planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forensic_pictures import jpeg, opened, pasted, picture, to_8_bit
from kerma.formats.forensic_facts import forensic_facts
from kerma.science.forensics import checks as checking
from kerma.science.forensics.checks import checks
from kerma.science.forensics.clone import copied_exactly, copied_noise
from kerma.science.forensics.compression import double_compression, jpeg_grid


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_found_in_an_image_as_it_came(seed: int) -> None:
    for plane in (picture(seed), to_8_bit(picture(seed))):
        traces = checks(plane)
        assert [trace.outcome for trace in traces] == ["not-found"] * 3
        assert all(trace.method and trace.false_alarm_percent and trace.test_set for trace in traces)


@pytest.mark.parametrize("change", [lambda plane: plane, to_8_bit, lambda plane: plane.astype(np.float32) * 0.1])
def test_a_copied_region_is_found_where_it_is(change: Any) -> None:
    trace = copied_exactly(change(pasted(picture(1))))
    assert trace.outcome == "found" and "suggests" in trace.words
    source, copy = trace.regions
    for box, (row, column) in ((source, (30, 40)), (copy, (200, 170))):
        assert abs(box.row - row) <= 6 and abs(box.column - column) <= 6
        assert 36 <= box.height <= 50 and 36 <= box.width <= 50


def test_copied_noise_outlives_mild_compression_where_it_is_strong() -> None:
    trace = copied_noise(opened(jpeg(to_8_bit(pasted(picture(2), 96)), 97)))
    assert trace.outcome in ("found", "not-found")
    clean = copied_noise(opened(jpeg(to_8_bit(picture(2)), 97)))
    assert clean.outcome == "not-found"
    assert (trace.statistic or 0) >= (clean.statistic or 0)


def test_a_pattern_that_repeats_is_no_copy() -> None:
    rows, columns = np.mgrid[:320, :320]
    mesh = (2_000 * (np.sin(rows / 4) + np.sin(columns / 4))).astype(np.float32)
    plane = np.clip(picture(3) + mesh, 0, 65_535).astype(np.uint16)
    assert copied_exactly(plane).outcome == "not-found" and copied_noise(plane).outcome == "not-found"


@pytest.mark.parametrize("quality", [80, 60])
def test_the_grid_of_a_compression_is_found_with_its_origin(quality: int) -> None:
    plane = opened(jpeg(to_8_bit(picture(4)), quality))
    assert jpeg_grid(plane).outcome == "found" and "begin" not in jpeg_grid(plane).words
    cropped = jpeg_grid(plane[3:, 5:])
    assert cropped.outcome == "found"
    assert "row 5, column 3" in cropped.words and "crop" in cropped.words


def test_a_second_compression_is_found_and_a_single_one_not() -> None:
    once = jpeg(to_8_bit(picture(5)), 90)
    twice = jpeg(opened(jpeg(to_8_bit(picture(5)), 60)), 90)
    found = [double_compression(opened(data), forensic_facts(data)["jpeg_steps"]) for data in (once, twice)]
    assert [trace.outcome for trace in found] == ["not-found", "found"]


def test_a_file_that_tells_of_its_compression_is_asked_for_a_second_one_instead_of_the_grid() -> None:
    data = jpeg(to_8_bit(picture(6)), 75)
    traces = checks(opened(data), forensic_facts(data)["jpeg_steps"])
    assert [trace.check for trace in traces] == ["double-compression", "copied-exactly", "copied-noise"]


def test_of_a_huge_plane_the_middle_is_checked_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "SIDE_MAX", 256)
    plane = pasted(picture(7))
    plane[160:208, 60:108] = plane[50:98, 180:228]
    exact = next(trace for trace in checks(plane) if trace.check == "copied-exactly")
    assert "Only the middle 256 × 256" in exact.words
    assert exact.outcome == "found"
    assert sorted(round(box.row) // 10 for box in exact.regions) == [5, 16]


@pytest.mark.parametrize(
    "plane",
    [
        np.zeros((300, 300), dtype=np.uint16),
        np.full((300, 300), 65_535, dtype=np.uint16),
        np.full((300, 300), np.nan, dtype=np.float32),
        np.full((300, 300), np.inf, dtype=np.float64),
        np.zeros((1, 1), dtype=np.uint8),
        np.zeros((1, 5_000), dtype=np.int16),
        np.zeros((300, 300), dtype=bool),
    ],
    ids=["black", "white", "nan", "infinite", "one pixel", "a line", "bits"],
)
def test_images_without_content_carry_no_trace(plane: Any) -> None:
    assert not any(trace.is_found for trace in checks(plane))
    assert not double_compression(plane, [1] * 64).is_found
    assert double_compression(plane, []).outcome == "not-checkable"


def test_colour_is_not_checked() -> None:
    assert checks(np.zeros((100, 100, 3), dtype=np.uint8)) == []
