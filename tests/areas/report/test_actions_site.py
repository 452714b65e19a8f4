"""The letterhead: set, kept, printed, over HTTP and on the command line."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.areas.report.decided import decided, records, versions
from tests.areas.report.rich import logo, sample
from tests.areas.report.samples import text_of

import exams
from kerma.areas.report import actions_site, jobs_site, rules_site
from kerma.areas.report.document import build, can_print
from kerma.areas.report.parts import Site
from kerma.areas.report.queries_site import newest_site, paper_of, site_of
from kerma.areas.report.routes_site import router
from kerma.areas.report.sign import sign
from kerma.errors import NotAllowed, WrongUsage
from kerma.kernel.action import Actor, Kernel

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#063"/></svg>'
TEXTS = {"name": "Example Ltd", "address": ["1 Dock Road", "Liverpool"], "accreditation": "UKAS 42", "footer": "",
         "paper": "a4"}  # fmt: skip


def site(kernel: Kernel) -> Site:
    with kernel.database.read() as connection:
        return site_of(connection, kernel.blobs)


def test_before_anybody_sets_one_there_is_no_letterhead(kernel: Kernel) -> None:
    assert site(kernel) == Site()
    with kernel.database.read() as connection:
        assert paper_of(connection) == "a4"


def test_what_is_not_named_stays_and_earlier_letterheads_stay_too(kernel: Kernel, actor: Actor) -> None:
    first = actions_site.set_site(kernel, actor, changes=TEXTS, logo=SVG)
    second = actions_site.set_site(kernel, actor, changes={"footer": "VAT 7", "paper": "us-letter"})
    assert second > first
    assert site(kernel) == Site("Example Ltd", ("1 Dock Road", "Liverpool"), SVG, "UKAS 42", "VAT 7")
    actions_site.set_site(kernel, actor, changes={}, logo=b"")
    assert site(kernel).logo == b"" and site(kernel).footer == "VAT 7"
    with kernel.database.read() as connection:
        assert paper_of(connection) == "us-letter"
        assert (newest_site(connection) or {})["set_by"] == actor.key


def test_who_may_not_sets_nothing(kernel: Kernel) -> None:
    with pytest.raises(NotAllowed):
        actions_site.set_site(kernel, exams.person(9, "report.view"), changes=TEXTS, logo=SVG)
    assert site(kernel) == Site()


@pytest.mark.parametrize(
    ("changes", "data", "says"),
    [
        ({"name": "x" * 121}, None, "name has 121 letters"),
        ({"address": ["a"] * 7}, None, "7 lines"),
        ({"footer": "a\nb"}, None, "footer holds signs"),
        ({"paper": "a0"}, None, "'a0' is no paper"),
        ({}, b"GIF89a...", "neither PNG nor SVG"),
        ({}, b"\x89PNG\r\n\x1a\n cut short", "cannot be read as a picture"),
        ({}, b"<svg" + b" " * 1_000_001, "1000005 bytes"),
        ({}, b"<svg xmlns='http://www.w3.org/2000/svg'><not closed", "cannot be read as a picture"),
    ],
)
def test_what_cannot_be_printed_is_refused(
    kernel: Kernel, actor: Actor, changes: dict, data: bytes | None, says: str
) -> None:
    with pytest.raises(WrongUsage, match=says):
        actions_site.set_site(kernel, actor, changes=changes, logo=data)
    assert site(kernel) == Site() and not set(kernel.blobs.iterate())


def test_a_logo_never_brings_in_another_file() -> None:
    reaching = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
    )
    reaching += b'<image xlink:href="file:///etc/passwd" width="9" height="9"/></svg>'
    if can_print(reaching):
        pdf = build(replace(sample("exam"), site=Site("A", logo=reaching), amendment=None))
        assert b"root:" not in pdf


@pytest.mark.parametrize("data", [SVG, logo()])
def test_a_logo_is_printed(data: bytes) -> None:
    assert can_print(data)
    plain, with_logo = (build(replace(sample("exam"), site=Site("A", logo=one))) for one in (b"", data))
    assert plain != with_logo


@given(some.text(max_size=200), some.lists(some.text(max_size=200), max_size=9))
def test_a_letterhead_is_checked_or_refused_and_never_altered_inside(name: str, address: list[str]) -> None:
    try:
        found = rules_site.checked({**TEXTS, "name": name, "address": address})
    except WrongUsage:
        return
    assert found["name"] == name.strip() and found["address"] == [line.strip() for line in address]
    assert len(found["address"]) <= rules_site.MOST_LINES and found["name"].isprintable()


def test_over_http(browser, kernel: Kernel) -> None:
    page = browser(router)
    page.sign_in("lead")
    assert page.http.get("/api/v1/report/site").json()["name"] == ""
    body = {"name": "Example Ltd", "address": ["1 Dock Road"], "logo_base64": base64.b64encode(SVG).decode()}
    changed = page.http.put("/api/v1/report/site", json=body)
    assert changed.status_code == 200 and changed.json()["address"] == ["1 Dock Road"]
    assert site(kernel).logo == SVG
    assert page.http.put("/api/v1/report/site", json={"logo_base64": "!!"}).status_code == 400


def test_a_changed_letterhead_lays_drafts_out_anew_and_leaves_signed_reports(
    listening: Kernel, actor: Actor, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_site, "A_RUN", 1)
    drafts, signed = [decided(listening, actor, f"W-{number}") for number in (1, 2)], decided(listening, actor, "W-3")
    sign(listening, actor, exam_pk=signed)
    before = {one: versions(listening, one)[0] for one in (*drafts, signed)}
    listening.clock.advance(60)
    site_id = actions_site.set_site(listening, actor, changes=TEXTS)
    listening.clock.advance(60)
    jobs_site.renew_drafts(listening, site_id=site_id)
    assert len(records(listening, "report.renew")) == 1
    jobs_site.renew_drafts(listening, site_id=site_id, after=before[drafts[0]]["id"])
    for one in drafts:
        [now, *earlier] = versions(listening, one)
        assert not earlier and now["id"] == before[one]["id"] and now["pdf_sha256"] != before[one]["pdf_sha256"]
        text = text_of(listening.blobs.get(now["pdf_sha256"]), tmp_path)
        assert "Example Ltd" in text and "report version 1 " in text
    assert versions(listening, signed)[0] == before[signed]
    jobs_site.renew_drafts(listening, site_id=site_id)  # all are on it: nothing is done twice
    assert [one["details"]["renewed"] for one in records(listening, "report.renew")] == [True, True]


def test_a_letterhead_changed_again_leaves_the_drafts_to_the_newer_one(
    listening: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_pk = decided(listening, actor)
    listening.clock.advance(60)
    first = actions_site.set_site(listening, actor, changes=TEXTS)
    real = jobs_site.draft_of

    def meanwhile(kernel: Kernel, report) -> str:
        actions_site.set_site(listening, actor, changes={"name": "Newer Ltd"})
        return real(kernel, report)

    monkeypatch.setattr(jobs_site, "draft_of", meanwhile)
    before = versions(listening, exam_pk)
    jobs_site.renew_drafts(listening, site_id=first)
    assert versions(listening, exam_pk) == before
    assert [one["details"]["renewed"] for one in records(listening, "report.renew")] == [False]
    jobs_site.renew_drafts(listening, site_id=first)  # outdated: does nothing at all
    assert len(records(listening, "report.renew")) == 1


def test_the_logo_is_shown_and_can_run_nothing(browser, listening: Kernel) -> None:
    page = browser(router)
    page.sign_in("lead")
    assert page.http.get("/api/v1/report/site/logo").status_code == 404
    page.http.put("/api/v1/report/site", json={"logo_base64": base64.b64encode(SVG).decode()})
    shown = page.http.get("/api/v1/report/site/logo")
    assert shown.content == SVG and shown.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in shown.headers["content-security-policy"]
