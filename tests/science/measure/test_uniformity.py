from __future__ import annotations

import numpy as np
import pytest

import detectors
from kerma.science.measure import run
from kerma.science.results import NotMeasurable


def _flat(seed: int = 1, noise: float = 50.0, shape: tuple[int, int] = (480, 600)) -> np.ndarray:
    return 10_000 + np.random.default_rng(seed).normal(0, noise, shape)


def test_planted_shading_is_found_globally_and_as_a_surface_and_makes_no_local_step() -> None:
    pixels = _flat() * (1 + 0.05 * np.linspace(-1, 1, 600))
    values = run("uniformity", detectors.image(pixels), block_px=40).values
    # 15 blocks across: their middles span 14/15 of the slope.
    assert values["global_percent"] == pytest.approx(10 * 14 / 15, abs=0.1)
    assert values["shading_percent"] == pytest.approx(10 * 14 / 15, abs=0.1)
    assert values["local_percent"] < 0.1


def test_a_planted_block_is_a_local_step_in_its_place() -> None:
    pixels = _flat()
    pixels[200:240, 320:360] *= 1.02
    values = run("uniformity", detectors.image(pixels), block_px=40).values
    assert values["local_percent"] == pytest.approx(2, abs=0.05)
    assert (values["local_worst_row_px"], values["local_worst_column_px"]) == (220, 340)
    assert values["shading_percent"] < 0.3


def test_noise_and_signal_to_noise_are_those_planted_even_under_shading() -> None:
    pixels = _flat() + np.linspace(-1500, 1500, 600)
    values = run("uniformity", detectors.image(pixels), block_px=40).values
    assert values["noise_percent"] == pytest.approx(100 * 50 / 40 / 10_000, rel=0.03)
    assert values["snr_min"] == pytest.approx(8600 / 50, rel=0.08)
    assert values["snr_max"] == pytest.approx(11_400 / 50, rel=0.08)


def test_gain_changes_nothing() -> None:
    pixels = _flat() * (1 + 0.05 * np.linspace(-1, 1, 600))
    first, second = (run("uniformity", detectors.image(gain * pixels)).values for gain in (1.0, 3.0))
    for key in ("global_percent", "integral_percent", "local_percent", "shading_percent", "snr_min"):
        assert second[key] == pytest.approx(first[key], rel=1e-9)


def test_a_perfect_field_is_uniform_and_has_no_signal_to_noise_ratio() -> None:
    values = run("uniformity", detectors.image(np.full((60, 60), 7.0))).values
    assert (values["global_percent"], values["integral_percent"], values["local_percent"]) == (0, 100, 0)
    assert values["snr_min"] is None


def test_blocks_without_data_are_passed_over() -> None:
    pixels = np.rint(_flat())
    pixels[:, 300:] = 0
    values = run("uniformity", detectors.image(pixels, padding_value=0.0), block_px=40).values
    assert values["global_percent"] < 0.1
    assert values["blocks"] == 12 * 8


@pytest.mark.parametrize(
    ("pixels", "options", "words"),
    [(np.ones((40, 40)), {"block_px": 2}, "3 blocks"), (np.ones((40, 40)), {"block_px": 20}, "3 blocks"),
     (np.zeros((40, 40)), {}, "above 0"), (np.full((40, 40), np.nan), {}, "carry data")],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(pixels: np.ndarray, options: dict, words: str) -> None:
    result = run("uniformity", detectors.image(pixels), **options)
    assert isinstance(result, NotMeasurable) and words in result.reason
