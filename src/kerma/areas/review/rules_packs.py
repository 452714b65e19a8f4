"""What the rows of a pack say, in sentences and as curves of limit against thickness: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerma.science.judge.amounts import limit_of
from kerma.science.judge.conditions import NUMBERS, Conditions, NotJudgedError
from kerma.science.judge.limits import KINDS
from kerma.science.judge.pack import Pack
from kerma.science.judge.rule import Rule
from kerma.science.judge.words import IMPERFECTIONS
from kerma.science.units import UNITS
from kerma.standards import table

SHOWN_THICKNESS_MM = 60.0
"""How far a curve of limit against thickness is drawn where the row itself does not end."""
MANY_LABELS = 4

GROUPS: dict[str, str] = {
    "*": "any finding",
    "@planar": "planar flaws (cracks, lack of fusion or penetration …)",
    "@crack": "cracks",
    "@gas": "gas cavities",
    "@shrinkage": "shrinkage",
    "@inclusion": "inclusions",
    "@fusion": "lack of fusion or penetration",
    "@shape": "flaws of shape",
    "@other": "other flaws",
}
"""The words of a group of labels."""

SENTENCES: dict[str, str] = {
    "forbidden": "{labels}: not allowed",
    "size": "{measure} of each {labels}: at most {limit}",
    "window-sum": "{measure} of all {labels}, summed {window}: at most {limit}",
    "window-area": "Area of all {labels} {window}: at most {limit} of window length times weld width",
    "window-count": "Number of {labels} {window}: at most {limit}",
    "total": "{measure} of all {labels} over the whole weld, summed: at most {limit}",
    "spacing": "Between two {labels}: at least {gap}",
    "distance": "Between {labels} and the next: at least {limit}",
    "aligned-group": "{measure} of {labels} in one group ({gap}), summed {window}: at most {limit}",
    "cluster": "Longest side of a group of {labels} ({gap}): at most {limit}",
    "group-length": "Length of a group of {labels} ({gap}): at most {limit}",
    "density": "{measure} of {labels} that is darker than the parent material beside it: at most {limit}",
    "chart": "{labels}: compare by eye with the chart, which is licensed and not shipped",
    "extension": "After an unacceptable finding: {action}",
}
"""How a row of each kind is read aloud."""


def described(pack: Pack) -> list[dict[str, Any]]:
    """Return each row of a pack as a sentence, with when it is in force, its source, and its curve."""
    return [
        {
            "rule": rule.rule,
            "kind": rule.kind,
            "sentence": sentence(rule, row.get("labels", "")),
            "when": in_force(rule),
            "clause": rule.clause,
            "status": pack.cite(rule).status,
            "labels": list(rule.labels),
            "unit": _unit(rule.unit),
            "action": rule.action,
            "curve": curve(rule),
        }
        for rule, row in zip(pack.rules, pack.table.rows, strict=True)
    ]


def sentence(rule: Rule, labels: str) -> str:
    """Return what a row says, as one sentence of plain words; ``labels`` as they stand in the row (``@gas``)."""
    words = {
        "labels": _labels(labels.split()),
        "measure": _measure(rule.measure),
        "limit": _limit(rule),
        "window": _window(rule),
        "gap": _gap(rule),
        "action": "; then: ".join(step.strip() for step in rule.action.split("|")),
    }
    said = SENTENCES.get(rule.kind, KINDS[rule.kind].help + ": at most {limit}").format_map(words)
    return said[:1].upper() + said[1:]


def in_force(rule: Rule) -> str:
    """Return when a row is in force: its thickness, coefficient, facts, shape and what is not relevant."""
    over, up_to = rule.thickness_over_mm, rule.thickness_up_to_mm
    said = [
        f"coefficient {rule.joint_coefficient:g}" if rule.joint_coefficient is not None else "",
        f"thickness over {over:g} mm" if over is not None else "",
        f"thickness up to {up_to:g} mm" if up_to is not None else "",
        *(str(clause).replace("_", " ") for clause in rule.when),
        f"{rule.shape} ones only" if rule.shape else "",
        f"larger than {rule.relevant_over_mm:g} mm" if rule.relevant_over_mm is not None else "",
        f"up to {rule.relevant_up_to_mm:g} mm" if rule.relevant_up_to_mm is not None else "",
        _times(rule.relevant_over_per_thickness, "thickness", "larger than "),
        "where it was measured" if rule.when_measured else "",
    ]
    return ", ".join(one for one in said if one)


def curve(rule: Rule) -> list[tuple[float, float]] | None:
    """Return the limit against thickness as the corners of straight lines; None where it does not hang on thickness.

    Both in mm, or the limit in the row's unit. The lines between the corners are exact: limits are k·t, constants,
    and the smaller or larger of them.
    """
    if not KINDS[rule.kind].has_limit or (rule.limit_per_thickness is None and not rule.is_ranged):
        return None
    low = rule.thickness_over_mm or 0.0
    high = rule.thickness_up_to_mm if rule.thickness_up_to_mm is not None else max(SHOWN_THICKNESS_MM, 2.0 * low)
    turns = [rule.limit_absolute, rule.limit_cap, rule.limit_floor]
    slope = rule.limit_per_thickness
    inside = [turn / slope for turn in turns if turn is not None and slope]
    corners = sorted({max(low, 1e-6), high, *(each for each in inside if low < each < high)})
    try:
        return [(corner, limit_of(rule, Conditions(thickness_mm=corner))) for corner in corners]
    except NotJudgedError:
        return None


def asks(pack: Pack) -> list[dict[str, Any]]:
    """Return the facts that rows of a pack ask for in ``when``: each name, the words it may have, whether a number."""
    agreed = [rule.limit_fact for rule in pack.rules if rule.limit_fact]
    known: dict[str, list[str]] = {name: [] for name in agreed}
    numbers = set(agreed)
    for clause in (clause for rule in pack.rules for clause in rule.when):
        if clause.name in NUMBERS or clause.name in pack.facts:
            continue
        words = known.setdefault(clause.name, [])
        if clause.comparison not in ("=", "!="):
            numbers.add(clause.name)
        elif clause.value not in words:
            words.append(clause.value)
    return [{"name": name, "words": words, "is_number": name in numbers} for name, words in known.items()]


def _labels(labels: Sequence[str]) -> str:
    names = {row["label"]: row["name"].lower() for row in table(IMPERFECTIONS)} | GROUPS
    shown = [names.get(label, label) for label in labels]
    if len(shown) > MANY_LABELS:
        return ", ".join(shown[: MANY_LABELS - 1]) + f" and {len(shown) - MANY_LABELS + 1} more kinds"
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _measure(names: Sequence[str]) -> str:
    bare = [name.rsplit("_", 1)[0] if name.rsplit("_", 1)[-1] in UNITS else name for name in names]
    return " or ".join(one.replace("_", " ") for one in bare) or "size"


def _limit(rule: Rule) -> str:
    parts = [
        _times(rule.limit_per_thickness, "thickness"),
        _times(rule.limit_per_weld_length, "weld length"),
        _times(rule.limit_per_weld_width, "weld width"),
        f"what the drawing gives as {rule.limit_fact.replace('_', ' ')}" if rule.limit_fact else "",
        "" if rule.limit_absolute is None else _amount(rule.limit_absolute, rule.unit),
    ]
    given = [one for one in parts if one]
    said = f"the {rule.limit_choice} of {' and '.join(given)}" if len(given) > 1 else "".join(given)
    if rule.limit_cap is not None:
        said += f", never above {_amount(rule.limit_cap, rule.unit)}"
    if rule.limit_floor is not None:
        said += f", never below {_amount(rule.limit_floor, rule.unit)}"
    return said


def _window(rule: Rule) -> str:
    parts = [
        _times(rule.window_per_thickness, "thickness"),
        "" if rule.window_mm is None else f"{rule.window_mm:g} mm",
    ]
    given = [one for one in parts if one]
    if not given:
        return "over the whole weld"
    return f"in any window of {'the ' + rule.window_choice + ' of ' if len(given) > 1 else ''}{' and '.join(given)}"


def _gap(rule: Rule) -> str:
    if rule.gap_factor is None:
        return "touching one line" if rule.alignment else "any distance"
    larger = {"group": "the larger group"}.get(rule.gap_reference, "the larger of the two")
    nearer = "" if rule.kind == "spacing" else "nearer than "
    return f"{nearer}{rule.gap_factor:g} times {larger}"


def _times(factor: float | None, what: str, before: str = "") -> str:
    if factor is None:
        return ""
    return f"{before}{what}" if factor == 1 else f"{before}{factor:.3g} × {what}"


def _amount(value: float, unit: str) -> str:
    shown = unit.removesuffix("s") if value == 1 and unit in ("findings", "pairs") else _unit(unit)
    return f"{value:g} {shown}".strip()


def _unit(unit: str) -> str:
    return UNITS[unit].shown if unit in UNITS else unit
