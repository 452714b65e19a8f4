"""Greyscale presentation states: what the reader saw, written as DICOM, read back and applied (PS3.3, A.33.1).

A state holds the whole grey-scale chain (modality, window, polarity), the part of the image shown, how it was turned,
and the findings drawn on it with number and label. It never holds pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable, WrongUsage
from kerma.formats import presentation_marks
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_grey import grey_of
from kerma.formats.dicom_write import Identity, plain
from kerma.formats.report_object import Reference, finished, image_item, new_object, opened, series_items, standing
from kerma.formats.sr_items import clean_text
from kerma.formats.structured_report import polygon_of
from kerma.science.imaging.greyscale import default_window, display
from kerma.science.imaging.image import GreyScale, Image, Lut, Spacing, Window

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

GREYSCALE_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
CLASSES = {GREYSCALE_STATE: "greyscale presentation state"}
TURNS_DEG = (0, 90, 180, 270)
LAYER = "FINDINGS"
Area = tuple[int, int, int, int]
"""First row, first column, rows and columns of what is shown."""


@dataclass(frozen=True)
class Shown:
    """How an image was shown: its chain with one window or VOI LUT, the part of it, turned clockwise, then mirrored."""

    grey: GreyScale
    area: Area
    spacing: Spacing = field(default_factory=Spacing)
    turned_deg: int = 0
    is_flipped: bool = False
    """Mirrored left to right, after turning."""


@dataclass(frozen=True)
class Mark:
    """One finding as drawn: the closed outline as (row, column) points in image pixels, its text, its planes."""

    outline: tuple[tuple[float, float], ...]
    text: str
    planes: tuple[int, ...] = ()
    """Empty: on every plane."""


@dataclass(frozen=True)
class State:
    """What a presentation state says of one image."""

    image_uid: str
    shown: Shown
    marks: tuple[Mark, ...] = ()


def shown_of(image: Image, *, plane: int = 0, window: Window | None = None, is_inverse: bool | None = None) -> Shown:
    """Return how a grey image is shown: as its file asks, or with the window and polarity the reader chose.

    Raises
    ------
    WrongUsage
        A colour image, which no greyscale presentation state can hold.
    """
    if image.is_colour:
        raise WrongUsage("a colour image has no greyscale presentation state: it is shown as it is")
    own = image.grey
    luts = () if window else own.voi_luts[:1]
    windows = () if luts else (window or next(iter(own.windows), None) or default_window(image, plane),)
    inverse = own.is_inverse if is_inverse is None else is_inverse
    grey = replace(own, windows=windows, voi_luts=luts, is_inverse=inverse)
    return Shown(grey, (0, 0, image.rows, image.columns), image.spacing)


def apply(image: Image, shown: Shown, plane: int = 0) -> NDArray[Any]:
    """Return a plane of an image as the reader saw it: 8-bit display values, cut, turned and mirrored."""
    row, column, rows, columns = shown.area
    whole = display(replace(image, grey=shown.grey), plane)
    part = whole[max(row, 0) : max(row + rows, 0), max(column, 0) : max(column + columns, 0)]
    return _laid(part, shown)


def _laid(values: NDArray[Any], shown: Shown) -> NDArray[Any]:
    turned = np.rot90(values, -shown.turned_deg // 90)
    return turned[:, ::-1] if shown.is_flipped else turned


def write(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity, *, made_at: datetime
) -> tuple[bytes, ...]:
    """Write what the reader saw: one object for the images shown with the same chain and turn, mostly one.

    Parameters
    ----------
    document : the exam's document; its images are in the order of ``references``
    references : the images; those without ``shown`` (colour, or nobody looked) are left out
    identity : the subject and exam
    made_at : when it was seen
    """
    groups: list[list[tuple[Mapping[str, Any], Reference, Shown]]] = []
    for image, reference in zip(document["images"], references, strict=True):
        if reference.shown is None:
            continue
        same = next((group for group in groups if _goes_with(group[0][2], reference.shown)), None)
        if same is None:
            groups.append(same := [])
        same.append((image, reference, reference.shown))
    return tuple(_write_one(group, number, identity, made_at) for number, group in enumerate(groups, start=1))


def _goes_with(one: Shown, other: Shown) -> bool:
    """Whether two images can share an object: modality, polarity and turn are told once for all of its images."""
    a, b = one.grey, other.grey
    return (
        a.modality_lut is b.modality_lut
        and (a.slope, a.intercept, a.unit, a.is_inverse) == (b.slope, b.intercept, b.unit, b.is_inverse)
        and (one.turned_deg, one.is_flipped) == (other.turned_deg, other.is_flipped)
    )


def _write_one(
    group: Sequence[tuple[Mapping[str, Any], Reference, Shown]], number: int, identity: Identity, made_at: datetime
) -> bytes:
    from pydicom.dataset import Dataset

    state = new_object(GREYSCALE_STATE, "PR", "presentation", identity, made_at)
    state.SeriesNumber, state.InstanceNumber, state.Laterality = 9002, number, ""
    state.SeriesDescription = "As shown to the reader"
    state.ContentLabel, state.ContentDescription, state.ContentCreatorName = "AS_SHOWN", "What the reader saw", ""
    at = made_at.astimezone(UTC)
    state.PresentationCreationDate, state.PresentationCreationTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    references = [reference for _, reference, _ in group]
    state.ReferencedSeriesSequence = series_items(references, sequence="ReferencedImageSequence")
    shown = group[0][2]
    _add_modality(state, shown.grey)
    state.SoftcopyVOILUTSequence = [_voi(one.grey, reference) for _, reference, one in group]
    state.PresentationLUTShape = "INVERSE" if shown.grey.is_inverse else "IDENTITY"
    state.ImageRotation, state.ImageHorizontalFlip = shown.turned_deg, "Y" if shown.is_flipped else "N"
    state.DisplayedAreaSelectionSequence = [_area(one, reference) for _, reference, one in group]
    marks = [_mark(finding, reference) for image, reference, _ in group for finding in standing(image)]
    if marks:
        state.GraphicAnnotationSequence = marks
        layer = Dataset()
        layer.GraphicLayer, layer.GraphicLayerOrder = LAYER, 1
        layer.GraphicLayerDescription = "Findings with number and label"
        state.GraphicLayerSequence = [layer]
    drawn = [one for image, reference, _ in group for one in presentation_marks.graphics(image, reference)]
    if drawn:
        state.GraphicAnnotationSequence = [*marks, *drawn]
        layers = state.get("GraphicLayerSequence") or []
        state.GraphicLayerSequence = [*layers, presentation_marks.layer(len(layers) + 1)]
    return finished(state)


def _add_modality(state: Dataset, grey: GreyScale) -> None:
    if grey.modality_lut is not None:
        lut = grey.modality_lut
        # PS3.3, C.11.1.1.1: 8 or 16; the bits only say how wide an entry is
        item = _lut_item(replace(lut, bits=8 if lut.entries.max() < 1 << 8 else 16))
        item.ModalityLUTType = plain(grey.unit) or "US"
        state.ModalityLUTSequence = [item]
        return
    state.RescaleIntercept, state.RescaleSlope = f"{grey.intercept:.10g}", f"{grey.slope:.10g}"
    state.RescaleType = plain(grey.unit, 16) or "US"


def _lut_item(lut: Lut) -> Dataset:
    from pydicom.dataset import Dataset

    entries = len(lut.entries) & 0xFFFF
    vr = "SS" if lut.first < 0 else "US"
    item = Dataset()
    item.add_new(0x00283002, vr, [entries - 65536 if vr == "SS" and entries > 32767 else entries, lut.first, lut.bits])
    if lut.explanation:
        item.LUTExplanation = plain(lut.explanation)
    item.add_new(0x00283006, "OW", lut.entries.astype("<u2").tobytes())
    return item


def _voi(grey: GreyScale, reference: Reference) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedImageSequence = [image_item(reference)]
    if grey.voi_luts:
        item.VOILUTSequence = [_lut_item(grey.voi_luts[0])]
        return item
    window = grey.windows[0]
    item.WindowCenter, item.WindowWidth = f"{window.center:.10g}", f"{window.width:.10g}"
    item.VOILUTFunction = window.function
    if window.explanation:
        item.WindowCenterWidthExplanation = plain(window.explanation)
    return item


def _area(shown: Shown, reference: Reference) -> Dataset:
    from pydicom.dataset import Dataset

    row, column, rows, columns = shown.area
    # PS3.3, C.10.4: the pixels that lie at the corners after turning, counted from 1, column first
    corners = np.array([[(row, column), (row, column + columns - 1)], [(row + rows - 1, column), (0, 0)]])
    corners[1, 1] = row + rows - 1, column + columns - 1
    laid = np.stack([_laid(corners[..., axis], shown) for axis in (0, 1)], axis=-1) + 1
    item = Dataset()
    item.ReferencedImageSequence = [image_item(reference)]
    item.DisplayedAreaTopLeftHandCorner = [int(laid[0, 0, 1]), int(laid[0, 0, 0])]
    item.DisplayedAreaBottomRightHandCorner = [int(laid[1, 1, 1]), int(laid[1, 1, 0])]
    item.PresentationSizeMode = "SCALE TO FIT"
    spacing = shown.spacing.as_json()
    if spacing:
        item.PresentationPixelSpacing = [f"{one:.10g}" for one in spacing]
    else:
        item.PresentationPixelAspectRatio = [1, 1]
    return item


def _mark(finding: Mapping[str, Any], reference: Reference) -> Dataset:
    from pydicom.dataset import Dataset

    row, column, height, width = (float(one) for one in finding["box"])
    box = [(row, column), (row, column + width), (row + height, column + width), (row + height, column)]
    points = polygon_of(finding) or box
    drawn, told, mark = Dataset(), Dataset(), Dataset()
    drawn.GraphicAnnotationUnits, drawn.GraphicDimensions = "PIXEL", 2
    drawn.GraphicData = [float(value) for down, across in (*points, points[0]) for value in (across, down)]
    drawn.NumberOfGraphicPoints, drawn.GraphicType, drawn.GraphicFilled = len(points) + 1, "POLYLINE", "N"
    told.AnchorPointAnnotationUnits, told.AnchorPoint, told.AnchorPointVisibility = "PIXEL", [column, row], "N"
    told.UnformattedTextValue = clean_text(f"{finding['id']} {finding.get('label') or ''}")[:1024] or "-"
    mark.ReferencedImageSequence = [image_item(reference, [int(finding.get("plane") or 0)])]
    mark.GraphicLayer = LAYER
    mark.TextObjectSequence, mark.GraphicObjectSequence = [told], [drawn]
    return mark


def read(data: bytes | memoryview) -> list[State]:
    """Read a greyscale presentation state: one State per image it refers to.

    Raises
    ------
    Unreadable, Hostile
        Damaged, or another object; one sentence says what.
    """
    whole = opened(data, CLASSES)
    chain = grey_of(whole, "MONOCHROME2", is_signed=False)
    chain = replace(chain, unit="" if chain.unit == "US" else chain.unit)  # US: unspecified (PS3.3, C.11.1.1.2)
    turned = whole.whole(0x00700042, b"US") or 0
    if turned not in TURNS_DEG:
        raise Unreadable(f"the presentation state turns the image by {turned}°: only 0, 90, 180 and 270 exist")
    areas, vois = _by_image(whole.items(0x0070005A)), _by_image(whole.items(0x00283110))
    marks = _read_marks(whole)
    states = []
    for series in whole.items(0x00081115):
        for image in series.items(0x00081140):
            uid = image.text(0x00081155)
            voi = vois.get(uid, vois.get(""))
            own = grey_of(voi, "MONOCHROME2", is_signed=False) if voi else GreyScale()
            grey = replace(chain, windows=own.windows[:1] if not own.voi_luts else (), voi_luts=own.voi_luts[:1])
            area = areas.get(uid, areas.get(""))
            if area is None:
                raise Unreadable(f"the presentation state does not say which part of image {uid} is shown")
            flipped = whole.code(0x00700041) == "Y"
            shown = Shown(grey, _read_area(area), _read_spacing(area), turned, flipped)
            states.append(State(uid, shown, (*marks.get("", ()), *marks.get(uid, ()))))
    return states


def _by_image(items: Sequence[DataSet]) -> dict[str, DataSet]:
    """Return the item for each image; "" is the one that names none and so holds for all others."""
    found: dict[str, DataSet] = {}
    for item in items:
        for uid in [one.text(0x00081155) for one in item.items(0x00081140)] or [""]:
            found.setdefault(uid, item)
    return found


def _read_area(item: DataSet) -> Area:
    corners = [item.numbers(tag, b"SL") for tag in (0x00700052, 0x00700053)]
    if any(len(corner) != 2 for corner in corners):
        raise Unreadable("the presentation state does not say which part of the image is shown")
    (column, row), (last_column, last_row) = ((int(one) - 1 for one in corner) for corner in corners)
    columns, rows = sorted((column, last_column)), sorted((row, last_row))
    return rows[0], columns[0], rows[1] - rows[0] + 1, columns[1] - columns[0] + 1


def _read_spacing(item: DataSet) -> Spacing:
    spacing = item.numbers(0x00700101)
    return Spacing(spacing[0], spacing[1], "calibrated") if len(spacing) == 2 and min(spacing) > 0 else Spacing()


def _read_marks(whole: DataSet) -> dict[str, list[Mark]]:
    """Return the marks on each image; "" are those on every image."""
    marks: dict[str, list[Mark]] = {}
    for item in whole.items(0x00700001):
        if item.text(0x00700002) == presentation_marks.LAYER:
            continue  # no finding: presentation_state_read gives these as they are drawn
        text = " ".join(one.text(0x00700006) for one in item.items(0x00700008))
        outlines = [_read_outline(drawn) for drawn in item.items(0x00700009)]
        named = {
            one.text(0x00081155): tuple(int(frame) - 1 for frame in one.numbers(0x00081160))
            for one in item.items(0x00081140)
        }
        for uid, planes in (named or {"": ()}).items():
            marks.setdefault(uid, []).extend(Mark(outline, text, planes) for outline in outlines)
    return marks


def _read_outline(drawn: DataSet) -> tuple[tuple[float, float], ...]:
    numbers: list[Any] = [float(str(np.float32(one))) for one in drawn.numbers(0x00700022, b"FL")]
    points = list(zip(numbers[1::2], numbers[0::2], strict=False))
    is_closed = len(points) > 1 and points[0] == points[-1]
    return tuple(points[:-1] if is_closed else points)
