"""Multipart bodies go to files as they come; broken and greedy ones are refused and leave nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from kerma.errors import TooLarge, WrongUsage
from kerma.kernel import uploads

BOUNDARY = "film-boundary"
Part = tuple[str, str | None, bytes]


def body(*parts: Part) -> bytes:
    written = bytearray()
    for name, file_name, data in parts:
        shown = f'; filename="{file_name}"' if file_name is not None else ""
        written += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode() + data + b"\r\n"
        )
    return bytes(written) + f"--{BOUNDARY}--\r\n".encode()


def receive(
    folder: Path, sent: bytes, *, chunk: int = 1 << 16, kind: str = f"multipart/form-data; boundary={BOUNDARY}"
) -> tuple[list[tuple[str, str, bytes]], dict[str, str]]:
    chunks = [sent[start : start + chunk] for start in range(0, len(sent), chunk)] or [b""]

    async def run() -> tuple[list[tuple[str, str, bytes]], dict[str, str]]:
        async def next_message() -> dict[str, object]:
            piece = chunks.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(chunks)}

        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
        async with uploads.receive(Request(scope, next_message), folder) as upload:
            return [(file.field, file.name, file.path.read_bytes()) for file in upload.files], upload.fields

    return asyncio.run(run())


def test_files_and_fields_come_through(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    files, fields = receive(
        tmp_path, body(("files", "a.dcm", data), ("industry", None, b"ndt"), ("files", "Zoé 2.dcm", b""))
    )
    assert files == [("files", "a.dcm", data), ("files", "Zoé 2.dcm", b"")]
    assert fields == {"industry": "ndt"}
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40, deadline=None)
@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=5), chunk=st.integers(1, 50))
def test_it_does_not_matter_how_the_network_cuts_the_body(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], chunk: int
) -> None:
    folder = tmp_path_factory.mktemp("incoming")
    parts = [("files", f"{number}.dcm", data) for number, data in enumerate(contents)]
    files, _ = receive(folder, body(*parts), chunk=chunk)
    assert [data for _, _, data in files] == contents


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\\..\\b", "CON", "x" * 900])
def test_a_file_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "incoming"
    files, _ = receive(folder, body(("files", name, b"film")))
    assert files[0][2] == b"film"
    assert {path.name for path in tmp_path.rglob("*")} == {"incoming"}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"film", "application/dicom"),
        (b"film", ""),
        (b"film", "multipart/form-data"),
        (b"film", f"multipart/form-data; boundary={BOUNDARY}"),
        (b"", f"multipart/form-data; boundary={BOUNDARY}"),
        (body(("files", "a.dcm", bytes(1000)))[:-20], f"multipart/form-data; boundary={BOUNDARY}"),
        (b"x", "multipart/form-data; boundary=" + "b" * 100_000),
        (f"--{BOUNDARY}\r\nX: {'y' * 70_000}\r\n\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"),
    ],
    ids=["dicom", "none", "no-boundary", "no-form", "empty", "cut", "long-boundary", "long-header"],
)
def test_what_is_no_whole_form_is_refused_and_leaves_nothing(tmp_path: Path, sent: bytes, kind: str) -> None:
    with pytest.raises(WrongUsage):
        receive(tmp_path, sent, kind=kind)
    assert list(tmp_path.iterdir()) == []


def test_a_hundred_thousand_parts_are_refused_early(tmp_path: Path) -> None:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.encode()
    with pytest.raises(TooLarge, match="1000"):
        receive(tmp_path, part * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_field_is_no_place_for_a_film(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="industry"):
        receive(tmp_path, body(("industry", None, bytes(5000))))


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    old, young = tmp_path / "old", tmp_path / "young"
    for left in (old, young):
        left.mkdir()
        (left / "1").write_bytes(b"half a film")
    os.utime(old, (0, 0))
    receive(tmp_path, body(("files", "a.dcm", b"")))
    assert list(tmp_path.iterdir()) == [young]
