"""Every detector of the registry: bad input is refused with a reason, the input stays as it is, findings are plain."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest

import good_parts
import radiographs
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES
from kerma.science.detect import DETECTORS, OPTIONS, detect
from kerma.science.imaging.image import Image, Spacing

SEARCHING = [name for name, entry in DETECTORS.items() if entry.kind == "search"]
JUDGING = [name for name in DETECTORS if name not in SEARCHING]
NOISE = np.random.default_rng(6)
BAD = {
    "one dimension": np.zeros(10, np.uint16),
    "no planes": np.zeros((0, 10, 10), np.uint16),
    "no rows": np.zeros((1, 0, 10), np.uint16),
    "colour": np.zeros((1, 10, 10, 3), np.uint8),
}
QUIET = {
    "one pixel": np.full((1, 1, 1), 7, np.uint16),
    "one row": np.full((1, 1, 90), 7, np.uint16),
    "constant": np.full((1, 64, 64), 100, np.uint16),
    "all zero": np.zeros((1, 64, 64), np.uint8),
    "all at the ceiling": np.full((1, 64, 64), 65_535, np.uint16),
    "only not a number": np.full((1, 40, 80), np.nan, np.float32),
    "noise": NOISE.poisson(500, (1, 40, 120)).astype(np.uint16),
}
ODD = {
    "some not a number": np.where(NOISE.random((1, 90, 120)) < 0.1, np.nan, NOISE.normal(9, 1, (1, 90, 120))),
    "infinite": np.where(NOISE.random((1, 90, 120)) < 0.1, -np.inf, NOISE.normal(9, 1, (1, 90, 120))),
    "signed": NOISE.normal(-100, 5, (1, 60, 80)).astype(np.int16),
    "32 bit": NOISE.poisson(3e8, (1, 60, 80)).astype(np.uint32),
    "half black": np.repeat([[[0, 4_000]]], [64], axis=1).repeat(40, axis=2).astype(np.uint16),
    "narrow": NOISE.poisson(500, (1, 3, 400)).astype(np.uint16),
}


def _needed(name: str) -> dict:
    """Return what a detector cannot do without."""
    have = {"reference": good_parts.reference(), "declared": "paper"}
    return {option: have[option] for option in DETECTORS[name].required}


def _image(pixels: np.ndarray) -> Image:
    return Image(pixels, bits=16, meaning="raw", rises_with_dose=True)


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("name", DETECTORS)
def test_what_holds_no_grey_values_is_refused_with_the_reason(name: str, what: str) -> None:
    with pytest.raises(WrongUsage, match="cannot look at this image: .{20}"):
        detect(name, _image(BAD[what]), **_needed(name))


@pytest.mark.parametrize("what", QUIET)
@pytest.mark.parametrize("name", SEARCHING)
def test_where_there_is_nothing_nothing_is_found(name: str, what: str) -> None:
    assert detect(name, _image(QUIET[what])) == ()


@pytest.mark.parametrize("what", QUIET | ODD)
@pytest.mark.parametrize("name", JUDGING)
def test_what_cannot_be_computed_never_passes_in_silence(name: str, what: str) -> None:
    try:
        found = detect(name, _image((QUIET | ODD)[what]), **_needed(name))
    except WrongUsage as error:
        assert len(str(error)) > 30
        return
    assert found and all(finding.label for finding in found)


@pytest.mark.parametrize("name", [name for name, entry in DETECTORS.items() if entry.required])
def test_what_a_detector_cannot_do_without_is_asked_for(name: str) -> None:
    for option in DETECTORS[name].required:
        with pytest.raises(WrongUsage, match=f"'{name}' needs the option '{option}'"):
            detect(name, good_parts.part(1))


def test_no_plan_runs_a_detector_that_needs_more_than_a_picture() -> None:
    for industry in INDUSTRIES.values():
        assert set(industry.plan.detectors) <= set(SEARCHING)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rises", [True, False, None])
@pytest.mark.parametrize("what", QUIET | ODD)
@pytest.mark.parametrize("name", DETECTORS)
def test_the_input_stays_as_it_is_and_nothing_complains(name: str, what: str, rises: bool | None) -> None:
    pixels = (QUIET | ODD)[what]
    given = Image(pixels.copy(), bits=16, meaning="raw", rises_with_dose=rises)
    given.pixels.flags.writeable = False
    with contextlib.suppress(WrongUsage):
        detect(name, given, **_needed(name))
    assert given.pixels.tobytes() == pixels.tobytes()


def _picture(name: str) -> Image:
    if name == "opacity":
        return radiographs.bag(spacing_mm=1.0)[0]
    pores = radiographs.with_pores(3, contrast=12)[0]
    return radiographs.image(pores.pixels, spacing=Spacing(0.1, 0.1, "detector"))


@pytest.mark.parametrize("name", SEARCHING)
def test_findings_are_plain_named_boxed_inside_the_image_and_strongest_first(name: str) -> None:
    image = _picture(name)
    findings = detect(name, image)
    assert findings
    json.dumps([finding.as_json() for finding in findings], allow_nan=False)
    assert len({finding.id for finding in findings}) == len(findings)
    for finding in findings:
        assert (finding.by.kind, finding.by.name) == ("algorithm", name) and finding.by.version
        assert finding.code and finding.label
        assert 0 <= finding.score <= 1
        box = finding.box
        assert box.row >= 0 and box.column >= 0 and box.height >= 1 and box.width >= 1
        assert box.row + box.height <= image.rows and box.column + box.width <= image.columns
        assert len(finding.polygon) >= 1
        assert {"width_mm", "area_mm2"} <= finding.measurements.keys()
        rows, columns = zip(*finding.polygon, strict=True)
        assert box.row <= min(rows) and max(rows) <= box.row + box.height
        assert box.column <= min(columns) and max(columns) <= box.column + box.width


@pytest.mark.parametrize("name", SEARCHING)
def test_without_a_scale_nothing_is_given_in_mm(name: str) -> None:
    image = _picture(name)
    findings = detect(name, Image(image.pixels, bits=16, meaning="raw", rises_with_dose=True))
    assert findings
    assert not [key for finding in findings for key in finding.measurements if "mm" in key]


@pytest.mark.parametrize("name", DETECTORS)
def test_unknown_options_planes_and_detectors_are_refused(name: str) -> None:
    image = _image(QUIET["noise"])
    with pytest.raises(WrongUsage, match=DETECTORS[name].option_names[0]):
        detect(name, image, colour="red")
    if "plane" in DETECTORS[name].option_names:
        with pytest.raises(WrongUsage, match="plane 1 does not exist: the image has 1"):
            detect(name, image, plane=1, **_needed(name))
    with pytest.raises(WrongUsage, match="small_flaws, opacity"):
        detect("everything", image)


def test_every_option_of_the_table_is_taken_by_a_detector() -> None:
    assert {name for entry in DETECTORS.values() for name in entry.option_names} == set(OPTIONS)
