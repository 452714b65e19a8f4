"""Servers that break one clause each are caught by the check of that clause, and by few others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from archives import Peer
from areas.exchange.conformance.proxy import Change, Said, faulty
from kerma.areas.exchange.conformance import stored, suite
from kerma.areas.exchange.conformance.model import CHECKS, Result
from kerma.areas.exchange.conformance.objects import TestSet
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import Web


@pytest.fixture(scope="module")
def test_set(archive: Peer) -> TestSet:
    """The suite's objects, stored in the archive behind the faulty servers."""
    suite.services()
    target = Target((Web(archive.web, archive.headers), None), [])
    assert stored.put(target) == ("STOW-RS", "")
    return target.set


@dataclass
class Fault:
    """A fault, and the check that must find it."""

    finds: str
    change: Change


def query(asked: Said, pattern: str, instead: str) -> None:
    asked.path = re.sub(pattern, instead, asked.path)


def without_limit(asked: Said, answer: Said | None) -> None:
    query(asked, r"&limit=\d+", "") if answer is None else None


def without_offset(asked: Said, answer: Said | None) -> None:
    query(asked, r"&offset=\d+", "") if answer is None else None


def anything_acceptable(asked: Said, answer: Said | None) -> None:
    if answer is None and "x-none" in asked.headers.get("Accept", ""):
        asked.headers["Accept"] = "*/*"


def plain_json(asked: Said, answer: Said | None) -> None:
    if answer and "dicom+json" in answer.headers.get("content-type", ""):
        answer.headers["content-type"] = "text/plain"


def end_of_range_excluded(asked: Said, answer: Said | None) -> None:
    query(asked, "-20200220", "-20200219") if answer is None else None


def star_means_nothing(asked: Said, answer: Said | None) -> None:
    query(asked, r"AccessionNumber=K\*", "AccessionNumber=K") if answer is None else None


def names_in_capitals_only(asked: Said, answer: Said | None) -> None:
    if (
        answer
        and asked.method == "GET"
        and "/studies" in asked.path
        and "json" in answer.headers.get("content-type", "")
    ):
        answer.body = answer.body.replace("山田".encode(), b"??")


def forgets(tag: str) -> Change:
    def change(asked: Said, answer: Said | None) -> None:
        if answer and asked.path.startswith("/dicom-web/studies?") and answer.status == 200 and asked.method == "GET":
            datasets: list[dict[str, Any]] = json.loads(answer.body)
            answer.body = json.dumps([{k: v for k, v in one.items() if k != tag} for one in datasets]).encode()

    return change


def flips_a_pixel(asked: Said, answer: Said | None) -> None:
    if answer and "/instances/" in asked.path and "related" in answer.headers.get("content-type", ""):
        middle = len(answer.body) // 2
        answer.body = answer.body[:middle] + bytes([answer.body[middle] ^ 1]) + answer.body[middle + 1 :]


def drops_the_last_part(asked: Said, answer: Said | None) -> None:
    is_study = re.fullmatch(r"/dicom-web/studies/[\d.]+", asked.path) is not None
    if answer and is_study and answer.status == 200 and asked.method == "GET":
        boundary = b"--" + re.search('boundary="?([^";]+)', answer.headers["content-type"])[1].encode()
        pieces = answer.body.split(boundary)
        answer.body = boundary.join([*pieces[:-2], pieces[-1]])


def no_last_boundary(asked: Said, answer: Said | None) -> None:
    if answer and "related" in answer.headers.get("content-type", ""):
        answer.body = answer.body.rstrip(b"\r\n-")


def frames_in_any_order(asked: Said, answer: Said | None) -> None:
    query(asked, "/frames/3,1", "/frames/1,3") if answer is None else None


def missing_is_empty(asked: Said, answer: Said | None) -> None:
    if answer and answer.status == 404:
        answer.status, answer.body = 200, b""


def server_error(asked: Said, answer: Said | None) -> None:
    if answer and answer.status == 400:
        answer.status = 500


def pixels_inside(asked: Said, answer: Said | None) -> None:
    if answer and asked.path.endswith("/metadata") and answer.status == 200:
        answer.body = re.sub(
            rb'"BulkDataURI": ?"[^"]*7[Ff][Ee]0[^"]*"|"BulkDataURI": ?"[^"]*"', b'"InlineBinary":"AAAA"', answer.body
        )


def any_study(asked: Said, answer: Said | None) -> None:
    if answer is None and asked.method == "POST":
        asked.path = re.sub(r"/studies/[\d.]+$", "/studies", asked.path)


def nothing_fails(asked: Said, answer: Said | None) -> None:
    if answer and asked.method == "POST" and answer.status in (202, 409, 400):
        answer.status = 200


def no_references(asked: Said, answer: Said | None) -> None:
    if answer and asked.method == "POST" and answer.status == 200:
        answer.body = answer.body.replace(b"00081199", b"00081198")


def always_the_same_window(asked: Said, answer: Said | None) -> None:
    query(asked, r"[?&]window=[^&]*", "") if answer is None else None


FAULTS = {
    "limit is ignored": Fault("qido.limit", without_limit),
    "offset is ignored": Fault("qido.pages", without_offset),
    "whatever is asked for is acceptable": Fault("qido.not-acceptable", anything_acceptable),
    "JSON is called text": Fault("qido.media-type", plain_json),
    "a range of dates leaves out its end": Fault("qido.date-range", end_of_range_excluded),
    "an asterisk is lost": Fault("qido.wildcard-many", star_means_nothing),
    "Kanji is lost": Fault("qido.name-groups", names_in_capitals_only),
    "no accession number is told": Fault("qido.study-attributes", forgets("00080050")),
    "no count of instances is told": Fault("qido.counts", forgets("00201208")),
    "one bit of the pixels is flipped": Fault("wado.pixels-identical", flips_a_pixel),
    "one instance of a study is missing": Fault("wado.study", drops_the_last_part),
    "a multipart body has no end": Fault("wado.series", no_last_boundary),
    "frames come in their own order": Fault("frames.several", frames_in_any_order),
    "what is missing is empty": Fault("wado.unknown-study", missing_is_empty),
    "a malformed UID is an error of the server": Fault("wado.malformed-uid", server_error),
    "pixels stand in the metadata": Fault("metadata.no-pixels", pixels_inside),
    "the study of the address is not looked at": Fault("stow.wrong-study", any_study),
    "a failure is called success": Fault("stow.garbage", nothing_fails),
    "stored objects are called failed": Fault("stow.referenced", no_references),
    "the window is ignored": Fault("rendered.window", always_the_same_window),
}


@pytest.fixture(params=FAULTS, ids=list(FAULTS))
def fault(request: pytest.FixtureRequest) -> Fault:
    return FAULTS[request.param]


def asked(archive: Peer, test_set: TestSet, name: str, change: Change | None) -> Result:
    with faulty(archive.web, change) as address:
        target = Target((Web(address, archive.headers, 10.0), None), [], test_set)
        target.doors[0].trace = target.trace
        return suite.run_check(target, CHECKS[name])


def test_a_planted_fault_is_found_by_its_check(archive: Peer, test_set: TestSet, fault: Fault) -> None:
    result = asked(archive, test_set, fault.finds, fault.change)
    assert result.outcome == "fail", result
    assert result.expected and result.got and result.exchanges


def test_without_a_fault_the_same_check_passes(archive: Peer, test_set: TestSet, fault: Fault) -> None:
    result = asked(archive, test_set, fault.finds, None)
    assert result.outcome == "pass", result


@pytest.fixture(scope="module", autouse=True)
def _no_leftovers(archive: Peer) -> Iterator[None]:
    yield
    assert archive.process is None or archive.process.poll() is None, "the archive did not survive its tests"
