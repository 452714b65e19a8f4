"""Which exams a rule is about, and which earlier exams it wants."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.exchange import rules_route
from kerma.errors import WrongUsage

TODAY = date(2026, 3, 2)
FACTS = {
    "industry": {"medical"}, "modality": {"CT", "SR"}, "station": {"CT-2"}, "calling_ae": {"CT2"},
    "description": {"CT Thorax mit KM", ""}, "body_part": {"CHEST"}, "sop_class": {"1.2.840.10008.5.1.4.1.1.2"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"modality": ["CT"]}, True),
        ({"modality": ["ct", "MR"]}, True),
        ({"modality": ["MR"]}, False),
        ({"description": ["*thorax*"]}, True),
        ({"description": ["thorax"]}, False),
        ({"station": ["CT-?"]}, True),
        ({"modality": ["CT"], "industry": ["ndt"]}, False),
        ({"institution": ["*"]}, False),
    ],
)
def test_conditions(condition: dict[str, list[str]], expected: bool) -> None:
    assert rules_route.fits(condition, FACTS) is expected
    assert (rules_route.missing(condition, FACTS) == []) is expected


names = st.sampled_from(sorted(rules_route.CONDITIONS))
words = st.text(alphabet="abcCT-1 ", min_size=1, max_size=6)
conditions = st.dictionaries(names, st.lists(words.filter(str.strip), min_size=1, max_size=3), max_size=4)
facts = st.dictionaries(names, st.sets(words, max_size=3))


@given(conditions, facts, names, words)
def test_more_conditions_fit_less_and_more_patterns_fit_more(
    condition: dict[str, list[str]], found: dict[str, set[str]], name: str, word: str
) -> None:
    before = rules_route.fits(condition, found)
    narrower = {**condition, name: condition.get(name) or [word]}
    assert not (rules_route.fits(narrower, found) and not before)
    if name in condition:
        wider = {**condition, name: [*condition[name], word]}
        assert rules_route.fits(wider, found) or not before


@given(conditions)
def test_a_kept_condition_is_kept_the_same_again(condition: dict[str, list[str]]) -> None:
    kept = rules_route.condition(condition)
    assert rules_route.condition(kept) == kept


@pytest.mark.parametrize("wrong", [{"patient": ["x"]}, {"modality": []}, {"modality": [" "]}])
def test_conditions_that_make_no_sense_are_refused(wrong: dict[str, list[str]]) -> None:
    with pytest.raises(WrongUsage):
        rules_route.condition(wrong)


@pytest.mark.parametrize("wrong", [{"number": 0}, {"number": 51}, {"max_age_days": 0}, {"weight": 1}])
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongUsage):
        rules_route.limits(wrong)


def test_an_exam_never_goes_back_whence_it_came() -> None:
    assert rules_route.targets([3, 7, 3], "node:7") == [3]
    assert rules_route.targets([3, 7], "person:7") == [3, 7]


def prior(number: int, days_ago: int, modality: str = "CT", description: str = "Thorax") -> dict[str, Any]:
    written = (TODAY - timedelta(days=days_ago)).strftime("%Y%m%d")
    return {"uid": f"1.2.{number}", "date": written, "modalities": [modality], "description": description}


def test_priors_are_the_newest_that_fit_and_are_not_here() -> None:
    found = [prior(1, 700), prior(2, 10), prior(3, 30, "MR"), prior(4, 20), prior(5, 5), prior(5, 5)]
    wanted = {"number": 2, "modality": ["CT"], "max_age_days": 365}
    assert rules_route.wanted_priors(found, wanted, {"1.2.5"}, TODAY) == ["1.2.2", "1.2.4"]
    assert rules_route.wanted_priors(found, {"description": ["Knie*"]}, set(), TODAY) == []


dates_ago, kinds = st.integers(0, 3000), st.sampled_from(["CT", "MR"])
priors = st.lists(st.builds(prior, st.integers(1, 30), dates_ago, kinds), max_size=20)


@given(priors, st.integers(1, 5), st.one_of(st.none(), st.integers(1, 10**7)), st.sets(st.integers(1, 30)))
def test_priors_hold_their_limits(found: list[dict[str, Any]], number: int, age: int | None, here: set[int]) -> None:
    known = {f"1.2.{one}" for one in here}
    limits = {"number": number} | ({"max_age_days": age} if age else {})
    wanted = rules_route.wanted_priors(found, limits, known, TODAY)
    assert len(wanted) <= number
    assert len(set(wanted)) == len(wanted)
    assert not known & set(wanted)
    if age:
        oldest = (TODAY - timedelta(days=min(age, 700_000))).strftime("%Y%m%d")
        dates = {exam["uid"]: max(one["date"] for one in found if one["uid"] == exam["uid"]) for exam in found}
        assert all(dates[uid] >= oldest for uid in wanted)
