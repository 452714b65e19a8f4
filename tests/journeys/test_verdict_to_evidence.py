"""From a finding to a verdict with its clause, a signed report, and evidence that stands up; on a running server.

Sentence by sentence: a Level III confirms rules that nobody had verified; an analyst records a finding and judges; the
verdict binds; the decision is taken, the report signed and co-signed; the film goes into custody and changes hands; the
evidence package leaves, proves itself elsewhere, and one changed byte is found.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import servers

PASSWORD = "a copper penetrameter at noon"
PACK = "asme-viii-uw-51"


def kerma(home: Path, *arguments: object, given: str = "", code: int = 0) -> str:
    done = subprocess.run(
        [str(servers.KERMA), *map(str, arguments)], env={**os.environ, "KERMA_HOME": str(home)},
        input=given, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.Server]:
    home = tmp_path / "home"
    for login, role in (("anna", "analyst"), ("lena", "lead")):
        kerma(home, "user", "add", login, "--name", login.title(), "--role", role, given=f"{PASSWORD}\n")
    running = servers.start(home)
    try:
        yield running
    finally:
        servers.end(running)


@contextmanager
def signed_in(server: servers.Server, login: str) -> Iterator[Callable[..., Any]]:
    """Give a caller ``(method, path, body)`` that answers with JSON, or fails."""
    with httpx.Client(
        base_url=server.address, headers={"Origin": server.address}, timeout=60, trust_env=False
    ) as client:

        def call(method: str, path: str, body: object = None, *, raw: bool = False, **more: Any) -> Any:
            answer = client.request(method, path, json=body, **more)
            assert answer.is_success, (method, path, answer.status_code, answer.text[:600])
            return answer if raw else (answer.json() if answer.content else None)

        call("POST", "/api/v1/session", {"login": login, "password": PASSWORD})
        yield call


def waited(ask: Callable[[], Any], seconds: float = 60.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.2)
    return found


def test_from_a_finding_to_evidence(server: servers.Server, tmp_path: Path) -> None:
    films = tmp_path / "films"
    kerma(tmp_path, "simulate", "weld-plate", "--seed", 5, "--size", 512, "--format", "diconde", "--out", films)
    film = next(films.glob("*.dcm"))
    with ExitStack() as stack:
        anna, lena = (stack.enter_context(signed_in(server, login)) for login in ("anna", "lena"))
        files, told = {"files": (film.name, film.read_bytes())}, {"industry": "ndt"}
        stored = anna("POST", "/api/v1/uploads", files=files, data=told)
        exam_pk = stored["files"][0]["exam_pk"]
        exam = f"/api/v1/exams/{exam_pk}"
        waited(lambda: anna("GET", f"{exam}/judgement")["document"])

        judged = judge(anna, exam, film)
        failed = by_rule(judged)["largest elongated indication"]
        assert failed["outcome"] == "advisory" and failed["limit"] == 6.0 and failed["measured"] == 9.5
        assert "UW-51" in failed["clause"] and failed["status"] == "unverified"

        confirm_pack(lena)
        judged = judge(anna, exam, film, supersedes=judged["judgement_id"], added=[])
        failed = by_rule(judged)["largest elongated indication"]
        assert (failed["outcome"], failed["status"]) == ("fail", "confirmed")
        assert failed["corrective"]
        assert judged["document"]["decision_proposed"] == "reject"

        decide(anna, exam_pk, judged["judgement_id"])
        report = sign(anna, lena, exam, tmp_path)
        assert "fail" in texts(report).lower() and "UW-51" in texts(report)
        custody(anna, lena, exam_pk)
        prove(server, lena, exam, tmp_path, report, film)


def judge(call: Callable[..., Any], exam: str, film: Path, *, supersedes: int | None = None, added: Any = None) -> Any:
    import hashlib

    slag = {
        "image_sha256": hashlib.sha256(film.read_bytes()).hexdigest(), "label": "slag", "box": [250, 200, 6, 95],
        "measurements": {"length_mm": 9.5, "width_mm": 0.6},
    }  # fmt: skip
    return call(
        "POST", f"{exam}/judgement",
        {
            "added": [slag] if added is None else added, "supersedes": supersedes, "reason": "seen beside the root",
            "pack": PACK, "conditions": {"thickness_mm": 10.0}, "looked_at_all": True,
        },
    )  # fmt: skip


def by_rule(judged: Any) -> dict[str, Any]:
    return {verdict["rule"]: verdict for verdict in judged["document"]["verdicts"]}


def confirm_pack(lena: Callable[..., Any]) -> None:
    row = next(one for one in lena("GET", "/api/v1/packs") if one["name"] == PACK)
    assert row["status"] == "unverified"
    told = {"sha256": row["sha256"], "edition": row["edition"], "statement": "Compared row by row with the edition."}
    lena("POST", f"/api/v1/packs/{PACK}/confirmation", told)


def decide(call: Callable[..., Any], exam_pk: int, judgement_id: int) -> None:
    items = call("GET", "/api/v1/worklist")["items"]
    item = next(one for one in items if one["exam_pk"] == exam_pk)
    call("POST", f"/api/v1/worklist/{item['item_id']}/claim")
    told = {"decision": "reject", "reason": "slag longer than allowed", "judgement_id": judgement_id}
    call("POST", f"/api/v1/exams/{exam_pk}/decisions", told)


def sign(anna: Callable[..., Any], lena: Callable[..., Any], exam: str, folder: Path) -> Path:
    """Sign as the interpreter, leaving the place of the Level III free, and co-sign there."""

    def is_ready() -> bool:
        state = anna("GET", f"{exam}/report")
        return state["state"] == "draft" and not state.get("trouble") and bool(state["decision_id"])

    waited(is_ready)
    anna("POST", f"{exam}/report/sign", {"open_slots": ["level-iii"]})
    lena("POST", f"{exam}/report/cosign", {"slot": "level-iii"})
    signed = folder / "report.pdf"
    signed.write_bytes(anna("GET", f"{exam}/report.pdf", raw=True).content)
    return signed


def custody(anna: Callable[..., Any], lena: Callable[..., Any], exam_pk: int) -> None:
    collected = anna(
        "POST", "/api/v1/custody/items",
        {"kind": "film", "description": "Film of seam 5", "exam_pk": exam_pk, "place": "Cabin 2", "password": PASSWORD},
    )  # fmt: skip
    item = f"/api/v1/custody/items/{collected['item']['number']}"
    lenas_key = next(one["key"] for one in anna("GET", "/api/v1/custody/people") if one["name"] == "Lena")
    anna("POST", f"{item}/steps/hand_over", {"receiver": lenas_key, "password": PASSWORD})
    lena("POST", f"{item}/steps/accept", {"password": PASSWORD})
    assert lena("GET", item)["faults"] == []


def prove(
    server: servers.Server, lena: Callable[..., Any], exam: str, folder: Path, report: Path, film: Path
) -> None:
    elsewhere = folder / "elsewhere"
    answer = lena("POST", f"{exam}/evidence", {"purpose": "court", "recipient": "District court"}, raw=True)
    package = folder / "evidence.zip"
    package.write_bytes(answer.content)
    key = answer.headers["x-kerma-ledger-key"]
    told = json.loads(kerma(elsewhere, "verify", package, "--key", key, "--json"))
    assert told["unaltered"] and not told["findings"]
    kinds = {one["kind"] for one in told["files"]}
    assert {"cover", "original", "view", "finding", "decision", "report", "custody", "ledger"} <= kinds
    paths = {one["path"] for one in told["files"]}
    assert {"data/findings/judgement-1.json", "data/findings/judgement-2.json"} <= paths, "every judgement is evidence"
    original = next(one for one in told["files"] if one["kind"] == "original")
    assert original["action"] == "archive.ingest" and original["by"].startswith("Anna")
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        assert archive.read(next(name for name in names if "/originals/" in name)) == film.read_bytes()
        signed = next(name for name in names if "/reports/" in name and "signed" in name)
        assert archive.read(signed).startswith(b"%PDF")
    kerma(elsewhere, "verify", report)
    for path in (package, report):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        changed = folder / f"changed{path.suffix}"
        changed.write_bytes(data)
        kerma(elsewhere, "verify", changed, code=1)
    kerma(elsewhere, "verify", film, code=2)


def texts(report: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", str(report), "-"], capture_output=True, text=True, check=True).stdout
