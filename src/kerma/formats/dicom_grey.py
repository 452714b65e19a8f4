"""The grey-scale chain a DICOM file asks for (PS3.3 C.11.1 modality, C.11.2 VOI, C.11.6 presentation)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.science.imaging.image import GreyScale, Lut, Window

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def grey_of(data: DataSet, photometric: str, *, is_signed: bool) -> GreyScale:
    """Return the grey-scale chain of an image; of a multi-frame image, that of its first frame."""
    transformation = _group(data, 0x00289145, 0x00281053)
    voi = _group(data, 0x00289132, 0x00281050)
    modality_luts = [lut_of(item, is_signed=is_signed) for item in data.items(0x00283000)]
    slope, intercept = transformation.number(0x00281053), transformation.number(0x00281052)
    if slope == 0:
        data.warnings.append("the rescale slope is 0, which would blank the image; 1 is used")
        slope = 1.0
    modality_lut = next((lut for lut in modality_luts if lut is not None), None)
    # What enters the VOI LUT is signed when the modality transform can give negative values (PS3.3 C.11.2.1.1).
    is_voi_signed = is_signed or (intercept or 0.0) < 0
    voi_luts = [lut_of(item, is_signed=is_voi_signed) for item in data.items(0x00283010)]
    return GreyScale(
        slope=1.0 if slope is None or modality_lut else slope,
        intercept=0.0 if intercept is None or modality_lut else intercept,
        unit=transformation.text(0x00281054) or data.first(0x00283000).text(0x00283004),
        modality_lut=modality_lut,
        windows=_windows(voi),
        voi_luts=tuple(lut for lut in voi_luts if lut is not None),
        is_inverse=_is_inverse(data, photometric),
    )


def _group(data: DataSet, sequence: int, needed: int) -> DataSet:
    """Find a functional group: at the top, shared, or of the first frame (PS3.3 C.7.6.16)."""
    if needed in data:
        return data
    for groups in (0x52009229, 0x52009230):
        found = data.first(groups, sequence)
        if needed in found:
            return found
    return data


def _windows(data: DataSet) -> tuple[Window, ...]:
    centers, widths = data.numbers(0x00281050), data.numbers(0x00281051)
    explanations = data.texts(0x00281055)
    stated = data.code(0x00281056) or "LINEAR"
    if stated not in _FUNCTIONS:
        data.warnings.append(f"the window function '{stated[:20]}' is unknown; LINEAR is used")
        stated = "LINEAR"
    windows = []
    for number, (center, width) in enumerate(zip(centers, widths, strict=False)):
        # PS3.3 C.11.2.1.2.1: LINEAR needs a width of at least 1, the others above 0.
        if width < 1 and not (width > 0 and stated != "LINEAR"):
            data.warnings.append(f"a window width of {width:g} is not allowed; the window is left out")
            continue
        explanation = explanations[number] if number < len(explanations) else ""
        windows.append(Window(center, width, stated, explanation))  # type: ignore[arg-type]
    return tuple(windows)


def lut_of(item: DataSet, *, is_signed: bool) -> Lut | None:
    """Read one LUT (PS3.3 C.11.1.1): descriptor of entries, first value and bits; data of bytes or words."""
    descriptor = item.words(0x00283002, is_signed=is_signed)
    if len(descriptor) != 3:
        return None
    entries, first, bits = descriptor[0] & 0xFFFF or 65536, descriptor[1], descriptor[2]
    if is_signed and first > 32767:
        first -= 65536
    value = item.value(0x00283006)
    data: NDArray[Any]
    if len(value) >= 2 * entries:
        data = np.frombuffer(value, ">u2" if item.is_big else "<u2", entries).astype(np.uint16)
    elif bits <= 8 and len(value) >= entries:
        data = np.frombuffer(value, np.uint8, entries).astype(np.uint16)
    else:
        raise Unreadable(f"a look-up table promises {entries} entries but holds {len(value)} bytes: it is damaged")
    if not 8 <= bits <= 16:
        # Some writers state the bits of an entry wrongly; the largest entry tells the least they can be.
        bits = max(8, int(data.max()).bit_length())
        item.warnings.append(f"a look-up table states impossible bits an entry; {bits} are used")
    return Lut(data, first, bits, item.text(0x00283003))


def _is_inverse(data: DataSet, photometric: str) -> bool:
    # PS3.3 C.11.6: the Presentation LUT Shape decides where it is given, the photometric interpretation elsewhere.
    shape = data.code(0x20500020)
    if shape in ("IDENTITY", "INVERSE"):
        return shape == "INVERSE"
    return photometric == "MONOCHROME1"
