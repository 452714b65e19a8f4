"""Laws of keeping: nothing goes without a rule, the longest rule wins, a hold beats every rule, unknown means keep."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.archive import rules_keeping as keeping
from kerma.areas.archive.rules_keeping import ExamFacts, RetentionRule, TierRule

ARRIVED = date(2020, 2, 29)
DAYS = st.integers(0, 40_000)
RULES = st.lists(
    st.builds(
        RetentionRule,
        id=st.integers(1, 99),
        industry=st.sampled_from(("medical", "ndt")),
        subject_class=st.sampled_from(("", "adult", "child", "casting")),
        kept_days=DAYS,
        counted_from=st.sampled_from(("arrival", "exam", "birth")),
        source=st.just("a law"),
    ),
    max_size=6,
)
FACTS = st.builds(
    ExamFacts,
    industry=st.sampled_from(("medical", "ndt", "security")),
    exam_date=st.sampled_from(("", "2020-02-28", "1999-13-01", "2031-01-01")),
    birth_date=st.sampled_from(("", "1980-05-05", "2010-05-05", "?")),
    last_arrival=st.just(ARRIVED),
    subject_class=st.sampled_from(("", "casting")),
)


def rule(number: int = 1, days: int = 10, counted_from: str = "exam", of_class: str = "") -> RetentionRule:
    return RetentionRule(number, "medical", of_class, days, counted_from, f"law {number}")


def exam(exam_date: str = "2020-02-28", birth_date: str = "1980-05-05", of_class: str = "") -> ExamFacts:
    return ExamFacts("medical", exam_date, birth_date, ARRIVED, of_class)


@given(facts=FACTS, day=DAYS)
def test_without_a_rule_nothing_may_ever_be_deleted(facts: ExamFacts, day: int) -> None:
    assert not keeping.fate(facts, ARRIVED + timedelta(days=day), ()).is_due


@given(facts=FACTS, rules=RULES, more=RULES, day=DAYS)
def test_another_rule_never_makes_an_exam_go_earlier(
    facts: ExamFacts, rules: list[RetentionRule], more: list[RetentionRule], day: int
) -> None:
    today = ARRIVED + timedelta(days=day)
    alone, both = keeping.fate(facts, today, rules), keeping.fate(facts, today, [*rules, *more])
    if alone.rule is not None and not alone.is_due:
        assert not both.is_due


@given(facts=FACTS, rules=RULES, day=DAYS)
def test_a_hold_beats_every_rule(facts: ExamFacts, rules: list[RetentionRule], day: int) -> None:
    fate = keeping.fate(facts, ARRIVED + timedelta(days=day), rules, ["the court wants it (hold 1)"])
    assert not fate.is_due
    assert "court" in fate.reason


@given(facts=FACTS, rules=RULES, day=DAYS)
def test_what_is_due_stays_due_and_every_fitting_rule_has_ended(
    facts: ExamFacts, rules: list[RetentionRule], day: int
) -> None:
    today = ARRIVED + timedelta(days=day)
    fate = keeping.fate(facts, today, rules)
    if fate.is_due:
        assert keeping.fate(facts, today + timedelta(days=1), rules).is_due
        own = keeping.classes(facts)
        fitting = [one for one in rules if one.industry == facts.industry and one.subject_class in ("", *own)]
        assert all(keeping.ends_on(one, facts) <= today for one in fitting)


@pytest.mark.parametrize(
    ("exam_date", "birth_date", "expected"),
    [
        ("2020-05-04", "2002-05-05", {"child"}),
        ("2020-05-05", "2002-05-05", {"adult"}),
        ("2019-02-28", "2000-02-29", {"adult"}),
        ("2018-02-28", "2000-02-29", {"child"}),
        ("", "2002-05-05", {"adult", "child"}),
        ("2020-05-05", "", {"adult", "child"}),
        ("2000-05-05", "2002-05-05", {"adult", "child"}),
    ],
)
def test_the_class_by_age_at_the_exam(exam_date: str, birth_date: str, expected: set[str]) -> None:
    assert keeping.classes(exam(exam_date, birth_date)) == expected


@pytest.mark.parametrize(
    ("rules", "facts", "ends"),
    [
        ((rule(days=10), rule(2, 30)), exam(), ARRIVED + timedelta(days=30)),
        ((rule(days=10), rule(2, 30, of_class="child")), exam(), ARRIVED + timedelta(days=10)),
        ((rule(days=10), rule(2, 30, of_class="child")), exam(birth_date=""), ARRIVED + timedelta(days=30)),
        ((rule(days=10), rule(2, 400, of_class="casting")), exam(of_class="casting"), ARRIVED + timedelta(days=400)),
        ((rule(days=9131, counted_from="birth"),), exam(birth_date="2010-05-05"), date(2035, 5, 5)),
        ((rule(days=9131, counted_from="birth"),), exam(birth_date="1980-05-05"), ARRIVED),
        ((rule(days=1),), exam(exam_date="2031-01-01"), date(2031, 1, 2)),
    ],
)
def test_the_day_from_which_an_exam_may_go(rules: tuple[RetentionRule, ...], facts: ExamFacts, ends: date) -> None:
    assert not keeping.fate(facts, ends - timedelta(days=1), rules).is_due
    fate = keeping.fate(facts, ends, rules)
    assert fate.is_due
    assert fate.from_day == ends


def test_what_counts_from_an_unknown_date_is_kept_for_ever() -> None:
    fate = keeping.fate(exam(birth_date=""), date.max, (rule(days=1), rule(2, 1, "birth")))
    assert not fate.is_due
    assert "not known" in fate.reason


@given(
    day=DAYS,
    rules=st.lists(
        st.builds(
            TierRule,
            id=st.integers(1, 9),
            industry=st.just("ndt"),
            after_days=DAYS,
            tier=st.sampled_from(("cold", "deep")),
        )
    ),
)
def test_a_tier_is_that_of_the_highest_age_reached(day: int, rules: list[TierRule]) -> None:
    chosen = keeping.tier_of("ndt", ARRIVED, ARRIVED + timedelta(days=day), rules)
    reached = [one.after_days for one in rules if one.after_days <= day]
    assert (None if chosen is None else chosen.after_days) == max(reached, default=None)
    assert keeping.tier_of("security", ARRIVED, ARRIVED + timedelta(days=day), rules) is None


@given(rows=st.integers(0, 10**9), days=st.integers(1, 400))
def test_the_shares_of_all_days_cover_everything(rows: int, days: int) -> None:
    assert keeping.share_of(rows, days) * days >= rows


def test_a_dry_run_is_relied_on_for_a_day() -> None:
    assert keeping.is_recent(timedelta(hours=24))
    assert not keeping.is_recent(timedelta(hours=24, seconds=1))
    assert not keeping.is_recent(timedelta(seconds=-1))
