"""Bringing in folders: everything once, nothing twice, and a second run goes on where the first was cut off."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from films import Archive, film, uid
from kerma.areas.archive import import_folder, import_walk
from kerma.areas.archive.import_folder import Import, Taken
from kerma.areas.archive.import_memory import FILE, Memory
from kerma.areas.archive.model import image, quarantine
from servers import KERMA

Bring = Callable[..., list[Taken]]


@pytest.fixture
def bring(archive: Archive) -> Bring:
    """Bring in a folder; returns what became of each file."""

    def bring(*paths: Path, **asked: object) -> list[Taken]:
        told: list[Taken] = []
        import_folder.run(archive.kernel, archive.actor, Import(paths, **asked), told.append)
        return told

    return bring


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    folder = tmp_path / "disc"
    (folder / "DX").mkdir(parents=True)
    for number in range(1, 6):
        (folder / "DX" / f"IM{number}").write_bytes(film(image=number))
    return folder


def outcomes(told: list[Taken]) -> list[str]:
    return [taken.outcome for taken in told]


def test_a_second_run_reads_nothing_again(bring: Bring, archive: Archive, disc: Path) -> None:
    assert outcomes(bring(disc)) == ["stored"] * 5
    before = len(archive.records("archive.ingest"))
    for path in (disc / "DX").iterdir():
        state = path.stat()
        path.write_bytes(b"?" * state.st_size)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert outcomes(bring(disc)) == ["skipped"] * 5, "what has the same size and time was read again"
    assert len(archive.records("archive.ingest")) == before
    assert outcomes(bring(disc, verify=True)) == ["quarantined"] * 5


def test_what_changed_is_read_again(bring: Bring, disc: Path) -> None:
    bring(disc)
    (disc / "DX" / "IM1").write_bytes(film(image=9))
    os.utime(disc / "DX" / "IM2")
    assert sorted(outcomes(bring(disc))) == ["duplicate", "skipped", "skipped", "skipped", "stored"]


def test_memory_is_believed_only_where_the_archive_agrees(bring: Bring, archive: Archive, disc: Path) -> None:
    bring(disc)
    with archive.kernel.database.write() as connection:
        connection.execute(image.update().where(image.c.uid == uid(1, 1, 1)).values(sha256="0" * 64))
    told = {taken.found.path.name: taken.outcome for taken in bring(disc)}
    assert told.pop("IM1") == "quarantined"
    assert set(told.values()) == {"skipped"}
    (archive.kernel.settings.home / FILE).unlink()
    assert outcomes(bring(disc)).count("duplicate") == 4, "without its memory an import reads everything again"


def test_an_import_that_is_cut_off_goes_on(bring: Bring, archive: Archive, disc: Path) -> None:
    told: list[Taken] = []

    def stop(taken: Taken) -> None:
        told.append(taken)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_folder.run(archive.kernel, archive.actor, Import((disc,)), stop)
    again = outcomes(bring(disc))
    assert again.count("skipped") == 2
    assert set(again) <= {"skipped", "stored", "duplicate"}
    assert archive.count(image) == 5


def test_what_stays_out_is_told_each_time(bring: Bring, archive: Archive, disc: Path) -> None:
    (disc / "broken.dcm").write_bytes(film(image=7)[:-50])
    (disc / "films.zip").write_bytes(b"PK\x03\x04")
    (disc / "plain.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (disc / "DICOMDIR").write_bytes(film(image=8))
    for _ in range(2):
        told = {taken.found.path.name: taken for taken in bring(disc)}
        assert told["broken.dcm"].outcome == "quarantined"
        assert "cut short" in told["broken.dcm"].reason
        assert (told["films.zip"].outcome, "unpack" in told["films.zip"].reason) == ("refused", True)
        assert (told["DICOMDIR"].outcome, "contents" in told["DICOMDIR"].reason) == ("skipped", True)
    assert archive.count(image) == 5
    assert archive.count(quarantine) == 2


def test_a_new_description_makes_a_raw_file_new(bring: Bring, disc: Path) -> None:
    raw = disc / "weld.raw"
    raw.write_bytes(bytes(128))
    beside = disc / "weld.raw.json"
    beside.write_text('{"rows": 8, "columns": 8, "type": "uint16"}')
    assert outcomes(bring(raw, industry="ndt")) == ["stored"]
    assert outcomes(bring(raw, industry="ndt")) == ["skipped"]
    beside.write_text('{"rows": 4, "columns": 16, "type": "uint16"}')
    assert outcomes(bring(raw, industry="ndt")) != ["skipped"]


def test_loops_of_links_are_not_walked(disc: Path) -> None:
    (disc / "DX" / "up").symlink_to(disc)
    (disc / "again").symlink_to(disc / "DX")
    assert len(list(import_walk.walk([disc]))) == 5
    assert len(list(import_walk.walk([disc / "again"]))) == 5, "a link that is named itself was meant"


def test_a_folder_that_cannot_be_listed_is_told(disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refusing(folder: Path) -> object:
        if Path(folder).name == "DX":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    (found,) = import_walk.walk([disc])
    assert "Permission denied" in found.problem


def test_the_walk_is_lazy_and_counted_beside(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02d}").mkdir()
        (tmp_path / f"{number:02d}" / "film").write_bytes(b"12345")
    files = import_walk.walk([tmp_path])
    assert next(files).path.parent.name == "00"
    (tmp_path / "29" / "late").write_bytes(b"")
    assert len(list(files)) == 30
    before = threading.active_count()
    count = import_walk.Count([tmp_path])
    count._thread.join()
    assert (count.files, count.size_bytes, count.is_done) == (31, 150, True)
    count.stop()
    assert threading.active_count() <= before


def test_memory_survives_its_process(archive: Archive, disc: Path) -> None:
    found = next(import_walk.walk([disc]))
    memory = Memory(archive.kernel)
    memory.remember(found, archive.ingest(found.path.read_bytes()))
    memory.keep()
    assert set(Memory(archive.kernel).known([found])) == {found.path}


def test_a_killed_import_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    """Kill the command as a power cut would, and run it again."""
    folder, files = tmp_path / "disc", 400
    folder.mkdir()
    for number in range(files):
        (folder / f"IM{number:03d}").write_bytes(film(exam=1 + number // 10, image=1 + number))
    environment = os.environ | {"KERMA_HOME": str(tmp_path / "home")}
    command = [str(KERMA), "ingest", str(folder), "--json"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (tmp_path / "home" / FILE).exists() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)
    running.kill()
    running.wait()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    counts = json.loads(again.stdout)["counts"]
    assert counts["skipped"] + counts["duplicate"] + counts["stored"] == files
    third = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert third["counts"] | {"skipped": 0} == dict.fromkeys(third["counts"], 0)
    assert len(third["files"]) == files
