"""Rules and judging in a real browser: read a pack, confirm it, judge an exam by keyboard, see it in the decision."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from pages import Watched, violations
from servers import KERMA, Server, demonstrated

LOGIN, PASSWORD = "lena", "nine wet otters"
WELD = "K1063-W4"
TABLE = """\
# title: Yard rules
# source: written for this test
# edition: 1
# clause: all
# status: own
rule,kind,labels,measure,limit_absolute,unit,clause
pores,size,porosity,diameter_mm,2,mm,Y 1
cracks,forbidden,{crack},,,,Y 2
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: its tests decide exams that other tests read."""
    with demonstrated(tmp_path_factory.mktemp("judged")) as started:
        yield started


@pytest.fixture(scope="module")
def cookies(server: Server) -> Iterator[list[dict[str, str]]]:
    """The cookies of a Level III who has signed in."""
    home = server.home
    command = [str(KERMA), "user", "add", LOGIN, "--name", "Lena Three", "--role", "lead"]
    environment = {**os.environ, "KERMA_HOME": str(home)}
    subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    with httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=60) as client:
        client.post("/api/v1/session", json={"login": LOGIN, "password": PASSWORD}).raise_for_status()
        yield [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]


@pytest.fixture
def rules(watched: Watched, cookies: list[dict[str, str]]) -> Page:
    watched.page.get_by_role("link", name="Rules", exact=True).click()
    watched.page.get_by_role("navigation", name="Packs").get_by_role("link").first.wait_for()
    return watched.page


def test_a_level_iii_reads_a_pack_confirms_it_and_takes_it_back(rules: Page) -> None:
    page = rules
    page.get_by_role("searchbox").fill("UW-51")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("UW-51"))).to_be_visible()
    trust = page.get_by_role("region", name="How far to trust it")
    expect(trust).to_contain_text("Unverified")
    expect(page.get_by_role("img", name=re.compile("limit in mm against thickness")).first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Confirm as Level III").click()
    page.keyboard.type("ASME BPVC VIII-1:2017")
    page.get_by_role("button", name="Confirm: the table agrees").click()
    expect(trust).to_contain_text("Confirmed by Lena Three")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Take back").click()
    expect(trust).to_contain_text("taken back")
    expect(trust).to_contain_text("Unverified")


def test_a_table_with_a_mistake_is_told_by_its_line_then_added(rules: Page) -> None:
    page = rules
    page.get_by_role("link", name="Add your own").click()
    page.get_by_label("Name").fill("yard")
    page.get_by_label("Or its text").fill(TABLE.format(crack="crakc"))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("table", name="Mistakes").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("table", name="Mistakes")).to_contain_text("8")
    assert violations(page) == []
    page.get_by_label("Or its text").fill(TABLE.format(crack="crack"))
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Add the rules").click()
    expect(page.get_by_role("heading", name="Yard rules")).to_be_visible()
    expect(page.get_by_role("table", name="Versions")).to_contain_text("in force")


def test_an_exam_is_judged_by_keyboard_and_the_decision_follows(watched: Watched, cookies: list[dict]) -> None:
    page = watched.page
    page.locator("tbody tr", has_text=WELD).get_by_role("link").click()
    page.get_by_role("button", name="Judge", exact=True).wait_for()
    page.keyboard.press("j")
    form = page.get_by_role("form", name="Judge")
    form.get_by_label("By the rules of").select_option("mil-hdbk-1890-class-1")
    end = page.get_by_role("region", name="This would propose")
    expect(end).to_contain_text("Rules:")
    page.locator("[data-finding='2']").click()
    page.locator("body").press("x")
    page.keyboard.type("mark on the film")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Findings"))).to_contain_text("1 dismissed")
    page.locator("body").press("a")
    page.keyboard.type("Crack")
    for key in ("Enter", "Enter", *["Shift+ArrowRight"] * 4, "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("[data-finding='16']")).to_contain_text("by Lena Three")
    expect(end).to_contain_text("Reject")
    assert violations(page) == []
    page.get_by_role("button", name="Record the judgement").click()
    expect(page.get_by_text(re.compile("By Lena Three, .*version 1, by MIL-HDBK-1890"))).to_be_visible()
    page.keyboard.press("Alt+2")
    page.get_by_role("button", name="Decide: Reject").click()
    expect(page.get_by_role("button", name="Decide again")).to_be_visible()
