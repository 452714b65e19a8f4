"""Which images a C-MOVE, or a query of ours, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.queries_find import images_at
from kerma.errors import WrongUsage

LEVELS: Mapping[str, tuple[str, str]] = {
    "PATIENT": ("PatientID", ""),
    "STUDY": ("StudyInstanceUID", "exam_uids"),
    "SERIES": ("SeriesInstanceUID", "series_uids"),
    "IMAGE": ("SOPInstanceUID", "image_uids"),
}
"""Level of a retrieve: the unique key that it needs, and where it goes (DICOM PS3.4, C.4.2.2.1)."""


def images_named(connection: sa.Connection, level: str, keys: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return the images that a retrieve names by its unique keys (by keyword), in reading order.

    Raises
    ------
    WrongUsage
        The level is none, or its unique key is missing.
    """
    if level not in LEVELS:
        raise WrongUsage("QueryRetrieveLevel must be PATIENT, STUDY, SERIES or IMAGE")
    needed = LEVELS[level][0]
    if not any(keys.get(needed, ())):
        raise WrongUsage(f"a retrieve at the level {level} needs {needed}")
    named = {place: list(keys.get(keyword, ())) for keyword, place in LEVELS.values() if place}
    if level == "PATIENT":
        named["exam_uids"] = exams_of(connection, keys["PatientID"])
        return images_at(connection, exam_uids=named["exam_uids"])
    return images_at(connection, **named)


def exams_of(connection: sa.Connection, subject_ids: Sequence[str]) -> list[str]:
    """Return the UIDs of all exams of subjects with these ids."""
    statement = sa.select(exam.c.uid).join_from(exam, subject).where(subject.c.subject_id.in_(list(subject_ids)))
    return list(connection.scalars(statement.order_by(exam.c.id)))
