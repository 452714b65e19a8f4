"""The readable first page of an evidence package: what is in it, of what, for whom, and how to check it."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kerma.areas.custody.evidence_parts import KINDS
from kerma.kernel import typeset

PLACE = "templates/evidence_cover.typ"


def build(document: Mapping[str, Any], digests: Mapping[str, str], made_at: datetime) -> bytes:
    """Return the cover as PDF/A-2b.

    Parameters
    ----------
    document : the package's index (``evidence.json``) without the cover itself
    digests : SHA-256 of each file so far
    made_at : the time of the package, also that of the PDF
    """
    template = importlib.resources.files("kerma.areas.custody").joinpath(*PLACE.split("/")).read_bytes()
    return typeset.pdf(template, _printed(document, digests), made_at)


def _printed(document: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    exam = document.get("exam") or {}
    facts = [
        ("Package", document["package"]),
        ("Made", _moment(str(document["made_at"]))),
        ("For", document.get("purpose")),
        ("Handed to", document.get("recipient")),
        ("Subject", " · ".join(str(exam[key]) for key in ("subject", "subject_name") if exam.get(key))),
        ("Exam", exam.get("exam_uid")),
        ("Received", _moment(str(exam.get("received_at", "")))),
        ("Made of package", document.get("made_of")),
        ("Reason", document.get("reason")),
        ("Software", document["software"]),
    ]
    return {
        "title": "Redacted evidence package" if document.get("kind") == "redacted" else "Evidence package",
        "facts": [[label, str(value)] for label, value in facts if value],
        "key": document["ledger_key"],
        "groups": [group for kind in KINDS if (group := _group(kind, document, digests))],
        "redacted": [[one["path"], one["sha256"], one["reason"]] for one in document.get("redacted", ())],
        "actors": [[key, str(name)] for key, name in (document.get("actors") or {}).items()],
    }


def _group(kind: str, document: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the files of one kind; ledger records are counted, since their list is long and says little on paper."""
    files = [one for one in document["files"] if one["kind"] == kind]
    if not files:
        return None
    if kind == "ledger":
        words = f"{len(files) // 2} records of what was done with this exam, each with its proof"
        return {"title": KINDS[kind], "rows": [["data/ledger/", words, ""]]}
    rows = [[one["path"].removeprefix("data/"), one["about"], digests[one["path"]]] for one in files]
    return {"title": KINDS[kind], "rows": rows}


def _moment(written: str) -> str:
    return f"{written[:19].replace('T', ' ')} UTC" if "T" in written else written
