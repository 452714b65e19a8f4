"""The pixels of images for a viewer: what they are, and the tiles of their planes at every size."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from kerma.areas.archive import actions, queries, tiles, tiles_pixels
from kerma.errors import KermaError, NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.requests import RowNumber, actor_of, kernel_of
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["archive"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]
TileNumber = Annotated[int, Path(ge=0, lt=2**31)]
Tag = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
PURPOSE = "image"
EXAM_S = 2.0
"""How long one request may describe images of an exam that nobody has asked for before."""


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WindowRow(_Exact):
    """A window, in the units that follow the Modality LUT (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
    explanation: str


class LutRow(_Exact):
    """A look-up table: the first value mapped, the bits of an entry, and the entries."""

    first: int
    bits: int
    entries: str
    """Base64 of little-endian numbers of 16 bits."""
    explanation: str


class SpacingRow(_Exact):
    """The distance of pixel centres, null where unknown, and the words that stand beside every length."""

    row_mm: float | None
    column_mm: float | None
    source: Literal["detector", "calibrated", "geometry", "none"]
    label: str


class LevelRow(_Exact):
    """One level of the pyramid, and how many tiles it is cut into."""

    rows: int
    columns: int
    tile_rows: int
    tile_columns: int


class LookupRow(_Exact):
    """A grid of effective atomic numbers: its table's SHA-256, and base64 of little-endian 32-bit reals, row by row.

    Each row has the ratio of the lightest and of the heaviest element before its ``columns`` numbers. After them come
    as many rows of areal density in g/cm² per high attenuation, of the elements 3 to 34.
    """

    name: str
    words: str
    sha256: str
    rows: int
    columns: int
    grid: str


class EnergiesRow(_Exact):
    """Where the energies are (image null: this one), their open beams and noise, and the lookup of numbers.

    ``calibration`` says how the lookup is founded: it agrees with the *machine*'s own numbers, it is a *default* of a
    usual detector, or there is *none*. The warnings say it in words.
    """

    low_image: int | None
    low_plane: int
    high_image: int | None
    high_plane: int
    z_image: int | None
    z_plane: int | None
    blank_low: float
    blank_high: float
    snr_low: float
    snr_high: float
    lookup: LookupRow | None
    calibration: Literal["machine", "default", "none"]
    warnings: list[str]


class Pixels(_Exact):
    """An image before its tiles: size, meaning, scale, look and levels (level 0 is full size).

    A wire value has 16 bits: ``stored = wire + wire_offset`` where ``is_exact``; modality value = ``wire * slope +
    intercept``, or the entry of ``modality_lut`` for the stored value.
    """

    rows: int
    columns: int
    planes: int
    plane_kind: Literal["frame", "energy", "view"]
    plane_labels: list[str]
    energies: EnergiesRow | None
    """The two energies, null where the image has not both as linear signals."""
    is_colour: bool
    bits: int
    meaning: Literal["raw", "for-processing", "for-presentation", "log", "ct-number", "z-effective", "unknown"]
    rises_with_dose: bool | None
    wire_offset: int
    slope: float
    intercept: float
    is_exact: bool
    unit: str
    modality_lut: LutRow | None
    voi_luts: list[LutRow]
    windows: list[WindowRow]
    default_windows: list[WindowRow]
    """For each plane the window it is shown with first; none for colour."""
    is_inverse: bool
    padding: int | None
    """The wire value of pixels that carry no data."""
    spacing: SpacingRow
    tile_px: int
    levels: list[LevelRow]
    tag: str
    """Goes into the address of every tile: other pixels have another."""
    warnings: list[str]


class ImagePixels(BaseModel):
    """The pixels of one image of an exam; null with a problem, or without one when they were not yet looked at."""

    image_pk: int
    pixels: Pixels | None
    problem: str


class ExamPixels(BaseModel):
    """The pixels of every image of an exam, in reading order."""

    images: list[ImagePixels]


@router.get("/images/{image_pk}/pixels", response_model=Pixels)
def pixels(kernel: KernelNow, actor: ActorNow, image_pk: RowNumber) -> Response:
    """Say what a viewer must know of an image before it asks for tiles."""
    row = actions.open_image(kernel, actor, image_pk=image_pk, purpose=PURPOSE)
    return Response(tiles_pixels.pixels(kernel, row), media_type="application/json")


@router.get("/exams/{exam_pk}/pixels")
def pixels_of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: RowNumber) -> ExamPixels:
    """Say it of every image of an exam at once; an image not looked at in time is to be asked for alone."""
    actions.open_exam(kernel, actor, exam_pk=exam_pk, purpose=PURPOSE)
    with kernel.database.read() as connection:
        rows = queries.images_of_exam(connection, exam_pk, sight_of(connection, actor, exam_pk))
    if not rows:
        raise NotFound(f"there is no exam {exam_pk}")
    until_s = time.monotonic() + EXAM_S
    found = []
    for row in rows:
        image_pixels = ImagePixels(image_pk=row["id"], pixels=None, problem="")
        try:
            ready = tiles_pixels.kept(kernel, row)
            if ready is None and time.monotonic() < until_s:
                ready = tiles_pixels.pixels(kernel, row)
            image_pixels.pixels = Pixels.model_validate_json(ready) if ready else None
        except KermaError as error:
            image_pixels.problem = str(error)
        found.append(image_pixels)
    return ExamPixels(images=found)


@router.get(
    "/images/{image_pk}/tiles/{tag}/{plane}/{level}/{row}/{column}",
    response_class=Response,
    responses={200: {"content": {tiles.MEDIA_TYPE: {}}, "description": "A tile as JPEG-LS, lossless"}},
)
def tile(  # noqa: PLR0913 - the place of a tile is the address
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    image_pk: RowNumber,
    tag: Tag,
    plane: TileNumber,
    level: TileNumber,
    row: TileNumber,
    column: TileNumber,
) -> Response:
    """Give one tile of one plane, at most 1024 x 1024 pixels; it never changes, so a browser may keep it."""
    from kerma.science.imaging.pyramid import Place

    image = actions.open_image(kernel, actor, image_pk=image_pk, purpose=PURPOSE)
    name = f'"{tag}-{plane}-{level}-{row}-{column}"'
    headers = {"ETag": name, "Cache-Control": "private, max-age=31536000, immutable"}
    if name in request.headers.get("if-none-match", "") and tag == tiles.tag_of(image):
        return Response(status_code=304, headers=headers)
    content = tiles.tile(kernel, image, tag, plane, Place(level, row, column))
    return Response(content, media_type=tiles.MEDIA_TYPE, headers=headers)
