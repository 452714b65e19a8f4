"""`kerma teach` and the detectors that compare with what it made, on files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tifffile
import typer
from typer.testing import CliRunner

import good_parts
from kerma.areas.flagging import commands_detect, commands_evaluate, commands_teach, detecting
from kerma.errors import NotFound, Unreadable, WrongUsage
from kerma.science.imaging.image import Image

CLI = typer.Typer()
commands_teach.register(CLI)
commands_detect.register(CLI)
commands_evaluate.register(CLI)


def _written(folder: Path, name: str, image: Image) -> Path:
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, image.pixels[0])
    described = {"meaning": "raw", "rises_with_dose": True, "spacing_mm": [0.2, 0.2], "spacing_source": "geometry"}
    Path(f"{path}.json").write_text(json.dumps(described))
    return path


def _run(*arguments: object) -> tuple[int, dict]:
    done = CliRunner().invoke(CLI, [*map(str, arguments), "--json"], catch_exceptions=False, standalone_mode=False)
    return int(done.return_value or 0), json.loads(done.stdout)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taught")
    files = [_written(folder, f"good-{number}", image) for number, image in enumerate(good_parts.good(6))]
    places = folder / "places.json"
    places.write_text(json.dumps({name: region.as_json() for name, region in good_parts.REGIONS.items()}))
    code, document = _run("teach", *files, "--out", folder / "plate.npz", "--places", places)
    assert code == 0
    assert (document["parts"], document["rows"], document["columns"]) == (6, 240, 280)
    assert document["places"] == ["bolt-1", "bolt-2", "bolt-3", "bolt-4"]
    return folder / "plate.npz"


def test_what_was_taught_finds_what_is_missing_and_what_is_too_much(taught: Path, tmp_path: Path) -> None:
    bad = good_parts.part(3, without=(2,), extra=(150.0, 100.0, 6.0, 2.0))
    film = _written(tmp_path, "bad", bad)
    code, document = _run("detect", film, "--model", "completeness", "--reference", taught)
    assert code == 0
    assert [(one["code"], one["label"]) for one in document["images"][0]["findings"]] == [("bolt-2", "missing")]
    _, document = _run("detect", film, "--model", "foreign-object", "--reference", taught)
    assert [one["label"] for one in document["images"][0]["findings"]] == ["foreign-object"]
    _, document = _run("detect", film, "--model", "golden-part", "--reference", taught)
    assert {one["label"] for one in document["images"][0]["findings"]} == {"missing-material", "extra-material"}


def test_a_picture_that_cannot_be_compared_is_refused_with_the_reason(taught: Path, tmp_path: Path) -> None:
    film = _written(tmp_path, "turned", good_parts.part(3, turn_deg=90.0))
    code, document = _run("detect", film, "--model", "golden-part", "--reference", taught)
    assert code == 1 and document["images"] == []
    assert "reference" in document["refused"][0]["reason"]


def test_a_file_that_is_no_reference_and_places_that_are_none_are_refused(taught: Path, tmp_path: Path) -> None:
    film = _written(tmp_path, "good", good_parts.part(3))
    code, document = _run("detect", film, "--model", "golden-part", "--reference", film)
    assert code == 1 and "no reference of good parts" in document["refused"][0]["reason"]
    with pytest.raises(WrongUsage, match="cannot read '.*nowhere.npz'"):
        _run("detect", film, "--model", "golden-part", "--reference", tmp_path / "nowhere.npz")
    places = tmp_path / "places.json"
    places.write_text("[1, 2]")
    with pytest.raises(WrongUsage, match="must hold names and places"):
        _run("teach", film, "--out", tmp_path / "x.npz", "--places", places)
    with pytest.raises(WrongUsage, match="1 good parts are too few"):
        _run("teach", film, "--out", tmp_path / "x.npz")


@pytest.fixture(scope="module")
def anomaly_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anomaly")
    files = [_written(folder, f"good-{number}", image) for number, image in enumerate(good_parts.good(10))]
    code, document = _run("teach", *files, "--out", folder / "plate-view-1.npz", "--anomaly", "aligned")
    assert code == 0
    card = document["card"]
    assert (card["name"], card["kind"], card["trained"]["images"]) == ("plate-view-1", "anomaly", 10)
    assert card["thresholds"]["score"] == pytest.approx(10 / 11)
    return folder / "plate-view-1.npz"


def test_a_model_of_good_parts_is_asked_for_by_its_file(anomaly_file: Path, tmp_path: Path) -> None:
    film = _written(tmp_path, "bad", good_parts.part(3, extra=(150.0, 100.0, 6.0, 3.0)))
    asked = ("detect", film, "--model", f"anomaly:{anomaly_file}", "--explain", tmp_path / "why")
    code, document = _run(*asked)
    assert code == 0
    (image,) = document["images"]
    box = image["findings"][0]["box"]
    assert image["score"] == image["findings"][0]["score"] > 0.9
    assert box[0] < 150 < box[0] + box[2] and box[1] < 100 < box[1] + box[3]
    assert len(list((tmp_path / "why").glob("*.png"))) == len(image["findings"])
    assert _run(*asked)[1] == document


def test_the_distance_of_every_pixel_is_held_against_the_flaw_that_is_there(
    anomaly_file: Path, taught: Path, tmp_path: Path
) -> None:
    images, truths = [], []
    for number, place in enumerate((None, (150.0, 100.0), (60.0, 190.0)), start=1):
        bad = good_parts.part(30 + number, extra=None if place is None else (*place, 6.0, 3.0))
        path = _written(tmp_path, f"plate-{number}", bad)
        images.append({"id": number, "file_name": path.name, "width": bad.columns, "height": bad.rows})
        if place is not None:
            box = [place[1] - 6, place[0] - 6, 12, 12]
            truths.append({"id": number, "image_id": number, "category_id": 1, "bbox": box, "area": 144, "iscrowd": 0})
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"images": images, "annotations": truths, "categories": [{"id": 1, "name": "extra"}]}))
    for model, least in ((f"anomaly:{anomaly_file}", 0.8), (str(taught), 0.8)):
        asked = ("evaluate", "--images", tmp_path, "--truth", truth, "--model", model, "--pixels", "--resamples", "20")
        code, document = _run(*asked)
        found = document["values"]["pixels"]
        assert code == 0 and found["regions"] == 2
        assert least < found["aupro"] <= 1 and least < found["auc"] <= 1, (model, found)


def test_an_anomaly_model_is_registered_with_the_card_in_its_file(anomaly_file: Path) -> None:
    from kerma.areas.flagging.registry import Registered, tried
    from kerma.science.detect import anomaly

    content = anomaly_file.read_bytes()
    card = anomaly.load(content).card
    assert tried(content, card)["how"] == "aligned"
    looker = detecting.Looker("anomaly:plate-view-1", {}, lambda name: Registered(card, content, 0.5))
    assert (looker.own_score, looker.model.name) == (0.5, "plate-view-1")
    with pytest.raises(Unreadable, match="no anomaly model"):
        tried(b"PK", card)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--anomaly", "aligned", "--name", "No Name"), "names no model"),
        (("--anomaly", "aligned"), "10 to 100"),
    ],
)
def test_what_cannot_become_an_anomaly_model_is_refused(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    film = _written(tmp_path, "one", good_parts.part(1))
    with pytest.raises(WrongUsage, match=words):
        _run("teach", film, "--out", tmp_path / "part.npz", *arguments)
    with pytest.raises(NotFound, match="no registered model 'nobody'"):
        _run("detect", film, "--model", "anomaly:nobody")
