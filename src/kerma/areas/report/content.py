"""What a report prints: every text of it, as the template takes them. Pure: numbers and words in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.areas.report import wording
from kerma.areas.report.rules import OUTCOME_TONES, OUTCOME_WORDS, TONES

if TYPE_CHECKING:
    from kerma.kernel.industry import Industry


@dataclass(frozen=True)
class Picture:
    """One picture of a report: which image and plane, its JPEG and size on paper, and what must be said of it."""

    image_number: int
    plane: int
    jpeg: bytes
    width_mm: float
    height_mm: float
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
    """Paper of the page: "a4" or "us-letter"."""


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


def picture_name(exam_number: int, picture_number: int) -> str:
    """Return the file name under which the template finds a picture."""
    return f"picture-{exam_number}-{picture_number}.jpg"


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
                "file": picture_name(exam_number, number),
                "width_mm": round(picture.width_mm, 2),
                "height_mm": round(picture.height_mm, 2),
                "title": picture.title,
                "window": picture.window,
                "scale": picture.scale,
            }
            for number, picture in enumerate(part.pictures)
        ],
        "measurements": _measurements(exam),
        "findings": _findings(exam, numbers),
        "verdicts": [_verdict(verdict, numbers) for verdict in exam.get("verdicts", ())],
        "judged_by": _judged_by(exam.get("verdicts", ())),
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
        "by": f"Decision by {taken.get('by') or 'a person'}" if taken else "Decision, proposed by software",
    }


def _measurements(exam: Mapping[str, Any]) -> dict[str, Any]:
    """Return one table per image, energy and view of a small exam, one with a line for each of a larger one."""
    several = len(exam["images"]) > 1
    tables = []
    for number, image in enumerate(exam["images"], start=1):
        for plane, measured in _by_plane(image):
            named = ", ".join(part for part in (f"Image {number}" if several else "", plane) if part)
            tables.append({"image": number, "label": named, "rows": wording.measurement_rows(measured)})
    return {"tables": tables, "matrix": None} if len(tables) <= 4 else {"tables": [], "matrix": _matrix(tables)}


def _by_plane(image: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return the measurements of each energy or view with its label; all together where there is one plane."""
    labels = image.get("plane_labels") or ()
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for measurement in image.get("measurements", ()):
        plane = (measurement.get("inputs") or {}).get("plane")
        label = str(labels[plane]) if isinstance(plane, int) and 0 <= plane < len(labels) else ""
        groups.setdefault(label, []).append(measurement)
    return list(groups.items()) or [("", [])]


def _matrix(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    heads: dict[str, str] = {}
    methods: list[str] = []
    absent: dict[str, list[int]] = {}
    for table in tables:
        for row in table["rows"]:
            if "absent" in row:
                absent.setdefault(f"{row['name']} not measurable: {row['absent']}", []).append(table["image"])
                continue
            heads.setdefault(row["name"], row["unit"])
            if row["method"]:
                methods.append(f"{row['name']}: {row['method']}")
    columns = list(heads)[:7]
    values = [{row["name"]: row.get("value", "") for row in table["rows"]} for table in tables]
    return {
        "columns": [[name, heads[name]] for name in columns],
        "rows": [
            [table["label"].removeprefix("Image "), *[one.get(name, "") for name in columns]]
            for table, one in zip(tables, values, strict=True)
        ],
        "notes": list(dict.fromkeys(methods)) + [f"{_images(where)}: {why}" for why, where in absent.items()],
    }


_COUNTED = ("findings", "rules")
STATUS_WORDS = {
    "public-law": " · public law",
    "verified": " · table verified",
    "unverified": " · table not verified, so its verdicts are advisory",
    "own": " · Kerma's own table",
}
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
    columns = _value_columns(values)
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


def _value_columns(values: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, int]]:
    """Return the columns of which any finding has a value; sizes in pixels only where there are none in mm."""
    known = [column for column in (*_SIZES, *_OTHERS) if any(one.get(column[0]) is not None for one in values)]
    if any(unit.startswith("mm") for _, _, unit, _ in known):
        known = [column for column in known if column[2] != "px"]
    return known[:6]


def _judged_by(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Return the one standard all verdicts cite, so that it is printed once; empty when they cite several."""
    cited = {(one.get("standard", ""), one.get("edition", ""), one.get("status", "")) for one in verdicts}
    if len(cited) != 1:
        return ""
    standard, edition, status = cited.pop()
    return ", ".join(part for part in (standard, edition) if part) + STATUS_WORDS.get(status, "")


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
        "status": STATUS_WORDS.get(str(verdict.get("status", "")), ""),
        "limit": _judged(verdict.get("limit"), unit),
        "measured": _judged(verdict.get("measured"), unit),
        "margin": _judged(verdict.get("margin"), unit),
        "unit": unit,
        "reason": str(verdict.get("reason", "")),
        "action": str(verdict.get("action", "")) if outcome in ("fail", "advisory") else "",
        "findings": ", ".join(str(one) for one in concerned),
    }


def _judged(value: float | None, unit: str) -> str:
    return "" if value is None else wording.fixed(value, 0 if unit in _COUNTED else 2)


def _warnings(exam: Mapping[str, Any]) -> list[str]:
    lines: dict[str, list[int]] = {}
    for number, image in enumerate(exam["images"], start=1):
        for one in image.get("warnings", ()):
            lines.setdefault(str(one), []).append(number)
        for measurement in image.get("measurements", ()):
            for one in () if measurement.get("not_measurable") else measurement.get("warnings", ()):
                lines.setdefault(str(one), []).append(number)
    return [str(one) for one in exam.get("warnings", ()) if str(one) not in lines] + [
        f"{_images(where)}: {line}" for line, where in lines.items()
    ]


def _images(numbers: Sequence[int]) -> str:
    return f"{'Image' if len(set(numbers)) == 1 else 'Images'} {_ranges(numbers)}"


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
        "path": str(image.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1],
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
