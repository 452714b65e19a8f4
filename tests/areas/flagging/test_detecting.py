"""Detectors by name: classic ones, models that ship, and one's own, through `kerma detect`, `models` and `evaluate`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import evaluation_sets as sets
from kerma.areas.flagging import commands_detect, commands_evaluate, commands_models, detecting
from kerma.errors import NotFound, Unreadable, WrongUsage
from kerma.science.detect import learned

CLI = typer.Typer()
commands_detect.register(CLI)
commands_evaluate.register(CLI)
commands_models.register(CLI)
CARD = json.loads(learned.shipped()["weld"].read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def welds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated welds with plain flaws and one without."""
    return sets.welds(tmp_path_factory.mktemp("welds"), with_flaws=2, without=1)


@pytest.fixture
def weld(welds: Path) -> Path:
    return min(welds.glob("*.tif"))


def _run(*arguments: object) -> dict:
    done = CliRunner().invoke(CLI, [*map(str, arguments), "--json"], catch_exceptions=False, standalone_mode=False)
    return json.loads(done.stdout)


def test_a_learned_model_is_run_by_its_name_and_says_its_weights(weld: Path) -> None:
    found = _run("detect", weld, "--model", "weld")
    assert (found["name"], found["model_sha256"]) == ("weld", CARD["sha256"])
    usual = found["images"][0]["findings"]
    assert usual and all(one["by"]["model_sha256"] == CARD["sha256"] for one in usual)
    assert min(one["score"] for one in usual) >= CARD["thresholds"]["score"]
    many, few = (
        _run("detect", weld, "--model", "weld", "--threshold", least)["images"][0]["findings"] for least in (0.01, 0.95)
    )
    assert len(many) > len(usual) >= len(few)
    assert all(one["score"] >= 0.95 for one in few)


def test_a_folder_stands_for_its_images(welds: Path) -> None:
    found = _run("detect", welds, "--model", "opacity")["images"]
    assert [row["path"] for row in found] == sorted(map(str, welds.glob("*.tif")))


def test_a_model_of_ones_own_is_two_files(weld: Path, tmp_path: Path) -> None:
    mine, card = tmp_path / "mine.onnx", tmp_path / "mine.json"
    shutil.copy(learned.shipped()["weld"].with_suffix(".onnx"), mine)
    with pytest.raises(NotFound, match=r"mine\.json"):
        _run("detect", weld, "--model", mine)
    card.write_text(json.dumps(CARD | {"name": "mine"}))
    own = _run("detect", weld, "--model", mine)
    assert own["name"] == "mine"
    shipped = _run("detect", weld, "--model", "weld")["images"][0]["findings"]
    assert [one["box"] for one in own["images"][0]["findings"]] == [one["box"] for one in shipped]
    for text, words in (("[]", "no JSON object"), ("{", "cannot be read"), ("{}", "says no name")):
        card.write_text(text)
        with pytest.raises(Unreadable, match=words):
            _run("detect", weld, "--model", mine)


def test_an_option_it_does_not_take_is_refused_before_any_image_is_read(weld: Path) -> None:
    with pytest.raises(WrongUsage, match="'weld' has no option 'transmission'; it takes plane, threshold"):
        _run("detect", weld, "--model", "weld", "--transmission", "0.1")


def test_models_list_and_show_its_card() -> None:
    rows = {row["name"]: row for row in _run("models", "list")["models"]}
    assert (rows["weld"]["kind"], rows["weld"]["labels"]) == ("learned", CARD["labels"])
    assert rows["small_flaws"]["kind"] == "classic"
    assert _run("models", "show", "weld")["card"] == CARD
    shown = CliRunner().invoke(CLI, ["models", "show", "weld"]).stdout
    for words in (CARD["intended_use"], "simulated images only", f"- {CARD['limits'][0]}", CARD["sha256"]):
        assert words in shown
    with pytest.raises(WrongUsage, match=r"no detector or model 'middle'.*matched-filter.*weld"):
        detecting.model_named("middle")


def test_an_evaluation_asks_for_all_marks_and_judges_at_the_models_own_score(welds: Path) -> None:
    arguments = ("--images", welds, "--truth", welds / "truth.json", "--format", "coco", "--resamples", 5)
    document = _run("evaluate", *arguments, "--model", "weld")
    values = document["values"]
    assert document["detector"]["model_sha256"] == CARD["sha256"]
    point = values["operating_point"]
    assert (point["threshold"], point["how"]) == (pytest.approx(CARD["thresholds"]["score"]), "its own")
    at_own = sum(len(row["findings"]) for row in _run("detect", welds, "--model", "weld")["images"])
    assert values["truths"] - values["missed"] + values["false"] <= at_own < values["marks"]
    stricter = _run("evaluate", *arguments, "--model", "weld", "--set", "threshold=0.95")["values"]
    assert stricter["marks"] < values["marks"]
    assert stricter["map50"] <= values["map50"]


def test_each_finding_of_a_network_is_explained_by_a_picture_where_that_is_asked(weld: Path, tmp_path: Path) -> None:
    (told,) = _run("detect", weld, "--model", "weld", "--explain", tmp_path / "why")["images"]
    assert len(told["explanations"]) == len(told["findings"]) > 0
    assert sorted(path.name for path in (tmp_path / "why").iterdir()) == sorted(told["explanations"])
    refused = _run("detect", weld, "--model", "small_flaws", "--explain", tmp_path / "none")["refused"]
    assert "no weights" in refused[0]["reason"]
