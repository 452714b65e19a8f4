"""`kerma gate` on files: read, shoot again, or cannot be told, each with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import typer
from typer.testing import CliRunner

import good_parts
from kerma.areas.flagging import commands_gate
from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image

CLI = typer.Typer()
commands_gate.register(CLI)


def _written(folder: Path, name: str, image: Image) -> Path:
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, image.pixels[0])
    described = {"meaning": "raw", "rises_with_dose": True, "spacing_mm": [0.2, 0.2], "spacing_source": "geometry"}
    Path(f"{path}.json").write_text(json.dumps(described))
    return path


def _run(*arguments: object, code: int = 0) -> dict:
    done = CliRunner().invoke(
        CLI, [*map(str, arguments), "--json"], catch_exceptions=False, standalone_mode=False
    )  # fmt: skip
    assert int(done.return_value or 0) == code
    return json.loads(done.stdout)


def test_good_pictures_are_read_and_bad_ones_shot_again_with_the_reason(tmp_path: Path) -> None:
    good = _written(tmp_path, "good", good_parts.part(3))
    noisy = _written(tmp_path, "noisy", good_parts.part(3, quanta=300))
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0 this is no picture")
    document = _run(good, noisy, broken, code=1)
    assert [one["decision"] for one in document["images"]] == ["read", "reshoot"]
    (failed,) = [one for one in document["images"][1]["answers"] if one["state"] == "failed"]
    assert failed["rule"] == "too-noisy" and failed["value"] < failed["limit"] == 15
    assert "too little dose" in failed["reason"]
    assert document["refused"][0]["path"] == str(broken)


def test_the_reference_tells_another_view_and_a_class_that_cannot_be_told_is_said(tmp_path: Path) -> None:
    taught = tmp_path / "plate.npz"
    taught.write_bytes(good_parts.reference().as_bytes())
    other = np.ascontiguousarray(65_535 - good_parts.part(3).pixels)
    negative = _written(tmp_path, "negative", Image(other, bits=16, meaning="raw", rises_with_dose=True))
    failed = [
        one["rule"]
        for one in _run(negative, "--reference", taught)["images"][0]["answers"]
        if one["state"] == "failed"
    ]
    assert "wrong-view" in failed
    good = _written(tmp_path, "good", good_parts.part(3))
    (only,) = _run(good, "--reference", taught, "--testing-class", "b")["images"]
    assert only["decision"] == "cannot-be-told"
    assert [one["quantity"] for one in only["answers"] if one["state"] == "not-computed"] == ["snr_n"]


def test_without_json_it_reads_like_text(tmp_path: Path) -> None:
    noisy = _written(tmp_path, "noisy", good_parts.part(3, quanta=300))
    shown = CliRunner().invoke(CLI, [str(noisy)]).stdout
    assert "noisy.tif: reshoot" in shown and "too noisy: too little dose: snr is" in shown


def test_a_reference_that_is_none_and_an_unknown_class_are_refused(tmp_path: Path) -> None:
    good = _written(tmp_path, "good", good_parts.part(3))
    with pytest.raises(WrongUsage, match="no reference of good parts"):
        _run(good, "--reference", good)
    with pytest.raises(WrongUsage, match="A or B"):
        _run(good, "--testing-class", "C")
    with pytest.raises(WrongUsage, match="cannot read"):
        _run(good, "--reference", tmp_path / "nowhere.npz")
