"""The whole road through the real doors: a server, a browser's requests, a signed report, and the proof afterwards."""

from __future__ import annotations

import hashlib
import http.cookiejar
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KERMA = str(Path(sys.executable).with_name("kerma"))
PASSWORD = "a copper penetrameter at noon"


@dataclass
class Client:
    """A browser without its screen: keeps cookies, sends the headers a browser sends."""

    address: str
    opener: urllib.request.OpenerDirector

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        same_origin = {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        request = urllib.request.Request(self.address + path, body, {**same_origin, **headers}, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def json(self, method: str, path: str, given: object = None) -> Any:
        body = None if given is None else json.dumps(given).encode()
        status, data = self.send(method, path, body, **{"Content-Type": "application/json"})
        assert 200 <= status < 300, (path, status, data)
        return json.loads(data) if data else None

    def upload(self, files: dict[str, bytes], industry: str) -> list[dict[str, Any]]:
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="industry"\r\n\r\n{industry}\r\n'.encode()]
        for name, data in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + data + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        status, answer = self.send("POST", "/api/v1/uploads", body, **{"Content-Type": kind})
        assert status == 200, answer
        return json.loads(answer)["files"]


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "KERMA_HOME": str(tmp_path / "home"), "KERMA_DATABASE_URL": database_url}


@pytest.fixture
def client(environment: dict[str, str], tmp_path: Path) -> Iterator[Client]:
    run(environment, "user", "add", "ana", "--name", "Ana Lyst", "--role", "lead", given=f"{PASSWORD}\n")
    log = tmp_path / "serve.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen([KERMA, "serve", "--port", "0"], env=environment, stdout=output, stderr=output)
    try:
        address = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8")), 90)
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        yield Client(address[0], urllib.request.build_opener(jar))
    finally:
        server.terminate()
        assert server.wait(timeout=60) is not None
    assert PASSWORD not in log.read_text(encoding="utf-8")


def run(environment: dict[str, str], *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [KERMA, *words], env=environment, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done


def wait_for(ask: Any, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")


@pytest.fixture(scope="module")
def weld(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("weld")
    run(dict(os.environ), "simulate", "weld", "--seed", "2", "--out", str(folder))
    return {path.name: path.read_bytes() for path in folder.glob("weld-*.tif*")}


def test_from_upload_to_a_report_that_proves_itself(
    client: Client, environment: dict[str, str], weld: dict[str, bytes], tmp_path: Path
) -> None:
    assert client.send("GET", "/api/v1/worklist")[0] == 401
    who = client.json("POST", "/api/v1/session", {"login": "ana", "password": PASSWORD})
    assert who["name"] == "Ana Lyst"

    results = client.upload(weld, "ndt")
    assert [row["outcome"] for row in results] == ["stored"]
    exam_pk = results[0]["exam_pk"]
    page = wait_for(lambda: _analysed(client, exam_pk), 60)
    assert [row["outcome"] for row in client.upload(weld, "ndt")] == ["duplicate"]

    document = page["document"]
    assert page["decision_proposed"] == "reject"
    failed = [verdict for verdict in document["verdicts"] if verdict["outcome"] == "fail"]
    assert failed and all("Annexe III" in verdict["clause"] for verdict in failed)
    sha256 = document["images"][0]["sha256"]

    exam = client.json("GET", f"/api/v1/exams/{exam_pk}")
    image = exam["images"][0] if "images" in exam else exam["series"][0]["images"][0]
    status, original = client.send("GET", f"/api/v1/images/{image['id']}/file")
    assert status == 200 and original in weld.values() and image["sha256"] == sha256
    status, picture = client.send("GET", f"/api/v1/images/{image['id']}/rendered.png?longest=400")
    assert status == 200 and picture.startswith(b"\x89PNG")

    client.json("POST", f"/api/v1/exams/{exam_pk}/decisions", {"decision": "reject", "reason": "Porosity in the root"})
    wait_for(lambda: client.send("GET", f"/api/v1/exams/{exam_pk}/report.pdf")[0] == 200, 20)
    client.json("POST", f"/api/v1/exams/{exam_pk}/report/sign", {})
    status, pdf = client.send("GET", f"/api/v1/exams/{exam_pk}/report.pdf")
    assert status == 200 and pdf.startswith(b"%PDF") and b"/ByteRange" in pdf

    report = tmp_path / "report.pdf"
    report.write_bytes(pdf)
    assert run(environment, "verify", str(report), "--json").returncode == 0
    _altered_copy_is_found(environment, report, b"/ByteRange")

    export = tmp_path / "ledger.export"
    run(environment, "ledger", "export", "--out", str(export))
    text = export.read_text(encoding="utf-8")
    for name in ("archive.ingest", "review.decide", "report.sign"):
        assert f'"{name}"' in text, f"no record of {name}"
    assert "Ana Lyst" not in text and "Porosity in the root" not in text
    key = run(environment, "ledger", "key").stdout.strip().splitlines()[-1]
    run(environment, "verify", str(export), "--key", key)
    _altered_copy_is_found(environment, export, b'"report.sign"', key)
    run(environment, "archive", "check")
    _a_lost_report_is_found(environment, pdf)


def _analysed(client: Client, exam_pk: int) -> dict[str, Any] | None:
    page = client.json("GET", f"/api/v1/exams/{exam_pk}/analysis")
    return page if page["document"] else None


def _a_lost_report_is_found(environment: dict[str, str], pdf: bytes) -> None:
    digest = hashlib.sha256(pdf).hexdigest()
    (kept,) = Path(environment["KERMA_HOME"]).rglob(digest)
    kept.unlink()
    done = subprocess.run(
        [KERMA, "archive", "check", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and digest in done.stdout


def _altered_copy_is_found(environment: dict[str, str], file: Path, near: bytes, key: str = "") -> None:
    data = bytearray(file.read_bytes())
    place = data.index(near) - 40
    data[place] ^= 1
    altered = file.with_name("altered-" + file.name)
    altered.write_bytes(data)
    words = [KERMA, "verify", str(altered), *(["--key", key] if key else [])]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (1, 2), (done.returncode, done.stdout, done.stderr)


def test_another_site_cannot_act_for_a_signed_in_person(client: Client) -> None:
    client.json("POST", "/api/v1/session", {"login": "ana", "password": PASSWORD})
    foreign = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    status, _ = client.send("DELETE", "/api/v1/session", **foreign)
    assert status == 403
    assert client.json("GET", "/api/v1/session")["name"] == "Ana Lyst"


def test_a_worker_on_another_machine_does_the_jobs_of_the_shared_database(
    environment: dict[str, str], weld: dict[str, bytes], tmp_path: Path
) -> None:
    """What `kerma ingest` takes in here is analysed there; SQLite belongs to one machine and says so."""
    if environment["KERMA_DATABASE_URL"].startswith("sqlite"):
        done = subprocess.run([KERMA, "worker"], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "PostgreSQL" in done.stderr
        return
    for name, data in weld.items():
        (tmp_path / name).write_bytes(data)
    environment = environment | {"KERMA_BLOBS_URL": (tmp_path / "blobs").as_uri()}
    images = [str(tmp_path / name) for name in weld if not name.endswith(".json")]
    run(environment, "ingest", *images, "--industry", "ndt")
    log = tmp_path / "worker.log"
    with log.open("w", encoding="utf-8") as output:
        there = environment | {"KERMA_WORKER_NAME": "there"}
        worker = subprocess.Popen([KERMA, "worker"], env=there, stdout=output, stderr=output)
    try:
        wait_for(lambda: '"review.record_analysis"' in _exported(environment, tmp_path), 40)
    finally:
        worker.terminate()
        assert worker.wait(timeout=60) is not None, log.read_text(encoding="utf-8")


def _exported(environment: dict[str, str], folder: Path) -> str:
    run(environment, "ledger", "export", "--out", str(folder / "now.export"))
    return (folder / "now.export").read_text(encoding="utf-8")
