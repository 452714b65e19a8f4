"""Screening: material colours first, functions by key, large decision keys, the record of the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from pages import Watched, violations
from servers import Server, demonstrated


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: a bag is decided on it."""
    with demonstrated(tmp_path_factory.mktemp("screening")) as started:
        yield started


def signed_in(page: Page, server: Server) -> None:
    page.get_by_label("Login").fill(server.login)
    page.get_by_label("Password").fill(server.password)
    page.keyboard.press("Enter")
    page.locator("tbody tr").first.wait_for()


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    for _ in range(300):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"it did not come about: {what}")


def chain(page: Page) -> list[str]:
    return page.evaluate("window.__kerma.viewports[0].chain.steps.map(step => step.name)")


def test_a_bag_is_screened(watched: Watched, server: Server) -> None:
    page = watched.page
    tiles: list[str] = []
    page.on("request", lambda asked: tiles.append(asked.url) if "/tiles/" in asked.url else None)
    signed_in(page, server)
    page.locator("tbody tr", has_text="BAG-0413").get_by_role("link").click()
    page.locator("canvas[data-ready]").first.wait_for()
    expect(page.locator(".status")).to_contain_text("Material colour")
    functions = page.get_by_role("toolbar", name="Functions")
    _kept_chain(page)
    functions.get_by_role("button", name="Standard", exact=True).click()
    page.keyboard.press("F9")
    screening = page.get_by_role("region", name="Screening decision")
    expect(screening.get_by_role("timer")).to_contain_text("of 10")
    assert violations(page) == []
    page.keyboard.press("F1")
    reason = screening.get_by_label("Reason: the proposal is Suspect")
    expect(reason).to_be_focused()
    page.keyboard.press("Enter")
    expect(screening.get_by_role("button", name="Confirm Clear")).to_be_disabled()
    page.keyboard.type("a laptop, taken out and seen")
    # the next bag is loaded while this one is looked at
    until(page, lambda: len({url.split("/images/")[1].split("/")[0] for url in tiles}) > 1, "the next bag is loaded")
    ahead = {int(url.split("/images/")[1].split("/")[0]) for url in tiles}
    page.keyboard.press("Enter")
    expect(page.locator(".identity").first).to_contain_text("BAG-0412")
    with server.client() as client:
        [following] = [one for one in client.get("/api/v1/worklist").json()["items"] if one["subject_id"] == "BAG-0412"]
        images = client.get(f"/api/v1/exams/{following['exam_pk']}").json()["images"]
        assert ahead & {one["id"] for one in images}
        items = client.get("/api/v1/worklist?view=closed").json()["items"]
        [bag] = [one for one in items if one["subject_id"] == "BAG-0413"]
        [decision] = client.get(f"/api/v1/exams/{bag['exam_pk']}/analysis").json()["decisions"]
    assert (decision["decision"], decision["reason"]) == ("clear", "a laptop, taken out and seen")
    record = decision["reading"]["record"]
    assert {"material_colour", "gamma"} <= {one["name"] for one in record["functions"]} and record["opened_at"]


def _kept_chain(page: Page) -> None:
    """A chain is kept under a name, stands with the functions after a reload, and is forgotten."""
    page.keyboard.press("e")
    page.keyboard.press("b")
    page.keyboard.press("c")
    side = page.get_by_role("region", name="Enhancements")
    side.get_by_role("combobox").first.select_option("gamma")
    add = side.get_by_role("button", name="Add")
    if add.count():
        add.click()
    side.get_by_label("Name of the chain").fill("Softer")
    side.get_by_role("button", name="Save").click()
    functions = page.get_by_role("toolbar", name="Functions")
    page.reload()
    page.locator("canvas[data-ready]").first.wait_for()
    softer = functions.locator("button", has_text="Softer").first
    expect(softer).to_be_enabled()
    softer.click()
    expect(softer).to_have_attribute("aria-pressed", "true")
    assert "gamma" in chain(page)
    page.wait_for_timeout(300)
    functions.get_by_role("button", name="Forget “Softer”").click()
    expect(functions.locator("button", has_text="Softer")).to_have_count(0)
