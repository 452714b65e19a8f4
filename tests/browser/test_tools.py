"""Measuring, marking and finding in a real browser, by keyboard, through lost servers, networks and two windows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from films import film
from pages import violations
from servers import KERMA, Server, end, start

PEOPLE = {"lena": ("Lena Three", "nine wet otters"), "max": ("Max Two", "eight dry beavers")}
ROWS, COLUMNS = 400, 800
PORE = (130, 240, 10)
"""Row, column and radius of the one thing to be found."""
YARD = """\
# title: Yard rules
# source: written for this test
# edition: 1
# clause: all
# status: own
rule,kind,labels,measure,limit_absolute,unit,clause
pores,size,porosity gas,diameter_mm,9,mm,Y 1
cracks,forbidden,crack,,,,Y 2
"""


def radiograph(image: int, **spacing: object) -> bytes:
    noise = np.random.default_rng(image)
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    grey = noise.normal(2000, 12, (ROWS, COLUMNS))
    grey += 500 * (np.hypot(rows - PORE[0], columns - PORE[1]) < PORE[2])
    pixels = np.clip(np.rint(grey), 0, 4095).astype("<u2").tobytes()
    return film(
        exam=77, image=image, PatientID="W-77", PatientName="Seam 77", Rows=ROWS, Columns=COLUMNS, PixelData=pixels,
        **spacing,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


class Bench:
    """A server that can be killed and comes back at the same address, with one exam of three images on it."""

    def __init__(self, home: str, port: int) -> None:
        self.home, self.port = home, port
        self.server: Server = start(home, "--port", str(port))
        self.cookies: dict[str, list[dict[str, str]]] = {}
        self.exam_pk = 0

    def kill(self) -> None:
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait(timeout=20)

    def again(self) -> None:
        self.server = start(self.home, "--port", str(self.port))

    def page(self, chromium: Browser, login: str) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(60_000)
        context.add_cookies(self.cookies[login])
        return self.opened(context)

    def opened(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(f"{self.server.address}/exams/{self.exam_pk}")
        ready(page)
        return page

    def marks(self, login: str) -> list[dict]:
        cookies = {one["name"]: one["value"] for one in self.cookies[login]}
        answer = httpx.get(f"{self.server.address}/api/v1/exams/{self.exam_pk}/marks", cookies=cookies, timeout=20)
        return answer.raise_for_status().json()["people"]


def ready(page: Page) -> None:
    tools = page.get_by_role("toolbar", name="Measuring tools")
    expect(tools.get_by_role("button", name="Length", exact=True)).to_be_enabled()
    expect(page.locator("[data-finding]").first).to_be_visible()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A server of this module's own, killed and brought back by its tests."""
    home = tmp_path_factory.mktemp("bench")
    environment = {**os.environ, "KERMA_HOME": str(home)}
    for login, (name, password) in PEOPLE.items():
        command = [str(KERMA), "user", "add", login, "--name", name, "--role", "lead"]
        subprocess.run(command, env=environment, input=password + "\n", text=True, check=True, capture_output=True)
    made = Bench(home, free_port())
    for login, (_, password) in PEOPLE.items():
        with httpx.Client(base_url=made.server.address, headers={"Origin": made.server.address}, timeout=60) as client:
            client.post("/api/v1/session", json={"login": login, "password": password}).raise_for_status()
            made.cookies[login] = [
                {"name": name, "value": value, "url": made.server.address} for name, value in client.cookies.items()
            ]
            if login == "lena":
                made.exam_pk = _arrived(client)
    made.server.at_rest()
    yield made
    end(made.server)


def _arrived(client: httpx.Client) -> int:
    scales = ({"PixelSpacing": [0.1, 0.1]}, {"ImagerPixelSpacing": [0.1, 0.1]}, {})
    files = [("files", (f"{number}.dcm", radiograph(number, **one))) for number, one in enumerate(scales, start=1)]
    client.post("/api/v1/uploads", files=files, data={"industry": "ndt"}).raise_for_status()
    client.post("/api/v1/packs", json={"name": "yard", "text": YARD}).raise_for_status()
    until = time.monotonic() + 120
    while True:
        items = client.get("/api/v1/worklist").json()["items"]
        if items and items[0]["decision_proposed"]:
            known = client.get(f"/api/v1/exams/{items[0]['exam_pk']}/analysis").json()
            if known["is_current"] and len(known["document"]["images"]) == len(scales):
                return int(items[0]["exam_pk"])
        assert time.monotonic() < until, "the exam was not analysed within two minutes"
        time.sleep(0.3)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def draw_length(page: Page, pixels: int = 572, tool: str = "l") -> None:
    """Draw a level length by keys: from a third of the image on, as many pixels to the right."""
    press(page, "t", tool, *["Shift+ArrowLeft"] * 30, "Enter")
    press(page, *["Shift+ArrowRight"] * (pixels // 10), *["ArrowRight"] * (pixels % 10), "Enter")


def drawn(page: Page) -> Locator:
    return page.locator("[data-drawn]")


def saved(page: Page) -> None:
    expect(page.locator("[data-saving]")).to_have_attribute("data-saving", "saved")


def test_every_length_says_where_its_millimetres_come_from(bench: Bench, chromium: Browser) -> None:
    page = bench.page(chromium, "lena")
    draw_length(page)
    expect(drawn(page)).to_have_attribute("aria-label", re.compile(r"^Length 57\.2\u2009mm, (?!no scale)"))
    assert violations(page) == []
    press(page, "ArrowRight")
    expect(drawn(page)).to_have_count(0)
    draw_length(page)
    expect(drawn(page)).to_have_attribute("aria-label", "Length 57.2\u2009mm, at detector")
    press(page, "ArrowRight")
    expect(drawn(page)).to_have_count(0)
    draw_length(page)
    expect(drawn(page)).to_have_attribute("aria-label", "Length 572.0\u2009px, no scale")
    draw_length(page, 100, "k")
    page.keyboard.type("0")
    press(page, "Enter")
    expect(page.get_by_role("alert").filter(has_text="Give a number above 0.")).to_be_visible()
    press(page, "Backspace")
    page.keyboard.type("20")
    press(page, "Enter")
    calibrated = re.compile(r"^Length 114\.4\u2009mm, calibrated by known length 20\u2009mm")
    expect(drawn(page)).to_have_attribute("aria-label", calibrated)
    press(page, "Control+z")
    expect(drawn(page)).to_have_attribute("aria-label", "Length 572.0\u2009px, no scale")
    expect(page.get_by_text("Undone: calibration by a known length").first).to_be_attached()
    press(page, "Control+Shift+z")
    expect(drawn(page)).to_have_attribute("aria-label", calibrated)
    drawn(page).focus()
    press(page, "Enter", "Tab")
    expect(page.get_by_role("button", name=re.compile("^Point 1 of Length"))).to_be_focused()
    press(page, "Shift+ArrowRight", "ArrowRight")
    expect(drawn(page)).to_have_attribute("aria-label", re.compile(r"^Length 112\.2\u2009mm"))
    press(page, "Control+z")  # the moves of one point are one step
    expect(drawn(page)).to_have_attribute("aria-label", calibrated)
    saved(page)
    page.reload()
    ready(page)
    press(page, "ArrowRight", "ArrowRight")
    expect(drawn(page)).to_have_attribute("aria-label", calibrated)
    known = bench.marks("lena")[0]
    assert [one["values"][0]["name"] for one in known["marks"]] == ["length_mm"] * 3
    assert (known["calibrations"][0]["known_mm"], known["by_name"]) == (20, "Lena Three")
    drawn(page).focus()
    press(page, "Delete")
    expect(drawn(page)).to_have_count(0)
    press(page, "Control+z")
    expect(drawn(page)).to_have_count(1)
    page.context.close()


def test_values_come_from_raw_pixels_and_from_the_server(bench: Bench, chromium: Browser) -> None:
    page = bench.page(chromium, "max")
    # Lena's marks are seen with her name, and are not Max's to move.
    expect(page.get_by_role("button", name=re.compile("^Length 57.2.*by Lena Three$"))).to_be_visible()
    away = ["Shift+ArrowUp"] * 7 + ["Shift+ArrowLeft"] * 16
    press(page, "t", "v", *away, "Enter")
    expect(page.get_by_role("button", name=re.compile(r"^Value 2\D?[45]\d\d")).first).to_be_visible()
    # A rectangle on plain ground: 60 by 40 pixels of mean 2000 and spread 12.
    press(page, "t", "r", "Enter", *["Shift+ArrowRight"] * 6, *["Shift+ArrowDown"] * 4, "Enter")
    expect(page.get_by_role("button", name=re.compile(r"^Rectangle 24\smm², mean \d"))).to_be_visible()
    detail = page.get_by_role("group", name="Rectangle, chosen")
    expect(detail).to_contain_text("2400")
    expect(detail.get_by_role("img", name=re.compile("^Histogram of 2400 pixels"))).to_be_visible()
    # The server measures the same place, and no limit is known for it.
    press(page, "t", "s", "Enter", *["Shift+ArrowRight"] * 6, *["Shift+ArrowDown"] * 6, "Enter")
    expect(page.get_by_role("button", name=re.compile(r"^SNR 1\d\d\.\d ± ")).first).to_be_visible()
    expect(page.get_by_text("no limit known")).to_be_visible()
    press(page, "t", "f", "Enter", *["Shift+ArrowRight"] * 10, "Enter")
    expect(page.get_by_role("img", name=re.compile(r"^Line profile over 10\D"))).to_be_visible()
    assert violations(page) == []
    saved(page)
    page.context.close()


def test_nothing_is_lost_when_server_network_or_another_window_come_between(bench: Bench, chromium: Browser) -> None:
    page = bench.page(chromium, "max")
    before = drawn(page).count()
    saving = page.locator("[data-saving]")
    bench.kill()
    draw_length(page, 100)
    expect(saving).to_have_attribute("data-saving", "away")
    bench.again()
    saved(page)
    # The server dies in the middle, the page is loaded anew before it could send: this browser has kept it.
    bench.kill()
    draw_length(page, 200)
    bench.again()
    page.reload()
    ready(page)
    expect(drawn(page)).to_have_count(before + 2)
    saved(page)
    # The network goes away and comes back.
    page.context.set_offline(True)
    draw_length(page, 300)
    expect(saving).to_have_attribute("data-saving", "away")
    page.context.set_offline(False)
    saved(page)
    (mine,) = [one for one in bench.marks("max") if one["is_mine"]]
    assert len(mine["marks"]) >= 3
    # Two windows: what one saves the other shows; what both change is shown as a conflict, and both stay.
    other = bench.opened(page.context)
    expect(drawn(other)).to_have_count(before + 3)
    other.wait_for_load_state("networkidle")
    versions = [one["version"] for one in bench.marks("max") if one["is_mine"]]
    assert versions == [mine["version"]], "looking changes nothing"
    draw_length(page, 50)
    expect(drawn(other)).to_have_count(before + 4)
    other.route("**/marks", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    draw_length(other, 60)
    expect(other.locator("[data-saving]")).to_have_attribute("data-saving", "away")
    draw_length(page, 70)
    saved(page)
    other.unroute("**/marks")
    conflict = other.get_by_role("alert").filter(has_text="Another window has saved other marks")
    expect(conflict).to_be_visible()
    assert violations(other) == []
    conflict.get_by_role("button", name="Keep both").click()
    saved(other)
    expect(drawn(other)).to_have_count(before + 6)
    expect(drawn(page)).to_have_count(before + 6)
    page.context.close()


def test_a_finding_by_keys_alone_changes_the_verdict_and_names_its_clause(bench: Bench, chromium: Browser) -> None:
    page = bench.page(chromium, "lena")
    press(page, "j")
    form = page.get_by_role("form", name="Judge")
    form.get_by_label("By the rules of").select_option("yard")
    form.get_by_label("By the rules of").press("Escape")
    outcome = page.get_by_role("region", name="This would propose")
    expect(outcome).to_contain_text("Rules:")
    expect(outcome).not_to_contain_text("cracks")
    # The software's candidate: accepted, then dismissed for a reason of the list instead.
    press(page, "n", "Enter")
    expect(page.locator("[data-finding='1']")).to_contain_text("accepted")
    press(page, "Control+z")
    expect(page.locator("[data-finding='1']")).not_to_contain_text("accepted")
    count = page.locator("[data-finding]").count()
    # A crack: d 1, then its place with the arrow keys.
    press(page, "d", "1", "Enter", *["Shift+ArrowRight"] * 4, "Shift+ArrowDown", "Enter")
    mine = page.locator(f"[data-finding='{count + 1}']")
    expect(mine).to_contain_text("Crack")
    expect(mine).to_contain_text("4.0\u2009mm")
    expect(outcome).to_contain_text("cracks, Yard rules, Y 2")
    press(page, "l", "3", "L", "4")
    expect(mine).to_contain_text("severe")
    expect(mine).to_contain_text("0.80")
    assert violations(page) == []
    # A reload in the middle: the draft is there again, with its preview.
    saved(page)
    page.reload()
    ready(page)
    expect(mine).to_contain_text("severe")
    expect(outcome).to_contain_text("cracks, Yard rules, Y 2")
    # So is what has been typed into the form of a finding and not been given yet; closing it can be undone.
    mine.click()
    press(page, "E")
    note = page.get_by_role("form", name=f"Change finding {count + 1}").get_by_label("Note")
    note.fill("near the toe")
    saved(page)
    page.reload()
    ready(page)
    expect(note).to_have_value("near the toe")
    note.press("Escape")
    expect(note).to_have_count(0)
    press(page, "Control+z")
    expect(note).to_have_value("near the toe")
    note.press("Escape")
    page.locator("[data-finding='1']").click()
    press(page, "x")
    expect(page.get_by_role("dialog", name="Why is finding 1 none?")).to_be_visible()
    assert violations(page) == []
    press(page, "5")
    expect(page.locator("[data-finding='1']")).to_contain_text("dismissed")
    page.locator("[data-finding='1']").click()
    expect(page.get_by_role("list", name="History of finding 1")).to_contain_text("mark on the film")
    page.get_by_role("button", name="Record the judgement").click()
    expect(page.get_by_text(re.compile("By Lena Three, .*version 1, by Yard rules"))).to_be_visible()
    saved(page)
    assert [one["draft"] for one in bench.marks("lena") if one["is_mine"]] == [None]
    page.context.close()
