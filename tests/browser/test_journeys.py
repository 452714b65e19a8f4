"""A working day at the workstation, by keyboard alone: from signing in to the next exam, in each industry.

Nothing is clicked and no field is filled by script: keys are pressed, and what is then on the page is looked at.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pages import Watched
from servers import KERMA, Server, demonstrated, start

MAX = ("max", "Max Two", "eight dry beavers")
REPORTED_MS = 120_000
"""Laying out and signing a report is other programs' work, on a machine with other work."""


@dataclass(frozen=True)
class Journey:
    """One exam of an industry, and which keys its reader presses."""

    searched: str
    subject: str
    function: tuple[str, ...]
    """Keys of a function of the console."""
    function_name: str
    steps: set[str]
    """The enhancement steps that the function switches on."""
    length: str
    """What the length over 100 pixels of the image says."""
    finding: tuple[str, ...]
    label: str
    told_in: str
    told: str
    """What is then said of it, and in which part of the page: the clause, or what follows."""
    decision: int
    decided: str


JOURNEYS = {
    "security": Journey(
        "0413", "BAG-0413", ("e", "s"), "Super enhance", {"super_enhance"}, r"^Length [\d.]+\s(mm|px), ",
        ("d", "1"), "Firearm", "What may be done", "Firearm", 2, "suspect",
    ),
    "ndt": Journey(
        "k1063", "K1063-W4", ("e", "w"), "Weld", {"flatten", "unsharp"}, r"^Length [\d.]+\smm, ", ("d", "1"), "Crack",
        "This would propose", "fail: planar flaws, Arrêté du 24 mars 1978", 2, "reject",
    ),
    "medical": Journey(
        "9rg1", "9RG1", ("e", "c"), "Local contrast", {"clahe"}, r"^Length [\d.]+\s(mm|px), ", ("d", "1"), "Nodule",
        "This would propose", "A detector or a person has marked: nodule (1)", 2, "abnormal",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: exams are decided on it, and one test kills it."""
    with demonstrated(tmp_path_factory.mktemp("journeys")) as started:
        login, name, password = MAX
        command = [str(KERMA), "user", "add", login, "--name", name, "--role", "analyst"]
        environment = {**os.environ, "KERMA_HOME": str(started.home)}
        subprocess.run(command, input=password + "\n", text=True, check=True, env=environment, capture_output=True)
        yield started


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def signed_in(page: Page, login: str, password: str) -> None:
    """Type login and password where the page has put the cursor."""
    expect(page.get_by_label("Login")).to_be_focused()
    page.keyboard.type(login)
    press(page, "Tab")
    page.keyboard.type(password)
    press(page, "Enter")
    page.locator("tbody tr").first.wait_for()


def opened(page: Page, searched: str, subject: str) -> None:
    """Search in the worklist, and open the one that is found."""
    press(page, "/")
    page.keyboard.type(searched)
    press(page, "Escape", "Enter")
    expect(page.locator("aside h1")).to_have_text(subject)
    page.locator("canvas[data-ready]").first.wait_for()
    expect(page.get_by_role("button", name="Length", exact=True)).to_be_enabled()


def drawn(page: Page) -> Locator:
    return page.locator("[data-drawn]")


def saved(page: Page) -> None:
    expect(page.locator("[data-saving]")).to_have_attribute("data-saving", "saved")


def measured(page: Page, tens: int = 10) -> None:
    """Draw a level length to the right of the middle."""
    press(page, "t", "l", "Enter", *["Shift+ArrowRight"] * tens, "Enter")


REFUSED = re.compile(r"409 .*/report/sign\)")


def signing(page: Page, report: Locator) -> None:
    """Wait for the signature; where a draft with the newest marks is still being made, that is told: sign that one."""
    button = report.get_by_role("button", name="Sign as Demonstration Analyst")
    for _ in range(REPORTED_MS // 1000):
        if "signed by Demonstration Analyst" in report.inner_text():
            return
        if report.get_by_role("alert").count() and button.is_enabled():
            expect(report.get_by_role("alert")).to_contain_text("comes in a moment")
            press(page, "Enter")
        page.wait_for_timeout(1000)
    expect(report).to_contain_text("signed by Demonstration Analyst")


def found(page: Page, *keys: str) -> Locator:
    """Record a finding below the middle: what it is, then its place; return its row."""
    rows = page.locator("tr[data-finding]")
    before = rows.count()
    press(page, *keys, *["Shift+ArrowDown"] * 3, "Enter", *["Shift+ArrowRight"] * 4, "Shift+ArrowDown", "Enter")
    expect(rows).to_have_count(before + 1 + page.locator("tr.detail[data-finding]").count())
    return rows.last


@pytest.mark.parametrize("industry", JOURNEYS)
def test_from_signing_in_to_the_next_exam(
    watched: Watched, server: Server, industry: str, tmp_path: Path
) -> None:
    page, journey = watched.page, JOURNEYS[industry]
    signed_in(page, server.login, server.password)
    press(page, "v", str(["security", "ndt", "medical"].index(industry) + 1))
    opened(page, journey.searched, journey.subject)
    exam_pk = int(page.url.rsplit("/", 1)[1])

    functions = page.get_by_role("toolbar", name="Functions")
    expect(functions.get_by_role("button", name=journey.function_name, exact=True)).to_be_enabled()
    press(page, *journey.function)
    expect(functions.locator("[aria-pressed=true]")).to_have_text(journey.function_name)
    page.wait_for_timeout(600)  # it is looked at
    press(page, "0")

    measured(page)
    expect(drawn(page)).to_have_attribute("aria-label", re.compile(journey.length))

    row = found(page, *journey.finding)
    expect(row).to_contain_text("by Demonstration Analyst")
    expect(row).to_contain_text(journey.label)
    expect(page.get_by_role("region", name=journey.told_in)).to_contain_text(journey.told)
    press(page, "Control+Enter")
    expect(page.get_by_text(re.compile("By Demonstration Analyst, .*version 1"))).to_be_visible()

    press(page, f"Alt+{journey.decision}")
    if page.get_by_label(re.compile("^Reason .needed")).count():
        page.keyboard.type("seen on both energies")
        press(page, "Control+Enter")
    else:
        press(page, "Enter")
    report = page.get_by_role("region", name="Report")
    expect(report.get_by_role("button", name="Sign…")).to_be_enabled(timeout=REPORTED_MS)
    press(page, "Alt+s", "Enter")
    signing(page, report)
    watched.errors[:] = [error for error in watched.errors if not REFUSED.search(error)]
    press(page, ".")
    expect(page.locator("aside h1")).not_to_have_text(journey.subject)

    with server.client() as client:
        told_of(client, exam_pk, journey, tmp_path)


def told_of(client: httpx.Client, exam_pk: int, journey: Journey, folder: Path) -> None:
    """What the record says of it."""
    known = client.get(f"/api/v1/exams/{exam_pk}/analysis").json()
    (decision,) = known["decisions"]
    assert decision["decision"] == journey.decided
    assert decision["judgement_id"] == known["judgement_id"]
    told = decision["reading"]
    assert told["opened_at"] < decision["at"]
    used = {one["name"]: one["seconds"] for one in told["record"]["functions"]}
    assert {name for name, seconds in used.items() if seconds > 0} >= journey.steps, used
    images = [one for one in known["document"]["images"] if one["sha256"] in told["record"]["chains"]]
    assert images, "the record does not say how the image was shown"
    mine = [one for image in known["document"]["images"] for one in image["findings"] if one["by"]["kind"] == "person"]
    assert len(mine) == 1
    people = client.get(f"/api/v1/exams/{exam_pk}/marks").json()["people"]
    assert [mark["shape"] for one in people for mark in one["marks"]] == ["length"]
    assert client.get(f"/api/v1/exams/{exam_pk}/report").json()["state"] == "signed"
    file = folder / "signed.pdf"
    file.write_bytes(client.get(f"/api/v1/exams/{exam_pk}/report.pdf").content)
    checked = subprocess.run([str(KERMA), "verify", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


NETWORK = re.compile("ERR_|Failed to load resource|network|EventSource", re.IGNORECASE)


def killed_and_back(server: Server) -> None:
    """Let the server die as by a power cut, and come back at its address."""
    server.process.kill()
    server.process.wait(timeout=60)
    server.process = start(server.home, "--demo", "--port", server.address.rsplit(":", 1)[1]).process


def _kept_once(server: Server, exam_pk: int) -> None:
    """One decision, three marks and one finding of the person: nothing is missing, nothing is there twice."""
    with server.client() as client:
        known = client.get(f"/api/v1/exams/{exam_pk}/analysis").json()
        assert [one["reason"] for one in known["decisions"]] == ["held to the light"]
        people = client.get(f"/api/v1/exams/{exam_pk}/marks").json()["people"]
        assert [len(one["marks"]) for one in people] == [3]
        mine = [
            one for image in known["document"]["images"] for one in image["findings"] if one["by"]["kind"] == "person"
        ]
        assert len(mine) == 1


def test_nothing_is_lost_or_done_twice_when_page_server_and_network_fail(watched: Watched, server: Server) -> None:
    page = watched.page
    signed_in(page, server.login, server.password)
    opened(page, "k1049", "K1049-W8")
    exam_pk = int(page.url.rsplit("/", 1)[1])
    saving = page.locator("[data-saving]")
    is_accepted = page.locator(".proposal").get_by_text("Accept", exact=True).count() == 1
    press(page, "Alt+2" if is_accepted else "Alt+1")
    reason = page.get_by_label(re.compile("^Reason"))
    expect(reason).to_be_focused()
    page.keyboard.type("held to the light")
    page.reload()
    expect(reason).to_have_value("held to the light")
    expect(page.get_by_role("button", name="Length", exact=True)).to_be_enabled()

    measured(page, 10)
    saved(page)
    server.process.kill()
    server.process.wait(timeout=60)
    measured(page, 20)
    expect(saving).to_have_attribute("data-saving", "away")
    killed_and_back(server)
    saved(page)

    row = found(page, "d", "1")
    expect(row).to_contain_text("by Demonstration Analyst")
    saved(page)
    page.context.set_offline(True)
    measured(page, 30)
    expect(saving).to_have_attribute("data-saving", "away")
    page.context.set_offline(False)
    saved(page)
    killed_and_back(server)
    page.reload()
    expect(drawn(page)).to_have_count(3)
    expect(page.locator("tr[data-finding]").last).to_contain_text("by Demonstration Analyst")
    expect(page.get_by_role("region", name="This would propose")).to_contain_text("Rules:")

    press(page, "Control+Enter")
    expect(page.get_by_text(re.compile("By Demonstration Analyst, .*version 1"))).to_be_visible()
    expect(reason).to_have_value("held to the light")
    reason.focus()
    press(page, "Control+Enter", "Control+Enter")
    expect(page.get_by_role("button", name="Decide again")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Decide again")).to_be_visible()
    expect(page.get_by_role("region", name="Decision")).to_contain_text("held to the light")
    left = "Object.keys(localStorage).filter(key => key.includes('.decision.'))"
    for _ in range(300):
        if not page.evaluate(left):
            break
        page.wait_for_timeout(100)
    assert page.evaluate(left) == []
    _kept_once(server, exam_pk)
    watched.errors[:] = [error for error in watched.errors if not NETWORK.search(error)]


def test_two_people_on_one_exam(watched: Watched, chromium: Browser, server: Server) -> None:
    page = watched.page
    signed_in(page, server.login, server.password)
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    other = context.new_page()
    other.goto(server.address)
    signed_in(other, MAX[0], MAX[2])
    for one in (page, other):
        press(one, "/")
        one.keyboard.type("c210")
        press(one, "Escape")
        expect(one.locator("tbody tr")).to_have_count(1)
    press(page, "j", "c")
    expect(page.locator("tbody tr")).to_contain_text("Yours")
    expect(other.locator("tbody tr")).to_contain_text("Held by Demonstration Analyst")  # without a reload
    press(other, "j", "c")
    expect(other.get_by_role("alert").filter(has_text="claimed by someone else")).to_be_visible()
    press(other, "Enter")
    decision = other.get_by_role("region", name="Decision")
    expect(decision).to_contain_text("held by Demonstration Analyst")
    expect(decision.get_by_role("button", name="Accept")).to_be_disabled()
    press(page, "c")
    expect(decision.get_by_role("button", name="Accept")).to_be_enabled()

    press(page, "Enter")
    for one in (page, other):
        one.locator("canvas[data-ready]").first.wait_for()
        expect(one.get_by_role("button", name="Length", exact=True)).to_be_enabled()
        found(one, "d", "1")
    expect(other.get_by_role("region", name="This would propose")).to_contain_text("Rules:")
    press(page, "Control+Enter")
    expect(page.get_by_text(re.compile("By Demonstration Analyst, .*version 1"))).to_be_visible()
    conflict = other.get_by_role("alert").filter(has_text="Somebody has judged this exam since you began")
    press(other, "Control+Enter")
    expect(conflict).to_be_visible()
    conflict.get_by_role("button", name="Go on from that judgement").press("Enter")
    expect(conflict).to_have_count(0)
    expect(other.get_by_role("region", name="This would propose")).to_contain_text("Rules:")
    expect(other.get_by_role("button", name="Record the judgement")).to_be_enabled()
    press(other, "Control+Enter")
    expect(page.get_by_text(re.compile("By Max Two, .*version 2"))).to_be_visible()  # told to the other
    context.close()
