"""Laws of the enhancement steps of one plane: what a constant, a stronger beam, a border and a mean must come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.science.imaging import clahe as clahe_alone
from kerma.science.imaging import enhance, median, multi_scale
from kerma.science.imaging.enhance import Level, Step, switched_on
from kerma.science.imaging.enhance.smoothing import smoothed, taps
from kerma.science.imaging.enhance.step import Floats
from kerma.science.imaging.image import Image

OWN = (
    "gamma", "log", "high_penetration", "low_penetration", "variable_absorption", "clahe", "super_enhance", "flatten",
    "unsharp", "band_pass", "edge", "emboss", "bilateral", "median", "density_highlight",
)  # fmt: skip
STEPS = [enhance.step_of(name) for name in OWN]
TONE = [step for step in STEPS if step.kind == "tone"]
OVER_ATTENUATION = [step for step in TONE if step.name != "gamma"]
IDS = {"ids": lambda step: step.name}


def scene(rows: int = 90, columns: int = 120, seed: int = 2) -> Floats:
    """A wedge with noise, a hole and a step."""
    random = np.random.default_rng(seed)
    values = np.tile(np.linspace(4_000, 50_000, columns), (rows, 1)) + random.normal(0, 300, (rows, columns))
    values[30:45, 40:60] *= 0.7
    values[60:, 80:] += 9_000
    return values.round().clip(1, 65_535).astype(np.float32)


def run(step: Step, values: Floats, p: dict[str, Any], scale: float = 1.0) -> Floats:
    table = step.table(values, p, scale) if step.table else None
    return step.run((values,), p, Level(scale, table))


def usual(step: Step, values: Floats, **chosen: Any) -> dict[str, Any]:
    return switched_on(step, enhance.statistics(Image(values[None].astype(np.uint16), 16)), chosen)


@pytest.mark.parametrize("step", STEPS, **IDS)
def test_a_constant_picture_stays_constant_and_the_input_untouched(step: Step) -> None:
    values = scene()
    before = values.copy()
    p = usual(step, values)
    run(step, values, p)
    assert np.array_equal(values, before)
    flat = np.full((40, 50), 20_000, np.float32)
    found = run(step, flat, p)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.ptp(found.reshape(-1, found.shape[2] if found.ndim == 3 else 1), axis=0).max() <= 0.01
    assert found.shape[:2] == flat.shape


@pytest.mark.parametrize("step", TONE, **IDS)
def test_a_tone_curve_never_falls_and_knows_no_neighbours(step: Step) -> None:
    p = usual(step, scene())
    ramp = np.linspace(-500, 70_000, 20_000, dtype=np.float32)[None]
    found = run(step, ramp, p)
    assert (np.diff(found[0]) >= -0.01).all()
    assert np.ptp(found) > 1_000
    shuffled = np.random.default_rng(1).permutation(ramp.ravel())[None]
    assert np.array_equal(np.sort(run(step, shuffled, p)), np.sort(found))


@pytest.mark.parametrize("step", OVER_ATTENUATION, **IDS)
def test_a_stronger_beam_changes_nothing_over_attenuation(step: Step) -> None:
    values = scene()
    p = usual(step, values)
    stronger = {**p, "blank": p["blank"] * 3, "dark": p["dark"] * 3}
    assert np.allclose(run(step, values * 3, stronger), 3 * run(step, values, p), rtol=1e-4, atol=0.5)


@pytest.mark.parametrize("step", OVER_ATTENUATION, **IDS)
def test_attenuation_runs_from_blank_to_dark(step: Step) -> None:
    p = usual(step, scene()) | {"center_attenuation": 1.0, "width_attenuation": 2.0}
    p = {name: p[name] for name in (setting.name for setting in step.settings)}
    ends = run(step, np.array([[p["blank"], 1e-3]], np.float32), p)
    assert ends[0] == pytest.approx([p["blank"], p["dark"]], rel=1e-5)


def test_equal_layers_make_equal_steps_in_the_log() -> None:
    step = enhance.step_of("log")
    layers = (40_000 * 0.7 ** np.arange(8, dtype=np.float32))[None]
    found = run(step, layers, {"blank": 40_000.0, "dark": 0.0, "deepest_attenuation": 4.0})
    assert np.diff(found[0]) == pytest.approx(np.full(7, np.log(0.7) / 4 * 40_000), rel=1e-4)


def test_high_and_low_penetration_give_their_part_most_of_the_scale() -> None:
    values = (50_000 * np.exp(-np.linspace(0, 5, 1_001)))[None].astype(np.float32)
    common = {"blank": 50_000.0, "dark": 0.0, "rest_share": 0.1}
    high = run(enhance.step_of("high_penetration"), values, common | {"from_attenuation": 3.0, "to_attenuation": 5.0})
    low = run(enhance.step_of("low_penetration"), values, common | {"to_attenuation": 2.0, "deepest_attenuation": 5.0})
    assert high[0, 600] - high[0, 1_000] == pytest.approx(0.9 * 50_000, rel=1e-3)
    assert low[0, 0] - low[0, 400] == pytest.approx(0.9 * 50_000, rel=1e-3)


@pytest.mark.parametrize("name", ["unsharp", "band_pass", "edge", "emboss", "bilateral", "median"])
def test_beyond_the_border_the_nearest_pixel_goes_on(name: str) -> None:
    step = enhance.step_of(name)
    values = scene()
    # One stage of neighbours only: of several, each goes on with its own nearest pixel.
    one_stage = {
        "unsharp": {"finest_px": 1.5, "large_gain": 0.0}, "band_pass": {"coarse_px": 5.0},
        "edge": {"sigma_px": 0.0}, "emboss": {"sigma_px": 0.0},
    }  # fmt: skip
    p = usual(step, values, **one_stage.get(name, {}))
    wider = np.pad(values, 64, mode="edge")
    assert np.allclose(run(step, wider, p)[64:-64, 64:-64], run(step, values, p), atol=0.1)


@pytest.mark.parametrize("name", ["unsharp", "edge", "emboss", "band_pass", "bilateral", "median", "flatten"])
def test_turning_the_picture_turns_the_result(name: str) -> None:
    step = enhance.step_of(name)
    values = scene(96, 128)
    p = usual(step, values)
    turned = {**p, "direction_deg": p["direction_deg"] + 90} if name == "emboss" else p
    found = run(step, np.ascontiguousarray(np.rot90(values)), turned)
    assert np.allclose(found, np.rot90(run(step, values, p)), atol=0.1)


@pytest.mark.parametrize("sigma_px", [0.3, 1.0, 5.9, 6.1, 12.1, 20.0, 50.0])
def test_smoothing_keeps_the_mean_and_is_nearly_the_true_gaussian(sigma_px: float) -> None:
    values = np.zeros((512, 512), np.float32)
    values[200:312, 180:330] = np.random.default_rng(3).uniform(0, 100, (112, 150))
    found = smoothed(values, sigma_px)
    assert found.mean() == pytest.approx(values.mean(), rel=1e-3)
    true = multi_scale.gaussian(values, sigma_px=sigma_px)
    tolerance = 1e-5 if sigma_px <= 6 else 0.006
    assert np.abs(found - true).max() <= tolerance * 100
    assert np.abs(found[::-1, ::-1] - smoothed(np.ascontiguousarray(values[::-1, ::-1]), sigma_px)).max() < 0.01


def test_smoothing_leaves_a_ramp_a_ramp() -> None:
    ramp = np.tile(np.arange(400, dtype=np.float32) * 10, (128, 1))
    for sigma_px in (1.0, 7.0, 13.0):
        inner = slice(100, 300)
        assert np.allclose(smoothed(ramp, sigma_px)[:, inner], ramp[:, inner], atol=0.01)


def test_no_smoothing_at_all_changes_nothing() -> None:
    assert taps(0.0).tolist() == [1.0]
    values = scene()
    assert np.array_equal(smoothed(values, 0.0), values)


def test_local_contrast_is_the_clahe_there_is() -> None:
    values = scene(200, 240)
    step = enhance.step_of("clahe")
    p = {"tiles": 5, "clip_limit": 3.0, "low": float(values.min()), "high": float(values.max())}
    expected = clahe_alone.clahe(values, tiles=(5, 5), clip_limit=3.0, grey_range=(p["low"], p["high"]))
    assert np.allclose(run(step, values, p), expected, atol=0.02)


def test_pixels_without_data_count_neither_for_contrast_nor_for_background() -> None:
    values = scene(120, 160)
    gaps = values.copy()
    gaps[:, 100:] = np.nan
    for name in ("clahe", "flatten"):
        step = enhance.step_of(name)
        p = usual(step, values)
        assert step.table is not None
        table = step.table(gaps, p, 1.0)
        assert np.isfinite(table).all()
        loud = np.where(np.isnan(gaps), 65_535, values).astype(np.float32)
        assert not np.array_equal(step.table(loud, p, 1.0), table)
    alone = enhance.step_of("flatten")
    p = usual(alone, values, sigma_px=12.0)
    assert alone.table is not None
    cut = alone.run((values,), p, Level(1.0, alone.table(gaps, p, 1.0)))[:, :40]
    assert np.allclose(cut, run(alone, np.ascontiguousarray(values[:, :100]), p)[:, :40], rtol=1e-3)


def test_a_flat_background_is_brought_to_its_level_and_faults_stay() -> None:
    step = enhance.step_of("flatten")
    row, column = np.mgrid[:300, :400]
    background = 20_000 + 40 * column + 30 * row
    fault = np.where((abs(row - 150) < 4) & (abs(column - 200) < 4), 0.95, 1.0)
    for mode, tolerance in (("divide", 0.02), ("subtract", 0.03)):
        p = {"mode": mode, "sigma_px": 30.0, "level": 30_000.0}
        found = run(step, (background * fault).astype(np.float32), p)[60:-60, 60:-60]
        clean = found[~((abs(row - 150) < 8) & (abs(column - 200) < 8))[60:-60, 60:-60]]
        assert np.abs(clean / 30_000 - 1).max() < tolerance
        assert found.min() < 0.97 * clean.min()


def test_sharpening_with_no_gain_changes_nothing_and_gains_add_up() -> None:
    step = enhance.step_of("unsharp")
    values = scene()
    none = {"finest_px": 1.0, "fine_gain": 0.0, "small_gain": 0.0, "medium_gain": 0.0, "large_gain": 0.0}
    assert np.array_equal(run(step, values, none), values)
    one = run(step, values, none | {"fine_gain": 1.0}) - values
    other = run(step, values, none | {"large_gain": 0.5}) - values
    both = run(step, values, none | {"fine_gain": 1.0, "large_gain": 0.5}) - values
    assert np.allclose(both, one + other, atol=0.1)
    blur = run(step, values, none | dict.fromkeys(("fine_gain", "small_gain", "medium_gain", "large_gain"), -1.0))
    assert np.allclose(blur, smoothed(values, 8.0), atol=0.1)


def test_an_edge_of_a_ramp_is_its_slope_in_every_direction_and_at_every_scale() -> None:
    step, relief = enhance.step_of("edge"), enhance.step_of("emboss")
    row, column = np.mgrid[:80, :80].astype(np.float32)
    for angle_deg in (0, 30, 45, 90, 200):
        right, down = np.cos(np.radians(angle_deg)), -np.sin(np.radians(angle_deg))
        for scale in (1, 2):
            ramp = (20 * scale * (right * column + down * row)).astype(np.float32)
            p = {"keep_share": 0.0, "amount_px": 3.0, "sigma_px": 1.0, "dark": 100.0}
            assert run(step, ramp, p, scale)[30:50, 30:50] == pytest.approx(160, rel=1e-3)
            p = {"keep_share": 0.0, "amount_px": 3.0, "sigma_px": 1.0, "middle": 100.0, "direction_deg": angle_deg}
            assert run(relief, ramp, p, scale)[30:50, 30:50] == pytest.approx(160, rel=1e-3)
            back = run(relief, ramp, p | {"direction_deg": angle_deg + 180.0}, scale)
            assert back[30:50, 30:50] == pytest.approx(40, rel=1e-2)


def test_noise_reduction_smooths_noise_keeps_the_mean_and_the_edge() -> None:
    random = np.random.default_rng(5)
    values = np.where(np.arange(200) < 100, 10_000, 30_000) + random.normal(0, 200, (120, 200))
    values = values.astype(np.float32)
    found = run(enhance.step_of("bilateral"), values, {"sigma_px": 2.0, "sigma_value": 1_500.0})
    for half in (slice(0, 90), slice(110, 200)):
        assert found[:, half].std() < 0.4 * values[:, half].std()
        assert found[:, half].mean() == pytest.approx(values[:, half].mean(), rel=1e-3)
    assert found[:, 100].mean() - found[:, 99].mean() > 19_000


def test_the_median_is_the_median_there_is_and_takes_single_pixels_away() -> None:
    values = scene()
    step = enhance.step_of("median")
    for window in ("3", "5"):
        found = run(step, values, {"window_px": window})
        assert np.array_equal(found, median.median(values, window_px=int(window)))
    speckled = np.full((30, 30), 1_000, np.float32)
    speckled[::7, ::7] = 65_535
    assert (run(step, speckled, {"window_px": "3"}) == 1_000).all()
    assert np.array_equal(run(step, values, {"window_px": "3"}, scale=2), values)


def test_a_marked_band_is_coloured_and_the_rest_is_grey() -> None:
    step = enhance.step_of("density_highlight")
    values = np.linspace(0, 60_000, 601, dtype=np.float32)[None]
    p = {"from_value": 20_000.0, "to_value": 30_000.0, "black": 0.0, "white": 60_000.0, "colour": "cyan"}
    found = run(step, values, p)[0]
    marked = np.ptp(found, axis=1) > 0.01
    assert np.array_equal(marked, (values[0] >= 20_000) & (values[0] <= 30_000))
    assert (np.diff(found[~marked, 0]) >= 0).all()
    assert found[marked].max(axis=1).min() > 0.3
