"""Figures of peer review: shares with exact intervals, no kappa alone, nothing told of too few."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from kerma.areas.review import rules_peer_figures as rules
from kerma.areas.review.rules_peer_figures import FEWEST_REVIEWS, Reviewed
from kerma.science.observer.agreement import cohen, gwet

DECISIONS = ("accept", "reject", "reshoot")


def reviewed(count: int, *, agrees: bool = True, blinded: bool = True, decision: str = "accept") -> list[Reviewed]:
    other = decision if agrees else "reject"
    code = "agreed" if agrees else "missed-rejectable"
    return [
        Reviewed("person:7", f"2026-{1 + number % 3:02d}-05", decision, other, blinded, code, agrees, not agrees)
        for number in range(count)
    ]


def of(rows: list[Reviewed], decisions: int = 400) -> dict:
    (found,) = rules.figures(rows, {"person:7": decisions}, {"person:7": len(rows)}, DECISIONS)
    return found


def test_shares_carry_the_exact_interval() -> None:
    found = of([*reviewed(36), *reviewed(4, agrees=False)])
    exact = binomtest(36, 40).proportion_ci(method="exact")
    assert found["agreement"]["value"] == pytest.approx(0.9)
    assert found["agreement"]["interval"] == pytest.approx([exact.low, exact.high])
    assert found["significant"]["count"] == 4
    assert found["sampled"]["value"] == pytest.approx(0.1)
    assert found["scores"] == {"agreed": 36, "missed-rejectable": 4}
    assert not found["is_too_few"]


def test_kappa_never_stands_alone_and_both_are_those_of_the_science() -> None:
    rows = [*reviewed(20), *reviewed(6, agrees=False), *reviewed(14, decision="reject")]
    names = [one["name"] for one in of(rows)["coefficients"]]
    assert names == ["cohen-kappa", "gwet-ac"]
    pairs = [(one.decision, one.conclusion) for one in rows]
    first, second = zip(*pairs, strict=True)
    assert of(rows)["coefficients"] == [cohen(first, second, DECISIONS).as_json(), gwet(pairs, DECISIONS).as_json()]


def test_of_too_few_nothing_is_told_but_the_counts() -> None:
    few = of(reviewed(FEWEST_REVIEWS - 1))
    assert few["is_too_few"]
    assert few["coefficients"] == []
    assert of(reviewed(FEWEST_REVIEWS))["coefficients"] != []


def test_only_conclusions_made_blind_tell_of_agreement_beyond_chance() -> None:
    found = of([*reviewed(FEWEST_REVIEWS, blinded=False), *reviewed(5, agrees=False)])
    assert (found["reviewed"], found["blinded"], found["coefficients"]) == (FEWEST_REVIEWS + 5, 5, [])


def test_a_decision_that_the_industry_no_longer_has_is_counted_too() -> None:
    rows = reviewed(FEWEST_REVIEWS, decision="repair")
    assert rules.coefficients(rows, DECISIONS)[0].why_not


def test_months_come_in_order_and_add_up() -> None:
    months = of([*reviewed(6, agrees=False), *reviewed(7)])["months"]
    assert [one["month"] for one in months] == ["2026-01", "2026-02", "2026-03"]
    assert sum(one["agreement"]["of"] for one in months) == 13
    assert months[0]["agreement"] == rules.share(3, 5)


def test_one_who_was_never_reviewed_has_shares_of_nothing() -> None:
    (found,) = rules.figures([], {"person:9": 12}, {}, DECISIONS)
    assert found["agreement"] == {"count": 0, "of": 0, "value": None, "interval": None}
    assert found["sampled"]["value"] == 0
