"""Evidence over HTTP: one click for who leads, nothing for who reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.areas.custody.packages import arrived

from kerma.areas.custody import evidence_package
from kerma.areas.custody.evidence_verify import verify_package
from kerma.areas.custody.routes_evidence import router
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.verify import Trust


def test_one_click_hands_out_a_package_that_proves_itself(
    browser: Callable[..., Any], kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_package, "SOURCES", [])
    exam_pk = arrived(kernel, actor)
    client = browser(router)
    client.sign_in("lead")
    answer = client.http.post(f"/api/v1/exams/{exam_pk}/evidence", json={"purpose": "court", "recipient": "Judge"})
    assert answer.status_code == 201 and answer.headers["content-type"] == "application/zip"
    package = tmp_path / "got.zip"
    package.write_bytes(answer.content)
    assert verify_package(package, Trust(key=answer.headers["x-kerma-ledger-key"])).is_unaltered
    (row,) = client.http.get(f"/api/v1/exams/{exam_pk}/evidence").json()
    assert (row["uid"], row["purpose"], row["recipient"]) == (answer.headers["x-kerma-package"], "court", "Judge")
    assert list((kernel.settings.home / "outgoing").iterdir()) == []
    assert client.http.post(f"/api/v1/exams/{exam_pk}/evidence", json={"purpose": ""}).status_code == 422
    assert client.http.post(f"/api/v1/exams/{exam_pk + 9}/evidence", json={"purpose": "x"}).status_code == 404


def test_a_reader_cannot_take_evidence_out(browser: Callable[..., Any], kernel: Kernel, actor: Actor) -> None:
    exam_pk = arrived(kernel, actor)
    client = browser(router)
    client.sign_in("analyst")
    assert client.http.post(f"/api/v1/exams/{exam_pk}/evidence", json={"purpose": "court"}).status_code == 403
