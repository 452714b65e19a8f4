"""The DICOM grey-scale chain: stored value, Modality LUT or slope, VOI LUT or window, presentation (PS3.4 N.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import GreyScale, Image, Lut, Window

_TABLE_VALUES_MAX = 1 << 17
"""Widest range of stored values for which one table is made; wider images are computed pixel by pixel."""
_SAMPLE_PIXELS = 1 << 20
_DARKEST_SHARE, _BRIGHTEST_SHARE = 0.005, 0.995


def display(image: Image, plane: int = 0, window: Window | None = None, bits: int = 8) -> NDArray[Any]:
    """Return a plane as display values, 0 black, after the whole grey-scale chain.

    Parameters
    ----------
    image : the image; a colour plane is returned as it is
    plane : number of the plane
    window : window to use instead of the image's own VOI LUT or window, in units after the Modality LUT
    bits : bits of the result, 1 to 16

    Returns
    -------
    array (row, column) of uint8, or uint16 when ``bits`` is above 8

    Notes
    -----
    Without ``window`` the image's first VOI LUT is used, else its first window, else a window over the central 99 %
    of its values (see :func:`default_window`). PS3.3 C.11.1, C.11.2, C.11.4, C.11.6.
    """
    pixels: NDArray[Any] = image.pixels[plane]
    if image.is_colour:
        return pixels
    chosen: Window | Lut = window or _own_voi(image.grey) or default_window(image, plane)
    if pixels.dtype.kind in "iu":
        table, first = _table(image, pixels, chosen, bits)
        if table is not None:
            return table.take(pixels if first == 0 else pixels.astype(np.int32) - first)
    return _present(modality_values(image.grey, pixels), image.grey, chosen, bits)


def presented(
    values: NDArray[np.float64], grey: GreyScale, window: Window | None, default: Window
) -> NDArray[np.uint8]:
    """Return modality values that a filter has changed as 8-bit display values, as :func:`display` shows the image.

    ``window`` stands before the image's own VOI LUT or window, ``default`` where it brings none.
    """
    shown: NDArray[np.uint8] = _present(values, grey, window or _own_voi(grey) or default, 8)
    return shown


def modality_values(grey: GreyScale, stored: NDArray[Any]) -> NDArray[np.float64]:
    """Return stored values after the Modality LUT or rescale slope and intercept (PS3.3 C.11.1)."""
    if grey.modality_lut is not None:
        return _look_up(grey.modality_lut, stored).astype(np.float64)
    return stored.astype(np.float64) * grey.slope + grey.intercept


def default_window(image: Image, plane: int = 0) -> Window:
    """Return a window over the central 99 % of the values of a plane, padding left out.

    Large planes are sampled evenly, so the same plane always gets the same window.
    """
    pixels = image.pixels[plane]
    step = max(1, int(np.sqrt(pixels.size / _SAMPLE_PIXELS)))
    sample = pixels[::step, ::step]
    if image.padding_value is not None:
        carries_data = sample != image.padding_value
        sample = sample[carries_data] if carries_data.any() else sample
    values = modality_values(image.grey, sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample)
    if values.size == 0:
        return Window(0.5, 1.0, "LINEAR_EXACT", "default")
    low, high = (float(value) for value in np.quantile(values, (_DARKEST_SHARE, _BRIGHTEST_SHARE)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return Window((low + high) / 2, max(high - low, 1e-9 * max(abs(high), 1.0)), "LINEAR_EXACT", "default")


def full_window(grey: GreyScale, bits: int, *, is_signed: bool) -> Window:
    """Return the window over all values that an image of so many bits can have: no VOI transformation (PS3.4 N.2.2)."""
    if grey.modality_lut is not None:
        return Window(((1 << grey.modality_lut.bits) - 1) / 2, (1 << grey.modality_lut.bits) - 1.0, "LINEAR_EXACT")
    first = -(1 << bits - 1) if is_signed else 0
    ends = modality_values(grey, np.array([first, first + (1 << bits) - 1]))
    return Window(float(ends.mean()), float(np.ptp(ends)) or 1.0, "LINEAR_EXACT")


def _own_voi(grey: GreyScale) -> Window | Lut | None:
    if grey.voi_luts:
        return grey.voi_luts[0]
    return grey.windows[0] if grey.windows else None


def _table(image: Image, pixels: NDArray[Any], chosen: Window | Lut, bits: int) -> tuple[NDArray[Any] | None, int]:
    """Return the display value of each stored value that can occur, and the first of them."""
    if pixels.dtype.itemsize <= 2:
        limits = np.iinfo(pixels.dtype)
        first, last = int(limits.min), int(limits.max)
    else:
        first, last = int(pixels.min()), int(pixels.max())
    if last - first >= _TABLE_VALUES_MAX:
        return None, 0
    stored = np.arange(first, last + 1)
    return _present(modality_values(image.grey, stored), image.grey, chosen, bits), first


def _present(values: NDArray[np.float64], grey: GreyScale, chosen: Window | Lut, bits: int) -> NDArray[Any]:
    shares = _voi_lut_share(chosen, values) if isinstance(chosen, Lut) else _window_share(chosen, values)
    if grey.presentation_lut is not None:
        shares = _presentation_share(grey.presentation_lut, shares)
    elif grey.is_inverse:
        shares = 1.0 - shares
    top = (1 << bits) - 1
    return np.rint(np.nan_to_num(shares) * top).astype(np.uint8 if bits <= 8 else np.uint16)


def _window_share(window: Window, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the output range, 0 to 1 (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        # PS3.3 C.11.2.1.3.1: 1 / (1 + exp(-4 (x - c) / w)); beyond 700 the exponential is no longer finite.
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - center) / width, -700.0, 700.0)))
    if window.function == "LINEAR_EXACT":
        # PS3.3 C.11.2.1.3.2
        return np.clip((values - center) / width + 0.5, 0.0, 1.0)
    if width <= 1.0:
        # PS3.3 C.11.2.1.2.1: a width of 1 is a threshold at center - 0.5.
        return (values > center - 0.5).astype(np.float64)
    return np.clip((values - (center - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)


def _presentation_share(lut: Lut, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a presentation LUT makes of shares: its entries stand for the whole range (PS3.3 C.11.4)."""
    entries = _look_up(lut, np.nan_to_num(shares) * (len(lut.entries) - 1) + lut.first)
    return np.minimum(entries / float((1 << lut.bits) - 1), 1.0)


def _voi_lut_share(lut: Lut, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(_look_up(lut, values) / float((1 << lut.bits) - 1), 1.0)


def _look_up(lut: Lut, values: NDArray[Any]) -> NDArray[np.uint16]:
    """Map values; those before the first or after the last take the first or last entry (PS3.3 C.11.1.1)."""
    index = np.clip(np.rint(values) - lut.first, 0, len(lut.entries) - 1).astype(np.intp)
    entries: NDArray[np.uint16] = lut.entries.take(index)
    return entries
