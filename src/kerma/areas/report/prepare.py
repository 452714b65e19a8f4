"""Everything a report on a stored exam says, gathered from archive and review: its images are read in the guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import (
    critical,
    marked,
    pictures,
    priors,
    queries,
    queries_site,
    queries_writing,
    reference_pictures,
    rules_versions,
)
from kerma.areas.report.language import language
from kerma.areas.report.parts import Amendment, ExamPart, Picture, Report, SignatureBlock
from kerma.areas.report.sight import ALGORITHM, stated_sight
from kerma.areas.review.queries import current, final_decision, images_to_analyse
from kerma.errors import Conflict, KermaError, NotFound
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image


@dataclass(frozen=True)
class Form:
    """In which form a report is laid out: kind, language, and the values of a form that some kinds need."""

    template: str = ""
    language: str = "en"
    record: Mapping[str, Any] = field(default_factory=dict)
    written_by: str = ""
    """Key of who wrote the values; empty where that is not on record."""
    written_at: str = ""

    @classmethod
    def of(cls, source: Mapping[str, Any] | None) -> Form:
        """Return the form of a version, or of what a person wrote; the usual one where there is none."""
        keys = ("template", "language", "record", "written_by", "written_at")
        return cls(*(source[key] for key in keys)) if source else cls()

    @classmethod
    def in_force(cls, version: Mapping[str, Any] | None, writing: Mapping[str, Any] | None) -> Form:
        """Return the form of the next version: what was written since the newest version, else that one's form."""
        is_newer = writing is not None and (version is None or writing["version"] > version["writing"])
        return cls.of(writing if is_newer else version)

    def carried(self, template: str, language: str, industry: str) -> Form:
        """Return this form as another kind and language, with those of its values that the kind takes too."""
        from kerma.areas.report.kinds import kind_for

        known = kind_for(template, industry).known
        record = {key: value for key, value in self.record.items() if key in known}
        return replace(self, template=template, language=language, record=record)


@dataclass(frozen=True)
class Basis:
    """What a report rests on: what is known of the exam, the decision in force, and the names of those who act."""

    exam: dict[str, Any]
    document: dict[str, Any]
    """What is known of the exam now, as one element of ``exams`` in ``result.json``."""
    analysis_id: int
    judgement_id: int | None
    decision: dict[str, Any] | None
    decided_by: str
    versions: tuple[dict[str, Any], ...]
    """Every version there is, from the oldest."""
    form: Form
    image_rows: tuple[dict[str, Any], ...]
    writing: int = 0
    """Version of what was written last for this report (``report_writing``), 0 for nothing."""
    marks_sha256: str = ""
    """Digest of what persons have drawn on the images, empty for nothing."""
    criticals_sha256: str = ""
    """Digest of the critical results and of who was told, empty for none."""
    hides: str = ""
    """What is left out of it, as ``report.hides`` says."""

    @property
    def decision_id(self) -> int | None:
        """Id of the decision in force, None while only software has spoken."""
        return int(self.decision["id"]) if self.decision else None

    @property
    def rests_on(self) -> dict[str, Any]:
        """What makes this version (``rules_versions.BASIS``), and where its words come from."""
        return {
            "analysis_id": self.analysis_id,
            "judgement_id": self.judgement_id,
            "decision_id": self.decision_id,
            "marks_sha256": self.marks_sha256,
            "criticals_sha256": self.criticals_sha256,
            "template": self.form.template,
            "language": self.form.language,
            "record_sha256": rules_versions.record_digest(self.form.record),
            "hides": self.hides,
            "written_by": self.form.written_by,
            "written_at": self.form.written_at,
            "writing": self.writing,
        }

    @property
    def stated(self) -> dict[str, Any]:
        """What the version states: kept when it is signed, so that an amendment can say what it changed."""
        decision = self.decision or {}
        return {
            "document": self.document | _subject(self),
            "decision": {key: decision.get(key, "") for key in ("decision", "reason", "by", "at")},
            "record": dict(self.form.record),
            "template": self.form.template,
            "language": self.form.language,
        }


def basis(kernel: Kernel, exam_pk: int, form: Form | None = None) -> Basis:
    """Return what a report on the exam rests on now.

    Parameters
    ----------
    form : the form asked for; None for that of the newest version

    Raises
    ------
    NotFound
        There is no such exam.
    Conflict
        The exam has not been analysed yet.
    WrongUsage
        There is no such kind of report for the exam, no such language, or a value of the form is missing.
    """
    with kernel.database.read() as connection:
        exam = exam_by_pk(connection, exam_pk)
        if exam is None:
            raise NotFound(f"there is no exam {exam_pk}")
        if form is not None:
            _check_form(form, exam["industry"])
        stated = stated_sight(connection, exam_pk)
        known = current(connection, exam_pk, stated)
        if known is None:
            raise Conflict("the exam is still being analysed: its report comes right after, try again in a moment")
        decided = final_decision(connection, exam_pk)
        versions = tuple(queries.versions(connection, exam_pk, WHOLE))
        writing = queries_writing.newest(connection, exam_pk)
        criticals = critical.stated(connection, exam_pk)
        return Basis(
            exam=exam,
            document=marked.stated(connection, exam_pk, known.document) | criticals,
            analysis_id=known.analysis_id,
            judgement_id=known.judgement_id,
            decision=decided,
            decided_by=name_of_actor(connection, decided["by"]) if decided else "",
            versions=versions,
            form=Form.in_force(versions[-1] if versions else None, writing) if form is None else form,
            writing=writing["version"] if writing else 0,
            marks_sha256=marked.digest(connection, exam_pk),
            criticals_sha256=critical.digest(criticals),
            hides="" if stated.algorithm else ALGORITHM,
            image_rows=tuple(images_to_analyse(connection, exam_pk)),
        )


def compose(
    kernel: Kernel,
    on: Basis,
    *,
    made_at: datetime,
    signatures: Sequence[SignatureBlock] = (),
    amendment: Amendment | None = None,
) -> Report:
    """Return the report with its pictures, drawn from the exam's own images."""
    document: dict[str, Any] = dict(on.document)
    by_sha256 = {row["sha256"]: row for row in on.image_rows}
    say = language(on.form.language)
    wanted = on.form.record.get("pictures") or ()
    drawn = pictures.drawings(document, say, wanted)
    paper: list[Picture] = []
    first: tuple[pictures.Drawing, Image] | None = None
    unread: list[str] = []
    for drawing in drawn:
        row = by_sha256.get(document["images"][drawing.image_number - 1]["sha256"])
        if row is None:
            raise Conflict("the exam's images have changed since it was analysed: a new analysis is under way")
        try:
            image = read_image(kernel, row, duty="report")
            first = first or (drawing, image)
            paper.append(pictures.for_paper(drawing, image, say))
        except KermaError as error:
            unread.append(f"{drawing.title} is not pictured: {error}")
    with_exam = on.form.record.get("compared_with")
    compared, untold = priors.compared(kernel, on.exam, first, say, with_exam) if first else ([], [])
    beside, lost = reference_pictures.compared(kernel, document, first, say) if first else ([], [])
    note = pictures.note(document, drawn, say, is_chosen=bool(wanted))
    document["warnings"] = [*document.get("warnings", []), *unread, *untold, *lost, *([note] if note else [])]
    decision: dict[str, Any] | None = None
    if on.decision:
        decision = {key: str(on.decision[key]) for key in ("decision", "reason", "at")} | {"by": on.decided_by}
        decision["reading"] = on.decision["reading"]
    with kernel.database.read() as connection:
        writer = name_of_actor(connection, on.form.written_by) if on.form.written_by else ""
        site, page = queries_site.site_of(connection, kernel.blobs), queries_site.paper_of(connection)
    return Report(
        kernel.industries[on.exam["industry"]],
        [ExamPart(document | _subject(on), paper, decision)],
        made_at,
        signatures=signatures,
        version=len(on.versions) + 1,
        template=on.form.template,
        language=on.form.language,
        amendment=amendment,
        record=on.form.record,
        written_by=writer,
        written_at=on.form.written_at,
        site=site,
        paper=page,
        compared=[*compared, *beside],
    )


def _check_form(form: Form, industry: str) -> None:
    from kerma.areas.report.kinds import check_record, kind_for

    rules_versions.check_size(form.record)
    check_record(kind_for(form.template, industry), form.record)
    language(form.language)


def _subject(on: Basis) -> dict[str, str]:
    """Return the subject as the archive knows it now: names are corrected there, not in the image files."""
    known = {"subject": on.exam["subject_id"], "subject_name": on.exam["name"], "exam_uid": on.exam["uid"]}
    return {key: value for key, value in known.items() if value}
