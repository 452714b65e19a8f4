"""Drift: against scipy and by hand; no more false alarms than promised, and no shift of one sigma unseen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kerma.errors import WrongUsage
from kerma.science.observer.drift import drift, ks, mmd, psi, set_drift


def test_psi_by_hand() -> None:
    """Halves that become 3/4 and 1/4: (1/4) ln(3/2) + (-1/4) ln(1/2) = (1/4) ln 3."""
    before, now = np.array([0.0, 0, 1, 1]), np.array([0.0, 0, 0, 1])
    assert psi(before, now, bins=2) == pytest.approx(0.25 * np.log(3))
    assert psi(before, before) == 0


@pytest.mark.parametrize("seed", range(4))
def test_ks_equals_scipys(seed: int) -> None:
    generator = np.random.default_rng(seed)
    before, now = generator.normal(0, 1, 300), generator.normal(0.2, 1, 250)
    distance, p = ks(before, now)
    peer = stats.ks_2samp(before, now, method="exact")
    assert distance == pytest.approx(peer.statistic, abs=1e-12)
    assert p == pytest.approx(peer.pvalue, rel=0.1)


def test_mmd_equals_its_definition() -> None:
    generator = np.random.default_rng(5)
    x, y = generator.normal(0, 1, (30, 2)), generator.normal(0.5, 1, (25, 2))
    z = np.vstack([x, y])
    square = ((z[:, None] - z[None]) ** 2).sum(-1)
    kernel = np.exp(-square / np.median(square[np.triu_indices(55, 1)]))
    within = [kernel[:30, :30], kernel[30:, 30:]]
    mean = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in within]
    found, p = mmd(x, y)
    assert found == pytest.approx(sum(mean) - 2 * kernel[:30, 30:].mean(), abs=1e-12)
    assert 1 / 2000 <= p <= 1
    assert mmd(x, y) == (found, p)


def test_without_drift_the_guarantee_stands_in_99_of_100_cases() -> None:
    alarms = []
    for seed in range(20):
        before, now = np.random.default_rng(seed).beta(2, 5, (2, 80))
        alarms.append(drift(before, now).suspends)
    assert np.mean(alarms) <= 0.05


@pytest.mark.parametrize("change", [lambda x: x + 1.0, lambda x: 2.2 * x], ids=["shift", "spread"])
def test_a_shift_of_one_sigma_or_twice_the_spread_suspends_it_and_says_why(change: object) -> None:
    before, now = np.random.default_rng(7).normal(0, 1, (2, 150))
    found = drift(before, change(now))
    assert found.suspends and found.signals
    assert not drift(before, now).suspends and drift(before, now).signals == ()


def test_gain_and_offset_of_both_change_no_measure() -> None:
    before, now = np.random.default_rng(8).normal(0, 1, (2, 60))
    one, other = drift(before, now), drift(3 * before + 2, 3 * now + 2)
    assert one.psi == pytest.approx(other.psi) and one.ks == other.ks and one.mmd2 == pytest.approx(other.mmd2)


def test_too_few_values_are_refused() -> None:
    with pytest.raises(WrongUsage, match="20"):
        drift(np.ones(5), np.ones(50))


def test_several_quantities_share_one_level_and_all_together_see_what_none_does_alone() -> None:
    """Two quantities that were alike turn against each other: each alone is as before."""
    generator = np.random.default_rng(9)
    one, other = generator.normal(0, 1, (2, 120))
    noise = generator.normal(0, 0.3, (2, 120))
    found = set_drift({"a": one, "b": one + noise[0]}, {"a": other, "b": -other + noise[1]})
    assert found.suspends and found.signals == (f"all together: MMD p {found.joint_p:.2g}",)
    assert not found.by_name["a"].suspends and not found.by_name["b"].suspends
    assert not set_drift({"a": one, "b": one + noise[0]}, {"a": other, "b": other + noise[1]}).suspends


def test_a_quantity_that_never_changes_is_no_drift_and_sets_must_tell_the_same() -> None:
    same = {"a": np.full(30, 2.0)}
    assert not set_drift(same, same).suspends
    with pytest.raises(WrongUsage, match="same quantities"):
        set_drift(same, {"b": np.ones(30)})
