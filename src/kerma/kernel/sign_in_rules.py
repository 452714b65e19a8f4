"""How long a sign-in must wait: pure decisions, the time is an argument."""

from __future__ import annotations

from collections.abc import Sequence

MINUTE_S = 60.0
REMEMBERED_S = 3600.0
"""Failures older than this no longer count."""
LONGEST_WAIT_S = 300.0
"""The waiting time stops growing here: an attacker must not be able to lock a lane for good."""


def wait_after_failures_s(ages_s: Sequence[float], allowed: int) -> float:
    """Return the seconds until the next try, from the ages of the failures since the last success.

    The first ``allowed`` tries are free; then a minute passes between tries, and twice as long each time.
    """
    counted = sorted(age for age in ages_s if age < REMEMBERED_S)
    if len(counted) < allowed:
        return 0.0
    gap_s = min(MINUTE_S * 2.0 ** (len(counted) - allowed), LONGEST_WAIT_S)
    return max(0.0, gap_s - counted[0])


def wait_for_address_s(ages_s: Sequence[float], allowed: int) -> float:
    """Return the seconds until an address may try again, from the ages of all its tries."""
    recent = sorted(age for age in ages_s if age < MINUTE_S)
    if len(recent) < allowed:
        return 0.0
    return MINUTE_S - recent[allowed - 1]
