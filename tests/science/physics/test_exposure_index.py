from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.calculations import run
from kerma.science.physics.exposure_index import ACTIONS, action_for, deviation_index, exposure_index
from kerma.standards import table


@pytest.mark.parametrize(
    ("index", "target", "expected"),
    [(500, 400, 0.9691), (400, 400, 0.0), (412, 400, 0.1284), (200, 400, -3.0103), (4000, 400, 10.0)],
)
def test_published_cases(index: float, target: float, expected: float) -> None:
    values = run("deviation-index", exposure_index=index, target=target).values
    assert values["deviation_index"] == pytest.approx(expected, abs=5e-5)


@given(st.floats(1, 1e5), st.floats(1, 1e5))
def test_swapping_the_two_changes_the_sign(index: float, target: float) -> None:
    assert deviation_index(index, target) == pytest.approx(-deviation_index(target, index), abs=1e-9)


def test_the_index_is_a_hundred_per_microgray() -> None:
    # One milliroentgen is about 8.76 uGy: an index of 876.
    assert exposure_index(8.76) == pytest.approx(876) and exposure_index(4) == pytest.approx(400)
    assert run("exposure-index", detector_kerma_ugy=2.5).values["exposure_index"] == pytest.approx(250)


@pytest.mark.parametrize("given_", [{}, {"target": 400}, {"exposure_index": 0, "target": 400},
                                    {"exposure_index": 500, "target": -1}])  # fmt: skip
def test_undefined_is_shown_as_such(given_: dict[str, float]) -> None:
    result = run("deviation-index", **given_)
    assert result.values == {"deviation_index": None} and "undefined" in result.warnings[0]


@pytest.mark.parametrize("given_", [{"exposure_index": "nan", "target": 1}, {"exposure_index": "high", "target": 1}])
def test_what_is_no_number_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(WrongUsage):
        run("deviation-index", **given_)


@pytest.mark.parametrize(
    ("deviation", "name"),
    [(0.0, "on target"), (0.5, "on target"), (-0.5, "on target"), (0.7, "a little too much"),
     (1.0, "a little too much"), (2.0, "too much"), (3.0, "too much"), (3.01, "far too much"),
     (-1.0, "a little too little"),
     (-2.0, "too little"), (-3.0, "too little"), (-3.01, "far too little"), (50.0, "far too much")],
)  # fmt: skip
def test_each_deviation_has_one_action(deviation: float, name: str) -> None:
    assert action_for(deviation)["range"] == name


def test_the_ranges_join_without_gap() -> None:
    rows = sorted(table(ACTIONS), key=lambda row: float(row["deviation_over"] or "-inf"))
    ends = [(row["deviation_over"], row["deviation_up_to"]) for row in rows]
    assert ends[0][0] == "" and ends[-1][1] == ""
    assert [up_to for _, up_to in ends[:-1]] == [over for over, _ in ends[1:]]
