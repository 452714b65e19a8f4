"""The calculation ``verdict``: a list of findings held against the rules of an acceptance pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerma.science.imaging.image import Spacing
from kerma.science.judge.conditions import Conditions, Fact
from kerma.science.judge.decide import CONSEQUENCE_UNIT
from kerma.science.judge.engine import judge
from kerma.science.judge.facts import facts_of, strangers
from kerma.science.judge.finding_list import findings_of
from kerma.science.judge.limits import KINDS
from kerma.science.judge.pack import BINDING, Pack, load_pack
from kerma.science.judge.places import has_place
from kerma.science.judge.selection import in_force, looked_at
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.results import Citation, Finding, Measurement, Verdict

VERSION = "1"
METHOD = "every rule in force against the findings it covers; the worst window is exact"
SHOWN = ("rule", "clause", "limit", "measured", "margin", "unit", "finding_ids", "action", "corrective")
REASONED = (*SHOWN, "outcome", "reason", "status", "source", "unmeasured")


def verdict(  # noqa: PLR0913  (each is an option of the calculation)
    rules: str,
    findings: list[Any],
    thickness_mm: float | None = None,
    weld_length_mm: float | None = None,
    weld_width_mm: float | None = None,
    outside_diameter_mm: float | None = None,
    spacing_mm: float | None = None,
    joint_coefficient: float | None = None,
    part: str = "",
    facts: str = "",
    extension_stage: int = 0,
    confirmed: bool = False,
) -> Measurement:
    """Judge a list of findings by a pack; lengths in mm. Errors: WrongUsage names the finding and the field."""
    pack = load_pack(rules)
    if confirmed:
        pack = pack.confirmed(edition=pack.table.edition, by="the caller")
    found = findings_of(findings)
    conditions = Conditions(
        thickness_mm=thickness_mm,
        weld_length_mm=weld_length_mm,
        weld_width_mm=weld_width_mm,
        outside_diameter_mm=outside_diameter_mm,
        joint_coefficient=joint_coefficient,
        part=part,
        spacing=Spacing() if spacing_mm is None else Spacing(spacing_mm, spacing_mm, "calibrated"),
        extension_stage=extension_stage,
        facts=facts_of(facts),
    )
    verdicts = judge(found, pack, conditions)
    known = replace(conditions, facts={**conditions.facts, **pack.facts})
    binds = _binds(found, pack, known)
    given = {name: getattr(conditions, name) for name in INPUTS if getattr(conditions, name) not in (None, "")}
    return Measurement(
        "verdict",
        VERSION,
        _values(verdicts, pack, binds),
        METHOD,
        {"rules": pack.short_name or pack.name, "findings": len(found), **given, **_told(known.facts)},
        source=replace(Citation.of(pack.table), status=pack.status),
        warnings=(*_open(verdicts), *_warnings(found, pack, known, binds=binds, confirmed=confirmed)),
    )


INPUTS = ("thickness_mm", "weld_length_mm", "weld_width_mm", "outside_diameter_mm", "joint_coefficient", "part")


def overall(verdicts: Sequence[Verdict], *, binds: bool) -> str:
    """Return the verdict on the whole: *pass*, *fail*, *advisory-pass*, *advisory-fail* or *not-judged*.

    What binds and is broken fails. What only advises and is broken is an advisory failure. A missing input leaves the
    whole undecided, unless no plain radiograph could have given it. ``binds``: whether a pass does.
    """
    own = [one for one in verdicts if one.unit != CONSEQUENCE_UNIT]
    outcomes = {one.outcome for one in own}
    if "fail" in outcomes:
        return "fail"
    if "advisory" in outcomes:
        return "advisory-fail"
    if any(one.outcome == "not-judged" and not one.unmeasured for one in own):
        return "not-judged"
    return "pass" if binds else "advisory-pass"


def _binds(found: Sequence[Finding], pack: Pack, conditions: Conditions) -> bool:
    """Whether every rule that looked at a finding binds; where none did, whether the pack does."""
    looked = [row.rule for row in in_force(pack.rules, conditions) if looked_at(row.rule, found)[0]]
    return all(pack.cite(rule).status in BINDING for rule in looked) if looked else pack.is_binding


def _values(verdicts: Sequence[Verdict], pack: Pack, binds: bool) -> dict[str, Any]:
    own = [one for one in verdicts if one.unit != CONSEQUENCE_UNIT]
    failed = [one for one in own if one.outcome in ("fail", "advisory")]
    follows = [one for one in verdicts if one.unit == CONSEQUENCE_UNIT and one.action]
    return {
        "verdict": overall(verdicts, binds=binds),
        "rules": pack.table.title,
        "edition": pack.table.edition,
        "status": pack.status,
        "failed": [_row(one, SHOWN) for one in failed],
        "judged": [_row(one, REASONED) for one in verdicts],
        "not_judged": [_row(one, REASONED) for one in own if one.outcome == "not-judged"],
        "extension": [_row(one, SHOWN) for one in follows],
    }


def _row(one: Verdict, columns: Sequence[str]) -> dict[str, Any]:
    plain = one.as_json()
    return {column: plain[column] for column in columns}


def _told(facts: Mapping[str, Fact]) -> dict[str, str]:
    words = " ".join(f"{name}={_word(value)}" for name, value in facts.items())
    return {"facts": words} if words else {}


def _open(verdicts: Sequence[Verdict]) -> list[str]:
    """Tell of rules that wait for what no plain radiograph gives, since they leave the whole decided."""
    waiting = [one for one in verdicts if one.outcome == "not-judged" and one.unmeasured]
    if not waiting:
        return []
    rules = "; ".join(f"{one.rule} ({' or '.join(one.unmeasured)})" for one in waiting)
    return [f"the verdict leaves out what is still to be measured: {rules}"]


def _warnings(
    found: Sequence[Finding], pack: Pack, conditions: Conditions, *, binds: bool, confirmed: bool
) -> list[str]:
    told = [] if found else ["no finding was given: the rules are kept by what nobody has found"]
    lost = sum(not has_place(finding) for finding in found)
    if lost > 1 and any(KINDS[rule.kind].is_along for rule in pack.rules):
        told.append(
            f"{lost} findings have no place (start_mm, or box with spacing_mm): each was judged alone, and how they "
            "lie to one another in windows, groups and distances was not"
        )
    asked = tuple(clause for rule in pack.rules for clause in rule.when)
    names = {clause.name for clause in asked} | {rule.limit_fact for rule in pack.rules}
    told += [f"no rule of this pack asks for the fact '{name}'" for name in conditions.facts if name not in names]
    told += _slips(conditions.facts, strangers(conditions.facts, asked))
    if confirmed:
        told.append("taken as confirmed on the caller's word; a Level III's confirmation is kept in the ledger")
    elif not binds:
        told.append(
            "rules that judged are unverified, not compared with the published edition: what hangs on them advises "
            "until a Level III confirms the pack"
        )
    return told


def _slips(facts: Mapping[str, Fact], unknown: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{name} is '{_word(facts[name])}'; the rules know {', '.join(known)}" for name, known in unknown.items()]


def _word(value: Fact) -> str:
    return f"{value:g}" if isinstance(value, float) else value


CALCULATIONS = (
    Calculation(
        "verdict",
        "Hold findings against the acceptance rules of a standard, clause by clause",
        (
            Option("rules", "rules", "acceptance pack, such as french-arrete-1978", is_required=True),
            Option("findings", "findings", "findings, each with label and measurements, as JSON", is_required=True),
            Option("thickness_mm", "number", "thickness of the part or joint"),
            Option("weld_length_mm", "number", "length of the weld"),
            Option("weld_width_mm", "number", "width of the weld"),
            Option("outside_diameter_mm", "number", "outside diameter of the pipe"),
            Option("spacing_mm", "number", "size of a pixel in the part, for boxes"),
            Option("joint_coefficient", "number", "joint coefficient, where the rules ask for it"),
            Option("part", "choice", "kind of part", choices=("weld", "casting")),
            Option("facts", "text", "what rules ask of the part, such as joint=butt layers=multi"),
            Option("extension_stage", "whole", "how often the inspection has been extended already", default=0),
            Option(
                "confirmed", "flag", "take the rules as confirmed, so that the verdict binds", choices=("yes", "no")
            ),
        ),
        verdict,
    ),
)
