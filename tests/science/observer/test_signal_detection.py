"""Indices of signal detection against published and worked values."""

from __future__ import annotations

import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.signal_detection import indices, log_linear, wilson


@pytest.mark.parametrize(
    ("h", "f", "d_prime", "c", "a_prime", "half", "steeper"),
    [(0.9, 0.1, 2.5631, 0.0, 0.9444, 2.4316, 2.4866), (0.8, 0.1, 2.1232, 0.2200, 0.9132, 1.8751, 1.9531)],
)
def test_known_values(
    h: float, f: float, d_prime: float, c: float, a_prime: float, half: float, steeper: float
) -> None:
    found = indices(h, f)
    assert (found.d_prime, found.a_prime, found.d_a) == pytest.approx((d_prime, a_prime, half), abs=5e-5)
    assert found.criterion == pytest.approx(c, abs=5e-5)
    assert indices(h, f, 0.6).d_a == pytest.approx(steeper, abs=5e-5)


def test_guessing_is_no_sensitivity_and_the_two_sides_mirror() -> None:
    assert indices(0.3, 0.3).d_prime == pytest.approx(0.0)
    assert indices(0.3, 0.3).a_prime == pytest.approx(0.5)
    there, back = indices(0.8, 0.3), indices(0.3, 0.8)
    assert there.d_prime == pytest.approx(-back.d_prime)
    assert there.a_prime == pytest.approx(1.0 - back.a_prime)
    assert indices(0.7, 0.4, slope=1.0).d_a == pytest.approx(indices(0.7, 0.4).d_prime)
    assert indices(0.95, 0.6).criterion < 0 < indices(0.4, 0.05).criterion


def test_nobody_is_without_an_index() -> None:
    assert log_linear(20, 20) == pytest.approx(20.5 / 21)
    assert indices(log_linear(20, 20), log_linear(0, 20)).d_prime == pytest.approx(2 * 1.9808, abs=1e-3)
    with pytest.raises(WrongUsage):
        indices(1.0, 0.1)


def test_wilson_against_worked_values() -> None:
    """Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, trials, interval in (
        (81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (1, 29, (0.0061, 0.1718)),
    ):  # fmt: skip
        assert wilson(hits, trials) == pytest.approx(interval, abs=5e-5)
    assert wilson(20, 20)[0] == pytest.approx(1 - 0.1611, abs=5e-5)
    with pytest.raises(WrongUsage):
        wilson(3, 2)
    with pytest.raises(WrongUsage):
        wilson(0, 0)
