"""Forensic checks on the exam's page in a real browser: a re-used picture with a copied region is told in words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from forensic_pictures import pasted, picture, png, to_8_bit
from pages import Watched, violations
from servers import KERMA, Server, end, start

PASSWORD = "nine wet otters"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("forensics")
    command = [str(KERMA), "user", "add", "ann", "--name", "Ann Example", "--role", "analyst"]
    environment = {**os.environ, "KERMA_HOME": str(home)}
    subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    started = start(home)
    started.login, started.password = "ann", PASSWORD
    again = png(pasted(to_8_bit(picture(1)), 28)[5:, 7:], Software="Adobe Photoshop 25.1 (Windows)")
    try:
        with started.client() as client:
            for name, data in (("weld-1.png", png(picture(1))), ("weld-9.png", again)):
                sent = client.post("/api/v1/uploads", files=[("files", (name, data))], data={"industry": "ndt"})
                sent.raise_for_status()
        started.at_rest()  # fingerprints are made some seconds after arrival
        yield started
    finally:
        end(started)


def test_a_picture_used_again_with_a_copied_region(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 1400})
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(server.address)
    page.get_by_label("Login").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Custody").wait_for()
    page.goto(f"{server.address}/exams/2")
    page.get_by_role("button", name="Evidence", exact=False).first.click()
    region = page.get_by_role("region", name="Forensic checks")
    expect(region).to_contain_text("Not run yet")
    region.get_by_role("button", name="Run forensic checks").press("Enter")
    expect(region).to_contain_text("Region copied, exactly", timeout=60_000)
    expect(region).to_contain_text("Same exposure")
    expect(region).to_contain_text("a picture editor")
    expect(region).to_contain_text("no proof that an image is untouched")
    expect(region.get_by_role("link", name="exam 1").first).to_be_visible()
    region.get_by_text("How, and how often it is wrong").click()
    expect(region).to_contain_text("False alarms at most")
    assert violations(page) == []
    if folder := os.environ.get("FORENSIC_SHOTS"):
        region.screenshot(path=f"{folder}/forensics.png")
        page.screenshot(path=f"{folder}/forensics-page.png")
    assert watched.errors == []
