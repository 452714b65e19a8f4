from __future__ import annotations

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.errors import WrongUsage
from kerma.science.measure import run
from kerma.science.results import NotMeasurable

STEPS = "0,0,40,40=8;0,360,40,40=14"
REGION = "60,60,200,280"


@pytest.mark.parametrize("depth", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("snr", [80, 300])
def test_depth_is_read_within_its_uncertainty(depth: float, snr: float) -> None:
    if depth * snr < 80:
        return
    result = run("corrosion_depth", pictures.image(pictures.pit(depth, snr=snr)), region=REGION, steps=STEPS)
    error = result.uncertainties["depth_mm"]
    # The top of a parabola over a quarter of the pit; 2 % for what the background leaves.
    assert result.values["depth_mm"] == pytest.approx(depth, abs=3 * error + 0.02 * depth)
    assert result.values["row_px"] == pytest.approx(150, abs=12)
    # Half depth lies at radius / sqrt 2: 42.4 px wide.
    assert result.values["width_mm"] == pytest.approx(4.24, abs=0.6)


def test_depth_has_no_bias() -> None:
    given = [pictures.image(pictures.pit(1.5, seed=seed)) for seed in range(10)]
    depths = [run("corrosion_depth", each, region=REGION, steps=STEPS).values["depth_mm"] for each in given]
    assert np.mean(depths) == pytest.approx(1.5, abs=0.03)


def test_attenuation_and_steps_agree() -> None:
    given = pictures.image(pictures.pit(2.0))
    known = run("corrosion_depth", given, region=REGION, attenuation_1_cm=0.5)
    stepped = run("corrosion_depth", given, region=REGION, steps=STEPS)
    assert known.values["depth_mm"] == pytest.approx(stepped.values["depth_mm"], rel=0.01)


def test_a_background_may_be_given() -> None:
    row, column = np.indices((200, 300))
    thick = np.where((np.abs(row - 100) < 20) & (np.abs(column - 150) < 30), 9.0, 12.0)
    grey = pictures.noisy(40000 * np.exp(-0.05 * thick), 200)
    result = run(
        "corrosion_depth", pictures.image(grey), region="40,60,120,200", background="10,10,25,250", attenuation_1_cm=0.5
    )
    assert result.values["depth_mm"] == pytest.approx(3.0, abs=0.05)
    assert result.values["height_px"] == pytest.approx(39, abs=2)
    assert result.values["volume_mm3"] == pytest.approx(39 * 59 * 0.01 * 3.0, rel=0.03)


def test_beyond_the_steps_is_told() -> None:
    result = run("corrosion_depth", pictures.image(pictures.pit(6.0)), region=REGION, steps=STEPS)
    assert any("extrapolated" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "region="), ({"region": REGION}, "attenuation_1_cm"), ({"region": REGION, "steps": "0,0,9,9=8"}, "two"),
     ({"region": REGION, "steps": "0,0,40,40=14;0,360,40,40=8"}, "less signal"),
     ({"region": "0,0,9,9", "steps": STEPS}, "smaller")],
)  # fmt: skip
def test_what_cannot_be_measured_says_why(options: dict[str, object], words: str) -> None:
    result = run("corrosion_depth", pictures.image(pictures.pit(2.0)), **options)
    assert isinstance(result, NotMeasurable) and words in result.reason


@pytest.mark.parametrize("seed", range(6))
def test_a_sound_wall_has_no_pit(seed: int) -> None:
    result = run("corrosion_depth", pictures.image(pictures.pit(0.0, seed=seed)), region=REGION, steps=STEPS)
    assert isinstance(result, NotMeasurable)


def test_steps_that_are_none_are_refused() -> None:
    with pytest.raises(WrongUsage, match="steps are written"):
        run("corrosion_depth", pictures.image(pictures.pit(2.0)), region=REGION, steps="1,2,3=4")
