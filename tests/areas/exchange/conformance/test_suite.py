"""The suite itself: its registry, what it tells and what it never tells, and how it ends."""

from __future__ import annotations

import io
import json
import re
from email.message import Message
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives import free_port
from formats.dciodvfy import errors_of
from kerma.app import open_kernel
from kerma.areas.exchange.conformance import doors, suite, terminal
from kerma.areas.exchange.conformance.model import (
    CHECKS,
    LEVELS,
    OUTCOMES,
    Broken,
    Check,
    NotOffered,
    Result,
    Service,
    check,
)
from kerma.areas.exchange.conformance.multipart import compose, parse
from kerma.areas.exchange.conformance.objects import MARK, TestSet
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import Answer, Web, excerpt
from kerma.cli import run
from kerma.errors import WrongUsage

suite.services()
CLAUSE = re.compile(r"(PS3\.(3|4|5|7|8|10|18)|RFC \d+), ")


@pytest.mark.parametrize("one", CHECKS.values(), ids=list(CHECKS))
def test_every_check_says_what_holds_and_names_its_clause(one: Check) -> None:
    assert one.says.endswith("."), one.says
    assert len(one.says) <= 130
    assert CLAUSE.match(one.clause), one.clause
    assert one.service in {service.word for service in suite.services()}


def test_there_are_enough_checks_of_every_service() -> None:
    assert len(CHECKS) >= 300
    for service in suite.services():
        assert sum(one.service == service.word for one in CHECKS.values()) >= 4


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="there already"):
        check("qido.all-studies", "PS3.18, 1")(CHECKS["qido.all-studies"].run)


@pytest.mark.parametrize("number", range(5))
def test_the_test_objects_are_valid_and_marked(number: int, tmp_path: Path) -> None:
    one = TestSet().instances[number]
    (tmp_path / "one.dcm").write_bytes(one.data)
    assert errors_of(tmp_path / "one.dcm") == []
    read = pydicom.dcmread(io.BytesIO(one.data))
    assert str(read.PatientID).startswith(MARK)
    assert str(read.PatientName).startswith(MARK)
    assert {str(read[tag].value).split(".")[:2] == ["2", "25"] for tag in ("StudyInstanceUID", "SOPInstanceUID")} == {
        True
    }


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_what_was_put_together_is_taken_apart_again(contents: list[bytes]) -> None:
    body, content_type = compose([("application/dicom", content) for content in contents], "application/dicom")
    assert [part.content for part in parse(body, content_type)] == contents
    assert {part.media_type for part in parse(body, content_type)} == {"application/dicom"}


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"--x\r\n\r\nA\r\n--x--", "multipart/related", "no boundary"),
        (b"--y\r\n\r\nA\r\n--y--", "multipart/related; boundary=x", "begin and end"),
        (b"--x\r\n\r\nA\r\n--x\r\n", "multipart/related; boundary=x", "begin and end"),
        (b"--x\r\nContent-Type: a/b\r\nA\r\n--x--", "multipart/related; boundary=x", "no end of its header"),
    ],
)
def test_a_malformed_body_is_told(body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(body, content_type)


def answer_of(status: int, kind: str, body: bytes) -> Answer:
    headers = Message()
    headers["Content-Type"] = kind
    return Answer(status, headers, body)


def test_data_of_others_never_stand_in_the_evidence() -> None:
    theirs = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "SECRET^NAME"}]}, "0020000D": {"Value": ["1.2.3"]}}
    ours = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": f"{MARK}^ALPHA"}]}}
    told = excerpt(answer_of(200, "application/dicom+json", json.dumps([theirs, ours]).encode()))
    assert "SECRET" not in told
    assert MARK in told
    assert told.startswith("2 datasets, 1 of them ours")
    assert "SECRET" not in excerpt(answer_of(200, "application/dicom+json", json.dumps(theirs).encode()))
    assert "SECRET" not in excerpt(answer_of(200, "text/plain", b"SECRET^NAME"))


def target_of(trace: list | None = None) -> Target:
    return Target((Web("http://127.0.0.1:1/dicom-web", {"Authorization": "Bearer sesame"}, 1.0), None), trace or [])


def result_of(level: str, run_check) -> Result:
    return suite.run_check(target_of(), Check("qido.x", "PS3.18, 1", level, run_check, False, "nothing"))


def raises(error: Exception):
    def run_check(_: Target) -> None:
        raise error

    return run_check


@pytest.mark.parametrize(
    ("level", "error", "outcome"),
    [
        ("must", Broken("a", "b"), "fail"),
        ("should", Broken("a", "b"), "warn"),
        ("may", Broken("a", "b"), "warn"),
        ("must", NotOffered("no"), "not-offered"),
        ("must", KeyError("7FE00010"), "fail"),
        ("should", RecursionError("deep"), "warn"),
    ],
)
def test_how_a_check_ends(level: str, error: Exception, outcome: str) -> None:
    assert result_of(level, raises(error)).outcome == outcome


def test_the_token_never_stands_in_the_evidence() -> None:
    target = target_of()
    target.web.trace = target.trace
    result = suite.run_check(target, CHECKS["qido.all-studies"])
    assert result.outcome == "fail"
    assert result.exchanges
    assert "sesame" not in json.dumps(result.as_json())


def test_when_the_archive_is_gone_the_rest_is_not_run() -> None:
    report = suite.run(target_of(), suite.chosen(["qido"], LEVELS), read_only=True, keep=True, show=lambda _: None)
    assert {result.outcome for result in report.results} == {"not-offered"}
    kept = suite.services
    found = [Service("qido", "search", "web", lambda _: "")]
    suite.services = lambda: found
    try:
        checks = [one for one in CHECKS.values() if one.name in ("qido.all-studies", "qido.pages")]
        checks = [Check(one.name, one.clause, "should", one.run, False, "nothing") for one in checks]
        report = suite.run(target_of(), checks, read_only=True, keep=True, show=lambda _: None)
    finally:
        suite.services = kept
    assert [result.outcome for result in report.results] == ["fail", "not-run"]
    assert report.gone_since == "qido.all-studies"


def test_the_report_is_readable_in_a_narrow_terminal() -> None:
    from rich.console import Console

    target = target_of()
    report = suite.Report(target, [one for one in suite.services() if one.word == "qido"])
    one = CHECKS["qido.limit"]
    report.results = [Result(one, outcome, "", "2 [bold]", "3") for outcome in OUTCOMES]
    console = Console(width=80, file=io.StringIO())
    terminal.show(console, report, everything=False)
    told = console.file.getvalue()
    assert "QIDO-RS: search" in told
    assert "expected 2 [bold]; got 3" in told
    assert "1 of 5 checks fail what the standard demands" in told


@pytest.mark.parametrize(
    ("left", "says"),
    [([], "no test study"), (["2.25.7"], "1 test study is"), (["2.25.7", "2.25.8"], "2 test studies are")],
)
def test_what_stays_is_counted_and_how_to_find_it_is_said(left: list[str], says: str) -> None:
    target = Target((None, None), [])
    report = suite.Report(target, [], stored_by="STOW-RS", left=left)
    told = terminal._leftovers(report)
    assert says in told[0]
    assert [line.strip() for line in told[1:-1]] == left
    document = report.as_json()
    if left:
        assert f"PatientID={MARK}-{target.set.tag}-*" in told[-1]
        assert f"PatientID={MARK}-X-{target.set.tag}" in told[-1]
        assert f"PatientID={MARK}-*" in told[-1]
        stored = {str(one.dataset.PatientID) for one in (*target.set.instances, target.set.another())}
        finds = document["studies_left_under"]
        assert all(any(fnmatch(patient, pattern) for pattern in finds) for patient in stored)
    else:
        assert document["studies_left_under"] == []


def test_a_study_that_is_stored_twice_is_counted_once() -> None:
    objects = TestSet()
    objects.extra += ["2.25.7", "2.25.7", objects.study_uids[0]]
    assert objects.stored_uids == [*objects.study_uids, "2.25.7"]


@pytest.mark.parametrize(
    "words",
    [
        ["conform"],
        ["conform", "ftp://127.0.0.1"],
        ["conform", "--dimse", "KERMA"],
        ["conform", "--dimse", "KERMA@127.0.0.1:99999"],
        ["conform", "http://127.0.0.1:1", "--only", "nosuch"],
        ["conform", "http://127.0.0.1:1", "--level", "perhaps"],
        ["conform", "http://127.0.0.1:1", "--header", "no colon"],
    ],
)
def test_wrong_usage_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(open_kernel, words) == 2
    assert capsys.readouterr().err.startswith("kerma: ")


def test_an_archive_that_is_not_there_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(open_kernel, ["conform", f"http://127.0.0.1:{free_port()}", "--timeout", "2"]) == 3
    assert "nothing answers at" in capsys.readouterr().err
    assert run(open_kernel, ["conform", "--dimse", f"A@127.0.0.1:{free_port()}", "--timeout", "2"]) == 3


def test_the_list_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(open_kernel, ["conform", "--list", "--rough", "--json"]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)["checks"]} == set(CHECKS)


def test_an_address_without_a_path_gets_the_usual_one() -> None:
    assert doors.web("http://127.0.0.1:8042", doors.Access(), []).base == "http://127.0.0.1:8042/dicom-web"
    assert doors.web("http://127.0.0.1:8042/other/", doors.Access(), []).base == "http://127.0.0.1:8042/other"
    assert doors.network("A B@[::1]:104", "C", 0, 1.0, []).host == "::1"
    with pytest.raises(WrongUsage):
        doors.network("A@h:104", "X" * 17, 0, 1.0, [])


def test_who_asks_is_shown_by_token_or_password() -> None:
    assert doors.Access(token="t").fields() == {"Authorization": "Bearer t"}
    assert doors.Access(user="u", password="p").fields() == {"Authorization": "Basic dTpw"}
    assert doors.Access(headers=("X-A: 1",)).fields() == {"X-A": "1"}


def test_credentials_go_to_the_archive_only(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, str]] = []

    class Line:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
            sent.append(headers)

        def getresponse(self) -> SimpleNamespace:
            return SimpleNamespace(status=200, headers=Message(), read=lambda _: b"")

        def close(self) -> None:
            pass

    monkeypatch.setattr("http.client.HTTPConnection", Line)
    web = Web("http://archive/dicom-web", {"Authorization": "Bearer sesame"})
    web.get("/studies")
    web.get("http://elsewhere/bulk")
    assert ["Authorization" in headers for headers in sent] == [True, False]
