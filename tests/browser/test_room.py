"""The reading room in a real browser: hanging, moving together, priors, differences, own protocols, windows."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from films import film
from pages import violations
from servers import KERMA, Server, end, start

LOGIN, PASSWORD = "ada", "seven calm herons"
ROWS, COLUMNS = 300, 260
NODULE = (110, 75, 12)
"""Row, column and radius of what was not there before."""
SHIFT = (4, -6)
"""Rows and columns by which the subject stood elsewhere in the prior."""


def chest(seed: int, shift: tuple[int, int], nodule: bool) -> bytes:
    y, x = np.mgrid[:ROWS, :COLUMNS].astype(float)
    y, x = y - shift[0], x - shift[1]
    grey = 2600 - 1500 * np.exp(-(((x - 130) / 30) ** 2)) - 300 * np.cos(y / 12) * (abs(x - 130) < 95)
    grey -= 600 * np.exp(-(((x - 170) / 36) ** 2 + ((y - 190) / 44) ** 2))
    if nodule:
        grey -= 420 * (np.hypot(y - NODULE[0], x - NODULE[1]) < NODULE[2])
    noise = np.random.default_rng(seed).normal(0, 10, grey.shape)
    return np.clip(np.rint(grey + noise), 0, 4095).astype("<u2").tobytes()


def study(exam: int, date: str, pixels: bytes, description: str) -> bytes:
    return film(
        exam=exam, PatientID="R-55", PatientName="Sand^Mara", StudyDate=date, StudyDescription=description,
        SeriesDescription="Thorax PA", Rows=ROWS, Columns=COLUMNS, PixelSpacing=[0.5, 0.5], PixelData=pixels,
    )  # fmt: skip


class Site:
    """A server with a bag of two views and a patient with two priors, and somebody who has signed in."""

    def __init__(self, server: Server, cookies: list[dict[str, str]], bag: int, chest: int) -> None:
        self.server, self.cookies, self.bag, self.chest = server, cookies, bag, chest

    def context(self, chromium: Browser, width: int = 1440, height: int = 900) -> BrowserContext:
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(90_000)
        context.add_cookies(self.cookies)
        return context

    def open(self, context: BrowserContext, exam_pk: int, cells: int) -> Page:
        page = context.new_page()
        page.goto(f"{self.server.address}/exams/{exam_pk}")
        hung(page, cells)
        return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("room")
    environment = {**os.environ, "KERMA_HOME": str(home)}
    command = [str(KERMA), "user", "add", LOGIN, "--name", "Ada Four", "--role", "lead"]
    subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    bag = tmp_path_factory.mktemp("bag")
    command = [str(KERMA), "simulate", "cabin-bag", "--format", "dicos", "--out", str(bag), "--set", "size_px=256"]
    subprocess.run(command, check=True, capture_output=True)
    server = start(home)
    with httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=60) as client:
        client.post("/api/v1/session", json={"login": LOGIN, "password": PASSWORD}).raise_for_status()
        cookies = [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]
        arrived = _arrived(client, bag)
        server.at_rest()
        yield Site(server, cookies, *arrived)
    end(server)


def _arrived(client: httpx.Client, bag: Path) -> tuple[int, int]:
    def send(industry: str, files: dict[str, bytes]) -> None:
        parts = [("files", item) for item in files.items()]
        client.post("/api/v1/uploads", files=parts, data={"industry": industry}).raise_for_status()

    send("security", {path.name: path.read_bytes() for path in sorted(bag.glob("*.dcs"))})
    noise = np.random.default_rng(5).integers(0, 4095, (ROWS, COLUMNS)).astype("<u2").tobytes()
    send("medical", {"old.dcm": study(702, "20240105", noise, "Something else")})
    send("medical", {"prior.dcm": study(701, "20250610", chest(1, SHIFT, nodule=False), "Thorax before")})
    send("medical", {"now.dcm": study(700, "20260301", chest(2, (0, 0), nodule=True), "Thorax now")})
    until = time.monotonic() + 120
    while True:
        items = client.get("/api/v1/worklist").json()["items"]
        exams = [client.get(f"/api/v1/exams/{item['exam_pk']}").json() for item in items]
        of = {exam["description"]: exam["id"] for exam in exams}
        bags = [exam["id"] for exam in exams if exam["industry"] == "security" and len(exam["images"]) == 6]
        if bags and {"Thorax now", "Thorax before", "Something else"} <= set(of):
            return bags[0], of["Thorax now"]
        assert time.monotonic() < until, "the exams were not there within two minutes"
        time.sleep(0.3)


def cell(page: Page, number: int) -> Locator:
    return page.locator(f"[data-cell='{number}']")


def hung(page: Page, cells: int) -> None:
    expect(page.locator("[data-cell]")).to_have_count(cells)
    for number in range(1, cells + 1):
        expect(cell(page, number).locator("canvas[data-ready]").first).to_be_visible()


def seen(page: Page) -> list[dict[str, Any]]:
    return page.evaluate(
        "() => window.__kerma.viewports.map(({image_pk, plane, zoom, chain, isReady}) => "
        "({image_pk, plane, zoom, isReady, steps: chain.steps.map(one => one.name)}))"
    )


def until(page: Page, met: Any, told: str) -> Any:
    for _ in range(300):
        found = met()
        if found:
            return found
        page.wait_for_timeout(200)
    raise AssertionError(told)


def test_two_views_of_a_bag_hang_in_colour_and_move_together(chromium: Browser, site: Site) -> None:
    context = site.context(chromium)
    page = site.open(context, site.bag, 2)
    bar = page.get_by_role("toolbar", name="Reading room")
    expect(bar).to_contain_text("Both views 1/3")
    colours = until(page, lambda: all(one["steps"] for one in seen(page)) and seen(page), "both views come in colour")
    assert len({one["image_pk"] for one in colours}) == 2
    for number in (1, 2):  # no viewport without the name of its subject
        expect(cell(page, number).locator(".identity strong")).to_contain_text("SIM-cabin-bag")
    expect(cell(page, 1)).to_have_attribute("data-active", "true")
    before = [one["zoom"] for one in seen(page)]
    page.keyboard.press("+")
    until(page, lambda: all(now["zoom"] > was for now, was in zip(seen(page), before, strict=True)), "both zoom")
    first, second = seen(page)
    assert first["zoom"] == pytest.approx(second["zoom"], rel=1e-3)
    # the row under the pointer, on the other view: the belt moves both along the same rows
    box = cell(page, 1).locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    line = cell(page, 2).locator("svg[data-pointed='row']")
    expect(line).to_be_attached()
    other = cell(page, 2).locator("canvas").first.bounding_box()
    assert other["y"] + int(line.get_attribute("data-y")) == pytest.approx(box["y"] + box["height"] / 3, abs=2)
    page.mouse.move(5, 5)
    # by keys alone: the next stage, the next viewport, one of them large and back
    page.keyboard.press("]")
    hung(page, 4)
    page.keyboard.press("y")
    page.keyboard.press("3")
    expect(cell(page, 3)).to_have_attribute("data-active", "true")
    page.keyboard.press("Y")
    expect(cell(page, 1)).to_be_hidden()
    page.keyboard.press("Y")
    expect(cell(page, 1)).to_be_visible()
    assert violations(page) == []
    # it stands in the address: a reload comes back to it
    until(page, lambda: "stage=2" in page.url, "the stage stands in the address")
    page.reload()
    hung(page, 4)
    expect(bar).to_contain_text("Colour and grey 2/3")
    expect(cell(page, 3)).to_have_attribute("data-active", "true")
    context.close()


def test_a_prior_stands_beside_flickers_and_is_subtracted(chromium: Browser, site: Site) -> None:
    context = site.context(chromium)
    page = site.open(context, site.chest, 2)
    prior = cell(page, 2)
    expect(prior).to_have_attribute("data-of", "prior")
    expect(prior.locator(".identity")).to_contain_text("Prior 2025-06-10")
    expect(cell(page, 1).locator(".identity")).not_to_contain_text("Prior")
    # the pointer on the image stands on the same place of the prior, where the subject stood elsewhere
    page.keyboard.press("Home")
    spot = page.evaluate("([row, column]) => window.__kerma.viewports[0].toFrame(row, column)", list(NODULE[:2]))
    wanted = page.evaluate(
        "([row, column]) => window.__kerma.viewports[1].toFrame(row, column)",
        [NODULE[0] + SHIFT[0], NODULE[1] + SHIFT[1]],
    )
    box = cell(page, 1).locator("canvas").first.bounding_box()
    pointed = prior.locator("svg[data-pointed='point']")

    def there() -> bool:
        page.mouse.move(box["x"] + spot["x"] + 1, box["y"] + spot["y"])
        page.mouse.move(box["x"] + spot["x"], box["y"] + spot["y"])
        return pointed.count() > 0

    until(page, there, "the pointer stands on the prior")
    assert int(pointed.get_attribute("data-x")) == pytest.approx(wanted["x"], abs=4)
    assert int(pointed.get_attribute("data-y")) == pytest.approx(wanted["y"], abs=4)
    # held: the prior laid on the image; let go: the image
    page.keyboard.down("z")
    expect(cell(page, 1)).to_have_attribute("data-mode", "laid")
    expect(cell(page, 1).locator(".identity")).to_contain_text("laid on this image")
    page.keyboard.up("z")
    expect(cell(page, 1)).to_have_attribute("data-mode", "image")
    bar = page.get_by_role("toolbar", name="Reading room")
    bar.get_by_role("button", name="Flicker").click()
    for mode in ("laid", "image", "laid"):
        expect(cell(page, 1)).to_have_attribute("data-mode", mode)
    bar.get_by_role("button", name="Flicker").click()
    expect(cell(page, 1)).to_have_attribute("data-mode", "image")
    _subtracted(page)
    # what is not alike is not laid on each other, and the page says why
    page.keyboard.press("q")
    listed = page.get_by_role("region", name="Prior exams")
    expect(listed.locator("tbody tr")).to_have_count(2)
    listed.get_by_role("row", name="Something else").get_by_role("button", name="Difference").click()
    expect(page.get_by_role("alert")).to_contain_text("not alike enough")
    expect(cell(page, 1)).to_have_attribute("data-mode", "image")
    page.emulate_media(reduced_motion="reduce")
    bar.get_by_role("button", name="Flicker").click()
    expect(page.get_by_role("alert")).to_contain_text("movement is reduced")
    context.close()


def _subtracted(page: Page) -> None:
    """What is new stands out, in the unit of the image; the rest is noise around nothing."""
    page.keyboard.press("y")
    page.keyboard.press("d")
    expect(cell(page, 1)).to_have_attribute("data-mode", "difference")
    expect(cell(page, 1)).to_contain_text("Agreement 0.9")
    until(page, lambda: page.evaluate("window.__kerma.viewports[0].isReady"), "the difference is drawn")
    values = page.evaluate(
        """async ([row, column]) => {
          const mean = async (top, left) => {
            const values = [...await window.__kerma.viewports[0].region(top, left, 9, 9)];
            return values.reduce((sum, one) => sum + one, 0) / values.length;
          };
          return [await mean(row - 4, column - 4), await mean(230, 60), await mean(60, 200)];
        }""",
        list(NODULE[:2]),
    )
    assert values[0] == pytest.approx(-420, abs=25)
    assert abs(values[1]) < 15
    assert abs(values[2]) < 15
    assert violations(page) == []


def test_an_own_protocol_and_a_window_of_its_own(chromium: Browser, site: Site) -> None:
    context = site.context(chromium, 1920, 1080)
    page = site.open(context, site.bag, 2)
    bar = page.get_by_role("toolbar", name="Reading room")
    bar.get_by_role("button", name="One large, two small").click()
    hung(page, 3)
    bar.get_by_role("button", name="Save layout…").click()
    page.get_by_label("Name of the layout").fill("Ada's bags")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(bar).to_contain_text("Ada's bags (own)")
    page.goto(f"{site.server.address}/exams/{site.bag}")
    hung(page, 3)
    expect(bar.get_by_label("Hanging protocol")).to_have_value("Ada's bags")
    # in a window of its own a viewport is the same one, both ways
    with context.expect_page() as opened:
        bar.get_by_role("button", name="Own window").click()
    popped = opened.value
    popped.locator("canvas[data-ready]").wait_for()
    expect(popped.locator(".identity strong")).to_contain_text("SIM-cabin-bag")
    popped.keyboard.press("1")
    until(page, lambda: seen(page)[0]["zoom"] == pytest.approx(1), "the room follows the window")
    page.bring_to_front()
    page.keyboard.press("f")
    until(page, lambda: seen(popped)[0]["zoom"] != pytest.approx(1), "the window follows the room")
    page.goto(f"{site.server.address}/settings/hanging")
    until(page, popped.is_closed, "the window closes with the page")
    # changed in the form; what is no protocol is refused in words
    page.get_by_role("button", name="Change Ada's bags").click()
    assert violations(page) == []
    page.get_by_label("Rows").fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Stage 1: rows and columns are whole numbers from 1 to 4")
    page.get_by_label("Rows").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    text = page.get_by_label("JSON")
    text.fill('{"name": "No", "match": {"colour": 1}, "stages": []}')
    page.get_by_role("button", name="Bring in").click()
    expect(page.get_by_role("alert")).to_contain_text("no condition “colour”")
    page.get_by_role("button", name="Show mine").click()
    text.fill(text.input_value().replace("Ada's bags", "Bags again"))
    page.get_by_role("button", name="Bring in").click()
    expect(page.get_by_role("button", name="Change Bags again")).to_be_visible()
    page.get_by_role("button", name="Remove Bags again").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("button", name="Change Bags again")).to_have_count(0)
    # an exam that is not there: its message stands in the middle
    page.goto(f"{site.server.address}/exams/99999")
    message = page.get_by_role("alert")
    box = message.bounding_box()
    assert box["x"] + box["width"] / 2 == pytest.approx(960, abs=40)
    context.close()
