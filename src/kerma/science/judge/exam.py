"""The verdicts of an exam of several images: windows run across film edges where the images say where they lie."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from kerma.science.judge.conditions import Conditions
from kerma.science.judge.engine import judge
from kerma.science.judge.limits import KINDS
from kerma.science.judge.pack import Pack, load_pack
from kerma.science.judge.places import laid_out
from kerma.science.results import Finding, Outcome, Verdict

SEVERITY: tuple[Outcome, ...] = ("fail", "advisory", "not-judged", "pass")
"""Outcomes from the gravest down: what an exam of several images takes from each rule."""

Judged = tuple[Sequence[Finding], Conditions]


def judge_images(images: Sequence[Judged], pack: str | Pack) -> tuple[Verdict, ...]:
    """Judge an exam of several images, and take of each rule the gravest verdict.

    Images of one part that say where along the weld they begin (``weld_start_mm``) and have a scale are judged
    together, so that windows and groups run across their edges. Every other image is judged by itself, and rules
    about windows say so. A finding seen on two overlapping images counts twice, which never makes a verdict milder.
    """
    loaded = load_pack(pack) if isinstance(pack, str) else pack
    asked = {clause.name for rule in loaded.rules for clause in rule.when} | {rule.limit_fact for rule in loaded.rules}
    together = _joined(images, asked)
    along = {rule.rule for rule in loaded.rules if KINDS[rule.kind].is_along}
    by_rule: dict[str, list[Verdict]] = {}
    for findings, conditions in together or [((), Conditions())]:
        for verdict in judge(findings, loaded, conditions):
            by_rule.setdefault(verdict.rule, []).append(verdict)
    gravest = (min(verdicts, key=_gravity) for verdicts in by_rule.values())
    parted = len([1 for findings, _ in together if findings]) > 1
    return tuple(_told(verdict) if parted and verdict.rule in along else verdict for verdict in gravest)


def _joined(images: Sequence[Judged], asked: Collection[str]) -> list[Judged]:
    """Return the images, those of one weld whose places are known as one; only the facts that are asked tell welds."""
    alone: list[Judged] = []
    welds: list[tuple[Conditions, list[Finding]]] = []
    for findings, conditions in images:
        spacing = conditions.spacing
        if conditions.weld_start_mm is None or spacing.row_mm is None or spacing.column_mm is None:
            alone.append((findings, conditions))
            continue
        unit = replace(spacing, row_mm=1.0, column_mm=1.0)
        facts = {name: value for name, value in conditions.facts.items() if name in asked}
        part = replace(conditions, weld_start_mm=None, weld_offset_mm=0.0, axis="column", spacing=unit, facts=facts)
        known = next((found for like, found in welds if like == part), None)
        if known is None:
            known = []
            welds.append((part, known))
        known += laid_out(findings, conditions)
    return [*((found, part) for part, found in welds), *alone]


def _told(verdict: Verdict) -> Verdict:
    words = "Each image was judged by itself: nobody has said where along the weld it begins (weld_start_mm)."
    return replace(verdict, reason=f"{verdict.reason} {words}") if verdict.finding_ids else verdict


def _gravity(verdict: Verdict) -> tuple[int, float]:
    return SEVERITY.index(verdict.outcome), verdict.margin if verdict.margin is not None else float("inf")
