"""What was judged: the acceptance table, image quality, corrective actions, and who judged by which rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.areas.report import wording
from kerma.areas.report.language import Language
from kerma.science.units import UNITS

ADVISORY_STATUS = "unverified"
COUNTED = ("findings", "rules")
TONES = {"pass": "good", "fail": "bad"}
MOST_DECIMALS = 6
NEAR = 0.005
"""How near a printed number must come to the one that was judged."""
NEEDS_ACTION = ("fail", "advisory", "advisory-fail")
Numbers = Mapping[tuple[int, str], int]
"""The number in the report of each finding, by image number and finding id."""


def acceptance(verdicts: Sequence[Mapping[str, Any]], numbers: Numbers, say: Language) -> dict[str, Any]:
    """Return the table of verdicts, the one standard all of them cite, and whether any is advisory only."""
    standard = _one_standard(verdicts, say)
    return {
        "standard": say("judged_by", standard=standard) if standard else "",
        "is_advisory": any(str(one.get("status", "")) == ADVISORY_STATUS for one in verdicts),
        "rows": [_verdict(one, numbers, say, cites_standard=not standard) for one in verdicts],
    }


def quality(exam: Mapping[str, Any], numbers: Numbers, say: Language) -> dict[str, Any]:
    """Return the table of image quality: what was asked for, what was measured, and the margin."""
    return acceptance(exam.get("quality") or (), numbers, say)


def actions(exam: Mapping[str, Any], numbers: Numbers, say: Language) -> list[dict[str, str]]:
    """Return what is to be done about failed rules, each action once with the rules it is for."""
    wanted: dict[str, list[str]] = {}
    for verdict in (*exam.get("verdicts", ()), *(exam.get("quality") or ())):
        if verdict.get("action") and _outcome(verdict) in NEEDS_ACTION:
            concerned = _concerned(verdict, numbers, say)
            rule = wording.capital(str(verdict["rule"])) + (f" · {concerned}" if concerned else "")
            wanted.setdefault(str(verdict["action"]), []).append(rule)
    return [
        {"action": wording.capital(action), "for": "; ".join(dict.fromkeys(rules))} for action, rules in wanted.items()
    ]


def judgement(told: Mapping[str, Any] | None, say: Language) -> dict[str, Any] | None:
    """Return by which rules and conditions a person has judged, and who has confirmed the rules."""
    if not told:
        return None
    pack = told.get("pack") or {}
    pack = pack if isinstance(pack, Mapping) else {"name": pack}
    confirmed = pack.get("confirmed_by_name") or pack.get("confirmed_by") or told.get("confirmed_by")
    nobody = say("judgement_unconfirmed") if pack.get("status") == ADVISORY_STATUS else ""
    facts = [
        ("judgement_pack", str(pack.get("title") or pack.get("name") or "")),
        ("judgement_edition", str(pack.get("edition") or told.get("edition") or "")),
        ("judgement_status", _status(str(pack.get("status") or told.get("status") or ""), say)),
        ("judgement_confirmed_by", str(confirmed or nobody)),
        ("judgement_confirmed_at", say.moment(str(pack.get("confirmed_at") or told.get("confirmed_at") or ""))),
        ("judgement_by", str(told.get("by_name") or "")),
        ("judgement_at", say.moment(str(told.get("at") or ""))),
    ]
    conditions = {**(told.get("conditions") or {}), **(told.get("quality_entries") or {})}
    return {
        "facts": [[say(key), value] for key, value in facts if value] + wording.facts(_flat(conditions), {}, say),
        "reason": str(told.get("reason") or ""),
    }


def worst(verdicts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the gravest of some verdicts."""
    order = ("fail", "advisory-fail", "advisory", "not-judged", "advisory-pass", "pass")
    return min(verdicts, key=lambda one: order.index(_outcome(one)) if _outcome(one) in order else 3, default=None)


def outcome_text(verdict: Mapping[str, Any], say: Language) -> str:
    """Return an outcome in words; what an unverified table says is called advisory."""
    key = f"outcome_{_outcome(verdict)}"
    return say(key) if key in say.words else str(verdict.get("outcome", ""))


def tone(verdict: Mapping[str, Any]) -> str:
    """Return how an outcome is shown: nothing advisory is ever shown as good."""
    outcome = _outcome(verdict)
    return TONES.get(outcome, "care" if outcome.startswith("advisory") else "open")


def _outcome(verdict: Mapping[str, Any]) -> str:
    outcome = str(verdict.get("outcome", ""))
    is_advisory = str(verdict.get("status", "")) == ADVISORY_STATUS and outcome in ("pass", "fail")
    return f"advisory-{outcome}" if is_advisory else outcome


def _one_standard(verdicts: Sequence[Mapping[str, Any]], say: Language) -> str:
    """Return the one standard all verdicts cite, so that it is printed once; empty when they cite several."""
    cited = {(one.get("standard", ""), one.get("edition", ""), one.get("status", "")) for one in verdicts}
    if len(cited) != 1:
        return ""
    standard, edition, status = cited.pop()
    named = ", ".join(part for part in (standard, edition) if part)
    return " · ".join(part for part in (named, _status(str(status), say)) if part)


def _status(status: str, say: Language) -> str:
    return say(f"status_{status}") if f"status_{status}" in say.words else status


def _verdict(verdict: Mapping[str, Any], numbers: Numbers, say: Language, *, cites_standard: bool) -> dict[str, str]:
    unit, places = str(verdict.get("unit") or ""), decimals(verdict)
    cited = [str(verdict.get(key, "")) for key in ("standard", "edition", "clause")]
    status = _status(str(verdict.get("status", "")), say)
    named = ", ".join(part for part in (cited if cites_standard else cited[2:]) if part)
    return {
        "rule": wording.capital(str(verdict["rule"])),
        "outcome": outcome_text(verdict, say),
        "tone": tone(verdict),
        "cited": " · ".join(part for part in (named, status if cites_standard else "") if part),
        "limit": _judged(verdict.get("limit"), places, say),
        "measured": _judged(verdict.get("measured"), places, say),
        "margin": _judged(verdict.get("margin"), places, say),
        "unit": say.phrase(_shown(unit)),
        "reason": str(verdict.get("reason", "")),
        "findings": _concerned(verdict, numbers, say),
    }


def _shown(unit: str) -> str:
    return UNITS[unit].shown if unit in UNITS else unit


def _concerned(verdict: Mapping[str, Any], numbers: Numbers, say: Language) -> str:
    by_id: dict[str, list[int]] = {}
    for (_, finding_id), number in numbers.items():
        by_id.setdefault(finding_id, []).append(number)
    found = sorted({n for one in verdict.get("finding_ids", ()) for n in by_id.get(str(one), ())})
    if not found:
        return ""
    return say("of_finding" if len(found) == 1 else "of_findings", numbers=", ".join(str(one) for one in found))


def decimals(verdict: Mapping[str, Any]) -> int:
    """Return the decimals of a verdict's numbers: two, or as many as show each to half a percent and any margin at all.

    A wire of 0.063 mm is not printed as 0.06, nor a failure by 0.004 mm as a margin of 0.00.
    """
    if str(verdict.get("unit") or "") in COUNTED:
        return 0
    limit, measured, margin = (float(verdict.get(key) or 0.0) for key in ("limit", "measured", "margin"))
    for places in range(2, MOST_DECIMALS):
        is_near = all(abs(round(one, places) - one) <= NEAR * abs(one) for one in (limit, measured))
        if is_near and (round(margin, places) != 0 or margin == 0):
            return places
    return MOST_DECIMALS


def _judged(value: float | None, places: int, say: Language) -> str:
    return "" if value is None else say.number(wording.fixed(value, places))


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that can be printed as one fact each; lists are joined, entries by image are named so."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}_{name}": one for name, one in value.items() if isinstance(one, str | int | float)}
        elif isinstance(value, list | tuple):
            flat[key] = ", ".join(str(one) for one in value)
        else:
            flat[key] = value
    return flat
