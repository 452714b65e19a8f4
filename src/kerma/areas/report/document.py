"""The report as a document: what is printed, laid out by Typst into PDF/A-2b. A pure function of its arguments.

Every text goes to Typst as data (JSON), never as markup, so a subject called ``#panic()`` is printed as such.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerma import __version__
from kerma.areas.report import wording
from kerma.areas.report.rules import OUTCOME_TONES, OUTCOME_WORDS, TONES

if TYPE_CHECKING:
    from kerma.kernel.industry import Industry

PAPERS = ("a4", "us-letter")


@dataclass(frozen=True)
class Picture:
    """One picture of a report: which image and plane, its JPEG, and what must be said of it."""

    image_number: int
    plane: int
    jpeg: bytes
    title: str
    window: str
    scale: str


@dataclass(frozen=True)
class SignatureBlock:
    """Who signs, when and as what; printed where the signature field lies."""

    name: str
    meaning: str
    signed_at: str
    certificate: str
    """Subject and fingerprint of the certificate."""
    decision: str = ""
    """Decision code the person has taken; empty where the proposal stands."""


@dataclass(frozen=True)
class ExamPart:
    """One exam of a report: its document, pictures, and who signed."""

    document: Mapping[str, Any]
    pictures: Sequence[Picture]
    decision: Mapping[str, str] | None = None
    """A person's decision (``decision``, ``reason``, ``by``, ``at``); None while only software has spoken."""


@dataclass(frozen=True)
class Report:
    """Everything a report says."""

    industry: Industry
    exams: Sequence[ExamPart]
    made_at: datetime
    refused: Sequence[Mapping[str, str]] = ()
    passed_over: Sequence[Mapping[str, str]] = ()
    signature: SignatureBlock | None = None
    version: int = 1
    paper: str = "a4"
    extra: Mapping[str, str] = field(default_factory=dict)


def build(report: Report) -> bytes:
    """Lay the report out and return it as PDF/A-2b; the same report always gives the same bytes."""
    return _compile(report).pdf


def build_for_signing(report: Report) -> tuple[bytes, int, tuple[float, float, float, float]]:
    """Return the PDF, the page of the signature block from 0, and its rectangle in PDF points from the lower left."""
    laid = _compile(report)
    start, stop = laid.places[0], laid.places[-1]
    height = start["page-height"]
    return laid.pdf, int(start["page"]) - 1, (start["x"], height - stop["y"], stop["x"], height - start["y"])


def content_id(report: Report) -> str:
    """Return the SHA-256 of everything the report prints: short forms of it stand on every page."""
    return hashlib.sha256(json.dumps(printed(report), sort_keys=True).encode()).hexdigest()


def printed(report: Report) -> dict[str, Any]:
    """Return all texts of the report as the template takes them."""
    industry = report.industry
    return {
        "title": industry.report_title,
        "industry": industry.label,
        "subject_word": industry.subject_word,
        "exam_word": industry.exam_word,
        "made_at": wording.moment(report.made_at.isoformat(timespec="seconds").replace("+00:00", "Z")),
        "date": [report.made_at.year, report.made_at.month, report.made_at.day],
        "software": f"Kerma {__version__}",
        "version": report.version,
        "paper": report.paper,
        "exams": [_exam(part, report) for part in report.exams],
        "refused": [dict(one) for one in report.refused],
        "passed_over": [dict(one) for one in report.passed_over],
        "signature": _signature(report.signature),
    }


class _Laid(NamedTuple):
    pdf: bytes
    places: list[dict[str, float]]
    """Corners of the signature block, upper left and lower right, where there is one."""


def _compile(report: Report) -> _Laid:
    import typst

    texts = printed(report)
    texts["content_id"] = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="kerma-report-") as name:
        folder = Path(name)
        (folder / "main.typ").write_bytes(_template())
        for exam_number, part in enumerate(report.exams):
            for picture_number, picture in enumerate(part.pictures):
                (folder / _picture_name(exam_number, picture_number)).write_bytes(picture.jpeg)
        try:
            return _lay_out(folder, texts, report, _fonts())
        except typst.TypstError as error:
            if "could not be displayed with any font" not in str(error):
                raise
        # A name in a script our typeface lacks: first with the fonts of this machine, then spelled out by code point.
        try:
            return _lay_out(folder, texts, report, typst.Fonts(True, True, [_font_folder()]))
        except typst.TypstError:
            return _lay_out(folder, _spelled(texts), report, _fonts())


def _lay_out(folder: Path, texts: dict[str, Any], report: Report, fonts: Any) -> _Laid:
    import typst

    (folder / "report.json").write_text(json.dumps(texts), encoding="utf-8")
    compiler = typst.Compiler(input=folder / "main.typ", root=folder, font_paths=fonts)
    pdf = compiler.compile(format="pdf", pdf_standards=["a-2b"], timestamp=int(report.made_at.timestamp()))
    places = json.loads(compiler.query("<signature-place>", field="value")) if report.signature else []
    return _Laid(bytes(pdf), places)


@functools.cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(False, True, [_font_folder()])


def _font_folder() -> str:
    return str(importlib.resources.files("kerma").joinpath("fonts"))


@functools.cache
def _template() -> bytes:
    return importlib.resources.files("kerma.areas.report").joinpath("templates", "report.typ").read_bytes()


def _picture_name(exam_number: int, picture_number: int) -> str:
    return f"picture-{exam_number}-{picture_number}.jpg"


def _spelled(value: Any) -> Any:
    """Replace every character outside the Latin, Greek and Cyrillic blocks and our signs by its code point."""
    if isinstance(value, str):
        return re.sub(r"[^\n -\u052f\u1e00-\u1fff\u2009-\u2265]", lambda found: f"[U+{ord(found[0]):04X}]", value)
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    return {key: _spelled(one) for key, one in value.items()} if isinstance(value, dict) else value


def _signature(block: SignatureBlock | None) -> dict[str, str] | None:
    if block is None:
        return None
    return {
        "name": block.name,
        "meaning": block.meaning,
        "signed_at": wording.moment(block.signed_at),
        "certificate": block.certificate,
    }


def _exam(part: ExamPart, report: Report) -> dict[str, Any]:
    exam, exam_number = part.document, [one is part for one in report.exams].index(True)
    numbers = finding_numbers(exam)
    return {
        "subject": str(exam.get("subject") or "not named"),
        "subject_name": _person_name(str(exam.get("subject_name") or "")),
        "exam_uid": str(exam.get("exam_uid", "")),
        "facts": _facts(exam),
        "technique": wording.facts(exam.get("technique") or {}, wording.TECHNIQUE_WORDS),
        "machine": wording.facts(exam.get("machine") or {}, wording.MACHINE_WORDS),
        "decision": _decision(part, report.industry),
        "pictures": [
            {
                "file": _picture_name(exam_number, number),
                "title": picture.title,
                "window": picture.window,
                "scale": picture.scale,
            }
            for number, picture in enumerate(part.pictures)
        ],
        "measurements": _measurements(exam),
        "findings": _findings(exam, numbers),
        "verdicts": [_verdict(verdict, numbers) for verdict in exam.get("verdicts", ())],
        "warnings": _warnings(exam),
        "images": [_image_line(image, number) for number, image in enumerate(exam["images"], start=1)],
    }


def finding_numbers(exam: Mapping[str, Any]) -> dict[tuple[int, str], int]:
    """Return the number in the report of each finding, by image number from 1 and finding id."""
    found = [
        (number, str(finding["id"]))
        for number, image in enumerate(exam["images"], start=1)
        for finding in image.get("findings", ())
    ]
    return {key: number for number, key in enumerate(found, start=1)}


def _person_name(written: str) -> str:
    """Return a DICOM person name as people read it: Family, Given (PS3.5, 6.2.1); anything else as it is."""
    alphabetic, *others = written.split("=")
    parts = [part.strip() for part in alphabetic.split("^")]
    name = (
        ", ".join([parts[0], " ".join(part for part in parts[1:3] if part)]).strip(", ") if "^" in written else written
    )
    return " ".join([name, *[f"({other.replace('^', ' ')})" for other in others if other.strip()]]) if others else name


def _facts(exam: Mapping[str, Any]) -> list[list[str]]:
    known = [
        ("Description", exam.get("description")),
        ("Modality", exam.get("modality")),
        ("Acquired", wording.moment(str(exam.get("acquired_at") or ""))),
        ("Images", str(len(exam["images"]))),
    ]
    return [[label, str(value)] for label, value in known if value]


def _decision(part: ExamPart, industry: Industry) -> dict[str, str]:
    exam = part.document
    taken = part.decision or {}
    code = str(taken.get("decision") or exam.get("decision_proposed") or "")
    return {
        "label": industry.decisions.get(code, "No proposal"),
        "tone": TONES.get(code, "open"),
        "reason": str(taken.get("reason") or exam.get("decision_reason") or ""),
        "by": "decided by a person" if taken else "proposed by software",
    }


def _measurements(exam: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one table per image; of images that measured alike by the hundred, only the first twelve are printed."""
    return [
        {"image": number, "rows": wording.measurement_rows(image.get("measurements", ()))}
        for number, image in enumerate(exam["images"][:12], start=1)
    ]


_SIZES = (("length_mm", "Length", "mm", 2), ("width_mm", "Width", "mm", 2), ("height_mm", "Height", "mm", 2))
_OTHERS = (
    ("diameter_mm", "Diameter", "mm", 2),
    ("area_mm2", "Area", "mm²", 2),
    ("length_px", "Length", "px", 1),
    ("width_px", "Width", "px", 1),
    ("area_px", "Area", "px", 0),
    ("cnr", "CNR", "", 1),
    ("detectability", "Detectability", "", 1),
)


def _findings(exam: Mapping[str, Any], numbers: Mapping[tuple[int, str], int]) -> dict[str, Any]:
    found = [(n, one) for n, image in enumerate(exam["images"], start=1) for one in image.get("findings", ())]
    values = [{one["name"]: one["value"] for one in finding["measurements"]} for _, finding in found]
    columns = [column for column in (*_SIZES, *_OTHERS) if any(one.get(column[0]) is not None for one in values)][:6]
    has_score = any(finding.get("score") is not None for _, finding in found)
    makers = sorted({f"{one['by']['name']} {one['by'].get('version', '')}".strip() for _, one in found})
    return {
        "columns": [[label, unit] for _, label, unit, _ in columns] + ([["Score", ""]] if has_score else []),
        "rows": [
            {
                "number": str(numbers[(image_number, str(finding["id"]))]),
                "image": str(image_number),
                "plane": int(finding.get("plane", 0)),
                "label": str(finding["label"]),
                "code": str(finding.get("code") or ""),
                "place": f"{finding['box'][0] + finding['box'][2] / 2:.0f}, "
                f"{finding['box'][1] + finding['box'][3] / 2:.0f}",
                "values": [wording.fixed(one.get(key), decimals) for key, _, _, decimals in columns]
                + ([wording.fixed(finding.get("score"), 2)] if has_score else []),
            }
            for (image_number, finding), one in zip(found, values, strict=True)
        ],
        "makers": ", ".join(makers),
    }


def _verdict(verdict: Mapping[str, Any], numbers: Mapping[tuple[int, str], int]) -> dict[str, str]:
    outcome = str(verdict["outcome"])
    by_id: dict[str, list[int]] = {}
    for (_, finding_id), number in numbers.items():
        by_id.setdefault(finding_id, []).append(number)
    concerned = sorted({n for one in verdict.get("finding_ids", ()) for n in by_id.get(one, ())})
    unit = str(verdict.get("unit") or "")
    return {
        "rule": wording.capital(str(verdict["rule"])),
        "outcome": OUTCOME_WORDS.get(outcome, outcome),
        "tone": OUTCOME_TONES.get(outcome, "open"),
        "standard": str(verdict.get("standard", "")),
        "edition": str(verdict.get("edition", "")),
        "clause": str(verdict.get("clause", "")),
        "status": str(verdict.get("status", "")),
        "limit": _judged(verdict.get("limit")),
        "measured": _judged(verdict.get("measured")),
        "margin": _judged(verdict.get("margin")),
        "unit": unit,
        "reason": str(verdict.get("reason", "")),
        "action": str(verdict.get("action", "")) if outcome in ("fail", "advisory") else "",
        "findings": ", ".join(str(one) for one in concerned),
    }


def _judged(value: float | None) -> str:
    return "" if value is None else wording.fixed(value, 0 if float(value).is_integer() and abs(value) >= 100 else 2)


def _warnings(exam: Mapping[str, Any]) -> list[str]:
    lines: dict[str, list[int]] = {}
    for number, image in enumerate(exam["images"], start=1):
        for one in image.get("warnings", ()):
            lines.setdefault(str(one), []).append(number)
        for measurement in image.get("measurements", ()):
            for one in () if measurement.get("not_measurable") else measurement.get("warnings", ()):
                lines.setdefault(str(one), []).append(number)
    return [str(one) for one in exam.get("warnings", ()) if str(one) not in lines] + [
        f"{'Image' if len(where) == 1 else 'Images'} {_ranges(where)}: {line}" for line, where in lines.items()
    ]


def _ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers as ranges: 1, 3–5."""
    distinct = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in distinct:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)


def _image_line(image: Mapping[str, Any], number: int) -> dict[str, str]:
    planes = int(image.get("planes", 1))
    meaning = wording.MEANING_WORDS.get(str(image.get("meaning", "")), "")
    size = f"{image['rows']} × {image['columns']}" + (f" × {planes}" if planes > 1 else "")
    return {
        "number": str(number),
        "path": str(image.get("path", "")),
        "sha256": str(image.get("sha256", "")),
        "format": " ".join(part for part in (str(image.get("format", "")), f"{image['bits']} bit") if part),
        "size": size,
        "meaning": meaning,
        "spacing": _spacing(image),
    }


def _spacing(image: Mapping[str, Any]) -> str:
    from kerma.science.imaging.image import Spacing

    label = Spacing(source=image.get("spacing_source") or "none").label
    spacing = image.get("spacing_mm")
    if not spacing:
        return label
    row, column = (f"{one:.4g}" for one in spacing)
    return f"{row if row == column else f'{row} × {column}'}{wording.THIN}mm, {label}"
