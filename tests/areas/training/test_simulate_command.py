"""`kerma simulate` writes images that examine can read, beside the truth about them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from kerma import cli
from kerma.app import open_kernel
from kerma.formats import read


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(open_kernel, list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_images_sidecars_masks_and_truth_belong_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "simulate", "weld", "--seed", "5", "--count", "2", "--out", str(tmp_path), "--json")
    assert code == 0
    truth = json.loads(out)
    assert truth == json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert [entry["seed"] for entry in truth["images"]] == [5, 6]
    masks = np.load(tmp_path / truth["masks"])
    for entry in truth["images"]:
        path = tmp_path / entry["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
        image = read(path.read_bytes(), path.name, (tmp_path / f"{path.name}.json").read_bytes())
        assert image.spacing.row_mm == entry["pixel_mm"]
        assert image.technique["thickness_mm"] == entry["thickness_mm"]
        assert masks[path.name].max() == len(entry["findings"])


def test_two_runs_write_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        run(capsys, "simulate", "step_wedge", "--seed", "3", "--out", str(tmp_path / name))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_an_unknown_scene_is_wrong_usage_and_lists_the_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "simulate", "chest", "--out", str(tmp_path / "none"))
    assert code == 2
    assert "step_wedge" in err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("option", [("--count", "0"), ("--seed", "-1")])
def test_numbers_that_make_no_sense_are_wrong_usage(
    option: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "simulate", "weld", *option, "--out", str(tmp_path))[0] == 2


def test_standards_lists_tables_with_their_status(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "standards", "--json")
    assert code == 0
    listed = {entry["name"]: entry["status"] for entry in json.loads(out)["tables"]}
    assert listed["fr_arrete_1978/acceptance"] == "public-law"


def test_standards_shows_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "standards", "iso_19232-1/wires", "--json")
    assert code == 0
    assert json.loads(out)["rows"][0] == {"wire": "W1", "diameter_mm": "3.2"}
    code, out, _ = run(capsys, "standards", "iso_19232-1/wires")
    assert "W19" in out
    assert run(capsys, "standards", "no/table")[0] == 3
