"""Rules of the registry: versions in their order, states, and cards and evaluations that hold anything at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import registry_models as made
from kerma.areas.flagging import rules_card, rules_models
from kerma.areas.flagging.model import STATES, ModelRow
from kerma.areas.flagging.routes_models import EvaluationRead, FigureSet, Line
from kerma.areas.flagging.shown_models import figures_of
from kerma.errors import KermaError, WrongUsage

SHA = "a" * 64
ROW = ModelRow(
    1, "yard-weld", "1.0.0", SHA, SHA, 1, "detector", ("crack",), {}, {}, "brought", "", "candidate", "person:1", ""
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True, allow_infinity=True) | st.text(max_size=8)
    | st.just(10**400)
)  # fmt: skip
NAMES = st.sampled_from(["value", "interval", "images", "froc", "map50", "by_label", "false_per_image", "sensitivity"])
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=4)
)


def test_versions_are_ordered_as_numbers_and_a_candidate_release_comes_before_its_release() -> None:
    given_ = ["1.10.0", "1.9.0", "1.9.0-rc1", "0.99.99", "2.0.0-a", "2.0.0"]
    wanted = ["0.99.99", "1.9.0-rc1", "1.9.0", "1.10.0", "2.0.0-a", "2.0.0"]
    assert sorted(given_, key=rules_models.order_of) == wanted


def test_every_state_can_be_left_and_none_becomes_itself_or_a_candidate() -> None:
    assert rules_models.FOLLOWS.keys() == set(STATES)
    for state, after in rules_models.FOLLOWS.items():
        assert after and state not in after and "candidate" not in after


@settings(max_examples=60)
@given(metrics=ANYTHING, trained=ANYTHING, limits=ANYTHING, told=ANYTHING)
def test_a_card_may_hold_anything_and_is_still_shown(
    metrics: object, trained: object, limits: object, told: object
) -> None:
    card = {"metrics": metrics, "trained": trained, "limits": limits, "value_is": told}
    for one in rules_card.figure_sets(card):
        FigureSet.model_validate(one)
    for line in rules_card.trained_on(card):
        Line.model_validate(line)
    assert all(isinstance(one, str) for one in rules_card.limits_of(card))


@settings(max_examples=60)
@given(values=st.dictionaries(NAMES, ANYTHING, max_size=4), inputs=ANYTHING, warnings=ANYTHING)
def test_an_evaluation_may_hold_anything_and_is_read_or_refused(
    values: dict, inputs: object, warnings: object
) -> None:
    document = json.loads(made.evaluation(SHA))
    document["values"] |= values
    document |= {"inputs": inputs, "warnings": warnings}
    try:
        found = rules_models.read_evaluation(document, SHA, ROW).as_json()
    except KermaError:
        return
    EvaluationRead.model_validate(found | {"figures": figures_of(found)}).model_dump_json()
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("reason", ["", " \n", "a\0b", "x" * 1001, "\ud800"])
def test_a_reason_that_cannot_be_kept_is_refused(reason: str) -> None:
    with pytest.raises(WrongUsage):
        rules_models.demand_reason(reason, "it")
