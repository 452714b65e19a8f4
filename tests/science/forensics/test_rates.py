"""The table of error rates holds what a measurement gives: a part of it is measured again."""

from __future__ import annotations

import pytest
from tools import forensic_rates as measuring

from kerma.science.forensics.trace import RATES, rates
from kerma.standards import table

CHECKS = [row["check"] for row in table(RATES)]


def test_every_check_has_its_row_with_the_threshold_that_was_measured() -> None:
    assert list(measuring.ROWS) == CHECKS
    for row in table(RATES):
        threshold, method, untouched, touched = measuring.ROWS[row["check"]]
        assert (float(row["threshold"]), row["method"]) == (threshold, method)
        assert (row["untouched"], row["touched"]) == (untouched, touched)
        assert int(row["untouched_count"]) >= 190
        alarms, misses = int(row["false_alarms"]), int(row["missed"])
        assert float(row["false_alarm_percent"]) == pytest.approx(
            measuring.upper_percent(alarms, int(row["untouched_count"])), abs=0.06
        )
        assert float(row["missed_percent"]) == pytest.approx(
            measuring.upper_percent(misses, int(row["touched_count"])), abs=0.06
        )
        assert rates(row["check"]).test_set.startswith(row["untouched_count"])


def test_the_interval_is_wilsons() -> None:
    # Newcombe 1998, table I: 0 of 20 and 81 of 263
    assert measuring.upper_percent(0, 20) == pytest.approx(16.11, abs=0.01)
    assert measuring.upper_percent(81, 263) == pytest.approx(36.62, abs=0.01)


def test_a_part_measured_again_agrees() -> None:
    found = [one for scene in ("casting-steel", "hand") for seed in (41, 42) for one in measuring.trials(scene, seed)]
    counts = measuring.measured(found)
    for row in table(RATES):
        for is_touched, name in ((False, "false_alarm_percent"), (True, "missed_percent")):
            wrong, of = counts.get((row["check"], is_touched), (0, 0))
            # a share at the end of the interval gives more than this once in some hundred runs
            most = of * float(row[name]) / 100 + 3 * (of * float(row[name]) / 100) ** 0.5 + 1
            assert wrong <= most, (row["check"], name, wrong, of)
