"""The custody page in a real browser: two persons, one bag, signatures and a broken seal, mostly by keyboard."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import films
from pages import Watched, violations
from servers import KERMA, Server, end, start

PASSWORD = "nine wet otters"
PEOPLE = {"ann": ("Ann Example", "analyst"), "bob": ("Bob Example", "analyst"), "lea": ("Lea Example", "lead")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("custody")
    for login, (name, role) in PEOPLE.items():
        command = [str(KERMA), "user", "add", login, "--name", name, "--role", role]
        environment = {**os.environ, "KERMA_HOME": str(home)}
        subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    started = start(home)
    started.login, started.password = "ann", PASSWORD
    try:
        with started.client() as client:
            files = [("files", ("film.dcm", films.film()))]
            client.post("/api/v1/uploads", files=files, data={"industry": "medical"}).raise_for_status()
        started.at_rest()
        yield started
    finally:
        end(started)


def signed_in(chromium: Browser, server: Server, login: str) -> Watched:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page())
    watched.page.goto(server.address)
    watched.page.get_by_label("Login").fill(login)
    watched.page.get_by_label("Password").fill(PASSWORD)
    watched.page.keyboard.press("Enter")
    watched.page.get_by_role("link", name="Custody").wait_for()
    return watched


def test_a_bag_from_hand_to_hand(chromium: Browser, server: Server, tmp_path: Path) -> None:
    ann, bob = signed_in(chromium, server, "ann"), signed_in(chromium, server, "bob")
    item = collect(ann.page)
    ann.errors.clear()  # of the exam's page, left while it was still loading
    seal(ann.page, tmp_path)
    ann.page.get_by_role("button", name="Hand over").press("Enter")
    ann.page.get_by_role("combobox", name="To whom").select_option("Bob Example")
    ann.page.get_by_label("Password of").fill("wrong")
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("alert")).to_contain_text("the password is wrong")
    ann.page.get_by_label("Password of").fill(PASSWORD)
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_label("State and next steps")).to_contain_text("handed over, not yet accepted")

    bob.page.get_by_role("link", name="Custody").click()
    expect(bob.page.locator("tbody")).to_contain_text("waits for you to accept")
    bob.page.get_by_role("link", name=item).press("Enter")
    bob.page.get_by_role("button", name="Accept").press("Enter")
    bob.page.get_by_label("Seal number as you read it now").fill("S-100")
    bob.page.get_by_label("Password of").fill(PASSWORD)
    bob.page.keyboard.press("Enter")
    expect(bob.page.get_by_label("State and next steps")).to_contain_text("you")
    expect(bob.page.get_by_text("No gap and no overlap found")).to_be_visible()
    expect(ann.page.get_by_label("Entry 4: accepted")).to_be_visible()  # without a reload

    unseal_another(bob.page)
    expect(bob.page.get_by_text("The chain is broken in 1 place")).to_be_visible()
    gap = "seal S-999 was read on an item that was sealed with S-100"
    expect(bob.page.get_by_label("Chain of custody").get_by_text(gap)).to_be_visible()
    give_to_police(bob.page)
    expect(bob.page.get_by_label("State and next steps")).to_contain_text("Jana Novák, Police")
    expect(bob.page.get_by_alt_text("Signature of entry 7")).to_be_visible()
    assert violations(bob.page) == []
    refused = [error for error in ann.errors if "403" not in error]  # the wrong password
    assert refused + bob.errors == []
    for watched in (ann, bob):
        watched.page.context.close()


def collect(page: Page) -> str:
    """Collect the exam of the archive, from its page; returns the number."""
    page.locator("tbody tr").first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Take it into custody").click()
    expect(page.get_by_label("Description, so that a stranger knows it again")).to_have_value("Thorax p.a., A-9")
    assert violations(page) == []
    page.get_by_label("Password of").fill(PASSWORD)
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=2)
    heading.wait_for()
    return str(heading.text_content())


def seal(page: Page, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (60, 40), "blue").save(tmp_path / "seal.jpg")
    page.get_by_role("button", name="Seal", exact=True).press("Enter")
    page.get_by_label("Number on the seal").fill("S-100")
    page.get_by_label("Photo").set_input_files(tmp_path / "seal.jpg")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Seal", exact=True).press("Enter")
    expect(page.get_by_label("Number on the seal")).to_be_focused()
    page.get_by_label("Number on the seal").fill("S-100")
    page.get_by_label("Photo").set_input_files(tmp_path / "seal.jpg")
    page.get_by_label("Number on the seal").press("Enter")
    expect(page.get_by_alt_text("Photo of entry 2")).to_be_visible()


def unseal_another(page: Page) -> None:
    page.get_by_role("button", name="Unseal").press("Enter")
    page.get_by_label("Number on the seal").fill("S-999")
    page.get_by_label("What was done").fill("to look")
    page.get_by_label("Number on the seal").press("Enter")
    page.get_by_label("Entry 5: unsealed").wait_for()


def give_to_police(page: Page) -> None:
    page.get_by_role("button", name="Hand over").click()
    page.get_by_role("button", name="Somebody without an account").click()
    page.get_by_label("Name", exact=True).fill("Jana Novák")
    page.get_by_label("Organisation").fill("Police")
    page.get_by_label("Identity document shown").fill("card 4711")
    box = page.get_by_label("Draw the signature here").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(box["x"] + 20 + 25 * step, box["y"] + (20 if step % 2 else 60))
    page.mouse.up()
    page.get_by_label("Password of").fill(PASSWORD)
    page.get_by_role("button", name="Sign: hand over").click()
    page.get_by_label("Entry 7: accepted").wait_for()


def test_disclosures_and_contacts_of_a_lead(chromium: Browser, server: Server, tmp_path: Path) -> None:
    lea = signed_in(chromium, server, "lea")
    page = lea.page
    page.get_by_role("link", name="Custody").click()
    page.get_by_role("link", name="Contacts").click()
    page.get_by_role("button", name="Add a contact").click()
    page.get_by_label("Organisation").fill("Airport police")
    page.get_by_label("Phone").fill("+44 20 7946 0000")
    page.keyboard.press("Enter")
    expect(page.locator("tbody")).to_contain_text("Airport police")
    assert violations(page) == []
    page.get_by_role("link", name="Disclosures").click()
    page.get_by_role("button", name="Record a disclosure").click()
    page.get_by_label("What", exact=True).fill("Report")
    page.get_by_role("combobox", name="Contact").select_option("Airport police")
    expect(page.get_by_label("To whom")).to_have_value("Airport police")
    page.get_by_label("Legal basis").fill("Order 44")
    (tmp_path / "report.pdf").write_bytes(b"a report")
    page.get_by_label("Files, for their SHA-256").set_input_files(tmp_path / "report.pdf")
    expect(page.get_by_text("report.pdf")).to_be_visible()
    page.get_by_role("button", name="Record the disclosure").click()
    expect(page.locator("tbody")).to_contain_text("Order 44")
    assert violations(page) == []
    assert lea.errors == []
    page.context.close()
