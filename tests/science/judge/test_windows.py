"""The worst window is exact: no window of a fine grid holds more, and one of the tried ones holds as much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.judge.groups import groups, near_pairs, on_one_line
from kerma.science.judge.places import Placed
from kerma.science.judge.windows import worst_window

MM = st.floats(0.0, 200.0).map(lambda value: round(value, 2))
LENGTH = st.floats(0.0, 30.0).map(lambda value: round(value, 2))


def placed(specs: list[tuple[float, float]]) -> list[Placed]:
    return [Placed(f"F{n}", start, start + length, length or 1.0) for n, (start, length) in enumerate(specs)]


def total_in(items: list[Placed], start: float, window: float) -> float:
    """The definition, item by item."""
    total = 0.0
    for item in items:
        extent = item.end_mm - item.start_mm
        if extent == 0:
            total += item.value if start - 1e-9 <= item.start_mm <= start + window + 1e-9 else 0.0
        else:
            inside = min(item.end_mm, start + window) - max(item.start_mm, start)
            total += item.value * max(0.0, inside) / extent
    return total


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(MM, LENGTH), min_size=1, max_size=12), st.floats(1.0, 150.0))
def test_no_window_of_a_fine_grid_holds_more(specs: list[tuple[float, float]], window: float) -> None:
    items = placed(specs)
    worst = worst_window(items, window)
    grid = [total_in(items, start, window) for start in np.arange(-160.0, 240.0, 0.5)]
    assert worst.total >= max(grid) - 1e-6
    assert worst.total == pytest.approx(total_in(items, worst.start_mm, window), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(MM, LENGTH), min_size=1, max_size=10), st.tuples(MM, LENGTH), st.floats(1.0, 150.0))
def test_one_more_finding_never_lowers_the_worst_window(
    specs: list[tuple[float, float]], more: tuple[float, float], window: float
) -> None:
    assert worst_window(placed([*specs, more]), window).total >= worst_window(placed(specs), window).total - 1e-9


def test_a_long_finding_counts_with_its_share() -> None:
    assert worst_window([Placed("F1", 0.0, 50.0, 50.0)], 20.0).total == pytest.approx(20.0)


def test_the_window_starts_with_a_finding_and_names_what_it_holds() -> None:
    worst = worst_window(placed([(10.0, 2.0), (20.0, 2.0), (90.0, 3.0)]), 15.0)
    assert (worst.start_mm, worst.ids, worst.total) == (10.0, ("F0", "F1"), pytest.approx(4.0))


def test_nothing_gives_an_empty_window() -> None:
    assert worst_window([], 10.0).total == 0.0


def test_gaps_are_edge_to_edge_and_symmetric() -> None:
    items = [Placed("A", 0, 2, 2, 0, 1), Placed("B", 5, 6, 1, 5, 6), Placed("C", 1, 3, 2, 0, 1)]
    found = {
        (int(one), int(other)): float(gap)
        for ones, others, gaps in near_pairs(items, np.full(3, 99.0))
        for one, other, gap in zip(ones, others, gaps, strict=True)
    }
    assert found[0, 1] == pytest.approx(5.0)
    assert found[0, 2] == 0.0
    assert all(found[other, one] == gap for (one, other), gap in found.items())


def test_a_gap_of_exactly_the_factor_does_not_join() -> None:
    at_limit = [Placed("A", 0, 2, 2), Placed("B", 14, 15, 1)]
    nearer = [Placed("A", 0, 2, 2), Placed("B", 13.99, 15, 1)]
    assert len(groups(at_limit, 6.0, "pair")) == 2
    assert len(groups(nearer, 6.0, "pair")) == 1


def test_a_small_finding_between_two_never_parts_them() -> None:
    two = [Placed("A", 0, 10, 10), Placed("B", 60, 61, 1)]
    three = [*two, Placed("C", 11, 11.1, 0.1)]
    assert len(groups(two, 6.0, "pair")) == 1
    assert len(groups(three, 6.0, "pair")) == 1


def test_group_reference_reaches_further_than_pair() -> None:
    items = [Placed("A", 0, 10, 10), Placed("B", 30, 31, 1), Placed("C", 60, 61, 1)]
    assert sorted(len(group) for group in groups(items, 6.0, "pair")) == [3]
    far = [Placed("A", 0, 10, 10), Placed("B", 65, 66, 1), Placed("C", 100, 101, 1)]
    assert sorted(len(group) for group in groups(far, 6.0, "pair")) == [1, 2]
    assert sorted(len(group) for group in groups(far, 6.0, "group")) == [3]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(MM, LENGTH), min_size=1, max_size=9),
    st.tuples(MM, LENGTH),
    st.sampled_from(["pair", "group"]),
)
def test_one_more_finding_only_enlarges_groups(
    specs: list[tuple[float, float]], more: tuple[float, float], reference: str
) -> None:
    before = [{item.id for item in group} for group in groups(placed(specs), 3.0, reference)]
    after = [{item.id for item in group} for group in groups(placed([*specs, more]), 3.0, reference)]
    assert all(any(old <= new for new in after) for old in before)


def test_one_line_touches_only_what_it_crosses() -> None:
    row = [Placed(f"R{n}", 5 * n, 5 * n + 1, 1, 10 + 0.2 * n, 11 + 0.2 * n) for n in range(4)]
    stray = Placed("S", 9, 10, 1, 30, 31)
    found = list(on_one_line([*row, stray], 4))
    assert [[item.id for item in group] for group in found] == [["R0", "R1", "R2", "R3"]]
    assert list(on_one_line([*row, stray], 5)) == []
