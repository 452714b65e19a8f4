"""Greyscale presentation states that came with an exam, read whole: how others want its images shown (PS3.3, A.33.1).

Nothing is applied here. Places are as the state means them on the image: continuous (row, column), where pixel (r, c)
covers r to r + 1 and c to c + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kerma.errors import TooLarge, Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_grey import grey_of, lut_of
from kerma.formats.presentation_graphics import Graphic, Target, graphics_of, targets_of
from kerma.formats.report_object import opened
from kerma.science.imaging.image import GreyScale, Lut, Window

GREYSCALE_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
OTHER_STATES = {
    "1.2.840.10008.5.1.4.1.1.11.2": "a colour presentation state",
    "1.2.840.10008.5.1.4.1.1.11.3": "a pseudo-colour presentation state",
    "1.2.840.10008.5.1.4.1.1.11.4": "a blending presentation state",
    "1.2.840.10008.5.1.4.1.1.11.5": "a presentation state of X-ray angiography",
    "1.2.840.10008.5.1.4.1.1.11.6": "a planar volumetric presentation state",
    "1.2.840.10008.5.1.4.1.1.11.7": "a volumetric presentation state of several volumes",
    "1.2.840.10008.5.1.4.1.1.11.8": "an advanced blending presentation state",
    "1.2.840.10008.5.1.4.1.1.11.9": "a volume rendering presentation state",
    "1.2.840.10008.5.1.4.1.1.11.10": "a presentation state of several volume renderings",
    "1.2.840.10008.5.1.4.1.1.11.11": "a variable modality LUT presentation state",
}
"""Kinds that are named and not applied."""
BYTES_MAX = 32 << 20
"""A state holds tables and drawings, no pixels; a larger file is none that a person waits for."""
TURNS_DEG = (0, 90, 180, 270)
SIDE_MAX = 1 << 24
"""Farthest corner of a displayed area; beyond it numbers are damage."""
Sizing = Literal["SCALE TO FIT", "TRUE SIZE", "MAGNIFY"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Voi:
    """The window or VOI LUT of some images; neither: all values that the image can have are shown."""

    on: Target
    window: Window | None = None
    lut: Lut | None = None


@dataclass(frozen=True)
class Area:
    """The part of some images that is shown, and how large: ``magnification`` is screen pixels per image pixel."""

    on: Target
    top: float
    left: float
    bottom: float
    right: float
    sizing: Sizing = "SCALE TO FIT"
    magnification: float | None = None


@dataclass(frozen=True)
class Shutter:
    """What is not to be seen: all outside of each shape given, in a grey of 0 to 1 (PS3.3, C.7.6.11)."""

    rectangle: tuple[float, float, float, float] | None = None
    """Top, left, bottom, right."""
    circle: tuple[float, float, float] | None = None
    """Row and column of the centre, radius in pixels."""
    polygon: tuple[Point, ...] = ()
    grey: float = 0.0


@dataclass(frozen=True)
class PresentationState:
    """A state as it says itself: its names, its images, and how they are to be shown."""

    uid: str
    label: str
    description: str
    creator: str
    created_at: str
    """ISO 8601 without a zone, as the file says it; empty where it says none."""
    images: tuple[Target, ...]
    grey: GreyScale
    """Modality and presentation; the window is in ``vois``."""
    vois: tuple[Voi, ...]
    areas: tuple[Area, ...]
    turned_deg: int
    """Clockwise, before mirroring."""
    is_flipped: bool
    shutter: Shutter | None
    graphics: tuple[Graphic, ...]
    notes: tuple[str, ...]
    """What of it is not shown, or had to be assumed, in words."""

    def grey_on(self, uid: str, plane: int = 0) -> GreyScale:
        """Return the whole grey-scale chain for a plane; no window and no LUT where all values are shown."""
        voi = next((one for one in self.vois if covers(one.on, uid, plane)), None)
        if voi is None:
            return self.grey
        windows = (voi.window,) if voi.window else ()
        return replace(self.grey, windows=windows, voi_luts=(voi.lut,) if voi.lut else ())


def covers(on: Target, uid: str, plane: int) -> bool:
    """Whether something is on a plane; what names no image is on all of them."""
    return not on or (uid in on and (not on[uid] or plane in on[uid]))


def read(data: bytes | memoryview) -> PresentationState:
    """Read a greyscale presentation state.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        Damaged, contradictory, or another object; one sentence says what.
    """
    if len(data) > BYTES_MAX:
        raise too_large(len(data))
    whole = opened(data, {GREYSCALE_STATE: "greyscale presentation state"})
    images = _images(whole)
    turned = _turned(whole)
    grey = _grey(whole)
    graphics, lost = graphics_of(whole)
    day, time = whole.date(0x00700082), whole.time(0x00700083)
    return PresentationState(
        uid=whole.text(0x00080018),
        label=whole.text(0x00700080) or "unnamed",
        description=whole.text(0x00700081),
        creator=_name(whole.text(0x00700084, is_name=True)),
        created_at=f"{day}T{time}" if day and time else day,
        images=images,
        grey=grey,
        vois=tuple(_voi(item, grey) for item in whole.items(0x00283110)),
        areas=tuple(_area(item) for item in whole.items(0x0070005A)),
        turned_deg=turned,
        is_flipped=whole.code(0x00700041) == "Y",
        shutter=_shutter(whole),
        graphics=graphics,
        notes=(*_not_shown(whole), *lost, *dict.fromkeys(whole.warnings)),
    )


def too_large(size_bytes: int) -> TooLarge:
    """Return the error of a file that is too large to be a presentation state."""
    return TooLarge(f"the presentation state has {size_bytes >> 20} MiB; at most {BYTES_MAX >> 20} are read")


def _images(whole: DataSet) -> tuple[Target, ...]:
    found = [targets_of(series.items(0x00081140)) for series in whole.items(0x00081115)]
    if not any(found):
        raise Unreadable("the presentation state refers to no image")
    return tuple({uid: planes} for one in found for uid, planes in one.items())


def _turned(whole: DataSet) -> int:
    turned = whole.whole(0x00700042, b"US") or 0
    if turned not in TURNS_DEG:
        raise Unreadable(f"the presentation state turns the image by {turned}°: only 0, 90, 180 and 270 exist")
    return turned


def _name(name: str) -> str:
    """Return a person's name as it is spoken: given name first (PS3.5, 6.2.1)."""
    family, given, *_ = [*name.partition("=")[0].split("^"), "", ""]
    return f"{given} {family}".strip()


def _grey(whole: DataSet) -> GreyScale:
    """Return modality and presentation; those of the image do not count any more (PS3.4, N.2)."""
    chain = grey_of(whole, "MONOCHROME2", is_signed=False)
    unit = "" if chain.unit == "US" else chain.unit  # unspecified (PS3.3, C.11.1.1.2)
    tables = [lut_of(item, is_signed=False) for item in whole.items(0x20500010)]
    table = next((one for one in tables if one is not None), None)
    return GreyScale(
        chain.slope,
        chain.intercept,
        unit,
        chain.modality_lut,
        is_inverse=chain.is_inverse and table is None,
        presentation_lut=None if table is None else replace(table, first=0),
    )


def _voi(item: DataSet, grey: GreyScale) -> Voi:
    lowest = grey.intercept if grey.modality_lut is None else 0.0
    own = grey_of(item, "MONOCHROME2", is_signed=lowest < 0)
    lut = next(iter(own.voi_luts), None)
    window = None if lut else next(iter(own.windows), None)
    return Voi(targets_of(item.items(0x00081140)), window, lut)


def _area(item: DataSet) -> Area:
    corners = [item.numbers(tag, b"SL") for tag in (0x00700052, 0x00700053)]
    if any(len(corner) != 2 or max(map(abs, corner)) > SIDE_MAX for corner in corners):
        raise Unreadable("the presentation state does not say which part of the image is shown")
    (column, row), (last_column, last_row) = corners
    columns, rows = sorted((column, last_column)), sorted((row, last_row))
    sizing = item.code(0x00700100)
    if sizing not in ("SCALE TO FIT", "TRUE SIZE", "MAGNIFY"):
        item.warnings.append(f"the size '{sizing[:20]}' is unknown; the part is shown as large as fits")
        sizing = "SCALE TO FIT"
    magnification = item.number(0x00700103, b"FL") if sizing == "MAGNIFY" else None
    if sizing == "MAGNIFY" and not (magnification and magnification > 0):
        item.warnings.append("a magnification is asked for and not told; the part is shown as large as fits")
        sizing, magnification = "SCALE TO FIT", None
    if sizing == "TRUE SIZE":
        item.warnings.append("the true size is asked for; the part is shown as large as fits")
    _warn_of_shape(item)
    on = targets_of(item.items(0x00081140))
    return Area(on, rows[0] - 1, columns[0] - 1, rows[1], columns[1], sizing, magnification)  # type: ignore[arg-type]


def _warn_of_shape(item: DataSet) -> None:
    """Tell of pixels that are not square: they are shown square."""
    shape = item.numbers(0x00700102, b"IS") or item.numbers(0x00700101)
    if len(shape) == 2 and min(shape) > 0 and abs(shape[0] / shape[1] - 1) > 1e-3:
        item.warnings.append(f"pixels {shape[0]:g} high and {shape[1]:g} wide are asked for; they are shown square")


def _shutter(whole: DataSet) -> Shutter | None:
    shapes = {shape.upper() for shape in whole.texts(0x00181600)}
    edges = [whole.number(tag, b"IS") for tag in (0x00181606, 0x00181602, 0x00181608, 0x00181604)]
    centre, radius = whole.numbers(0x00181610, b"IS"), whole.number(0x00181612, b"IS")
    numbers = whole.numbers(0x00181620, b"IS")
    rectangle = circle = None
    polygon: tuple[Point, ...] = ()
    if "RECTANGULAR" in shapes and None not in edges:
        top, left, bottom, right = (float(edge or 0) for edge in edges)
        rectangle = (top - 1, left - 1, bottom, right)
    if "CIRCULAR" in shapes and len(centre) == 2 and radius and radius > 0:
        circle = (centre[0] - 0.5, centre[1] - 0.5, radius)
    if "POLYGONAL" in shapes and len(numbers) >= 6:
        polygon = tuple((row - 0.5, column - 0.5) for row, column in zip(numbers[0::2], numbers[1::2], strict=False))
    told = {"RECTANGULAR": rectangle, "CIRCULAR": circle, "POLYGONAL": polygon}
    for shape in sorted(shapes):
        if not told.get(shape):
            why = "bitmap shutters are not applied" if shape == "BITMAP" else "its edges are not told"
            whole.warnings.append(f"a {shape[:20].lower()} shutter is not shown: {why}")
    grey = min(max((whole.number(0x00181622, b"US") or 0.0) / 0xFFFF, 0.0), 1.0)
    return Shutter(rectangle, circle, polygon, grey) if rectangle or circle or polygon else None


def _not_shown(whole: DataSet) -> Sequence[str]:
    """Return what else the state asks for and is not done."""
    asked = {
        0x00286100: "the subtraction of a mask is not done",
        0x00700209: "compound graphics are not drawn",
        0x00081145: "overlays of curves are not drawn",
    }
    notes = [words for tag, words in asked.items() if whole.items(tag)]
    layers = [tag for tag in whole.elements if tag & 0xFF00FFFF == 0x60001001 and whole.text(tag)]
    return [*notes, *(["overlays are not drawn"] if layers else [])]
