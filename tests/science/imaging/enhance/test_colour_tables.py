"""Colour tables: lightness rises, signed ones are even on both sides, bands stay apart for colour-blind eyes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from kerma.science.imaging.enhance.colour_tables import TABLES, ColourTable, lab_of
from kerma.science.imaging.enhance.colours import coloured, names
from kerma.science.imaging.enhance.material_colours import BLACK_AT, PALETTES, hues, toned

DEUTERANOPIA = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                         [-0.011820, 0.042940, 0.968881]])  # fmt: skip
"""Linear sRGB as eyes without green cones see it: Machado, Oliveira and Fernandes (2009), severity 1."""
LEAST_APART = 15.0
BY_NAME = {table.name: table for table in TABLES}


def deuteranope(colours: np.ndarray) -> np.ndarray:
    share = np.asarray(colours, dtype=float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ DEUTERANOPIA.T, 0, 1)
    return 255 * np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


def of_kind(kind: str) -> list[ColourTable]:
    return [table for table in TABLES if table.kind == kind]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_256_colours_and_is_made_the_same_again(table: ColourTable) -> None:
    made = table.make()
    assert made.shape == (256, 3)
    assert made.dtype == np.uint8
    assert np.array_equal(made, table.make())
    assert np.abs(lab_of(made) - rgb2lab(made[None] / 255)[0]).max() < 0.05


@pytest.mark.parametrize("table", of_kind("ordered"), ids=lambda table: table.name)
def test_lightness_of_an_ordered_table_rises_from_end_to_end(table: ColourTable) -> None:
    light = lab_of(table.make())[:, 0]
    assert np.diff(light).min() > -0.05
    assert light[-1] - light[0] > 70
    assert len(np.unique(table.make(), axis=0)) > 240


@pytest.mark.parametrize("name", ["heat", "ice", "film"])
def test_even_tables_rise_evenly(name: str) -> None:
    light = lab_of(BY_NAME[name].make())[:, 0]
    straight = np.linspace(light[0], light[-1], 256)
    assert np.abs(light - straight).max() < 3.5


def test_viridis_is_that_of_its_makers() -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib has the table as it was published")
    published = np.rint(255 * matplotlib.colormaps["viridis"](np.arange(256))[:, :3])
    assert np.abs(BY_NAME["viridis"].make() - published).max() <= 2


@pytest.mark.parametrize("table", of_kind("signed"), ids=lambda table: table.name)
def test_a_signed_table_is_grey_in_its_middle_and_even_on_both_sides(table: ColourTable) -> None:
    lab = lab_of(table.make())
    light = lab[:, 0]
    assert np.abs(light - light[::-1]).max() < 1.5
    towards = np.sign(light[127] - light[0])
    assert (towards * np.diff(light[:128])).min() > -0.05
    assert np.hypot(lab[127, 1], lab[127, 2]) < 3
    ends = np.stack([table.make()[0], table.make()[255]])
    assert deltaE_ciede2000(*lab_of(deuteranope(ends))) > 30


@pytest.mark.parametrize("table", of_kind("bands"), ids=lambda table: table.name)
def test_bands_are_told_apart_by_colour_blind_eyes(table: ColourTable) -> None:
    made = table.make()
    count = {"three-colour": 3, "six-colour": 6}[table.name]
    edges = np.linspace(0, 256, count + 1).round().astype(int)[1:-1]
    for eyes in (made, deuteranope(made)):
        lab = lab_of(eyes)
        assert deltaE_ciede2000(lab[edges], lab[edges - 1]).min() >= LEAST_APART
    light = lab_of(made)[:, 0]
    assert np.diff(light).min() > -0.05


def test_the_colour_blind_palette_keeps_kinds_apart() -> None:
    shown = np.rint(
        255 * toned(np.full(3, 1.0, np.float32), hues(np.array([7.5, 14.0, 26.0], np.float32), "colour-blind"))
    )
    lab = lab_of(deuteranope(shown))
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert deltaE_ciede2000(lab[one], lab[other]) >= LEAST_APART


@pytest.mark.parametrize("palette", PALETTES)
def test_materials_darken_from_white_to_black(palette: str) -> None:
    depth = np.linspace(0, BLACK_AT, 200, dtype=np.float32)
    for number in (6.0, 13.0, 26.0):
        shown = np.rint(255 * toned(depth, hues(np.full(200, number, np.float32), palette)))
        light = lab_of(shown)[:, 0]
        assert np.diff(light).max() < 0.3
        assert (light[0], light[-1]) == (pytest.approx(100, abs=0.1), 0)


def test_a_grey_picture_takes_the_colours_of_its_levels() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert coloured(grey, "grey") is grey
    for name in names()[1:]:
        assert np.array_equal(coloured(grey, name).reshape(256, 3), BY_NAME[name].make())


def test_the_workstation_has_the_same_colours() -> None:
    root = Path(__file__).resolve().parents[4]
    if not (root / "ui/src").is_dir():
        pytest.skip("the source of the workstation is not here")
    subprocess.run([sys.executable, "tools/colour_tables.py", "--check"], cwd=root, check=True)
