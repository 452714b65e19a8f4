"""At which sites a person works and which languages they read: what is kept, who may set it, who is in service."""

from __future__ import annotations

from typing import Any

import pytest

from kerma.areas.people import actions, queries
from kerma.areas.people.rules_posting import Posting, checked_posting
from kerma.errors import NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "blue giraffe 41 crossing"


def person(kernel: Kernel, actor: Actor, login: str, *roles: str) -> int:
    return actions.create_person(kernel, actor, login=login, name=login.title(), password=PASSWORD, roles=roles)


def test_what_is_kept_has_no_doubles_and_small_languages() -> None:
    assert checked_posting(Posting((" Nord", "Nord"), ("FR", "fr", "gsw"))) == Posting(("Nord",), ("fr", "gsw"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Posting(("",)), "1 to 64 letters"),
        (Posting(("x" * 65,)), "1 to 64 letters"),
        (Posting(("a\nb",)), "1 to 64 letters"),
        (Posting((), ("french",)), "no language"),
        (Posting((), ("f1",)), "no language"),
        (Posting(tuple(f"site {number}" for number in range(65))), "at most 64"),
    ],
)
def test_what_cannot_be_is_refused(wrong: Posting, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        checked_posting(wrong)


def test_the_newest_posting_of_a_person_holds(kernel: Kernel, actor: Actor) -> None:
    ann, bob = person(kernel, actor, "ann"), person(kernel, actor, "bob")
    for sites in (("Nord", "Süd"), ("Nord",)):
        actions.set_posting(kernel, actor, person_id=ann, where=Posting(sites, ("fr",)))
    with kernel.database.read() as connection:
        assert queries.postings(connection) == {ann: Posting(("Nord",), ("fr",))}
        assert queries.posting_of(connection, f"person:{ann}") == Posting(("Nord",), ("fr",))
        assert queries.posting_of(connection, f"person:{bob}") == Posting()
        assert queries.posting_of(connection, "token:1") == Posting()
        listed = {one.login: one.posting for one in queries.members(connection)}
        assert listed == {"ann": Posting(("Nord",), ("fr",)), "bob": Posting()}
    with pytest.raises(NotFound):
        actions.set_posting(kernel, actor, person_id=999, where=Posting())


def test_in_service_is_who_can_sign_in_and_may(kernel: Kernel, actor: Actor) -> None:
    ann = person(kernel, actor, "ann", "analyst")
    bob = person(kernel, actor, "bob", "analyst")
    person(kernel, actor, "carl", "auditor")
    person(kernel, actor, "dora")
    actions.disable(kernel, actor, person_id=bob)
    with kernel.database.read() as connection:
        assert queries.in_service(connection, "worklist.claim") == {ann: "Ann"}


def test_a_lead_sets_it_over_http_and_an_analyst_does_not(browser: Any) -> None:
    page = browser()
    page.sign_in("lead")
    number = page.http.get("/api/v1/session").json()["id"]
    kept = page.http.put(f"/api/v1/people/{number}/posting", json={"sites": ["Nord"], "languages": ["DE"]})
    assert kept.json() == {"sites": ["Nord"], "languages": ["de"]}
    (row,) = [one for one in page.http.get("/api/v1/people").json() if str(one["id"]) == number]
    assert row["posting"] == {"sites": ["Nord"], "languages": ["de"]}
    refused = page.http.put(f"/api/v1/people/{number}/posting", json={"languages": ["deutsch"]})
    assert refused.status_code == 400 and "no language" in refused.json()["detail"]


def test_an_analyst_sets_nobodys_sites(browser: Any) -> None:
    page = browser()
    page.sign_in("analyst")
    assert page.http.put("/api/v1/people/1/posting", json={}).status_code == 403
