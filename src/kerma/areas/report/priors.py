"""The earlier image of the same thing beside the present one: what has changed is what a reader looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.queries import Search, exams
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.report import pictures
from kerma.areas.report.language import Language
from kerma.areas.report.parts import Picture
from kerma.areas.report.pictures import Drawing
from kerma.areas.report.rules import printed_size_mm
from kerma.areas.review.queries import images_to_analyse
from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image

LOOKED_THROUGH = 100
"""Most exams of a subject among which the earlier one is looked for."""


def candidates(connection: sa.Connection, exam: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the exams of the same subject and industry taken before this one, the newest first."""
    if not exam["exam_date"] or not exam["subject_id"]:
        return []
    page = exams(connection, Search(exam["industry"], exam["subject_id"], limit=LOOKED_THROUGH))
    before = [
        row
        for row in page.rows
        if row["subject_pk"] == exam["subject_pk"] and row["exam_date"] and _taken(row) < _taken(exam)
    ]
    return sorted(before, key=_taken, reverse=True)


def earlier(connection: sa.Connection, exam: dict[str, Any]) -> dict[str, Any] | None:
    """Return the last exam of the same subject, industry and description taken before this one, or None.

    Without a description nothing says that two exams show the same place, so nothing is compared.
    """
    described = str(exam["description"]).strip().casefold()
    if not described:
        return None
    same = (row for row in candidates(connection, exam) if str(row["description"]).strip().casefold() == described)
    return next(same, None)


def compared(
    kernel: Kernel, exam: dict[str, Any], present: tuple[Drawing, Image], say: Language, wanted: float | None = None
) -> tuple[list[Picture], list[str]]:
    """Return the present picture and the earlier one side by side, and what must be said where that one is not shown.

    Nothing where there is no earlier exam.

    Parameters
    ----------
    wanted : number of the earlier exam that a person has chosen, 0 for none; without it, the last of the same place
    """
    with kernel.database.read() as connection:
        found = earlier(connection, exam) if wanted is None else _chosen(connection, exam, wanted)
        rows = images_to_analyse(connection, found["id"]) if found else []
    if found is None or not rows:
        return [], [say("compared_lost", exam=f"{wanted:.0f}")] if wanted else []
    try:
        image = read_image(kernel, rows[0], duty="report")
    except KermaError as error:
        return [], [f"the earlier image of {found['exam_date']} (exam {found['id']}) cannot be shown: {error}"]
    drawing, shown = present
    title = ", ".join((say.moment(str(found["exam_date"])), str(rows[0]["file_name"] or "")))
    size = printed_size_mm(1, height_over_width(image))
    before = Drawing(1, image.planes // 2, (), title.strip(", "), *size)
    return [pictures.beside(drawing, shown, say), pictures.beside(before, image, say)], []


def _chosen(connection: sa.Connection, exam: dict[str, Any], wanted: float) -> dict[str, Any] | None:
    return next((row for row in candidates(connection, exam) if row["id"] == wanted), None)


def _taken(exam: dict[str, Any]) -> tuple[str, str]:
    return str(exam["exam_date"]), str(exam["exam_time"])


def height_over_width(image: Image) -> float:
    """Return the height of an image over its width, both as lengths."""
    row_mm, column_mm = image.spacing.row_mm or 1.0, image.spacing.column_mm or 1.0
    return image.rows * row_mm / (image.columns * column_mm)
