"""What an amendment changed, in the words of a report's language: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerma.areas.report import wording
from kerma.areas.report.kinds import EXAM, kinds
from kerma.areas.report.language import ENGLISH, LANGUAGES, Language

TEXTS = ("subject", "subject_name", "description", "acquired_at")
"""What an exam says of itself and may be corrected."""


@dataclass(frozen=True)
class Words:
    """How changes are told: the language, and the industry's words for its decisions."""

    say: Language = ENGLISH
    decisions: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, **given: object) -> str:
        """Return the fixed text of a kind of change."""
        return self.say(f"change_{key}", **given)

    def decision(self, code: str) -> str:
        """Return a decision in words."""
        return self.say.phrase(self.decisions.get(code, code)) if code else self.say("change_none")

    def outcome(self, outcome: str | None) -> str:
        """Return the outcome of a verdict in words; None where there was none."""
        return self.say.words.get(f"outcome_{outcome or 'not-judged'}", str(outcome))

    def value(self, value: Any) -> str:
        """Return what was measured."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return self.say.number(wording.brief(value)) if is_number else self.say.phrase(str(value))


def changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words | None = None) -> list[str]:
    """Return in words what a version states otherwise than the signed one before it, most important first.

    Parameters
    ----------
    before, after : what each states: ``document``, ``decision``, ``record``, ``template``, ``language``
    """
    words = words or Words()
    return [
        *_decision_changes(before.get("decision") or {}, after.get("decision") or {}, words),
        *_verdict_changes(before["document"], after["document"], words),
        *_finding_changes(before["document"], after["document"], words),
        *_image_changes(before["document"], after["document"], words),
        *_mark_changes(before["document"], after["document"], words),
        *_critical_changes(before["document"], after["document"], words),
        *_text_changes(before, after, words),
    ]


def _decision_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    was, now = before.get("decision", ""), after.get("decision", "")
    if was != now:
        yield words("decision", was=words.decision(was), now=words.decision(now))
    if before.get("reason", "") != after.get("reason", ""):
        yield words("decision_reason")


def _verdict_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    was, now = _verdicts(before), _verdicts(after)
    for key in [*was, *(one for one in now if one not in was)]:
        if was.get(key) == now.get(key):
            continue
        (old, measured), (new, measured_now) = was.get(key, (None, None)), now.get(key, (None, None))
        given = {"rule": words.say.phrase(key[0]), "clause": key[1]}
        shown = words("verdict", **given, was=words.outcome(old), now=words.outcome(new))
        if key in was and key in now and measured != measured_now:
            shown += words("measured", was=words.value(measured), now=words.value(measured_now))
        yield shown


def _verdicts(document: Mapping[str, Any]) -> dict[tuple[str, str, int], tuple[str | None, Any]]:
    found: dict[tuple[str, str, int], tuple[str | None, Any]] = {}
    for one in document.get("verdicts") or ():
        name = str(one.get("rule", "")), " ".join(str(one.get(key, "")) for key in ("standard", "clause")).strip()
        number = sum(1 for key in found if key[:2] == name)
        found[(*name, number)] = (str(one.get("outcome", "")), one.get("measured"))
    return found


def _finding_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    was, now = _findings(before), _findings(after)
    for key in [one for one in was if one not in now]:
        yield words("finding_out", label=words.say.phrase(was[key]["label"]), image=key[0])
    for key in [one for one in now if one not in was]:
        yield words("finding_in", label=words.say.phrase(now[key]["label"]), image=key[0])
    for key in [one for one in now if one in was]:
        old, new = (words.say.phrase(one[key]["label"]) for one in (was, now))
        if old != new:
            yield words("finding_label", image=key[0], was=old, now=new)
        elif any(was[key].get(part) != now[key].get(part) for part in ("box", "measurements")):
            yield words("finding_size", image=key[0], label=new)


def _findings(document: Mapping[str, Any]) -> dict[tuple[int, str], Mapping[str, Any]]:
    images = enumerate(document.get("images") or (), start=1)
    return {(number, str(one["id"])): one for number, image in images for one in image.get("findings") or ()}


def _image_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    was, now = ([str(image.get("sha256")) for image in one.get("images") or ()] for one in (before, after))
    if was != now:
        yield words("images", added=len(set(now) - set(was)), gone=len(set(was) - set(now)))


def _mark_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    was, now = (
        [(image.get("sha256"), image.get("marks") or [], image.get("calibrations") or []) for image in one["images"]]
        for one in (before, after)
    )
    if was != now or (before.get("spaces") or []) != (after.get("spaces") or []):
        yield words("marks")


def _critical_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    if (before.get("critical_results") or []) != (after.get("critical_results") or []):
        yield words("critical")


def _text_changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> Iterable[str]:
    for key in TEXTS:
        if (before["document"].get(key) or "") != (after["document"].get(key) or ""):
            yield words(key)
    was, now = before.get("record") or {}, after.get("record") or {}
    labels = _labels(str(after.get("template") or EXAM))
    for key in [*was, *(one for one in now if one not in was)]:
        if was.get(key) != now.get(key):
            named = words.say.words.get(labels.get(key, ""), key.replace("_", " "))
            yield words("form", field=named)
    kinds = [one.get("template") or "" for one in (before, after)]
    if kinds[0] != kinds[1]:
        named_kinds = [words.say.words.get(f"kind_{one}", one or words("usual")) for one in kinds]
        yield words("template", was=named_kinds[0], now=named_kinds[1])
    if before.get("language") != after.get("language"):
        old, new = (LANGUAGES.get(str(one.get("language")), "–") for one in (before, after))
        yield words("language", was=old, now=new)


def _labels(kind: str) -> Mapping[str, str]:
    found = kinds().get(kind)
    return found.labels if found else {}
