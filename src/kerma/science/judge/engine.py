"""Findings and a pack in, verdicts with their clauses out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.facts import strangers
from kerma.science.judge.limits import KINDS, Amount
from kerma.science.judge.pack import BINDING, Pack, load_pack
from kerma.science.judge.places import has_place
from kerma.science.judge.rule import Rule
from kerma.science.judge.selection import InForce, Seen, in_force, is_for, looked_at, seen
from kerma.science.results import Citation, Finding, Outcome, Verdict

REPAIR = "repair"
USUAL = {"extension": "extend"}
"""What is done about a broken rule whose row names nothing else, by kind of rule; otherwise the part is repaired."""


def judge(findings: Sequence[Finding], pack: str | Pack, conditions: Conditions | None = None) -> tuple[Verdict, ...]:
    """Judge the findings of one image, or of one weld, by every rule of a pack.

    Parameters
    ----------
    findings : what was seen; measurements in mm where the image has a scale
    pack : a name such as ``french-arrete-1978``, a table such as ``fr_arrete_1978/acceptance``, a site's own as CSV
        text, or a loaded pack
    conditions : thickness, weld, scale, facts; a rule whose input is missing gives *not-judged* and says what to give

    Returns
    -------
    One verdict per rule in force, in the order of the table; one more, *not-judged*, when no rule looks at a finding.
    """
    loaded = load_pack(pack) if isinstance(pack, str) else pack
    given = conditions or Conditions()
    given = replace(given, facts={**given.facts, **loaded.facts})
    if not any(is_for(rule, given) for rule in loaded.rules):
        return (_other_part(loaded, given),)
    rows = in_force(loaded.rules, given)
    looked = [looked_at(row.rule, findings) for row in rows]
    plain = [_judge_rule(row, *one, loaded, given) for row, one in zip(rows, looked, strict=True)]
    left = _uncovered(findings, [(found, one) for (found, _), one in zip(looked, plain, strict=True)], loaded)
    return _with_extension((*plain, *_unknown_words(loaded, given), *left), loaded, given)


def _other_part(pack: Pack, conditions: Conditions) -> Verdict:
    kinds = " or ".join(sorted({rule.part for rule in pack.rules}))
    reason = f"Not judged: the rules are for a {kinds}, this is a {conditions.part}. Choose the pack agreed for it."
    return Verdict("rules for another part", "not-judged", Citation.of(pack.table), reason)


def _judge_rule(
    row: InForce, covered: list[Finding], notes: tuple[str, ...], pack: Pack, conditions: Conditions
) -> Verdict:
    rule = row.rule
    unjudged = Verdict(rule.rule, "not-judged", pack.cite(rule), "", unit=rule.unit, finding_ids=_ids(covered))
    try:
        row.check()
        _check_applies(rule, covered, conditions)
        looked = seen(rule, covered, notes, conditions)
        amount = KINDS[rule.kind].judge(rule, looked.findings, conditions)
        amount = replace(amount, missing=looked.undecided + amount.missing)
    except NotJudgedError as missing:
        if not covered:
            return replace(unjudged, outcome="pass", measured=0.0, reason=_nothing_found(rule))
        waits = rule.measure if rule.when_measured == "yes" else ()
        return replace(unjudged, reason=f"Not judged: {missing}.", unmeasured=waits)
    return _verdict(rule, pack.cite(rule), amount, looked, conditions)


def _ids(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)


def _check_applies(rule: Rule, covered: Sequence[Finding], conditions: Conditions) -> None:
    wanted, given = rule.joint_coefficient, conditions.joint_coefficient
    if wanted is not None and given is not None and wanted != given:
        raise NotJudgedError(f"the row is for joint coefficient {wanted:g}, the part has {given:g}: choose its pack")
    if rule.is_ranged and covered:
        conditions.thickness()


def _nothing_found(rule: Rule) -> str:
    return f"No finding that the rule '{rule.rule}' looks at was recorded."


def _verdict(rule: Rule, source: Citation, amount: Amount, looked: Seen, conditions: Conditions) -> Verdict:
    outcome: Outcome = "pass"
    if amount.fails:
        outcome = "fail" if source.status in BINDING else "advisory"
    elif amount.missing or looked.unmeasured:
        outcome = "not-judged"
    nothing_measured = outcome == "not-judged" and not looked.findings
    return Verdict(
        rule=rule.rule,
        outcome=outcome,
        source=source,
        reason=_reason(rule, outcome, amount, looked, conditions),
        limit=amount.limit,
        measured=None if nothing_measured else amount.measured,
        margin=None if nothing_measured else amount.margin,
        unit=rule.unit,
        finding_ids=amount.ids or (_ids(looked.unmeasured) if outcome == "not-judged" else ()),
        action=_stage(rule.action, conditions.extension_stage) if amount.fails else "",
        corrective=(rule.corrective or USUAL.get(rule.kind, REPAIR)) if amount.fails else "",
        unmeasured=rule.measure if outcome == "not-judged" and not amount.missing else (),
        asked="at least" if amount.is_least else "at most",
    )


def _reason(rule: Rule, outcome: Outcome, amount: Amount, looked: Seen, conditions: Conditions) -> str:
    is_judged = bool(looked.findings) or rule.kind == "extension"
    said = []
    if outcome == "not-judged":
        said.append(f"Not judged: {_lacking(rule, amount, looked)}.")
    elif not is_judged:
        said.append(_nothing_found(rule))
    elif amount.limit and math.isfinite(amount.measured):
        said.append(_compared(rule, amount))
    notes = [*([amount.note] if amount.note and is_judged else []), *looked.notes, *_alone(rule, looked)]
    said += [f"{note[0].upper()}{note[1:]}." for note in notes]
    if outcome == "advisory":
        said.append("Advisory: the table is not yet verified against the published edition; a Level III decides.")
    if is_judged and rule.unit.startswith("mm") and conditions.spacing.source == "detector":
        said.append("Lengths are at the detector: with magnification the part's own are smaller.")
    return " ".join(said)


def _compared(rule: Rule, amount: Amount) -> str:
    measured, limit = f"{_shown(amount.measured)} {rule.unit}", f"{_shown(amount.limit or 0.0)} {rule.unit}"
    if amount.is_least:
        return f"Measured {measured}, {'below' if amount.fails else 'not below'} the least of {limit}."
    return f"Measured {measured}, {'above' if amount.fails else 'within'} the limit of {limit}."


def _lacking(rule: Rule, amount: Amount, looked: Seen) -> str:
    if amount.missing:
        more = len(amount.missing) - 5
        return "; ".join(amount.missing[:5]) + (f"; and {more} more" if more > 0 else "")
    ids = ", ".join(_ids(looked.unmeasured)[:5])
    return f"measure {' or '.join(rule.measure)} of finding {ids}, which no plain radiograph gives"


def _alone(rule: Rule, looked: Seen) -> list[str]:
    """Tell of findings without a place where the rule asks how findings lie to one another."""
    if not KINDS[rule.kind].is_along or rule.kind == "total":
        return []
    lost = sum(not has_place(finding) for finding in looked.findings)
    return [f"{lost} without a place along the weld judged alone, as if far from the others"] if lost > 1 else []


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _stage(action: str, stage: int) -> str:
    steps = [step.strip() for step in action.split("|")]
    return steps[min(stage, len(steps) - 1)]


def _uncovered(
    findings: Sequence[Finding], rows: Sequence[tuple[list[Finding], Verdict]], pack: Pack
) -> list[Verdict]:
    """Return one not-judged verdict for findings that no rule in force looks at: silence is no acceptance.

    A rule whose *not-judged* is passed over in the whole, although a limit is what it lacks, has looked at nothing.
    """
    judged: set[str] = set()
    for covered, verdict in rows:
        if not (verdict.unmeasured and verdict.limit is None):
            judged.update(_ids(covered))
    left = [finding for finding in findings if finding.id not in judged]
    if not left:
        return []
    words = ", ".join(sorted({finding.label for finding in left}))
    reason = f"Not judged: no rule of this pack covers {words}. Give each finding its type, or let a person decide."
    return [Verdict("findings without a rule", "not-judged", Citation.of(pack.table), reason, finding_ids=_ids(left))]


def _unknown_words(pack: Pack, conditions: Conditions) -> list[Verdict]:
    """Return one not-judged verdict for each fact whose word only rows in force for other words ask about."""
    asked = tuple(clause for rule in pack.rules for clause in rule.when)
    found = []
    for name, words in strangers(conditions.facts, asked).items():
        if any(clause.name == name and clause.comparison == "!=" for clause in asked):
            continue
        reason = f"Not judged: {name} is '{conditions.facts[name]}', and the rules know {', '.join(words)}."
        found.append(Verdict(f"{name} of the part", "not-judged", Citation.of(pack.table), reason))
    return found


def _with_extension(verdicts: tuple[Verdict, ...], pack: Pack, conditions: Conditions) -> tuple[Verdict, ...]:
    """Judge the chain rules by the verdicts of the others: unacceptable findings extend the inspection."""
    chains = [row.rule for row in in_force(pack.rules, conditions) if row.rule.kind == "extension"]
    names = {rule.rule for rule in chains}
    plain = tuple(verdict for verdict in verdicts if verdict.rule not in names)
    failed = [verdict for verdict in plain if verdict.outcome in ("fail", "advisory")]
    unjudged = [verdict for verdict in plain if verdict.outcome == "not-judged" and not verdict.unmeasured]
    missing = ("it hangs on rules that could not be judged",) if unjudged else ()
    ids = tuple(dict.fromkeys(name for verdict in failed for name in verdict.finding_ids))
    broken = ", ".join(verdict.rule for verdict in failed)
    note = f"the inspection is to be extended because of: {broken}" if failed else "nothing unacceptable extends it"
    amount = Amount(float(len(failed)), 0.0, ids, note, missing)
    judged = []
    for rule in chains:
        chain = _verdict(rule, pack.cite(rule), amount, Seen(()), conditions)
        binds = any(verdict.outcome == "fail" for verdict in failed)
        judged.append(replace(chain, outcome="advisory") if chain.outcome == "fail" and not binds else chain)
    return (*plain, *judged)
