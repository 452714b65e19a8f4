"""Findings and a pack in, verdicts with their clauses out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.limits import KINDS, Amount, exceeds
from kerma.science.judge.pack import Pack, Rule, load_pack
from kerma.science.results import Citation, Finding, Outcome, Verdict

SEVERITY: tuple[Outcome, ...] = ("fail", "advisory", "not-judged", "pass")
"""Outcomes from the gravest down: what an exam of several images takes from each rule."""
BINDING = ("public-law", "verified", "own")
"""Status of tables whose rules may fail a part; any other gives an advisory verdict."""


def judge(findings: Sequence[Finding], pack: str | Pack, conditions: Conditions | None = None) -> tuple[Verdict, ...]:
    """Judge the findings of one image by every rule of a pack.

    Parameters
    ----------
    findings : what was seen; measurements in mm where the image has a scale
    pack : a packaged table such as ``fr_arrete_1978/acceptance``, a site's own as CSV text, or a loaded pack
    conditions : thickness, weld, scale; a rule whose input is missing gives *not-judged* and says what to give

    Returns
    -------
    One verdict per rule in the order of the table; one more, *not-judged*, when no rule covers a finding's label.
    """
    loaded = load_pack(pack) if isinstance(pack, str) else pack
    given = conditions or Conditions()
    if not any(_is_for(rule, given) for rule in loaded.rules):
        return (_other_part(loaded, given),)
    plain = [_judge_rule(rule, findings, loaded, given) for rule in _in_force(loaded, given)]
    return _with_extension((*plain, *_uncovered(findings, loaded)), loaded, given)


def judge_images(images: Sequence[tuple[Sequence[Finding], Conditions]], pack: str | Pack) -> tuple[Verdict, ...]:
    """Judge an exam of several images: each image by itself, and of each rule the gravest verdict.

    Windows never run from one image into the next, because nobody has said how their edges meet.
    """
    loaded = load_pack(pack) if isinstance(pack, str) else pack
    by_rule: dict[str, list[Verdict]] = {}
    for findings, conditions in images or [((), Conditions())]:
        for verdict in judge(findings, loaded, conditions):
            by_rule.setdefault(verdict.rule, []).append(verdict)
    return tuple(min(verdicts, key=_gravity) for verdicts in by_rule.values())


def _gravity(verdict: Verdict) -> tuple[int, float]:
    return SEVERITY.index(verdict.outcome), verdict.margin if verdict.margin is not None else float("inf")


def _in_force(pack: Pack, conditions: Conditions) -> list[Rule]:
    """Return the rules for this kind of part and thickness; of several rows of one name, the first that holds it."""
    thickness = conditions.thickness_mm
    chosen: dict[str, Rule] = {}
    for rule in pack.rules:
        below = thickness is not None and rule.thickness_over_mm is not None and thickness <= rule.thickness_over_mm
        above = thickness is not None and rule.thickness_up_to_mm is not None and thickness > rule.thickness_up_to_mm
        if not below and not above and _is_for(rule, conditions):
            chosen.setdefault(rule.rule, rule)
    return list(chosen.values())


def _is_for(rule: Rule, conditions: Conditions) -> bool:
    return not rule.part or not conditions.part or rule.part == conditions.part


def _other_part(pack: Pack, conditions: Conditions) -> Verdict:
    kinds = " or ".join(sorted({rule.part for rule in pack.rules}))
    reason = f"Not judged: the rules are for a {kinds}, this is a {conditions.part}. Choose the pack agreed for it."
    return Verdict("rules for another part", "not-judged", Citation.of(pack.table), reason)


def _judge_rule(rule: Rule, findings: Sequence[Finding], pack: Pack, conditions: Conditions) -> Verdict:
    covered = [finding for finding in findings if rule.covers(finding.label)]
    unjudged = Verdict(rule.rule, "not-judged", pack.cite(rule), "", unit=rule.unit, finding_ids=_ids(covered))
    try:
        _check_applies(rule, covered, conditions)
        amount = KINDS[rule.kind].judge(rule, covered, conditions)
    except NotJudgedError as missing:
        if not covered:
            return replace(unjudged, outcome="pass", measured=0.0, reason=_nothing_found(rule))
        return replace(unjudged, reason=f"Not judged: {missing}.")
    return _verdict(rule, pack.cite(rule), amount, conditions, nothing=not covered)


def _ids(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)


def _check_applies(rule: Rule, covered: Sequence[Finding], conditions: Conditions) -> None:
    wanted, given = rule.joint_coefficient, conditions.joint_coefficient
    if wanted is not None and given is not None and wanted != given:
        raise NotJudgedError(f"the row is for joint coefficient {wanted:g}, the part has {given:g}: choose its pack")
    if (rule.thickness_over_mm is not None or rule.thickness_up_to_mm is not None) and covered:
        conditions.thickness()


def _nothing_found(rule: Rule) -> str:
    return f"No finding that the rule '{rule.rule}' looks at was recorded."


def _verdict(rule: Rule, source: Citation, amount: Amount, conditions: Conditions, *, nothing: bool) -> Verdict:
    limit, measured = amount.limit, amount.measured
    margin = None if limit is None else limit - measured
    failed = limit is not None and exceeds(measured, limit)
    outcome: Outcome = "pass"
    if failed:
        outcome = "fail" if source.status in BINDING else "advisory"
    elif amount.missing:
        outcome = "not-judged"
    return Verdict(
        rule=rule.rule,
        outcome=outcome,
        source=source,
        reason=_nothing_found(rule) if nothing else _reason(rule, outcome, amount, conditions),
        limit=limit,
        measured=measured,
        margin=margin,
        unit=rule.unit,
        finding_ids=amount.ids,
        action=_stage(rule.action, conditions.extension_stage) if failed else "",
    )


def _reason(rule: Rule, outcome: Outcome, amount: Amount, conditions: Conditions) -> str:
    said = []
    if outcome == "not-judged":
        said.append(f"Not judged: {'; '.join(amount.missing)}.")
    elif amount.limit:
        relation = "above" if exceeds(amount.measured, amount.limit) else "within"
        limit = f"{_shown(amount.limit)} {rule.unit}"
        said.append(f"Measured {_shown(amount.measured)} {rule.unit}, {relation} the limit of {limit}.")
    if amount.note:
        said.append(f"{amount.note[0].upper()}{amount.note[1:]}.")
    if outcome == "advisory":
        said.append("Advisory: the table is not yet verified against the published edition; a Level III decides.")
    if rule.unit.startswith("mm") and conditions.spacing.source == "detector":
        said.append("Lengths are at the detector: with magnification the part's own are smaller.")
    return " ".join(said)


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _stage(action: str, stage: int) -> str:
    steps = [step.strip() for step in action.split("|")]
    return steps[min(stage, len(steps) - 1)]


def _uncovered(findings: Sequence[Finding], pack: Pack) -> list[Verdict]:
    """Return one not-judged verdict when findings bear a label that no rule looks at: silence is no acceptance."""
    left = [finding for finding in findings if not any(rule.covers(finding.label) for rule in pack.rules)]
    if not left:
        return []
    words = ", ".join(sorted({finding.label for finding in left}))
    reason = f"Not judged: no rule of this pack covers {words}. Give each finding its type, or let a person decide."
    return [Verdict("findings without a rule", "not-judged", Citation.of(pack.table), reason, finding_ids=_ids(left))]


def _with_extension(verdicts: tuple[Verdict, ...], pack: Pack, conditions: Conditions) -> tuple[Verdict, ...]:
    """Judge the chain rules by the verdicts of the others: unacceptable findings extend the inspection."""
    chains = [rule for rule in pack.rules if rule.kind == "extension" and _is_for(rule, conditions)]
    names = {rule.rule for rule in chains}
    plain = tuple(verdict for verdict in verdicts if verdict.rule not in names)
    failed = [verdict for verdict in plain if verdict.outcome in ("fail", "advisory")]
    unjudged = [verdict for verdict in plain if verdict.outcome == "not-judged"]
    missing = ("it hangs on rules that could not be judged",) if unjudged else ()
    ids = tuple(dict.fromkeys(name for verdict in failed for name in verdict.finding_ids))
    broken = ", ".join(verdict.rule for verdict in failed)
    note = f"the inspection is to be extended because of: {broken}" if failed else "nothing unacceptable extends it"
    amount = Amount(float(len(failed)), 0.0, ids, note, missing)
    judged = tuple(_verdict(rule, pack.cite(rule), amount, conditions, nothing=False) for rule in chains)
    return (*plain, *judged)
