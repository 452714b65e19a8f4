"""Comparing over HTTP: other exams of a subject, and one image laid on another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from kerma.areas.archive import actions, compare, queries, queries_sight, tiles, tiles_pixels
from kerma.areas.archive.routes import ExamRow, exam_fields
from kerma.areas.archive.routes_tiles import Pixels, Tag, TileNumber
from kerma.errors import NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.requests import RowNumber, actor_of, kernel_of

router = APIRouter(prefix="/api/v1", tags=["archive"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]
PURPOSE = "comparison"
LAID = "/images/{image_pk}/laid/{plane}/{other_pk}/{other_plane}"


class Registration(BaseModel):
    """How another image lies on one."""

    matrix: list[list[float]]
    """2 x 3: (column, row, 1) of the image to (column, row) of the other."""
    agreement: float
    """Of their structure, 0 to 1; from 0.6 they are taken to show the same."""
    sign: float
    """-1 where one is a negative of the other."""


@router.get("/exams/{exam_pk}/others")
def others(kernel: KernelNow, actor: ActorNow, exam_pk: RowNumber) -> list[ExamRow]:
    """List the other exams of the same subject, the last arrived first."""
    actions.open_exam(kernel, actor, exam_pk=exam_pk, purpose=PURPOSE)
    with kernel.database.read() as connection:
        if queries.exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        rows = queries_sight.plain_exams(connection, actor, queries.others_of_subject(connection, exam_pk))
    return [ExamRow(**exam_fields(row)) for row in rows]


@router.get(f"{LAID}/registration")
def registration(
    kernel: KernelNow,
    actor: ActorNow,
    image_pk: RowNumber,
    plane: TileNumber,
    other_pk: RowNumber,
    other_plane: TileNumber,
) -> Registration:
    """Say how a plane of another image lies on a plane of this one."""
    row, other = _both(kernel, actor, image_pk, other_pk)
    return Registration(**compare.registration(kernel, row, plane, other, other_plane))


@router.get(f"{LAID}/pixels", response_model=Pixels)
def pixels(
    kernel: KernelNow,
    actor: ActorNow,
    image_pk: RowNumber,
    plane: TileNumber,
    other_pk: RowNumber,
    other_plane: TileNumber,
) -> Response:
    """Say what a viewer must know of the other image as it lies on this one, in this one's grey values."""
    row, other = _both(kernel, actor, image_pk, other_pk)
    made = compare.comparison(row, plane, other, other_plane)
    return Response(tiles_pixels.pixels(kernel, made), media_type="application/json")


@router.get(
    f"{LAID}/tiles/{{tag}}/0/{{level}}/{{row}}/{{column}}",
    response_class=Response,
    responses={200: {"content": {tiles.MEDIA_TYPE: {}}, "description": "A tile as JPEG-LS"}},
)
def tile(  # noqa: PLR0913 - the place of a tile is the address
    kernel: KernelNow,
    actor: ActorNow,
    image_pk: RowNumber,
    plane: TileNumber,
    other_pk: RowNumber,
    other_plane: TileNumber,
    tag: Tag,
    level: TileNumber,
    row: TileNumber,
    column: TileNumber,
) -> Response:
    """Give one tile of the other image as it lies on this one."""
    from kerma.science.imaging.pyramid import Place

    image, other = _both(kernel, actor, image_pk, other_pk)
    made = compare.comparison(image, plane, other, other_plane)
    content = tiles.tile(kernel, made, tag, 0, Place(level, row, column))
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(content, media_type=tiles.MEDIA_TYPE, headers=headers)


def _both(kernel: Kernel, actor: Actor, image_pk: int, other_pk: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Open both images; who may not see one of them compares nothing."""
    row = actions.open_image(kernel, actor, image_pk=image_pk, purpose=PURPOSE)
    return row, actions.open_image(kernel, actor, image_pk=other_pk, purpose=PURPOSE)
