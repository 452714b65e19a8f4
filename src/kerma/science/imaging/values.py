"""What stored values mean: which pixels carry data, which plane penetrates, what may not be proportional to dose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import GreyScale, Image


def refusal(image: Image) -> str | None:
    """Return why nothing at all can be measured on this image, or None."""
    shape = tuple(image.pixels.shape)
    if len(shape) == 4 and shape[-1] == 3:
        return "the image is in colour and so only for showing; measure the grey-scale original"
    if len(shape) != 3:
        return f"an image has planes, rows and columns, this array has the shape {shape}"
    if 0 in shape:
        return f"the image has no pixels: {shape[0]} planes, {shape[1]} rows, {shape[2]} columns"
    return None


def has_data(image: Image, plane: int = 0) -> NDArray[np.bool_] | None:
    """Return which pixels (row, column) of a plane carry data; None when all do.

    Padding (PS3.3 C.7.5.1.1.2) and not-a-number or infinite values carry none.
    """
    stored = image.pixels[plane]
    mask: NDArray[np.bool_] | None = None
    if np.issubdtype(stored.dtype, np.floating):
        finite = np.isfinite(stored)
        mask = None if finite.all() else finite
    if image.padding_value is not None:
        padded = stored == image.padding_value
        if padded.any():
            mask = ~padded if mask is None else mask & ~padded
    return mask


def is_rescaled(grey: GreyScale) -> bool:
    """Whether the Modality LUT changes the stored values."""
    return grey.modality_lut is not None or grey.slope != 1.0 or grey.intercept != 0.0


def penetrating_plane(image: Image) -> int:
    """Return the plane that shows most of what is behind something: of several energies the high one, else the first.

    Planes that hold atomic numbers are no intensity and never chosen before an energy.
    """
    labels = [label.lower() for label in image.plane_labels]
    if image.plane_kind != "energy" or len(labels) != image.planes:
        return 0
    if "high" in labels:
        return labels.index("high")
    return next((plane for plane, label in enumerate(labels) if not label.startswith("z")), 0)


def linearity_warnings(image: Image) -> tuple[str, ...]:
    """Return why values of this image may not be proportional to dose, in words for the analyst."""
    found = []
    if image.meaning == "for-presentation":
        found.append("the image is processed for presentation: its values are not proportional to dose")
    elif image.meaning == "log":
        found.append("the values are logarithmic, not proportional to dose; linearise them first")
    elif image.meaning == "unknown":
        found.append("the file does not say whether its values are proportional to dose")
    if image.bits <= 8:
        found.append(f"the image has only {image.bits} bits: grey levels hide noise and are seldom linear")
    if image.rises_with_dose is False:
        found.append("the values fall with dose: they are not a linear signal")
    return tuple(found)
