"""Pure decisions of the report area: names of files, which planes are pictured, what a signature states, exit codes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from kerma.areas.report.language import Language

TONES: dict[str, str] = {
    "accept": "good",
    "clear": "good",
    "normal": "good",
    "reject": "bad",
    "suspect": "bad",
    "critical": "bad",
    "abnormal": "care",
    "refer": "care",
    "reshoot": "care",
    "repeat": "care",
}
"""How a decision is shown; one that is not here is neutral."""

OUTCOME_TONES: dict[str, str] = {"pass": "good", "fail": "bad", "advisory": "care", "not-judged": "open"}
OUTCOME_WORDS: dict[str, str] = {"pass": "pass", "fail": "fail", "advisory": "advisory", "not-judged": "not judged"}

DONE, DONE_WITH_REFUSALS = 0, 1
"""Exit codes of ``kerma examine``; wrong usage and failure are errors."""

PICTURES_MAX = 12
"""Most pictures of one stack of slices: the middle one and those with findings."""

DOCUMENT_NAMES = (
    ".md",
    ".json",
    ".txt",
    ".csv",
    ".tsv",
    ".pdf",
    ".html",
    ".xml",
    ".yaml",
    ".yml",
    ".log",
    ".py",
    ".npz",
    ".h5",
)
SYSTEM_NAMES = ("dicomdir", "thumbs.db", "desktop.ini", "license", "licence", "readme", "notice")


def slug(subject: str) -> str:
    """Return a subject as the stem of a file name: letters, digits, dot, dash; at most 48 characters."""
    folded = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9.]+", "-", folded).strip("-.")[:48].strip("-.")
    return stem.lower() or "exam"


def slugs(exams: Sequence[tuple[str, str]]) -> list[str]:
    """Return one file stem per exam (subject, exam UID); where two would collide the exam's own hash is added."""
    plain = [slug(subject) for subject, _ in exams]
    reserved = {"report", "result"}
    return [
        stem
        if plain.count(stem) == 1 and stem not in reserved
        else f"{stem}.{hashlib.sha256(uid.encode()).hexdigest()[:8]}"
        for stem, (_, uid) in zip(plain, exams, strict=True)
    ]


def file_name(exam_pk: int, subject: str) -> str:
    """Return the name of an exam's report among those of many: they sort by the number of the exam."""
    return f"{exam_pk:06d}-{slug(subject)}.pdf"


def pictured_planes(planes: int, with_findings: Iterable[int], limit: int = PICTURES_MAX) -> list[int]:
    """Choose the planes of a stack to picture: the middle one and every one with findings, at most ``limit``.

    Where more planes have findings than fit, they are taken evenly from first to last.
    """
    middle = planes // 2
    found = sorted(set(with_findings) - {middle})
    room = limit - 1
    if len(found) > room:
        found = [found[round(index * (len(found) - 1) / (room - 1))] for index in range(room)]
    return sorted({middle, *found})


TEXT_WIDTH_MM = 170.0
_HEIGHTS_MM = {1: 118.0, 2: 82.0}


def printed_size_mm(pictures: int, height_over_width: float) -> tuple[float, float]:
    """Return width and height of a picture on the page: one fills it, two share it, more stand two by two."""
    room_mm = TEXT_WIDTH_MM if pictures <= 2 else (TEXT_WIDTH_MM - 5.0) / 2
    height_mm = min(_HEIGHTS_MM.get(pictures, 72.0), room_mm * height_over_width)
    return height_mm / height_over_width, height_mm


def is_stack(modality: str, images: int, planes: int) -> bool:
    """Return whether an exam is a stack of slices, of which not every one is pictured."""
    return planes > 4 or ("CT" in modality and images > 4)


def is_document(name: str) -> bool:
    """Return whether a file of this name is a text or system file that lies beside images, not an image."""
    lowered = name.lower()
    return lowered.startswith(".") or lowered in SYSTEM_NAMES or lowered.endswith(DOCUMENT_NAMES)


def exit_code(refused: Sequence[Any]) -> int:
    """Return 0 when everything could be read, 1 when something was refused."""
    return DONE_WITH_REFUSALS if refused else DONE


def signature_meaning(decision_label: str, decided_by: str, say: Language) -> str:
    """Return what a signature states; 21 CFR 11.50 asks for it beside name and time.

    Parameters
    ----------
    decided_by : name of the person who decided, empty when that is the signer
    """
    decision = say.phrase(decision_label)
    if not decided_by:
        return say("meaning_decided", decision=decision)
    return say("meaning_approves", name=decided_by, decision=decision)
