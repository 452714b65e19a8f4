"""Rules by which exams are read, in the browser: a lead writes, tries and keeps them; what nobody reads is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from films import film
from pages import Watched, violations
from servers import Server, demonstrated

THEMES = ("dark", "light", "contrast")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: its rules change."""
    with demonstrated(tmp_path_factory.mktemp("rules")) as started:
        yield started


@pytest.fixture
def page(watched: Watched, server: Server) -> Page:
    """A page of somebody who has signed in to this module's server."""
    watched.page.context.add_cookies(server.cookies())
    watched.page.goto("/settings/worklist")
    return watched.page


def calm(page: Page) -> list[str]:
    found = []
    for theme in THEMES:
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        found += [f"{theme}: {one}" for one in violations(page)]
    return found


def test_a_rule_is_written_tried_and_kept_and_what_nobody_reads_is_put_on_the_list(page: Page, server: Server) -> None:
    table = page.get_by_role("table", name="Rules by which exams are read")
    expect(table.get_by_role("row", name="every exam")).to_contain_text("read")
    page.get_by_role("button", name="Add a rule").click()
    form = page.get_by_role("form", name="Rule 1")
    form.get_by_label("Name").fill("no scouts")
    form.get_by_label("Description or protocol").fill("*scout*")
    form.get_by_label("They are").select_option("no")
    assert calm(page) == []
    form.get_by_role("button", name="Done").click()
    expect(table.get_by_role("row", name="no scouts")).to_contain_text("left out")
    page.get_by_role("button", name="Ask no scouts later").click()
    expect(table).to_contain_text("Never comes to it: “every exam” takes all of them before.")
    page.get_by_role("button", name="Ask no scouts earlier").click()
    expect(table).not_to_contain_text("Never comes to it")
    page.get_by_role("button", name="Try", exact=True).click()
    tried = page.get_by_role("region", name="By these rules, of 8 exams of 30 days")
    expect(tried).to_contain_text("8 would be read")
    expect(tried).to_contain_text("0 read by nobody")
    assert calm(page) == []
    with server.client() as client:
        assert client.get("/api/v1/item-rules").json()["rules_id"] == 0  # a trial keeps nothing
    page.get_by_role("button", name="Keep these rules").click()
    expect(page.get_by_text("Kept: these rules hold for exams that arrive from now on.")).to_be_visible()
    with server.client() as client:
        files = [("files", ("scout.dcm", film(exam=801, PatientID="SCOUT-1", StudyDescription="Scout view")))]
        client.post("/api/v1/uploads", files=files, data={"industry": "medical"}).raise_for_status()
    page.goto("/")
    told = page.get_by_role("region", name="1 exam is read by nobody")
    told.get_by_role("button", name="Show").click()
    expect(told).to_contain_text("left out by “no scouts”")
    assert calm(page) == []
    told.get_by_role("button", name="Put SCOUT-1 on the list").click()
    expect(page.get_by_role("row", name="SCOUT-1")).to_be_visible()
    expect(told).to_have_count(0)


def test_a_site_is_required_and_what_nobody_can_take_is_told(page: Page, server: Server) -> None:
    matching = page.get_by_role("table", name="How much site and language count")
    matching.get_by_label("Site in Medical radiography").select_option("require")
    expect(page.get_by_text("Kept: who is handed exams of Medical radiography.")).to_be_visible()
    people = page.get_by_role("table", name="Where people work and what they read")
    person = people.get_by_role("row").nth(1)
    person.get_by_role("button", name="Change where").click()
    person.get_by_label("Sites of").fill("Nord, Süd")
    person.get_by_label("Languages of").fill("de, fr")
    assert calm(page) == []
    person.get_by_role("button", name="Keep").click()
    expect(person).to_contain_text("Nord, Süd")
    expect(person).to_contain_text("de, fr")
    with server.client() as client:
        files = [("files", ("east.dcm", film(exam=802, PatientID="EAST-1", InstitutionName="Ost")))]
        client.post("/api/v1/uploads", files=files, data={"industry": "medical"}).raise_for_status()
    page.goto("/")
    # the demonstration's own exams may name a site as well
    told = page.get_by_role("region", name=re.compile("that nobody in service can take"))
    told.get_by_role("button", name="Show").click()
    expect(told).to_contain_text("Medical radiography: nobody has site Ost")
    assert calm(page) == []
