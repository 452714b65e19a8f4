"""A reading against a limit: one verdict, with its margin and what to do where it fails."""

from __future__ import annotations

import math
from dataclasses import replace

from kerma.science.judge.pack import BINDING
from kerma.science.judge.quality_reading import Reading
from kerma.science.physics.technique_lines import COMPARISONS
from kerma.science.results import Outcome, Verdict

ADVISORY = "Advisory: the table is not yet verified against the published edition; a Level III decides."


def unread(bare: Verdict, reading: Reading) -> Verdict:
    """Return the verdict of what was neither measured nor entered: *not-judged*, with how to get it."""
    return replace(bare, outcome="not-judged", reason=f"Not judged: {reading.origin}. To judge it, {reading.how}.")


def compared(bare: Verdict, reading: Reading, corrective: str, note: str = "") -> Verdict:
    """Return the verdict of a reading against the limit of ``bare``, by its ``asked``."""
    if reading.value is None:
        return unread(bare, reading)
    value, limit = reading.value, bare.limit if bare.limit is not None else math.nan
    kept = COMPARISONS[bare.asked](value, limit)
    margin = value - limit if bare.asked == "at least" else limit - value
    outcome: Outcome = "pass" if kept else "fail" if bare.source.status in BINDING else "advisory"
    words = f"{value:.4g} {bare.unit} {reading.origin}, {bare.asked} {limit:.4g} {bare.unit} asked"
    reason = " ".join(words.split()) + "."
    if note:
        reason += f" {note[0].upper()}{note[1:]}."
    return replace(
        bare, outcome=outcome, measured=value, margin=margin, reason=reason, corrective="" if kept else corrective
    )


def finished(verdict: Verdict) -> Verdict:
    """Say of an advisory verdict why it is one."""
    return replace(verdict, reason=f"{verdict.reason} {ADVISORY}") if verdict.outcome == "advisory" else verdict
