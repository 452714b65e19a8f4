"""Decision flows: which stages an exam goes through, who may decide at each, and what follows a decision: pure.

A flow is data. An exam of an industry without one is decided once. ``next`` of a stage says for a decision which stage
follows; ``*`` is every decision that is not named, and what is not said ends the exam.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kerma.errors import WrongUsage
from kerma.standards import table

FLOWS = "kerma_worklist/flows"
ANY = "*"
MOST_STAGES, LETTERS = 12, 32


@dataclass(frozen=True)
class Stage:
    """One stage: its word, how it is shown, the skill that deciding asks for, and what follows each decision."""

    stage: str
    label: str
    skill: str = ""
    next: Mapping[str, str] = field(default_factory=dict)


Flow = tuple[Stage, ...]
"""The stages of an exam; the first is where it begins. Empty: it is decided once."""


def shipped() -> dict[tuple[str, str], Flow]:
    """Return the flows that Kerma comes with, by industry and name."""
    found: dict[tuple[str, str], Flow] = {}
    for row in table(FLOWS):
        follows = dict(pair.split("=", 1) for pair in row["next"].split(";") if pair)
        key = (row["industry"], row["flow"])
        found[key] = (*found.get(key, ()), Stage(row["stage"], row["label"], row["skill"], follows))
    return found


def flow_of(stages: Iterable[Mapping[str, Any]]) -> Flow:
    """Return a flow from its JSON form."""
    return tuple(
        Stage(str(one["stage"]), str(one["label"]), str(one.get("skill", "")), dict(one.get("next", {})))
        for one in stages
    )


def as_json(flow: Flow) -> list[dict[str, Any]]:
    """Return the JSON form."""
    return [asdict(one) for one in flow]


def first_stage(flow: Flow) -> str:
    """Return where an exam begins; empty where it is decided once."""
    return flow[0].stage if flow else ""


def stage_of(flow: Flow, stage: str) -> Stage | None:
    """Return a stage by its word; None where the flow has none of that name (it was changed meanwhile)."""
    return next((one for one in flow if one.stage == stage), None)


def next_stage(flow: Flow, stage: str, decision: str) -> str:
    """Return the stage that follows a decision; empty where the exam is at its end."""
    found = stage_of(flow, stage)
    if found is None:
        return ""
    return found.next.get(decision, found.next.get(ANY, ""))


def demand_flow(flow: Flow, decisions: Collection[str]) -> None:
    """Refuse a flow that could not be worked through.

    Parameters
    ----------
    decisions : codes that can be decided in the industry

    Raises
    ------
    WrongUsage
        A word is empty, too long or there twice, a decision or stage is unknown, a stage is never reached, or an exam
        could go in a circle; the message names the stage.
    """
    problems = [*_problems(flow, decisions)]
    if problems:
        raise WrongUsage("; ".join(problems))


def _problems(flow: Flow, decisions: Collection[str]) -> Iterable[str]:
    names = [one.stage for one in flow]
    if not 1 <= len(flow) <= MOST_STAGES:
        yield f"a flow has 1 to {MOST_STAGES} stages"
    if len(set(names)) != len(names):
        yield "two stages have the same name"
    for one in flow:
        words = (one.stage, one.label)
        if any(not word.strip() or len(word) > LETTERS for word in words) or len(one.skill) > 2 * LETTERS:
            yield f"stage '{one.stage[:LETTERS]}': name and label are 1 to {LETTERS} letters"
        for code, follows in one.next.items():
            if code not in (ANY, *decisions):
                yield f"stage '{one.stage}': there is no decision '{code[:LETTERS]}'"
            if follows not in names:
                yield f"stage '{one.stage}': there is no stage '{follows[:LETTERS]}'"
            elif names.index(follows) <= names.index(one.stage):
                yield f"stage '{one.stage}': '{follows}' comes before it, so an exam could go in a circle"
    reached = {first_stage(flow), *(follows for one in flow for follows in one.next.values())}
    yield from (f"stage '{name}' is never reached" for name in names if name not in reached)


def paths(flow: Flow, decisions: Sequence[str]) -> list[list[tuple[str, str]]]:
    """Return every way through a flow, as (stage, decision) one after the other: what a dry run shows."""

    def onwards(stage: str) -> list[list[tuple[str, str]]]:
        found = []
        for decision in decisions:
            follows = next_stage(flow, stage, decision)
            rest = onwards(follows) if follows else [[]]
            found += [[(stage, decision), *one] for one in rest]
        return found

    return onwards(first_stage(flow)) if flow else []
