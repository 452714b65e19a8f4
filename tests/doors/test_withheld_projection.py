"""Nothing tells a reader whether a threat was projected into the exam in front of them, by any door."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image as Picture

import readings
import tips
from films import uid
from kerma.areas.proficiency import actions
from kerma.errors import NotAllowed, Withheld
from kerma.kernel.action import ACTIONS, Kernel
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.projection import BEFORE_DECIDING
from readings import Answer
from tips import Tunnel

PEOPLE = (("reader", "Reader One", "analyst"), ("lead", "Lead Three", "lead"))
ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PICTURES = ("/tiles/", "/rendered.png")
"""Doors that give pixels: what they show differs, as two bags do; nothing else about them may."""
OF_PIXELS = ("content-length", "kerma-window-center", "kerma-window-width")
DESCRIBING = ("/pixels",)
"""Doors that describe pixels by what is measured on them: the window, the open beams, the noise."""
MEASURED = ("default_windows", "energies")
GROWING = ("/api/v1/evidence",)
"""Doors that tell how long the ledger of the whole house is."""


@pytest.fixture
def tunnel(kernel: Kernel, quick_hashes: None) -> Iterator[Tunnel]:
    made = tips.tunnel(kernel, *PEOPLE)
    made.scan()
    yield made
    tips.unwire()


def every_address(made: Tunnel) -> list[str]:
    """Return every address that can be read, with the numbers and UIDs of the bag's own images and tiles in it."""
    images = made.images()
    client = made.client("reader")
    found = [address.replace(uid(1), images[0]["exam_uid"]) for address in readings.doors(made)]
    found = [one.replace("/ndt", "/security") for one in found]
    for row in images:
        answer = client.get(f"/api/v1/images/{row['id']}/pixels")
        tag = answer.json().get("tag", "x")
        found += [f"/api/v1/images/{row['id']}/tiles/{tag}/{plane}/0/0/0" for plane in range(3)]
        found += [f"/api/v1/images/{row['id']}/rendered.png?plane={plane}" for plane in range(3)]
        at = f"/dicom-web/studies/{row['exam_uid']}/series/{row['series_uid']}/instances/{row['uid']}"
        found += [at, f"{at}/frames/1", f"{at}/rendered", f"{at}/thumbnail", f"{at}/metadata", f"{at}/bulkdata/pixels"]
    return list(dict.fromkeys(found))


def answers(made: Tunnel, name: str = "reader") -> dict[str, Answer]:
    client = made.client(name)
    found = {}
    for address in every_address(made):
        got = client.get(address)
        headers = tuple(sorted((key, value) for key, value in got.headers.items() if "boundary=" not in value))
        found[address] = Answer(address, got.status_code, headers, got.content)
    return found


def told(one: Answer) -> tuple[Any, ...]:
    """Return all of an answer that must not depend on whether a threat was projected."""
    headers = tuple((key, value) for key, value in one.headers if not _shows(one) or key not in OF_PIXELS)
    if any(part in one.address for part in PICTURES) and one.status == 200:
        return one.status, headers, tuple(key for key, _ in one.headers)
    if one.address.endswith(DESCRIBING) and one.status == 200:
        return one.status, headers, json.dumps(_described(json.loads(one.body)))
    return one.status, headers, one.body


def _shows(one: Answer) -> bool:
    return one.address.endswith(DESCRIBING) or any(part in one.address for part in PICTURES)


def _described(document: Any) -> Any:
    """Return a description of pixels with the names of what is measured in them, but not the values."""
    if isinstance(document, dict):
        return {key: _shape(value) if key in MEASURED else _described(value) for key, value in document.items()}
    return [_described(one) for one in document] if isinstance(document, list) else document


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    return [_shape(one) for one in value] if isinstance(value, list) else type(value).__name__


def differences(one: dict[str, Answer], other: dict[str, Answer]) -> list[str]:
    assert one.keys() == other.keys()
    return [
        f"{address}: {told(one[address])!r:.400} -> {told(other[address])!r:.400}"
        for address in one
        if address not in GROWING and told(one[address]) != told(other[address])
    ]


@ONE_DATABASE
def test_no_door_tells_whether_a_threat_was_projected(tunnel: Tunnel) -> None:
    """The strongest form: with the draw the other way, only pixels differ; no name, size, header, order or error."""
    tunnel.analyse()
    before_ready = answers(tunnel)
    tunnel.prepare()
    assert tunnel.row()["is_projected"], tunnel.row()["why_not"]
    projected = answers(tunnel)
    tunnel.flip(is_projected=False)
    plain = answers(tunnel)
    assert differences(projected, plain) == []
    shown = [at for at, one in projected.items() if one.body != plain[at].body and at not in GROWING]
    assert any("/tiles/" in one for one in shown), "the threat must be seen"
    assert any("rendered.png" in one for one in shown)
    assert all(any(part in one for part in (*PICTURES, *DESCRIBING)) for one in shown)
    pictures = [one for one in before_ready.values() if _shows(one) and one.status == 200]
    assert pictures == [], "nothing is shown before the pixels are ready"


@ONE_DATABASE
def test_the_images_as_they_came_are_behind_no_door(tunnel: Tunnel) -> None:
    tunnel.prepare()
    rows = tunnel.images()
    for name in ("reader", "lead"):
        client = tunnel.client(name)
        expected = 403 if name == "reader" else 200
        for row in rows:
            at = f"/dicom-web/studies/{row['exam_uid']}/series/{row['series_uid']}/instances/{row['uid']}"
            for address in (f"/api/v1/images/{row['id']}/file", at, f"{at}/frames/2", f"{at}/rendered"):
                assert client.get(address).status_code == expected, (name, address)
        compared = client.get(f"/api/v1/images/{rows[0]['id']}/compare/{rows[1]['id']}/pixels")
        assert compared.status_code in (403, 404) if name == "reader" else compared.status_code != 403
    held = {row["sha256"] for row in rows}
    for address, one in answers(tunnel).items():
        assert not any(kernel_blob == one.body for kernel_blob in map(tunnel.kernel.blobs.get, held)), address


@ONE_DATABASE
def test_the_threat_is_in_the_readers_pixels_and_nowhere_else(tunnel: Tunnel) -> None:
    tunnel.prepare()
    for place in tunnel.row()["places"]:
        image_pk = place["image_pks"][0]
        address = f"/api/v1/images/{image_pk}/rendered.png?plane=1&center=29000&width=58000"
        pictures = [tunnel.client(name).get(address).content for name in ("reader", "lead")]
        mine, came = (np.asarray(Picture.open(io.BytesIO(one)).convert("L")).astype(int) for one in pictures)
        rows, columns = np.nonzero(mine != came)
        top, left, height, width = place["box"]
        margin = 5
        assert rows.min() >= top - margin
        assert rows.max() <= top + height + margin
        assert columns.min() >= left - margin
        assert columns.max() <= left + width + margin
        assert (mine[mine != came] < came[mine != came]).mean() > 0.9, "a threat takes light away"
    for row in tunnel.images():
        assert tunnel.kernel.blobs.check(row["sha256"])


@ONE_DATABASE
def test_what_software_found_waits_for_the_decision_in_every_exam_of_a_plan(tunnel: Tunnel) -> None:
    tunnel.analyse()
    tunnel.prepare()
    for is_projected in (True, False):
        tunnel.flip(is_projected=is_projected)
        found = answers(tunnel)
        assert [one.address for one in found.values() for word in readings.BY_SOFTWARE if one.holds(word)] == []
    shown = tunnel.client("lead").get(f"/api/v1/exams/{tunnel.exam_pk}/analysis").text
    assert readings.BY_SOFTWARE[0] in shown


@ONE_DATABASE
def test_before_the_decision_nothing_but_the_decision_is_recorded(tunnel: Tunnel) -> None:
    """Every action on an exam is tried, new ones too: what a reader draws over a projected threat is no record."""
    tunnel.analyse()
    tunnel.prepare()
    reader = tunnel.actors["reader"]
    for is_projected in (True, False):
        tunnel.flip(is_projected=is_projected)
        withheld = set()
        for name, one in ACTIONS.items():
            if name not in BEFORE_DECIDING:
                with pytest.raises(NotAllowed) as refused:
                    one(tunnel.kernel, reader, exam_pk=tunnel.exam_pk)
                withheld |= {name} if isinstance(refused.value, Withheld) else set()
        assert withheld >= {"review.judge", "review.mark", "review.comment", "review.ask_consult", "archive.export"}
    with pytest.raises(Withheld):
        tunnel.judge("reader", label="sharp")
    tunnel.decide("reader", "refer")  # it was plain: now everything is open
    tunnel.judge("reader", label="sharp")


@ONE_DATABASE
def test_a_wrong_decision_is_refused_alike(tunnel: Tunnel) -> None:
    """A reader who probes gets the same answer in both cases, and none of it counts."""
    tunnel.prepare()
    address = f"/api/v1/exams/{tunnel.exam_pk}/decisions"
    wrong = ({"decision": "accept"}, {"decision": "clear", "supersedes": 7}, {"decision": "clear", "judgement_id": 9})
    got = []
    for is_projected in (True, False):
        tunnel.flip(is_projected=is_projected)
        got.append(
            [
                (one.status_code, one.text)
                for one in (tunnel.client("reader").post(address, json=body) for body in wrong)
            ]
        )
        assert tunnel.answers() == []
    assert got[0] == got[1]
    assert all(status >= 400 for status, _ in got[0])


@ONE_DATABASE
def test_the_ledger_does_not_say_which_exam_was_drawn_or_answered(tunnel: Tunnel) -> None:
    tunnel.prepare()
    got = tunnel.client("reader").post(f"/api/v1/exams/{tunnel.exam_pk}/decisions", json={"decision": "clear"})
    assert got.json()["was_projected"]
    with tunnel.kernel.database.read() as connection:
        bodies = [json.loads(body) for body in connection.scalars(sa.select(ledger_record.c.body))]
    for action in (actions.settle.name, "review.decide"):
        (record,) = [one for one in bodies if one["action"] == action]
        assert not {"exam_pk", "item_id", "image_pk"} & record["details"].keys(), record
        assert any(key.endswith("sha256") for key in record["details"])
