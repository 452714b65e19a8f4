"""Handing out and holding back in the browser, what is promised of exams, and the line that tells of late ones."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

import films
from kerma.doors.workstation import FOLDER
from servers import KERMA, Server, demonstrated

PASSWORD = "blue giraffe 41 crossing"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, for a lead."""
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("flow")
    with demonstrated(home) as started:
        command = [str(KERMA), "user", "add", "lena", "--name", "Lena Lead", "--role", "lead"]
        environment = {**os.environ, "KERMA_HOME": str(home)}
        subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
        started.login, started.password = "lena", PASSWORD
        yield started


@pytest.fixture(scope="module")
def cookies(server: Server) -> list[dict[str, str]]:
    return server.cookies()


def test_the_next_exam_is_handed_out_by_one_key_and_what_is_held_back_is_passed_over(page: Page) -> None:
    rows = page.locator("tbody tr[data-exam]")
    first = rows.nth(0).get_attribute("data-exam")
    page.keyboard.press("x")
    page.get_by_role("button", name="Hold back…").click()
    page.get_by_label("Why").fill("The other view is coming")
    page.get_by_label("Why").press("Enter")
    expect(page.locator(f"tr[data-exam='{first}']")).to_contain_text("Held back until")
    second = rows.nth(1).get_attribute("data-exam")
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(f"/exams/{second}$"))
    page.get_by_role("button", name="Release").wait_for()
    page.go_back()
    expect(page.locator(f"tr[data-exam='{second}']")).to_contain_text("Yours")
    page.locator(f"tr[data-exam='{first}'] input").check()
    page.get_by_role("button", name="Take up again").click()
    expect(page.locator(f"tr[data-exam='{first}']")).to_contain_text("Waiting")


def test_a_promise_is_tried_and_kept_and_a_late_exam_is_told_until_it_is_answered(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/settings/worklist")
    table = page.get_by_role("table", name="Service levels of Security screening")
    table.get_by_role("row", name=re.compile("Routine")).get_by_role("button", name="Change").click()
    form = page.get_by_role("form", name="Routine exams of Security screening")
    form.get_by_label("Read within, min").fill("0.1")
    form.get_by_label("Warning before, min").fill("0")
    form.get_by_role("button", name="Try on the last 30 days").click()
    expect(form).to_contain_text("nothing can be said")
    form.get_by_role("button", name="Keep").click()
    expect(table.get_by_role("row", name=re.compile("Routine"))).to_contain_text("set here")
    with server.client() as client:
        files = [("files", ("bag.dcm", films.film()))]
        client.post("/api/v1/uploads", files=files, data={"industry": "security"}).raise_for_status()
    page.goto(server.address)
    late = page.get_by_role("region", name=re.compile("late, and nobody has said"))
    late.wait_for(timeout=90_000)
    late.get_by_role("button", name="Show").click()
    late.get_by_placeholder("What is done about it").first.fill("Anna reads it now")
    late.get_by_role("button", name="I know").first.click()
    expect(late).to_have_count(0)
