"""The network page in a real browser: nodes, rules, deliveries, steps and keeping, as an administrator uses them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

import worklists
from pages import Held, Watched, violations
from servers import KERMA, Server, end, start

SCREENSHOT = Path(__file__).parents[2] / "docs" / "duties" / "network.png"
LOGIN, PASSWORD = "ann", "nine wet otters"
PEOPLE = {LOGIN: ("Ann Example", "administrator"), "uma": ("Uma Example", "auditor")}
LOOK_WHAT_LACKS = r"\d+ of \d+"
"""The button with which anybody looks which images of a step are not here yet."""
BROKEN = b"\x89PNG\r\n\x1a\n and no more"


@dataclass
class Site:
    """A running Kerma with an administrator, a film, and the port of its DICOM network."""

    server: Server
    dicom_port: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    import films
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("network")
    environment = {**os.environ, "KERMA_HOME": str(home)}
    for login, (name, role) in PEOPLE.items():
        command = [str(KERMA), "user", "add", login, "--name", name, "--role", role]
        subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERMA_DICOM_TRUST", "loopback")
        server = start(home)
    server.login, server.password = LOGIN, PASSWORD
    try:
        line = server.process.stdout.readline()
        assert "DICOM network" in line, line
        with server.client() as client:
            files = [("files", ("film.dcm", films.film())), ("files", ("broken.png", BROKEN))]
            client.post("/api/v1/uploads", files=files, data={"industry": "medical"}).raise_for_status()
        server.at_rest()
        yield Site(server, int(line.rsplit(":", 1)[1]))
    finally:
        end(server)


@pytest.fixture(scope="module")
def server(site: Site) -> Server:
    """The server that the pages are of: this module's own, where the person is an administrator."""
    return site.server


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[httpx.Client]:
    with site.server.client() as client:
        yield client


@pytest.fixture(scope="module")
def cookies(server: Server, client: httpx.Client) -> list[dict[str, str]]:
    return [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, and nobody else can begin to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def network(watched: Watched, cookies: list[dict[str, str]]) -> Page:
    """The network page of an administrator."""
    watched.page.get_by_role("link", name="Network").click()
    watched.page.get_by_role("heading", name="Network").wait_for()
    return watched.page


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Network").get_by_role("link", name=name).click()


def row(page: Page, table: str, text: str) -> Locator:
    return page.get_by_role("table", name=table, exact=True).locator("tbody tr", has_text=text)


def add_node(page: Page, ae_title: str, port: int) -> None:
    page.get_by_role("button", name="Add a node").click()
    form = page.get_by_role("form", name="New node")
    form.get_by_label("AE title").fill(ae_title)
    form.get_by_label("Host or address").fill("127.0.0.1")
    form.get_by_label("Port", exact=True).fill(str(port))
    assert violations(page) == []
    form.get_by_role("button", name="Add").click()


def test_a_node_is_added_and_says_why_it_does_not_answer(watched: Watched, network: Page, closed_port: int) -> None:
    expect(network.get_by_text("No node is listed yet")).to_be_visible()
    add_node(network, "AWAY", closed_port)
    row(network, "Nodes", "AWAY").get_by_role("button", name="Echo", exact=True).click()
    expect(network.get_by_role("alert")).to_contain_text("is not listening on port")
    watched.errors.clear()  # the browser itself logs that the server said 502
    assert violations(network) == []


def test_a_rule_is_tried_then_made_and_its_delivery_waits(network: Page, client: httpx.Client) -> None:
    tab(network, "Rules")
    expect(network.get_by_text("There is no rule yet")).to_be_visible()
    network.get_by_role("button", name="New rule").click()
    form = network.get_by_role("form", name="New rule")
    form.get_by_label("Name").fill("films")
    form.get_by_label("Modality").fill("DX, CR")
    form.get_by_label("AWAY").check()
    form.get_by_role("button", name="Try it on the last 7 days").click()
    expect(form.get_by_role("status")).to_contain_text("1 of 1 exam, 1 image")
    assert violations(network) == []
    form.get_by_role("button", name="Make the rule").click()
    expect(row(network, "Rules", "films")).to_contain_text("modality is CR or DX")
    (exam,) = client.get("/api/v1/exams").json()["exams"]
    (node,) = client.get("/api/v1/nodes").json()
    client.post("/api/v1/deliveries", json={"exam_pk": exam["id"], "node_id": node["id"]}).raise_for_status()
    tab(network, "Deliveries")
    waiting = row(network, "Deliveries", "AWAY")
    expect(waiting).to_contain_text("is not listening")
    expect(waiting).to_contain_text(re.compile("Waiting|Given up"))
    assert violations(network) == []


def report(site: Site, number: int, **identifiers: str) -> None:
    """Report a step as a machine does, with two images of which none comes."""
    order, step = worklists.order(**identifiers), f"{worklists.ROOT}.{number}"
    with worklists.association(site.dicom_port, worklists.PERFORMED) as machine:
        begun = machine.send_n_create(worklists.performed(order), worklists.PERFORMED, step)[0]
        ended = machine.send_n_set(worklists.ended(images=(f"{step}.1", f"{step}.2")), worklists.PERFORMED, step)[0]
    assert (begun.Status, ended.Status) == (0, 0)


def test_a_step_that_fits_no_order_is_matched_and_another_dismissed(
    network: Page, site: Site, client: httpx.Client
) -> None:
    tab(network, "Steps")
    expect(network.get_by_text("Nothing to decide")).to_be_visible()
    placed = []
    for subject_id, name in (("P-17", "Dupont^Zoé"), ("P-18", "Okoro^Ben")):
        new = {"industry": "medical", "subject_id": subject_id, "name": name, "station_ae": "DX1", "modality": "DX"}
        placed.append(client.post("/api/v1/orders", json=new).raise_for_status().json())
    report(site, 61, study_uid=f"{worklists.ROOT}.60", accession="A-666", step_id="X-1")
    report(site, 62, study_uid=f"{worklists.ROOT}.70", accession="", step_id="", subject_id="PHANTOM", name="")
    step = row(network, "Steps", "A-666")
    expect(step).to_contain_text("no ordered step has this")
    expect(row(network, "Steps", "PHANTOM")).to_contain_text("without an order")
    expect(step).to_contain_text("0 of 2")
    step.get_by_role("button", name="0 of 2").click()
    expect(network.get_by_text(f"{worklists.ROOT}.61.1")).to_be_visible()
    step.get_by_role("button", name="Match").click()
    network.keyboard.type("okoro")
    found = network.get_by_role("form", name="Match step").get_by_role("listitem")
    expect(found).to_have_count(1)
    network.get_by_label("Find the order").fill("p-17")
    expect(found).to_contain_text("Dupont, Zoé")
    found.get_by_role("checkbox").check()
    assert violations(network) == []
    network.get_by_role("button", name="Match to this order").click()
    expect(step).to_have_count(0)
    report(site, 63, study_uid=placed[0]["study_uid"], subject_id="P-99", name="Brown^Alex")
    contradicting = row(network, "Steps", "P-99")
    expect(contradicting).to_contain_text("another subject id")
    contradicting.get_by_role("button", name="Match").click()
    expect(found.filter(has_text="named by the report")).to_contain_text("P-17")
    network.keyboard.press("Escape")
    contradicting.get_by_role("button", name="Dismiss").click()
    held = Held(network, "**/dismiss")
    network.keyboard.type("wrong patient chosen, told the radiographer")
    network.keyboard.press("Enter")
    row(network, "Steps", "PHANTOM").get_by_role("button", name="Dismiss").click()
    network.keyboard.type("phantom test ")
    held.release()
    expect(contradicting).to_have_count(0)
    network.keyboard.type("after service")  # what is being written stays when the one before is done
    network.keyboard.press("Enter")
    expect(network.get_by_text("Nothing to decide")).to_be_visible()
    network.get_by_role("button", name="All", exact=True).click()
    expect(row(network, "Steps", "A-666")).to_contain_text("by Ann Example")
    expect(row(network, "Steps", "PHANTOM")).to_contain_text("phantom test after service")
    assert violations(network) == []


def test_keeping_shows_what_is_apart_held_and_due(watched: Watched, network: Page, client: httpx.Client) -> None:
    rule = {"industry": "medical", "kept_days": 0, "source": "Procedure 7", "counted_from": "exam"}
    client.post("/api/v1/keeping/retention-rules", json=rule).raise_for_status()
    (exam,) = client.get("/api/v1/exams").json()["exams"]
    tab(network, "Keeping")
    expect(network.get_by_text("No alarm is open")).to_be_visible()
    entry = row(network, "Quarantine", "broken.png")
    expect(entry).to_contain_text("not an image")
    entry.get_by_role("button", name="Release").click()
    network.keyboard.type("looks whole to me")
    network.keyboard.press("Enter")
    expect(network.get_by_role("alert")).to_contain_text("stays in the quarantine")
    watched.errors.clear()  # the browser itself logs that the server said 409
    network.keyboard.press("Escape")
    entry.get_by_role("button", name="Discard").click()
    network.keyboard.type("cut short at the scanner")
    network.keyboard.press("Enter")
    expect(network.get_by_text("The quarantine is empty")).to_be_visible()

    network.get_by_role("button", name="Look what would go today").click()
    expect(network.get_by_role("status").filter(has_text="would go")).to_contain_text("1 exam")
    expect(network.get_by_text(re.compile("--delete [0-9a-f]{64}"))).to_be_visible()
    network.get_by_role("button", name="Place a hold").click()
    form = network.get_by_role("form", name="New hold")
    form.get_by_label("Number or UID of the exam").fill(str(exam["id"]))
    form.get_by_label("Why it must be kept").fill("Court of appeal, 12 U 34/26")
    form.get_by_role("button", name="Place the hold").click()
    hold = row(network, "Legal holds", exam["uid"])
    expect(hold).to_contain_text("Ann Example")
    network.get_by_role("button", name="Look what would go today").click()
    expect(network.get_by_text("Nothing would go today")).to_be_visible()
    hold.get_by_role("button", name="Ask to lift").click()
    network.keyboard.type("the case is closed")
    network.keyboard.press("Enter")
    expect(hold).to_contain_text("Another person must confirm")
    expect(hold.get_by_role("button", name="Confirm and lift")).to_have_count(0)
    assert violations(network) == []


def test_who_only_looks_is_offered_nothing_to_do(watched: Watched, server: Server) -> None:
    page = watched.page
    page.get_by_label("Login").wait_for()
    page.goto(server.address + "/network")
    page.get_by_label("Login").fill("uma")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    shown = {"Nodes": [], "Rules": [], "Deliveries": ["All", "Waiting", "Sending", "Sent", "Given up"],
             "Steps": ["To decide", "All"], "Keeping": ["Also acknowledged ones", "Also lifted ones"]}  # fmt: skip
    for name, buttons in shown.items():
        tab(page, name)
        page.wait_for_timeout(400)
        offered = [one.strip() for one in page.locator("main button").all_inner_texts()]
        assert [one for one in offered if not re.fullmatch(LOOK_WHAT_LACKS, one)] == buttons, name
        expect(page.locator("main").get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("watched", [(1440, 860), (1000, 700)], indirect=True, ids=["1440x860", "1000x700"])
def test_no_tab_is_wider_than_the_window(network: Page) -> None:
    for name in ("Nodes", "Rules", "Deliveries", "Steps", "Keeping"):
        tab(network, name)
        network.wait_for_timeout(300)
        overflow = network.locator("main").evaluate("node => node.scrollWidth - node.clientWidth")
        assert overflow <= 0, f"{name} is {overflow} px wider than the window"


@pytest.mark.skipif(os.environ.get("KERMA_SCREENSHOTS") != "1", reason="made only when KERMA_SCREENSHOTS=1")
@pytest.mark.parametrize("watched", [(1280, 560)], indirect=True, ids=["1280x560"])
def test_the_picture_of_the_page(network: Page, client: httpx.Client) -> None:
    for new in (
        {"ae_title": "CT1", "host": "10.1.4.20", "services": ["store", "commit", "worklist", "perform"]},
        {"ae_title": "LANE7", "host": "10.9.0.7", "services": ["store"], "dialect": "dicos-v03"},
        {"ae_title": "PACS", "host": "10.1.0.9", "port": 11112},
    ):
        client.post("/api/v1/nodes", json={"port": 104, **new}).raise_for_status()
    tab(network, "Rules")
    network.get_by_role("button", name="New rule").click()
    form = network.get_by_role("form", name="New rule")
    for label, text in (("Name", "thorax"), ("Modality", "CT, DX"), ("Description", "*thorax*")):
        form.get_by_label(label).fill(text)
    form.get_by_label("PACS").check()
    form.get_by_role("button", name="Try it").click()
    form.get_by_role("status").wait_for()
    network.screenshot(path=SCREENSHOT)
    assert SCREENSHOT.stat().st_size < 200_000
