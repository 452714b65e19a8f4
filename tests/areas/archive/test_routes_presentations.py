"""The presentation states of an exam over HTTP: what each says of each image, and who may not see them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.webs import client_of

import presentations as made
import readings
from films import Archive, film, uid
from kerma.areas.archive.routes_presentations import router
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from readings import Room

FILM = film()
VOI = made.item(WindowCenter=900, WindowWidth=600, VOILUTFunction="SIGMOID", WindowCenterWidthExplanation="soft")
GAMMA = np.arange(16) ** 2 * 17
DRAWN = made.annotation("A", [made.shape("CIRCLE", [(5, 6), (7, 6)])], [
    made.item(AnchorPointAnnotationUnits="PIXEL", AnchorPoint=[5, 6], UnformattedTextValue="look here"),
])  # fmt: skip
LAYER = made.item(
    GraphicLayer="A", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayCIELabValue=[0x8A00, 0xD0A4, 0xC3B4]
)


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    with client_of(archive, [router]) as opened:
        yield opened


def asked(client: TestClient, exam_pk: int) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/exams/{exam_pk}/presentations")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_what_a_state_says_of_an_image(client: TestClient, archive: Archive) -> None:
    stored = archive.ingest(FILM)
    assert asked(client, stored.exam_pk) == []
    state = archive.ingest(
        made.state(
            FILM, SoftcopyVOILUTSequence=[VOI], PresentationLUTShape=None,
            PresentationLUTSequence=[made.lut(GAMMA, 0, 12)], ImageRotation=90,
            ImageHorizontalFlip="Y", GraphicAnnotationSequence=[DRAWN], GraphicLayerSequence=[LAYER],
            ShutterShape="CIRCULAR", CenterOfCircularShutter=[8, 8], RadiusOfCircularShutter=6,
            ShutterPresentationValue=65535,
        )
    )  # fmt: skip
    (row,) = asked(client, stored.exam_pk)
    assert row["state_pk"] == state.image_pk and row["problem"] == "" and row["notes"] == []
    assert (row["label"], row["creator"], row["created_at"]) == ("SHOWN", "Marie Curie", "2026-03-01T10:15:30")
    (image,) = row["images"]
    assert image["image_pk"] == stored.image_pk and image["planes"] == []
    assert (image["rotation"], image["is_flipped"], image["is_inverse"]) == (90, True, False)
    (voi,) = image["vois"]
    assert voi == {
        "planes": [], "lut": None, "window": {"center": 900, "width": 600, "function": "SIGMOID", "explanation": "soft"}
    }  # fmt: skip
    table = image["presentation_lut"]
    assert (np.frombuffer(base64.b64decode(table["entries"]), "<u2") == GAMMA).all() and table["bits"] == 12
    assert image["areas"] == [{"planes": [], "box": [0, 0, 16, 16], "sizing": "SCALE TO FIT", "magnification": None}]
    assert image["shutter"] == {"rectangle": None, "circle": [7.5, 7.5, 6], "polygon": [], "grey": 255}
    circle, text = image["graphics"]
    assert circle["points"] == [[6, 5], [6, 7]] and text["text"] == "look here"
    red, green, blue = (int(circle["colour"][at : at + 2], 16) for at in (1, 3, 5))
    assert red > 200 and green < 60 and blue < 60


def test_what_cannot_be_applied_says_why(client: TestClient, archive: Archive) -> None:
    exam_pk = archive.ingest(FILM).exam_pk
    turned = made.state(FILM, 1, ImageRotation=45)
    colour = made.state(FILM, 2, SOPClassUID="1.2.840.10008.5.1.4.1.1.11.2")
    elsewhere = made.state(film(image=9), 3)
    both = made.state(FILM, 4, ReferencedSeriesSequence=[
        made.item(ReferencedImageSequence=[
            made.item(ReferencedSOPInstanceUID=uid(1, 1, number), ReferencedSOPClassUID=readings.SR)
            for number in (1, 7)
        ])
    ])  # fmt: skip
    for data in (turned, colour, elsewhere, both):
        archive.ingest(data)
    rows = asked(client, exam_pk)
    for row, words in zip(
        rows, ("turns the image by 45", "colour presentation state", "none of its images", ""), strict=True
    ):
        assert words in row["problem"] and bool(row["problem"]) == bool(words), row
        assert bool(row["images"]) == (not words)
    assert rows[3]["notes"] == ["1 of its images is not in this exam"]
    assert client.get("/api/v1/exams/999/presentations").status_code == 404


@pytest.fixture
def room(kernel: Kernel) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, ("reader", "Reader One", "analyst"))
    sight.RULES[:] = kept


def test_where_findings_are_hidden_so_are_the_states(room: Room) -> None:
    room.arrive(made.state(FILM, ContentDescription="a nodule", GraphicAnnotationSequence=[DRAWN]))
    address = f"/api/v1/exams/{room.exam_pk}/presentations"
    seen = room.client("reader").get(address)
    assert "nodule" in seen.text and "look here" in seen.text
    room.policy("off", "open")
    hidden = room.client("reader").get(address)
    assert hidden.status_code == 200 and hidden.json() == {"items": []}
