"""What a report editor offers: the forms of the kinds an exam may have, its pictures, and its earlier exams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerma.areas.report import pictures, prepare, priors
from kerma.areas.report.kinds import Field, kind_for, names_for
from kerma.areas.report.language import ENGLISH

if TYPE_CHECKING:
    from kerma.areas.report.prepare import Form
    from kerma.kernel.action import Kernel

LAYOUT = "layout"
"""The group of a form that chooses pictures and the earlier exam: it has choices of its own on the page."""

Group = tuple[str, list[dict[str, Any]]]
"""Title of a group, and its values."""


@dataclass(frozen=True)
class Opened:
    """What an editor shows of an exam."""

    exam: dict[str, Any]
    form: Form
    kinds: dict[str, list[Group]]
    pictures: list[dict[str, Any]]
    priors: list[dict[str, Any]]


def opened(kernel: Kernel, exam_pk: int) -> Opened:
    """Return what an editor shows of an exam.

    Raises
    ------
    NotFound, Conflict
        There is no such exam, or it has not been analysed yet.
    """
    on = prepare.basis(kernel, exam_pk)
    image_pks = {row["sha256"]: row["id"] for row in on.image_rows}
    shown = [
        {
            "image": str(on.document["images"][one.image_number - 1]["sha256"]),
            "image_pk": image_pks.get(on.document["images"][one.image_number - 1]["sha256"], 0),
            "plane": one.plane,
            "title": one.title,
            "findings": len(one.marks),
        }
        for one in pictures.drawings(on.document)
    ]
    with kernel.database.read() as connection:
        usual = priors.earlier(connection, on.exam)
        before = priors.candidates(connection, on.exam)
    earlier = [
        {
            "exam_pk": row["id"],
            "at": " ".join((str(row["exam_date"]), str(row["exam_time"] or "")[:5])).strip(),
            "description": str(row["description"] or ""),
            "is_usual": usual is not None and usual["id"] == row["id"],
        }
        for row in before
    ]
    kinds = {name: groups(name, on.exam["industry"]) for name in names_for(on.exam["industry"])}
    return Opened(on.exam, on.form, kinds, shown, earlier)


def groups(name: str, industry: str) -> list[Group]:
    """Return the groups of a kind's form in the order in which people fill them in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for field in kind_for(name, industry).form:
        if field.group != LAYOUT:
            found.setdefault(field.group, []).append(_field(field))
    titles = {group: ENGLISH.words.get(f"group_{group}", group.replace("_", " ").capitalize()) for group in found}
    order = sorted(found, key=lambda group: group == "items")  # long lists of particulars after the words
    return [(titles[group], found[group]) for group in order]


def _field(field: Field) -> dict[str, Any]:
    columns = {one: ENGLISH(f"column_{one}") for one in field.columns}
    shown = {"name": field.name, "label": ENGLISH(field.word), "form": field.form, "unit": field.unit}
    return shown | {"is_needed": field.is_needed, "columns": columns}
