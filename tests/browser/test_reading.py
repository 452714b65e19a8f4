"""A lead has a team read without being led; a reader records their own read, and only then sees what software found."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pages import Watched, violations
from servers import KERMA, Server, demonstrated

PASSWORD = "nine wet otters"
WELD = "K1049-W8"
PEOPLE = (("lea", "Lea Lead", "lead"), ("rita", "Rita Reader", "analyst"), ("sam", "Sam Second", "analyst"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: its policy hides what other tests look at."""
    with demonstrated(tmp_path_factory.mktemp("reading")) as started:
        for login, name, role in PEOPLE:
            command = [str(KERMA), "user", "add", login, "--name", name, "--role", role]
            environment = {**os.environ, "KERMA_HOME": str(started.home)}
            subprocess.run(command, input=PASSWORD, text=True, check=True, env=environment, capture_output=True)
        yield started


@pytest.fixture
def contexts(chromium: Browser, server: Server) -> Iterator[dict[str, BrowserContext]]:
    """A browser for each person, signed in."""
    made = {}
    for login, _, _ in PEOPLE:
        with httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=60) as client:
            client.post("/api/v1/session", json={"login": login, "password": PASSWORD}).raise_for_status()
            cookies = [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]
        made[login] = chromium.new_context(viewport={"width": 1440, "height": 900})
        made[login].add_cookies(cookies)
        made[login].set_default_timeout(60_000)
    yield made
    for one in made.values():
        one.close()


def opened(context: BrowserContext, server: Server) -> Page:
    """Open the weld's exam from the list, as its reader does."""
    watched = Watched(context.new_page())
    watched.page.goto(server.address)
    watched.page.get_by_role("link", name=WELD).first.click()
    watched.page.get_by_role("region", name="How this exam is read").wait_for()
    assert watched.errors == []
    return watched.page


def test_a_reader_sees_what_software_found_after_their_own_read(
    contexts: dict[str, BrowserContext], server: Server
) -> None:
    rules = contexts["lea"].new_page()
    rules.goto(f"{server.address}/settings/reading")
    group = rules.get_by_role("group", name="Non-destructive testing").last
    group.get_by_label("What software finds").select_option("second-reader")
    expect(group.get_by_text("Set by Lea Lead")).to_be_visible()
    group.get_by_label("What others record").select_option("double")
    expect(rules.get_by_text("Kept: how exams of Non-destructive testing are read.")).to_be_visible()
    assert violations(rules) == []

    page = opened(contexts["rita"], server)
    state = page.get_by_role("region", name="How this exam is read")
    expect(state).to_contain_text("record your read to see what the software found")
    expect(page.get_by_text("What software finds in these images is not shown to you now.")).to_be_visible()
    expect(page.get_by_text("Porosity")).to_have_count(0)
    expect(page.get_by_role("region", name="Decision")).to_have_count(0)
    state.get_by_role("button", name="Record your read").click()
    expect(state).to_contain_text("You recorded no finding")
    assert violations(page) == []
    state.get_by_role("button", name="Nothing found").click()
    expect(page.get_by_text("Porosity").first).to_be_visible()
    expect(state).to_contain_text("Your first read: nothing found")

    state.get_by_role("button", name="Reject").click()
    state.get_by_role("textbox", name="Reason").fill("a crack at 45")
    state.get_by_role("button", name="Record your read: Reject").click()
    expect(state).to_contain_text("Your read is recorded", ignore_case=True)

    other = opened(contexts["sam"], server)
    expect(other.get_by_text("a crack at 45")).to_have_count(0)
    state = other.get_by_role("region", name="How this exam is read")
    state.get_by_role("button", name="Record your read").click()
    state.get_by_role("button", name="Nothing found").click()
    state.get_by_role("button", name="Accept").click()
    state.get_by_role("button", name="Record your read: Accept").click()
    expect(state).to_contain_text("the two reads differ")
    expect(state).to_contain_text("a crack at 45")
    expect(other.get_by_role("region", name="Decision")).to_be_visible()
    expect(page.get_by_text("the two reads differ")).to_be_visible()  # told to the first, without a reload
