"""Every contradiction is planted once, and facts that agree give none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forensic_pictures import picture, to_8_bit
from kerma.science.forensics.contradictions import BETWEEN, EDITORS, RULES, TABLE, contradictions, pixel_facts
from kerma.standards import table

SOUND: dict[str, Any] = {
    "name": "chest.dcm", "image_uid": "1.2.3", "series_uid": "1.2.2", "exam_uid": "1.2.1", "sha256": "ab" * 32,
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1", "received_at": "2026-03-02T12:00:00+00:00",
    "birth_date": "1960-01-01",
    "exam_at": "2026-03-02T10:00:00", "series_at": "2026-03-02T10:05:00", "acquired_at": "2026-03-02T10:06:00",
    "content_at": "2026-03-02T10:06:02", "manufacturer": "Maker", "model": "One", "serial_number": "S1",
    "image_type": "ORIGINAL\\PRIMARY", "lossy": "00", "bits_stored": 12, "lowest": 3, "highest": 4_000, "levels": 3_500,
    "rows": 2_000, "columns": 2_000, "imager_spacing_mm": [0.2, 0.2], "pixel_spacing_mm": [0.16, 0.16],
    "detector_mm": [430.0], "source_detector_mm": 1_000.0, "source_object_mm": 800.0, "magnification": 1.25,
    "tube_current_ma": 200.0, "exposure_time_ms": 50.0, "exposure_mas": 10.0, "tools": ["Maker 4.1"],
}  # fmt: skip

PLANTED: dict[str, dict[str, Any]] = {
    "after-received": {"acquired_at": "2026-03-05T10:06:00", "content_at": "2026-03-05T10:06:02"},
    "content-before-acquired": {"content_at": "2026-03-02T09:00:00"},
    "acquired-before-exam": {"acquired_at": "2026-02-20T10:06:00"},
    "birth-after-exam": {"birth_date": "2026-04-01"},
    "clock-not-set": {"acquired_at": "1970-01-01T00:00:12"},
    "uid-invalid": {"image_uid": "1.02.3"},
    "magnification": {"magnification": 1.6},
    "spacing-and-distances": {"pixel_spacing_mm": [0.1, 0.1]},
    "exposure-product": {"exposure_mas": 40.0},
    "larger-than-detector": {"rows": 3_000},
    "more-bits-than-told": {"highest": 5_000},
    "few-levels": {"levels": 200},
    "gaps-in-8-bit": {"bits_stored": 8, "highest": 255, "lowest": 0, "levels": 150, "gaps_percent": 40.0},
    "lossy-untold": {"is_lossy_syntax": True},
    "grid-in-lossless": {"is_gridded": True},
    "lossy-before": {"lossy": "01"},
    "picture-editor": {"tools": ["Adobe Photoshop 25.0 (Windows)"]},
    "original-but-captured": {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.7"},
    "original-but-derived": {"derivation": "cropped"},
    "derived-untold": {"image_type": "DERIVED\\SECONDARY"},
    "captured": {
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.7.2",
        "image_type": "DERIVED",
        "derivation": "scan of a film",
    },
}
AGAINST: dict[str, dict[str, Any]] = {
    "series-in-two-exams": {"image_uid": "1.2.9", "exam_uid": "1.2.8"},
    "same-uid-other-bytes": {"sha256": "cd" * 32},
    "serial-number-of-two-models": {"image_uid": "1.2.9", "series_uid": "1.2.10", "model": "Two"},
}


def test_facts_that_agree_contradict_nothing() -> None:
    assert contradictions([SOUND]) == []
    assert contradictions([SOUND, SOUND | {"image_uid": "1.2.4", "sha256": "cd" * 32}]) == []
    assert contradictions([{}]) == [] and contradictions([]) == []


def test_every_rule_has_its_words_and_is_planted() -> None:
    assert {row["rule"] for row in table(TABLE)} == set(RULES) | set(BETWEEN)
    assert set(PLANTED) == set(RULES) and set(AGAINST) == set(BETWEEN)
    assert {row["severity"] for row in table(TABLE)} == {"contradiction", "doubtful", "note"}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_contradiction_is_found_with_both_facts(rule: str) -> None:
    found = contradictions([SOUND | PLANTED[rule]])
    one = next(one for one in found if one.rule == rule)
    assert one.image == "chest.dcm" and one.fact and one.against and one.words
    assert {other.rule for other in found} <= {rule, "clock-not-set", "acquired-before-exam", "more-bits-than-told"}


@pytest.mark.parametrize("rule", AGAINST)
def test_two_images_contradict_each_other(rule: str) -> None:
    other = SOUND | AGAINST[rule] | {"name": "other.dcm"}
    assert [one.rule for one in contradictions([SOUND, other])] == [rule]
    assert [one.rule for one in contradictions([SOUND], [other])] == [rule]


def test_zones_are_reckoned_with_and_a_day_is_allowed_where_they_are_unknown() -> None:
    late = SOUND | dict.fromkeys(("exam_at", "series_at", "acquired_at", "content_at"), "2026-03-03T06:00:00")
    assert contradictions([late]) == []
    ahead = late | {"timezone": "-0800", "acquired_at": "2026-03-03T16:00:00", "content_at": "2026-03-03T16:00:00"}
    assert {one.rule for one in contradictions([ahead])} == {"after-received"}


def test_rounding_to_whole_numbers_is_no_contradiction() -> None:
    small = {"tube_current_ma": 200.0, "exposure_time_ms": 2.0, "exposure_mas": 1.0}
    assert contradictions([SOUND | small]) == []


@pytest.mark.parametrize(
    "nonsense",
    [
        {"acquired_at": "2026-99-99T99:99"}, {"birth_date": "x" * 10_000}, {"received_at": ""},
        {"source_object_mm": 0.0}, {"exposure_mas": -1.0}, {"image_uid": "1." * 10_000},
    ],
)  # fmt: skip
def test_nonsense_is_no_crash(nonsense: dict[str, Any]) -> None:
    assert all(one.severity for one in contradictions([SOUND | nonsense]))


def test_the_heaviest_comes_first() -> None:
    found = contradictions(
        [SOUND | PLANTED["picture-editor"] | PLANTED["birth-after-exam"] | PLANTED["derived-untold"]]
    )
    assert [one.severity for one in found] == ["contradiction", "doubtful", "note"]


def test_every_editor_of_the_table_is_known_by_its_tag() -> None:
    for row in table(EDITORS):
        found = contradictions([SOUND | {"tools": [f"{row['part_of_tag'].upper()} 9"]}])
        assert [one.rule for one in found] == ["picture-editor"] and row["name"] in found[0].against


def test_pixels_tell_of_8_bits_before() -> None:
    plane = picture(1)
    assert contradictions([{"bits_stored": 16} | pixel_facts(plane)]) == []
    widened = to_8_bit(plane).astype(np.uint16) * 257
    assert [one.rule for one in contradictions([{"bits_stored": 16} | pixel_facts(widened)])] == ["few-levels"]
    narrow = np.clip(plane // 300, 0, 255).astype(np.uint8)
    stretched = ((narrow.astype(float) - narrow.min()) * 255 / np.ptp(narrow)).astype(np.uint8)
    assert [one.rule for one in contradictions([{"bits_stored": 8} | pixel_facts(stretched)])] == ["gaps-in-8-bit"]
    assert pixel_facts(np.zeros((0, 0), dtype=np.uint8)) == {}
    assert pixel_facts(plane.astype(np.float32)) == {}
