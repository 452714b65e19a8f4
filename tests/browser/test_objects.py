"""Objects of an exam in a real browser: the list, a file saved, one kept in the archive, findings taken in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pages import Watched, violations
from servers import Server, demonstrated

WELD = "K1063-W4"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: the crack taken in changes the verdict that other tests read."""
    with demonstrated(tmp_path_factory.mktemp("objects")) as started:
        yield started


@pytest.fixture(scope="module")
def cookies(server: Server) -> list[dict[str, str]]:
    """The cookies of somebody who has signed in there."""
    return server.cookies()


def opened(page: Page) -> None:
    # another test may have decided it, and then it has left the worklist
    origin = page.evaluate("location.origin")
    found = page.request.get(f"{origin}/api/v1/exams?text={WELD}").json()["exams"]
    page.goto(f"{origin}/exams/{found[0]['id']}")
    page.get_by_text("Objects and findings as files").click()
    page.get_by_role("button", name="Save Structured report").wait_for()


def test_an_exam_is_given_out_kept_and_findings_are_taken_in(
    watched: Watched, cookies: list[dict[str, str]], tmp_path: Path
) -> None:
    page = watched.page
    opened(page)
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Save JSON").click()
    path = tmp_path / "findings.json"
    download.value.save_as(path)
    said = json.loads(path.read_text())["exams"][0]
    assert said["subject"] == WELD and download.value.suggested_filename.endswith(".json")
    page.get_by_role("button", name="Keep Structured report in the archive").click()
    expect(page.get_by_text("kept in the archive").or_(page.get_by_text("is in the archive already"))).to_be_visible()
    image = said["images"][0]
    crack = {"label": "crack", "box": [20, 30, 4, 40], "measurements": [{"name": "length_mm", "value": 4}]}
    path.write_text(json.dumps({"image_sha256": image["sha256"], "findings": [crack]}))
    page.get_by_label("File of findings").set_input_files(path)
    expect(page.get_by_text("1 finding recorded as yours")).to_be_visible()
    if shots := os.environ.get("TEST_SHOTS"):
        page.screenshot(path=f"{shots}/objects.png")
    path.write_text(json.dumps({"findings": [{**crack, "label": "crakc"}], "image_sha256": image["sha256"]}))
    page.get_by_label("File of findings").set_input_files(path)
    expect(page.get_by_role("alert").filter(has_text="did you mean crack")).to_be_visible()
    watched.errors.clear()  # the browser reports the refusal too
