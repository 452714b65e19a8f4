"""Which decisions are looked at again: laws of the draw, each kind of plan, forms that fit their industry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.review import rules_peer as rules
from kerma.areas.review.rules_peer import Decided, Plan
from kerma.errors import Conflict, WrongUsage
from kerma.industries import INDUSTRIES
from kerma.science.observer import proportion
from kerma.standards import table

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAN = Plan(1, "ndt", "", rules.RANDOM, "", 1000, 0, "ab12", False, False, 14)
DECIDED = Decided(1, "ndt", ("DX",), "person:7", "reject", "reject", "", 1)
KEYS = st.sampled_from([f"person:{number}" for number in range(6)])


@pytest.mark.parametrize(
    ("plan", "decided", "is_taken"),
    [
        ({}, {}, True),
        ({"industry": "medical"}, {}, False),
        ({"kind": "person", "person": "person:7"}, {}, True),
        ({"kind": "person", "person": "person:8"}, {}, False),
        ({"kind": "risk"}, {"decision": "accept"}, True),
        ({"kind": "risk"}, {"decision": "reject"}, False),
        ({"kind": "risk"}, {"decision": "accept", "proposed": "none", "proposed_judged": "reject"}, True),
        ({"kind": "risk"}, {"decision": "accept", "proposed": "accept"}, False),
        ({"kind": "disagreement"}, {"decision": "accept"}, True),
        ({"kind": "disagreement"}, {"decision": "reject"}, False),
        ({"kind": "disagreement"}, {"decision": "accept", "proposed": "none"}, False),
        ({"kind": "disagreement"}, {"decision": "accept", "proposed": ""}, False),
        ({"kind": "new-person", "first_count": 3}, {"number": 3}, True),
        ({"kind": "new-person", "first_count": 3}, {"number": 4}, False),
        ({"exam_class": "DX"}, {}, True),
        ({"exam_class": "CT"}, {}, False),
    ],
)
def test_what_each_kind_of_plan_takes(plan: dict[str, Any], decided: dict[str, Any], is_taken: bool) -> None:
    found = rules.taken([replace(PLAN, **plan)], replace(DECIDED, **decided), AT)
    assert (found is not None) == is_taken


def test_a_class_of_its_own_takes_the_place_of_the_rest_of_its_kind() -> None:
    few, all_ = replace(PLAN, exam_class="DX", share_permille=1), replace(PLAN, id=2)
    risky = replace(PLAN, id=3, kind=rules.RISK)
    assert rules.fitting([few, all_, risky], DECIDED) == [few, risky]
    assert rules.fitting([few, all_, risky], replace(DECIDED, modalities=("CT",))) == [all_, risky]


def test_a_decision_that_two_plans_take_is_one_case_as_the_stricter_says() -> None:
    blinded = replace(PLAN, id=2, kind=rules.RISK, is_blinded=True, due_days=30)
    hidden = replace(PLAN, id=3, hides_reviewer=True, due_days=2)
    found = rules.taken([PLAN, blinded, hidden], replace(DECIDED, decision="accept"), AT)
    assert found is not None
    assert [plan.kind for plan in found.plans] == ["random", "risk", "random"]
    assert (found.is_blinded, found.hides_reviewer, found.due_at) == (True, True, AT + timedelta(days=2))


@given(st.integers(1, 1000), st.text("0123456789abcdef", min_size=16, max_size=16), st.integers(0, 10**9))
def test_the_share_that_is_drawn_is_the_share_that_was_asked_for(permille: int, seed: str, first: int) -> None:
    plan, count = replace(PLAN, seed=seed, share_permille=permille), 2000
    drawn = sum(rules.is_drawn(plan, replace(DECIDED, decision_id=first + number)) for number in range(count))
    low, high = proportion.interval(drawn, count, 1 - 1e-9)
    assert low <= permille / 1000 <= high


def test_the_draw_can_be_repeated_and_another_seed_draws_others() -> None:
    one, other = replace(PLAN, share_permille=100, seed="a1"), replace(PLAN, share_permille=100, seed="a2")

    def drawn(plan: Plan) -> list[int]:
        return [number for number in range(1, 1000) if rules.is_drawn(plan, replace(DECIDED, decision_id=number))]

    assert drawn(one) == drawn(one)
    assert drawn(one) != drawn(other)
    more = replace(one, share_permille=300)
    assert set(drawn(one)) <= set(drawn(more))


@given(KEYS, KEYS, st.sets(KEYS), st.sets(KEYS))
def test_nobody_reviews_their_own_work(reviewer: str, author: str, readers: set[str], back: set[str]) -> None:
    if reviewer in {author, *readers, *back}:
        with pytest.raises(Conflict):
            rules.demand_free_of_conflict(reviewer, author, readers, back)
    else:
        rules.demand_free_of_conflict(reviewer, author, readers, back)


GOOD = {
    "industry": "ndt", "exam_class": "dx ", "kind": "random", "person": "", "share_permille": 50, "first_count": 0,
    "due_days": 7,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "whim"}, "kind is 'whim'"),
        ({"share_permille": 0}, "share of 0"),
        ({"share_permille": 1001}, "share of 1001"),
        ({"due_days": 0}, "days for a review"),
        ({"kind": "person"}, "names whose decisions"),
        ({"person": "person:7"}, "names whose decisions"),
        ({"kind": "new-person"}, "how many first decisions"),
        ({"first_count": 5}, "only a plan for new people"),
        ({"exam_class": "D-X"}, "no modality"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(change: dict[str, Any], words: str) -> None:
    assert rules.checked_plan(GOOD)["exam_class"] == "DX"
    with pytest.raises(WrongUsage, match=words):
        rules.checked_plan(GOOD | change)


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_every_industry_has_a_form_and_risks_that_its_decisions_know(industry: str) -> None:
    form = rules.form(industry)
    assert [score.agrees for score in form] == [True] + [False] * (len(form) - 1)
    assert len({score.code for score in form}) == len(form)
    assert all(score.opens_learning for score in form if score.is_significant)
    assert any(score.is_significant for score in form)
    rows = [row for row in table(rules.RISKS) if row["industry"] == industry]
    assert rows
    assert {row[name] for row in rows for name in ("proposed", "decision")} <= set(INDUSTRIES[industry].decisions)
    assert all(row["proposed"] != row["decision"] for row in rows)


@pytest.mark.parametrize(
    ("code", "words", "differs", "refused"),
    [
        ("agreed", "", False, ""),
        ("agreed", "", True, "you concluded otherwise"),
        ("agreed", "the same in the end", True, ""),
        ("missed-rejectable", " ", False, "what was missed or wrong"),
        ("missed-rejectable", "a crack at 3 o'clock", True, ""),
        ("2b", "words", False, "no score of this form"),
        ("agreed", "x" * 4001, False, "4001 letters"),
    ],
)
def test_a_score_is_of_the_form_and_a_disagreement_has_words(
    code: str, words: str, differs: bool, refused: str
) -> None:
    call: Callable[[], rules.Score] = lambda: rules.checked_score("ndt", code, words, differs=differs)  # noqa: E731
    if refused:
        with pytest.raises(WrongUsage, match=refused):
            call()
    else:
        assert call().code == code


def test_a_dry_run_counts_a_case_once_and_each_of_its_kinds() -> None:
    both = rules.taken([PLAN, replace(PLAN, id=2, kind=rules.RISK)], replace(DECIDED, decision="accept"), AT)
    counts = rules.counted([(DECIDED, both), (DECIDED, None), (replace(DECIDED, person="person:8"), None)])
    assert (counts["decisions"], counts["cases"]) == (3, 1)
    assert (counts["kinds"]["random"], counts["kinds"]["risk"], counts["kinds"]["person"]) == (1, 1, 0)
    assert counts["people"] == {"person:7": (2, 1), "person:8": (1, 0)}
