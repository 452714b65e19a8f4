"""Decay: laws, the published case, dates without a calendar library held against one."""

from __future__ import annotations

import datetime
import itertools

import pytest

from kerma.errors import NotFound, WrongUsage
from kerma.science import calculations
from kerma.science.physics.decay import activity_after, days_between, days_until
from kerma.science.physics.nuclides import HALF_LIVES, half_life_d, nuclide_named
from kerma.standards import table

NUCLIDES = [row["nuclide"] for row in table(HALF_LIVES)]


def test_published_case() -> None:
    found = calculations.run("decay", nuclide="Ir-192", activity="100", days="74")
    assert found.values["activity"] == pytest.approx(49.919, abs=5e-4)
    assert found.source is not None and found.source.table == HALF_LIVES


@pytest.mark.parametrize("nuclide", NUCLIDES)
def test_decay_composes_and_halves(nuclide: str) -> None:
    half_life = half_life_d(nuclide)
    for first, second in itertools.product((0.0, 1.0, 12.5, 400.0), repeat=2):
        at_once = activity_after(80.0, nuclide=nuclide, days=first + second)
        in_steps = activity_after(activity_after(80.0, nuclide=nuclide, days=first), nuclide=nuclide, days=second)
        assert in_steps == pytest.approx(at_once, rel=1e-12)
    assert activity_after(80.0, nuclide=nuclide, days=half_life) == pytest.approx(40.0)
    assert days_until(20.0, nuclide=nuclide, activity=80.0) == pytest.approx(2 * half_life)


@pytest.mark.parametrize("nuclide", NUCLIDES)
def test_looking_back_undoes_looking_ahead(nuclide: str) -> None:
    ahead = activity_after(7.0, nuclide=nuclide, days=33.0)
    assert activity_after(ahead, nuclide=nuclide, days=-33.0) == pytest.approx(7.0)


def test_half_lives_in_years_are_years() -> None:
    assert half_life_d("Co-60") / 365.25 == pytest.approx(5.2713, rel=1e-4)
    assert half_life_d("Cs-137") / 365.25 == pytest.approx(30.1671, rel=1e-4)


@pytest.mark.parametrize("spelled", ["Ir-192", "ir192", "IR 192", "192Ir", "192-ir"])
def test_every_usual_spelling_is_understood(spelled: str) -> None:
    assert nuclide_named(spelled) == "Ir-192"


def test_an_unknown_nuclide_is_told_the_known_ones() -> None:
    with pytest.raises(NotFound, match="Ir-192"):
        nuclide_named("Am-241")


def test_days_between_agrees_with_the_calendar() -> None:
    dates = ["1999-12-31", "2000-02-28", "2000-02-29", "2000-03-01", "2023-02-28", "2024-02-29", "2100-03-01"]
    for first, last in itertools.product(dates, repeat=2):
        expected = (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(first)).days
        assert days_between(first, last) == expected


@pytest.mark.parametrize("wrong", ["2023-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "31.1.2023", ""])
def test_what_is_no_date_is_refused(wrong: str) -> None:
    with pytest.raises(WrongUsage, match="year-month-day"):
        days_between("2023-01-01", wrong)


def test_dates_and_days_give_the_same() -> None:
    by_days = calculations.run("decay", nuclide="Se-75", activity=40, days=74).values["activity"]
    dated = calculations.run("decay", nuclide="Se-75", activity=40, **{"from": "2025-12-31", "to": "2026-03-15"})
    assert dated.values["activity"] == by_days
    assert dated.inputs["from"] == "2025-12-31"


def test_the_inverse_question() -> None:
    found = calculations.run("decay", nuclide="Ir-192", activity=100, target_activity=25).values
    assert found["time_d"] == pytest.approx(2 * 73.827)
    assert found["activity"] == pytest.approx(25)


@pytest.mark.parametrize(
    "given", [{}, {"days": 3, "target_activity": 5}, {"from": "2025-01-01"}, {"days": 3, "to": "2025-01-01"}]
)
def test_the_time_is_given_in_exactly_one_way(given: dict[str, object]) -> None:
    with pytest.raises(WrongUsage, match="one way"):
        calculations.run("decay", nuclide="Ir-192", activity=100, **given)
