"""One rejection leads to more: what must be examined next of a lot, by what has been examined so far.

The stages are rows of a table: what a rejection at a stage asks for at the next. Stage 0 is the examination as planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import NotFound, Unusable, WrongUsage
from kerma.science.results import Citation
from kerma.standards import Table, table

SCHEMES = "kerma_packs/extensions"
REJECTED = ("fail", "advisory-fail", "advisory")
OUTCOMES = ("pass", "advisory-pass", *REJECTED, "not-judged")
MEANS = ("same-length", "per-rejected", "all")


@dataclass(frozen=True)
class Examined:
    """One item or part of a weld that was examined at a stage, its verdict, and its length where that counts."""

    id: str
    outcome: str
    stage: int = 0
    length_mm: float | None = None

    @property
    def is_rejected(self) -> bool:
        """Whether the verdict rejects it; an advisory one does as well."""
        return self.outcome in REJECTED


@dataclass(frozen=True)
class Next:
    """What must be examined next; ``is_done`` when nothing more must.

    ``count`` further items or ``length_mm`` of weld are still owed at ``stage``; where ``scope`` is a whole lot and its
    size is not known, neither is given. ``repair`` are the rejected items.
    """

    is_done: bool
    stage: int
    reason: str
    source: Citation
    examine: str = ""
    count: int | None = None
    length_mm: float | None = None
    scope: str = ""
    action: str = ""
    repair: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        plain = {name: getattr(self, name) for name in ("is_done", "stage", "examine", "count", "length_mm", "scope")}
        told = {"action": self.action, "reason": self.reason, "repair": list(self.repair)}
        return plain | told | {"source": self.source.as_json()}


@dataclass(frozen=True)
class _Step:
    stage: int
    examine: str
    count: int
    scope: str
    clause: str
    action: str


def scheme_names() -> tuple[str, ...]:
    """Return the names of the schemes."""
    return tuple(row["name"] for row in table(SCHEMES))


def next_examination(history: Sequence[Examined], scheme: str, *, lot_size: int | None = None) -> Next:
    """Return what a scheme asks to be examined next.

    Parameters
    ----------
    history : everything examined so far of one weld or lot, by the same welder, in any order
    scheme : a name of :func:`scheme_names`
    lot_size : how many items the lot has, where that is known; then *all* can be seen to be done

    Raises
    ------
    NotFound
        There is no such scheme.
    WrongUsage
        The history contradicts itself: an unknown outcome, an item twice, a stage that nothing led to.
    """
    source, steps = _steps_of(scheme)
    _check(history, steps)
    rejected = tuple(one.id for one in history if one.is_rejected)
    for step in steps:
        broken = [one for one in history if one.stage == step.stage and one.is_rejected]
        if not broken:
            break
        owed = _owed(step, broken, history, lot_size)
        if owed is not None:
            count, length_mm = owed
            reason = f"rejected at stage {step.stage}: {', '.join(one.id for one in broken)}"
            cited = Citation.of(source, step.clause)
            return Next(
                False, step.stage + 1, reason, cited, step.examine, count, length_mm, step.scope, step.action, rejected
            )
    open_items = [one.id for one in history if one.outcome == "not-judged"]
    if open_items:
        stage = max(one.stage for one in history if one.outcome == "not-judged")
        reason = f"not yet judged: {', '.join(open_items)}"
        return Next(False, stage, reason, Citation.of(source), count=len(open_items), repair=rejected)
    last = max((one.stage for one in history), default=0)
    reason = "nothing was rejected at the last stage" if history else "nothing has been examined yet"
    return Next(bool(history), last, reason, Citation.of(source), repair=rejected)


def _owed(
    step: _Step, broken: Sequence[Examined], history: Sequence[Examined], lot_size: int | None
) -> tuple[int | None, float | None] | None:
    """Return the number and the length still to examine because of the rejected of a stage; None when nothing is."""
    judged = [one for one in history if one.outcome != "not-judged"]
    done = [one for one in judged if one.stage == step.stage + 1]
    if step.examine == "per-rejected":
        count = step.count * len(broken) - len(done)
        return (count, None) if count > 0 else None
    if step.examine == "same-length":
        lengths = [one.length_mm for one in history if one.stage == step.stage]
        if any(length is None for length in (*lengths, *(one.length_mm for one in done))):
            return None if done else (None, None)
        length = sum(one or 0.0 for one in lengths) - sum(one.length_mm or 0.0 for one in done)
        return (None, length) if length > 1e-9 else None
    if lot_size is None:
        return None, None
    count = lot_size - len({one.id for one in judged})
    return (count, None) if count > 0 else None


def _check(history: Sequence[Examined], steps: Sequence[_Step]) -> None:
    ids: set[str] = set()
    rejecting = {one.stage for one in history if one.is_rejected}
    for one in history:
        if one.outcome not in OUTCOMES:
            raise WrongUsage(f"'{one.id}' has the outcome '{one.outcome}', which is none of {', '.join(OUTCOMES)}")
        if one.id in ids:
            raise WrongUsage(f"'{one.id}' stands twice in the history; give each item and part its own name")
        ids.add(one.id)
        if one.stage < 0 or one.stage > len(steps):
            raise WrongUsage(f"'{one.id}' is of stage {one.stage}; the scheme has the stages 0 to {len(steps)}")
        if one.stage and one.stage - 1 not in rejecting:
            raise WrongUsage(f"'{one.id}' is of stage {one.stage}, but nothing was rejected at stage {one.stage - 1}")
        if one.length_mm is not None and not one.length_mm > 0:
            raise WrongUsage(f"'{one.id}' is {one.length_mm:g} mm long; give a length above 0 mm")


def _steps_of(scheme: str) -> tuple[Table, list[_Step]]:
    row = next((row for row in table(SCHEMES) if row["name"] == scheme), None)
    if row is None:
        raise NotFound(f"there is no scheme of extension '{scheme}'; there are {', '.join(scheme_names())}")
    source = table(row["table"])
    steps = [_step(one, f"table '{source.name}', row {number}") for number, one in enumerate(source, start=1)]
    if [step.stage for step in steps] != list(range(len(steps))):
        raise Unusable(f"table '{source.name}': its stages must be 0, 1, 2 … in this order")
    return source, steps


def _step(row: dict[str, str], where: str) -> _Step:
    if row["examine"] not in MEANS:
        raise Unusable(f"{where}: examine '{row['examine']}' is none of {', '.join(MEANS)}")
    try:
        count = int(row["count"] or 1)
        return _Step(int(row["stage"]), row["examine"], count, row["scope"], row["clause"], row["action"])
    except ValueError:
        raise Unusable(f"{where}: stage and count must be whole numbers") from None
