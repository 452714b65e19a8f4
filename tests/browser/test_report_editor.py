"""The report editor in a real browser: written, seen as it will be printed, kept, signed and amended."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.areas.report.samples import text_of

from kerma.areas.report.signature_verify import verify_pdf
from pages import Watched, violations
from servers import Server, demonstrated

SUBJECT = "K1063-W4"
WORDS = "The pore at the root is open to the surface; nothing else was found."
LATER = "Seen again by a second reader: the pore is an artefact of the plate."
LONG_MS = 60_000
"""What a layout or a signature may take on a busy machine; usually it is there in a second."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: its test signs an exam that other tests read."""
    with demonstrated(tmp_path_factory.mktemp("written")) as started:
        yield started


@pytest.fixture
def opened(chromium: Browser, server: Server) -> Iterator:
    """A function that opens an address as the one who signed in; no page may end with an error."""
    with server.client() as client:
        cookies = [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]
        exam_pk = next(
            item["exam_pk"] for item in client.get("/api/v1/worklist").json()["items"] if item["subject_id"] == SUBJECT
        )
        contexts, pages = [], []

        def open_at(path: str, width: int = 1280, height: int = 800) -> Page:
            context = chromium.new_context(viewport={"width": width, "height": height})
            context.add_cookies(cookies)
            context.set_default_timeout(LONG_MS)
            contexts.append(context)
            pages.append(Watched(context.new_page()))
            pages[-1].page.goto(server.address + path)
            return pages[-1].page

        yield exam_pk, client, open_at
        for context in contexts:
            context.close()
    # what is cut off or refused on purpose here is told by the browser too
    expected = r"status of 409|ERR_FAILED"
    assert [error for one in pages for error in one.errors if not re.search(expected, error)] == []


def looked_at(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    folder = os.environ.get("KERMA_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def is_unaltered(pdf: bytes) -> bool:
    """Whether a signed report verifies; in a thread of its own, for the browser's event loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(verify_pdf, pdf).result().is_unaltered


def pages_are_new(page: Page, before: str | None) -> str:
    """Wait until the first page is another picture than before and nothing more is on its way; returns it."""
    page.wait_for_function(
        """before => {
            const image = document.querySelector("[data-page='1']");
            return image && image.src !== before && image.parentElement.ariaBusy === "false";
        }""",
        arg=before,
        timeout=LONG_MS,
    )
    return page.locator("[data-page='1']").get_attribute("src") or ""


def typed(page: Page, client: httpx.Client, address: str, tmp_path: Path) -> None:
    """Typed words come onto the page, and the page stays where it was scrolled to."""
    state = page.get_by_role("region", name="State of the report")
    first = pages_are_new(page, None)
    page.locator("#report-pages").evaluate("box => (box.scrollTop = 300)")
    conclusion = page.get_by_role("textbox", name="Conclusion")
    conclusion.press_sequentially(WORDS, delay=5)
    pages_are_new(page, first)
    assert page.locator("#report-pages").evaluate("box => box.scrollTop") == 300
    expect(state).to_contain_text("Saved", timeout=LONG_MS)
    assert client.get(f"{address}/report/editor").json()["written"]["record"] == {"conclusion": WORDS}
    shown = text_of(client.get(f"{address}/report/preview.pdf").content, tmp_path)
    assert WORDS in " ".join(shown.split()) and "Written by" in shown

    # undone and redone by keys, in the field itself
    page.keyboard.press("Control+z")
    expect(conclusion).to_have_value("")
    page.keyboard.press("Control+y")
    expect(conclusion).to_have_value(WORDS)


def lost_nothing(page: Page, client: httpx.Client, address: str, tmp_path: Path) -> None:
    """A reload loses nothing, neither what the server has nor what it could not take."""
    state = page.get_by_role("region", name="State of the report")
    cut = f"**{address}/report/words"
    refuse = lambda route: route.abort()  # noqa: E731 - the same function is taken away again
    page.route(cut, refuse)
    comments = page.get_by_role("textbox", name="Comments")
    comments.fill("Typed while the server was away")
    expect(state.get_by_role("alert")).to_contain_text("kept in this browser", timeout=LONG_MS)
    looked_at(page, "editor-away")
    page.reload()
    expect(page.get_by_role("textbox", name="Conclusion")).to_have_value(WORDS)
    expect(page.get_by_role("textbox", name="Comments")).to_have_value("Typed while the server was away")
    page.unroute(cut, refuse)
    expect(state).to_contain_text("Saved", timeout=LONG_MS)


def met_another(page: Page, client: httpx.Client, address: str, tmp_path: Path) -> None:
    """Somebody else writes at the same moment: both are shown, nothing is lost."""
    state = page.get_by_role("region", name="State of the report")
    cut = f"**{address}/report/words"
    held: list[Route] = []
    page.route(cut, lambda route: held.append(route))
    page.get_by_role("textbox", name="Comments").fill("Mine")
    page.wait_for_function("() => document.body.innerText.includes('Saving…')")
    version = client.get(f"{address}/report/editor").json()["written"]["version"]
    theirs = {"record": {"conclusion": WORDS, "comments": "Theirs"}, "supersedes": version}
    assert client.put(f"{address}/report/words", json=theirs).status_code == 200
    page.unroute_all()
    for route in held:
        route.continue_()
    expect(state.get_by_role("alert")).to_contain_text("has written here too", timeout=LONG_MS)
    expect(state.get_by_role("alert")).to_contain_text("Theirs")
    looked_at(page, "editor-conflict")
    assert violations(page) == []
    state.get_by_role("button", name="Go on with mine").click()
    expect(state).to_contain_text("Saved", timeout=LONG_MS)


def signed(page: Page, client: httpx.Client, address: str, tmp_path: Path) -> None:
    """Decided, then signed in place."""
    state = page.get_by_role("region", name="State of the report")
    decided = client.post(f"{address}/decisions", json={"decision": "reject", "reason": "seen by the test"})
    assert decided.status_code == 201, decided.text
    sign = state.get_by_role("button", name="Sign…")
    expect(sign).to_be_enabled(timeout=LONG_MS)
    for theme in ("light", "contrast", "dark"):
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        # colours fade in: what axe reads in between is no colour of the theme
        page.evaluate("() => Promise.all(document.getAnimations().map(one => one.finished))")
        looked_at(page, f"editor-{theme}")
        assert violations(page) == [], theme
    page.keyboard.press("Alt+s")
    looked_at(page, "editor-sign")
    state.get_by_role("button", name=re.compile("^Sign as")).click()
    expect(state).to_contain_text(re.compile(r"signed\s*version \d+, by"), timeout=LONG_MS)
    pdf = client.get(f"{address}/report.pdf").content
    text = " ".join(text_of(pdf, tmp_path).split())
    assert is_unaltered(pdf) and WORDS in text and "Mine" in text and "Theirs" not in text
    looked_at(page, "editor-signed")


def amended(page: Page, client: httpx.Client, address: str, tmp_path: Path) -> None:
    """Written on: an amendment that says what changed."""
    state = page.get_by_role("region", name="State of the report")
    page.get_by_role("textbox", name="Recommendation").fill(LATER)
    expect(state).to_contain_text("form: Recommendation", timeout=LONG_MS)
    amend = state.get_by_role("button", name="Amend…")
    expect(amend).to_be_enabled(timeout=LONG_MS)
    amend.click()
    state.get_by_label("Why it is amended").fill("A second reader has looked")
    looked_at(page, "editor-amend")
    assert violations(page) == []
    state.get_by_role("button", name=re.compile("^Sign the amendment as")).click()
    expect(state).to_contain_text(re.compile(r"signed\s*version \d+, by"), timeout=LONG_MS)
    amended = client.get(f"{address}/report.pdf").content
    text = " ".join(text_of(amended, tmp_path).split())
    assert is_unaltered(amended) and LATER in text and "A second reader has looked" in text


def test_a_report_is_written_kept_signed_and_amended(opened, tmp_path) -> None:
    exam_pk, client, open_at = opened
    address = f"/api/v1/exams/{exam_pk}"
    page = open_at(f"/exams/{exam_pk}")
    page.get_by_role("region", name="Report", exact=True).get_by_role("link", name="Open in the editor").wait_for()
    page.keyboard.press("Alt+e")
    state = page.get_by_role("region", name="State of the report")
    expect(state).to_contain_text("nobody has decided this exam yet", timeout=LONG_MS)
    expect(state.get_by_role("button", name="Sign…")).to_be_disabled()
    for step in (typed, lost_nothing, met_another, signed, amended):
        step(page, client, address, tmp_path)
