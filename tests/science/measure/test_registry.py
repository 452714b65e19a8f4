"""Every measurement of the registry: bad input gives a reason, the input stays as it is, the result is plain JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

import radiographs
from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image
from kerma.science.measure import MEASURES, OPTIONS, run
from kerma.science.results import Measurement, NotMeasurable

RESULT = (Measurement, NotMeasurable)
NOISE = np.random.default_rng(5)
BAD = {
    "one dimension": np.zeros(10, np.uint16),
    "two dimensions": np.zeros((10, 10), np.uint16),
    "no planes": np.zeros((0, 10, 10), np.uint16),
    "no rows": np.zeros((1, 0, 10), np.uint16),
    "colour": np.zeros((1, 10, 10, 3), np.uint8),
    "only not a number": np.full((1, 40, 80), np.nan, np.float32),
}
ODD = {
    "one pixel": np.full((1, 1, 1), 7, np.uint16),
    "constant": np.full((1, 64, 64), 100, np.uint16),
    "signed": NOISE.normal(-100, 5, (1, 40, 80)).astype(np.int16),
    "some not a number": np.where(NOISE.random((1, 40, 80)) < 0.1, np.nan, NOISE.normal(9, 1, (1, 40, 80))),
    "infinite": np.where(NOISE.random((1, 40, 80)) < 0.1, np.inf, NOISE.normal(9, 1, (1, 40, 80))),
    "32 bit": NOISE.poisson(3e8, (1, 40, 80)).astype(np.uint32),
    "three planes": NOISE.poisson(500, (3, 40, 80)).astype(np.uint16),
    "noise": NOISE.poisson(500, (1, 40, 120)).astype(np.uint16),
}
ON_PIXELS = [name for name, entry in MEASURES.items() if entry.needs_pixels]


def _image(pixels: np.ndarray) -> Image:
    return Image(pixels, bits=16, meaning="raw", rises_with_dose=True)


def _run_on(name: str, image: Image, **options: object) -> Measurement | NotMeasurable:
    """Give a measurement the same image as often as it needs one."""
    return run(name, *[image] * len(MEASURES[name].image_names), **options)


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("name", ON_PIXELS)
def test_what_holds_no_grey_values_is_not_measurable_and_says_why(name: str, what: str) -> None:
    result = _run_on(name, _image(BAD[what]))
    assert isinstance(result, NotMeasurable)
    assert len(result.reason) > 20


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("name", MEASURES)
def test_odd_input_gives_a_result_in_plain_json_and_stays_as_it_is(name: str, what: str) -> None:
    given = _image(ODD[what].copy())
    result = _run_on(name, given)
    assert given.pixels.tobytes() == ODD[what].tobytes()
    plain = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert {"name", "version", "inputs", "values", "source", "warnings"} <= plain.keys()
    assert plain["name"] == name
    assert bool(plain["values"]) == isinstance(result, Measurement)


@pytest.mark.parametrize("name", ON_PIXELS)
def test_a_read_only_image_can_be_measured(name: str) -> None:
    pixels = ODD["noise"].copy()
    pixels.flags.writeable = False
    assert isinstance(_run_on(name, _image(pixels)), RESULT)


@pytest.mark.parametrize("name", MEASURES)
def test_an_option_that_does_not_exist_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(WrongUsage, match=MEASURES[name].options[0].name):
        _run_on(name, _image(ODD["noise"]), colour="red")


def test_a_measurement_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(WrongUsage, match="statistics"):
        run("sharpness", _image(ODD["noise"]))


def test_a_plane_that_does_not_exist_is_refused() -> None:
    with pytest.raises(WrongUsage, match="plane 3 does not exist: the image has 3"):
        run("statistics", _image(ODD["three planes"]), plane=3)


@pytest.mark.parametrize(
    ("option", "text"),
    [("region", "1,2,3"), ("region", "a,b,c,d"), ("plane", "-1"), ("plane", "0.5"), ("srb_um", "0"),
     ("srb_um", "nan"), ("srb_um", "inf"), ("start", "5"), ("width_px", "many")],
)  # fmt: skip
def test_text_that_is_no_such_option_is_refused_with_what_it_must_be(option: str, text: str) -> None:
    name = next(name for name, entry in MEASURES.items() if option in entry.option_names)
    with pytest.raises(WrongUsage, match="must be"):
        _run_on(name, _image(ODD["noise"]), **{option: text})


@pytest.mark.parametrize("region", ["0,0,41,10", "0,0,10,121", "-1,0,5,5", "0,0,0,5"])
def test_a_region_outside_the_image_is_refused(region: str) -> None:
    with pytest.raises(WrongUsage, match="does not lie in the image of 40 rows and 120 columns"):
        run("statistics", _image(ODD["noise"]), region=region)


def test_every_option_of_the_table_is_taken_by_a_measurement() -> None:
    assert {option.name for entry in MEASURES.values() for option in entry.options} == set(OPTIONS)


def test_a_given_spacing_stands_in_place_of_the_images_own() -> None:
    given = run("line_profile", _image(ODD["noise"]), spacing_mm="0.05")
    assert isinstance(given, Measurement)
    assert given.values["distance_mm"][1] == pytest.approx(0.05)
    assert (given.inputs["spacing_mm"], given.inputs["spacing_origin"]) == (0.05, "given")


def test_options_as_text_and_as_values_give_the_same() -> None:
    given = radiographs.flat(1)
    as_text = run("snr", given, region="10,20,40,110", plane="0")
    as_values = run("snr", given, region=(10, 20, 40, 110), plane=0)
    assert as_text == as_values
