"""A report states every critical result: who was told, when, and what they read back; or that nobody was told yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.areas.report.decided import analyse, decide, versions
from tests.areas.report.samples import text_of, tiff_bytes, weld

import exams
from kerma.areas.report import content_critical, rules_changes
from kerma.areas.report.jobs import build_report
from kerma.areas.report.language import LANGUAGES, language
from kerma.areas.report.sign import sign
from kerma.areas.review import actions_critical
from kerma.areas.review.rules_critical import Receiver, SeenCritical
from kerma.errors import Conflict
from kerma.kernel.action import Actor, Kernel

LINE = {
    "number": "CRIT-2026-0001", "what": "free air", "level": 1, "seen_at": "2026-03-02T10:00:00.000000Z",
    "due_at": "2026-03-02T10:15:00.000000Z", "seen_by": "Reader One", "notified_at": "",
}  # fmt: skip
TOLD = {
    "whom": "Dr Ward", "role": "ward physician", "means": "phone", "read_back": "free air", "told_by": "Reader Two",
}  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_line_says_who_was_told_in_every_language(code: str) -> None:
    say = language(code)
    assert content_critical.lines({}, say) == []
    (waits,) = content_critical.lines({"critical_results": [LINE]}, say)
    assert "Free air" in waits["open"] and (waits["told"], waits["at"]) == ("", "")
    for at, word in (("2026-03-02T10:15:00.000000Z", "in_time"), ("2026-03-02T10:15:01.000000Z", "late")):
        (told,) = content_critical.lines({"critical_results": [LINE | TOLD | {"notified_at": at}]}, say)
        assert (told["told"], told["in_time"], told["open"]) == ("Dr Ward", say(f"critical_{word}"), "")
        assert "Reader Two" in told["by"] and told["means"] == f"ward physician, {say('critical_phone')}"


def test_an_amendment_says_that_somebody_was_told_meanwhile() -> None:
    before = {"document": {"images": [], "critical_results": [LINE]}, "decision": {}, "record": {}}
    after = {**before, "document": {"images": [], "critical_results": [LINE | TOLD]}}
    assert rules_changes.changes(before, after) == ["critical results and who was told"]
    assert rules_changes.changes(before, before) == []


def test_the_report_follows_the_critical_result(listening: Kernel, actor: Actor, tmp_path: Path) -> None:
    sha256 = listening.blobs.put(tiff_bytes(weld(seed=1)))
    exam_pk = exams.arrive(listening, actor, industry="medical", subject_id="P-1", name="Chest", sha256s=(sha256,))
    analyse(listening, actor, exam_pk, sha256)
    decide(listening, actor, exam_pk, "critical")
    build_report(listening, exam_pk=exam_pk)
    seen = SeenCritical("free-air")
    number = actions_critical.record_critical(listening, actor, exam_pk=exam_pk, seen=seen)
    with pytest.raises(Conflict, match="a critical result was recorded or told"):
        sign(listening, actor, exam_pk=exam_pk)
    build_report(listening, exam_pk=exam_pk)
    drafts = versions(listening, exam_pk)
    assert "Free air: not notified yet" in _text(listening, drafts[0], tmp_path)
    assert "not notified" not in _text(listening, drafts[1], tmp_path)
    told = {"receiver": Receiver("Dr Ward", "ward physician", "in-person"), "read_back": "free air", "is_right": True}
    actions_critical.notify_critical(listening, actor, critical_id=number, **told)
    build_report(listening, exam_pk=exam_pk)
    sign(listening, actor, exam_pk=exam_pk)
    signed = _text(listening, versions(listening, exam_pk)[0], tmp_path)
    for words in ("Critical results", "Dr Ward", "ward physician", "in time", "right, confirmed by"):
        assert words in signed
    kept = len(versions(listening, exam_pk))
    actions_critical.acknowledge_critical(listening, actor, critical_id=number)
    build_report(listening, exam_pk=exam_pk)
    assert len(versions(listening, exam_pk)) == kept


def _text(kernel: Kernel, version: dict, folder: Path) -> str:
    return " ".join(text_of(kernel.blobs.get(version["pdf_sha256"]), folder).split())
