"""Several frames of one kind as the planes of one image: flat fields, dark frames, a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image


def stacked(frames: Sequence[Image], names: Sequence[str]) -> Image:
    """Return one image with the planes of all frames in their order; all else is as in the first.

    Parameters
    ----------
    frames : grey images of the same rows, columns and type of pixel
    names : what each is called, for the refusal

    Raises
    ------
    WrongUsage
        There is no frame, one is colour, or one differs from the first in size or type of pixel.
    """
    if not frames:
        raise WrongUsage("there is no frame to stack")
    first = frames[0]
    for frame, name in zip(frames, names, strict=True):
        if frame.is_colour:
            raise WrongUsage(f"{name} is a colour image: frames are grey")
        if (frame.rows, frame.columns, frame.pixels.dtype) != (first.rows, first.columns, first.pixels.dtype):
            raise WrongUsage(
                f"{name} has {frame.rows} rows x {frame.columns} columns of {frame.pixels.dtype}, {names[0]} has "
                f"{first.rows} x {first.columns} of {first.pixels.dtype}: frames must be alike"
            )
    if len(frames) == 1:
        return first
    pixels = np.concatenate([frame.pixels for frame in frames])
    warnings = tuple(dict.fromkeys(warning for frame in frames for warning in frame.warnings))
    return replace(first, pixels=pixels, plane_kind="frame", plane_labels=(), warnings=warnings)
