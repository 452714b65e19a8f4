"""What is shown of a specification, of its history, and of an exam that is read under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from kerma.areas.archive.actions import view as view_exams
from kerma.areas.review import queries_spec, rules_spec
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.permissions import is_granted


class SpecificationFile(BaseModel):
    """A file of a specification, of the kind that its content says."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


class SpecificationDocument(BaseModel):
    """What a specification asks for."""

    technique: dict[str, float | str]
    pack: str
    """Name of the acceptance pack; empty where none is asked for."""
    conditions: dict[str, float | str]
    """To judge by, as a judgement takes them."""
    views_wanted: int | None
    quality_class: str
    notes: str
    attachments: list[SpecificationFile] = []


class SpecificationRow(BaseModel):
    """A version of a specification in a list."""

    id: int
    industry: str
    kind: str
    name: str
    version: int
    revision: int
    """Which of its texts holds now."""
    state: str
    drafted_by: str
    drafted_by_name: str
    drafted_at: str
    in_force_at: str
    ended_at: str
    sha256: str
    document: SpecificationDocument


class TextShown(BaseModel):
    """One text that a version had."""

    revision: int
    document: SpecificationDocument
    sha256: str
    by_name: str
    at: str


class ApprovalShown(BaseModel):
    """Who approved which text."""

    side: str
    revision: int
    name: str
    """Of who approved: the person here, or of the customer."""
    organisation: str
    words: str
    by_name: str
    """Who approved here, or recorded it."""
    at: str
    is_of_this_text: bool


class SpecificationStepShown(BaseModel):
    """One thing that happened to a version."""

    kind: str
    revision: int
    field: str
    words: str
    by_name: str
    at: str


class ExamUnder(BaseModel):
    """An exam that is read under a version."""

    exam_pk: int
    subject_id: str
    description: str
    exam_date: str
    is_automatic: bool
    at: str


class SpecificationShown(SpecificationRow):
    """A version with all that belongs to it."""

    texts: list[TextShown]
    approvals: list[ApprovalShown]
    steps: list[SpecificationStepShown]
    versions: list[SpecificationRow]
    exams: list[ExamUnder]
    is_author: bool
    """Whether the one who asks has written one of its texts, and so does not approve it."""
    has_approved: bool
    """Whether they have approved this text for a side, or recorded its approval, and so leave the other side's."""


class ExamLinked(BaseModel):
    """Who or what linked an exam to a version."""

    is_automatic: bool
    by: str
    by_name: str
    at: str


class DifferenceShown(BaseModel):
    """Where an exam is not as its specification asks."""

    name: str
    asked: str
    said: str


class ExamSpecification(BaseModel):
    """Under which version an exam is read; null where nothing is linked."""

    specification: SpecificationRow | None
    link: ExamLinked | None
    differences: list[DifferenceShown]
    offered: list[SpecificationRow]
    """Versions in force that could be linked by hand."""


def rows_shown(connection: sa.Connection, rows: list[dict[str, Any]]) -> list[SpecificationRow]:
    """Return versions as lists show them."""
    names = names_of(connection, {row["drafted_by"] for row in rows})
    return [SpecificationRow(**_fields(row, names)) for row in rows]


def detail(kernel: Kernel, actor: Actor, specification_id: int) -> SpecificationShown:
    """Return a version with its texts, approvals, history, sisters and exams.

    Raises
    ------
    NotFound
        There is no such specification.
    """
    with kernel.database.read() as connection:
        row = queries_spec.by_id(connection, specification_id)
        if row is None:
            raise NotFound(f"there is no specification {specification_id}")
        texts = queries_spec.texts(connection, specification_id)
        approvals = queries_spec.approvals(connection, specification_id)
        steps = queries_spec.steps(connection, specification_id)
        keys = {row["drafted_by"], *(one["by"] for one in (*texts, *approvals, *steps))}
        names = names_of(connection, keys)
        return SpecificationShown(
            **_fields(row, names),
            texts=[TextShown(**_known(TextShown, one, names)) for one in texts],
            approvals=[_approval(one, row, names) for one in approvals],
            steps=[SpecificationStepShown(**_known(SpecificationStepShown, one, names)) for one in steps],
            versions=rows_shown(connection, queries_spec.versions(connection, row)),
            exams=_exams(connection, specification_id, actor),
            is_author=any(one["by"] == actor.key for one in texts),
            has_approved=any(one["by"] == actor.key and one["revision"] == row["revision"] for one in approvals),
        )


def differences_of(asked: Mapping[str, Any], shown: Mapping[str, Any]) -> list[DifferenceShown]:
    """Return where an exam, as it is shown, is not as its specification asks."""
    images = shown.get("images", ())
    told: dict[str, Any] = {}
    for one in (shown.get("technique", {}), *(image.get("technique", {}) for image in images)):
        told = {**one, **told}
    return [DifferenceShown(**one) for one in rules_spec.differences(asked, told, len(images))]


def _exams(connection: sa.Connection, specification_id: int, actor: Actor) -> list[ExamUnder]:
    """Return the exams under a version; none to who may not view exams, such as the customer who approves it."""
    if not is_granted(view_exams.name, actor.permissions):
        return []
    rows = queries_spec.exams_under(connection, specification_id, actor)
    return [ExamUnder(**{name: one[name] for name in ExamUnder.model_fields}) for one in rows]


def _fields(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    same = {name: row[name] for name in SpecificationRow.model_fields if name in row}
    return same | {"drafted_by_name": names.get(row["drafted_by"], row["drafted_by"])}


def _known(shown: type[BaseModel], row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    same = {name: row[name] for name in shown.model_fields if name in row}
    return same | {"by_name": names.get(row["by"], row["by"])}


def _approval(one: Mapping[str, Any], row: Mapping[str, Any], names: Mapping[str, str]) -> ApprovalShown:
    told = _known(ApprovalShown, one, names)
    return ApprovalShown(
        **told | {"name": one["name"] or told["by_name"], "is_of_this_text": one["revision"] == row["revision"]}
    )
