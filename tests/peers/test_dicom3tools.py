"""dicom3tools judges what Kerma creates: objects put together from metadata, transcoded copies, structured reports."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from archives import Peer
from formats.dciodvfy import errors_of
from kerma.areas.exchange.conformance.multipart import compose
from kerma.areas.exchange.conformance.objects import EXPLICIT, JPEG_LS, Instance, TestSet
from peers.conftest import program

JSON = "application/dicom+json"
HTJ2K = "1.2.840.10008.1.2.4.201"


@pytest.fixture(scope="module")
def made(kerma: Peer) -> Instance:
    """An object that Kerma put together from metadata and pixel data."""
    one = TestSet().alpha[0]
    document = one.dataset.to_json_dict(1024, lambda _: "pixels")
    document["7FE00010"] = {"vr": "OW", "BulkDataURI": "pixels"}
    document["00083002"] = {"vr": "UI", "Value": [EXPLICIT]}
    body, content_type = compose(
        [(JSON, json.dumps([document]).encode()), ("application/octet-stream", one.pixels, "pixels")], JSON
    )
    answer = httpx.post(
        f"{kerma.web}/studies", content=body, headers={**kerma.headers, "Content-Type": content_type}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return one


def fetched(kerma: Peer, one: Instance, syntax: str, folder: Path) -> Path:
    accept = f"application/dicom; transfer-syntax={syntax}"
    answer = httpx.get(kerma.web + one.path, headers={**kerma.headers, "Accept": accept}, timeout=60)
    assert answer.status_code == 200, answer.text
    path = folder / "one.dcm"
    path.write_bytes(answer.content)
    return path


@pytest.mark.parametrize("syntax", ["*", EXPLICIT, JPEG_LS, HTJ2K])
def test_what_kerma_puts_together_and_transcodes_is_valid(
    kerma: Peer, made: Instance, syntax: str, tmp_path: Path
) -> None:
    assert errors_of(fetched(kerma, made, syntax, tmp_path)) == []


def test_a_structured_report_is_valid_and_agrees_with_its_exam(kerma: Peer, made: Instance, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    fetched(kerma, made, "*", source)
    kerma.command("examine", source, "--industry", "medical", "--out", tmp_path / "out")
    reports = list((tmp_path / "out").rglob("*.dcm"))
    assert reports
    for report in reports:
        assert errors_of(report) == []
    words = [program("dcentvfy"), str(source / "one.dcm"), *map(str, reports)]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    assert [line for line in told.splitlines() if line.startswith("Error")] == []
