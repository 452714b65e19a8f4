from __future__ import annotations

import cv2
import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.science.measure import run
from kerma.science.measure.artefact_kinds import KINDS
from kerma.science.results import NotMeasurable
from kerma.standards import table

SHAPE = (600, 700)


def _flat(seed: int = 0, level: float = 20000.0, noise: float = 100.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, noise, SHAPE)


def _found(grey: np.ndarray) -> list[dict]:
    return run("artefacts", pictures.image(grey)).values["list"]


def _dead_row(grey: np.ndarray) -> None:
    grey[300] += 60


def _dead_columns(grey: np.ndarray) -> None:
    grey[:, 400:402] -= 60


def _band(grey: np.ndarray) -> None:
    grey[200:230] += 120


def _seam(grey: np.ndarray) -> None:
    grey[:, 350:] *= 1.005


def _dust(grey: np.ndarray) -> None:
    drop = np.zeros(SHAPE)
    cv2.circle(drop, (200, 100), 4, 1.0, -1)
    grey -= 1000 * drop


def _scratch(grey: np.ndarray) -> None:
    line = np.zeros(SHAPE)
    cv2.line(line, (300, 100), (420, 190), 1.0, 2)
    grey += 600 * line


def _grid(grey: np.ndarray) -> None:
    grey += 25 * np.sin(2 * np.pi * np.arange(SHAPE[1]) * 0.21)


def _vignette(grey: np.ndarray) -> None:
    row, column = np.indices(SHAPE)
    grey *= 1 - 0.06 * (((row - 300) / 300) ** 2 + ((column - 350) / 350) ** 2)


def _clipped(grey: np.ndarray) -> None:
    grey[50:80, 60:100] = 65535


CASES = {
    "dead row": (_dead_row, "dead_lines", [300, 0, 1, 700]),
    "dead columns": (_dead_columns, "dead_lines", [0, 400, 600, 2]),
    "band": (_band, "bands", [200, 0, 30, 700]), "seam": (_seam, "seams", [0, 350, 600, 1]),
    "dust": (_dust, "spots", [96, 196, 9, 9]), "scratch": (_scratch, "scratches", [99, 299, 93, 123]),
    "grid": (_grid, "grid_lines", [0, 0, 600, 700]), "vignette": (_vignette, "vignetting", [0, 0, 600, 700]),
    "clipped": (_clipped, "clipped", [50, 60, 30, 40]),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_an_artefact_is_found_as_what_and_where_it_is(what: str) -> None:
    put_in, kind, box = CASES[what]
    for seed in (0, 1):
        grey = _flat(seed)
        put_in(grey)
        found = _found(grey)
        assert [one["kind"] for one in found] == [kind], found
        assert found[0]["box_px"] == pytest.approx(box, abs=4)
        assert abs(found[0]["statistic"]) > found[0]["limit"]


@pytest.mark.parametrize("seed", range(8))
def test_noise_and_a_smooth_slope_are_no_artefact(seed: int) -> None:
    grey = _flat(seed, noise=30.0 * (1 + seed)) * (1 + 0.02 * np.linspace(-1, 1, SHAPE[1]))
    assert _found(grey) == []


def test_several_at_once_and_the_counts_agree() -> None:
    grey = _flat()
    for name in ("dead row", "dust", "clipped"):
        CASES[name][0](grey)
    result = run("artefacts", pictures.image(grey))
    assert result.values["artefacts"] == len(result.values["list"]) == 3
    assert (result.values["dead_lines"], result.values["spots"], result.values["clipped"]) == (1, 1, 1)
    assert set(KINDS) <= result.values.keys()


def test_a_region_moves_the_boxes() -> None:
    grey = _flat()
    _dust(grey)
    found = run("artefacts", pictures.image(grey), region="50,100,200,300").values["list"]
    assert found[0]["box_px"][:2] == pytest.approx([96, 196], abs=3)


def test_the_frequency_of_a_grid_is_told() -> None:
    grey = _flat()
    _grid(grey)
    assert "0.2100 lines per pixel across columns" in _found(grey)[0]["of"]


def test_a_uniform_or_small_picture_is_refused() -> None:
    for grey in (np.full(SHAPE, 7.0), _flat()[:10]):
        assert isinstance(run("artefacts", pictures.image(grey)), NotMeasurable)


def test_limits_are_ours() -> None:
    assert table("kerma_artefacts/limits").status == "own"
