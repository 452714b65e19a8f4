"""A projected threat in the browser: the answer is told, and no decision falls on pixels that stand there no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

import tips
from pages import Watched, violations
from servers import Server, end, settle, start

PASSWORD = "nine wet otters"
PEOPLE = {
    "ann": ("Ann Example", "analyst"), "bob": ("Bob Example", "analyst"), "lea": ("Lea Example", "lead"),
    "adm": ("Adam Example", "administrator"),
}  # fmt: skip


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which every bag of a scanner holds a projected knife; one bag is ready to be read."""
    from kerma.doors.workstation import FOLDER

    if not (FOLDER / "index.html").is_file():
        pytest.skip("the workstation has not been built: run `make ui`")
    home = tmp_path_factory.mktemp("projected")
    settle(home, PASSWORD, PEOPLE)
    started = start(home)
    started.login, started.password = "adm", PASSWORD
    try:
        with started.client() as client:
            client.post("/api/v1/tip/threats", json={"name": "kitchen-knife", "count": 1}).raise_for_status()
            client.post("/api/v1/tip/plans", json={"share_permille": 1000}).raise_for_status()
            files = [
                part
                for name, data, sidecar in tips.bag()
                for part in (("files", (name, data)), ("files", (f"{name}.json", sidecar)))
            ]
            client.post("/api/v1/uploads", files=files, data={"industry": "security"}).raise_for_status()
        started.at_rest()
        yield started
    finally:
        end(started)


@dataclass
class Reader:
    """A page at the exam, and the names of the pixels it has asked for since somebody last looked."""

    watched: Watched
    tags: set[str] = field(default_factory=set)

    @property
    def page(self) -> Page:
        return self.watched.page

    def note(self, asked: Request) -> None:
        found = re.search(r"/images/\d+/tiles/([^/]+)/", asked.url)
        self.tags |= {found[1]} if found else set()

    def close(self) -> None:
        """Nothing went wrong but what the test made fail, and priors, which wait for the decision."""
        allowed = ("net::ERR_FAILED", "/others)")
        assert [error for error in self.watched.errors if not any(part in error for part in allowed)] == []
        self.page.context.close()


def opened(chromium: Browser, server: Server, login: str) -> Reader:
    server.login = login
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=server.address)
    context.add_cookies(server.cookies())
    context.set_default_timeout(60_000)
    reader = Reader(Watched(context.new_page()))
    reader.page.on("request", reader.note)
    reader.page.goto("/exams/1")
    reader.page.wait_for_function("() => window.__kerma?.viewports[0]?.isReady")
    return reader


def tags_of(server: Server) -> set[str]:
    """The names of the pixels that the reader who opened the exam last is given."""
    with server.client() as client:
        return {one["tag"] for one in client.get("/api/v1/exams/1").json()["images"]}


def until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come about within half a minute")


def decide(page: Page, label: str) -> None:
    page.get_by_role("group", name="Decision").get_by_role("button", name=label, exact=False).first.click()
    reason = page.get_by_label("Reason", exact=False)
    if reason.count():
        reason.first.fill("seen on the image")
    page.get_by_role("button", name=f"Decide: {label}").click()


def decisions(server: Server) -> list[dict]:
    server.login = "lea"
    with server.client() as client:
        return client.get("/api/v1/exams/1/analysis").json()["decisions"]


def test_an_answer_that_got_lost_is_told_and_no_decision_falls_on_pixels_that_are_gone(
    chromium: Browser, server: Server
) -> None:
    """The reader's answer is kept, its reply lost; another has the bag open too. Both get the bag as it came."""
    ann, bob = opened(chromium, server, "ann"), opened(chromium, server, "bob")
    before = tags_of(server)
    assert before >= ann.tags
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.headers.get("idempotency-key", ""))
        route.fetch()
        route.abort()

    ann.page.route("**/decisions", lose)
    decide(ann.page, "Clear")
    for reader in (ann, bob):
        until(reader.page, lambda reader=reader: bool(reader.tags - before))
    expect(ann.page.get_by_text("Threat projection.")).to_be_visible()
    assert len(lost) == 1
    assert len(lost[0]) == 32
    assert decisions(server) == []
    ann.page.unroute("**/decisions")
    assert ann.page.get_by_role("button", name="Decide: Clear").count() == 0, "picked on other pixels"
    decide(ann.page, "Clear")
    expect(ann.page.get_by_role("button", name="Next exam")).to_be_visible()
    assert [one["decision"] for one in decisions(server)] == ["clear"]
    assert violations(ann.page) == []
    for reader in (ann, bob):
        reader.close()


def test_a_decision_whose_reply_got_lost_is_asked_for_again_and_made_once(chromium: Browser, server: Server) -> None:
    """Twice the server decides and twice nothing comes back; the third time the page is told what stands."""
    lea = opened(chromium, server, "lea")
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key", ""))
        route.fetch()
        if len(keys) < 3:
            route.abort()
        else:
            route.continue_()

    lea.page.route("**/decisions", lose)
    lea.page.route("**/analysis", lambda route: route.abort())  # the page does not learn of it otherwise
    decide(lea.page, "Clear")
    again = lea.page.get_by_role("button", name="Decide: Clear")
    for asked in (1, 2):
        expect(again).to_be_enabled()  # it is not while an answer is waited for
        until(lea.page, lambda asked=asked: len(keys) == asked)
        expect(lea.page.get_by_role("alert").first).to_be_visible()
        again.click()
    until(lea.page, lambda: len(keys) == 3)
    lea.page.unroute("**/analysis")
    assert len(set(keys)) == 1
    assert [one["decision"] for one in decisions(server)] == ["clear"]
    lea.close()
