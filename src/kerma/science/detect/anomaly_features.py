"""What anomaly models compare: the answers of the first layers of a network that was trained on photographs.

EfficientNet-Lite0 to stride 16 (Tan and Le 2019; licence and source beside the weights). It was taught nothing
radiographic: its layers answer to edges, spots and textures of several sizes, and good parts answer alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect.network_session import THREADS, session_of

Grey = NDArray[np.float32]
FOLDER = Path(__file__).parent / "models" / "backbone"
LEVELS = ("stride_4", "stride_8", "stride_16")
CHANNELS = (24, 40, 112)
STRIDE = 8
"""Pixels of the picture per place."""
DIVIDES_BY = 16
RANGE = 1.2
"""Values beyond those of good pictures are told apart a little, then clipped."""
LONGEST_PX = 1024
"""Larger pictures are shrunk to this side first."""


def backbone_card() -> Mapping[str, Any]:
    """Return what is known of the layers: name, SHA-256, licence, source.

    Raises
    ------
    Unreadable
        The file that ships is damaged.
    """
    try:
        card: Mapping[str, Any] = json.loads((FOLDER / "backbone.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"the card of the backbone cannot be read: {error}") from error
    return card


@lru_cache(maxsize=2)
def backbone(threads: int = THREADS) -> Any:
    """Return the session of the layers, loaded once per process and held against their SHA-256."""
    return session_of((FOLDER / "backbone.onnx").read_bytes(), backbone_card(), threads=threads)


def features(session: Any, grey: Grey, limits: tuple[float, float], chosen: NDArray[np.intp]) -> Grey:
    """Return the answers at every place, shape (row, column, channel), one place for 8 × 8 pixels.

    Parameters
    ----------
    session : of :func:`backbone`
    grey : (row, column), finite
    limits : the values that become -1 and 1
    chosen : which of the 176 channels, from fine to coarse
    """
    import cv2

    rows, columns = (-(-length // STRIDE) for length in grey.shape)
    answers = session.run(list(LEVELS), {"pictures": _fed(grey, limits)})
    parts, first = [], 0
    for answer, count in zip(answers, CHANNELS, strict=True):
        own = chosen[(chosen >= first) & (chosen < first + count)] - first
        first += count
        if own.size == 0:
            continue
        level = np.ascontiguousarray(answer[0, own].transpose(1, 2, 0))
        size = (answers[1].shape[3], answers[1].shape[2])
        if level.shape[0] != size[1]:
            how = cv2.INTER_AREA if level.shape[0] > size[1] else cv2.INTER_LINEAR
            level = np.asarray(cv2.resize(level, size, interpolation=how))
        parts.append(level.reshape(size[1], size[0], -1)[:rows, :columns])
    return np.concatenate(parts, axis=2)


def _fed(grey: Grey, limits: tuple[float, float]) -> Grey:
    """Return a picture as the layers take it: three times the same values, sides that divide by 16."""
    import cv2

    low, high = limits
    values = np.clip((grey - np.float32(low)) * np.float32(2 / (high - low)) - np.float32(1), -RANGE, RANGE)
    down, right = (-length % DIVIDES_BY for length in grey.shape)
    whole = np.asarray(cv2.copyMakeBorder(values, 0, down, 0, right, cv2.BORDER_REPLICATE))
    return np.ascontiguousarray(np.broadcast_to(whole, (1, 3, *whole.shape)), dtype=np.float32)


def pooled(values: Grey) -> Grey:
    """Return values (row, column, channel) averaged over 3 × 3 places; beyond the edge the last ones go on."""
    for axis in (0, 1):
        padding = [(1, 1) if axis == each else (0, 0) for each in range(3)]
        wide = np.pad(values, padding, mode="edge")
        side = values.shape[axis]
        parts = [np.take(wide, np.arange(first, first + side), axis=axis) for first in range(3)]
        values = np.asarray((parts[0] + parts[1] + parts[2]) / np.float32(3))
    return values


def shrinking(shape: tuple[int, ...]) -> float:
    """Return the scale at which a picture is looked at."""
    return min(1.0, LONGEST_PX / max(shape))


def shrunk(values: Grey, scale: float) -> Grey:
    """Return a picture made smaller; not-a-number where any of what is put together was none."""
    import cv2

    if scale == 1.0:
        return values
    size = (max(1, round(values.shape[1] * scale)), max(1, round(values.shape[0] * scale)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))
