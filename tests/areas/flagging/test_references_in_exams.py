"""A reference of good parts from `kerma teach` to the exam: added, tried, approved by another person, applied, told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
import typer
from tests.formats import samples
from typer.testing import CliRunner

import good_parts
import readings
from kerma import app as wiring
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival, Stored
from kerma.areas.flagging import (
    commands_detect,
    commands_evaluate,
    commands_models,
    commands_models_change,
    commands_teach,
    rules_drift,
)
from kerma.areas.flagging import jobs as flagging
from kerma.areas.flagging.model import model_run
from kerma.areas.people.actions import create_person
from kerma.areas.review import jobs as review
from kerma.areas.review import queries
from kerma.errors import NotAllowed, Unreadable, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from kerma.kernel.sight import WHOLE
from kerma.science.imaging.image import Image
from looking_models import TESTER, rows_of

PASSWORD = "blue giraffe 41 crossing"
SAID = {"meaning": "raw", "rises_with_dose": True, "spacing_mm": [0.2, 0.2], "spacing_source": "geometry"}
COVER = {"technique": {"part_number": "COVER-7", "thickness_mm": 10.0}, "view": "front"}
Run = Callable[..., Any]


@pytest.fixture
def wired(kernel: Kernel) -> Iterator[Kernel]:
    kept = list(sight.RULES)
    wiring.set_sight()
    yield replace(kernel, subscriptions=wiring.subscriptions())
    sight.RULES[:] = kept


@pytest.fixture
def run(wired: Kernel, quick_hashes: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the kernel's home; with --json, returns the document."""
    kernel = wired
    monkeypatch.setenv("KERMA_DATABASE_URL", kernel.settings.database_url)
    create_person(kernel, service("test", "*"), login="lena", name="Lena Three", password=PASSWORD, roles=("lead",))
    cli = typer.Typer()
    for module in (commands_teach, commands_detect, commands_evaluate, commands_models, commands_models_change):
        module.register(cli)

    def run(*arguments: object, typed: str = "") -> Any:
        words = [str(one) for one in arguments]
        whole = SimpleNamespace(kernel=lambda: kernel)
        done = CliRunner().invoke(cli, words, obj=whole, standalone_mode=False, input=typed + "\n")
        if done.exception is not None:
            raise done.exception
        return json.loads(done.stdout) if "--json" in words else done.output

    return run


def written(folder: Path, name: str, image: Image, **said: Any) -> Path:
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, image.pixels[0])
    Path(f"{path}.json").write_text(json.dumps(SAID | said))
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("good")
    (folder / "places").write_text(json.dumps({name: at.as_json() for name, at in good_parts.REGIONS.items()}))
    return [written(folder, f"good-{number}", image) for number, image in enumerate(good_parts.good(6))]


@pytest.fixture
def cover(run: Run, good: list[Path], tmp_path: Path) -> Path:
    """The file of a reference that names a part and a view."""
    out = tmp_path / "Cover_7.npz"
    named = ("--part", "COVER-7", "--view", "front", "--version", "1.2.0", "--places", good[0].parent / "places")
    document = run("teach", *good, "--out", out, *named, "--json")
    assert (document["card"]["name"], document["card"]["version"]) == ("cover-7", "1.2.0")
    assert document["card"]["trained"]["images"] == 6
    return out


def evaluated(run: Run, folder: Path, name: str) -> Path:
    """Evaluate a reference on three sound parts and three with something in them; returns the evaluation."""
    images, annotations = [], []
    folder.mkdir()
    for number in range(6):
        extra = (150.0, 100.0, 6.0, 2.0) if number % 2 else None
        path = written(folder, f"part-{number}", good_parts.part(40 + number, extra=extra))
        images.append({"id": number, "file_name": path.name, "width": 280, "height": 240})
        if extra:
            annotations.append({"id": number, "image_id": number, "category_id": 1, "bbox": [94, 144, 12, 12]})
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "foreign-object"}]}
    (folder / "truth.json").write_text(json.dumps(truth))
    told = run("evaluate", "--images", folder, "--truth", folder / "truth.json", "--model", name, "--resamples", 20,
               "--json")  # fmt: skip
    assert (told["values"]["map50"], told["missed"], told["false"]) == (1.0, [], [])
    (folder / "evaluation").write_text(json.dumps(told))
    return folder / "evaluation"


def arrive(kernel: Kernel, image: Image, number: int, **said: Any) -> Stored:
    """Let an image of an exam of its own come in."""
    data = samples_tiff(image)
    beside = SAID | {"subject": f"P-{number}", "exam": str(number)} | said
    source = Arrival(data=data, file_name=f"p-{number}.tif", industry="ndt", sidecar=json.dumps(beside).encode())
    return ingest(kernel, TESTER, source=source)


def samples_tiff(image: Image) -> bytes:
    from kerma.formats.tiff_write import write

    return write(image)


def analysed(kernel: Kernel, exam_pk: int) -> dict[str, Any]:
    review.analyse_exam(kernel, exam_pk=exam_pk)
    with kernel.database.read() as connection:
        known = queries.current(connection, exam_pk, WHOLE)
    assert known is not None
    return known.document


def by_reference(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for image in document["images"] for one in image["findings"] if one["by"]["name"] == "cover-7"]


def notes(document: dict[str, Any]) -> str:
    return " ".join(document["images"][0]["warnings"])


def unsearched(document: dict[str, Any]) -> str:
    return " ".join(document["analysis"]["unsearched"])


def activate(run: Run, folder: Path, cover: Path) -> None:
    assert run("models", "add", cover, "--industry", "ndt", "--json")["state"] == "candidate"
    evaluation = evaluated(run, folder, "cover-7@1.2.0")
    approve = ("models", "activate", "cover-7", "--reason", "tried on known parts", "--evaluation", evaluation)
    with pytest.raises(NotAllowed, match="only a person"):
        run(*approve)
    assert run(*approve, "--login", "lena", "--json", typed=PASSWORD)["state"] == "active"


def test_from_good_parts_to_findings_in_exams(run: Run, cover: Path, wired: Kernel, tmp_path: Path) -> None:
    activate(run, tmp_path / "known", cover)
    bad = good_parts.part(3, without=(2,), extra=(150.0, 100.0, 6.0, 2.0), shift_px=(1.5, -2.0))
    found = analysed(wired, arrive(wired, bad, 1, **COVER).exam_pk)
    told = {one["label"]: one for one in by_reference(found)}
    assert set(told) == {"foreign-object", "missing"} and told["missing"]["code"] == "bolt-2"
    row, column, height, width = told["foreign-object"]["box"]
    assert row < 151.5 < row + height and column < 98.0 < column + width
    assert told["missing"]["by"]["version"] == "1.2.0" and told["missing"]["by"]["model_sha256"]
    assert found["decision_proposed"] != "accept"
    clean = analysed(wired, arrive(wired, good_parts.part(4), 2, **COVER).exam_pk)
    assert by_reference(clean) == [] and "cover-7" not in unsearched(clean) + notes(clean)
    runs = rows_of(wired, model_run)
    assert [(one["mode"], len(one["findings"])) for one in runs] == [("active", 2), ("active", 0)]
    assert len(rules_drift.fitting(runs)) == 2 and runs[1]["score"] < 0.5 < runs[0]["score"]


def test_another_part_is_a_neutral_note_and_one_that_cannot_be_laid_is_not_searched(
    run: Run, cover: Path, wired: Kernel, tmp_path: Path
) -> None:
    lid = COVER | {"technique": {"part_number": "LID-2", "thickness_mm": 10.0}}
    before = analysed(wired, arrive(wired, good_parts.part(4), 1, **lid).exam_pk)
    activate(run, tmp_path / "known", cover)
    after = analysed(wired, arrive(wired, good_parts.part(5), 2, **lid).exam_pk)
    assert "not for this image: cover-7 1.2.0 (made for part COVER-7, view front; here part LID-2" in notes(after)
    assert "cover-7" not in unsearched(after) and "models" not in after["analysis"]
    assert (after["decision_proposed"], unsearched(after)) == (before["decision_proposed"], unsearched(before))
    turned = analysed(wired, arrive(wired, good_parts.part(6, turn_deg=90.0), 3, **COVER).exam_pk)
    assert "cover-7 1.2.0 was not run" in unsearched(turned) and "against the reference" in unsearched(turned)
    assert len(rows_of(wired, model_run)) == 0


def test_a_reference_on_trial_marks_in_shadow_and_nobody_is_shown_it(run: Run, cover: Path, wired: Kernel) -> None:
    run("models", "add", cover)
    run("models", "shadow", "cover-7", "--reason", "a look at how it does")
    stored = arrive(wired, good_parts.part(3, without=(1,)), 1, **COVER)
    other = arrive(wired, good_parts.part(4, without=(1,)), 2)
    for one in (stored, other):
        assert by_reference(analysed(wired, one.exam_pk)) == []
        flagging.look_in_shadow(wired, exam_pk=one.exam_pk)
    (kept,) = rows_of(wired, model_run)
    assert (kept["mode"], kept["exam_pk"]) == ("shadow", stored.exam_pk)
    assert [(one["label"], one["code"]) for one in kept["findings"]] == [("missing", "bolt-1")]


def test_a_component_of_diconde_says_its_part_by_name_or_number(
    run: Run, cover: Path, wired: Kernel, tmp_path: Path
) -> None:
    activate(run, tmp_path / "known", cover)
    pixels = good_parts.part(3, without=(4,)).pixels
    about = {
        "Modality": "DX", "PresentationIntentType": "FOR PROCESSING", "PixelIntensityRelationshipSign": 1,
        "PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "GEOMETRY", "ComponentManufacturer": "Forge",
        "PatientSex": "O", "ViewPosition": "FRONT", "BitsStored": 16, "PatientName": "Cover-7", "PatientID": "SN 0042",
    }  # fmt: skip
    source = Arrival(data=samples.dicom(pixels.astype(np.uint16), **about), file_name="c.dcm", industry="ndt")
    found = analysed(wired, ingest(wired, TESTER, source=source).exam_pk)
    assert found["images"][0]["technique"]["part_name"] == "Cover-7"
    assert [(one["label"], one["code"]) for one in by_reference(found)] == [("missing", "bolt-4")]


def test_a_reference_without_names_is_for_the_images_of_its_set_up(
    run: Run, good: list[Path], wired: Kernel, tmp_path: Path
) -> None:
    out = tmp_path / "cover-7.npz"
    run("teach", *good, "--out", out, "--version", "1.2.0")
    activate(run, tmp_path / "known", out)
    found = analysed(wired, arrive(wired, good_parts.part(3, extra=(150.0, 100.0, 6.0, 2.0)), 1).exam_pk)
    assert [one["label"] for one in by_reference(found)] == ["foreign-object"]
    other = analysed(wired, arrive(wired, good_parts.part(3), 2, spacing_mm=[0.1, 0.1]).exam_pk)
    assert "not for this image: cover-7 1.2.0 (made for pixels of [0.2, 0.2] mm" in notes(other)
    assert "cover-7" not in unsearched(other)


def test_detect_and_show_know_it_by_name_and_by_file(run: Run, cover: Path, tmp_path: Path) -> None:
    film = written(tmp_path, "bad", good_parts.part(3, without=(2,)))
    run("models", "add", cover)
    for name in ("cover-7@1.2.0", cover):
        told = run("detect", film, "--model", name, "--explain", tmp_path / "why", "--json")
        assert [(one["label"], one["code"]) for one in told["images"][0]["findings"]] == [("missing", "bolt-2")]
        assert told["images"][0]["score"] > 0.5 and told["model_sha256"]
    assert len(list((tmp_path / "why").glob("*.png"))) == 1
    other = written(tmp_path, "lid", good_parts.part(3), technique={"part_number": "LID-2"})
    told = run("detect", other, "--model", "cover-7@1.2.0", "--json")
    assert "shows part LID-2" in told["refused"][0]["reason"]
    shown = run("models", "show", "cover-7")
    for words in ("kind          reference", "origin        site", "COVER-7", "when it was tried", "good parts       "):
        assert words in shown


def test_what_is_no_reference_is_not_added(run: Run, cover: Path, tmp_path: Path, good: list[Path]) -> None:
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(cover.read_bytes()[:-1000])
    with pytest.raises(Unreadable, match="kerma teach"):
        run("models", "add", damaged)
    bare = tmp_path / "bare.npz"
    bare.write_bytes(good_parts.reference().as_bytes())
    with pytest.raises(Unreadable, match="has no card: teach it again"):
        run("models", "add", bare)
    with pytest.raises(WrongUsage, match="4 good parts are too few"):
        run("teach", *good[:4], "--out", tmp_path / "few.npz")
    with pytest.raises(WrongUsage, match="is no version"):
        run("teach", *good, "--out", tmp_path / "x.npz", "--version", "two")
    small = written(tmp_path, "small", good_parts.part(3))
    tifffile.imwrite(small, good_parts.part(3).pixels[0][:200])
    told = run("detect", small, "--model", cover, "--json")
    assert "200 x 280 pixels, the reference 240 x 280" in told["refused"][0]["reason"]


def test_the_file_alone_is_uploaded_and_one_that_is_none_is_refused(wired: Kernel, run: Run, cover: Path) -> None:
    client = readings.room(wired, ("lead", "Lead Four", "lead")).client("lead")
    got = client.post("/api/v1/models", files={"weights": ("c.npz", cover.read_bytes())}, data={"industry": "ndt"})
    assert got.status_code == 201, got.text
    told = got.json()
    assert (told["kind"], told["origin"], told["state"]) == ("reference", "site", "candidate")
    assert told["card"]["for"] == {"part": "COVER-7", "view": "front"} and told["trial"]["good_parts"] == 6
    damaged = client.post("/api/v1/models", files={"weights": ("d.npz", cover.read_bytes()[:-1000])})
    assert damaged.status_code == 415 and "kerma teach" in damaged.json()["detail"]


def test_why_here_is_a_picture_of_the_difference(wired: Kernel, run: Run, cover: Path, tmp_path: Path) -> None:
    activate(run, tmp_path / "known", cover)
    room = readings.room(wired, ("one", "Reader One", "analyst"))
    stored = arrive(wired, good_parts.part(3, extra=(150.0, 100.0, 6.0, 2.0)), 9, **COVER)
    (one,) = by_reference(analysed(wired, stored.exam_pk))
    got = room.client("one").get(f"/api/v1/exams/{stored.exam_pk}/findings/{one['id']}/explanation")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    assert got.content.startswith(b"\x89PNG")
