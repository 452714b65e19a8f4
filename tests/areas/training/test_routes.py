"""Simulation over HTTP: the scenes, the ZIP with its truth, and the limits."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest

from areas.training.scenes import LITTLE, PLATE
from kerma.areas.training import routes, rules
from kerma.formats import read
from kerma.science import simulate


@pytest.fixture
def page(browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(simulate.SCENES, LITTLE.name, LITTLE)  # type: ignore[arg-type]
    made = browser(routes.router)
    made.sign_in("analyst")
    return made


def ask(page, **body: Any):
    return page.http.post("/api/v1/simulations", json={"scene": LITTLE.name} | body)


def opened(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def test_the_scenes_are_listed_with_their_options(page) -> None:
    listed = {row["name"]: row for row in page.http.get("/api/v1/scenes").json()["scenes"]}
    assert listed.keys() == simulate.SCENES.keys()
    assert listed["weld"]["options"][0]["choices"] == ["random", "few", "many"]


def test_the_archive_holds_images_masks_and_the_truth_at_the_end(page) -> None:
    archive = opened(ask(page, seed=7, count=2, size=32, options={"views": 2}))
    assert archive.namelist()[-2:] == ["masks.npz", "truth.json"]
    truth = json.loads(archive.read("truth.json"))
    masks = np.load(io.BytesIO(archive.read("masks.npz")))
    assert [entry["seed"] for entry in truth["images"]] == [7, 7, 8, 8]
    for entry in truth["images"]:
        data = archive.read(entry["file_name"])
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        image = read(data, entry["file_name"], archive.read(f"{entry['file_name']}.json"))
        assert (image.rows, image.columns) == masks[entry["file_name"]].shape == (32, 40)
    assert {one["image_id"] for one in truth["annotations"]} == {1, 2, 3, 4}


def test_the_same_request_gives_the_same_bytes_as_another_form_gives_its_own(page) -> None:
    assert ask(page, seed=3).content == ask(page, seed=3).content
    archive = opened(ask(page, seed=3, format="dicos"))
    names = [name for name in archive.namelist() if name.endswith(".dcs")]
    assert [read(archive.read(name)).format for name in names] == ["DICOS", "DICOS"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scene": "chess"}, 400),
        ({"scene": ""}, 400),
        ({"document": {}}, 400),
        ({"options": {"colour": "red"}}, 400),
        ({"options": {"size_px": 100_000}}, 400),
        ({"scene": "weld", "size": 512}, 400),
        ({"count": rules.MAX_COUNT + 1}, 422),
        ({"count": 0}, 422),
        ({"size": rules.MAX_SIDE_PX + 1}, 422),
        ({"seed": -1}, 422),
        ({"format": "gif"}, 422),
        ({"out": "/etc"}, 422),
    ],
)
def test_what_makes_no_sense_is_a_problem(page, body: dict[str, Any], status: int) -> None:
    answer = ask(page, **body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_one_simulation_at_a_time(page) -> None:
    with routes._turn:
        answer = ask(page)
    assert answer.status_code == 429 and "retry-after" in answer.headers
    assert ask(page).status_code == 200


def test_who_is_not_signed_in_simulates_nothing(page) -> None:
    page.http.delete("/api/v1/session")
    assert ask(page).status_code == 401
    assert page.http.get("/api/v1/scenes").status_code == 401


def test_a_scene_document_is_rendered(page) -> None:
    answer = page.http.post("/api/v1/simulations", json={"document": PLATE, "seed": 3})
    archive = opened(answer)
    assert "pore-plate-000003.tif" in archive.namelist()
    assert json.loads(archive.read("truth.json"))["annotations"][0]["label"] == "porosity"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"colour": "red"}, 400),
        ({"detector": {"rows": 3000, "columns": 64, "pitch_mm": 0.4}}, 413),
        ({"things": [{"name": "part", "shape": {"type": "mesh", "file": "/etc/passwd"}, "material": "iron"}]}, 400),
        (
            {"things": [{"name": "part", "shape": {"type": "box", "size_mm": [1, 1, 1]}, "material": "unobtainium"}]},
            404,
        ),
    ],
)
def test_a_document_that_cannot_be_rendered_is_a_problem(page, change: dict[str, Any], status: int) -> None:
    answer = page.http.post("/api/v1/simulations", json={"document": PLATE | change})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
