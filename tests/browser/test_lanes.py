"""Lanes in the browser: a lead sets one by keyboard, sees a bag wait against its timer, and be referred at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from films import film
from pages import Watched, violations
from servers import Server, demonstrated

THEMES = ("dark", "light", "contrast")
TIMER_S = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: bags arrive on it."""
    with demonstrated(tmp_path_factory.mktemp("lanes")) as started:
        yield started


def calm(page: Page) -> list[str]:
    found = []
    for theme in THEMES:
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        found += [f"{theme}: {one}" for one in violations(page)]
    return found


@pytest.fixture
def page(watched: Watched, server: Server) -> Page:
    """A page of somebody who has signed in to this module's server."""
    watched.page.context.add_cookies(server.cookies())
    watched.page.goto("/")
    return watched.page


def test_a_lane_is_set_a_bag_waits_and_is_referred_when_its_time_is_over(page: Page, server: Server) -> None:
    page.locator("tbody tr").first.wait_for()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_text("No lane is set")).to_be_visible()
    page.get_by_role("button", name="Set a lane").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for words in ("belt-7", "BELT7", "north", str(TIMER_S)):
        page.keyboard.press("Control+A")
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    assert calm(page) == []
    page.get_by_role("form", name="New lane").get_by_role("button", name="Keep").press("Enter")
    lane = page.get_by_role("table", name="Lanes").get_by_role("row", name="belt-7")
    expect(lane).to_contain_text("nothing waits")
    with server.client() as client:
        files = [("files", ("bag.dcm", film(exam=700, PatientID="BAG-7", StationName="BELT7")))]
        client.post("/api/v1/uploads", files=files, data={"industry": "security"}).raise_for_status()
        expect(lane.get_by_role("progressbar", name="Belt timer of belt-7")).to_be_visible()
        expect(page.get_by_role("table", name="Pools").get_by_role("row", name="north")).to_contain_text("belt-7")
        assert calm(page) == []
        expect(lane).to_contain_text("timed out", timeout=20_000)
        closed = client.get("/api/v1/worklist?view=closed").json()["items"]
        (item,) = [one for one in closed if one["subject_id"] == "BAG-7"]
    assert item["decision"] == "refer"
    expect(lane).to_contain_text("nothing waits")


def test_a_reader_joins_and_leaves_a_pool_and_the_lane_is_ended(page: Page, server: Server) -> None:
    with server.client() as client:
        lane = {"machine": "BELT8", "pool": "south", "running_s": 10, "stopped_s": 45, "at_time_out": "stop"}
        client.put("/api/v1/lanes/belt-8", json=lane).raise_for_status()
    page.goto("/lanes")
    pool = page.get_by_role("table", name="Pools").get_by_role("row", name="south")
    pool.get_by_label("Reader for south").select_option(index=1)
    pool.get_by_role("button", name="Add").click()
    pool.get_by_role("button", name="Take").click()
    expect(pool).to_contain_text("whoever is in no pool")
    page.get_by_role("button", name="Change lane belt-8").click()
    form = page.get_by_role("form", name="Lane belt-8")
    expect(form.get_by_label("Belt stopped")).to_have_value("45")
    form.get_by_role("button", name="End this lane").click()
    expect(page.get_by_role("table", name="Lanes").get_by_role("row", name="belt-8")).to_have_count(0)
