"""Everything a report on a stored exam says, gathered from archive and review: its images are read in the guard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import pictures
from kerma.areas.report.content import ExamPart, Picture, Report, SignatureBlock
from kerma.areas.report.queries import newest_report, version_count
from kerma.areas.review.queries import decisions, images_to_analyse, latest_analysis
from kerma.errors import Conflict, KermaError, NotFound

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel


@dataclass(frozen=True)
class Basis:
    """What a report rests on: the newest analysis, the decision in force, and the names of those who act."""

    exam: dict[str, Any]
    analysis: dict[str, Any]
    decision: dict[str, Any] | None
    decided_by: str
    report: dict[str, Any] | None
    """The newest version there is."""
    version: int
    """The number the next version gets."""
    image_rows: tuple[dict[str, Any], ...]

    @property
    def decision_id(self) -> int | None:
        """Id of the decision in force, None while only software has spoken."""
        return int(self.decision["id"]) if self.decision else None


def basis(kernel: Kernel, exam_pk: int) -> Basis:
    """Return what a report on the exam rests on now.

    Raises
    ------
    NotFound
        There is no such exam.
    Conflict
        The exam has not been analysed yet.
    """
    with kernel.database.read() as connection:
        exam = exam_by_pk(connection, exam_pk)
        if exam is None:
            raise NotFound(f"there is no exam {exam_pk}")
        analysis = latest_analysis(connection, exam_pk)
        if analysis is None:
            raise Conflict("the exam is still being analysed: its report comes right after, try again in a moment")
        decided = next(iter(decisions(connection, exam_pk)), None)
        return Basis(
            exam=exam,
            analysis=analysis,
            decision=decided,
            decided_by=name_of_actor(connection, decided["by"]) if decided else "",
            report=newest_report(connection, exam_pk),
            version=version_count(connection, exam_pk) + 1,
            image_rows=tuple(images_to_analyse(connection, exam_pk)),
        )


def compose(kernel: Kernel, on: Basis, *, made_at: datetime, signature: SignatureBlock | None = None) -> Report:
    """Return the report with its pictures, drawn from the exam's own images."""
    document: dict[str, Any] = dict(on.analysis["document"])
    by_sha256 = {row["sha256"]: row for row in on.image_rows}
    drawn = pictures.drawings(document)
    paper: list[Picture] = []
    unread: list[str] = []
    for drawing in drawn:
        row = by_sha256.get(document["images"][drawing.image_number - 1]["sha256"])
        if row is None:
            raise Conflict("the exam's images have changed since it was analysed: a new analysis is under way")
        try:
            paper.append(pictures.for_paper(drawing, read_image(kernel, row, duty="report")))
        except KermaError as error:
            unread.append(f"{drawing.title} is not pictured: {error}")
    note = pictures.note(document, drawn)
    document["warnings"] = [*document.get("warnings", []), *unread, *([note] if note else [])]
    decision = None
    if on.decision:
        decision = {key: str(on.decision[key]) for key in ("decision", "reason", "at")} | {"by": on.decided_by}
    part = ExamPart(document | _subject(on), paper, decision)
    return Report(kernel.industries[on.exam["industry"]], [part], made_at, signature=signature, version=on.version)


def _subject(on: Basis) -> dict[str, str]:
    """Return the subject as the archive knows it now: names are corrected there, not in the image files."""
    known = {"subject": on.exam["subject_id"], "subject_name": on.exam["name"], "exam_uid": on.exam["uid"]}
    return {key: value for key, value in known.items() if value}
