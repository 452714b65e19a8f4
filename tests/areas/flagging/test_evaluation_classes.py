"""Truth of whole images: folders and tables say the same, and figures count images by the score of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from tests.onnx_files import mean_classifier
from typer.testing import CliRunner

from kerma.areas.flagging import commands_detect, commands_evaluate
from kerma.areas.flagging.detecting import Looker
from kerma.areas.flagging.evaluation_classes import read_classes
from kerma.errors import Unreadable, WrongUsage
from kerma.formats.findings_found import ImagePlace
from kerma.science.imaging.image import Image
from kerma.science.observer.roc_curve import auc

CLI = typer.Typer()
commands_detect.register(CLI)
commands_evaluate.register(CLI)
PLACES = [ImagePlace(number, str(number), "", f"{word}.png", 8, 8, 1) for number, word in enumerate("abcd", 1)]


def run(*arguments: object) -> Any:
    done = CliRunner().invoke(CLI, [*map(str, arguments), "--json"], catch_exceptions=False, standalone_mode=False)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "text",
    [
        "image,class\na.png,Thing\nb.png,normal\nx/c.png,Thing\n",
        "class;file\nThing;a.png\n;b.png\nThing;c.png\n",
        "id,thing,age\na,1,\nb,0,\nc,yes,\n",
        "\ufeffpath,found\nC:\\films\\a.png,thing\n\nb.png,No finding\nc.png,THING\n",
    ],
)
def test_a_table_names_images_and_classes_in_any_usual_way(text: str, tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(text, encoding="utf-8")
    found, warnings = read_classes(path, "csv", PLACES)
    assert found == {1: ("thing",), 2: (), 3: ("thing",)}
    assert warnings == ["1 images are of no class and are left out: d.png"]


def test_a_table_that_makes_no_sense_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    for text, words in (("", "no table"), ("image\na.png\n", "no table"), ("image,class\na.png\n", "line 2")):
        path.write_text(text)
        with pytest.raises(Unreadable, match=words):
            read_classes(path, "csv", PLACES)
    with pytest.raises(WrongUsage, match="a folder with one for each class"):
        read_classes(path, "folders", PLACES)
    with pytest.raises(WrongUsage, match="cannot read"):
        read_classes(tmp_path / "none.csv", "csv", PLACES)


@pytest.fixture(scope="module")
def greys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Forty plain noisy pictures in folders, those of class *thing* brighter in their middle; means, classes."""
    folder = tmp_path_factory.mktemp("greys")
    rng = np.random.default_rng(8)
    is_thing = np.arange(40) % 2 > 0
    for number, thing in enumerate(is_thing):
        into = folder / ("thing" if thing else "normal")
        into.mkdir(exist_ok=True)
        # The display is stretched over the values: how much of the picture is bright is what the mean tells.
        bright = np.clip(rng.normal(0.55 if thing else 0.45, 0.08), 0.1, 0.9)
        picture = np.where(rng.random((16, 16)) < bright, 240, 10) + rng.integers(0, 3, (16, 16))
        cv2.imwrite(str(into / f"{number:02}.png"), picture.astype(np.uint8))
    return folder, np.arange(40), is_thing


def test_figures_count_whole_images_by_the_score_of_the_model(greys: Any, tmp_path: Path) -> None:
    folder, numbers, is_thing = greys
    content, card = mean_classifier(16)
    (tmp_path / "mine.onnx").write_bytes(content)
    (tmp_path / "mine.json").write_text(json.dumps(card))
    seen = run("detect", folder, "--model", tmp_path / "mine.onnx")["images"]
    scores = {Path(row["path"]).name: row["score"] for row in seen}
    ratings = np.array([scores[f"{number:02}.png"] for number in numbers])
    found = auc(ratings, is_thing)
    assert found is not None and 0.6 < found.value < 1
    common = ("evaluate", "--images", folder, "--model", tmp_path / "mine.onnx", "--resamples", 5)
    told = run(*common, "--truth", folder, "--format", "folders")
    assert told["values"]["auc"] == pytest.approx(found.value, abs=1e-9)
    assert told["values"]["truths"] == 20
    at_own = ratings >= card["thresholds"]["score"]
    assert told["values"]["missed"] == int((~at_own & is_thing).sum())
    assert told["values"]["false"] == int((at_own & ~is_thing).sum())
    assert any("whole images" in sentence for sentence in told["warnings"])
    table = tmp_path / "truth.csv"
    rows = [f"{number:02}.png,{'thing' if is_thing[number] else 'normal'}" for number in numbers]
    table.write_text("\n".join(["image,class", *rows]))
    assert run(*common, "--truth", table, "--format", "csv")["values"] == told["values"]


def test_the_score_of_an_image_of_several_views_is_that_of_its_surest_view(tmp_path: Path) -> None:
    content, card = mean_classifier(16)
    (tmp_path / "mine.onnx").write_bytes(content)
    (tmp_path / "mine.json").write_text(json.dumps(card))
    looker = Looker(str(tmp_path / "mine.onnx"), {})
    rng = np.random.default_rng(2)
    views = np.stack([np.where(rng.random((16, 16)) < bright, 240, 10) for bright in (0.2, 0.4)]).astype(np.uint8)
    alone = [looker.look(Image(view[None], 8)).score for view in views]
    seen = looker.look(Image(views, 8, plane_kind="view"))
    assert seen.score == max(score or 0.0 for score in alone) < card["thresholds"]["score"]
    assert seen.findings == ()
