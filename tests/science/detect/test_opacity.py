from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.science.detect import detect
from kerma.science.imaging.image import Image


def _assert_boxes(findings: tuple, boxes: list[tuple[int, int, int, int]]) -> None:
    assert len(findings) == len(boxes)
    found = sorted(finding.box.as_json() for finding in findings)
    assert np.abs(np.array(found) - np.array(sorted(boxes))).max() <= 2


def test_each_opaque_object_is_one_alarm_and_a_wire_is_none() -> None:
    image, boxes = radiographs.bag()
    findings = detect("opacity", image)
    _assert_boxes(findings, boxes)
    assert {(finding.code, finding.label) for finding in findings} == {("opacity", "opacity")}
    assert [round(f.measurements["transmission"], 3) for f in findings] == [0.001, 0.004]
    assert all(finding.score > 0.9 for finding in findings)


def _shown(image: Image, **fields: object) -> Image:
    share = np.clip(image.pixels[0] / 40_000, 0, 1)
    eight = np.rint(255 * (1 - share if fields.get("inverse") else share)).astype(np.uint8)
    fields.pop("inverse", None)
    return radiographs.image(eight, bits=8, meaning="for-presentation", **fields)


@pytest.mark.parametrize(
    "fields",
    [{"rises_with_dose": True}, {"rises_with_dose": False, "inverse": True}, {"rises_with_dose": None},
     {"rises_with_dose": None, "inverse": True}],
)  # fmt: skip
def test_pictures_made_for_showing_alarm_alike_whichever_way_they_run(fields: dict[str, object]) -> None:
    image, boxes = radiographs.bag()
    findings = detect("opacity", _shown(image, **fields))
    _assert_boxes(findings, boxes)
    assert all("shade" in finding.measurements for finding in findings)


@pytest.mark.parametrize("gain", [0.2, 1.5])
def test_gain_changes_nothing(gain: float) -> None:
    image, boxes = radiographs.bag()
    _assert_boxes(detect("opacity", radiographs.image(image.pixels[0] * gain)), boxes)


def test_the_smallest_area_is_in_mm2_where_there_is_a_scale() -> None:
    image, boxes = radiographs.bag(spacing_mm=0.4)
    # 40 x 60 pixels are 384 mm2, 50 x 50 pixels 400 mm2.
    _assert_boxes(detect("opacity", image), boxes)
    _assert_boxes(detect("opacity", image, area_mm2=392), boxes[1:])
    assert detect("opacity", image, area_mm2=420) == ()
    assert detect("opacity", image)[0].measurements["area_mm2"] == pytest.approx(400, rel=0.05)


def test_the_smallest_area_in_pixels_and_the_limit_can_be_given() -> None:
    image, boxes = radiographs.bag()
    _assert_boxes(detect("opacity", image, area_px=2_460), boxes[1:])
    _assert_boxes(detect("opacity", image, transmission=0.002), boxes[1:])
    assert len(detect("opacity", image, transmission=0.5)) == 1


def test_of_a_dual_energy_image_the_high_energy_is_looked_at() -> None:
    image, boxes = radiographs.bag()
    low = np.where(image.pixels[0] < 20_000, 0, image.pixels[0])
    planes = np.stack([low, image.pixels[0], np.zeros_like(low)])
    fields = {"plane_kind": "energy", "plane_labels": ("low", "high", "z-effective")}
    findings = detect("opacity", radiographs.image(planes, **fields))
    _assert_boxes(findings, boxes)
    assert {finding.plane for finding in findings} == {1}


def test_strips_along_a_border_and_padding_are_no_objects() -> None:
    image, boxes = radiographs.bag()
    pixels = image.pixels[0].copy()
    pixels[:, :18] = 3
    _assert_boxes(detect("opacity", radiographs.image(pixels)), boxes)
    pixels[:30] = 0
    _assert_boxes(detect("opacity", radiographs.image(pixels, padding_value=0)), boxes)


def test_an_object_cut_off_by_the_border_still_alarms() -> None:
    pixels = np.full((200, 300), 40_000, np.uint16)
    pixels[150:, 100:180] = 10
    (finding,) = detect("opacity", radiographs.image(pixels))
    assert finding.box.as_json() == pytest.approx([150, 100, 50, 80], abs=2)


def test_open_beam_and_a_thin_belt_never_alarm() -> None:
    pixels = radiographs.flat(2, rows=300, columns=300, counts=30_000).pixels[0] * np.linspace(0.85, 1, 300)
    assert detect("opacity", radiographs.image(pixels.astype(np.uint16))) == ()


def test_an_alarm_says_how_far_it_stands_out_of_its_surroundings_whatever_the_gain() -> None:
    pixels = np.random.default_rng(5).normal(40_000, 400, (1, 200, 200))
    pixels[0, 80:120, 80:120] = 300
    found = {}
    for gain in (1.0, 0.5):
        (alarm,) = detect("opacity", radiographs.image((pixels[0] * gain).astype(np.uint16)))
        found[gain] = alarm.measurements
        assert alarm.measurements["detectability"] == pytest.approx(
            alarm.measurements["cnr"] * alarm.measurements["area_px"] ** 0.5
        )
    assert found[1.0]["cnr"] > 100
    assert found[1.0]["cnr"] == pytest.approx(found[0.5]["cnr"], rel=0.05)
