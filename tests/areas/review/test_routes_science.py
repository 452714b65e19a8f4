"""Calculations and measurements over HTTP: who may, what is recorded, and what is answered to what makes no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tifffile

import radiographs
from films import Archive
from kerma.areas.archive import actions
from kerma.areas.archive.model import Arrival
from kerma.areas.review.routes_science import MAX_FRAMES, router
from kerma.kernel.action import Actor, Kernel
from kerma.science import calculations, measure
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.results import Measurement


def _tiff(seed: int, folder: Any, side: int = 64) -> Any:
    image, _ = radiographs.with_pores(seed, contrast=12, count=1, side=side)
    path = folder / f"{seed}.tif"
    tifffile.imwrite(path, image.pixels[0])
    return path


@pytest.fixture
def page(browser, kernel: Kernel, actor: Actor, tmp_path):
    """A page of a signed-in analyst, and two stored images of one exam."""
    made = browser(router)
    described = json.dumps({"meaning": "raw", "rises_with_dose": True, "exam": "E1", "spacing_mm": [0.1, 0.1]}).encode()
    made.images = []
    for seed in (3, 4):
        path = _tiff(seed, tmp_path)
        stored = actions.ingest(kernel, actor, source=Arrival(path, path.name, "ndt", described, from_="test"))
        made.images.append(stored.image_pk)
    made.archive = Archive(kernel, actor)
    made.sign_in("analyst")
    return made


def ask(page, name: str, **body: Any):
    return page.http.post(f"/api/v1/images/{page.images[0]}/measurements/{name}", json=body)


def views(page) -> int:
    return len(page.archive.records("archive.view"))


def test_a_measurement_is_that_of_the_command_and_the_look_is_recorded_once(page) -> None:
    before = views(page)
    answer = ask(page, "line-profile", options={"start": [3, 0], "end": [3, 20], "spacing_mm": 0.05})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["name"] == "line_profile"
    assert found["values"]["distance_mm"][1] == pytest.approx(0.05)
    assert (found["units"]["distance_mm"], found["inputs"]["spacing_origin"]) == ("mm", "given")
    assert ask(page, "statistics", options={"region": "1,2,30,40"}).json()["inputs"]["region"] == [1, 2, 30, 40]
    assert views(page) == before + 1


def test_what_is_not_measurable_says_why(page) -> None:
    found = ask(page, "snr_n").json()
    assert found["values"] == {} and "duplex wire" in found["not_measurable"]


def test_frames_of_a_measurement_are_stacked_in_their_order(page) -> None:
    single = [
        page.http.post(f"/api/v1/images/{pk}/measurements/statistics", json={}).json()["values"] for pk in page.images
    ]
    for plane in (0, 1):
        found = ask(page, "statistics", options={"plane": plane}, images=[page.images])
        assert found.json()["values"] == single[plane]


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("sharpness", {}, 404),
        ("statistics", {"options": {"colour": "red"}}, 400),
        ("statistics", {"options": {"region": [0, 0, 1.5, 2]}}, 400),
        ("statistics", {"options": {"region": [0, 0, 900, 900]}}, 400),
        ("statistics", {"options": {"plane": 7}}, 400),
        ("statistics", {"options": {"name": "snr", "self": 1}}, 400),
        ("statistics", {"images": [[], [1]]}, 400),
        ("statistics", {"images": [[10**30]]}, 422),
        ("statistics", {"images": [[4711]]}, 400),
        ("statistics", {"region": [0, 0, 2, 2]}, 422),
        ("line_profile", {"options": {"start": [0, "NaN"]}}, 400),
    ],
)
def test_what_makes_no_sense_is_a_problem(page, name: str, body: dict[str, Any], status: int) -> None:
    answer = ask(page, name, **body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 10


def test_images_that_are_not_there_and_too_many_frames_are_refused(page) -> None:
    first = page.images[0]
    assert ask(page, "statistics", images=[[first, 4711]]).status_code == 404
    assert ask(page, "statistics", images=[[first] * (MAX_FRAMES + 1)]).status_code == 413
    assert ask(page, "statistics", images=[[first], [first]]).status_code == 400


def test_who_may_not_see_an_image_cannot_measure_it(page, kernel: Kernel) -> None:
    from kerma.kernel import requests

    nobody = Actor(kind="person", id="9", name="Nobody", permissions=frozenset())
    page.http.app.dependency_overrides[requests.actor_of] = lambda: nobody
    for pk in (page.images[0], 4711):
        assert page.http.post(f"/api/v1/images/{pk}/measurements/statistics", json={}).status_code == 403
    assert [record["outcome"] for record in page.archive.records("archive.view")][-1] == "refused"


def test_who_is_not_signed_in_gets_nothing(page) -> None:
    page.http.delete("/api/v1/session")
    for path in ("/api/v1/calculations", "/api/v1/measurements"):
        assert page.http.get(path).status_code == 401
    assert page.http.post("/api/v1/calculations/decay", json={}).status_code == 401
    assert ask(page, "statistics").status_code == 401


def test_the_registry_of_measurements_is_listed_with_options(page) -> None:
    listed = {row["name"]: row for row in page.http.get("/api/v1/measurements").json()["measurements"]}
    assert listed.keys() == measure.MEASURES.keys()
    assert [option["name"] for option in listed["statistics"]["options"]] == ["plane", "region", "spacing_mm"]
    assert listed["statistics"]["images"] == ["image"]


def _twice(**given: Any) -> Measurement:
    return Measurement("twice", "1", {"length_mm": given["length_mm"] * 2}, "doubling", given)


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Calculation("twice-over", "Twice a length", (Option("length_mm", "number", "length", True),), _twice)
    monkeypatch.setattr(calculations, "calculations", lambda: {row.name: row})


@pytest.mark.usefixtures("twice")
def test_calculations_are_listed_and_made(page) -> None:
    (row,) = page.http.get("/api/v1/calculations").json()["calculations"]
    assert (row["name"], row["options"][0]["unit"], row["options"][0]["is_required"]) == ("twice-over", "mm", True)
    made = page.http.post("/api/v1/calculations/twice_over", json={"options": {"length_mm": "2.5"}})
    assert (made.json()["values"], made.json()["units"]) == ({"length_mm": 5.0}, {"length_mm": "mm"})


@pytest.mark.parametrize(
    "findings",
    [
        [{"label": "2011", "measurements": {"diameter_mm": 4.5}}],
        '[{"label": "porosity", "measurements": [{"name": "diameter_mm", "value": 4.5}]}]',
    ],
)
def test_findings_are_held_against_a_pack_by_name(page, findings: Any) -> None:
    options = {"rules": "french-arrete-1978", "thickness_mm": 12, "findings": findings}
    made = page.http.post("/api/v1/calculations/verdict", json={"options": options})
    assert made.status_code == 200, made.text
    values = made.json()["values"]
    assert (values["verdict"], values["failed"][0]["clause"][:12]) == ("fail", "Annexe III, ")
    wrong = page.http.post("/api/v1/calculations/verdict", json={"options": options | {"findings": [{"label": "gum"}]}})
    assert (wrong.status_code, "finding 1" in wrong.json()["detail"]) == (400, True)


@pytest.mark.usefixtures("twice")
@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("thrice", {}, 404),
        ("twice-over", {}, 400),
        ("twice-over", {"options": {"length_mm": -1}}, 400),
        ("twice-over", {"options": {"length_mm": {"Al": 1}}}, 400),
        ("twice-over", {"options": {"self": 1}}, 400),
        ("twice-over", {"length_mm": 3}, 422),
    ],
)
def test_a_calculation_that_makes_no_sense_is_a_problem(page, name: str, body: dict[str, Any], status: int) -> None:
    answer = page.http.post(f"/api/v1/calculations/{name}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
