"""When the images of a machine are no longer those a model's figures rest on: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.science.detect.looking import SURE

BASELINE = 100
"""The first so many images of a machine are what later ones are compared with."""
BLOCK = 50
"""So many new images are compared with them at a time; no image is in two comparisons."""
QUANTITIES = ("brightness", "contrast", "noise", "fineness", SURE)
BLOCK_LEVEL = 0.02
"""Chance of a false alarm of one comparison, of all quantities together."""
STREAM_LEVEL = 0.02
"""Chance that betting against the order of the images ever gives a false alarm, of all quantities together."""
SEED = 1

Verdict = dict[str, Any]


def is_due(runs: int, last_checked: int) -> bool:
    """Return whether there are enough new images for the next comparison.

    Parameters
    ----------
    runs : how many images the model has looked at since the baseline began
    last_checked : how many of them the last comparison knew; 0 before the first
    """
    return runs - max(last_checked, BASELINE) >= BLOCK


def fitting(runs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the runs that may be compared: those of which everything that is compared is known."""
    return [run for run in runs if set(QUANTITIES) <= set(run["features"])]


def verdict(runs: Sequence[Mapping[str, Any]], last_checked: int) -> Verdict:
    """Return how the newest images of a machine compare with its first.

    Two questions are asked. Is the newest block distributed as the baseline (PSI, Kolmogorov-Smirnov and MMD of each
    quantity, MMD of all)? And could all images since the baseline began have come in any other order? The first sees a
    jump in any form, the second a slow drift.

    Parameters
    ----------
    runs : what :func:`fitting` left, in the order they were kept
    last_checked : how many of them the last comparison knew
    """
    import numpy as np

    from kerma.science.observer.drift import set_drift
    from kerma.science.observer.exchangeability import bet

    values = {name: np.array([float(run["features"][name]) for run in runs]) for name in QUANTITIES}
    start = max(last_checked, BASELINE)
    block = set_drift(
        {name: one[:BASELINE] for name, one in values.items()},
        {name: one[start:] for name, one in values.items()},
        seed=SEED, level=BLOCK_LEVEL,
    )  # fmt: skip
    bets = {name: bet(one, level=STREAM_LEVEL / len(QUANTITIES), seed=SEED) for name, one in values.items()}
    order = [
        f"{name}: the order of the images, from image {one.alarm_at} on"
        for name, one in bets.items()
        if one.alarm_at is not None and one.alarm_at > start
    ]
    return {
        "images_before": BASELINE,
        "images_now": len(runs) - start,
        "known": len(runs),
        "quantities": {
            name: {"psi": one.psi, "ks_p": one.ks_p, "mmd_p": one.mmd_p, "highest_bet": bets[name].highest}
            for name, one in block.by_name.items()
        },
        "joint_p": block.joint_p,
        "block_level": BLOCK_LEVEL,
        "stream_level": STREAM_LEVEL,
        "signals": [*block.signals, *order],
    }
