"""Marks over HTTP: everybody's on an exam, and keeping one's own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_marks, queries_marks, rules_marks
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0, lt=2**31)]
Text = Annotated[str, Field(max_length=rules_marks.MAX_TEXT_LETTERS)]
Name = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*$")]


class Placed(BaseModel):
    """Something on one plane of an image, between points in image pixels."""

    model_config = ConfigDict(extra="forbid")
    id: Name = Field(min_length=1)
    image_sha256: str = Field(max_length=64)
    plane: Whole = 0
    points: list[tuple[Number, Number]] = Field(default_factory=list, max_length=500)
    """Row and column; the middle of the first pixel is 0.5, 0.5."""
    text: Text = ""
    at: str = Field(default="", max_length=32)
    """Since when it is so; the server says it, whatever is sent."""


class MarkValue(BaseModel):
    """One value that a mark showed; its name ends in its unit."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    value: Number | None
    uncertainty: Number | None = None
    word: Text = ""
    """What was found where it is no number, such as the wire that is seen."""


class DrawnMark(Placed):
    """One mark: its shape, what was measured on it and by what scale."""

    shape: str = Field(max_length=16)
    measurement: Name = ""
    """The measurement that was made there; empty for what the shape itself tells."""
    options: dict[Name, Text] = Field(default_factory=dict, max_length=16)
    runs: list[tuple[Whole, Whole, Whole]] = Field(default_factory=list, max_length=rules_marks.MAX_RUNS)
    """Row, first column and length of each run of a brushed area."""
    values: list[MarkValue] = Field(default_factory=list, max_length=40)
    scale: Text = ""
    """Where the scale of its lengths comes from."""
    source: Text = ""
    """What the measurement goes by."""
    reason: Text = ""
    """Why there is no value, or what to know of it."""


class Calibration(Placed):
    """A length that somebody knows between two points, or a thickness between two corners."""

    kind: str = Field(default="length", max_length=16)
    known_mm: Number


Place = tuple[Number, Number, Number]
"""Millimetres in the space of a series: of the patient, along x, y and z, where its slices say so."""


class SpaceMark(BaseModel):
    """A length or an angle between points of a volume; the server reckons its value from them."""

    model_config = ConfigDict(extra="forbid")
    id: Name = Field(min_length=1)
    kind: str = Field(max_length=16)
    series_uid: str = Field(max_length=64)
    points: list[Place] = Field(max_length=3)
    right: Place
    """Direction along which the plane it was drawn in goes to the right."""
    down: Place
    text: Text = ""
    at: str = Field(default="", max_length=32)


class MarksDocument(BaseModel):
    """What one person has drawn on the images of an exam."""

    model_config = ConfigDict(extra="forbid")
    marks: list[DrawnMark] = Field(default_factory=list, max_length=rules_marks.MAX_MARKS)
    calibrations: list[Calibration] = Field(default_factory=list, max_length=rules_marks.MAX_CALIBRATIONS)
    spaces: list[SpaceMark] = Field(default_factory=list, max_length=rules_marks.MAX_MARKS)
    draft: dict[str, Any] | None = None
    """A judgement that is being written; nobody else sees it."""


class NewMarks(MarksDocument):
    """A person's marks as they are now."""

    supersedes: requests.RowNumber | None = None
    """The version that the page had before; null when it had none."""


class MarksOf(MarksDocument):
    """One person's marks on an exam."""

    by: str
    by_name: str
    is_mine: bool
    version: int
    at: str


class ExamMarks(BaseModel):
    """Everybody's marks on an exam that the person may see, the person's own first."""

    exam_pk: int
    people: list[MarksOf]


@router.get("/exams/{exam_pk}/marks")
def marks(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ExamMarks:
    """Show the marks on an exam, each person's newest."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return _shown(kernel, actor, exam_pk)


@router.put("/exams/{exam_pk}/marks")
def keep(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewMarks) -> MarksOf:
    """Keep one's own marks; the version before stays on record."""
    document = new.model_dump(exclude={"supersedes"})
    for one in (one for part in rules_marks.DRAWN for one in document[part]):
        one["at"] = ""
    row = actions_marks.keep_marks(kernel, actor, exam_pk=exam_pk, document=document, supersedes=new.supersedes)
    return _one({**row, "is_mine": True}, {actor.key: actor.name})


def _shown(kernel: Kernel, actor: Actor, exam_pk: int) -> ExamMarks:
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        rows = queries_marks.marks_of(connection, exam_pk, actor)
        names = names_of(connection, {row["by"] for row in rows})
    return ExamMarks(exam_pk=exam_pk, people=[_one(row, names) for row in rows])


def _one(row: dict[str, Any], names: dict[str, str]) -> MarksOf:
    told = {name: row[name] for name in ("by", "is_mine", "version", "at")}
    return MarksOf(**row["document"], **told, by_name=names.get(row["by"], row["by"]))
