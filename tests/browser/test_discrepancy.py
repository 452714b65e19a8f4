"""A box is drawn for a comment and a discrepancy, which comes to its end; a critical result is told with read-back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import films
from pages import Watched, violations
from servers import Server, end, settle, start

PASSWORD = "nine wet otters"
PEOPLE = {"ann": ("Ann Example", "analyst"), "bob": ("Bob Example", "analyst"), "lea": ("Lea Example", "lead")}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one weld that Ann has accepted; a new one for each try."""
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("discrepancies")
    settle(home, PASSWORD, PEOPLE)
    started = start(home)
    started.login, started.password = "ann", PASSWORD
    try:
        with started.client() as client:
            files = [("files", ("weld.dcm", films.film(side=200)))]
            client.post("/api/v1/uploads", files=files, data={"industry": "ndt"}).raise_for_status()
            started.at_rest()
            told = {"decision": "accept", "reason": "nothing to be seen"}
            client.post("/api/v1/exams/1/decisions", json=told).raise_for_status()
        started.at_rest()
        yield started
    finally:
        end(started)


def opened(chromium: Browser, server: Server, login: str, address: str) -> Watched:
    server.login = login
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, base_url=server.address)
    context.add_cookies(server.cookies())
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page())
    watched.page.goto(address)
    watched.page.locator("main").first.wait_for()
    return watched


def ended(watched: Watched) -> None:
    assert violations(watched.page) == []
    assert watched.errors == []
    watched.page.context.close()


def drawn(page: Page) -> None:
    """Draw a box over the middle of the image, once it is there."""
    page.wait_for_function("() => window.__kerma?.viewports[0]?.isReady")
    frame = page.locator(".room canvas, .viewer canvas, canvas").first.bounding_box()
    assert frame is not None
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    page.mouse.move(x + 30, y + 30, steps=4)
    page.mouse.up()
    expect(page.get_by_text("The box is drawn")).to_be_visible()


def test_a_place_is_drawn_and_a_discrepancy_answered_and_settled(chromium: Browser, server: Server) -> None:
    bob = opened(chromium, server, "bob", "/exams/1")
    _commented(bob.page)
    _recorded(bob.page)
    ended(bob)
    ann = opened(chromium, server, "ann", "/exams/1")
    card = ann.page.get_by_role("article", name="Discrepancy DIS-")
    form = card.get_by_role("form", name="Answer the discrepancy")
    form.get_by_label("Your answer").select_option(label="I disagree")
    form.get_by_label("The reason").fill("a scratch on the film")
    assert violations(ann.page) == []
    form.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("Disputed")
    ended(ann)
    lea = opened(chromium, server, "lea", "/exams/1")
    card = lea.page.get_by_role("article", name="Discrepancy DIS-")
    form = card.get_by_role("form", name="Settle the discrepancy")
    form.get_by_label("Settled").select_option(label="It is not upheld: the decision stands")
    form.get_by_label("The reason").fill("seen on no other film")
    form.get_by_role("button", name="Settle it").click()
    card.get_by_role("button", name="Close DIS-").click()
    expect(card).to_contain_text("Not upheld: the decision stands")
    lea.page.goto("/peer/discrepancies")
    lea.page.get_by_label("State").select_option("closed")
    table = lea.page.get_by_role("table", name="Discrepancies")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table).to_contain_text("Accept, Ann Example")
    ended(lea)


def _commented(page: Page) -> None:
    section = page.get_by_role("region", name="Comments")
    section.get_by_label("What it is about").select_option("box")
    section.get_by_label("New comment").fill("Look here")
    expect(section.get_by_role("button", name="Comment", exact=True)).to_be_disabled()
    drawn(page)
    section.get_by_role("button", name="Comment", exact=True).click()
    comment = section.get_by_role("article", name="Comment 1")
    expect(comment).to_contain_text("place on image 1")
    section.get_by_role("heading", name="Comments").hover()
    expect(page.get_by_text("comment 1", exact=True)).to_have_count(0)
    comment.get_by_text("Look here").hover()
    expect(page.get_by_text("comment 1", exact=True).first).to_be_attached()


def _recorded(page: Page) -> None:
    section = page.get_by_role("region", name="Discrepancies")
    section.get_by_role("button", name="Record a discrepancy…").click()
    form = section.get_by_role("form", name="Record a discrepancy")
    form.get_by_label("How grave").select_option("rejectable")
    expect(form.get_by_text("To be answered within 1 day.")).to_be_visible()
    form.get_by_label("What you see").fill("a crack runs out of the pore")
    form.get_by_label("What it is about").select_option("box")
    drawn(page)
    assert violations(page) == []
    form.get_by_role("button", name="Record it").click()
    expect(section.get_by_role("article", name="Discrepancy DIS-")).to_contain_text("To be answered")


def test_a_critical_result_is_told_with_read_back(chromium: Browser, server: Server) -> None:
    with server.client() as client:
        files = [("files", ("chest.dcm", films.film(exam=2, side=200)))]
        client.post("/api/v1/uploads", files=files, data={"industry": "medical"}).raise_for_status()
    server.at_rest()
    bob = opened(chromium, server, "bob", "/exams/2")
    section = bob.page.get_by_role("region", name="Critical results")
    section.get_by_role("button", name="Critical result…").click()
    form = section.get_by_role("form", name="Record a critical result")
    form.get_by_label("Finding").select_option("pneumothorax")
    expect(form.get_by_text("To be told within 15")).to_be_visible()
    form.get_by_role("button", name="Record it").click()
    card = section.get_by_role("article", name="Critical result CRIT-")
    expect(card).to_contain_text("left")
    assert violations(bob.page) == []
    _tell(card, "wrong", "on the right")
    expect(card).to_contain_text("read back wrongly by Dr Ward")
    expect(card).to_contain_text("Not notified")
    _tell(card, "right", "on the left")
    expect(card).to_contain_text("Told to Dr Ward, ward physician")
    assert violations(bob.page) == []
    bob.page.goto("/")
    listed = bob.page.get_by_role("region", name="Notified critical results wait for acknowledgement")
    assert violations(bob.page) == []
    listed.get_by_role("link").click()
    card.get_by_role("button", name="Acknowledged").click()
    expect(card).to_contain_text("in time")
    ended(bob)


def _tell(card: Locator, outcome: str, read_back: str) -> None:
    form = card.get_by_role("form", name="Tell the critical result")
    form.get_by_label("Whom", exact=True).fill("Dr Ward")
    form.get_by_label("Their role").fill("ward physician")
    form.get_by_label("Outcome").select_option(outcome)
    form.get_by_label("What they read back").fill(read_back)
    form.locator("button.primary").click()
