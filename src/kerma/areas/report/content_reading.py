"""What a report prints of how an exam was read: what was hidden from whom until when, and which functions were used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerma.areas.report import wording
from kerma.areas.report.language import Language

MOST_FUNCTIONS = 8
"""Functions that are named; the record holds the others."""


def facts(decision: Mapping[str, Any] | None, say: Language) -> list[list[str]]:
    """Return what is to be told of the reading behind a decision, as lines of label and text; nothing where all was
    open and the page told nothing.

    Parameters
    ----------
    decision : with its ``reading`` as ``review.queries.decisions`` gives it
    """
    reading = (decision or {}).get("reading")
    if not reading:
        return []
    told = [*_hidden(reading, say)]
    uses = sorted(reading["record"]["functions"], key=lambda use: (-use["seconds"], use["name"]))
    functions = [f"{use['name']} {_seconds(use['seconds'], say)}" for use in uses[:MOST_FUNCTIONS]]
    more = [say("read_more", count=len(uses) - MOST_FUNCTIONS)] if len(uses) > MOST_FUNCTIONS else []
    lines = [("fact_read", "; ".join(told)), ("fact_functions", ", ".join([*functions, *more]))]
    return [[say(key), text] for key, text in lines if text]


def _hidden(reading: Mapping[str, Any], say: Language) -> list[str]:
    algorithm, mode = reading["algorithm"], reading["reading"]
    told = []
    if algorithm == "off":
        told.append(say("read_off"))
    elif algorithm == "second-reader" and reading["first_read_at"]:
        told.append(say("read_second", at=say.moment(reading["first_read_at"])))
    elif algorithm == "second-reader":
        told.append(say("read_no_first"))
    if mode in ("blind", "double"):
        told.append(say(f"read_{mode}"))
    return told


def _seconds(seconds: float, say: Language) -> str:
    return f"{say.number(f'{seconds:.1f}')}{wording.THIN}s"
