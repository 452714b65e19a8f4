"""`kerma models drift`: images of the same kind, and others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from scipy.ndimage import gaussian_filter
from typer.testing import CliRunner

import evaluation_sets as sets
from kerma.areas.flagging import commands_detect, commands_models
from kerma.errors import WrongUsage

CLI = typer.Typer()
commands_detect.register(CLI)
commands_models.register(CLI)


def _folder(folder: Path, seed: int, blur_px: float, count: int = 20) -> Path:
    folder.mkdir()
    generator = np.random.default_rng(seed)
    for number in range(count):
        plane = gaussian_filter(generator.normal(0, 1, (64, 64)), blur_px)
        pixels = np.clip(2000 + 200 * plane / plane.std() + 300 * generator.random(), 0, 65_535)
        sets.plain_film(folder / f"{number:02}.tif", pixels.astype(np.uint16))
    return folder


def _drift(before: Path, now: Path) -> tuple[int, dict]:
    arguments = ["models", "drift", "matched-filter", "--before", str(before), "--now", str(now), "--json"]
    done = CliRunner().invoke(CLI, arguments, catch_exceptions=False, standalone_mode=False)
    return int(done.return_value or 0), json.loads(done.stdout)


def test_a_blurred_machine_is_a_drift_and_the_same_machine_is_none(tmp_path: Path) -> None:
    before, now = _folder(tmp_path / "before", 1, 0.8), _folder(tmp_path / "now", 2, 0.8)
    code, document = _drift(before, now)
    assert code == 0 and document["values"]["suspended"] is False
    assert document["values"]["images_before"] == document["values"]["images_now"] == 20
    (now / "21.tif").write_bytes(b"II*\0 no picture")
    code, document = _drift(_folder(tmp_path / "blurred", 3, 1.6), now)
    assert code == 1 and document["refused"][0]["path"].endswith("21.tif")
    drifted = {row["quantity"] for row in document["values"]["quantities"] if row["drifted"]}
    assert document["values"]["suspended"] is True and "fineness" in drifted
    shown = CliRunner().invoke(
        CLI, ["models", "drift", "matched-filter", "--before", str(before), "--now", str(before)]
    )
    assert "no drift seen (20 images before, 20 now)" in shown.stdout


def test_too_few_images_are_said(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "few", 1, 0.8, count=3)
    with pytest.raises(WrongUsage, match="20"):
        _drift(folder, folder)
