"""Decision flows: those that ship can be worked through, what makes no sense is refused, every way has an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.worklist.rules_flow import (
    Stage,
    as_json,
    demand_flow,
    first_stage,
    flow_of,
    next_stage,
    paths,
    shipped,
)
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES

NDT = tuple(INDUSTRIES["ndt"].decisions)


@pytest.mark.parametrize("key", shipped())
def test_what_ships_can_be_worked_through(key: tuple[str, str]) -> None:
    industry, flow = key[0], shipped()[key]
    demand_flow(flow, INDUSTRIES[industry].decisions)
    assert flow_of(as_json(flow)) == flow
    ways = paths(flow, list(INDUSTRIES[industry].decisions))
    assert {stage for way in ways for stage, _ in way} == {one.stage for one in flow}
    assert all(len(way) <= len(flow) for way in ways)


def test_the_three_levels_of_testing() -> None:
    flow = shipped()["ndt", "levels"]
    assert first_stage(flow) == "reader"
    assert next_stage(flow, "reader", "accept") == next_stage(flow, "reader", "reject") == "level-2"
    assert next_stage(flow, "reader", "reshoot") == ""
    assert (next_stage(flow, "level-2", "accept"), next_stage(flow, "level-2", "reject")) == ("", "level-3")
    assert next_stage(flow, "level-3", "reject") == next_stage(flow, "gone", "accept") == ""
    assert first_stage(()) == next_stage((), "", "accept") == ""


@given(st.lists(st.sampled_from(NDT), min_size=1, max_size=14), st.integers(1, 6), st.data())
def test_every_exam_comes_to_an_end(decisions: list[str], count: int, data: st.DataObject) -> None:
    names = [f"s{number}" for number in range(count)]
    flow = tuple(
        Stage(name, name, "", data.draw(st.dictionaries(st.sampled_from((*NDT, "*")), st.sampled_from(later))))
        if (later := names[place + 1 :])
        else Stage(name, name)
        for place, name in enumerate(names)
    )
    stage, steps = first_stage(flow), 0
    for decision in decisions:
        if stage:
            stage, steps = next_stage(flow, stage, decision), steps + 1
    assert steps <= count
    assert not stage or len(decisions) < count


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ((), "1 to 12 stages"),
        (tuple(Stage(f"s{n}", "x") for n in range(13)), "1 to 12 stages"),
        ((Stage("a", "A", "", {"accept": "a"}),), "could go in a circle"),
        ((Stage("a", "A", "", {"*": "b"}), Stage("b", "B", "", {"reject": "a"})), "'a' comes before it"),
        ((Stage("a", "A"), Stage("a", "B")), "same name"),
        ((Stage("a", "A"), Stage("b", "B")), "'b' is never reached"),
        ((Stage("a", "A", "", {"applaud": "b"}), Stage("b", "B")), "no decision 'applaud'"),
        ((Stage("a", "A", "", {"accept": "c"}),), "no stage 'c'"),
        ((Stage("", "A"),), "name and label"),
        ((Stage("a", "A" * 33),), "name and label"),
    ],
)
def test_a_flow_that_makes_no_sense_is_refused_with_why(stages: tuple[Stage, ...], words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        demand_flow(stages, NDT)
