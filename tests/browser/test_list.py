"""The worklist of many rows, its filters and views; commands, keys and themes; the archive and the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from kerma.areas.archive.model import exam, subject
from kerma.areas.worklist.model import item
from pages import Watched, violations
from servers import Server, demonstrated

ROWS = 3000
LONG_TASKS = """
() => {
  window.longTasks = [];
  const keep = list => window.longTasks.push(...list.getEntries().map(one => one.duration));
  new PerformanceObserver(keep)
  .observe({type: 'longtask'}); }
"""


def row(page: Page, text: str):
    return page.locator("tbody tr", has_text=text)


def test_commands_keys_and_the_archive(page: Page) -> None:
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Claim or release")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("arch")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Archive")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("K10")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Modality").fill("CT")
    expect(page.get_by_text("No exam begins so.")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(row(page, "BAG-0413")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("aside h1").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def test_a_filter_is_saved_as_a_view_and_rows_are_claimed_together(page: Page) -> None:
    page.keyboard.press("v")
    page.keyboard.press("2")
    page.wait_for_url("**/?industry=ndt")
    page.get_by_role("button", name="Save this view").click()
    page.keyboard.type("My welds")
    page.keyboard.press("Enter")
    page.keyboard.press("v")
    page.keyboard.press("a")
    expect(row(page, "BAG-0413")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="My welds").click()
    expect(row(page, "BAG-0413")).to_have_count(0)
    page.keyboard.press("x")
    page.keyboard.press("J")
    expect(page.get_by_role("toolbar", name="Marked exams")).to_contain_text("2 marked")
    page.get_by_role("toolbar", name="Marked exams").get_by_role("button", name="Claim").click()
    expect(page.locator("tbody tr", has_text="Yours")).to_have_count(2)
    page.get_by_role("combobox", name="Reader").select_option("me")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.keyboard.press("Control+a")
    page.get_by_role("toolbar", name="Marked exams").get_by_role("button", name="Release").click()
    expect(page.get_by_text("No open exam matches the filter.")).to_be_visible()
    page.get_by_role("button", name="My welds").click()
    page.get_by_role("button", name="Forget “My welds”").click()
    expect(page.get_by_role("button", name="My welds", exact=True)).to_have_count(0)


@pytest.mark.parametrize("theme", ["Office", "High contrast"])
def test_a_theme_can_be_read_and_stays(page: Page, theme: str) -> None:
    page.goto("/settings")
    page.get_by_role("radio", name=theme).check()
    page.reload()
    expect(page.get_by_role("radio", name=theme)).to_be_checked()
    assert violations(page) == []
    page.goto("/")
    row(page, "K1063-W4").get_by_role("link").click()
    page.locator("canvas[data-ready]").first.wait_for()
    assert violations(page) == []
    page.goto("/settings")
    page.get_by_role("radio", name="Reading room").check()
    expect(page.get_by_role("radio", name="Reading room")).to_be_checked()


def test_a_key_is_changed_and_the_overview_says_so(page: Page) -> None:
    page.goto("/settings/keys")
    page.get_by_role("button", name="Key of Claim or release").click()
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Key of Claim or release: t")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.keyboard.press("j")
    page.keyboard.press("t")
    expect(page.locator("tr.chosen")).to_contain_text("Yours")
    page.keyboard.press("t")
    expect(page.locator("tr.chosen")).to_contain_text("Waiting")
    page.goto("/settings/keys")
    page.get_by_role("button", name="Forget all own keys").click()
    expect(page.get_by_role("button", name="Key of Claim or release: c")).to_be_visible()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with thousands of open items."""
    with demonstrated(tmp_path_factory.mktemp("crowded")) as started:
        _crowd(started.home / "kerma.db")
        yield started


def _crowd(path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})
    with engine.begin() as connection:
        tables = (subject, exam, item)
        like = {table: dict(connection.execute(sa.select(table).limit(1)).mappings().one()) for table in tables}
        for number in range(ROWS):
            due = f"2031-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
            keys = dict.fromkeys(like, 100000 + number)
            rows = {
                subject: {
                    "id": keys[subject], "key": f"crowd-{number}", "subject_id": f"CROWD-{number:05d}", "name": "",
                    "name_folded": "",
                },
                exam: {"id": keys[exam], "uid": f"1.2.3.{number}", "subject_pk": keys[subject], "accession": ""},
                item: {
                    "id": keys[item], "exam_pk": keys[exam], "state": "waiting", "claimed_by": "", "claimed_at": "",
                    "priority": 5, "due_at": due,
                },
            }  # fmt: skip
            for table, values in rows.items():
                connection.execute(table.insert().values(**(like[table] | values)))
    engine.dispose()


def test_thousands_of_rows_scroll_and_follow_what_others_do(chromium: Browser, crowded: Server) -> None:
    with httpx.Client(base_url=crowded.address, headers={"Origin": crowded.address}, timeout=60) as client:
        client.post("/api/v1/session", json={"login": crowded.login, "password": crowded.password}).raise_for_status()
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": n, "value": v, "url": crowded.address} for n, v in client.cookies.items()])
        watched = Watched(context.new_page())
        page = watched.page
        page.goto(crowded.address)
        page.locator("tbody tr").first.wait_for()
        page.evaluate(LONG_TASKS)
        frame = page.locator("main .frame")
        for _ in range(60):
            frame.evaluate("node => { node.scrollTop += 4000; }")
            page.wait_for_timeout(60)
            if row(page, f"CROWD-{ROWS - 1:05d}").count():
                break
        expect(row(page, f"CROWD-{ROWS - 1:05d}")).to_be_visible()
        assert page.locator("tbody tr").count() < 100
        assert not [task for task in page.evaluate("window.longTasks") if task > 1000]
        page.keyboard.press("Home")
        expect(page.locator("tr.chosen")).to_contain_text("BAG-")
        page.keyboard.press("End")
        expect(page.locator("tr.chosen")).to_contain_text(f"CROWD-{ROWS - 1:05d}")
        top = frame.evaluate("node => node.scrollTop")
        client.post(f"/api/v1/worklist/{100_000 + ROWS - 3}/claim").raise_for_status()
        expect(row(page, f"CROWD-{ROWS - 3:05d}")).to_contain_text("Yours")
        assert frame.evaluate("node => node.scrollTop") == top
        assert violations(page) == []
        context.close()
    assert watched.errors == []


def test_a_folder_is_sent_with_progress_and_reasons(page: Page, tmp_path: Path) -> None:
    inner = tmp_path / "roll 7" / "inner"
    inner.mkdir(parents=True)
    for number in range(30):
        (inner / f"frame-{number:02d}.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (tmp_path / "roll 7" / "notes.txt").write_text("not an image")
    page.keyboard.press("u")
    page.get_by_role("combobox", name="Industry").select_option("ndt")
    page.get_by_label("Folder of images").set_input_files(tmp_path / "roll 7")
    region = page.get_by_role("region", name="Add images")
    expect(region.get_by_role("status")).to_contain_text("31 of 31", timeout=60_000)
    expect(region.get_by_role("status")).to_contain_text("in quarantine")
    expect(region).to_contain_text("roll 7/inner/frame-00.png")
    assert violations(page) == []
