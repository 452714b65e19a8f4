"""`kerma evaluate` on simulated welds: four formats of one truth, the document, the report, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import evaluation_sets as sets
from coco_peer import precision
from kerma.areas.flagging import commands_detect, commands_evaluate, commands_models
from kerma.errors import KermaError, WrongUsage
from kerma.science.observer.cases import Case
from kerma.science.results import Box, By, Finding

CLI = typer.Typer()
commands_detect.register(CLI)
commands_evaluate.register(CLI)
commands_models.register(CLI)
FEW = ("--resamples", "20")
PLACES = ("--class-agnostic", *FEW)


@pytest.fixture(scope="module")
def welds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sets.welds(tmp_path_factory.mktemp("welds"))


def _run(*arguments: object) -> tuple[int, dict, str]:
    done = CliRunner().invoke(CLI, [*map(str, arguments), "--json"], catch_exceptions=False, standalone_mode=False)
    return int(done.return_value or 0), json.loads(done.stdout), done.stderr


def _evaluate(images: Path, truth: Path, *more: object, model: str = "matched-filter") -> tuple[int, dict, str]:
    return _run("evaluate", "--images", images, "--truth", truth, "--model", model, *more)


@pytest.fixture(scope="module")
def of_coco(welds: Path) -> dict:
    code, document, _ = _evaluate(welds, welds / "truth.json", *PLACES)
    assert code == 0
    return document


@pytest.mark.parametrize("form", ["yolo", "voc", "gdxray"])
def test_four_formats_of_one_truth_give_the_same_figures(welds: Path, of_coco: dict, tmp_path: Path, form: str) -> None:
    truth = {"yolo": sets.as_yolo, "voc": sets.as_voc, "gdxray": sets.as_gdxray}[form](welds, tmp_path / form)
    code, document, _ = _evaluate(welds, truth, "--format", form, *PLACES)
    assert code == 0
    for key in ("images", "truths", "marks", "map30", "map50", "map", "froc_mean", "auc", "missed", "false"):
        assert document["values"][key] == pytest.approx(of_coco["values"][key], abs=1e-9)
    for ours, theirs in zip(document["values"]["froc"], of_coco["values"]["froc"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-9)
    assert document["values"]["intervals"]["map50"] == pytest.approx(of_coco["values"]["intervals"]["map50"])


def test_the_figure_is_that_of_pycocotools_on_what_kerma_detect_prints(welds: Path, of_coco: dict) -> None:
    truth = json.loads((welds / "truth.json").read_text())
    _, found, _ = _run("detect", *sorted(welds.glob("*.tif")), "--model", "matched-filter")
    cases = []
    for image, row in zip(truth["images"], found["images"], strict=True):
        assert Path(row["path"]).name == image["file_name"] and row["sha256"] == image["sha256"]
        boxes = [one["bbox"] for one in truth["annotations"] if one["image_id"] == image["id"]]
        truths = [_finding((y, x, height, width), None) for x, y, width, height in boxes]
        marks = [_finding(one["box"], one["score"]) for one in row["findings"]]
        cases.append(Case(image["file_name"], image["file_name"], tuple(truths), tuple(marks)))
    peer = precision(cases, ("any",), (0.5,), [(0, 1e10)])
    assert of_coco["values"]["map50"] == pytest.approx(float(peer.mean()), abs=1e-9)
    assert of_coco["values"]["map50"] > 0


def test_values_of_pixels_are_held_against_the_outlines_where_a_model_gives_them(welds: Path) -> None:
    code, document, _ = _evaluate(welds, welds / "truth.json", "--pixels", *FEW, model="weld")
    found = document["values"]["pixels"]
    assert code == 0 and found["regions"] > 0 and found["false_share_limit"] == 0.3
    for key in ("aupro", "auc"):
        low, high = found["intervals"][key]
        assert low <= found[key] <= high and 0.3 < found[key] <= 1
    asked = ["evaluate", "--images", str(welds), "--truth", str(welds / "truth.json"), "--model", "weld", "--pixels"]
    shown = CliRunner().invoke(CLI, [*asked, *FEW], standalone_mode=False)
    assert "AUPRO up to 30 % false" in shown.stdout and "AUC of pixels" in shown.stdout
    _, without, _ = _evaluate(welds, welds / "truth.json", *FEW, model="weld")
    assert without["values"]["pixels"] is None
    with pytest.raises(WrongUsage, match="no value for every pixel"):
        _evaluate(welds, welds / "truth.json", "--pixels", *PLACES)


def _finding(box: tuple[float, ...], score: float | None) -> Finding:
    return Finding(id="", code="", label="any", box=Box(*box), by=By("algorithm", ""), score=score)


def test_the_document_has_what_is_promised(of_coco: dict) -> None:
    assert {"name", "version", "inputs", "values", "source", "warnings", "refused", "detector"} <= of_coco.keys()
    values = of_coco["values"]
    assert (values["images"], values["images_with_truth"]) == (5, 3)
    assert [row["false_per_image"] for row in values["froc"]] == [0.125, 0.25, 0.5, 1, 2, 4, 8]
    for key in ("map50", "map30", "map", "auc"):
        low, high = values["intervals"][key]
        assert 0 <= low <= values[key] <= high <= 1
    assert {row["by"] for row in values["pod"]} >= {"detectability", "size_px"}
    assert sum(row["truths"] for row in values["sizes"]) == values["truths"]
    assert of_coco["inputs"]["class_agnostic"] is True
    assert len(of_coco["missed"]) == values["missed"] and len(of_coco["false"]) == values["false"]
    assert all(Path(row["path"]).is_file() and len(row["box"]) == 4 and "score" in row for row in of_coco["false"])


def test_labels_that_have_no_word_in_common_are_compared_by_place_and_it_is_said(welds: Path, tmp_path: Path) -> None:
    truth = sets.as_gdxray(welds, tmp_path / "gdxray")
    _, document, shown = _evaluate(welds, truth, "--format", "gdxray", *FEW)
    assert document["inputs"]["class_agnostic"] is True
    assert "no word in common" in document["warnings"][0] and "no word in common" in shown


def test_a_word_of_the_truth_can_be_said_to_be_ours(welds: Path, tmp_path: Path) -> None:
    truth = sets.as_gdxray(welds, tmp_path / "gdxray")
    _, document, _ = _evaluate(welds, truth, "--format", "gdxray", "--same", "Flaw=porosity", *FEW)
    assert [row["label"] for row in document["values"]["classes"]] == ["porosity"]
    assert document["inputs"]["class_agnostic"] is False


def test_two_detectors_are_compared_on_the_same_images(welds: Path) -> None:
    _, document, _ = _evaluate(welds, welds / "truth.json", "--against", "opacity", *PLACES)
    found = document["values"]["comparison"]
    assert found["with"] == "opacity"
    assert found["map50"]["difference"] == pytest.approx(document["values"]["map50"], abs=1), "opacity finds no pores"
    assert found["map50"]["interval"][0] <= found["map50"]["difference"] <= found["map50"]["interval"][1]
    _, same, _ = _evaluate(welds, welds / "truth.json", "--against", "matched-filter", *PLACES)
    assert same["values"]["comparison"]["map50"] == {"difference": 0, "interval": [0, 0], "p": 1}


def test_a_damaged_image_is_named_and_does_not_stop_the_rest(welds: Path, tmp_path: Path, of_coco: dict) -> None:
    folder = tmp_path / "welds"
    shutil.copytree(welds, folder)
    broken = sorted(folder.glob("*.tif"))[-1]
    broken.write_bytes(b"II*\0 this is no picture")
    code, document, shown = _evaluate(folder, folder / "truth.json", *PLACES)
    assert code == 1
    assert [Path(row["path"]).name for row in document["refused"]] == [broken.name] and broken.name in shown
    assert document["values"]["images"] == of_coco["values"]["images"] - 1
    assert any("not in the folder" in sentence for sentence in document["warnings"])


def test_images_that_were_trained_on_are_refused_also_as_copies(welds: Path, tmp_path: Path) -> None:
    import tifffile

    trained = tmp_path / "trained"
    trained.mkdir()
    plane = tifffile.imread(sorted(welds.glob("*.tif"))[0])
    tifffile.imwrite(trained / "another-name.tif", (plane[:, ::-1] // 256).astype("uint8"))
    with pytest.raises(WrongUsage, match=r"share images.*another-name\.tif"):
        _evaluate(welds, welds / "truth.json", "--apart-from", trained, *PLACES)


def test_copies_among_the_images_count_as_one_group(welds: Path, tmp_path: Path) -> None:
    import tifffile

    folder = tmp_path / "copies"
    folder.mkdir()
    plane = tifffile.imread(sorted(welds.glob("*.tif"))[0])
    for number, pixels in enumerate((plane, plane[::-1], plane // 2), start=1):
        tifffile.imwrite(folder / f"image_{number}.tif", pixels)
    (tmp_path / "ground_truth.txt").write_text("1 10 40 10 40\n")
    _, document, _ = _evaluate(folder, tmp_path / "ground_truth.txt", "--format", "gdxray", *PLACES)
    assert (document["values"]["images"], document["values"]["groups"]) == (3, 1)
    assert any("2 images are copies" in sentence for sentence in document["warnings"])


def test_groups_are_named_by_a_pattern(welds: Path, of_coco: dict) -> None:
    _, document, _ = _evaluate(welds, welds / "truth.json", "--group", "(weld)-plate", *PLACES)
    assert document["values"]["groups"] == 1 and of_coco["values"]["groups"] == 5
    low, high = document["values"]["intervals"]["map50"]
    assert high - low > 0.9, "one film says hardly anything of others"


def test_the_report_stands_alone_and_shows_what_was_missed(welds: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    _evaluate(welds, welds / "truth.json", "--report", report, *PLACES)
    text = report.read_text()
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert not re.search(r'(src|href)="(?!data:)', text) and "<script" not in text and "url(" not in text
    assert text.count("<svg viewBox") >= 4 and "data:image/jpeg;base64," in text
    for words in ("FROC", "Precision over recall", "Probability of detection", "False, the surest first", "95 %"):
        assert words in text


def test_a_hostile_file_name_does_not_get_into_the_report(welds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    name = "<img src=x onerror=alert(1)>-1.tif"
    source = sorted(welds.glob("*.tif"))[0]
    shutil.copy(source, folder / name)
    truth = tmp_path / "ground_truth.txt"
    truth.write_text("1 10 40 10 40\n")
    report = tmp_path / "report.html"
    _evaluate(folder, truth, "--format", "gdxray", "--report", report, *PLACES)
    assert "<img src=x" not in report.read_text()


def test_without_json_it_reads_like_tables(welds: Path) -> None:
    arguments = ["evaluate", "--images", str(welds), "--truth", str(welds / "truth.json"), "--model", "small_flaws"]
    shown = CliRunner().invoke(CLI, [*arguments, *PLACES]).stdout
    for words in ("5 images in 5 groups", "mAP50", "sensitivity at false marks per image", "by label", "by size"):
        assert words in shown


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"--model": "everything"}, WrongUsage, "no detector or model 'everything'"),
        ({"--format": "excel"}, WrongUsage, "coco, yolo, voc, gdxray"),
        ({"--match": "touch"}, WrongUsage, "iou or centre"),
        ({"--same": "pore"}, WrongUsage, "two words with ="),
        ({"--miss-rate": "1"}, WrongUsage, "cannot be promised"),
        ({"--group": "film"}, WrongUsage, "round brackets"),
        ({"--group": "(film"}, WrongUsage, "regular expression"),
        ({"--format": "voc"}, WrongUsage, "it is coco"),
    ],
)
def test_what_makes_no_sense_is_said_before_the_work(
    welds: Path, changed: dict, error: type[KermaError], words: str
) -> None:
    given = {"--images": welds, "--truth": welds / "truth.json", "--model": "small_flaws"} | changed
    with pytest.raises(error, match=words):
        _run("evaluate", *(word for pair in given.items() for word in pair))


def test_models_are_listed_and_shown() -> None:
    _, document, _ = _run("models", "list")
    rows = {row["name"]: row for row in document["models"]}
    assert rows["small_flaws"]["also_called"] == ["matched-filter"] and rows["opacity"]["kind"] == "classic"
    _, shown, _ = _run("models", "show", "matched-filter")
    assert shown["name"] == "small_flaws" and "threshold" in shown["options"]
    text = CliRunner().invoke(CLI, ["models", "list"]).stdout
    assert "small_flaws (matched-filter)" in text
    assert "docs/science/small_flaws.md" in CliRunner().invoke(CLI, ["models", "show", "small_flaws"]).stdout
    with pytest.raises(WrongUsage, match="matched-filter"):
        _run("models", "show", "none-such")
