"""The pictures of the README and of the guided tour, made from the product itself when KERMA_SCREENSHOTS=1."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pages import Watched
from servers import Server, demonstrated

START = Path(__file__).parents[2] / "docs" / "start"
MOST_BYTES = 300_000
SETTLED_MS = 1500
RARE_COLOURS = 32
"""Colours of marks and buttons, which an image full of grey would take for itself."""

pytestmark = [
    pytest.mark.skipif(os.environ.get("KERMA_SCREENSHOTS") != "1", reason="made only when KERMA_SCREENSHOTS=1"),
    pytest.mark.parametrize("watched", [(1360, 850)], indirect=True, ids=["1360x850"]),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, on which nobody has decided anything."""
    with demonstrated(tmp_path_factory.mktemp("tour")) as started:
        yield started


@pytest.fixture
def page(watched: Watched, server: Server) -> Page:
    watched.page.get_by_label("Login").fill(server.login)
    watched.page.get_by_label("Password").fill(server.password)
    watched.page.keyboard.press("Enter")
    watched.page.locator("tbody tr").first.wait_for()
    return watched.page


def opened(page: Page, subject: str) -> None:
    page.locator("tbody tr", has_text=subject).get_by_role("link").click()
    expect(page.locator("aside h1")).to_have_text(subject)
    page.locator("canvas[data-ready]").first.wait_for()
    expect(page.get_by_role("button", name="Length", exact=True)).to_be_enabled()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def kept(page: Page, name: str, rows: int = 850) -> None:
    """Keep what is on the page as a picture of few colours, so that it stays small and crisp."""
    page.wait_for_timeout(SETTLED_MS)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot = shot.crop((0, 0, shot.width, rows))
    rare = shot.quantize(RARE_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette("RGB")
    for colours in (224, 160, 112, 80, 48):
        usual = shot.quantize(colours, dither=Image.Dither.NONE).getpalette("RGB")
        palette = Image.new("P", (1, 1))
        palette.putpalette((rare + usual)[:768])
        shot.quantize(palette=palette, dither=Image.Dither.NONE).save(START / name, optimize=True)
        if (START / name).stat().st_size <= MOST_BYTES:
            return
    raise AssertionError(f"{name} is too large")


def test_pictures_of_a_bag(page: Page) -> None:
    kept(page, "worklist.png", rows=490)
    opened(page, "BAG-0413")
    press(page, "F9")
    page.get_by_role("timer").get_by_label("limit").select_option("45")
    press(page, "F2")
    kept(page, "screening.png")
    press(page, "Escape", "F9")
    kept(page, "bag.png")
    page.keyboard.press("e")
    page.keyboard.down("m")
    expect(page.get_by_role("toolbar", name="Functions").locator("[aria-pressed=true]")).to_have_text("Metal only")
    kept(page, "metal-only.png")
    page.keyboard.up("m")


def test_pictures_of_a_weld_and_its_report(page: Page) -> None:
    opened(page, "K1063-W4")
    press(page, "n", "n")
    kept(page, "screenshot.png")
    press(page, "t", "l", *["Shift+ArrowUp"] * 6, "Enter", *["Shift+ArrowRight"] * 20, "Enter")
    expect(page.locator("[data-drawn]")).to_have_count(1)
    press(page, "d", "1", *["Shift+ArrowDown"] * 3, *["Shift+ArrowRight"] * 3, "Enter")
    press(page, *["Shift+ArrowRight"] * 5, *["Shift+ArrowDown"] * 2, "Enter")
    expect(page.get_by_role("region", name="This would propose")).to_contain_text("Reject")
    kept(page, "find.png")
    press(page, "Control+Enter")
    expect(page.get_by_text(re.compile("By Demonstration Analyst, .*version 1"))).to_be_visible()
    press(page, "Alt+2", "Enter")
    report = page.get_by_role("region", name="Report")
    expect(report.get_by_role("button", name="Sign…")).to_be_enabled(timeout=120_000)
    press(page, "Alt+e")
    page.get_by_role("img").first.wait_for()
    page.wait_for_timeout(8000)
    kept(page, "report.png")


def test_picture_of_a_chest(page: Page) -> None:
    opened(page, "9RG1")
    press(page, "e", "c")
    expect(page.get_by_role("toolbar", name="Functions").locator("[aria-pressed=true]")).to_have_text("Local contrast")
    press(page, "y", "b")
    kept(page, "chest.png")
