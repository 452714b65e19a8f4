"""The enhancements over HTTP: the list a form is made of, and a picture that repeats what was on the screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from films import Archive
from kerma.areas.archive import routes, routes_enhance
from kerma.formats import read
from kerma.kernel import requests
from kerma.science.imaging import enhance

ORIGIN = "http://127.0.0.1"


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.kernel = archive.kernel
    app.include_router(routes.router)
    app.include_router(routes_enhance.router)
    requests.install(app)
    app.dependency_overrides[requests.actor_of] = lambda: archive.actor
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as opened:
        yield opened


def png(values: np.ndarray[Any, Any]) -> bytes:
    return cv2.imencode(".png", values)[1].tobytes()


def bumpy() -> np.ndarray[Any, Any]:
    """A ramp with noise and a hole, larger than the coarsest level."""
    random = np.random.default_rng(4)
    values = np.tile(np.linspace(5_000, 60_000, 700), (300, 1)) + random.normal(0, 400, (300, 700))
    values[100:140, 300:380] -= 4_000
    return values.astype(np.uint16)


def stored(client: TestClient, data: bytes) -> str:
    sent = [("files", ("a.png", data, "application/octet-stream"))]
    (result,) = client.post("/api/v1/uploads", files=sent, data={"industry": "ndt"}).json()["files"]
    return f"/api/v1/images/{result['image_pk']}/rendered.png"


def chain_of(data: bytes, *names: str, **rest: Any) -> dict[str, Any]:
    found = enhance.statistics(read(data))
    steps = [
        {"name": name, "version": 1, "parameters": enhance.switched_on(enhance.step_of(name), found)} for name in names
    ]
    return {"version": 1, "steps": steps, **rest}


def test_the_list_has_all_that_a_form_needs(client: TestClient) -> None:
    answer = client.get("/api/v1/enhancements").json()
    assert [(step["name"], step["version"]) for step in answer["steps"]] == [
        (step.name, step.version) for step in enhance.latest()
    ]
    for step in answer["steps"]:
        assert step["label"]
        assert step["purpose"].endswith(".")
        assert {setting["name"] for setting in step["settings"]} == {
            setting.name for setting in enhance.step_of(step["name"]).settings
        }
    clip = next(setting for step in answer["steps"] for setting in step["settings"] if setting["name"] == "clip_limit")
    assert (clip["least"], clip["most"], clip["slider"]) == (1, 10, 0.1)
    assert answer["colours"][0]["name"] == "grey"


def test_a_picture_repeats_a_chain_exactly(client: TestClient) -> None:
    data = png(bumpy())
    path, image = stored(client, data), read(data)
    for document in (
        chain_of(data, "log", "clahe"),
        chain_of(data, "clahe", "log"),
        chain_of(data, "median", "unsharp", "flatten", window={"center": 30_000, "width": 20_000}, negative=True),
        chain_of(data, "gamma", colours="hot-iron"),
        chain_of(data, "density_highlight"),
        chain_of(data),
    ):
        answer = client.get(path, params={"chain": json.dumps(document)})
        assert answer.status_code == 200, answer.text
        shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
        expected = enhance.run(image, 0, enhance.parse(document))
        assert np.array_equal(shown if shown.ndim == 2 else shown[..., ::-1], expected)
    window = chain_of(data, window={"center": 30_000, "width": 20_000})
    answer = client.get(path, params={"chain": json.dumps(window)})
    assert (answer.headers["kerma-window-center"], answer.headers["kerma-window-width"]) == ("30000.0", "20000.0")


def test_a_picture_is_named_by_what_the_chain_says_and_not_by_how_it_is_written(client: TestClient) -> None:
    data = png(bumpy())
    path, document = stored(client, data), chain_of(data, "clahe", "unsharp")
    tag = client.get(path, params={"chain": json.dumps(document)}).headers["etag"]
    spaced = json.dumps({key: document[key] for key in reversed(document)}, indent=3)
    assert client.get(path, params={"chain": spaced}).headers["etag"] == tag
    document["steps"][0]["parameters"]["clip_limit"] += 0.1
    other = client.get(path, params={"chain": json.dumps(document)})
    assert other.headers["etag"] != tag
    turned = {**document, "steps": document["steps"][::-1]}
    assert client.get(path, params={"chain": json.dumps(turned)}).headers["etag"] != other.headers["etag"]
    again = client.get(path, params={"chain": json.dumps(turned)}, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert client.get(path).headers["etag"] not in (tag, other.headers["etag"])


@pytest.mark.parametrize(
    ("chain", "told"),
    [
        ("{", "no JSON"),
        ('{"steps": [{"name": "sharpen"}]}', "there is no enhancement 'sharpen'"),
        ('{"steps": [{"name": "gamma", "version": 7}]}', "no version 7"),
        ('{"steps": [{"name": "gamma", "parameters": {"gamma": 99, "low": 0, "high": 1}}]}', "up to 10"),
        ('{"steps": [{"name": "gamma", "parameters": {"gamma": 2, "low": 5, "high": 5}}]}', "'low' below 'high'"),
        ('{"steps": [{"name": "gamma", "parameters": {"gamma": 2, "low": -1e300, "high": 5}}]}', "1e+12"),
        ('{"steps": [{"name": "clahe", "parameters": {}}]}', "depends on the image"),
        ('{"steps": [{"name": "material_colour", "parameters": {}}]}', "needs"),
    ],
)
def test_a_chain_that_cannot_be_run_is_a_problem_that_teaches(client: TestClient, chain: str, told: str) -> None:
    answer = client.get(stored(client, png(bumpy())), params={"chain": chain})
    assert answer.status_code == 400, answer.text
    assert told in answer.json()["detail"]


def test_window_and_chain_are_not_given_twice(client: TestClient) -> None:
    path = stored(client, png(bumpy()))
    assert client.get(path, params={"chain": '{"steps": []}', "invert": True}).status_code in (400, 422)
    assert client.get(path, params={"chain": "x" * 20_001}).status_code in (400, 422)


def test_an_image_in_colour_takes_no_enhancement(client: TestClient) -> None:
    colour = np.zeros((20, 20, 3), np.uint8)
    colour[..., 2] = 200
    path = stored(client, png(colour))
    answer = client.get(path, params={"chain": json.dumps({"steps": [{"name": "median"}]})})
    assert answer.status_code == 400
    assert "in colour" in answer.json()["detail"]
