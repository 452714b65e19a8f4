"""The grid of numbers: the curves it is made from, and how near it comes to them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from kerma.science.imaging.enhance import number_lookup as lookups
from kerma.science.physics.material_lookup import Lookup
from kerma.standards import table, text_of

TOOL = Path(__file__).resolve().parents[4] / "tools/dual_energy_curves.py"
ROWS = {row["lookup"]: row for row in table(lookups.LOOKUPS)}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dual_energy_curves", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ROWS)
def test_the_table_is_what_the_physics_makes(name: str, tool: ModuleType) -> None:
    curves = f"kerma_dual_energy/{ROWS[name]['curves']}"
    kept, made = (
        [line.split(",") for line in text.splitlines()] for text in (text_of(curves), tool.written(ROWS[name]))
    )
    assert [line[:1] for line in kept] == [line[:1] for line in made]
    body = np.array([[float(cell) for cell in line] for line in kept[6:]])
    assert np.allclose(body, [[float(cell) for cell in line] for line in made[6:]], atol=2e-5)


def test_curves_of_the_simulated_scanner_are_those_of_its_beams(tool: ModuleType) -> None:
    from kerma.science.simulate.line_scanner import lookup

    own, made = lookup(), tool.curves(ROWS["simulated-160kv"])
    nodes = np.maximum(own.nodes_high, 1e-9)
    assert np.abs(own.low / nodes - made.low / nodes)[:, 5:].max() < 3e-3


@pytest.mark.parametrize("name", ROWS)
def test_the_grid_gives_the_element_back(name: str, tool: ModuleType) -> None:
    curves: Lookup = tool.curves(ROWS[name])
    grid = lookups.number_lookup(name)
    for index, number in enumerate(curves.numbers):
        kept = (curves.nodes_high > 0.03) & (curves.nodes_high < 6.0)
        high = curves.nodes_high[kept].astype(np.float32)
        found, slope = grid.numbers(high, (curves.low[index][kept] / high).astype(np.float32))
        most = 0.05 if number <= 13 else 0.1 if number <= 20 else 0.8
        assert np.abs(found - number).max() < most, number
        assert (slope > 0).all()


@pytest.mark.parametrize("name", ROWS)
def test_the_areal_density_of_an_element_is_that_of_its_slab(name: str, tool: ModuleType) -> None:
    grid = lookups.number_lookup(name)
    high = np.array([0.05, 0.3, 1.0, 2.5, 5.0])
    numbers = np.array([6, 13, 26])
    true = tool.areal_densities(ROWS[name], numbers, high) * high[:, None]
    for index, number in enumerate(numbers):
        found = grid.areal_densities(high.astype(np.float32), np.full(5, number, np.float32))
        assert np.allclose(found, true[:, index], rtol=0.01)


def test_the_slope_is_the_derivative() -> None:
    grid = lookups.number_lookup("dual-layer-160kv")
    ratio = np.linspace(1.2, 1.8, 60, dtype=np.float32)
    high = np.full_like(ratio, 1.0)
    found, slope = grid.numbers(high, ratio)
    steps = np.diff(found) / np.diff(ratio)
    assert np.median(np.abs(steps / ((slope[1:] + slope[:-1]) / 2) - 1)) < 0.1


def test_beyond_the_elements_the_nearest_is_given() -> None:
    grid = lookups.number_lookup("dual-layer-160kv")
    high = np.array([0.5, 0.5, 20.0], dtype=np.float32)
    found, _ = grid.numbers(high, np.array([0.5, 9.0, 1.15], dtype=np.float32))
    assert found[:2].tolist() == [3.0, 34.0]
    assert np.isfinite(found).all()


def test_lookups_by_voltage() -> None:
    assert set(lookups.for_voltage(None)) == set(lookups.for_voltage(160.0)) == {"dual-layer-160kv", "simulated-160kv"}
    assert lookups.for_voltage(140.0) == ("dual-layer-140kv",)
    assert lookups.for_voltage(6000.0) == ()
    assert len({lookups.number_lookup(name).sha256 for name in ROWS}) == len(ROWS)
