"""Peer review over HTTP: plans and their dry run, a case from claim to score, feedback, figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import readings
from kerma.areas.review import rules_peer_figures
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from readings import Room

PEOPLE = (("author", "Author One", "analyst"), ("peer", "Peer Two", "reviewer"), ("lead", "Lead Three", "lead"))
AT = "/api/v1/peer"


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def ask(room: Room, name: str, path: str, **asked: Any) -> Any:
    answer = room.client(name).get(f"{AT}{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(room: Room, name: str, path: str, body: Any = None, status: int = 201) -> Any:
    answer = room.client(name).post(f"{AT}{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def review(room: Room, case_id: int, conclusion: str, score: str, words: str = "") -> None:
    send(room, "peer", f"/cases/{case_id}/claim", status=200)
    send(room, "peer", f"/cases/{case_id}/conclusion", {"conclusion": conclusion})
    send(room, "peer", f"/cases/{case_id}/score", {"score": score, "words": words})


def test_each_industry_has_its_form_and_what_is_unverified_says_so(room: Room) -> None:
    forms = {one["industry"]: one for one in ask(room, "author", "/forms")}
    assert [score["code"] for score in forms["medical"]["scores"]] == ["1", "2a", "2b", "3a", "3b"]
    assert (forms["medical"]["status"], forms["ndt"]["status"]) == ("unverified", "own")
    assert next(one for one in forms["ndt"]["scores"] if one["code"] == "missed-rejectable")["opens_learning"]


def test_a_dry_run_tells_what_plans_would_take_and_takes_nothing(room: Room) -> None:
    room.decide("author", "accept", "a scratch only")
    room.decide("lead", "reject")
    tried = {"industry": "ndt", "kind": "risk"}
    found = send(room, "lead", "/plans/dry-run", {"industry": "ndt", "plan": tried}, 200)
    assert (found["decisions"], found["cases"], found["kinds"]["risk"]) == (2, 1, 1)
    assert found["people"][0] == {"person_name": "Author One", "decisions": 1, "cases": 1}
    assert ask(room, "lead", "/plans") == []
    assert send(room, "lead", "/plans/dry-run", {"industry": "ndt"}, 200)["cases"] == 0
    plans = send(room, "lead", "/plans", tried | {"share_permille": 500})
    assert (plans[0]["share_permille"], plans[0]["set_by_name"], len(plans[0]["seed"])) == (500, "Lead Three", 16)
    assert send(room, "lead", "/plans/dry-run", {"industry": "ndt", "days": 1}, 200)["decisions"] == 2
    send(room, "lead", "/plans", tried | {"is_ended": True})
    assert ask(room, "lead", "/plans") == []


def test_from_the_plan_to_the_figures(room: Room) -> None:
    send(room, "lead", "/plans", {"industry": "ndt", "kind": "random", "hides_reviewer": True})
    send(room, "lead", "/plans", {"industry": "ndt", "kind": "disagreement"})
    room.decide("author", "accept", "a scratch only")
    (case,) = ask(room, "peer", "/cases")
    assert (case["modality"], case["is_late"], case["is_blinded"]) == ("DX", False, True)
    claimed = send(room, "peer", f"/cases/{case['id']}/claim", status=200)
    assert (claimed["exam_pk"], claimed["original"], claimed["reasons"]) == (room.exam_pk, None, [])
    assert [one["id"] for one in ask(room, "peer", "/cases", view="mine")] == [case["id"]]
    (seen,) = ask(room, "lead", "/cases", view="all")
    assert (seen["reviewer_name"], seen["exam_pk"], seen["original"]) == ("Peer Two", None, None)
    opened = send(room, "peer", f"/cases/{case['id']}/conclusion", {"conclusion": "reject", "words": "a pore"})
    assert (opened["original"]["decision"], sorted(opened["reasons"])) == ("accept", ["disagreement", "random"])
    send(room, "peer", f"/cases/{case['id']}/score", {"score": "missed-rejectable", "words": "a pore of 3 mm"})
    (told,) = ask(room, "author", "/feedback")
    assert (told["score"], told["words"], told["reviewer_name"]) == ("missed-rejectable", "a pore of 3 mm", "")
    send(room, "author", f"/feedback/{told['review_id']}/answer", {"words": "I see it"}, 204)
    assert ask(room, "author", "/feedback")[0]["answer"] == "I see it"
    (item,) = ask(room, "author", "/learning")
    send(room, "author", f"/learning/{item['id']}/done", {"words": "read ten pores"}, 204)
    send(room, "lead", f"/learning/{item['id']}/seen", status=204)
    (item,) = ask(room, "lead", "/learning", whose="all")
    assert (item["person_name"], item["seen_by_name"], item["is_mine"]) == ("Author One", "Lead Three", False)
    report = ask(room, "lead", "/figures", industry="ndt")
    (person,) = report["people"]
    assert (report["fewest"], person["reviewed"], person["is_too_few"]) == (rules_peer_figures.FEWEST_REVIEWS, 1, True)
    assert (person["agreement"]["count"], person["significant"]["count"], person["sampled"]["value"]) == (0, 1, 1.0)
    assert ask(room, "author", "/figures/mine", industry="ndt")["people"][0]["person_name"] == "Author One"
    assert ask(room, "lead", "/figures", industry="ndt", kind="risk")["people"][0]["reviewed"] == 0
    assert ask(room, "lead", "/figures", industry="ndt", date_to="2020-01-01")["people"] == []


def test_figures_of_enough_reviews_show_kappa_beside_gwet(room: Room) -> None:
    send(room, "lead", "/plans", {"industry": "ndt", "kind": "random"})
    count = rules_peer_figures.FEWEST_REVIEWS
    for number in range(count):
        room.decide("author", ("accept", "reject")[number % 2], "seen")
    cases = ask(room, "peer", "/cases")
    assert len(cases) == count
    for number, case in enumerate(cases):
        accepted = number % 2 == 0
        missed = accepted and number % 10 == 0
        conclusion = "accept" if accepted and not missed else "reject"
        review(room, case["id"], conclusion, *(("missed-rejectable", "a crack") if missed else ("agreed",)))
    (person,) = ask(room, "lead", "/figures", industry="ndt")["people"]
    assert not person["is_too_few"]
    kappa, gwet = person["coefficients"]
    assert (kappa["name"], gwet["name"]) == ("cohen-kappa", "gwet-ac")
    assert kappa["value"] == pytest.approx(0.8)
    assert kappa["interval"][0] < kappa["value"] < kappa["interval"][1]
    assert person["agreement"]["value"] == pytest.approx(0.9)
    assert person["months"][0]["agreement"]["of"] == count


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("author", "/cases"), ("author", "/plans"), ("author", "/figures?industry=ndt"), ("peer", "/plans"),
        ("author", "/learning?whose=all"), ("peer", "/cases?view=all"), ("peer", "/learning?whose=all"),
    ],
)  # fmt: skip
def test_what_a_role_may_not_see(room: Room, name: str, path: str) -> None:
    assert room.client(name).get(f"{AT}{path}").status_code == 403


def test_nobody_is_shown_that_their_own_decision_is_under_review(room: Room) -> None:
    send(room, "lead", "/plans", {"industry": "ndt", "kind": "random", "is_blinded": False})
    room.decide("lead", "reject")
    assert ask(room, "lead", "/cases") == ask(room, "lead", "/cases", view="all") == []
    (case,) = ask(room, "peer", "/cases")
    assert (case["exam_pk"], case["original"]["by_name"]) == (room.exam_pk, "Lead Three")
    assert room.client("lead").get(f"{AT}/cases/{case['id']}").status_code == 404
    send(room, "lead", f"/cases/{case['id']}/claim", status=409)
    assert ask(room, "peer", "/cases", view="done") == []
    review(room, case["id"], "reject", "agreed")
    assert [one["score"] for one in ask(room, "peer", "/cases", view="done")] == ["agreed"]


def test_what_does_not_fit_is_refused(room: Room) -> None:
    send(room, "lead", "/plans", {"industry": "food", "kind": "random"}, 400)
    send(room, "lead", "/plans", {"industry": "ndt", "kind": "person"}, 400)
    send(room, "lead", "/plans", {"industry": "ndt", "kind": "whim"}, 422)
    send(room, "lead", "/plans/dry-run", {"industry": "food"}, 404)
    send(room, "peer", "/cases/99/claim", status=404)
    assert room.client("lead").get(f"{AT}/figures?industry=food").status_code == 404
