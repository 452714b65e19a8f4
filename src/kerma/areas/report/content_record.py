"""What a report prints of a form, of the items a standard asks for, and of a reader's sheet. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma import __version__
from kerma.areas.report import content_judged, content_measured, wording
from kerma.areas.report.kinds import ITEM_TABLES, Field, Kind
from kerma.areas.report.language import Language
from kerma.areas.report.parts import Report
from kerma.science.units import unit_of
from kerma.standards import table

NUMERIC = ("planned", "measured", "nominal", "deviation", "uncertainty", "amount", "density", "snr_n")
"""Columns that line up on the point."""
IQI_WORDS = ("wire", "hole", "iqi", "penetrameter")
Numbers = Mapping[tuple[int, str], int]


def groups(kind: Kind, report: Report, say: Language) -> dict[str, Any]:
    """Return each group of a form: who wrote it, facts, paragraphs and tables; an empty one is left out."""
    found: dict[str, Any] = {}
    record = report.record
    by = say("written_by", name=report.written_by, at=say.moment(report.written_at)) if report.written_by else ""
    for name in dict.fromkeys(field.group for field in kind.fields):
        fields = [field for field in kind.fields if field.group == name]
        if f"record.{name}" not in kind.sections:
            continue
        is_empty = all(record.get(field.name) in (None, "", []) for field in fields)
        if is_empty and name != "items" and not any(field.is_needed for field in fields):
            continue
        label = {field.name: say(field.word) for field in fields}
        lines = [field for field in fields if field.form == "lines" and (record.get(field.name) or field.is_needed)]
        tables = [field for field in fields if field.form == "table"]
        absent = [field for field in tables if field.is_needed and not record.get(field.name)]
        facts = [field for field in fields if field.form not in ("table", "lines")] + absent
        found[name] = {
            "by": "" if is_empty else by,
            "title": say(f"group_{name}") if f"group_{name}" in say.words else "",
            "facts": [[label[one.name], _value(one, record.get(one.name), say)] for one in facts],
            "paragraphs": [[label[one.name], str(record.get(one.name) or "")] for one in lines],
            "tables": [_table(one, record[one.name], say) for one in tables if record.get(one.name)],
        }
    return found


def items(report: Report, exam: Mapping[str, Any], decision: str, say: Language) -> dict[str, Any]:
    """Return every item the standards ask a report of this kind to state, with its value or nothing."""
    asked: dict[str, list[str]] = {}
    places: dict[str, list[str]] = {}
    standards = [table(name) for name in ITEM_TABLES[report.template]]
    for standard in standards:
        for row in standard:
            asked.setdefault(row["item"], []).append(standard.title.partition(":")[0])
            places.setdefault(row["item"], row["places"].split())
    known = _report_values(report, exam, decision, say)
    order = [key.removeprefix("item_") for key in say.words if key.startswith("item_")]
    lines = [
        {
            "item": say(f"item_{name}"),
            "value": next(filter(None, (_found(place, report, exam, known, say) for place in places[name])), ""),
            "asked_by": ", ".join(asked[name]),
        }
        for name in order
        if name in places
    ]
    recorded = sum(bool(line["value"]) for line in lines)
    note = say("items_note", recorded=recorded, items=len(lines)) if recorded < len(lines) else ""
    is_unverified = any(one.status == content_judged.ADVISORY_STATUS for one in standards)
    return {"rows": lines, "note": " ".join(filter(None, (note, say("items_status") if is_unverified else "")))}


def sheet(report: Report, exam: Mapping[str, Any], numbers: Numbers, say: Language) -> list[list[str]]:
    """Return the lines of a reader's sheet: what was read by a person goes before what was measured."""
    lines = [line for line in report.record.get("lines", ()) if str(line.get("image")).isdecimal()]
    by_image = {int(line["image"]): line for line in lines}
    return [
        _sheet_line(number, image, by_image.get(number, {}), exam, numbers, say)
        for number, image in enumerate(exam["images"], start=1)
    ]


def _sheet_line(
    number: int,
    image: Mapping[str, Any],
    line: Mapping[str, Any],
    exam: Mapping[str, Any],
    numbers: Numbers,
    say: Language,
) -> list[str]:
    alone = {"images": [image]}
    own = {finding_id: shown for (where, finding_id), shown in numbers.items() if where == number}
    concerned = [one for one in exam.get("verdicts", ()) if set(map(str, one.get("finding_ids", ()))) & set(own)]
    gravest = content_judged.worst(concerned)
    name = str(image.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1]
    wires = content_measured.values_of(alone, "wire") or content_measured.values_of(alone, "thinnest_wire")
    snr_n = content_measured.values_of(alone, "snr_n")
    cells = (
        str(number),
        line.get("segment") or image.get("view") or name,
        line.get("position"),
        line.get("iqi") or (f"W{max(wires):.0f}" if wires else ""),
        line.get("density"),
        line.get("snr_n") or (round(min(snr_n), 1) if snr_n else ""),
        ", ".join(str(shown) for shown in sorted(own.values())),
        line.get("verdict") or (content_judged.outcome_text(gravest, say) if gravest else ""),
    )
    return [_cell(one, say) for one in cells]


def _value(field: Field, value: Any, say: Language) -> str:
    if value in (None, "", []):
        return ""
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if field.form == "moment":
        return say.moment(str(value))
    unit = f"{wording.THIN}{field.unit}" if field.unit else ""
    return f"{_cell(value, say)}{unit}"


def _table(field: Field, lines: Sequence[Mapping[str, Any]], say: Language) -> dict[str, Any]:
    columns = [one for one in field.columns if any(line.get(one) not in (None, "") for line in lines)]
    return {
        "columns": [say(f"column_{one}") for one in columns],
        "align": ["right" if one in NUMERIC else "left" for one in columns],
        "rows": [[_table_cell(one, line, say) for one in columns] for line in lines],
    }


def _table_cell(column: str, line: Mapping[str, Any], say: Language) -> str:
    value, uncertainty = line.get(column), line.get("uncertainty")
    if column == "outcome":
        return content_judged.outcome_text({"outcome": value}, say) if value else ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if column in NUMERIC and is_number and isinstance(uncertainty, int | float) and uncertainty > 0:
        return say.number(wording.to_uncertainty(float(value or 0), float(uncertainty)))
    return _cell(value, say)


def _cell(value: Any, say: Language) -> str:
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if isinstance(value, int | float):
        return say.number(wording.brief(value, 6))
    return say.moment(str(value)) if value else ""


def _report_values(report: Report, exam: Mapping[str, Any], decision: str, say: Language) -> dict[str, str]:
    """Return what the report itself knows of the items standards ask for."""
    cited = {", ".join(filter(None, (one.get("standard"), one.get("edition")))) for one in exam.get("verdicts", ())}
    findings = [one for image in exam["images"] for one in image.get("findings", ()) if "dismissed" not in one]
    signer = next(iter(report.signed), None)
    return {
        "site": ", ".join(filter(None, (report.site.name, *report.site.address))),
        "acceptance": "; ".join(sorted(cited)),
        "software": f"Kerma {__version__}",
        "results": f"{decision} · {say('findings')}: {len(findings)}",
        "evaluator": ", ".join(filter(None, (signer.name, signer.qualification))) if signer else "",
        "made_at": say.moment(report.made_at.date().isoformat()),
    }


def _found(place: str, report: Report, exam: Mapping[str, Any], known: Mapping[str, str], say: Language) -> str:
    """Return what stands at one place where the value of an item may be found; empty where nothing does."""
    where, _, key = place.partition(".")
    if where == "record":
        return _cell(report.record.get(key), say)
    if where == "report":
        return known.get(key, "")
    if where == "measure":
        return _measured(key, exam, say)
    if where == "quality":
        return _quality(key.rpartition(".")[2], exam, say)
    value = (exam if where == "exam" else exam.get(where) or {}).get(key)
    if value in (None, ""):
        return ""
    return say.moment(value) if where == "exam" else wording.quantity(key, value, say)


def _measured(key: str, exam: Mapping[str, Any], say: Language) -> str:
    values = content_measured.values_of(exam, key)
    if not values:
        return ""
    ends = dict.fromkeys(say.number(wording.brief(one)) for one in (min(values), max(values)))
    unit = unit_of(key).shown
    return "–".join(ends) + (f"{wording.THIN}{unit}" if unit else "")


def _quality(key: str, exam: Mapping[str, Any], say: Language) -> str:
    for verdict in exam.get("quality") or ():
        if any(word in str(verdict.get("rule", "")).lower() for word in IQI_WORDS) and verdict.get(key) is not None:
            unit = str(verdict.get("unit") or "")
            return f"{say.number(wording.brief(verdict[key]))}{wording.THIN if unit else ''}{unit}"
    return ""
