"""Every enhancement step on the graphics card gives what its reference gives: one page, rasters in, numbers out.

Both sides reckon in 32-bit reals, in another order: the tolerance is a share of the range of the picture, about what
some hundred additions of 24-bit numbers lose. What only compares and chooses (median) must agree to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.science.imaging import enhance
from kerma.science.imaging.enhance import Level, Statistics, Step, switched_on
from kerma.science.imaging.enhance.step import Floats
from kerma.science.imaging.image import Image
from kerma.science.imaging.pyramid import halved
from step_runs import StepRuns

ONE = [step for step in enhance.STEPS.values() if step.planes == "one"]
TOLERANCES = {"median": 0.0, "gamma": 2e-6, "density_highlight": 1e-6}
USUAL = 5e-6
"""Share of the range: 32-bit sums of many terms, taken in another order."""
AMPLIFIED = {"band_pass": 1e-5, "edge": 1e-5, "emboss": 1e-5}
"""Small differences of large values, then multiplied by gains of about ten."""
CHOSEN: dict[str, list[dict[str, Any]]] = {
    "gamma": [{"gamma": 2.5}],
    "clahe": [{"tiles": 3, "clip_limit": 8}, {"tiles": 1}],
    "unsharp": [{"finest_px": 5, "large_gain": 2.0}, {"fine_gain": -1, "large_gain": 0}, {"small_gain": 0}],
    "band_pass": [{"fine_px": 0, "coarse_px": 3}, {"fine_px": 6, "coarse_px": 40}],
    "edge": [{"keep_share": 0.7, "sigma_px": 0}],
    "emboss": [{"direction_deg": 30, "keep_share": 0.25, "sigma_px": 5}],
    "bilateral": [{"sigma_px": 4, "sigma_value": 3000}, {"sigma_px": 0.5}],
    "median": [{"window_px": "5"}],
    "flatten": [{"mode": "subtract", "sigma_px": 15}, {"sigma_px": 200}],
    "density_highlight": [{"colour": "magenta", "from_value": 20000, "to_value": 40000}],
}


def raster(rows: int = 200, columns: int = 256, seed: int = 3) -> Floats:
    """Ramps, noise, sharp edges, lines, single bright pixels, and parts that are constant, in one picture."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[:rows, :columns]
    values = 3000.0 + 40_000.0 * column / columns + 8_000.0 * row / rows
    values[rows // 2 :, : columns // 3] = 12_000
    values[rows // 2 :, columns // 3 : columns // 2] = 58_000
    values[: rows // 3, columns // 2 :] += random.normal(0, 900, (rows // 3, columns - columns // 2))
    values[rows // 4 : rows // 4 + 2] = 60_000
    values[:, columns // 5] = 500
    values.ravel()[random.integers(0, values.size, 60)] = 65_535
    return np.clip(np.rint(values), 1, 65_535).astype(np.float32)


def statistics(values: Floats, *, is_inverse: bool = False) -> Statistics:
    def quantile(share: float) -> float:
        return float(np.quantile(values, share))

    return Statistics(quantile(0.005), quantile(0.995), float(values.min()), float(values.max()), quantile, is_inverse)


def reference(step: Step, values: Floats, p: dict[str, Any], scale: float, whole: tuple[Floats, float]) -> Floats:
    table = step.table(whole[0], p, whole[1]) if step.table else None
    return step.run((values,), p, Level(scale, table))


def smaller(values: Floats, times: int) -> Floats:
    for _ in range(times):
        values = halved(values.astype(np.uint16)).astype(np.float32)
    return values


def agree(step: Step, found: Floats, expected: Floats, span: float) -> None:
    assert found.shape == expected.shape
    tolerance = TOLERANCES.get(step.name, AMPLIFIED.get(step.name, USUAL))
    reach = 1.0 if step.kind == "colour" else span
    away = np.abs(found.astype(np.float64) - expected)
    assert away.max() <= tolerance * reach, f"{step.name}: {away.max() / reach:.2e} of the range, {away.argmax()}"


@pytest.mark.parametrize("step", ONE, ids=lambda step: f"{step.name}-{step.version}")
def test_a_step_gives_what_its_reference_gives(steps: StepRuns, step: Step) -> None:
    full = raster()
    found = statistics(full)
    span = found.high - found.low
    whole = smaller(full, 2)
    whole[3:9, 5:20] = np.nan
    odd, flat = raster(197, 251, seed=5), np.full((40, 50), 12_345, np.float32)
    for chosen in [{}, *CHOSEN.get(step.name, [])]:
        p = switched_on(step, found, chosen)
        row = {"name": step.name, "version": step.version, "parameters": p}
        usual = [(1, full, (full, 1)), (1, odd, (smaller(odd, 2), 4)), (2, smaller(full, 1), (smaller(full, 1), 2))]
        strange = [(4, smaller(full, 2), (whole, 4)), (1, full, (whole, 4)), (1, flat, (flat, 1)),
                   (1, full[:1], (full[:1], 1)), (1, full[:, :3], (full[:, :3], 1))]  # fmt: skip
        for scale, level, coarse in usual + (strange if not chosen else []):
            shown = steps.run([level], [row], scale=scale, whole=coarse if step.table else None)[0]
            agree(step, shown, reference(step, level, p, scale, coarse), span)


@pytest.mark.parametrize("step", ONE, ids=lambda step: f"{step.name}-{step.version}")
def test_a_tile_shows_what_the_whole_shows(steps: StepRuns, step: Step) -> None:
    """A tile with its halo, at the corner, in the middle and at the far end, is cut out of the whole without a seam."""
    full = raster()
    for chosen in [{}, *CHOSEN.get(step.name, [])][:2]:
        row = {"name": step.name, "version": step.version, "parameters": switched_on(step, statistics(full), chosen)}
        coarse = (full, 1.0) if step.table else None
        parts = [(0, 0, *full.shape), (0, 0, 40, 64), (61, 83, 50, 70), (150, 201, 50, 55)]
        at_once, *tiles = steps.run([full], [row], whole=coarse, parts=parts)
        for tile, (top, left, rows, columns) in zip(tiles, parts[1:], strict=True):
            assert np.array_equal(tile, at_once[top : top + rows, left : left + columns]), (step.name, chosen, top)


def test_a_chain_runs_in_its_order_with_tables_of_what_comes_before(steps: StepRuns) -> None:
    full = raster()
    names = ("bilateral", "log", "clahe", "unsharp", "flatten", "median", "density_highlight")
    chosen = {"clahe": {"low": 500.0, "high": 60_000.0}, "log": {"deepest_attenuation": 4.0, "dark": 0.0}}
    by_name = {step.name: step for step in enhance.latest()}
    rows = [
        {
            "name": name,
            "version": by_name[name].version,
            "parameters": switched_on(by_name[name], statistics(full), chosen.get(name)),
        }
        for name in names
    ]
    for order in (rows, [rows[4], rows[2], rows[0], rows[3]], [rows[2], rows[1]], [rows[1], rows[2]]):
        chain = enhance.parse({"steps": order})
        expected = enhance.stepped(Image(full[None].astype(np.uint16), 16), 0, chain.steps)
        shown, tile = steps.run([full], order, whole=(full, 1), parts=[(0, 0, *full.shape), (30, 100, 64, 64)])
        reach = 1.0 if expected.ndim == 3 else 60_000.0
        # A value at the border of the marked band may fall on either side; nothing else may differ.
        assert np.mean(np.abs(shown - expected) > 5e-5 * reach) < 1e-4
        assert np.array_equal(tile, shown[30:94, 100:164])


def test_both_sides_have_the_same_steps_with_the_same_defaults(steps: StepRuns) -> None:
    there = {(row["name"], row["version"]): row for row in steps.call("described")}
    assert set(there) == set(enhance.STEPS)
    for key, step in enhance.STEPS.items():
        row = there[key]
        assert (row["label"], row["kind"], row["planes"]) == (step.label, step.kind, step.planes)
    for values in (raster(50, 60), raster(50, 60, seed=8) - 30_000):
        for is_inverse in (False, True):
            found = statistics(values, is_inverse=is_inverse)
            sent = np.sort(values, axis=None).tolist()
            for row in steps.call("defaults", sent, is_inverse, None):
                step = next(each for each in enhance.latest() if each.name == row["name"])
                here = switched_on(step, found)
                assert set(row["parameters"]) == set(here), step.name
                for name, value in here.items():
                    shown = row["parameters"][name]
                    assert shown == (value if isinstance(value, str) else pytest.approx(value, rel=1e-6, abs=1e-6))


def test_both_sides_write_a_chain_alike(steps: StepRuns) -> None:
    full = raster()
    parameters = switched_on(enhance.step_of("clahe"), statistics(full), {"clip_limit": 3.1})
    chain = enhance.parse({
        "steps": [{"name": "clahe", "version": 1, "parameters": parameters}],
        "window": {"center": 1e-7, "width": 1.5e21, "function": "SIGMOID"},
        "negative": True,
    })  # fmt: skip
    assert steps.call("canonical", chain.as_json()) == chain.canonical()
