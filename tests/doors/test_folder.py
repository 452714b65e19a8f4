"""The watched folder: files settle, are taken in, and are moved only after they are acknowledged."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path

import pytest

from films import Archive, film
from kerma.areas.archive.model import ExamArrived, image, quarantine
from kerma.doors.folder import FolderDoor
from kerma.kernel.action import Actor, Kernel


class Watch:
    """A door whose time is held, and the shortest way to say what lies where."""

    def __init__(self, kernel: Kernel, folder: Path) -> None:
        self.now_s = 100.0
        self.folder = folder
        folder.mkdir()
        self.door = FolderDoor(kernel, folder, now_s=lambda: self.now_s)

    def put(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def look(self, after_s: float = 0.0) -> int:
        self.now_s += after_s
        return self.door.step()

    def files(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def archive(kernel: Kernel, actor: Actor) -> Archive:
    return Archive(kernel, actor)


@pytest.fixture
def watch(kernel: Kernel, tmp_path: Path) -> Watch:
    return Watch(kernel, tmp_path / "inbox")


def test_a_file_is_taken_in_once_it_has_settled(watch: Watch, archive: Archive) -> None:
    path = watch.put("medical/a.dcm", film()[:100])
    assert watch.look() == 0
    path.write_bytes(film())  # the sender was still writing
    assert [watch.look(0.9), watch.look(0.9)] == [0, 0]
    assert watch.look(0.2) == 1
    assert watch.files() == {"done/medical/a.dcm"}
    assert archive.count(image) == 1
    assert watch.look(5.0) == 0


def test_what_may_not_stand_among_the_exams_goes_to_refused_with_the_reason(watch: Watch, archive: Archive) -> None:
    watch.put("junk.dcm", b"junk")
    watch.put("plain.png", _png())
    watch.look()
    assert watch.look(1.0) == 2
    assert watch.files() == {
        "refused/junk.dcm", "refused/junk.dcm.reason.txt", "refused/plain.png", "refused/plain.png.reason.txt",
    }  # fmt: skip
    assert "quarantined: " in (watch.folder / "refused/junk.dcm.reason.txt").read_text()
    assert "security, ndt, medical" in (watch.folder / "refused/plain.png.reason.txt").read_text()
    assert archive.count(quarantine) == 1


def test_the_folder_states_the_industry(watch: Watch, archive: Archive) -> None:
    for industry in archive.kernel.industries:
        watch.put(f"{industry}/deep/{industry}.png", _png(len(industry)))
    watch.look()
    assert watch.look(1.0) == 3
    assert {record["details"]["industry"] for record in archive.records()} == set(archive.kernel.industries)


def test_a_description_travels_with_its_file_and_waits_for_it(watch: Watch, archive: Archive) -> None:
    described = {"rows": 8, "columns": 8, "type": "uint16"}
    watch.put("ndt/weld.raw.json", json.dumps(described).encode())
    watch.look()
    assert watch.look(9.0) == 0
    watch.put("ndt/weld.raw", bytes(range(128)))
    watch.look()
    assert watch.look(1.0) == 1
    assert watch.files() == {"done/ndt/weld.raw", "done/ndt/weld.raw.json"}
    assert archive.count(image) == 1


def test_unfinished_hidden_and_linked_files_are_left_alone(watch: Watch, tmp_path: Path) -> None:
    outside = tmp_path / "outside.dcm"
    outside.write_bytes(film())
    for name in (".hidden.dcm", "b.dcm.part", "c.dcm.TMP"):
        watch.put(name, film())
    (watch.folder / "link.dcm").symlink_to(outside)
    os.mkfifo(watch.folder / "pipe.dcm")
    before = watch.files()
    watch.look()
    assert watch.look(9.0) == 0
    assert watch.files() == before


def test_the_same_name_twice_keeps_both_files(watch: Watch) -> None:
    for number in (1, 2):
        watch.put("a.dcm", film(image=number))
        watch.look()
        assert watch.look(1.0) == 1
    assert watch.files() == {"done/a.dcm", "done/a-2.dcm"}
    assert (watch.folder / "done/a.dcm").read_bytes() == film(image=1)


def test_a_failure_moves_nothing_and_the_next_look_takes_the_file_in(watch: Watch, archive: Archive) -> None:
    def fail(act: object, event: ExamArrived) -> None:
        raise RuntimeError("the database is away")

    whole = watch.door._kernel
    watch.door._kernel = dataclasses.replace(whole, subscriptions={ExamArrived: (fail,)})
    watch.put("a.dcm", film())
    watch.look()
    with pytest.raises(RuntimeError):
        watch.look(1.0)
    assert watch.files() == {"a.dcm"}
    watch.door._kernel = whole
    assert watch.look() == 1
    assert archive.count(image) == 1


def test_a_crash_between_acknowledgement_and_move_changes_nothing_twice(
    watch: Watch, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.put("a.dcm", film())
    watch.look()
    with monkeypatch.context() as patch:
        patch.setattr(FolderDoor, "_put_away", _crash)
        with pytest.raises(KeyboardInterrupt):
            watch.look(1.0)
    assert (watch.files(), archive.count(image)) == ({"a.dcm"}, 1)
    assert watch.look() == 1
    assert (watch.files(), archive.count(image)) == ({"done/a.dcm"}, 1)


def test_it_runs_by_itself(kernel: Kernel, tmp_path: Path) -> None:
    door = FolderDoor(kernel, tmp_path / "inbox")
    door.start()
    (tmp_path / "inbox/medical/a.dcm").write_bytes(film())
    until = time.monotonic() + 60
    while not (tmp_path / "inbox/done/medical/a.dcm").exists() and time.monotonic() < until:
        time.sleep(0.05)
    door.stop()
    assert (tmp_path / "inbox/done/medical/a.dcm").read_bytes() == film()


def _png(seed: int = 0) -> bytes:
    import cv2
    import numpy as np

    _, data = cv2.imencode(".png", np.full((8, 8), seed, np.uint16))
    return data.tobytes()


def _crash(*_: object) -> None:
    raise KeyboardInterrupt
