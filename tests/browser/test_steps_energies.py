"""Every dual-energy step on the graphics card gives what its reference gives, on a simulated bag and a material wedge.

The tolerance of colours is a share of the whole scale: exponentials and logarithms of a graphics card are a little
coarser than a processor's, and steep where the lookup's curves lie close. It is a tenth of one of 256 levels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.areas.archive.queries_energies import document
from kerma.science.imaging import enhance
from kerma.science.imaging.enhance import Level, Step, statistics, switched_on
from kerma.science.imaging.enhance.colour_tables import TABLES
from kerma.science.imaging.image import Image
from kerma.science.imaging.pyramid import halved
from kerma.science.simulate import ready_scene
from material_wedge import wedge
from step_runs import StepRuns

ENERGIES = [step for step in enhance.STEPS.values() if step.planes == "energies"]
TOLERANCE = 4e-4
MOST, SHARE = 1 / 255, 1e-4
"""Where next to nothing lies in the beam the brightness is steep: a few pixels may differ by up to a whole level."""
CHOSEN: dict[str, list[dict[str, Any]]] = {
    "material_colour": [
        {"palette": "six", "smoothing_px": 0},
        {"palette": "colour-blind", "black_from": 6.0, "sharpen": 3.0},
    ],
    "organic_strip": [{"ghost": 0.0, "organic_to": 11.5, "smoothing_px": 4}],
    "inorganic_strip": [{"metal_from": 15.0, "organic_to": 8.0}],
    "z_window": [{"lowest_number": 12.0, "highest_number": 14.5}],
    "log_subtraction": [{"weight": 0.0, "gain": 1.0}, {"weight": 1.7, "gain": 6.0}],
}


@pytest.fixture(scope="module")
def bag() -> Image:
    return ready_scene("cabin-bag").build(7, size_px=200, threat="any")[0].image


def told(image: Image) -> dict[str, Any]:
    found = document(image, [(None, plane) for plane in range(image.planes)])
    assert found is not None
    return found


def planes(image: Image) -> tuple[np.ndarray, ...]:
    return tuple(image.pixels[plane].astype(np.float32) for plane in (0, 1))


@pytest.mark.parametrize("step", ENERGIES, ids=lambda step: f"{step.name}-{step.version}")
def test_a_step_gives_what_its_reference_gives(steps: StepRuns, bag: Image, step: Step) -> None:
    small = tuple(halved(plane.astype(np.uint16)).astype(np.float32) for plane in planes(bag))
    thick = tuple(plane[:, 100:240] for plane in planes(wedge()))
    nothing = tuple(np.full((30, 40), value, np.float32) for value in (0.0, 0.0))
    cases = ((bag, planes(bag), 1), (bag, small, 2), (wedge(), thick, 1), (bag, nothing, 4))
    for image, given, scale in cases:
        steps.call("remember", told(image)["lookup"])
        for chosen in [{}, *CHOSEN.get(step.name, [])]:
            p = switched_on(step, statistics(image, 1), chosen)
            row = {"name": step.name, "version": step.version, "parameters": p}
            shown = steps.run(given, [row], scale=scale, whole=(given[0], scale) if step.table else None)[0]
            table = step.table(given[0], p, scale) if step.table else None
            expected = step.run(given, p, Level(scale, table))
            reach = 1.0 if step.kind == "colour" else 58_000.0
            assert shown.shape == expected.shape
            away = np.abs(shown - expected) / reach
            assert away.max() <= MOST, (chosen, scale)
            assert (away > TOLERANCE).mean() <= SHARE, (chosen, scale)


def test_a_tile_shows_what_the_whole_shows(steps: StepRuns, bag: Image) -> None:
    steps.call("remember", told(bag)["lookup"])
    parts = [(0, 0, bag.rows, bag.columns), (0, 0, 40, 64), (61, 83, 50, 70), (150, 145, 50, 55)]
    for step in ENERGIES:
        row = {"name": step.name, "version": step.version, "parameters": switched_on(step, statistics(bag, 1))}
        whole = (planes(bag)[0], 1.0) if step.table else None
        at_once, *tiles = steps.run(planes(bag), [row], whole=whole, parts=parts)
        for tile, (top, left, rows, columns) in zip(tiles, parts[1:], strict=True):
            assert np.array_equal(tile, at_once[top : top + rows, left : left + columns]), step.name


def test_both_sides_switch_on_with_the_same_numbers(steps: StepRuns, bag: Image) -> None:
    found = statistics(bag, 1)
    rows = {row["name"]: row["parameters"] for row in steps.call("defaults", [0.0, 1.0], False, told(bag))}
    for step in ENERGIES:
        here = switched_on(step, found)
        assert set(rows[step.name]) == set(here)
        for name, value in here.items():
            shown = rows[step.name][name]
            assert shown == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9)), (step.name, name)


def test_both_sides_have_the_same_colours(steps: StepRuns) -> None:
    there = steps.call("colours")
    assert [row["name"] for row in there] == [table.name for table in TABLES]
