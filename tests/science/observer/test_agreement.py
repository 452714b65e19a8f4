"""Agreement of readers: published tables, two other implementations, laws, how often the interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.observer.agreement import Agreement, cohen, fleiss, gwet

FLEISS_1971 = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
FOUR_GRADES = [[22, 7, 2, 0], [5, 18, 9, 1], [1, 6, 14, 8], [0, 2, 5, 20]]
PARTLY_READ = [
    ["a", "a", "b", None], ["b", "b", "b", "b"], ["c", None, "c", "a"], ["a", "a", None, None], ["b", "c", "b", "b"],
    ["c", "c", "c", "c"], [None, "a", "a", "b"], ["a", None, None, None], ["b", "b", "a", "b"], ["c", "b", "c", "c"],
]  # fmt: skip
MANY = {"fleiss": fleiss, "gwet": gwet}
T_49, T_119, T_9, T_8 = 2.009575, 1.980100, 2.262157, 2.306004
"""Student's t of 95 %, for the degrees of freedom."""


def pairs(table: list[list[int]]) -> tuple[list[str], list[str], list[str]]:
    names = [str(number) for number in range(len(table))]
    cells = [(one, other) for one, row in enumerate(table) for other, count in enumerate(row) for _ in range(count)]
    return [str(one) for one, _ in cells], [str(other) for _, other in cells], names


def held(found: Agreement, value: float, error: float, factor: float) -> None:
    assert found.value == pytest.approx(value, abs=2e-7)
    assert found.interval is not None
    assert found.interval[0] == pytest.approx(value - factor * error, abs=2e-6)
    assert found.interval[1] == pytest.approx(min(value + factor * error, 1.0), abs=2e-6)


def test_two_readers_of_fifty() -> None:
    found = cohen(*pairs([[20, 5], [10, 15]]))
    held(found, 0.4, 0.126996063, T_49)
    assert (found.observed, found.expected, found.subjects) == (0.7, 0.5, 50)


@pytest.mark.parametrize(
    ("weights", "value", "error"),
    [("equal", 0.4884151993, 0.0594382894), ("linear", 0.6472583380, 0.0474961110)]
    + [("quadratic", 0.7793103449, 0.0392887908)],
)
def test_two_readers_of_four_grades_as_statsmodels_has_it(weights: str, value: float, error: float) -> None:
    held(cohen(*pairs(FOUR_GRADES), weights), value, error, T_119)


def test_ten_subjects_and_fourteen_readers() -> None:
    """The published table (Fleiss 1971 as it is taught everywhere: 0.20993); intervals as irrCAC has them."""
    rows = [[str(number) for number, count in enumerate(row) for _ in range(count)] for row in FLEISS_1971]
    assert round(fleiss(rows, "01234").value or 0, 5) == 0.20993
    held(fleiss(rows, "01234"), 0.2099307, 0.09237111, T_9)
    held(gwet(rows, "01234"), 0.22561415, 0.09332407, T_9)


@pytest.mark.parametrize(
    ("coefficient", "weights", "value", "error"),
    [
        (fleiss, "equal", 0.40965634, 0.16508636),
        (gwet, "equal", 0.42010976, 0.15335702),
        (fleiss, "linear", 0.46641054, 0.17243253),
        (gwet, "linear", 0.48678471, 0.16696829),
        (fleiss, "quadratic", 0.52458131, 0.20717508),
        (gwet, "quadratic", 0.55229955, 0.21214619),
    ],
)
def test_readers_who_did_not_read_everything_as_irrcac_has_it(
    coefficient: object, weights: str, value: float, error: float
) -> None:
    """Degrees of freedom are counted on the nine that two or more have read; irrCAC counts all ten."""
    found = coefficient(PARTLY_READ, "abc", weights)  # type: ignore[operator]
    held(found, value, error, T_8)
    assert found.subjects == 9


answers = st.lists(st.lists(st.sampled_from("abc"), min_size=3, max_size=3), min_size=4, max_size=20)


@given(answers, st.permutations(range(3)), st.permutations("abc"))
def test_who_reads_and_how_answers_are_called_does_not_matter(
    rows: list[list[str]], order: list[int], names: list[str]
) -> None:
    called = dict(zip("abc", names, strict=True))
    turned = [[called[row[one]] for one in order] for row in rows]
    for coefficient in (fleiss, gwet):
        one, other = coefficient(rows, "abc"), coefficient(turned, names)
        assert (one.value is None) == (other.value is None)
        assert one.value is None or one.value == pytest.approx(other.value, abs=1e-12)
        assert one.interval is None or one.interval == pytest.approx(other.interval, abs=1e-9)


@given(answers)
def test_no_value_leaves_its_bounds(rows: list[list[str]]) -> None:
    for found in (fleiss(rows, "abc"), gwet(rows, "abc"), cohen([r[0] for r in rows], [r[1] for r in rows], "abc")):
        if found.value is None or found.interval is None:
            assert found.why_not and found.observed == 1
            continue
        assert -1 <= found.interval[0] <= found.value + 1e-12 <= found.interval[1] + 2e-12 <= 1 + 3e-12


def test_a_rare_answer_makes_kappa_low_where_readers_agree_nearly_always() -> None:
    """The paradox of Feinstein and Cicchetti: 96 of 100 alike, and kappa is near 0; Gwet's coefficient is not."""
    table = [[96, 2], [2, 0]]
    first, second, names = pairs(table)
    kappa = cohen(first, second, names)
    beside = gwet([[one, other] for one, other in zip(first, second, strict=True)], names)
    assert kappa.observed == beside.observed == 0.96
    assert kappa.value == pytest.approx(-0.0204, abs=1e-4)
    assert (beside.value or 0) > 0.95


def test_full_agreement_of_few_proves_little_and_of_one_answer_nothing() -> None:
    few, many = (cohen(["a", "b"] * count, ["a", "b"] * count, "ab") for count in (5, 500))
    assert few.value == many.value == 1 and few.interval and many.interval
    assert few.interval[0] < 0.5 < 0.98 < many.interval[0]
    same = cohen(["a"] * 9, ["a"] * 9, "ab")
    assert (same.value, same.interval) == (None, None) and "the same one" in same.why_not
    assert fleiss([["a", "a"]] * 9, "ab").value is None


@pytest.mark.parametrize("coefficient", ["cohen", "fleiss", "gwet"])
def test_the_interval_holds_the_truth_as_often_as_it_says(coefficient: str) -> None:
    """Two readers who see the truth of two equally frequent answers with chance 0.85: kappa is (2 * 0.85 - 1)**2."""
    truth, hold, rounds = (2 * 0.85 - 1) ** 2, 0, 400
    dice = np.random.default_rng(11)
    for _ in range(rounds):
        real = dice.integers(0, 2, 60)
        read = [np.where(dice.random(60) < 0.85, real, 1 - real) for _ in range(2)]
        first, second = ([str(one) for one in reader] for reader in read)
        both = [list(one) for one in zip(first, second, strict=True)]
        found = cohen(first, second, "01") if coefficient == "cohen" else MANY[coefficient](both, "01")
        hold += found.interval is not None and found.interval[0] <= truth <= found.interval[1]
    assert 0.92 <= hold / rounds <= 0.98


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda: cohen(["a", "b"], ["a"], "ab"), "2 answers against 1"),
        (lambda: cohen(["a"], ["a"], "ab"), "1 subjects"),
        (lambda: cohen(["a", "z"], ["a", "b"], "ab"), "'z' is none of the answers"),
        (lambda: fleiss([["a", None], ["b", None]], "ab"), "0 subjects"),
        (lambda: fleiss([["a", "a"], ["a", "a"]], "aa"), "two different answers"),
        (lambda: gwet([], "ab"), "0 subjects"),
    ],
)
def test_what_cannot_be_told_is_refused(asked: object, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        asked()  # type: ignore[operator]
