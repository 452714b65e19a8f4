"""From what is stored of an exam to its report: read the pictured images, draw them, lay the report out."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma.areas.report import pictures
from kerma.areas.report.content import ExamPart, Picture, Report, SignatureBlock
from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.areas.report.queries import Basis
    from kerma.formats.guard import GuardedReader
    from kerma.kernel.action import Kernel


def make(kernel: Kernel, basis: Basis, made_at: datetime, *, signature: SignatureBlock | None = None) -> Report:
    """Return the report of an exam as its analysis and decision stand; the images are read again from the blobs."""
    assert basis.analysis is not None  # a report without analysis is never asked for
    document: dict[str, Any] = dict(basis.analysis["document"])
    drawn = pictures.drawings(document)
    paper: list[Picture] = []
    unread: list[str] = []
    for drawing in drawn:
        image = document["images"][drawing.image_number - 1]
        try:
            paper.append(pictures.for_paper(drawing, _read(kernel, basis, image)))
        except KermaError as error:
            unread.append(f"{drawing.title} is not pictured: {error}")
    note = pictures.note(document, drawn)
    document["warnings"] = [*document.get("warnings", []), *unread, *([note] if note else [])]
    part = ExamPart(_with_subject(document, basis.exam), paper, _decision(basis))
    industry = kernel.industries[basis.exam["industry"]]
    return Report(industry, [part], made_at, signature=signature, version=basis.versions + 1)


def _read(kernel: Kernel, basis: Basis, image: dict[str, Any]) -> Any:
    beside = basis.sidecars.get(image["sha256"])
    return _reader().read(
        kernel.blobs.get(image["sha256"]), image["path"], kernel.blobs.get(beside) if beside else None
    )


def _with_subject(document: dict[str, Any], exam: dict[str, Any]) -> dict[str, Any]:
    """Take the subject as the archive knows it now: names are corrected there, not in the image files."""
    return document | {
        "subject": exam["subject_id"] or document.get("subject", ""),
        "subject_name": exam["name"] or document.get("subject_name", ""),
        "exam_uid": exam["uid"],
    }


def _decision(basis: Basis) -> dict[str, str] | None:
    taken = basis.decision
    if taken is None:
        return None
    return {"decision": taken["decision"], "reason": taken["reason"], "by": taken["by_name"], "at": taken["at"]}


@functools.cache
def _reader() -> GuardedReader:
    """Start the guarded reader once per process: starting it costs more than reading most images."""
    from kerma.formats.guard import GuardedReader

    return GuardedReader()
