"""The draw of threat projection, the order of threats, and what answers come to."""

from __future__ import annotations

import pytest

from kerma.areas.proficiency import rules
from kerma.areas.proficiency.rules import Answer

SECRET, OTHER = "00" * 32, "01" * 32
UIDS = [f"2.25.{number}" for number in range(20_000)]


@pytest.mark.parametrize("share_permille", [1, 20, 500, 1000])
def test_as_many_exams_are_drawn_as_the_plan_says(share_permille: int) -> None:
    """Within four standard deviations of a binomial."""
    drawn = sum(rules.is_drawn(SECRET, share_permille, uid) for uid in UIDS)
    share = share_permille / 1000
    assert abs(drawn - share * len(UIDS)) <= 4 * (len(UIDS) * share * (1 - share)) ** 0.5


def test_the_draw_can_be_repeated_with_the_key_and_says_nothing_without() -> None:
    mine, again, other = ([rules.is_drawn(key, 500, uid) for uid in UIDS] for key in (SECRET, SECRET, OTHER))
    assert mine == again
    same = sum(one == two for one, two in zip(mine, other, strict=True)) / len(UIDS)
    assert abs(same - 0.5) < 0.02
    more = [rules.is_drawn(SECRET, 600, uid) for uid in UIDS]
    assert all(b for a, b in zip(mine, more, strict=True) if a), "a larger share keeps what a smaller one took"


def test_categories_come_by_their_weight_however_many_threats_they_have() -> None:
    threats = [{"id": number, "category": "sharp"} for number in range(9)] + [{"id": 99, "category": "firearm"}]
    first = [rules.ordered(SECRET, uid, threats, {"sharp": 1, "firearm": 3})[0]["category"] for uid in UIDS[:4000]]
    assert first.count("firearm") / 4000 == pytest.approx(0.75, abs=0.03)
    even = [rules.ordered(SECRET, uid, threats, {})[0]["category"] for uid in UIDS[:4000]]
    assert even.count("firearm") / 4000 == pytest.approx(0.5, abs=0.03)
    assert {one["category"] for one in rules.ordered(SECRET, "1", threats, {"firearm": 1})} == {"firearm"}
    knives = [rules.ordered(SECRET, uid, threats, {"sharp": 1})[0]["id"] for uid in UIDS[:4000]]
    assert min(knives.count(number) for number in range(9)) > 300


def test_a_scanner_has_its_own_plan_or_that_of_all() -> None:
    plans = [{"station": "", "id": 1}, {"station": "LANE-2", "id": 2}]
    assert rules.plan_for("LANE-2", plans) == plans[1]
    assert rules.plan_for("LANE-9", plans) == plans[0]
    assert rules.plan_for("LANE-9", plans[1:]) is None


@pytest.mark.parametrize(
    ("code", "is_projected", "result"),
    [("clear", True, "miss"), ("suspect", True, "hit"), ("refer", True, "hit"), ("clear", False, "cleared"),
     ("suspect", False, "alarm")],
)  # fmt: skip
def test_a_decision_is_one_of_four_answers(code: str, is_projected: bool, result: str) -> None:
    assert rules.result_of(code, is_projected=is_projected) == result


def test_figures_are_of_everybody_and_of_each() -> None:
    made = [Answer("person:1", "hit", "sharp", 4.0)] * 9 + [Answer("person:1", "miss", "firearm", 8.0)]
    made += [Answer("person:1", "cleared", "", 3.0)] * 9 + [Answer("person:1", "alarm", "", 5.0)]
    made += [Answer("person:2", "miss", "sharp", None)] * 40
    every, first, second = rules.figures(made)
    assert (every["person"], first["person"], second["person"]) == ("", "person:1", "person:2")
    assert (first["hits"]["count"], first["hits"]["of"], every["hits"]["of"]) == (9, 10, 50)
    assert first["hits"]["interval"] == pytest.approx([0.5958, 0.9821], abs=1e-4)
    assert first["categories"]["firearm"] == rules.share(0, 1)
    assert first["d_prime"] == pytest.approx(2 * 1.0968, abs=1e-3)  # log-linear: 9.5 of 11 and 1.5 of 11
    assert (first["is_too_few"], second["is_too_few"], second["d_a"], second["median_s"]) == (True, False, None, None)
    assert rules.figures([])[0]["hits"]["value"] is None
