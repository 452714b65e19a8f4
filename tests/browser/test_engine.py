"""The workstation's own image engine, read back from a real browser: every grey-scale chain, orientation and tile."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

import engine_pictures
from kerma import formats
from kerma.science.imaging import enhance
from kerma.science.imaging.greyscale import display, modality_values
from kerma.science.imaging.image import Image
from pages import Watched, violations
from servers import KERMA, Server, end, start

LOGIN, PASSWORD = "lena", "nine wet otters"
CARD = "window.__kerma.card()"


@dataclass
class Exams:
    """A server that holds the exams of this module, and who may look at them."""

    server: Server
    cookies: list[dict[str, str]]
    golden: int
    images: list[int]
    """Of the golden exam, in reading order."""
    line_scan: int


@pytest.fixture(scope="module")
def exams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exams]:
    home = tmp_path_factory.mktemp("engine") / "home"
    environment = {**os.environ, "KERMA_HOME": str(home)}
    server = start(home)
    add = [str(KERMA), "user", "add", LOGIN, "--name", "Lena Three", "--role", "lead"]
    subprocess.run(add, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    try:
        with httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=120) as client:
            client.post("/api/v1/session", json={"login": LOGIN, "password": PASSWORD}).raise_for_status()
            cookies = [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]
            golden = _uploaded(client, engine_pictures.golden())
            line_scan = _uploaded(client, {"strip.dcm": engine_pictures.line_scan()[0]})
            images = [row["id"] for row in client.get(f"/api/v1/exams/{golden}").json()["images"]]
        server.at_rest()
        yield Exams(server, cookies, golden, images, line_scan)
    finally:
        end(server)


def _uploaded(client: httpx.Client, files: dict[str, bytes]) -> int:
    sent = [("files", (name, content)) for name, content in files.items()]
    answer = client.post("/api/v1/uploads", files=sent, data={"industry": "ndt"})
    assert answer.status_code == 200, answer.text
    (exam_pk,) = {row["exam_pk"] for row in answer.json()["files"]}
    return int(exam_pk)


@dataclass
class Seat:
    """A page in front of one exam."""

    page: Page
    watched: Watched

    def seen(self, result: str, **given: Any) -> Any:
        """What the hook of the viewport says; ``result`` is an expression over ``seen`` and the names given."""
        names = ", ".join(given)
        return self.page.evaluate(
            f"async ({{{names}}}) => {{ const seen = window.__kerma.viewports.at(-1); return {result}; }}", given
        )

    def until(self, holds: Callable[[], bool], timeout_s: float = 180) -> None:
        stop = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < stop, self.seen("({...seen})")
            self.page.wait_for_timeout(50)

    def ready(self) -> None:
        self.until(lambda: self.seen("seen?.isReady ?? false"))

    def pixels(self) -> NDArray[np.uint8]:
        """What the engine draws now: (row, column, 3)."""
        drawn = self.seen("seen.pixels()")
        rgba = np.frombuffer(base64.b64decode(drawn["rgba"]), np.uint8)
        return rgba.reshape(drawn["height"], drawn["width"], 4)[..., :3]

    def show(self, number: int, image_pk: int) -> None:
        """Show an image of the exam by its place in the list."""
        self.page.get_by_role("navigation", name="Images").get_by_role("button").nth(number).click()
        self.until(lambda: self.seen("seen.image_pk") == image_pk)
        self.ready()


@pytest.fixture
def seat(chromium: Browser, exams: Exams, request: pytest.FixtureRequest) -> Iterator[Callable[..., Seat]]:
    opened: list[Seat] = []
    contexts = []

    def sit(exam_pk: int, *, ratio: float = 1, memory_gb: float = 8) -> Seat:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, device_scale_factor=ratio)
        contexts.append(context)
        context.add_cookies(exams.cookies)
        context.set_default_timeout(180_000)
        page = context.new_page()
        page.add_init_script(f"Object.defineProperty(navigator, 'deviceMemory', {{get: () => {memory_gb}}})")
        made = Seat(page, Watched(page))
        opened.append(made)
        page.goto(f"{exams.server.address}/exams/{exam_pk}")
        page.locator("canvas[data-ready]").wait_for()
        return made

    yield sit
    for context in contexts:
        context.close()
    assert [error for one in opened for error in one.watched.errors] == []


def crop(seat: Seat, rows: int, columns: int) -> NDArray[np.uint8]:
    """The image as it stands on the screen at 1:1."""
    corner = seat.seen("seen.toFrame(0, 0)")
    ratio = seat.seen("seen.pixelRatio")
    top, left = round(corner["y"] * ratio), round(corner["x"] * ratio)
    assert abs(corner["y"] * ratio - top) < 1e-6, "image pixels and screen pixels do not coincide"
    return seat.pixels()[top : top + rows, left : left + columns]


def test_what_is_shown_is_what_the_server_would_show(seat: Callable[..., Seat], exams: Exams) -> None:
    """Every grey-scale chain at 1:1 is equal to the reference; wide values, which come rounded, to one level."""
    sitting = seat(exams.golden)
    files = engine_pictures.golden()
    for number, (name, content) in enumerate(files.items()):
        image = formats.read(content, name)
        sitting.show(number, exams.images[number])
        if name == "four tiles.dcm":
            _enhanced(sitting, image)
            continue
        sitting.page.keyboard.press("1")
        shown = crop(sitting, image.rows, image.columns).astype(int)
        expected = display(image).astype(int)
        if not image.is_colour:
            assert (shown == shown[..., :1]).all(), name
            shown = shown[..., 0]
        allowed = 1 if name in ("32 bit.dcm", "real numbers.dcm") else 0
        assert np.abs(shown - expected).max() <= allowed, f"{name}: {np.abs(shown - expected).max()} levels away"
        if name == "signed with rescale.dcm":
            found = sitting.seen("Array.from(await seen.region(3, 5, 2, 50))")
            assert found == modality_values(image.grey, image.pixels[0, 3:5, 5:55]).ravel().tolist()
            assert sitting.seen("seen.valueAt(9.5, 7.2)") == image.pixels[0, 9, 7] * 0.5 - 100
            sitting.page.keyboard.press("i")
            negative = crop(sitting, image.rows, image.columns)[..., 0].astype(int)
            assert (negative == 255 - expected).all()
            sitting.page.get_by_label("Window width").fill("300")
            sitting.page.get_by_label("Window width").press("Enter")
            expect(sitting.page.locator(".status")).to_contain_text("Window 300 · Level 40")
            sitting.page.locator(".frame").focus()
            sitting.page.keyboard.press("Space")
            expect(sitting.page.locator(".status")).to_contain_text("Window 900 · Level 40")
    assert violations(sitting.page) == []


def _enhanced(sitting: Seat, image: Image) -> None:
    """Chains set by hand, over seams of tiles: what is shown at 1:1 is what the server makes of the same document."""
    page = sitting.page
    page.keyboard.press("c")
    panel = page.get_by_role("region", name="Enhancements")
    for step in ("Local contrast (CLAHE)", "Sharpen (multi-scale)"):
        panel.get_by_label("Enhancement to add").select_option(step)
        panel.get_by_role("button", name="Add", exact=True).click()
    panel.get_by_label("Colours").select_option("hot-iron")
    assert violations(page) == []
    page.locator(".frame").focus()
    page.keyboard.press("1")
    sitting.until(lambda: sitting.seen("seen.level") == 0 and sitting.seen("seen.isReady"))
    chain = enhance.parse(sitting.seen("seen.chain"))
    assert [one.step.name for one in chain.steps] == ["clahe", "unsharp"]
    drawn, corner = sitting.pixels().astype(int), sitting.seen("seen.toFrame(0, 0)")
    top, left = round(-corner["y"]), round(-corner["x"])
    assert top < 1024 < top + drawn.shape[0]
    assert left < 1024 < left + drawn.shape[1]
    expected = enhance.run(image, 0, chain).astype(int)
    away = np.abs(drawn - expected[top : top + drawn.shape[0], left : left + drawn.shape[1]]).max(-1)
    assert (away <= 4).all(), "a step of the colour table is at most four"
    assert (away > 0).mean() < 0.005
    page.keyboard.down("s")
    expect(page.locator(".status")).to_contain_text("Standard image, to compare")
    plain = display(image)[top : top + drawn.shape[0], left : left + drawn.shape[1]]
    sitting.until(lambda: bool((sitting.pixels()[..., 0] == plain).all()))
    page.keyboard.up("s")
    sitting.until(lambda: bool((sitting.pixels() == drawn).all()))
    page.keyboard.press("0")
    expect(page.locator(".status")).not_to_contain_text("CLAHE")
    page.keyboard.press("c")


def test_turned_and_mirrored_every_pixel_stands_where_the_mapping_says(seat: Callable[..., Seat], exams: Exams) -> None:
    sitting = seat(exams.golden, ratio=1.5)
    name, content = next(iter(engine_pictures.golden().items()))
    image = formats.read(content, name)
    expected = display(image)
    random = np.random.default_rng(4)
    spots = np.stack([random.integers(0, image.rows, 300), random.integers(0, image.columns, 300)], -1)
    sitting.page.keyboard.press("1")
    standing = set()
    for keys in ("", "r", "r", "r", "v", "r", "r", "R"):
        if keys:
            sitting.page.keyboard.press(keys)
        drawn = sitting.pixels()[..., 0]
        middles = "spots.map(([row, column]) => seen.toFrame(row + 0.5, column + 0.5))"
        places = sitting.seen(middles, spots=spots.tolist())
        at = np.floor(np.array([(one["y"], one["x"]) for one in places]) * 1.5).astype(int)
        assert (drawn[at[:, 0], at[:, 1]] == expected[spots[:, 0], spots[:, 1]]).all(), keys
        back = sitting.seen("places.map(({x, y}) => seen.toImage(x, y))", places=places)
        assert np.allclose([(one["row"] - 0.5, one["column"] - 0.5) for one in back], spots, atol=1e-6)
        standing.add(hashlib.sha256(drawn.tobytes()).hexdigest())
    assert len(standing) == 7, "of eight looks one comes twice"
    expect(sitting.page.locator(".status")).to_contain_text("mirrored, turned")


def test_a_line_scan_of_12000_pixels(seat: Callable[..., Seat], exams: Exams) -> None:
    """Its tiles are the pixels of the file; both ends are shown as they are; memory stays within its bounds."""
    content, pixels = engine_pictures.line_scan()
    sitting = seat(exams.line_scan, memory_gb=0.25)
    page = sitting.page
    sitting.ready()
    digest = sitting.seen(
        "Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256',"
        f" Uint16Array.from(await seen.region(0, 0, {pixels.shape[0]}, {pixels.shape[1]})))))"
    )
    assert bytes(digest) == hashlib.sha256(pixels.tobytes()).digest()
    expected = display(formats.read(content, "strip.dcm"))
    page.keyboard.press("1")
    columns = pixels.shape[1]
    for key, side in (("ArrowLeft", "left"), ("ArrowRight", "right")):
        page.get_by_role("group", name="Map of the whole image").focus()
        for _ in range(60):
            page.keyboard.press(key)
        sitting.ready()
        drawn = sitting.pixels()[..., 0]
        corner = sitting.seen("seen.toFrame(0, 0)")
        top, left = round(-corner["y"]), round(-corner["x"])
        first = max(0, left)
        width = min(columns, left + drawn.shape[1]) - first
        assert (first == 0) == (side == "left")
        strip = expected[max(0, top) :][: drawn.shape[0], first : first + width]
        shown = drawn[max(0, -top) :][: len(strip), first - left : first - left + width]
        assert (shown == strip).all(), side
        held = sitting.seen("[seen.bytes, seen.bytesDrawn, seen.bytesMost]")
        assert held[2] == 32 << 20
        assert held[0] + held[1] <= held[2] + (8 << 20), "memory is not bounded"
    # across the whole strip by keys: 0.1 mm per pixel
    page.locator(".frame").focus()
    for pressed in ("t", "l", "Home", "Enter", "End", "Enter"):
        page.keyboard.press(pressed)
    expect(page.locator("[data-drawn]")).to_have_attribute("aria-label", re.compile(r"^Length 1200\smm, at detector"))
    expect(page.locator(".status")).to_contain_text("Memory")


def test_a_card_that_goes_away_and_comes_back(seat: Callable[..., Seat], exams: Exams) -> None:
    sitting = seat(exams.golden)
    before = sitting.pixels()
    sitting.page.evaluate(f"window.lost = {CARD}; window.lost.loseContext()")
    sitting.until(lambda: not sitting.pixels().any())
    sitting.page.evaluate("window.lost.restoreContext()")
    sitting.until(lambda: bool(sitting.pixels().any()))
    assert (sitting.pixels() == before).all()


def test_the_next_image_is_there_before_it_is_asked_for_and_a_lost_network_is_told(
    seat: Callable[..., Seat], exams: Exams
) -> None:
    sitting = seat(exams.golden)
    page = sitting.page
    asked: list[str] = []
    of_next = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/images/%d/tiles')).length"
    sitting.until(lambda: page.evaluate(of_next % exams.images[1]) > 0)
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("ArrowRight")
    expect(page.locator("canvas[data-ready]")).to_have_attribute("data-ready", f"{exams.images[1]}/0")
    assert [one for one in asked if f"/images/{exams.images[1]}/" in one] == []

    strip = seat(exams.line_scan)
    strip.ready()
    strip.page.context.set_offline(True)
    strip.page.keyboard.press("1")
    expect(strip.page.locator(".frame").get_by_role("alert")).to_contain_text("The server does not answer")
    assert strip.pixels().std() > 5, "what is loaded is still shown"
    strip.page.context.set_offline(False)
    strip.ready()
    expect(strip.page.locator(".frame").get_by_role("alert")).to_have_count(0)
    strip.watched.errors[:] = [error for error in strip.watched.errors if "ERR_INTERNET_DISCONNECTED" not in error]

