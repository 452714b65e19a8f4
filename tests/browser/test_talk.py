"""Two people and a guest about one bag: a question answered from outside, a search ordered, done and told back."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import films
from pages import Watched, violations
from servers import KERMA, Server, end, start

PASSWORD = "nine wet otters"
PEOPLE = {"ann": ("Ann Example", "analyst"), "bob": ("Bob Example", "analyst"), "lea": ("Lea Example", "lead")}
ADDRESS = "/exams/1"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one bag, in which Ann has marked a knife; a new one for each try."""
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("talk")
    for login, (name, role) in PEOPLE.items():
        command = [str(KERMA), "user", "add", login, "--name", name, "--role", role]
        environment = {**os.environ, "KERMA_HOME": str(home)}
        subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    started = start(home)
    started.login, started.password = "ann", PASSWORD
    try:
        with started.client() as client:
            files = [("files", ("bag.dcm", films.film(side=200)))]
            client.post("/api/v1/uploads", files=files, data={"industry": "security"}).raise_for_status()
            started.at_rest()
            sha256 = client.get(f"/api/v1{ADDRESS}").json()["images"][0]["sha256"]
            knife = {"image_sha256": sha256, "label": "knife", "box": [40, 60, 30, 80]}
            client.post(f"/api/v1{ADDRESS}/judgement", json={"added": [knife]}).raise_for_status()
        started.at_rest()
        yield started
    finally:
        end(started)


def signed_in(chromium: Browser, server: Server, login: str) -> Watched:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=server.address)
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page())
    watched.page.goto("/")
    watched.page.get_by_label("Login").fill(login)
    watched.page.get_by_label("Password").fill(PASSWORD)
    watched.page.keyboard.press("Enter")
    watched.page.locator("tbody tr").first.wait_for()
    return watched


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("main").first.wait_for()


def test_a_guest_answers_a_question(chromium: Browser, server: Server) -> None:
    ann, bob = signed_in(chromium, server, "ann"), signed_in(chromium, server, "bob")
    page = ann.page
    opened(page, ADDRESS)
    comments = page.get_by_role("region", name="Comments")
    comments.get_by_label("New comment").fill("What do you make of it, @bo")
    comments.get_by_role("button", name="@bob Bob Example").click()
    comments.get_by_role("button", name="Comment", exact=True).click()
    expect(comments.get_by_role("article", name="Comment 1")).to_contain_text("@bob")
    expect(bob.page.get_by_role("link", name="Inbox 1 not read")).to_be_visible()
    comments.get_by_role("button", name="Ask…").click()
    form = comments.get_by_role("form", name="Ask about this exam")
    expect(form.get_by_label("Asked as")).to_be_focused()
    form.get_by_label("Question").fill("Is this blade a tool?")
    form.get_by_label("Somebody without an account").check()
    form.get_by_label("Name").fill("Ada Guest")
    form.get_by_role("button", name="Ask", exact=True).click()
    comments.get_by_role("button", name="Let the guest in…").click()
    comments.get_by_label("What for").fill("to name the blade")
    comments.get_by_label("Show findings and marks").check()
    comments.get_by_role("button", name="Make the link").click()
    link = comments.get_by_label("The link for Ada Guest, shown only now").input_value()
    assert violations(page) == []
    _answered(chromium, link)
    expect(comments.get_by_role("article", name="Question 1")).to_contain_text("A kitchen knife.")
    expect(page.get_by_role("link", name="Inbox 1 not read")).to_be_visible()
    opened(page, "/inbox")
    row = page.get_by_role("table", name="Inbox").get_by_role("row").nth(1)
    expect(row).to_contain_text("Ada Guest")
    row.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("link", name="Inbox", exact=True)).to_be_visible()
    assert violations(page) == [] and ann.errors == [] and bob.errors == []
    ann.page.context.close()
    bob.page.context.close()


def _answered(chromium: Browser, link: str) -> None:
    """Answer as the guest, in a browser that knows nobody and runs no script; nothing else opens there."""
    with chromium.new_context(viewport={"width": 1100, "height": 900}) as looking:
        seen = Watched(looking.new_page())
        seen.page.goto(link)
        assert violations(seen.page) == [] and seen.errors == []
    context = chromium.new_context(viewport={"width": 1100, "height": 900}, java_script_enabled=False)
    guest = context.new_page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="The question")).to_be_visible()
    picture = guest.get_by_role("img", name="Image 1 of 1")
    assert picture.bounding_box()["width"] > 400
    expect(guest.locator("svg rect")).to_have_count(1)
    expect(guest.get_by_text("P-17")).to_have_count(0)
    guest.get_by_role("link", name="Negative").click()
    expect(guest.get_by_role("link", name="Negative")).to_have_attribute("aria-current", "true")
    guest.get_by_label("Your answer, once").fill("A kitchen knife.")
    guest.keyboard.press("Tab")
    guest.keyboard.press("Enter")
    expect(guest.get_by_text("A kitchen knife.")).to_be_visible()
    expect(guest.get_by_role("button")).to_have_count(0)
    base = link.split("/guest/", 1)[0]
    assert context.request.get(f"{base}/api/v1/exams/1").status == 401
    assert guest.goto(f"{link}x").status == 404
    context.close()


def test_a_search_is_ordered_done_and_told_back(chromium: Browser, server: Server, tmp_path: Path) -> None:
    ann, bob, lea = (signed_in(chromium, server, login) for login in PEOPLE)
    _own_rule(lea.page)
    _ordered(ann.page)
    page = bob.page
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Search 1: P-17")).to_be_visible()
    expect(page.get_by_role("img", name="Image with the marked places 1 knife")).to_have_count(1)
    page.get_by_role("button", name="Start search 1").click()
    expect(page.get_by_role("heading", name="How to handle: Prohibited article")).to_be_visible()
    expect(page.get_by_text("Supervisor on duty, house telephone")).to_be_visible()
    expect(page.get_by_text("how far to keep away is not set here")).to_be_visible()
    page.get_by_label("Prohibited item found").check()
    expect(page.get_by_role("button", name="Record the outcome")).to_be_disabled()
    page.get_by_label("Category").select_option("sharp")
    page.get_by_label("What was found or happened").fill("a kitchen knife in the lining")
    photo = io.BytesIO()
    Image.new("RGB", (60, 40), "grey").save(photo, "JPEG")
    page.get_by_label("Photos").set_input_files({"name": "k.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()})
    expect(page.get_by_text("k.jpg")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Record the outcome").click()
    expect(page.get_by_role("img", name="Photo 1 of the search")).to_be_visible()
    told = page.context.request.get("/api/v1/searches/1/sheet.pdf").body()
    assert told[:5] == b"%PDF-"
    page = ann.page
    opened(page, "/inbox")
    expect(page.get_by_role("table", name="Inbox")).to_contain_text(
        "Prohibited item found. a kitchen knife in the lining"
    )
    opened(page, "/searches/referrals")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    expect(page.get_by_text("between 3\u2009% and 100\u2009%")).to_be_visible()
    assert violations(page) == []
    for one in (ann, bob, lea):
        assert one.errors == []
        one.page.context.close()


def _own_rule(page: Page) -> None:
    opened(page, "/searches/handling")
    page.get_by_role("button", name="Write the site’s own rule: Prohibited article").click()
    form = page.get_by_role("form", name="The site’s own rule: Prohibited article")
    form.get_by_label("Whom to call").fill("Supervisor on duty, house telephone")
    form.get_by_label("Where this rule is written").fill("Site programme 7.2")
    form.get_by_role("button", name="Keep the rule").click()
    expect(page.get_by_text("The site’s own rule, version 1: Site programme 7.2")).to_be_visible()
    assert violations(page) == []


def _ordered(page: Page) -> None:
    opened(page, ADDRESS)
    page.get_by_role("group", name="Decision").get_by_role("button", name="Suspect").click()
    page.get_by_label("Coded reason").select_option("THREAT_SHAPE")
    reason = page.locator("#reason")
    expect(reason).to_have_value("[THREAT_SHAPE] ")
    reason.press("End")
    reason.type("a blade")
    page.get_by_role("button", name="Decide: Suspect").click()
    page.get_by_role("button", name="Order a search…").click()
    form = page.get_by_role("form", name="Order a search")
    expect(form.get_by_label("Suspected")).to_be_focused()
    form.get_by_label("Suspected").select_option("prohibited")
    expect(form.get_by_label("Reason")).to_have_value("THREAT_SHAPE")
    form.get_by_label("Explosive trace detection").check()
    form.get_by_label("Instruction").fill("Look into the lining.")
    form.get_by_role("button", name="Order the search").click()
    expect(page.get_by_role("region", name="Searches")).to_contain_text("Search 1 ordered")
