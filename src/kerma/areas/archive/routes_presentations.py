"""The presentation states that came with an exam: how others want its images shown, for a viewer to apply."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from kerma.areas.archive import actions, queries, queries_presentations
from kerma.areas.archive.routes_tiles import LutRow, WindowRow
from kerma.errors import NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.requests import RowNumber, actor_of, kernel_of
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["archive"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Box = Annotated[list[float], Field(min_length=4, max_length=4)]
Units = Literal["PIXEL", "DISPLAY"]


class PresentedVoiRow(BaseModel):
    """The window or VOI LUT on some planes; neither: all values that the image can have are shown."""

    planes: list[int]
    window: WindowRow | None
    lut: LutRow | None


class PresentedAreaRow(BaseModel):
    """The part shown of some planes: top, left, bottom, right; ``magnification`` is screen pixels per image pixel."""

    planes: list[int]
    box: Box
    sizing: Literal["SCALE TO FIT", "TRUE SIZE", "MAGNIFY"]
    magnification: float | None


class ShutterRow(BaseModel):
    """What is hidden: all outside of each shape, in a grey from 0 to 255."""

    rectangle: Box | None
    circle: Annotated[list[float], Field(min_length=3, max_length=3)] | None
    polygon: list[Pair]
    grey: int


class GraphicRow(BaseModel):
    """One drawing or text. Places are (row, column) of the image, or (down, across) from 0 to 1 of the part shown."""

    planes: list[int]
    kind: Literal["point", "polyline", "interpolated", "circle", "ellipse", "text"]
    units: Units
    points: list[Pair]
    is_filled: bool
    text: str
    justified: Literal["LEFT", "CENTER", "RIGHT"]
    anchor: Pair | None
    anchor_units: Units
    is_anchor_shown: bool
    layer: str
    colour: str


class PresentedRow(BaseModel):
    """What a state says of one image. ``planes`` empty means all, here and in each part.

    Turned clockwise first, then mirrored. The image's own scale and window do not count while the state is shown.
    """

    image_pk: int
    planes: list[int]
    slope: float
    intercept: float
    unit: str
    modality_lut: LutRow | None
    is_inverse: bool
    presentation_lut: LutRow | None
    vois: list[PresentedVoiRow]
    areas: list[PresentedAreaRow]
    rotation: Literal[0, 90, 180, 270]
    is_flipped: bool
    shutter: ShutterRow | None
    graphics: list[GraphicRow]


class PresentationRow(BaseModel):
    """A presentation state of an exam; a problem says why it cannot be applied, notes say what of it is not shown."""

    state_pk: int
    label: str
    description: str
    creator: str
    created_at: str
    problem: str
    notes: list[str]
    images: list[PresentedRow]


class Presentations(BaseModel):
    """The presentation states of an exam."""

    items: list[PresentationRow]


@router.get("/exams/{exam_pk}/presentations")
def presentations(kernel: KernelNow, actor: ActorNow, exam_pk: RowNumber) -> Presentations:
    """List the presentation states that came with an exam, and what each says of each image.

    They may tell of findings: where those are hidden from the reader, so are the states.
    """
    actions.open_exam(kernel, actor, exam_pk=exam_pk, purpose="image")
    with kernel.database.read() as connection:
        rows = queries.images_of_exam(connection, exam_pk, sight_of(connection, actor, exam_pk))
    if not rows:
        raise NotFound(f"there is no exam {exam_pk}")
    return Presentations.model_validate(
        {"items": [_row(one) for one in queries_presentations.presentations(kernel, rows)]}
    )


def _row(one: queries_presentations.Listed) -> dict[str, Any]:
    state = one.state
    return {
        "state_pk": one.row["id"],
        "label": state.label if state else "",
        "description": state.description if state else "",
        "creator": state.creator if state else "",
        "created_at": state.created_at if state else "",
        "problem": one.problem,
        "notes": list(one.notes),
        "images": [
            {"image_pk": pk, "planes": list(planes), **queries_presentations.on_image(state, uid)}
            for pk, (uid, planes) in one.on.items()
            if state
        ],
    }
