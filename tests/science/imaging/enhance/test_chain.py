"""The enhancement chain: what it refuses and how, its one way of being written, its order, its picture."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.imaging import enhance
from kerma.science.imaging.enhance import STANDARD, Chain, parse, run, switched_on
from kerma.science.imaging.enhance.chain import STEPS_MOST, _number
from kerma.science.imaging.greyscale import display
from kerma.science.imaging.image import GreyScale, Image, Lut, Window

GAMMA = {"name": "gamma", "version": 1, "parameters": {"gamma": 0.5, "low": 100.0, "high": 50_000.0}}
MEDIAN = {"name": "median", "version": 1, "parameters": {"window_px": "5"}}


def image(**grey: Any) -> Image:
    random = np.random.default_rng(7)
    values = random.integers(200, 50_000, (2, 60, 80)).astype(np.uint16)
    return Image(values, 16, grey=GreyScale(**grey))


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("[]", "is an object with steps"),
        ("{", "is no JSON"),
        ("[" * 19_000, "is no JSON"),
        (" " * 20_001, "at most 20000 characters"),
        ({"version": 2}, "knows version 1"),
        ({"version": True}, "knows version 1"),
        ({"step": []}, "has no 'step'"),
        ({"steps": {}}, "is a list"),
        ({"steps": ["gamma"]}, "has name, version and parameters"),
        ({"steps": [{"name": "gama"}]}, "there is no enhancement 'gama'; there are gamma"),
        ({"steps": [{"name": ["gamma"]}]}, "there is no enhancement"),
        ({"steps": [GAMMA | {"version": 9}]}, "no version 9; this program knows 1"),
        ({"steps": [GAMMA | {"extra": 1}]}, "has name, version and parameters"),
        ({"steps": [GAMMA | {"parameters": []}]}, "an object of its settings"),
        ({"steps": [GAMMA | {"parameters": {"gama": 1}}]}, "has no setting 'gama'; it has gamma, low, high"),
        ({"steps": [GAMMA | {"parameters": {"gamma": 1}}]}, "needs 'low'"),
        ({"steps": [GAMMA | {"parameters": {**GAMMA["parameters"], "gamma": 11}}]}, "from 0.1 up to 10, not 11"),
        ({"steps": [GAMMA | {"parameters": {**GAMMA["parameters"], "gamma": True}}]}, "not True"),
        ({"steps": [GAMMA | {"parameters": {**GAMMA["parameters"], "gamma": "2"}}]}, "not '2'"),
        ({"steps": [GAMMA | {"parameters": {**GAMMA["parameters"], "low": float("nan")}}]}, "must be a number"),
        ({"steps": [GAMMA | {"parameters": {**GAMMA["parameters"], "low": 10**400}}]}, "must be a number"),
        ({"steps": [GAMMA | {"parameters": {**GAMMA["parameters"], "low": 60_000}}]}, "'low' below 'high'"),
        ({"steps": [MEDIAN | {"parameters": {"window_px": "7"}}]}, "3 or 5"),
        ({"steps": [GAMMA] * (STEPS_MOST + 1)}, f"at most {STEPS_MOST} steps"),
        ({"negative": 1}, "true or false"),
        ({"colours": "rainbow"}, "there are no colours 'rainbow'; there are grey"),
        ({"colours": ["grey"]}, "there are no colours"),
        ({"window": [1, 2]}, "has center, width and function"),
        ({"window": {"center": 1, "width": 0}}, "shows nothing"),
        ({"window": {"center": 1, "width": 0.5, "function": "LINEAR"}}, "shows nothing"),
        ({"window": {"center": float("inf"), "width": 1}}, "are numbers"),
        ({"window": {"center": 1, "width": True}}, "are numbers"),
        ({"window": {"center": 1, "width": 2, "function": "CUBIC"}}, "one of LINEAR"),
    ],
)
def test_a_chain_that_is_none_is_refused_and_says_what_can_be(document: Any, told: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        parse(document)
    assert told in str(refused.value)
    assert len(str(refused.value)) < 900


def test_what_gives_colours_ends_a_chain() -> None:
    step = enhance.step_of("density_highlight")
    highlight = {"name": step.name, "parameters": switched_on(step, enhance.statistics(image()))}
    assert len(parse({"steps": [MEDIAN, highlight]}).steps) == 2
    for document in ({"steps": [highlight, MEDIAN]}, {"steps": [highlight], "colours": "hot-iron"}):
        with pytest.raises(WrongUsage, match="colours"):
            parse(document)


def test_one_document_has_one_digest_however_it_is_written() -> None:
    chain = parse({"steps": [GAMMA, MEDIAN], "window": {"center": 5, "width": 7}, "negative": True})
    assert parse(chain.canonical()) == parse(chain.as_json()) == chain
    whole = json.loads(json.dumps(chain.as_json(), indent=4), parse_int=float)
    assert parse(whole).digest() == chain.digest()
    defaulted = {"steps": [{"name": "median"}]}
    full = {"version": 1, "steps": [MEDIAN | {"parameters": {"window_px": "3"}}], "window": None, "colours": "grey"}
    assert parse(defaulted).digest() == parse(full).digest()
    others = [STANDARD, parse({"steps": [MEDIAN, GAMMA]}), parse({"steps": [GAMMA, MEDIAN]}), chain]
    assert len({each.digest() for each in others}) == 4


def test_the_digest_of_a_chain_never_changes() -> None:
    """Decisions of years ago name it."""
    chain = parse({"steps": [GAMMA, MEDIAN], "window": {"center": 0.1, "width": 1e-7, "function": "SIGMOID"}})
    assert chain.canonical() == (
        '{"colours":"grey","negative":false,"steps":[{"name":"gamma","parameters":{"gamma":0.5,"high":50000,"low":100},'
        '"version":1},{"name":"median","parameters":{"window_px":"5"},"version":1}],"version":1,'
        '"window":{"center":0.1,"function":"SIGMOID","width":1e-7}}'
    )
    assert STANDARD.digest() == "e2de3369d79b658bbee062cfff2135cffd0904ec2c34f3b63c14f90ef58d7a28"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_is_the_number_read(value: float) -> None:
    text = _number(value)
    assert float(text) == value
    assert float(json.loads(text)) == value


def test_the_standard_image_is_the_image() -> None:
    lut = Lut(np.arange(0, 65_536, 256, dtype=np.uint16), 0, 16)
    for grey in ({}, {"is_inverse": True}, {"windows": (Window(20_000, 9_000),)}, {"slope": -0.5, "intercept": 900.0},
                 {"voi_luts": (lut,)}):  # fmt: skip
        for plane in (0, 1):
            shown = run(image(**grey), plane, STANDARD)
            assert np.array_equal(shown, display(image(**grey), plane))


def test_a_step_that_does_nothing_shows_the_standard_image() -> None:
    """The long way through 32-bit reals ends at the same levels as the table of the standard image."""
    none = {"finest_px": 1.0, "fine_gain": 0.0, "small_gain": 0.0, "medium_gain": 0.0, "large_gain": 0.0}
    chain = parse({"steps": [{"name": "unsharp", "parameters": none}]})
    for grey in ({}, {"is_inverse": True}, {"windows": (Window(20_000, 9_000, "SIGMOID"),)}):
        assert np.array_equal(run(image(**grey), 1, chain), display(image(**grey), 1))


def test_negative_is_an_involution_and_a_step_of_its_own() -> None:
    for grey in ({}, {"is_inverse": True}):
        for steps in ([], [GAMMA]):
            shown = run(image(**grey), 0, parse({"steps": steps}))
            negative = run(image(**grey), 0, parse({"steps": steps, "negative": True}))
            assert np.array_equal(255 - negative, shown)


def test_colours_are_laid_over_the_grey_that_is_shown() -> None:
    shown = run(image(), 0, parse({"steps": [GAMMA], "negative": True}))
    coloured = run(image(), 0, parse({"steps": [GAMMA], "negative": True, "colours": "hot-iron"}))
    assert coloured.shape == (*shown.shape, 3)
    assert len(np.unique(coloured.reshape(-1, 3), axis=0)) <= len(np.unique(shown))
    first = shown == shown[0, 0]
    assert (coloured[first] == coloured[0, 0]).all()


def test_the_order_of_a_chain_is_kept_and_matters() -> None:
    found = enhance.statistics(image())
    clahe, unsharp = (
        {"name": name, "parameters": switched_on(enhance.step_of(name), found)} for name in ("clahe", "unsharp")
    )
    one, other = parse({"steps": [clahe, unsharp]}), parse({"steps": [unsharp, clahe]})
    assert [step.step.name for step in one.steps] == ["clahe", "unsharp"]
    assert not np.array_equal(run(image(), 0, one), run(image(), 0, other))
    whole = run(image(), 0, Chain(one.steps[:1]))
    assert not np.array_equal(whole, run(image(), 0, one))


def test_padding_counts_for_nothing_but_itself() -> None:
    values = image().pixels.copy()
    values[:, :, :30] = 0
    padded = Image(values, 16, padding_value=0)
    found = enhance.statistics(padded)
    assert found.min >= 200
    assert enhance.statistics(Image(values, 16)).min == 0
    p = switched_on(enhance.step_of("flatten"), found, {"sigma_px": 8.0})
    chain = parse({"steps": [{"name": "flatten", "parameters": p}]})
    beside = run(padded, 0, chain)[:, 40:]
    bare = run(Image(np.ascontiguousarray(values[:, :, 30:]), 16), 0, chain)[:, 10:]
    assert np.abs(beside.astype(int) - bare).max() < 30


def test_pixels_that_are_no_numbers_stay_black_and_do_not_spread() -> None:
    values = image().pixels.astype(np.float32)
    values[0, 10:14, 10:14] = np.nan
    p = switched_on(enhance.step_of("unsharp"), enhance.statistics(Image(values, 16)))
    shown = run(Image(values, 16), 0, parse({"steps": [{"name": "unsharp", "parameters": p}]}))
    assert np.ptp(shown[30:, 30:]) > 100
    assert np.ptp(shown[5:9, 5:40]) > 50


@pytest.mark.parametrize("step", enhance.latest(), ids=lambda step: step.name)
def test_every_step_says_what_it_is(step: enhance.Step) -> None:
    row = step.as_json()
    assert row["purpose"].endswith(".")
    assert len(row["label"]) < 40
    for setting in step.settings:
        assert setting.least is None or setting.most is None or setting.least < setting.most
        if setting.default is not None:
            assert setting.checked(setting.default, step.name) == setting.default
    if step.planes == "one":
        for is_inverse in (False, True):
            found = switched_on(step, enhance.statistics(image(is_inverse=is_inverse)))
            assert set(found) == {setting.name for setting in step.settings}


def test_nothing_heavy_is_imported_to_read_a_chain() -> None:
    program = "import sys; from kerma.science.imaging.enhance import parse; parse('{}'); print('cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
