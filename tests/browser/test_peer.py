"""Peer review in the browser: a reviewer is blind until they have concluded, and the person learns what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from kerma.app import open_kernel
from kerma.areas.people.actions import create_person
from kerma.areas.review import actions_peer
from kerma.kernel import sight
from kerma.kernel.identity import actor_of_person, service
from kerma.kernel.settings import Settings
from pages import Watched, violations
from servers import Server, demonstrated

PASSWORD = "blue giraffe 41 crossing"
REASON = "needle: nothing but slag lines"
PEOPLE = (("anna", "Anna Weber", "analyst"), ("peter", "Peter Novak", "reviewer"), ("lea", "Lea Marin", "lead"))
PLAN = {
    "industry": "ndt", "exam_class": "", "kind": "random", "person": "", "share_permille": 1000, "first_count": 0,
    "is_blinded": True, "hides_reviewer": True, "due_days": 14, "is_ended": False,
}  # fmt: skip
THEMES = ("dark", "light", "contrast")


@dataclass
class Office:
    """A server of its own, on which Anna has decided exam 1."""

    server: Server
    chromium: Browser

    @contextmanager
    def client(self, login: str) -> Iterator[httpx.Client]:
        """Yield a program's connection, signed in as a person."""
        address = self.server.address
        with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as made:
            made.post("/api/v1/session", json={"login": login, "password": PASSWORD}).raise_for_status()
            yield made

    @contextmanager
    def page(self, login: str) -> Iterator[Page]:
        """Yield a page of a person who has signed in, and demand that it stayed without an error."""
        with self.client(login) as client:
            jar = [{"name": name, "value": value, "url": self.server.address} for name, value in client.cookies.items()]
        context = self.chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=self.server.address)
        context.add_cookies(jar)
        context.set_default_timeout(60_000)
        watched = Watched(context.new_page())
        watched.page.goto("/")
        watched.page.locator("main").first.wait_for()
        yield watched.page
        context.close()
        assert watched.errors == []


@pytest.fixture
def office(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    kept = list(sight.RULES)
    with demonstrated(tmp_path_factory.mktemp("peer")) as server:
        monkeypatch.setenv("KERMA_HOME", str(server.home))
        kernel = open_kernel(Settings.load())
        test = service("test", "*")
        for login, name, role in PEOPLE:
            number = create_person(kernel, test, login=login, name=name, password=PASSWORD, roles=(role,))
        with kernel.database.read() as connection:
            lead = actor_of_person(connection, number)
        actions_peer.set_plan(kernel, lead, given=PLAN)
        kernel.database.close()
        made = Office(server, chromium)
        with made.client("anna") as client:
            given = {"decision": "accept", "reason": REASON}
            client.post("/api/v1/exams/1/decisions", json=given).raise_for_status()
        yield made
    sight.RULES[:] = kept


def calm(page: Page) -> list[str]:
    """Return what axe finds wrong in any theme."""
    found = []
    for theme in THEMES:
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        found += [f"{theme}: {one}" for one in violations(page)]
    return found


def test_from_a_blind_review_to_what_the_person_learns(office: Office) -> None:
    with office.page("peter") as page:
        read_blind(page)
        conclude_and_score(page)
    with office.page("anna") as page:
        answer_and_learn(page)
    with office.page("lea") as page:
        see_it_through(page)


def read_blind(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("e")
    cases = page.get_by_role("table", name="Cases")
    expect(cases).to_contain_text("shown when you take it")
    assert calm(page) == []
    page.get_by_role("button", name="Review case 1").press("Enter")
    page.get_by_role("link", name="Open ").click()
    expect(page.get_by_text("You review a decision on this exam (case 1)")).to_be_visible()
    expect(page.get_by_role("region", name="Findings")).to_be_visible()
    shown = page.locator("body").inner_text()
    assert REASON not in shown
    assert "Anna" not in shown


def conclude_and_score(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("e")
    cases = page.get_by_role("table", name="Cases")
    case = page.get_by_role("article")
    expect(case).to_contain_text("Blinded")
    assert REASON not in case.inner_text()
    case.get_by_role("radio", name="Reject").press("Space")
    case.get_by_label("What you see").fill("a pore of 3 mm")
    case.get_by_role("button", name="Record your conclusion").press("Enter")
    expect(case.get_by_role("region", name="Decided")).to_contain_text(REASON)
    assert "Anna" not in case.inner_text()
    assert calm(page) == []
    record = case.get_by_role("button", name="Record the review")
    case.get_by_role("radio", name="Missed a rejectable indication").press("Space")
    expect(record).to_be_disabled()
    case.get_by_label("What the person can learn").fill("the pore beside the root")
    record.press("Enter")
    expect(page.get_by_text("Case 1 is reviewed")).to_be_visible()
    page.get_by_role("button", name="Reviewed").click()
    expect(cases).to_contain_text("Anna Weber")


def answer_and_learn(page: Page) -> None:
    page.goto("/peer")
    review = page.get_by_role("article", name="Review 1")
    expect(review).to_contain_text("the pore beside the root")
    assert "Peter" not in page.locator("main").inner_text()
    assert calm(page) == []
    review.get_by_label("Your answer").fill("I see it now")
    review.get_by_role("button", name="Take note").click()
    expect(review).to_contain_text("You took note")
    item = page.get_by_role("article", name="Learning item 1")
    item.get_by_role("button", name="I have done something").click()
    page.keyboard.type("read ten pores")
    page.keyboard.press("Enter")
    expect(item).to_contain_text("read ten pores")


def see_it_through(page: Page) -> None:
    page.goto("/peer/figures")
    expect(page.get_by_role("article", name="Anna Weber")).to_contain_text("0 of 1: 0\u2009% (0 to 98)")
    assert calm(page) == []
    page.get_by_role("link", name="Learning").click()
    page.get_by_role("button", name="I have seen it").click()
    expect(page.get_by_role("article")).to_contain_text("by Lea Marin")
    page.get_by_role("link", name="Plans").click()
    page.get_by_role("button", name="Set a plan").click()
    page.get_by_label("Industry").select_option("ndt")
    page.get_by_label("Share in %").fill("100")
    page.get_by_role("button", name="What it would have taken").click()
    expect(page.get_by_text("1 of 1 decisions of the last 30 days: Anna Weber 1 of 1.")).to_be_visible()
    assert calm(page) == []
