"""Dispositions: nobody clears an explosive, the unknown is never cleared alone, and every row leads somewhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES
from kerma.science.judge.disposition import (
    CATEGORIES,
    ESCALATION,
    LABELS,
    PLACES,
    REGIMES,
    Travel,
    category_of,
    dispositions,
    escalation,
)
from kerma.science.results import NO_BOX, By, Citation, Finding, Outcome, Verdict
from kerma.standards import table


def seen(label: str, number: int = 1) -> Finding:
    return Finding(str(number), "", label, NO_BOX, By("algorithm", "d"))


def said(outcome: Outcome, *ids: str) -> Verdict:
    return Verdict("single pore", outcome, Citation("S", clause="1"), "", finding_ids=ids)


SECURITY_LABELS = [row["label"] for row in table(LABELS) if row["industry"] == "security"]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("place", PLACES)
def test_nobody_clears_an_explosive_a_firearm_or_the_unknown_at_the_screen(regime: str, place: str) -> None:
    for label in ("explosive", "block-charge", "gun", "pistol", "opacity", "never-heard-of"):
        (made,) = dispositions("security", [seen(label)], travel=Travel(regime, place))
        assert not made.may_operator_clear
        assert "clear" not in made.dispositions
        assert made.decides != "operator"
        assert made.escalation


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("label", SECURITY_LABELS)
def test_what_a_regime_forbids_no_operator_clears(regime: str, label: str) -> None:
    for place in PLACES:
        (made,) = dispositions("security", [seen(label)], travel=Travel(regime, place))
        if made.allowed == "forbidden":
            assert not made.may_operator_clear and "clear" not in made.dispositions


def test_the_gravest_category_comes_first_and_every_finding_is_in_one() -> None:
    findings = [seen(label, number) for number, label in enumerate(("bottle", "knife", "detonator", "gun", "knife"), 1)]
    made = dispositions("security", findings)
    assert [one.category for one in made] == ["explosive", "firearm", "sharp", "liquid"]
    assert sorted(number for one in made for number in one.finding_ids) == ["1", "2", "3", "4", "5"]
    assert made[2].finding_ids == ("2", "5") and made[2].labels == ("knife",)
    assert dispositions("security", []) == ()


def test_the_regimes_own_clause_stands_beside_the_policy() -> None:
    (cabin,) = dispositions("security", [seen("knife")], travel=Travel("eu"))
    assert (cabin.allowed, cabin.rule.clause, cabin.rule.status) == ("forbidden", "attachment 4-C, (c)", "unverified")
    assert "60 mm" in cabin.limit_words
    (hold,) = dispositions("security", [seen("knife")], travel=Travel("eu", "hold"))
    assert hold.allowed == "allowed"
    (tool,) = dispositions("security", [seen("wrench")], travel=Travel("tsa"))
    assert tool.allowed == "limited" and "178 mm" in tool.limit_words
    (unknown,) = dispositions("security", [seen("never-heard-of")])
    assert unknown.rule is None


def test_a_sites_own_policy_holds_but_never_against_the_regime() -> None:
    packaged = table(CATEGORIES)
    mild = replace(
        packaged,
        rows=tuple({**row, "may_operator_clear": "yes", "dispositions": "clear refer suspect"} for row in packaged),
    )
    (knife,) = dispositions("security", [seen("knife")], travel=Travel(place="hold"), policy=mild)
    assert knife.may_operator_clear and "clear" in knife.dispositions
    (cabin,) = dispositions("security", [seen("knife")], travel=Travel(place="cabin"), policy=mild)
    assert not cabin.may_operator_clear
    (charge,) = dispositions("security", [seen("explosive")], travel=Travel(place="hold"), policy=mild)
    assert not charge.may_operator_clear
    short = replace(packaged, rows=tuple(row for row in packaged if row["category"] != "sharp"))
    with pytest.raises(WrongUsage, match="sharp"):
        dispositions("security", [seen("knife")], policy=short)


@pytest.mark.parametrize(
    ("label", "verdicts", "category"),
    [
        ("crack", (said("pass", "1"),), "crack-like"),
        ("lack-of-fusion", (), "crack-like"),
        ("porosity", (said("fail", "1"), said("pass", "1")), "rejected"),
        ("porosity", (said("advisory", "1"),), "advisory"),
        ("porosity", (said("not-judged", "1"),), "not-judged"),
        ("porosity", (said("pass", "1"),), "acceptable"),
        ("porosity", (said("fail", "2"), said("pass", "1")), "acceptable"),
        ("porosity", (said("not-judged"),), "not-judged"),
        ("porosity", (), "not-judged"),
    ],
)
def test_an_industrial_finding_goes_by_what_the_rules_say(
    label: str, verdicts: tuple[Verdict, ...], category: str
) -> None:
    good = (said("pass"),)
    assert category_of("ndt", seen(label), verdicts, good) == category
    (made,) = dispositions("ndt", [seen(label)], verdicts=verdicts, quality=good)
    assert ("accept" in made.dispositions) == (category in ("advisory", "not-judged", "acceptable"))


def unverified(outcome: Outcome, *ids: str) -> Verdict:
    return replace(said(outcome, *ids), source=Citation("S", clause="1", status="unverified"))


@pytest.mark.parametrize(
    ("label", "verdicts", "quality", "category"),
    [
        ("porosity", (said("pass", "1"),), (said("fail"), said("pass")), "poor-image"),
        ("porosity", (said("pass", "1"),), (said("not-judged"), said("pass")), "unjudged-image"),
        ("porosity", (said("pass", "1"),), (), "unjudged-image"),
        ("porosity", (said("pass", "1"),), (said("advisory"),), "advisory"),
        ("porosity", (said("pass", "1"),), (unverified("pass"),), "advisory"),
        ("porosity", (unverified("pass", "1"),), (said("pass"),), "advisory"),
        ("porosity", (said("advisory", "1"),), (said("fail"),), "poor-image"),
        ("porosity", (said("advisory", "1"),), (), "advisory"),
        ("porosity", (said("fail", "1"),), (said("fail"),), "rejected"),
        ("crack", (said("pass", "1"),), (said("fail"),), "crack-like"),
    ],
)
def test_on_an_image_that_is_not_good_enough_nothing_is_accepted(
    label: str, verdicts: tuple[Verdict, ...], quality: tuple[Verdict, ...], category: str
) -> None:
    (made,) = dispositions("ndt", [seen(label)], verdicts=verdicts, quality=quality)
    assert made.category == category
    is_known_good = bool(quality) and not {"fail", "not-judged"} & {verdict.outcome for verdict in quality}
    assert ("accept" in made.dispositions) == (is_known_good and category == "advisory")
    assert "reshoot" in made.dispositions or category not in ("poor-image", "unjudged-image")


def test_medical_findings_are_told_in_time() -> None:
    made = dispositions("medical", [seen("nodule", 1), seen("pneumothorax", 2), seen("ring", 3)])
    assert [one.category for one in made] == ["critical-1", "critical-3", "routine"]
    assert made[0].deadline_minutes < made[1].deadline_minutes
    assert made[0].decides == "radiologist"


def test_wrong_words_are_refused() -> None:
    with pytest.raises(WrongUsage, match="regime"):
        dispositions("security", [seen("gun")], travel=Travel("mars"))
    with pytest.raises(WrongUsage, match="travels"):
        dispositions("security", [seen("gun")], travel=Travel(place="roof"))
    with pytest.raises(WrongUsage, match="no dispositions"):
        dispositions("astronomy", [])


def test_every_label_has_a_category_with_a_policy_and_every_path_exists() -> None:
    policy = {(row["industry"], row["category"]): row for row in table(CATEGORIES)}
    for row in table(LABELS):
        assert (row["industry"], row["category"]) in policy
    paths = {row["path"] for row in table(ESCALATION)}
    for (industry, _), row in policy.items():
        assert row["path"] in ("", *paths)
        assert set(row["dispositions"].split()) <= set(INDUSTRIES[industry].decisions)
        assert float(row["deadline_minutes"]) > 0
    listed = [(row["industry"], row["label"]) for row in table(LABELS)]
    assert len(listed) == len(set(listed))


def test_escalation_goes_on_in_time_and_no_later_than_the_deadline_begins() -> None:
    for path in {row["path"] for row in table(ESCALATION)}:
        steps = escalation(path)
        assert [step.step for step in steps] == list(range(1, len(steps) + 1))
        assert all(first.within_minutes <= second.within_minutes for first, second in pairwise(steps))
    for row in table(CATEGORIES):
        if row["path"]:
            assert escalation(row["path"])[0].within_minutes <= float(row["deadline_minutes"])


@pytest.mark.parametrize("regime", REGIMES.values())
def test_every_regime_has_every_category_with_the_letters_of_the_eu(regime: str) -> None:
    named = {row["category"]: row for row in table(regime)}
    letters = {row["category"]: row["eu_attachment_4c"] for row in table("kerma_security/categories")}
    assert set(letters) <= set(named)
    for row in named.values():
        assert {row["cabin"], row["hold"]} <= {"allowed", "limited", "forbidden"}
        assert bool(row["limit"]) == bool(row["unit"])
        if row["letter"]:
            assert row["letter"] == letters[row["category"]]
    assert (named["explosive"]["cabin"], named["explosive"]["hold"]) == ("forbidden", "forbidden")
    assert named["firearm"]["cabin"] == "forbidden"
    assert table(regime).status == "unverified"


def test_every_thing_that_the_scenes_pack_has_its_category() -> None:
    by_label = {row["label"]: row["category"] for row in table(LABELS) if row["industry"] == "security"}
    for thing in table("kerma_security/things"):
        if thing["category"] != "everyday":
            assert by_label[thing["name"]] == thing["category"]
