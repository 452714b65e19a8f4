"""A rule in a few words: how much is allowed, in which window, and in which case. t is the thickness."""

from __future__ import annotations

import math
from fractions import Fraction

from kerma.science.judge.rule import Rule
from kerma.science.judge.words import imperfections

LARGEST_DENOMINATOR = 12
UNLIMITED = {
    "forbidden": "none",
    "no-limit": "no limit",
    "chart": "by the chart",
    "extension": "",
    "spacing": "no pair",
}


def limit_words(rule: Rule) -> str:
    """Return how much a rule allows, such as "min(t/3, 6 mm)"."""
    if rule.kind in UNLIMITED:
        factor = f" nearer than {rule.gap_factor:g} times the larger" if rule.kind == "spacing" else ""
        return UNLIMITED[rule.kind] + factor
    unit = f" {rule.unit}" if rule.unit else ""
    parts = [
        *_scaled(rule.limit_per_thickness, "t"),
        *_scaled(rule.limit_per_weld_length, "weld length"),
        *_scaled(rule.limit_per_weld_width, "weld width"),
        *([] if rule.limit_absolute is None else [f"{rule.limit_absolute:g}{unit}"]),
        *([rule.limit_fact] if rule.limit_fact else []),
    ]
    words = _chosen(parts, rule.limit_choice)
    words += "" if rule.limit_cap is None else f", at most {rule.limit_cap:g}{unit}"
    return words + ("" if rule.limit_floor is None else f", at least {rule.limit_floor:g}{unit}")


def window_words(rule: Rule) -> str:
    """Return the window of a rule, such as "12 t"; empty where it has none."""
    absolute = [] if rule.window_mm is None else [f"{rule.window_mm:g} mm"]
    return _chosen([*_scaled(rule.window_per_thickness, "t"), *absolute], rule.window_choice)


def case_words(rule: Rule) -> str:
    """Return in which case and for which findings a rule is: thickness, facts, shape, size."""
    words = [*_range_words(rule.thickness_over_mm, rule.thickness_up_to_mm), *(str(clause) for clause in rule.when)]
    if rule.joint_coefficient is not None:
        words.append(f"joint coefficient {rule.joint_coefficient:g}")
    if rule.shape:
        words.append(rule.shape)
    sizes = [*_scaled(rule.relevant_over_per_thickness, "t")]
    sizes += [] if rule.relevant_over_mm is None else [f"{rule.relevant_over_mm:g} mm"]
    words += [f"above {_chosen(sizes, rule.relevant_choice)}"] if sizes else []
    words += [] if rule.relevant_up_to_mm is None else [f"up to {rule.relevant_up_to_mm:g} mm"]
    words += ["darker than the parent"] if rule.darker == "yes" else []
    if rule.isolation_mm is not None:
        words.append(f"{'another' if rule.isolation == 'near' else 'none'} within {rule.isolation_mm:g} mm")
    words += ["measured"] if rule.when_measured == "yes" else []
    return ", ".join(words)


def _range_words(over: float | None, up_to: float | None) -> list[str]:
    if over is None or up_to is None:
        return [f"t > {over:g} mm"] if over is not None else [] if up_to is None else [f"t ≤ {up_to:g} mm"]
    return [f"{over:g} < t ≤ {up_to:g} mm"]


def labels_words(rule: Rule) -> str:
    """Return the labels of a rule, whole groups of the table by their name."""
    if "*" in rule.labels:
        return "everything"
    left = list(rule.labels)
    named = []
    planar = [label for label, row in imperfections().items() if row["planar"] == "yes"]
    groups: dict[str, list[str]] = {"planar flaw": planar}
    for label, row in imperfections().items():
        groups.setdefault(row["group"], []).append(label)
    for group, members in groups.items():
        if len(members) > 1 and set(members) <= set(left):
            named.append(f"every kind of {group}")
            left = [label for label in left if label not in members]
    return ", ".join([*named, *left])


def _scaled(factor: float | None, of: str) -> list[str]:
    if factor is None:
        return []
    share = Fraction(factor).limit_denominator(LARGEST_DENOMINATOR)
    if round(factor, 3) == factor or not math.isclose(float(share), factor, rel_tol=1e-6):
        return [of if factor == 1 else f"{factor:g} {of}"]
    return [f"{of}/{share.denominator}" if share.numerator == 1 else f"{share.numerator}/{share.denominator} {of}"]


def _chosen(parts: list[str], choice: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    if choice == "sum":
        return " + ".join(parts)
    return f"{'min' if choice == 'smaller' else 'max'}({', '.join(parts)})"
