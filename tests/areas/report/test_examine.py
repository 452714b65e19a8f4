"""``kerma examine`` on files: what it writes, what it refuses, how it ends."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from tests.areas.report.samples import text_of, tiff_bytes, weld
from tests.formats.dciodvfy import errors_of
from tests.formats.samples import with_other_pixels

from kerma.areas.report import examine as road
from kerma.areas.report.collect import collect, files_of
from kerma.errors import Unreadable, WrongUsage
from kerma.industries import INDUSTRIES

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REAL = Path(__file__).parents[4] / "shared" / "data"
KEYS = {"subject", "exam_uid", "images", "verdicts", "decision_proposed"}
IMAGE_KEYS = {
    "path", "sha256", "rows", "columns", "bits", "spacing_mm", "spacing_source", "measurements", "findings",
}  # fmt: skip


def run(folder: Path, out: Path, industry: str = "ndt") -> dict:
    order = road.Order(INDUSTRIES[industry], out, AT, thickness_mm=12.0)
    return road.examine(order, files_of([folder], out), lambda what, steps: None)


def kerma(*arguments: object) -> subprocess.CompletedProcess[str]:
    call = "import sys; from kerma.cli import run; sys.exit(run(lambda: 1/0, sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", call, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exams, a broken file, a text and a copy."""
    made = tmp_path_factory.mktemp("in")
    (made / "seam-1.tif").write_bytes(tiff_bytes(weld()))
    (made / "copy-of-seam-1.tif").write_bytes(tiff_bytes(weld()))
    noise = np.random.default_rng(3).integers(0, 65535, (60, 80), dtype=np.uint16)
    buffer = io.BytesIO()
    Picture.fromarray(noise).save(buffer, "PNG")
    (made / "sub").mkdir()
    (made / "sub" / "chest.png").write_bytes(buffer.getvalue())
    (made / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\x04\0")
    (made / "notes.txt").write_text("bag 7 was wet")
    return made


@pytest.fixture(scope="module")
def done(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    out = tmp_path_factory.mktemp("out")
    return run(folder, out), out


def test_the_result_has_what_others_rely_on(done: tuple[dict, Path]) -> None:
    result, out = done
    assert json.loads((out / "result.json").read_text()) == json.loads(json.dumps(result))
    assert (result["industry"], len(result["exams"])) == ("ndt", 2)
    for exam in result["exams"]:
        assert exam.keys() >= KEYS and all(image.keys() >= IMAGE_KEYS for image in exam["images"])


def test_every_exam_has_its_report_pictures_and_structured_report(done: tuple[dict, Path]) -> None:
    result, out = done
    for exam in result["exams"]:
        files = exam["files"]
        stem = files["structured_report"].removesuffix(".sr.dcm")
        assert files["pictures"] == [f"{stem}.png"] and Picture.open(out / f"{stem}.png").size[0] > 500
        assert errors_of(out / f"{stem}.sr.dcm") == [] and errors_of(out / f"{stem}.sc.dcm") == []
        report, copy = pydicom.dcmread(out / f"{stem}.sr.dcm"), pydicom.dcmread(out / f"{stem}.sc.dcm")
        [evidence] = report.CurrentRequestedProcedureEvidenceSequence
        [named] = evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence
        assert (named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID) == (copy.SOPClassUID, copy.SOPInstanceUID)
        assert report.StudyInstanceUID == copy.StudyInstanceUID == exam["exam_uid"]
        assert json.loads((out / f"{stem}.json").read_text())["exam_uid"] == exam["exam_uid"]
        assert (out / f"{stem}.pdf").read_bytes().startswith(b"%PDF-")


def test_what_cannot_be_read_is_refused_with_a_reason(done: tuple[dict, Path], tmp_path: Path) -> None:
    result, out = done
    [refused] = result["refused"]
    assert refused["path"].endswith("broken.dcm") and len(refused["reason"]) > 20
    passed_over = {Path(one["path"]).name: one["reason"] for one in result["passed_over"]}
    assert "the same bytes as" in passed_over["seam-1.tif"] and "notes.txt" in passed_over
    text = text_of((out / "report.pdf").read_bytes(), tmp_path)
    assert "2 exams examined, 1 file refused." in text and "broken.dcm" in text


def test_no_part_of_a_file_is_left(done: tuple[dict, Path]) -> None:
    assert not [one.name for one in done[1].iterdir() if one.name.startswith(".")]


def test_two_runs_write_the_same_bytes(folder: Path, done: tuple[dict, Path], tmp_path: Path) -> None:
    run(folder, tmp_path)
    for one in done[1].iterdir():
        assert (tmp_path / one.name).read_bytes() == one.read_bytes(), one.name


def test_a_run_that_is_cut_off_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        road.write_whole(tmp_path / "report.pdf", b"half")
    assert not (tmp_path / "report.pdf").exists()


def test_an_exam_that_fails_does_not_stop_the_others(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.areas.report import pictures

    drawings = pictures.drawings

    def failing(document: dict, *more: object, **named: object) -> list:
        if document["images"][0]["path"].endswith(".png"):
            raise ZeroDivisionError("nothing to divide")
        return drawings(document, *more, **named)

    monkeypatch.setattr(pictures, "drawings", failing)
    result = run(folder, tmp_path)
    assert len(result["exams"]) == 1
    assert "ZeroDivisionError" in {Path(one["path"]).name: one["reason"] for one in result["refused"]}["chest.png"]


class Refusing:
    """A reader to which everything is broken."""

    def scan(self, path: Path) -> None:
        raise Unreadable(f"{path.name} is broken")


def test_a_text_that_was_named_is_tried_and_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for paths, refused in (([tmp_path / "notes.txt"], 1), ([tmp_path], 0)):
        gathered = collect(files_of(paths, tmp_path / "out"), Refusing(), lambda what, steps: None)
        assert (len(gathered.refused), len(gathered.passed_over)) == (refused, 1 - refused)


def test_the_output_folder_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.png").write_bytes(b"\x89PNG")
    assert [path.name for path, _ in files_of([tmp_path], tmp_path / "out")] == ["a.tif"]
    with pytest.raises(WrongUsage, match="no file"):
        files_of([tmp_path / "nothing"], tmp_path)


def test_the_command_prints_one_json_document_and_the_bar_elsewhere(folder: Path, tmp_path: Path) -> None:
    said = kerma("examine", folder, "--industry", "ndt", "--out", tmp_path / "o", "--thickness-mm", "12", "--json")
    assert said.returncode == 1, said.stderr
    assert json.loads(said.stdout)["industry"] == "ndt" and "examined" in said.stderr
    assert json.loads((tmp_path / "o" / "result.json").read_text()) == json.loads(said.stdout)


def test_the_command_ends_with_0_when_all_is_read(folder: Path, tmp_path: Path) -> None:
    said = kerma("examine", folder / "seam-1.tif", "--industry", "security", "--out", tmp_path / "o")
    assert said.returncode == 0, said.stderr
    assert "seam-1: 1 image" in said.stdout and "report:" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--industry", "farming"), "security or ndt or medical"),
        (("--industry", "ndt", "--rules", "iso_0/none"), "kerma rules list"),
        (("--industry", "ndt", "--thickness-mm", "-1"), "above 0 mm"),
    ],
)
def test_wrong_usage_ends_with_2_and_teaches(folder: Path, tmp_path: Path, arguments: tuple, word: str) -> None:
    said = kerma("examine", folder / "seam-1.tif", "--out", tmp_path / "o", *arguments)
    assert said.returncode == 2 and word in said.stderr and len(said.stderr.strip().splitlines()[-1]) < 400
    assert "Traceback" not in said.stderr


MIXED = {
    "CR": "dicom_cr_mg_fodicom/Tests/FO-DICOM.Tests/Test Data/CR-MONO1-10-chest",
    "dx.dcm": "dicom_dx_highdicom/data/test_files/dx_image.dcm",
    "ct-1.dcm": "ct_ge/01.dcm",
    "ct-2.dcm": "ct_ge/02.dcm",
    "chest.png": "cxr_hannover/006f3a8a.png",
    "bag.dcs": "dicos_pydicos/DXFiles/SimpleProcessingDX.dcs",
    "report.dcs": "dicos_pydicos/TDRFiles/SimpleBaggageTDR.dcs",
}


@pytest.mark.parametrize("industry", sorted(INDUSTRIES))
def test_a_folder_of_real_files_of_every_kind(industry: str, tmp_path: Path) -> None:
    if not REAL.exists():
        pytest.skip("the real files of ../shared/data are not here")
    given = tmp_path / "in"
    given.mkdir()
    for name, path in MIXED.items():
        shutil.copy(REAL / path, given / name)
    (given / "broken.dcm").write_bytes((REAL / "ct_ge/03.dcm").read_bytes()[:3000])
    result = run(given, tmp_path / "out", industry)
    assert [Path(one["path"]).name for one in result["refused"]] == ["broken.dcm"]
    assert "Threat Detection Report" in next(
        one["reason"] for one in result["passed_over"] if "report.dcs" in one["path"]
    )
    assert sorted(len(exam["images"]) for exam in result["exams"]) == [1, 1, 1, 1, 2]
    for path in (tmp_path / "out").glob("*.sr.dcm"):
        assert errors_of(path) == [], path.name
    for exam in result["exams"]:
        assert all((tmp_path / "out" / name).exists() for name in exam["files"]["pictures"])


def test_an_exam_of_which_one_image_cannot_be_read_is_never_proposed_as_good(tmp_path: Path) -> None:
    made = tmp_path / "in"
    made.mkdir()
    beside = {"subject": "BAG-1", "exam": "1", "meaning": "raw", "rises_with_dose": True}
    noise = np.random.default_rng(9).normal(30_000, 300, (1, 96, 128)).astype(np.uint16)
    noise[0, 30:60, 40:90] -= 9000  # something in the tray: a scan that shows nothing is none to clear
    (made / "view-1.raw").write_bytes(noise.tobytes())
    raw = beside | {"rows": 96, "columns": 128, "type": "uint16"}
    (made / "view-1.raw.json").write_text(json.dumps(raw | {"number": 1}))
    (alone,) = run(made, tmp_path / "alone", "security")["exams"]
    assert alone["decision_proposed"] == "clear"

    whole = io.BytesIO()
    Picture.fromarray(noise[0]).save(whole, "PNG")
    (made / "view-2.png").write_bytes(with_other_pixels(whole.getvalue(), b"no zlib stream" * 2000))
    (made / "view-2.png.json").write_text(json.dumps(beside | {"number": 2}))
    result = run(made, tmp_path / "both", "security")
    (exam,) = result["exams"]
    assert [Path(one["path"]).name for one in result["refused"]] == ["view-2.png"]
    assert exam["decision_proposed"] == "none"
    assert "view-2.png could not be read" in exam["decision_reason"]


def test_learned_models_look_only_when_asked_and_are_named(folder: Path, tmp_path: Path) -> None:
    seam = tmp_path / "seam.tif"
    shutil.copy(folder / "seam-1.tif", seam)
    asked = ("examine", seam, "--industry", "ndt", "--thickness-mm", 12, "--json", "--out")
    runs = (("a", ()), ("b", ("--model", "weld")))
    plain, with_model = (kerma(*asked, tmp_path / name, *more) for name, more in runs)
    assert (plain.returncode, with_model.returncode) == (0, 0), with_model.stderr
    told = [json.loads(one.stdout)["exams"][0]["analysis"] for one in (plain, with_model)]
    assert "models" not in told[0]
    assert told[1]["models"]["weld 1.0.0"]["threshold"] == pytest.approx(0.1764)
    refused = kerma(*asked, tmp_path / "c", "--model", "small_flaws")
    assert refused.returncode == 2
    assert "without weights" in refused.stderr


def test_a_declared_load_is_held_against_every_image(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(30_000, 300, (96, 128)).astype(np.uint16)
    noise[32:64, 40:80] //= 3
    Picture.fromarray(noise).save(tmp_path / "load.png")
    (tmp_path / "load.png.json").write_text('{"meaning": "raw", "rises_with_dose": true, "subject": "CNT-1"}')
    asked = ("examine", tmp_path / "load.png", "--out", tmp_path / "o", "--industry")
    at = ("--depth-mm", "600", "--end-point-mev", "9")
    done = kerma(*asked, "security", "--declared", "paper, 7208", *at, "--json")
    assert done.returncode == 0, done.stderr
    (exam,) = json.loads(done.stdout)["exams"]
    assert exam["analysis"]["declared"] == {"goods": ["paper", "7208"], "depth_mm": 600.0, "end_point_mev": 9.0}
    told = {one["quantity"]: one["answer"] for one in exam["images"][0]["declared"]}
    assert told == {"density_g_cm3": "agrees", "z_effective": "cannot-be-told", "variation": "agrees"}
    assert exam["decision_proposed"] != "clear"
    for arguments, why in (
        (("ndt", "--declared", "steel"), "only a load of security"),
        (("security", "--declared", "unicorns"), "nothing is known of 'unicorns'"),
        (("security", "--depth-mm", "800"), "0 goods are declared"),
        (("security", "--declared", "steel", "--depth-mm", "-1"), "depth_mm is -1"),
    ):
        refused = kerma(*asked, *arguments)
        assert refused.returncode == 2 and why in refused.stderr
