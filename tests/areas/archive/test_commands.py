"""The archive on the command line: exit codes, one JSON document, identical bytes out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from films import Archive, film, uid
from kerma.areas.archive import commands, commands_ingest
from kerma.areas.archive.model import image
from kerma.errors import NotFound

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(archive: Archive) -> Run:
    """Run one command; returns its exit code and what it printed, read when it is JSON."""
    cli = typer.Typer()
    commands_ingest.register(cli)
    commands.register(cli)
    wiring = SimpleNamespace(kernel=lambda: archive.kernel, industries=archive.kernel.industries)

    def run(*arguments: object) -> tuple[int, Any]:
        result = CliRunner().invoke(cli, [str(one) for one in arguments], obj=wiring, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        shown = json.loads(result.stdout) if "--json" in arguments else result.output
        return result.return_value or 0, shown

    return run


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A folder as it comes on a disc: films below folders, a broken one, hidden files, a link, a pipe."""
    disc = tmp_path / "disc"
    (disc / "DX" / "deep").mkdir(parents=True)
    (disc / ".Trash").mkdir()
    (disc / "DX" / "IM0001").write_bytes(film(image=1))
    (disc / "DX" / "deep" / "IM0002").write_bytes(film(image=2))
    (disc / "broken.dcm").write_bytes(film(image=3)[:-100])
    (disc / ".hidden.dcm").write_bytes(film(image=4))
    (disc / ".Trash" / "IM0005").write_bytes(film(image=5))
    (disc / "link.dcm").symlink_to(disc / "DX" / "IM0001")
    os.mkfifo(disc / "pipe")
    return disc


def test_ingest_takes_everything_below_a_folder(run: Run, archive: Archive, disc: Path) -> None:
    code, answer = run("ingest", disc, "--industry", "medical", "--json")
    assert code == 1
    assert answer["counts"] == {"stored": 2, "duplicate": 0, "skipped": 0, "quarantined": 1, "refused": 0}
    assert [file["file_name"] for file in answer["files"]] == ["broken.dcm", "IM0001", "IM0002"]
    assert archive.count(image) == 2
    (disc / "broken.dcm").unlink()
    code, answer = run("ingest", disc, "--json")
    assert (code, answer["counts"]["skipped"]) == (0, 2)
    code, answer = run("ingest", disc, "--json", "--verify")
    assert (code, answer["counts"]["duplicate"]) == (0, 2)


def test_ingest_says_in_words_what_it_did(run: Run, disc: Path) -> None:
    code, shown = run("ingest", disc / "DX", disc / "broken.dcm")
    assert code == 1
    assert "2 stored, 1 quarantined" in shown
    assert "broken.dcm" in shown
    (disc / "empty").mkdir()
    assert run("ingest", disc / "empty") == (0, "no files found\n")


def test_a_sidecar_describes_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "weld.raw").write_bytes(bytes(128))
    (tmp_path / "weld.raw.json").write_text('{"rows": 8, "columns": 8, "type": "uint16"}')
    code, answer = run("ingest", tmp_path / "weld.raw", "--industry", "ndt", "--json")
    assert (code, answer["counts"]["stored"]) == (0, 1)


def test_check_finds_a_flipped_byte(run: Run, archive: Archive) -> None:
    sha256 = archive.ingest(film()).sha256
    code, answer = run("archive", "check", "--json")
    assert (code, answer["is_unaltered"], answer["blobs"]) == (0, True, 1)
    assert "unaltered" in run("archive", "check")[1]
    path = next((archive.kernel.settings.home / "blobs" / "blobs").rglob(sha256))
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    code, answer = run("archive", "check", "--json")
    assert (code, answer["is_unaltered"]) == (1, False)
    assert answer["altered"][0]["sha256"] == sha256
    code, shown = run("archive", "check")
    assert code == 1
    assert "NOT as it was" in shown


def test_lists(run: Run, archive: Archive) -> None:
    archive.ingest(film())
    archive.ingest(film(exam=2, PatientName="Zulu^Tom", PatientID="Q-1"))
    archive.ingest(b"junk", "junk.dcm")
    assert [exam["uid"] for exam in run("archive", "list", "--json")[1]["exams"]] == [uid(2), uid(1)]
    assert [exam["uid"] for exam in run("archive", "list", "--text", "zulu", "--json")[1]["exams"]] == [uid(2)]
    assert run("archive", "list", "--industry", "ndt")[1] == "none\n"
    assert "Q-1" in run("archive", "list")[1]
    (file,) = run("archive", "quarantine", "--json")[1]["quarantine"]
    assert (file["file_name"], file["reason"]) == ("junk.dcm", "unreadable")


@pytest.mark.parametrize("named", ["uid", "number"])
def test_export_writes_the_identical_bytes(run: Run, archive: Archive, tmp_path: Path, named: str) -> None:
    stored = archive.ingest(film())
    exam = uid(1) if named == "uid" else stored.exam_pk
    code, manifest = run("export", exam, "--out", tmp_path / "out", "--json")
    assert code == 0
    (entry,) = manifest["files"]
    assert (tmp_path / "out" / entry["path"]).read_bytes() == film()
    with pytest.raises(NotFound, match="kerma archive list"):
        run("export", "1.2.3", "--out", tmp_path / "none")
