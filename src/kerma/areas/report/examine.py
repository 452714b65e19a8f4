"""The whole road on files, without server or database: collect, read, analyse, report, write.

What it writes is written whole or not at all; ``result.json`` comes last, so where it stands the run was complete.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.areas.report import rules
from kerma.areas.report.collect import Collection, Found, collect
from kerma.areas.report.content import ExamPart, Picture, Report
from kerma.areas.report.language import language
from kerma.areas.report.scribe import Scribe
from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.kernel.industry import Industry
    from kerma.science.detect.looking import LearnedModel, Look
    from kerma.science.imaging.image import Image

PLAIN_FORMATS = ("TIFF", "PNG", "JPEG", "RAW")
"""Formats whose images get a DICOM copy, so that the structured report has something to refer to."""

Tick = Callable[[str, int], None]
"""Told what is being done now, and how many steps that is on the way: one per file looked at and image read."""


@dataclass(frozen=True)
class Layout:
    """In which form the reports are laid out: kind, language, paper, and the values of a form."""

    template: str = ""
    language: str = "en"
    paper: str = "a4"
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What was asked for."""

    industry: Industry
    out: Path
    made_at: datetime
    thickness_mm: float | None = None
    layout: Layout = Layout()
    models: Sequence[LearnedModel] = ()
    """Learned models that look at the images beside the detectors of the industry's plan."""


@dataclass(frozen=True)
class Exam:
    """One exam as read: the stem of its files' names, its images, the file of each, and what could not be read."""

    stem: str
    images: Sequence[Image]
    found: Sequence[Found]
    unread: Sequence[str]


@dataclass
class Run:
    """What works on an order, and what has come of it so far."""

    reader: GuardedReader
    scribe: Scribe
    tick: Tick
    exams: list[dict[str, Any]] = field(default_factory=list)
    parts: list[ExamPart] = field(default_factory=list)


def examine(order: Order, files: Sequence[tuple[Path, bool]], tick: Tick) -> dict[str, Any]:
    """Examine the files and write everything to the output folder; return the content of ``result.json``.

    One bad file or exam never stops the others: it is listed under ``refused`` with the reason.
    """
    from kerma.formats.guard import GuardedReader

    order.out.mkdir(parents=True, exist_ok=True)
    with GuardedReader() as reader, Scribe() as scribe:
        threading.Thread(target=_import_ahead, daemon=True).start()
        gathered = collect(files, reader, tick)
        run = Run(reader, scribe, tick)
        _examine_all(order, gathered, run)
    tick("report", 1)
    result = _result(order, gathered, run)
    _write_report(order, gathered, run)
    write_whole(order.out / "result.json", _json(result))
    return result


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there completely or not at all, whatever happens meanwhile."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _import_ahead() -> None:
    """Load what the middle of the road needs while the reader's process is still at its beginning."""
    import cv2  # noqa: F401
    import typst  # noqa: F401


def _examine_all(order: Order, gathered: Collection, run: Run) -> None:
    exams = list(gathered.exams.values())
    stems = rules.slugs([(found[0].header.subject_id, found[0].header.exam_uid) for found in exams])
    for stem, found in zip(stems, exams, strict=True):
        images, kept, unread = _read(found, gathered, run)
        if not images:
            continue
        run.tick(f"exam {stem}", 0)
        try:
            _examine_one(Exam(stem, images, kept, unread), order, run)
        except Exception as error:  # the other exams must still come out; the reason is told, never swallowed
            why = str(error) if isinstance(error, KermaError) else f"{type(error).__name__}: {error}"
            gathered.refused.extend(
                {"path": str(one.path), "reason": f"could be read but not examined ({why})"} for one in kept
            )
    if len(run.exams) > 1:
        for document, part in zip(run.exams, run.parts, strict=True):
            _write_exam(order, document, part)


def _read(found: Sequence[Found], gathered: Collection, run: Run) -> tuple[list[Image], list[Found], list[str]]:
    """Return the images that can be read, the files they are of, and in words the others of the same exam."""
    images: list[Image] = []
    kept: list[Found] = []
    unread: list[str] = []
    for one in found:
        run.tick(one.path.name, 1)
        try:
            images.append(run.reader.read(one.path))
            kept.append(one)
        except (KermaError, OSError) as error:
            gathered.refused.append({"path": str(one.path), "reason": str(error)})
            unread.append(f"{one.path.name} could not be read: {error}")
    return images, kept, unread


def _examine_one(exam: Exam, order: Order, run: Run) -> None:
    from kerma.areas.report import pictures
    from kerma.science.analysis import Source, analyse, exam_document
    from kerma.science.imaging.annotate import png
    from kerma.science.imaging.energy_pairs import views_of
    from kerma.science.view_analysis import by_image

    stem, images, found = exam.stem, exam.images, exam.found
    views = views_of(images)
    seen = [view.image for view in views]
    looks = _looks(seen, order.models)
    plan = order.industry.plan
    analysis = analyse(seen, plan, thickness_mm=order.thickness_mm, unread=exam.unread, looks=looks)
    sources = [Source(str(one.path), one.sha256) for one in found]
    document = exam_document(images, sources, by_image(analysis, views))
    drawn = pictures.drawings(document)
    say = language(order.layout.language)
    document["warnings"] = [*document["warnings"], *_remarks(found, pictures.note(document, drawn))]
    finish_dicom = _begin_dicom(exam, order, document, run.scribe)
    names = [f"{stem}.png" if number == 1 else f"{stem}-{number}.png" for number in range(1, len(drawn) + 1)]
    paper: list[Picture] = []
    for name, drawing, printed in zip(names, drawn, pictures.drawings(document, say), strict=True):
        image = images[drawing.image_number - 1]
        facts = {"Software": f"Kerma {__version__}", "Source": found[drawing.image_number - 1].sha256}
        write_whole(order.out / name, png(pictures.for_screen(drawing, image, document), facts))
        paper.append(pictures.for_paper(printed, image, say))
    document["files"] = {"pictures": names, **finish_dicom()}
    run.exams.append(document)
    run.parts.append(ExamPart(document, paper))


def _looks(images: Sequence[Image], models: Sequence[LearnedModel]) -> list[Look]:
    if not models:
        return []
    from kerma.areas.flagging.looking import look_apart

    return [look_apart(images, model) for model in models]


def _remarks(found: Sequence[Found], note: str) -> list[str]:
    remarks = [note] if note else []
    by_uid: dict[str, list[str]] = {}
    for one in found:
        by_uid.setdefault(one.header.image_uid, []).append(one.path.name)
    remarks += [
        f"{' and '.join(names)} claim to be the same image but differ: one was altered or encoded anew"
        for names in by_uid.values()
        if len(names) > 1
    ]
    return remarks


def _begin_dicom(exam: Exam, order: Order, document: dict[str, Any], scribe: Scribe) -> Callable[[], dict[str, Any]]:
    """Begin the structured report; the call returned writes it, and a DICOM form of images that have none."""
    from kerma.formats import dicom_write, structured_report

    identity = dicom_write.Identity.of(exam.found[0].header)
    references = [
        structured_report.reference_of(image, number, identity.exam_uid, dicom_write.capture_class(image))
        for number, image in enumerate(exam.images, start=1)
    ]
    report = scribe.begin(document, references, identity, made_at=order.made_at)

    def finish() -> dict[str, Any]:
        copies = []
        for number, image in enumerate(exam.images, start=1):
            if image.format in PLAIN_FORMATS:
                name = f"{exam.stem}.sc.dcm" if number == 1 else f"{exam.stem}-{number}.sc.dcm"
                copy = dicom_write.secondary_capture(image, identity, number=number, made_at=order.made_at)
                write_whole(order.out / name, copy)
                copies.append(name)
        write_whole(order.out / f"{exam.stem}.sr.dcm", report())
        return {"structured_report": f"{exam.stem}.sr.dcm", "dicom_copies": copies}

    return finish


def _write_exam(order: Order, document: dict[str, Any], part: ExamPart) -> None:
    """Write one exam's own result and report, when the run has several."""
    from kerma.areas.report.document import build

    stem = document["files"]["structured_report"].removesuffix(".sr.dcm")
    document["files"] |= {"result": f"{stem}.json", "report": f"{stem}.pdf"}
    write_whole(order.out / f"{stem}.pdf", build(_report(order, [part])))
    write_whole(order.out / f"{stem}.json", _json(document))


def _write_report(order: Order, gathered: Collection, run: Run) -> None:
    from kerma.areas.report.document import build

    report = _report(order, run.parts)
    whole = replace(report, refused=gathered.refused, passed_over=gathered.passed_over)
    write_whole(order.out / "report.pdf", build(whole))


def _report(order: Order, parts: Sequence[ExamPart]) -> Report:
    layout = order.layout
    return Report(
        order.industry,
        parts,
        order.made_at,
        paper=layout.paper,
        template=layout.template,
        language=layout.language,
        record=layout.record,
    )


def _result(order: Order, gathered: Collection, run: Run) -> dict[str, Any]:
    return {
        "version": __version__,
        "industry": order.industry.name,
        "made_at": order.made_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "exams": run.exams,
        "refused": gathered.refused,
        "passed_over": gathered.passed_over,
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"
