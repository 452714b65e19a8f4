"""Signing in a real browser: sign, co-sign, amend, own key, form of a draft, letterhead, many reports at once."""

from __future__ import annotations

import io
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.areas.report.authorities import certificate, p12, rsa_key
from tests.areas.report.rich import logo

from kerma.areas.report.signature_key import SigningKey
from pages import Watched, violations
from servers import KERMA, Server, demonstrated

PEOPLE = {
    "ana": ("Ana First", "analyst"),
    "lea": ("Lea Three", "lead"),
}
PASSWORD, PHRASE = "nine wet otters", "seven grey herons"
SUBJECT = "K1063-W4"
LONG_MS = 60_000
"""What a signature or a draft may take on a busy machine; usually it is there in a second."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: its tests decide exams that other tests read."""
    with demonstrated(tmp_path_factory.mktemp("signed")) as started:
        yield started


@pytest.fixture(scope="module")
def people(server: Server) -> dict[str, list[dict[str, str]]]:
    """The cookies of an analyst and of a Level III, both signed in."""
    found = {}
    for login, (name, role) in PEOPLE.items():
        command = [str(KERMA), "user", "add", login, "--name", name, "--role", role]
        environment = {**os.environ, "KERMA_HOME": str(server.home)}
        subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
        with httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=60) as client:
            client.post("/api/v1/session", json={"login": login, "password": PASSWORD}).raise_for_status()
            found[login] = [{"name": key, "value": one, "url": server.address} for key, one in client.cookies.items()]
    return found


@pytest.fixture
def opened(chromium: Browser, server: Server, people: dict) -> Iterator:
    """A function that opens an address as somebody; no page may end with an error."""
    contexts, pages = [], []

    def open_as(login: str, path: str = "/", width: int = 1440) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        context.add_cookies(people[login])
        context.set_default_timeout(60_000)
        contexts.append(context)
        pages.append(Watched(context.new_page()))
        pages[-1].page.goto(server.address + path)
        return pages[-1].page

    yield open_as
    for context in contexts:
        context.close()
    # what the server refuses on purpose here is told by the browser too
    assert [error for one in pages for error in one.errors if not re.search("status of 40[03]", error)] == []


def exam_of(page: Page, subject: str) -> str:
    """Open an exam from the worklist; returns its address."""
    page.locator("tbody tr", has_text=subject).get_by_role("link").first.click()
    page.get_by_role("heading", name="Report", exact=True).wait_for()
    return re.sub(r"^https?://[^/]+", "", page.url)


def decide(page: Page, label: str) -> None:
    page.get_by_role("group", name="Decision").get_by_role("button", name=label).click()
    page.get_by_role("textbox", name=re.compile("^Reason")).fill("seen by the test")
    page.get_by_role("button", name=f"Decide: {label}").click()


def own_key() -> bytes:
    """A key file as an authority hands it out, valid for years to come."""
    private = rsa_key("Ana First")
    return p12(SigningKey(private, (certificate("Ana First", private, days=(-3000, 9000)),)), "file")


def looked_at(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    folder = os.environ.get("KERMA_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_letterhead_is_seen_before_it_is_printed(opened) -> None:
    page = opened("lea", "/reports/letterhead")
    form = page.get_by_role("form", name="Letterhead")
    form.get_by_label("Name of the organisation").fill("Example Inspection Ltd")
    form.get_by_label("Address").fill("1 Dock Road\nLiverpool L3 4AD")
    form.get_by_label("Accreditation").fill("UKAS 0042")
    form.get_by_label("Line at the foot").fill("Company 0123456")
    form.get_by_label("Logo").set_input_files({"name": "notes.txt", "mimeType": "image/png", "buffer": b"no picture"})
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("PNG or SVG")
    form.get_by_label("Logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": logo()})
    expect(page.get_by_role("img", name="Logo")).to_be_visible()
    looked_at(page, "letterhead")
    assert violations(page) == []
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").last).to_contain_text("Drafts are laid out anew", timeout=LONG_MS)
    page.reload()
    expect(page.get_by_label("Name of the organisation")).to_have_value("Example Inspection Ltd")
    expect(page.get_by_role("img", name="Logo")).to_have_js_property("complete", True)
    refused = opened("ana", "/reports/letterhead")
    expect(refused.get_by_text("An administrator can grant you “report.set_site”")).to_be_visible()


def test_a_report_is_signed_with_an_own_key_co_signed_and_amended(opened) -> None:
    page = opened("ana")
    address = exam_of(page, SUBJECT)
    report = page.get_by_role("region", name="Report", exact=True)
    expect(report.get_by_role("button", name="Sign…")).to_be_disabled()  # nobody has decided
    report.locator("summary", has_text="version").click()
    report.get_by_label("Kind").select_option("weld-rt")
    report.get_by_label("Language").select_option("de")
    expect(report.get_by_text("weld rt · de")).to_be_visible(timeout=LONG_MS)
    decide(page, "Reject")
    report.get_by_role("button", name="Sign…").click(timeout=LONG_MS)
    report.get_by_role("checkbox", name="Level III").check()
    report.get_by_role("button", name="Use a key of my own…").click()
    looked_at(page, "sign")
    assert violations(page) == []
    key = page.get_by_role("form", name="Your signing key")
    key.get_by_label("File with key").set_input_files(
        {"name": "ana.p12", "mimeType": "application/x-pkcs12", "buffer": own_key()}
    )
    key.get_by_label("Passphrase of the file").fill("file")
    key.get_by_label("New passphrase").fill(PHRASE)
    key.get_by_label("The same again").fill(PHRASE)
    looked_at(page, "key")
    assert violations(page) == []
    key.get_by_role("button", name="Import the key").click()
    report.get_by_label("Passphrase of your key").fill("seven grey heron")
    report.get_by_role("button", name="Sign as Ana First").click()
    expect(report.get_by_role("alert")).to_contain_text("passphrase", timeout=LONG_MS)
    report.get_by_label("Passphrase of your key").fill(PHRASE)
    report.get_by_role("button", name="Sign as Ana First").click()
    expect(report).to_contain_text("signed by Ana First", timeout=LONG_MS)

    other = opened("lea", address)
    report = other.get_by_role("region", name="Report", exact=True)
    report.get_by_role("button", name="Co-sign…").click()
    looked_at(other, "cosign")
    assert violations(other) == []
    report.get_by_role("button", name="Co-sign as Lea Three").click()
    report.locator("summary", has_text="version").click()
    expect(report).to_contain_text("Level III: Lea Three", timeout=LONG_MS)

    page.reload()
    page.get_by_role("button", name="Decide again").click()
    decide(page, "Accept")
    report = page.get_by_role("region", name="Report", exact=True)
    report.get_by_role("button", name="Amend…").click(timeout=LONG_MS)
    report.get_by_label("Passphrase of your key").fill(PHRASE)
    expect(report.get_by_role("button", name="Sign the amendment as Ana First")).to_be_disabled()
    report.get_by_label("Why it is amended").fill("The pore is an artefact of the plate")
    report.get_by_role("button", name="Sign the amendment as Ana First").click()
    expect(report).to_contain_text("signed by Ana First", timeout=LONG_MS)
    report.locator("summary", has_text="version").click()
    expect(report).to_contain_text("The pore is an artefact of the plate (decision: Reject → Accept)")
    looked_at(page, "versions")
    assert violations(page) == []


def test_many_reports_are_made_taken_away_and_signed(opened) -> None:
    page = opened("lea", "/reports")
    table = page.get_by_role("table", name="Exams")
    expect(table.locator("tbody tr")).to_have_count(8)
    page.get_by_role("searchbox").fill("nobody is called so")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No exam fits")).to_be_visible()
    looked_at(page, "batch-empty")
    page.get_by_role("searchbox").fill("")
    page.keyboard.press("Enter")
    table.get_by_role("checkbox", name="All 8 exams shown").press("Space")
    order = page.get_by_role("group", name="What to do with the chosen exams")
    order.get_by_label("Language").select_option("fr")
    looked_at(page, "batch")
    assert violations(page) == []
    order.get_by_role("button", name="Make 8 reports").click()
    progress = page.get_by_role("progressbar", name="Reports made")
    expect(progress).to_be_visible()
    looked_at(page, "batch-running")
    with page.expect_download(timeout=LONG_MS) as download:
        page.get_by_role("link", name="Download 8 reports (zip)").click(timeout=LONG_MS)
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as file:
        assert len(file.namelist()) == 8 and file.read(file.namelist()[0]).startswith(b"%PDF-")
    order.get_by_role("button", name="Sign…").click()
    page.get_by_role("button", name="Sign 8").click()
    results = page.get_by_role("table", name="What became of each")
    expect(results.locator("tbody tr")).to_have_count(8, timeout=LONG_MS)
    expect(results).to_contain_text("decide first")
    looked_at(page, "batch-signed")
    assert violations(page) == []
    narrow = opened("lea", "/reports", width=900)
    expect(narrow.get_by_role("table", name="Exams").locator("tbody tr")).to_have_count(8)
    looked_at(narrow, "batch-narrow")
    assert narrow.evaluate("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth")
