"""The picture of a finding's heat over HTTP: as permitted as the image, as hidden as the finding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import readings
from kerma.areas.review import jobs as review
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from looking_models import add_model, arrive
from readings import Room


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    made = readings.room(kernel, ("one", "Reader One", "analyst"), ("lead", "Lead Three", "lead"))
    add_model(made.kernel)
    stored = arrive(made.kernel, spacing_mm=0.1)
    made.exam_pk, made.sha256 = stored.exam_pk, stored.sha256
    review.analyse_exam(made.kernel, exam_pk=stored.exam_pk)
    yield made
    sight.RULES[:] = kept


def path(room: Room, finding_id: str) -> str:
    return f"/api/v1/exams/{room.exam_pk}/findings/{finding_id}/explanation"


def test_a_learned_finding_is_explained_and_hidden_like_itself(room: Room) -> None:
    told = room.client("one").get(f"/api/v1/exams/{room.exam_pk}/analysis").json()["document"]
    (learned, *_) = [one for image in told["images"] for one in image["findings"] if one["by"].get("model_sha256")]
    got = room.client("one").get(path(room, learned["id"]))
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    assert got.content.startswith(b"\x89PNG")
    room.policy("second-reader", "open")
    hidden, none = (room.client("one").get(path(room, name)) for name in (learned["id"], "999"))
    assert (hidden.status_code, none.status_code) == (404, 404)
    assert hidden.json()["detail"].replace(learned["id"], "999") == none.json()["detail"]
    assert room.client("lead").get(path(room, learned["id"])).status_code == 200


def test_what_no_network_marked_has_no_heat(room: Room) -> None:
    room.judge("one", note="seen")
    told = room.client("one").get(f"/api/v1/exams/{room.exam_pk}/analysis").json()["document"]
    own = [one for image in told["images"] for one in image["findings"] if one["by"]["kind"] == "person"]
    got = room.client("one").get(path(room, own[0]["id"]))
    assert (got.status_code, "no learned model" in got.json()["detail"]) == (400, True)
