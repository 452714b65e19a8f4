"""One server with the demonstration set and one Chromium for all browser tests; they skip where there is no browser."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kerma.doors.workstation import FOLDER
from pages import Watched
from servers import Server, end, start

DEMONSTRATION_EXAMS = 8
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which all of the demonstration set has been analysed and reported."""
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    started = start(tmp_path_factory.mktemp("browser"), "--demo")
    try:
        with started.client() as client:
            until = time.monotonic() + 120
            while time.monotonic() < until:
                items = client.get("/api/v1/worklist").json()["items"]
                if len(items) >= DEMONSTRATION_EXAMS and all(item["decision_proposed"] for item in items):
                    break
                time.sleep(0.3)
            else:
                pytest.fail("the demonstration set was not there and analysed within two minutes")
        yield started
    finally:
        end(started)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module, no longer: while it runs, so does an event loop that other tests could not bear."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies(server: Server) -> list[dict[str, str]]:
    """The cookies of somebody who has signed in."""
    client = httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=20)
    with client:
        client.post("/api/v1/session", json={"login": server.login, "password": server.password}).raise_for_status()
        return [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]


@pytest.fixture
def watched(chromium: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A fresh page at the server's address; whatever the test does, the page must stay without an error."""
    width, height = getattr(request, "param", (1440, 900))
    context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    if "cookies" in request.fixturenames:
        context.add_cookies(request.getfixturevalue("cookies"))
    context.set_default_timeout(20_000)
    watched = Watched(context.new_page())
    watched.page.goto(server.address)
    yield watched
    context.close()
    assert watched.errors == []


@pytest.fixture
def page(watched: Watched, cookies: list[dict[str, str]]) -> Page:
    """A page of somebody who has signed in, on the worklist."""
    watched.page.locator("tbody tr").first.wait_for()
    return watched.page
