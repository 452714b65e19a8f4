"""DCMTK's programs as peers: everything they send is kept as sent, and everything Kerma has reaches them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pydicom
import pytest

from archives import Peer, free_port
from dcmtk import wait_until_listening
from films import film, uid
from peers.conftest import program

STUDY = uid(8, 1)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four films of one exam, in two series."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(4):
        made = film(
            exam=801, series=8010 + number // 2, image=80100 + number, StudyInstanceUID=STUDY,
            PatientID="DCMTK-1", PatientName="Peer^Dcmtk", AccessionNumber="DCMTK1",
        )  # fmt: skip
        (folder / f"{number}.dcm").write_bytes(made)
    return folder


def ran(*words: object) -> str:
    """Run a program and return all it said; it must end well."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def at(peer: Peer) -> list[str]:
    return ["-aec", peer.name, "127.0.0.1", str(peer.dicom_port)]


@contextmanager
def storescp(folder: Path, port: int, *options: str) -> Iterator[None]:
    """Run DCMTK's storescp on a folder."""
    folder.mkdir(exist_ok=True)
    words = [program("storescp"), "-od", str(folder), "-aet", "STORESCP", *options, str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(process, port)
        yield
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def sent(kerma: Peer, films: Path) -> Path:
    """The films, sent to Kerma by storescu."""
    ran(program("storescu"), "-aet", "DCMTK", *at(kerma), *sorted(films.glob("*.dcm")))
    return films


def test_echoscu_is_answered(kerma: Peer) -> None:
    assert "Received Echo Response (Success)" in ran(program("echoscu"), "-v", "-aet", "DCMTK", *at(kerma))


def test_what_storescu_sends_comes_back_byte_for_byte_over_the_web(kerma: Peer, sent: Path) -> None:
    with kerma.http(kerma.web) as web:
        found = web.get("/instances", params={"StudyInstanceUID": STUDY}).json()
    assert len(found) == 4
    for path in sent.glob("*.dcm"):
        original = pydicom.dcmread(path)
        got = fetched(kerma, original)
        assert got.PixelData == original.PixelData
        assert list(got) == list(original)


def fetched(peer: Peer, original: pydicom.Dataset) -> pydicom.Dataset:
    import io

    path = (
        f"/studies/{original.StudyInstanceUID}/series/{original.SeriesInstanceUID}/instances/{original.SOPInstanceUID}"
    )
    answer = httpx.get(
        peer.web + path, headers={**peer.headers, "Accept": "application/dicom; transfer-syntax=*"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return pydicom.dcmread(io.BytesIO(answer.content))


def test_dcmsend_of_the_same_files_changes_nothing(kerma: Peer, sent: Path) -> None:
    said = ran(program("dcmsend"), "-v", "-aet", "DCMTK", *at(kerma), *sorted(sent.glob("*.dcm")))
    assert "with status SUCCESS  : 4" in said, said
    with kerma.http(kerma.web) as web:
        assert len(web.get("/instances", params={"StudyInstanceUID": STUDY}).json()) == 4


@pytest.mark.parametrize("root", ["-S", "-P"])
def test_findscu_finds_the_study(kerma: Peer, sent: Path, root: str) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=DCMTK-1", "-k", "StudyInstanceUID", "-k", "PatientName"]
    keys += ["-k", "NumberOfStudyRelatedInstances", "-k", "ModalitiesInStudy"]
    said = ran(program("findscu"), "-v", root, "-aet", "DCMTK", *at(kerma), *keys)
    assert STUDY in said
    assert "Peer^Dcmtk" in said
    assert "[4 " in said or "[4]" in said, said


def test_findscu_matches_names_whatever_their_case_with_wildcards(kerma: Peer, sent: Path) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=peer^dcm*", "-k", "StudyInstanceUID"]
    assert STUDY in ran(program("findscu"), "-v", "-S", "-aet", "DCMTK", *at(kerma), *keys)


def test_movescu_has_the_study_sent_to_storescp(kerma: Peer, sent: Path, ports: dict[str, int], tmp_path: Path) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}"]
    with storescp(tmp_path / "in", ports["STORESCP"]):
        ran(program("movescu"), "-v", "-S", "-aet", "DCMTK", "-aem", "STORESCP", *at(kerma), *keys)
    expect_same(sent, tmp_path / "in")


def test_getscu_gets_the_study(kerma: Peer, sent: Path, tmp_path: Path) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}"]
    (tmp_path / "in").mkdir()
    ran(program("getscu"), "-v", "-S", "-aet", "DCMTK", "-od", tmp_path / "in", *at(kerma), *keys)
    expect_same(sent, tmp_path / "in")


def expect_same(sent: Path, received: Path) -> None:
    originals = {str(one.SOPInstanceUID): one for one in map(pydicom.dcmread, sent.glob("*.dcm"))}
    came = [pydicom.dcmread(path) for path in received.iterdir()]
    assert {str(one.SOPInstanceUID) for one in came} == set(originals)
    for one in came:
        assert list(one) == list(originals[str(one.SOPInstanceUID)])


def test_an_exam_sent_by_command_reaches_storescp(
    kerma: Peer, sent: Path, ports: dict[str, int], tmp_path: Path
) -> None:
    """``kerma send`` queues, the server delivers."""
    with storescp(tmp_path / "in", ports["STORESCP"]):
        kerma.command("send", STUDY, "STORESCP")
        until = time.monotonic() + 150  # two failed attempts and their waits
        while time.monotonic() < until and len(list((tmp_path / "in").iterdir())) < 4:
            time.sleep(0.2)
        assert len(list((tmp_path / "in").iterdir())) == 4, kerma.command("deliveries", "list").stdout
    expect_same(sent, tmp_path / "in")


def test_findscu_reads_the_worklist(kerma: Peer) -> None:
    keys = ["-k", "PatientName", "-k", "ScheduledProcedureStepSequence[0].Modality=DX"]
    ran(program("findscu"), "-v", "-W", "-aet", "DCMTK", *at(kerma), *keys)


def test_the_oracle_wlmscpfs_answers_our_suite_as_kerma_does(kerma: Peer, tmp_path: Path) -> None:
    """The worklist checks of our suite hold against DCMTK's worklist server too: they ask for nothing of our own."""
    import json

    port, folder = free_port(), tmp_path / "WLM"
    folder.mkdir()
    (folder / "lockfile").touch()
    process = subprocess.Popen(
        [program("wlmscpfs"), "-dfp", str(tmp_path), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_listening(process, port)
        words = ["conform", "--dimse", f"WLM@127.0.0.1:{port}", "--only", "worklist", "--timeout", 30, "--json"]
        document = json.loads(kerma.command(*words).stdout)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
    assert document["counts"]["pass"] >= 4
    assert document["counts"]["fail"] == 0
