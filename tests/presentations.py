"""Greyscale presentation states as other makers write them, made with pydicom."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, GrayscaleSoftcopyPresentationStateStorage

from kerma.formats.presentation_state_read import PresentationState
from kerma.science.imaging.greyscale import display, full_window
from kerma.science.imaging.image import Image


def item(**attributes: Any) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def lut(entries: Sequence[int] | np.ndarray, first: int = 0, bits: int = 16, **more: Any) -> Dataset:
    """Return the item of a look-up table."""
    made = item(**more)
    values = np.asarray(entries, "<u2")
    made.add_new(0x00283002, "SS" if first < 0 else "US", [len(values) & 0xFFFF, first, bits])
    made.add_new(0x00283006, "OW", values.tobytes())
    return made


def window(center: float, width: float, function: str = "LINEAR") -> list[Dataset]:
    return [item(WindowCenter=center, WindowWidth=width, VOILUTFunction=function)]


def reference(image: Dataset, frames: list[int] | None = None) -> Dataset:
    made = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    if frames:
        made.ReferencedFrameNumber = frames
    return made


def area(image: Dataset, corners: tuple[int, int, int, int] | None = None, **more: Any) -> Dataset:
    """Return a displayed area; corners are column and row of the first and of the last pixel, from 1."""
    left, top, right, bottom = corners or (1, 1, image.Columns, image.Rows)
    return item(
        DisplayedAreaTopLeftHandCorner=[left, top], DisplayedAreaBottomRightHandCorner=[right, bottom],
        **{"PresentationSizeMode": "SCALE TO FIT", "PresentationPixelAspectRatio": [1, 1]} | more,
    )  # fmt: skip


def shape(kind: str, points: Sequence[tuple[float, float]], units: str = "PIXEL", filled: str = "N") -> Dataset:
    """Return a graphic object; points are (column, row)."""
    return item(
        GraphicAnnotationUnits=units, GraphicDimensions=2, NumberOfGraphicPoints=len(points),
        GraphicData=[float(value) for point in points for value in point], GraphicType=kind, GraphicFilled=filled,
    )  # fmt: skip


def annotation(layer: str, shapes: Sequence[Dataset] = (), texts: Sequence[Dataset] = (), **more: Any) -> Dataset:
    made = item(GraphicLayer=layer, **more)
    if shapes:
        made.GraphicObjectSequence = list(shapes)
    if texts:
        made.TextObjectSequence = list(texts)
    return made


def state(image_file: bytes, number: int = 1, **attributes: Any) -> bytes:
    """Return a state that shows an image as it is, unless ``attributes`` say otherwise (None: left out)."""
    image = pydicom.dcmread(io.BytesIO(image_file))
    made = Dataset()
    made.SOPClassUID = GrayscaleSoftcopyPresentationStateStorage
    made.SOPInstanceUID = f"{image.SOPInstanceUID}.77.{number}"
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "StudyDate", "PatientBirthDate", "PatientSex"):
        setattr(made, keyword, image.get(keyword, ""))
    made.StudyTime = made.StudyID = made.AccessionNumber = made.ReferringPhysicianName = ""
    made.SeriesInstanceUID = f"{image.StudyInstanceUID}.77"
    made.Modality, made.SeriesNumber, made.InstanceNumber = "PR", 77, number
    made.Manufacturer = "Acme"
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "SHOWN", "How Acme shows it", "Curie^Marie"
    made.PresentationCreationDate, made.PresentationCreationTime = "20260301", "101530"
    series = item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[reference(image)])
    made.ReferencedSeriesSequence = [series]
    made.PresentationLUTShape = "IDENTITY"
    made.DisplayedAreaSelectionSequence = [area(image)]
    for keyword, value in attributes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return written(made)


def written(data: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, data, preamble=bytes(128), file_meta=meta).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def shown(image: Image, state: PresentationState) -> NDArray[Any]:
    """Return the first plane under a state, by the server's reference."""
    grey = state.grey_on(image.image_uid)
    whole = full_window(grey, image.bits, is_signed=image.pixels.dtype.kind == "i")
    has_own = bool(grey.windows or grey.voi_luts)
    return display(replace(image, grey=grey), 0, None if has_own else whole)
