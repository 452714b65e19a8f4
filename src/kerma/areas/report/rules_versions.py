"""Which version of a report may follow which: pure decisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import WrongUsage

DRAFT, SIGNED, AMENDED = "draft", "signed", "amended"
STATES = (DRAFT, SIGNED, AMENDED)
"""A draft is laid out by software; a signed version states a decision for good; it counts as amended once a newer
version is signed, which says what it changed and why."""
MOST_REASON_LETTERS = 2000
MOST_FORM_LETTERS = 60_000
BASIS = (
    "analysis_id", "judgement_id", "decision_id", "marks_sha256", "criticals_sha256", "template", "language",
    "record_sha256", "written_by", "hides",
)  # fmt: skip
"""What makes a version: two with the same are the same report."""


def record_digest(record: Mapping[str, Any]) -> str:
    """Return the digest of a form's values, empty for none: what a version is told apart by."""
    if not record:
        return ""
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def form_digest(form: Mapping[str, Any]) -> str:
    """Return the digest of a whole form: kind, language and values."""
    return record_digest({key: form[key] for key in ("template", "language", "record")})


def check_size(record: Mapping[str, Any]) -> None:
    """Check that what was written is of a size a report can hold.

    Raises
    ------
    WrongUsage
        It has more than ``MOST_FORM_LETTERS``.
    """
    letters = len(json.dumps(record, ensure_ascii=False))
    if letters > MOST_FORM_LETTERS:
        raise WrongUsage(f"the form has {letters} letters in all; keep it within {MOST_FORM_LETTERS}")


def states(versions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the state of each version, given from the oldest to the newest."""
    signed = [one["id"] for one in versions if one["state"] == SIGNED]
    newest = signed[-1] if signed else None
    return [AMENDED if one["state"] == SIGNED and one["id"] != newest else str(one["state"]) for one in versions]


def in_force(versions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the signed version that holds: the newest signed one; versions are given from the oldest."""
    return next((one for one in reversed(versions) if one["state"] == SIGNED), None)


def why_not_signable(
    versions: Sequence[Mapping[str, Any]],
    basis: Mapping[str, Any],
    decision: Mapping[str, Any] | None,
    read: int | None = None,
) -> str | None:
    """Return why an exam's report may not be signed now, in words for the signer; None when it may.

    Parameters
    ----------
    versions : every version from the oldest to the newest
    basis : what a version made now would rest on (``BASIS``); ``analysis_id`` None before the first analysis
    decision : the decision in force (``analysis_id`` and ``judgement_id`` that its maker had on screen), or None
    read : version of what was written that the signer has read beside the versions; None for none
    """
    if basis["analysis_id"] is None:
        return "this exam has no analysis yet; its report follows a moment after it"
    newest = versions[-1] if versions else None
    if newest is None or any(newest[key] != basis[key] for key in ("analysis_id", "judgement_id")):
        return "the report of the newest analysis is being made; read that one first"
    if newest["marks_sha256"] != basis["marks_sha256"]:
        return "somebody drew on the images since the last draft: the new one comes in a moment; read that one first"
    if newest["criticals_sha256"] != basis["criticals_sha256"]:
        return "a critical result was recorded or told since the last draft: read the new one first, it comes at once"
    if read is not None and read != basis["writing"]:
        return "this report was written on meanwhile: read what stands there now, then sign"
    if read is None and newest["writing"] < basis["writing"]:
        return "something was written since this draft was laid out: read it in the report editor and sign there"
    if decision is None:
        return "nobody has decided this exam yet: decide first, then sign the report that states the decision"
    if decision["analysis_id"] != basis["analysis_id"]:
        return "images have come since this exam was decided: look at them and decide again, then sign"
    if decision["judgement_id"] != basis["judgement_id"]:
        return "the exam was judged anew since it was decided: read the verdicts and decide again, then sign"
    holds = in_force(versions)
    if holds is not None and all(holds[key] == basis[key] for key in BASIS):
        return "this report is already signed; a signed report is never changed"
    return None


def check_reason(reason: str, *, is_amendment: bool) -> str:
    """Return the reason of an amendment, trimmed.

    Raises
    ------
    WrongUsage
        A signed version exists and no reason is given, or it is too long.
    """
    trimmed = reason.strip()
    if is_amendment and not trimmed:
        raise WrongUsage("a signed report exists: write in a sentence why it is amended")
    if len(trimmed) > MOST_REASON_LETTERS:
        raise WrongUsage(f"the reason has {len(trimmed)} letters; keep it within {MOST_REASON_LETTERS}")
    return trimmed
