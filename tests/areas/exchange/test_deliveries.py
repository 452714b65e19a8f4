"""The durable queue: what is asked for arrives, also when the node is away or the process is killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from pydicom import dcmread
from pydicom.uid import DigitalXRayImageStorageForPresentation
from pynetdicom import AE, evt

from dcmtk import free_port, storescp
from films import Archive, film, uid
from kerma.areas.exchange import actions_deliver, jobs, queries_deliver, rules
from kerma.areas.exchange.actions_deliver import Order
from kerma.errors import Conflict, NotAllowed, NotFound
from kerma.kernel.action import Actor
from kerma.kernel.clock import HeldClock
from kerma.kernel.jobs import Runner

CHILD = Path(__file__).parent / "deliver_child.py"


def state_of(archive: Archive, delivery_id: int) -> dict[str, Any]:
    with archive.kernel.database.read() as connection:
        found = queries_deliver.delivery_by_id(connection, delivery_id)
    assert found is not None
    return found


def wait(archive: Archive, delivery_id: int, *states: str, timeout_s: float = 60) -> dict[str, Any]:
    until = time.monotonic() + timeout_s
    while (found := state_of(archive, delivery_id))["state"] not in states:
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return found


def received(folder: Path) -> set[str]:
    paths = [path for path in folder.iterdir() if path.name != "peer.log"]
    return {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths}


def ask(archive: Archive, node: dict[str, Any], **order: Any) -> int:
    return actions_deliver.send(archive.kernel, archive.actor, order=Order(node["id"], 1, **order))


def test_what_is_asked_for_arrives(archive: Archive, lists: Callable[..., Any], runner: Runner, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        archive.ingest(film(image=number))
    archive.ingest(film(series=2, image=1))
    with storescp(tmp_path / "in") as port:
        node = lists("PEER", port)
        whole, part = ask(archive, node), ask(archive, node, series_uid=uid(1, 2))
        assert ask(archive, node) == whole, "the same that waits is not asked for twice"
        runner.start()
        done = wait(archive, whole, "sent")
        assert wait(archive, part, "sent")["sent_count"] == 1
    assert (done["sent_count"], done["image_count"], done["attempts"], done["error"]) == (4, 4, 1, "")
    assert received(tmp_path / "in") == {uid(1, 1, 1), uid(1, 1, 2), uid(1, 1, 3), uid(1, 2, 1)}
    assert {record["actor"] for record in archive.records("archive.export")} == {"service:exchange"}
    asked = archive.records("exchange.send")
    assert asked[0]["actor"] == archive.actor.key


def test_a_node_that_is_away_is_tried_again_and_then_parked(archive: Archive, lists: Callable[..., Any]) -> None:
    held = HeldClock(archive.kernel.clock.now())
    archive.kernel = replace(archive.kernel, clock=held)
    archive.ingest(film())
    delivery_id = ask(archive, lists("PEER", free_port()))
    dues = []
    for attempt in range(rules.MOST_ATTEMPTS):
        jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=attempt)
        found = state_of(archive, delivery_id)
        assert "is not listening" in found["error"]
        dues.append(found["due_at"])
    assert found["state"] == "parked"
    assert dues == sorted(dues)
    jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=0)
    assert state_of(archive, delivery_id)["state"] == "parked", "a late job changes nothing"


def test_a_parked_delivery_goes_on_when_a_person_says_so(
    archive: Archive, lists: Callable[..., Any], runner: Runner, tmp_path: Path
) -> None:
    archive.ingest(film())
    port = free_port()
    delivery_id = ask(archive, lists("PEER", port))
    jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=0)
    assert state_of(archive, delivery_id)["state"] == "waiting"
    with storescp(tmp_path / "in", port=port):
        actions_deliver.retry(archive.kernel, archive.actor, delivery_id=delivery_id)
        runner.start()
        wait(archive, delivery_id, "sent")
    with pytest.raises(Conflict):
        actions_deliver.retry(archive.kernel, archive.actor, delivery_id=delivery_id)


def test_images_that_are_never_taken_park_the_delivery_and_the_others_are_there(
    archive: Archive, lists: Callable[..., Any], tmp_path: Path
) -> None:
    archive.ingest(film(image=1))
    archive.ingest(film(image=2, SOPClassUID="1.2.826.0.1.3680043.9.7433.99"))
    with storescp(tmp_path / "in") as port:
        delivery_id = ask(archive, lists("PEER", port))
        jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=0)
    found = state_of(archive, delivery_id)
    assert (found["state"], found["sent_count"]) == ("parked", 1)
    assert "1 not taken" in found["error"]
    assert "SOP class" in found["error"]
    assert received(tmp_path / "in") == {uid(1, 1, 1)}


def test_images_that_are_refused_are_tried_once_more(archive: Archive, lists: Callable[..., Any]) -> None:
    for image in (1, 2):
        archive.ingest(film(image=image))
    full = [True]
    entity = AE("PEER")
    entity.add_supported_context(DigitalXRayImageStorageForPresentation)
    handlers = [(evt.EVT_C_STORE, lambda event: 0xA700 if full[0] else 0x0000)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        delivery_id = ask(archive, lists("PEER", server.socket.getsockname()[1]))
        jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=0)
        found = state_of(archive, delivery_id)
        assert (found["state"], len(found["failed"])) == ("waiting", 2)
        assert "out of space" in found["error"]
        full[0] = False
        jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=1)
    finally:
        server.shutdown()
    found = state_of(archive, delivery_id)
    assert (found["state"], found["sent_count"], found["failed"]) == ("sent", 2, [])


def test_what_did_not_come_as_dicom_is_delivered_and_the_note_says_how(
    archive: Archive, lists: Callable[..., Any], tmp_path: Path
) -> None:
    target = io.BytesIO()
    tifffile.imwrite(target, np.arange(4096, dtype=np.uint16).reshape(64, 64))
    stored = archive.ingest(target.getvalue(), "weld.tif", industry="ndt")
    with storescp(tmp_path / "in") as port:
        delivery_id = ask(archive, lists("PEER", port))
        jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=0)
    found = state_of(archive, delivery_id)
    assert (found["state"], found["sent_count"]) == ("sent", 1)
    assert found["note"] == "1 image was sent as the DICOM object that stands for the file that came"
    assert received(tmp_path / "in") == {stored.image_uid}


def test_a_killed_process_loses_nothing(archive: Archive, lists: Callable[..., Any], tmp_path: Path) -> None:
    numbers = range(1, 41)
    for number in numbers:
        archive.ingest(film(image=number, side=200))
    settings = archive.kernel.settings
    with storescp(tmp_path / "in") as port:
        delivery_id = ask(archive, lists("PEER", port))
        for _ in range(2):
            child = subprocess.Popen([sys.executable, str(CHILD), str(settings.home), settings.database_url])
            before = len(received_paths(tmp_path / "in"))
            until = time.monotonic() + 60
            while len(received_paths(tmp_path / "in")) < before + 8 and child.poll() is None:
                assert time.monotonic() < until
                time.sleep(0.005)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        child = subprocess.Popen([sys.executable, str(CHILD), str(settings.home), settings.database_url])
        done = wait(archive, delivery_id, "sent", timeout_s=120)
        child.terminate()
        child.wait()
    assert received(tmp_path / "in") == {uid(1, 1, number) for number in numbers}
    assert done["sent_count"] >= len(numbers)
    assert done["error"] == ""


def received_paths(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != "peer.log"]


def test_who_may_not_export_may_not_send(archive: Archive, lists: Callable[..., Any]) -> None:
    archive.ingest(film())
    node = lists("PEER", 104)
    sender = Actor("person", "9", "Sender", frozenset({"exchange.send"}))
    with pytest.raises(NotAllowed):
        actions_deliver.send(archive.kernel, sender, order=Order(node["id"], 1))
    with pytest.raises(NotFound):
        actions_deliver.send(archive.kernel, archive.actor, order=Order(node["id"], 99))


def test_no_name_of_a_patient_gets_into_ledger_or_rows(
    archive: Archive, lists: Callable[..., Any], tmp_path: Path
) -> None:
    archive.ingest(film())
    with storescp(tmp_path / "in") as port:
        delivery_id = ask(archive, lists("PEER", port))
        jobs.deliver(archive.kernel, delivery_id=delivery_id, attempt=0)
    written = str(
        [record for record in archive.records() if record["action"].startswith(("exchange", "archive.export"))]
    )
    written += str(state_of(archive, delivery_id))
    assert "Dupont" not in written
    assert "P-17" not in written
