"""Item rules as pure decisions: what fits, what is refused, how a draw falls, how a table is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.worklist import rules_items
from kerma.areas.worklist.importing_rules import rules_of_file, text_of
from kerma.areas.worklist.rules_items import Facts, Rule, fits, is_drawn, replay, rule_of, shipped, taken_by
from kerma.errors import Unreadable, WrongUsage

EXAM = Facts(
    1, "1.2.3", "medical", site="Hôpital Nord", modalities=("CT", "SR"), kinds=("Thorax p.a.", "CHEST LOW DOSE"),
    parts=("CHEST", "P-17"), lane="",
)  # fmt: skip
STAGES = {"security": ["on-screen", "supervisor"], "ndt": [], "medical": []}
DECISIONS = {"security": ["clear", "suspect", "refer"], "ndt": ["accept", "reject"], "medical": ["normal", "critical"]}


def test_what_kerma_comes_with_takes_every_exam_and_asks_nothing() -> None:
    (rule,) = shipped()
    assert rule == Rule("every exam")
    assert taken_by(shipped(), (rules_items.EXAM,), EXAM, "") is rule
    rules_items.demand_rules(shipped(), STAGES, DECISIONS)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"industry": "medical"}, True),
        ({"industry": "ndt"}, False),
        ({"site": "hopital nord"}, True),
        ({"site": "Hôpital Süd"}, False),
        ({"site": "hopital *"}, True),
        ({"modality": "DX; ct"}, True),
        ({"modality": "MR"}, False),
        ({"kind": "*low dose*"}, True),
        ({"part": "p-17"}, True),
        ({"part": "ABDOMEN; P-1?"}, True),
        ({"lane": "*"}, False),  # an exam of no lane
        ({"site": "Hôpital Nord", "modality": "MR"}, False),
    ],
)
def test_conditions(condition: dict, holds: bool) -> None:
    assert fits(Rule("one", **condition), EXAM, "") is holds


@pytest.mark.parametrize(
    ("least", "most", "score", "holds"),
    [
        ("0.35", "", 0.35, True), ("0.35", "", 0.349, False), ("", "0.1", 0.1, True), ("", "0.1", 0.11, False),
        ("0.2", "0.4", 0.3, True), ("0.2", "0.4", 0.5, False), ("0", "", None, False), ("0.1", "", 0.1, True),
    ],
)  # fmt: skip
def test_a_score_is_compared_as_it_is_written(least: str, most: str, score: float | None, holds: bool) -> None:
    rule = Rule("by score", "score", score_at_least=least, score_at_most=most)
    assert fits(rule, replace(EXAM, score=score), "") is holds


def test_an_earlier_exam_counts_by_what_it_showed() -> None:
    usual, named = Rule("priors", "prior"), Rule("priors", "prior", outcome="normal")
    assert fits(usual, replace(EXAM, priors=("normal", "critical")), "")
    assert not fits(usual, replace(EXAM, priors=("normal",)), "")
    assert fits(named, replace(EXAM, priors=("normal",)), "")
    assert rules_items.arriving(replace(EXAM, priors=("normal",), is_ordered=True)) == ("exam", "order", "prior")


def test_the_first_rule_that_fits_says_what_happens() -> None:
    left_out = Rule("no scouts", makes=False, kind="*low dose*")
    rules = (left_out, *shipped())
    assert taken_by(rules, ("exam",), EXAM, "") is left_out
    assert not replay(rules, EXAM, "").is_made
    assert replay(rules, replace(EXAM, kinds=()), "").rule == "every exam"


def test_a_dry_run_asks_round_by_round() -> None:
    rules = (
        Rule("seen by software", "score", score_at_least="0.5"),
        Rule("not seen", "score", makes=False, score_at_most="0.2"),
        Rule("sampled", "quality", outcome="normal"),
    )
    assert replay(rules, replace(EXAM, score=0.6), "").is_made
    low = replay(rules, replace(EXAM, score=0.1, decision="normal"), "")
    assert (low.is_made, low.is_sampled, low.rule) == (False, True, "not seen")
    assert replay(rules, EXAM, "").asked == "exam"  # not analysed yet


@given(st.lists(st.text("0123456789.", min_size=3, max_size=20), min_size=1, max_size=30, unique=True), st.text())
def test_a_draw_is_the_same_every_time_and_grows_with_the_share(uids: list[str], seed: str) -> None:
    for uid in uids:
        drawn = [is_drawn(Rule("r", share_permille=share), uid, seed) for share in (0, 100, 500, 900, 1000)]
        assert drawn == sorted(drawn) and drawn[0] is False and drawn[-1] is True
        assert is_drawn(Rule("r", share_permille=500), uid, seed) == drawn[2]


def test_a_share_is_drawn_about_as_often_as_it_says_and_differs_by_seed() -> None:
    rule = Rule("tenth", share_permille=100)
    drawn = {seed: {number for number in range(4000) if is_drawn(rule, f"1.2.{number}", seed)} for seed in "ab"}
    assert all(330 <= len(one) <= 470 for one in drawn.values())  # 400, five standard deviations either way at most
    assert drawn["a"] != drawn["b"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "1 to 64 letters"),
        ({"trigger": "moon"}, "trigger is one of"),
        ({"industry": "zoo"}, "no industry 'zoo'"),
        ({"share_permille": 1001}, "0 to 1000"),
        ({"urgency": "now"}, "urgency"),
        ({"language": "german"}, "two or three small letters"),
        ({"trigger": "score"}, "which score"),
        ({"score_at_least": "0.3"}, "before the analysis"),
        ({"trigger": "score", "score_at_least": "35 %"}, "from 0 to 1"),
        ({"trigger": "score", "score_at_least": "NaN"}, "from 0 to 1"),
        ({"trigger": "score", "score_at_least": "0.8", "score_at_most": "0.2"}, "is above"),
        ({"stage": "moon"}, "no flow in force has the stage 'moon'"),
        ({"industry": "ndt", "stage": "supervisor"}, "no flow in force"),
        ({"trigger": "quality", "stage": "supervisor"}, "leave the stage empty"),
        ({"trigger": "prior", "outcome": "critical; lost"}, "no decision 'lost'"),
        ({"outcome": "critical"}, "outcome is for"),
        ({"kind": "x" * 300}, "too long"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(wrong: dict, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        rules_items.demand_rules((Rule(**({"name": "one"} | wrong)),), STAGES, DECISIONS)


def test_a_set_is_not_empty_and_names_no_rule_twice() -> None:
    with pytest.raises(WrongUsage, match="1 to 200 rules"):
        rules_items.demand_rules((), STAGES, DECISIONS)
    with pytest.raises(WrongUsage, match="two rules are named 'one'"):
        rules_items.demand_rules((Rule("one"), Rule("one", "order")), STAGES, DECISIONS)


def test_a_table_is_written_and_read_back(tmp_path: Path) -> None:
    rules = (
        Rule("no, scouts", makes=False, kind='"*scout*"; loc', share_permille=250),
        Rule("by score", "score", score_at_least="0.35", urgency="urgent", skill="RT-2", language="de"),
    )
    file = tmp_path / "rules.csv"
    file.write_text("# made by hand\n" + text_of(rules), encoding="utf-8")
    assert rules_of_file(file) == rules
    assert tuple(rule_of(one) for one in rules_items.as_json(rules)) == rules


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("name,colour\nx,red\n", WrongUsage, "no column 'colour'"),
        ("name,makes\nx,maybe\n", WrongUsage, "yes or no"),
        ("name,share_permille\nx,half\n", WrongUsage, "whole number"),
        ("name,makes\nx\n", Unreadable, "another number of cells"),
        ("name,makes\nx,yes,no\n", Unreadable, "another number of cells"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, error: type, words: str) -> None:
    file = tmp_path / "rules.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=words):
        rules_of_file(file)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="cannot be read"):
        rules_of_file(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"name\ncaf\xe9\n")
    with pytest.raises(Unreadable, match="UTF-8"):
        rules_of_file(tmp_path / "latin.csv")
