"""A specification from its draft to the exam that is judged by it, and a rejected part to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

import films
from pages import Held, Watched, violations
from servers import Server, end, settle, start

PASSWORD = "nine wet otters"
PEOPLE = {"ann": ("Ann Example", "analyst"), "lea": ("Lea Example", "lead"), "max": ("Max Example", "lead")}
ADDRESS = "/exams/1"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one weld; a new one for each try."""
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("specs")
    settle(home, PASSWORD, PEOPLE)
    started = start(home)
    started.login, started.password = "ann", PASSWORD
    try:
        with started.client() as client:
            files = [("files", ("weld.dcm", films.film(side=200)))]
            client.post("/api/v1/uploads", files=files, data={"industry": "ndt"}).raise_for_status()
        started.at_rest()
        yield started
    finally:
        end(started)


def opened_by(chromium: Browser, server: Server, login: str) -> Watched:
    """A page of somebody who has signed in, without a page open yet."""
    server.login = login
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=server.address)
    context.add_cookies(server.cookies())
    context.set_default_timeout(60_000)
    return Watched(context.new_page())


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("main").first.wait_for()


def test_a_specification_is_agreed_and_a_rejected_part_followed_to_its_end(chromium: Browser, server: Server) -> None:
    ann, lea, max_ = (opened_by(chromium, server, login) for login in PEOPLE)
    _drafted(ann.page)
    _approved(lea.page)
    _approved_for_customer(max_.page)
    _judged(ann.page)
    _rejected(ann.page)
    _proposed(lea.page)
    _decided(max_.page)
    opened(lea.page, "/specs/recalls")
    lea.page.get_by_role("textbox", name="Welder", exact=True).fill("W7")
    lea.page.get_by_role("button", name="Find them").click()
    expect(lea.page.get_by_role("heading", name="0 exams, 0 to recall")).to_be_visible()
    assert violations(lea.page) == []
    for one in (ann, lea, max_):
        assert one.errors == []
        one.page.context.close()


def _drafted(page: Page) -> None:
    opened(page, "/specs")
    page.get_by_role("button", name="Draft a specification…").click()
    form = page.get_by_role("form", name="Draft a specification")
    form.get_by_role("combobox", name="Industry").select_option("ndt")
    form.get_by_role("combobox", name="For", exact=True).select_option("part")
    form.get_by_role("textbox", name="Part number").fill("W-100")
    form.get_by_role("textbox", name="Tube voltage").fill("160")
    form.get_by_role("textbox", name="Class of image quality").fill("B")
    form.get_by_role("combobox", name="By the rules of").select_option("french-arrete-1978")
    form.get_by_role("textbox", name="Thickness, mm", exact=True).last.fill("12")
    assert violations(page) == []
    form.get_by_role("button", name="Draft it").click()
    drawing = {"name": "drawing.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 the weld"}
    page.get_by_label("Attach a file").set_input_files(drawing)
    expect(page.get_by_role("list", name="Files")).to_contain_text("drawing.pdf PDF, 1\u2009kB")
    page.get_by_role("textbox", name="Comment").fill("Film or detector?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_text("Film or detector?")).to_be_visible()
    page.get_by_role("button", name="Hand it to review").click()
    expect(page.get_by_text("In review").first).to_be_visible()
    assert violations(page) == []


def _approved(page: Page) -> None:
    opened(page, "/specs/1")
    page.get_by_role("button", name="Approve for the house").click()
    expect(page.get_by_text("One approval is by you, so somebody else gives or records the other.")).to_be_visible()
    expect(page.get_by_role("form", name="Approve")).to_have_count(0)
    assert violations(page) == []


def _approved_for_customer(page: Page) -> None:
    opened(page, "/specs/1")
    form = page.get_by_role("form", name="Approve")
    expect(form.get_by_role("button", name="Record their approval")).to_be_disabled()
    form.get_by_role("textbox", name="Words of the approval").fill("We agree")
    form.get_by_role("textbox", name="Who of the customer approves").fill("A. Buyer")
    form.get_by_role("textbox", name="Customer", exact=True).fill("Yard Ltd")
    assert violations(page) == []
    form.get_by_role("button", name="Record their approval").click()
    approvals = page.get_by_role("region", name="Approvals")
    expect(approvals).to_contain_text("A. Buyer, Yard Ltd, recorded by Max Example")
    expect(page.get_by_text("In force").first).to_be_visible()


def _judged(page: Page) -> None:
    opened(page, ADDRESS)
    region = page.get_by_role("region", name="Specification")
    region.get_by_role("button", name="Link a specification…").click()
    region.get_by_role("button", name="Link it").click()
    expect(region.get_by_role("link", name="W-100, version 1")).to_be_visible()
    region.get_by_role("button", name="Judge by the specification").click()
    form = page.get_by_role("form", name="Judge")
    expect(form.get_by_role("combobox", name="By the rules of")).to_have_value("french-arrete-1978")
    expect(form.get_by_role("textbox", name="Thickness").first).to_have_value("12")
    assert violations(page) == []
    # Nobody decides before their judgement is on the page: they would be told that somebody has judged meanwhile.
    held = Held(page, f"**/api/v1{ADDRESS}/analysis")
    page.get_by_role("button", name="Record the judgement").click()
    expect(form).to_have_count(0)
    expect(page.get_by_role("group", name="Decision")).to_have_count(0)
    held.release()
    expect(page.get_by_role("group", name="Decision")).to_be_visible()


def _rejected(page: Page) -> None:
    page.get_by_role("group", name="Decision").get_by_role("button", name="Reject").click()
    page.locator("#reason").fill("a cluster of pores")
    page.get_by_role("button", name="Decide: Reject").click()
    region = page.get_by_role("region", name="Non-conformances")
    region.get_by_role("button", name="Open a non-conformance…").click()
    region.get_by_label("What does not conform").fill("a cluster of pores")
    region.get_by_role("button", name="Open it").click()
    expect(region.get_by_role("link")).to_contain_text("NC-")
    assert violations(page) == []


def _proposed(page: Page) -> None:
    opened(page, "/specs/nonconformances")
    page.get_by_role("table", name="Non-conformances").get_by_role("link").first.click()
    page.get_by_role("button", name="Propose a disposition…").click()
    form = page.get_by_role("form", name="Propose a disposition")
    form.get_by_role("combobox", name="Disposition").select_option("scrap")
    form.get_by_role("textbox", name="Why").fill("cannot be saved")
    form.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("You proposed it, so somebody else decides it.")).to_be_visible()
    assert violations(page) == []


def _decided(page: Page) -> None:
    opened(page, "/specs/nonconformances/1")
    page.get_by_role("button", name="Decide: Scrap").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("closed", exact=True)).to_be_visible()
    assert violations(page) == []
