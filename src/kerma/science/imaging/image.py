"""The Image: what every reader makes and every measurement takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Meaning = Literal["raw", "for-processing", "for-presentation", "log", "ct-number", "z-effective", "unknown"]
SpacingSource = Literal["detector", "calibrated", "geometry", "none"]
PlaneKind = Literal["frame", "energy", "view"]


@dataclass(frozen=True)
class Spacing:
    """Distance between pixel centres in mm, and where it comes from.

    *detector*: at the detector plane (ImagerPixelSpacing), not object size; *calibrated*: at the object, by a
    fiducial or the maker; *geometry*: at the object, from source, object and detector distances; *none*: unknown,
    both distances are None and nothing may be shown in mm.
    """

    row_mm: float | None = None
    column_mm: float | None = None
    source: SpacingSource = "none"

    @property
    def is_known(self) -> bool:
        """Whether lengths can be given in mm at all."""
        return self.row_mm is not None and self.column_mm is not None

    @property
    def label(self) -> str:
        """The words shown beside every length measured with this spacing."""
        return {
            "detector": "at detector",
            "calibrated": "calibrated",
            "geometry": "from geometry",
            "none": "no scale",
        }[self.source]

    def as_json(self) -> list[float] | None:
        """Return [row, column] in mm, or None."""
        return [self.row_mm, self.column_mm] if self.row_mm is not None and self.column_mm is not None else None


@dataclass(frozen=True)
class Window:
    """One VOI window of the image, in the units that follow the Modality LUT (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True)
class Lut:
    """A look-up table of DICOM: entries, the first input value mapped, and the bits of an entry (PS3.3 C.11)."""

    entries: NDArray[np.uint16]
    first: int
    bits: int
    explanation: str = ""


@dataclass(frozen=True)
class GreyScale:
    """The grey-scale chain an image asks for: Modality LUT, then VOI LUT or window, then presentation."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    modality_lut: Lut | None = None
    windows: tuple[Window, ...] = ()
    voi_luts: tuple[Lut, ...] = ()
    is_inverse: bool = False
    """Presentation: True when the lowest value is to be shown white (MONOCHROME1 or PresentationLUTShape INVERSE)."""
    presentation_lut: Lut | None = None
    """Of a presentation state: the table from the whole range of the VOI output to the greys, instead of inversion."""


@dataclass(frozen=True)
class Image:
    """An X-ray image in memory: stored values, what they mean, their scale, and where they came from.

    ``pixels`` has shape (plane, row, column), integer or float stored values exactly as in the file; a colour image
    has shape (plane, row, column, 3), 8 bit, and is for showing only. ``rises_with_dose`` says whether larger stored
    values mean more radiation reached the detector (None: unknown). ``padding_value`` marks pixels that carry no data.
    Dates and times are ISO 8601 text, because science knows no clock.
    """

    pixels: NDArray[Any]
    bits: int
    meaning: Meaning = "unknown"
    grey: GreyScale = field(default_factory=GreyScale)
    spacing: Spacing = field(default_factory=Spacing)
    rises_with_dose: bool | None = None
    padding_value: float | None = None
    plane_kind: PlaneKind = "frame"
    plane_labels: tuple[str, ...] = ()
    """One label per plane where planes differ: energies ("low", "high", "z-effective") or views."""
    format: str = ""
    """How it came: "DICOM", "DICONDE", "DICOS", "TIFF", "PNG", "JPEG", "RAW"."""
    modality: str = ""
    subject_id: str = ""
    subject_name: str = ""
    exam_uid: str = ""
    series_uid: str = ""
    image_uid: str = ""
    sop_class_uid: str = ""
    description: str = ""
    body_part: str = ""
    view: str = ""
    acquired_at: str = ""
    acquisition: Mapping[str, str] = field(default_factory=dict)
    """What names the acquisition, as far as the file says: frame_of_reference, number."""
    machine: Mapping[str, str] = field(default_factory=dict)
    """manufacturer, model, serial_number, station, software, institution; only what the file says."""
    technique: Mapping[str, float | str] = field(default_factory=dict)
    """tube_voltage_kv, tube_current_ma, exposure_time_ms, exposure_mas, source_detector_mm, source_object_mm,
    focal_spot_mm, thickness_mm, material, exposure_index, … ; only what the file or the user says."""
    warnings: tuple[str, ...] = ()
    """What the reader had to assume or mend, in words for the analyst."""

    @property
    def planes(self) -> int:
        """Number of planes."""
        return int(self.pixels.shape[0])

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[1])

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[2])

    @property
    def is_colour(self) -> bool:
        """Whether the image is colour and so only for showing."""
        return self.pixels.ndim == 4
