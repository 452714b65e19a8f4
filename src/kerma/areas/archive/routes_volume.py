"""The volumes of an exam over HTTP: where the slices lie, and the small copy that is shown first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from kerma.areas.archive import actions, queries, queries_volume
from kerma.areas.archive.retrieve_answer import FIXED
from kerma.errors import NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.requests import RowNumber, actor_of, kernel_of
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["archive"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]


class VolumeSlice(BaseModel):
    """One slice: a plane of an image."""

    image_pk: int
    plane: int


class VolumeGeometry(BaseModel):
    """Where the slices lie, in mm in the space of their positions; see ``docs/science/volume.md``."""

    rows: int
    columns: int
    row_mm: float
    column_mm: float
    origin_mm: list[float] = Field(min_length=3, max_length=3)
    along_row: list[float] = Field(min_length=3, max_length=3)
    along_column: list[float] = Field(min_length=3, max_length=3)
    distances_mm: list[float]
    """Place of each slice along the normal, from the first."""
    offsets_mm: list[list[float]]
    """How far each slice is pushed along the columns and along the rows."""
    tilt_deg: float
    is_even: bool
    affine: list[list[float]] | None
    """From (slice, row, column, 1) to mm; None where no single matrix is right for all slices."""


class VolumeOverview(BaseModel):
    """A small copy: base and step (float64), then voxels (uint16; slice, row, column), little endian.

    Value = base + step * (voxel - 1); 0 is no data. Each voxel is the mean of ``block`` x ``block`` pixels of a slice.
    """

    address: str
    slices: list[int]
    rows: int
    columns: int
    block: int
    size_bytes: int


class VolumeWindow(BaseModel):
    """A window in the unit of the values (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


class VolumeRange(BaseModel):
    """Lowest and highest value of three of the slices."""

    low: float
    high: float


class VolumeRow(BaseModel):
    """What a series makes of its slices: a volume, or the reasons why there is none; what the analyst must know."""

    series_pk: int
    series_uid: str
    number: int | None
    description: str
    modality: str
    part: int
    is_volume: bool
    reasons: list[str]
    warnings: list[str]
    geometry: VolumeGeometry | None = None
    slices: list[VolumeSlice] = []
    overview: VolumeOverview | None = None
    unit: str = ""
    meaning: str = ""
    is_inverse: bool = False
    window: VolumeWindow | None = None
    range: VolumeRange | None = None


class Volumes(BaseModel):
    """The volumes of an exam, in the order of its series."""

    volumes: list[VolumeRow]


@router.get("/exams/{exam_pk}/volumes")
def volumes(kernel: KernelNow, actor: ActorNow, exam_pk: RowNumber) -> Volumes:
    """Tell which series of an exam are volumes, and where their slices lie."""
    found = queries_volume.volumes(kernel, _images(kernel, actor, exam_pk))
    return Volumes(volumes=[VolumeRow(**one) for one in found])


@router.get("/exams/{exam_pk}/volumes/{series_pk}/{part}/overview", response_class=Response)
def overview(  # noqa: PLR0913 - an address of three parts
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    exam_pk: RowNumber,
    series_pk: RowNumber,
    part: RowNumber,
    tag: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Give the voxels of a volume's overview."""
    images = _images(kernel, actor, exam_pk)
    content, name = queries_volume.overview_file(kernel, images, series_pk, part)
    caching = FIXED if tag and name.startswith(tag) else "private, no-cache"
    headers = {"ETag": f'"{name}"', "Cache-Control": caching}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/octet-stream", headers=headers)


def _images(kernel: Kernel, actor: Actor, exam_pk: int) -> list[dict[str, Any]]:
    actions.open_exam(kernel, actor, exam_pk=exam_pk, purpose="volume")
    with kernel.database.read() as connection:
        if queries.exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        return queries.images_of_exam(connection, exam_pk, sight_of(connection, actor, exam_pk))
