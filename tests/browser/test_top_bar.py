"""The bar on top: every page a person may open within one line, those of quality assurance behind one word."""

from __future__ import annotations

from playwright.sync_api import expect

from pages import Watched, violations
from servers import Server


def test_every_page_is_within_reach_of_pointer_and_keys(watched: Watched, cookies: list, server: Server) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{server.address}/")
    bar = page.get_by_role("navigation", name="Main")
    bar.get_by_role("link", name="Worklist").wait_for()
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")  # nothing of it is cut off

    menu, reviews = bar.get_by_role("button", name="QA"), bar.get_by_role("link", name="Reviews")
    expect(reviews).to_be_hidden()
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    reviews.click()
    page.wait_for_url("**/peer")
    expect(reviews).to_be_hidden()
    expect(menu).to_have_attribute("aria-current", "true")

    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(bar.get_by_role("link", name="Quality")).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar.get_by_role("link", name="Quality")).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    bar.get_by_role("link", name="Models").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/models**")
