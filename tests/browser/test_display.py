"""The display check: a pattern at one pixel to one pixel, the reader's look, photometer readings, the log."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from pages import violations
from servers import Server

READINGS = [0.9, 2.0, 3.5, 5.7, 8.8, 12.9, 18.3, 25.4, 34.5, 46.2, 61.0, 79.8, 103.5, 133.3, 170.7, 217.6, 276.3, 350.0]
PIXELS = """
canvas => {
  const {width, height} = canvas;
  const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  return {width, height, grey: [...data].filter((_, index) => index % 4 == 0)};
}
"""


def test_a_display_is_looked_at_and_measured(page: Page, server: Server) -> None:
    page.goto("/settings/display-check")
    expect(page.get_by_text("No display has been named yet")).to_be_visible()
    page.get_by_role("button", name="Add a display").click()
    page.get_by_role("textbox", name="Name").fill("Room 2, left")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="has never been looked at")).to_be_visible()
    page.get_by_role("button", name="Look at the pattern").click()
    _check_pattern(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Record")).to_be_disabled()
    for answer in page.get_by_role("radio", name="yes").all():
        answer.check()
    assert violations(page) == []
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("table", name="Checks of this display")).to_contain_text("passed")
    page.get_by_role("button", name="Enter photometer readings").click()
    page.get_by_role("button", name="Show the fields").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("canvas[data-pattern='1']")).to_be_visible()
    page.keyboard.press("Escape")
    for field, reading in zip(page.get_by_label("Reading at").all(), READINGS, strict=True):
        field.fill(str(reading))
    expect(page.get_by_text("Within the limits")).to_be_visible()
    page.get_by_label("Reading at grey level 105").fill("31")
    expect(page.get_by_role("form", name="Photometer readings")).to_contain_text("from the GSDF")
    page.get_by_label("Reading at grey level 105").fill("25.4")
    assert violations(page) == []
    page.get_by_label("Your password").fill(server.password)
    page.get_by_role("button", name="Sign and record").click()
    log = page.get_by_role("table", name="Checks of this display")
    expect(log).to_contain_text("photometer, signed", timeout=30_000)
    expect(page.get_by_role("table", name="Displays")).to_contain_text("in order")
    assert violations(page) == []


def _check_pattern(page: Page) -> None:
    """Every pixel of the pattern is a pixel of the screen; 18 levels stand there, with patches 3 or 5 levels off."""
    canvas = page.locator("canvas[data-pattern='all']")
    found = canvas.evaluate(PIXELS)
    grey = np.array(found["grey"]).reshape(found["height"], found["width"])
    ratio = page.evaluate("devicePixelRatio")
    box = canvas.bounding_box()
    assert (found["width"], found["height"]) == (round(box["width"] * ratio), round(box["height"] * ratio))
    levels, counts = np.unique(grey, return_counts=True)
    squares = [round(255 * square / 17) for square in range(18)]
    assert all(counts[levels == level].sum() > 2000 for level in squares)
    assert all(level + by in levels for level, by in zip(squares[1:-1], [5] * 16, strict=True))
    assert 3 in levels and 252 in levels
    assert set(levels) >= set(range(256))  # the ramp
