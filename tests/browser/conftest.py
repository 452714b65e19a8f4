"""One server with the demonstration set and one Chromium for all browser tests; they skip where there is no browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from effort import SOAKING
from kerma.doors.workstation import FOLDER
from pages import Watched
from servers import Server, demonstrated
from step_runs import StepRuns, built

expect.set_options(timeout=30_000)  # usually it is there in a moment; a busy machine is no fault of the page
# WebGL is drawn as it is for a user, in software; the page around it is put together without it, at half the work
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-compositing"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that drives a browser may try twice, and the end of the run tells which did (decision 0023)."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            if not SOAKING:
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which all of the demonstration set has been analysed and reported."""
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    with demonstrated(tmp_path_factory.mktemp("browser")) as started:
        yield started


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
    return server.cookies()


@pytest.fixture
def watched(chromium: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A fresh page at the server's address; whatever the test does, the page must stay without an error."""
    width, height = getattr(request, "param", (1440, 900))
    context = chromium.new_context(
        viewport={"width": width, "height": height}, accept_downloads=True, base_url=server.address
    )
    if "cookies" in request.fixturenames:
        context.add_cookies(request.getfixturevalue("cookies"))
    context.set_default_timeout(60_000)
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


@pytest.fixture(scope="session")
def steps_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The enhancement steps built as one script."""
    return built(tmp_path_factory.mktemp("steps"))


@pytest.fixture(scope="module")
def steps(chromium: Browser, steps_script: Path) -> Iterator[StepRuns]:
    """The enhancement steps alone on a page of their own, without a server."""
    context = chromium.new_context()
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield StepRuns(page, steps_script)
    context.close()
    assert errors == []
