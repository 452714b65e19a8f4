"""Lots and chains: what an exam belongs to, and what one rejection asks to be examined next: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import KermaError
from kerma.science.judge.extension import Examined, next_examination, scheme_names

KINDS: Mapping[str, tuple[str, ...]] = {
    "welder": ("welder", "welder_id"),
    "lot": ("lot", "lot_number", "batch"),
    "owner": ("owner", "component_owner"),
}
"""What exams are gathered by, and under which names of a technique it stands."""
MAX_LETTERS = 128
BY_DECISION: Mapping[str, str] = {"accept": "pass", "reject": "fail"}
"""What a person's decision means for the chain; any other leaves the exam open."""
OPEN = "not-judged"


def belongs_to(technique: Mapping[str, Any], conditions: Mapping[str, Any]) -> dict[str, str]:
    """Return the welder, lot and owner of an exam; what a person says goes before what the images say."""
    found = {}
    for kind, names in KINDS.items():
        said = [str(given[name]).strip() for given in (conditions, technique) for name in names if given.get(name)]
        if said and said[0]:
            found[kind] = said[0][:MAX_LETTERS]
    return found


def outcome_of(decision: str, verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Return an exam's outcome for the chain: a person's decision, else a failed verdict; open in all other cases.

    A verdict that fails, or would, stands before anybody has decided: nobody extends too little because a decision is
    late.
    """
    if decision:
        return BY_DECISION.get(decision, OPEN)
    outcomes = {one["outcome"] for one in verdicts}
    return next((said for seen, said in (("fail", "fail"), ("advisory", "advisory-fail")) if seen in outcomes), OPEN)


def scheme_of(pack: str) -> str:
    """Return the scheme of extension that goes with a pack; empty where the standard has none here."""
    return next((name for name in scheme_names() if pack == name or pack.startswith(f"{name}-")), "")


def next_step(history: Sequence[Examined], pack: str) -> dict[str, Any]:
    """Return what the chain rule of a pack asks next: ``step`` as the science has it, or ``missing`` in words."""
    scheme = scheme_of(pack)
    if not scheme:
        named = f"the pack '{pack}'" if pack else "no pack"
        return {"step": None, "missing": f"{named} has no scheme by which a rejection extends the inspection"}
    try:
        return {"step": next_examination(history, scheme).as_json(), "missing": ""}
    except KermaError as error:
        return {"step": None, "missing": str(error)}
