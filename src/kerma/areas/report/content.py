"""What a report prints: every text of it, as the template takes them. Pure: numbers and words in, words out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from kerma import __version__
from kerma.areas.report import (
    content_critical,
    content_judged,
    content_marked,
    content_measured,
    content_reading,
    content_record,
    wording,
)
from kerma.areas.report.kinds import EXAM, Kind, check_complete, check_record, kind_for, missing
from kerma.areas.report.language import Language, language
from kerma.areas.report.parts import Amendment, ExamPart, Picture, Report, SignatureBlock, Site
from kerma.areas.report.rules import TONES

__all__ = ["Amendment", "ExamPart", "Picture", "Report", "SignatureBlock", "Site", "printed"]


def printed(report: Report) -> dict[str, Any]:
    """Return all texts of the report as the template takes them.

    Raises
    ------
    WrongUsage
        The kind of report is not for this industry, its form lacks values, or there is no such language.
    """
    industry = report.industry
    say, kind = language(report.language), kind_for(report.template, industry.name)
    check_record(kind, report.record)
    if report.signed:
        check_complete(kind, report.record)
    numbering = [finding_numbers(part.document) for part in report.exams]
    return {
        "kind": kind.name,
        "language": say.code,
        "sections": list(kind.sections),
        "title": say.phrase(industry.report_title) if kind.name == EXAM else say(f"kind_{kind.name}"),
        "industry": say.phrase(industry.label),
        "subject_word": say.phrase(industry.subject_word),
        "exam_word": say.phrase(industry.exam_word),
        "made_at": say.moment(made_at(report)),
        "date": [report.made_at.year, report.made_at.month, report.made_at.day],
        "software": f"Kerma {__version__}",
        "version": report.version,
        "paper": report.paper,
        "site": _site(report.site, say),
        "state": _state(report, say),
        "exams": [_exam(report, number, numbers, say, kind) for number, numbers in enumerate(numbering)],
        "incomplete": _incomplete(kind, report, say),
        "form": content_record.groups(kind, report, say),
        "compared": [picture_texts(one, f"compared-{number}", {}, say) for number, one in enumerate(report.compared)],
        "summary": _summary(report, say),
        "refused": [dict(one) for one in report.refused],
        "passed_over": [dict(one) for one in report.passed_over],
        "amendment": _amendment(report.amendment, say),
        "signatures": [signature_words(block, say) for block in report.signatures],
        "is_signed": bool(report.signed),
        "unsigned_text": say("unsigned_text", software=f"Kerma {__version__}"),
    }


def made_at(report: Report) -> str:
    """Return when the report was made, ISO 8601 to the second."""
    return report.made_at.isoformat(timespec="seconds").replace("+00:00", "Z")


def picture_name(exam_number: int, picture_number: int) -> str:
    """Return the file name under which the template finds a picture."""
    return f"picture-{exam_number}-{picture_number}.jpg"


def _site(site: Site, say: Language) -> dict[str, Any]:
    return {
        "name": site.name,
        "address": list(site.address),
        "accreditation": say("accreditation", number=site.accreditation) if site.accreditation else "",
        "footer": site.footer,
        "logo": logo_name(site),
        "logo_says": say("logo_says", site=site.name or "Kerma"),
    }


def logo_name(site: Site) -> str:
    """Return the file name under which the template finds the logo; empty where there is none."""
    if not site.logo:
        return ""
    return "logo.png" if site.logo.startswith(b"\x89PNG") else "logo.svg"


def _state(report: Report, say: Language) -> str:
    if report.signed:
        return say("signed_by_name", name=", ".join(block.name for block in report.signed))
    return say("awaiting") if report.signatures else say("proposed_not_signed")


def _incomplete(kind: Kind, report: Report, say: Language) -> str:
    absent = [say(kind.labels[name]) for name in missing(kind, report.record)]
    return say("incomplete", fields=", ".join(absent)) if absent else ""


def _amendment(amendment: Amendment | None, say: Language) -> dict[str, str] | None:
    if amendment is None:
        return None
    return {
        "of": say("amendment_of", version=amendment.of_version, moment=say.moment(amendment.signed_at)),
        "changed": amendment.changed,
        "reason": amendment.reason,
        "by": amendment.by,
    }


def signature_words(block: SignatureBlock, say: Language) -> dict[str, Any]:
    """Return what one place for a signature shows, in the report's language."""
    slot = f"slot_{block.slot}"
    return {
        "slot": block.slot,
        "role": say.phrase(block.role) if block.role else say(slot) if slot in say.words else block.slot,
        "is_signed": block.is_signed,
        "name": block.name,
        "qualification": say.phrase(block.qualification),
        "meaning": say.quoted(block.meaning) if block.meaning else "",
        "signed_at": say.moment(block.signed_at),
        "certificate": say("certificate", certificate=block.certificate),
    }


def _summary(report: Report, say: Language) -> str:
    exams, refused = len(report.exams), len(report.refused)
    return say(
        "summary",
        exams=f"{exams} {say('exam_one' if exams == 1 else 'exam_many')}",
        refused=f"{refused} {say('file_one' if refused == 1 else 'file_many')}",
    )


def _exam(
    report: Report, exam_number: int, numbers: Mapping[tuple[int, str], int], say: Language, kind: Kind
) -> dict[str, Any]:
    part = report.exams[exam_number]
    exam = part.document
    findings = _findings(exam, numbers, say)
    verdicts = content_judged.acceptance(exam.get("verdicts", ()), numbers, say)
    decision = _decision(part, report, say)
    return {
        "subject": str(exam.get("subject") or say("not_named")),
        "subject_name": _person_name(str(exam.get("subject_name") or "")),
        "exam_uid": str(exam.get("exam_uid", "")),
        "facts": [*_facts(exam, say), *content_reading.facts(part.decision, say)],
        "technique": wording.facts(exam.get("technique") or {}, wording.TECHNIQUE_WORDS, say),
        "machine": wording.facts(exam.get("machine") or {}, wording.MACHINE_WORDS, say),
        "decision": decision,
        "critical": content_critical.lines(exam, say),
        "pictures": [
            picture_texts(one, picture_name(exam_number, number), _labels(exam, numbers, one, say), say)
            for number, one in enumerate(part.pictures)
        ],
        "measurements": content_measured.measurements(exam, say),
        "marked": content_marked.marked(exam, say),
        "findings": findings,
        "dismissed": _dismissed(exam, say),
        "verdicts": verdicts,
        "quality": content_judged.quality(exam, numbers, say),
        "actions": content_judged.actions(exam, numbers, say),
        "judgement": content_judged.judgement(exam.get("judgement"), say),
        "items": content_record.items(report, exam, decision["label"], say) if "items" in kind.sections else None,
        "sheet": content_record.sheet(report, exam, numbers, say) if "sheet" in kind.sections else None,
        "warnings": _warnings(exam, say),
        "images": [_image_line(image, number, say) for number, image in enumerate(exam["images"], start=1)],
    }


def picture_texts(picture: Picture, file: str, labels: Mapping[int, str], say: Language) -> dict[str, Any]:
    """Return what the page says of one picture; ``labels`` are the numbers and words of the marks on it."""
    listed = ", ".join(f"{number} {label}" for number, label in labels.items())
    says = say("picture_says", title=picture.title, findings=len(labels), list=listed)
    return {
        "file": file if file.endswith(".jpg") else f"{file}.jpg",
        "width_mm": round(picture.width_mm, 2),
        "height_mm": round(picture.height_mm, 2),
        "title": picture.title,
        "window": picture.window,
        "scale": picture.scale,
        "chain": " → ".join(picture.chain),
        "sha256": hashlib.sha256(picture.jpeg).hexdigest(),  # so that the digest of the content covers the picture
        "says": says if labels else say("picture_says_none", title=picture.title),
    }


def _labels(
    exam: Mapping[str, Any], numbers: Mapping[tuple[int, str], int], picture: Picture, say: Language
) -> dict[int, str]:
    image = exam["images"][picture.image_number - 1]
    return {
        numbers[(picture.image_number, str(one["id"]))]: say.phrase(str(one["label"]))
        for one in image.get("findings", ())
        if (picture.image_number, str(one["id"])) in numbers and int(one.get("plane", 0)) == picture.plane
    }


def finding_numbers(exam: Mapping[str, Any]) -> dict[tuple[int, str], int]:
    """Return the number in the report of each standing finding, by image number from 1 and finding id."""
    found = [
        (number, str(finding["id"]))
        for number, image in enumerate(exam["images"], start=1)
        for finding in image.get("findings", ())
        if "dismissed" not in finding
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


def _facts(exam: Mapping[str, Any], say: Language) -> list[list[str]]:
    known = [
        ("fact_description", exam.get("description")),
        ("fact_modality", exam.get("modality")),
        ("fact_acquired", say.moment(str(exam.get("acquired_at") or ""))),
        ("fact_images", str(len(exam["images"]))),
    ]
    return [[say(key), str(value)] for key, value in known if value]


def _decision(part: ExamPart, report: Report, say: Language) -> dict[str, str]:
    exam = part.document
    taken = part.decision or {}
    code = str(taken.get("decision") or exam.get("decision_proposed") or "")
    label = report.industry.decisions.get(code)
    by = say("decision_by", name=taken.get("by") or say("a_person")) if taken else say("decision_proposed")
    return {
        "label": say.phrase(label) if label else say("no_proposal"),
        "tone": TONES.get(code, "open"),
        "reason": str(taken.get("reason") or exam.get("decision_reason") or ""),
        "by": by,
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


def _findings(exam: Mapping[str, Any], numbers: Mapping[tuple[int, str], int], say: Language) -> dict[str, Any]:
    found = [
        (number, one)
        for number, image in enumerate(exam["images"], start=1)
        for one in image.get("findings", ())
        if "dismissed" not in one
    ]
    values = [{one["name"]: one["value"] for one in finding["measurements"]} for _, finding in found]
    columns = _value_columns(values)
    has_score = any(finding.get("score") is not None for _, finding in found)
    makers = sorted({_maker(one) for _, one in found})
    return {
        "columns": [[say.phrase(label), unit] for _, label, unit, _ in columns]
        + ([[say("score"), ""]] if has_score else []),
        "rows": [
            _finding_line(finding, image_number, say)
            | {
                "number": str(numbers[(image_number, str(finding["id"]))]),
                "values": [say.number(wording.fixed(one.get(key), decimals)) for key, _, _, decimals in columns]
                + ([say.number(wording.fixed(finding.get("score"), 2))] if has_score else []),
            }
            for (image_number, finding), one in zip(found, values, strict=True)
        ],
        "makers": say("found_by", makers=", ".join(makers)) if len(makers) == 1 else "",
        "several_makers": len(makers) > 1,
    }


def _finding_line(finding: Mapping[str, Any], image_number: int, say: Language) -> dict[str, Any]:
    top, left, height, width = finding["box"]
    label, code, plane = str(finding["label"]), str(finding.get("code") or ""), int(finding.get("plane", 0))
    return {
        "image": str(image_number),
        "label": say.phrase(label),
        "code": code if code != label else "",
        "plane": say("plane", number=plane + 1) if plane else "",
        "place": f"{top + height / 2:.0f}, {left + width / 2:.0f}" if height or width else "",
        "by": _maker(finding),
        "note": str(finding.get("note") or ""),
    }


def _maker(finding: Mapping[str, Any]) -> str:
    """Return who made a finding, and who marked the same flaw."""
    every = (finding, *finding.get("also", ()))
    return ", ".join(f"{one['by']['name']} {one['by'].get('version') or ''}".strip() for one in every)


def _dismissed(exam: Mapping[str, Any], say: Language) -> list[dict[str, str]]:
    """Return the findings a person has dismissed: who, when and why."""
    return [
        _finding_line(finding, number, say)
        | {
            "dismissed_by": str(finding["dismissed"].get("by_name") or finding["dismissed"].get("by") or ""),
            "dismissed_at": say.moment(str(finding["dismissed"].get("at") or "")),
            "reason": str(finding["dismissed"].get("reason") or ""),
        }
        for number, image in enumerate(exam["images"], start=1)
        for finding in image.get("findings", ())
        if "dismissed" in finding
    ]


def _value_columns(values: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, int]]:
    """Return the columns of which any finding has a value; sizes in pixels only where there are none in mm."""
    known = [column for column in (*_SIZES, *_OTHERS) if any(one.get(column[0]) is not None for one in values)]
    if any(unit.startswith("mm") for _, _, unit, _ in known):
        known = [column for column in known if column[2] != "px"]
    return known[:6]


def _warnings(exam: Mapping[str, Any], say: Language) -> list[str]:
    lines: dict[str, list[int]] = {}
    for number, image in enumerate(exam["images"], start=1):
        for one in image.get("warnings", ()):
            lines.setdefault(str(one), []).append(number)
        for measurement in image.get("measurements", ()):
            for one in () if measurement.get("not_measurable") else measurement.get("warnings", ()):
                lines.setdefault(str(one), []).append(number)
    return [str(one) for one in exam.get("warnings", ()) if str(one) not in lines] + [
        f"{content_measured.images(where, say)}: {line}" for line, where in lines.items()
    ]


def _image_line(image: Mapping[str, Any], number: int, say: Language) -> dict[str, str]:
    planes = int(image.get("planes", 1))
    meaning = wording.MEANING_WORDS.get(str(image.get("meaning", "")), "")
    size = f"{image['rows']} × {image['columns']}" + (f" × {planes}" if planes > 1 else "")
    return {
        "number": str(number),
        "path": str(image.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1],
        "sha256": str(image.get("sha256", "")),
        "format": " ".join(part for part in (str(image.get("format", "")), say("bits", bits=image["bits"])) if part),
        "size": size,
        "meaning": say.phrase(meaning),
        "spacing": _spacing(image, say),
    }


def _spacing(image: Mapping[str, Any], say: Language) -> str:
    from kerma.science.imaging.image import Spacing

    label = say.phrase(Spacing(source=image.get("spacing_source") or "none").label)
    spacing = image.get("spacing_mm")
    if not spacing:
        return label
    row, column = (say.number(f"{one:.4g}") for one in spacing)
    return f"{row if row == column else f'{row} × {column}'}{wording.THIN}mm, {label}"
