"""`kerma measure` and `kerma detect` on files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tifffile
import typer
from typer.testing import CliRunner

import radiographs
from kerma.areas.flagging import commands_detect
from kerma.areas.review import commands
from kerma.errors import WrongUsage
from kerma.science.detect import DETECTORS
from kerma.science.detect import OPTIONS as DETECT_OPTIONS
from kerma.science.measure import MEASURES
from kerma.science.measure import OPTIONS as MEASURE_OPTIONS

CLI = typer.Typer()
commands.register(CLI)
commands_detect.register(CLI)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    image, _ = radiographs.with_pores(3, contrast=12, count=9, side=256)
    tifffile.imwrite(folder / "film.tif", image.pixels[0])
    described = {"meaning": "raw", "rises_with_dose": True, "spacing_mm": [0.1, 0.1], "spacing_source": "detector"}
    (folder / "film.tif.json").write_text(json.dumps(described))
    return folder / "film.tif"


def _run(*arguments: object) -> tuple[int, dict, str]:
    done = CliRunner().invoke(CLI, [*map(str, arguments), "--json"], catch_exceptions=False, standalone_mode=False)
    return int(done.return_value or 0), json.loads(done.stdout), done.stderr


def test_measure_prints_one_document_with_what_was_asked(film: Path) -> None:
    code, document, _ = _run("measure", "snr-n", film, "--region", "2,3,40,110", "--srb-um", "177.2")
    assert code == 0
    assert document["inputs"]["region"] == [2, 3, 40, 110]
    assert document["values"]["snr_n"] == pytest.approx(document["values"]["snr"] / 2)
    assert {"name", "version", "inputs", "values", "source", "warnings"} <= document.keys()
    assert document["source"].keys() >= {"standard", "edition", "clause", "table"}


def test_what_is_not_measurable_is_a_result_with_a_reason(film: Path) -> None:
    code, document, shown = _run("measure", "snr_n", film)
    assert code == 0 and document["values"] == {}
    assert "duplex wire" in document["not_measurable"] and "duplex wire" in shown


def test_detect_prints_the_findings_of_each_file_and_names_the_refused(film: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0 this is no picture")
    code, document, shown = _run("detect", film, broken, "--model", "small-flaws")
    assert code == 1
    assert [image["path"] for image in document["images"]] == [str(film)]
    assert len(document["images"][0]["findings"]) == 9
    assert {m["name"] for m in document["images"][0]["findings"][0]["measurements"]} >= {"length_mm", "cnr"}
    assert document["refused"][0]["path"] == str(broken) and "broken.tif" in shown


def test_without_json_it_reads_like_text(film: Path) -> None:
    shown = CliRunner().invoke(CLI, ["detect", str(film), "--model", "small_flaws", "--threshold", "8"]).stdout
    assert "9 findings" in shown and "porosity" in shown
    shown = CliRunner().invoke(CLI, ["measure", "statistics", str(film)]).stdout
    assert "mean_stored" in shown


@pytest.mark.parametrize(
    ("command", "registry", "options"),
    [("measure", MEASURES, MEASURE_OPTIONS), ("detect", DETECTORS, DETECT_OPTIONS)],
)
def test_help_lists_every_name_and_every_option(command: str, registry: dict, options: dict) -> None:
    shown = CliRunner().invoke(CLI, [command, "--help"], env={"COLUMNS": "200"}).stdout
    for name in registry:
        assert name in shown
    for name in options:
        assert f"--{name.replace('_', '-')}" in shown


@pytest.mark.parametrize("arguments", [["measure", "sharpness"], ["detect", "--model", "everything"]])
def test_an_unknown_name_is_refused_before_any_file_is_read(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    with pytest.raises(WrongUsage, match="there are"):
        CLI([*arguments, str(tmp_path / "empty.tif")], standalone_mode=False)


def test_a_folder_of_frames_is_one_image_and_its_descriptions_are_no_frames(film: Path, tmp_path: Path) -> None:
    for name in ("b.tif", "a.tif"):
        (tmp_path / name).write_bytes(film.read_bytes())
    (tmp_path / "a.tif.json").write_text(json.dumps({"meaning": "raw", "rises_with_dose": True}))
    code, document, _ = _run("measure", "statistics", tmp_path, "--plane", "1")
    assert code == 0
    alone = _run("measure", "statistics", film)[1]
    assert document["values"] == alone["values"]
    with pytest.raises(WrongUsage, match="plane 2 does not exist"):
        _run("measure", "statistics", tmp_path, "--plane", "2")


def test_a_folder_without_frames_and_too_many_files_are_refused(film: Path, tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text("{}")
    with pytest.raises(WrongUsage, match="holds no frame"):
        _run("measure", "statistics", tmp_path)
    with pytest.raises(WrongUsage, match="measures on image: give 1 paths, not 2"):
        _run("measure", "statistics", film, film)


def test_a_spacing_given_stands_in_place_of_the_files(film: Path) -> None:
    code, document, _ = _run("measure", "line-profile", film, "--spacing-mm", "0.025")
    assert code == 0
    assert document["values"]["distance_mm"][1] == pytest.approx(0.025)
    assert document["units"]["distance_mm"] == "mm"
    assert document["inputs"]["spacing_origin"] == "given"
