"""The file of an anomaly model: one NPZ of plain arrays and a JSON document, read with hard limits on its sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect import npz_file
from kerma.science.detect.anomaly_bank import PROJECTED, Bank
from kerma.science.detect.anomaly_features import CHANNELS, LONGEST_PX, STRIDE, backbone_card
from kerma.science.detect.anomaly_model import ALIGNED, ANYWHERE, CHOSEN, MOST, Taught, View
from kerma.science.detect.anomaly_places import Places
from kerma.science.detect.anomaly_scores import Shares

FORMAT = "kerma-anomaly-1"
MOST_BYTES = 256 << 20
MOST_ENTRIES = 20_000
NAMES: Mapping[str, frozenset[str]] = {
    ALIGNED: frozenset({"document", "chosen", "middle", "means", "factors"}),
    ANYWHERE: frozenset({"document", "chosen", "entries", "directions", "offset"}),
}
"""The arrays of each way to compare, no more and no fewer."""
MOST_PARTS = max(len(names) for names in NAMES.values())


def written(taught: Taught, card: Mapping[str, Any]) -> bytes:
    """Return a model and its card as one NPZ file."""
    view = taught.view
    document = {
        "format": FORMAT, "how": taught.how, "card": dict(card), "backbone_sha256": backbone_card()["sha256"],
        "is_logarithmic": view.is_logarithmic, "spacing_mm": view.spacing_mm, "shape": view.shape,
        "limits": view.limits, "highest": taught.shares.highest,
    }  # fmt: skip
    arrays: dict[str, Any] = {"chosen": taught.chosen.astype(np.int32)}
    if isinstance(taught.good, Places):
        arrays |= {"middle": taught.middle, "means": taught.good.means, "factors": taught.good.factors}
    else:
        bank = taught.good
        arrays |= {"entries": bank.entries, "directions": bank.directions, "offset": bank.offset}
    return npz_file.written(document, arrays)


def read(content: bytes) -> tuple[Taught, dict[str, Any]]:
    """Return the model and the card of a file.

    Raises
    ------
    Unreadable
        The bytes are no model of good pictures, a damaged one, too large, or made with other layers.
    """
    try:
        return _read(content)
    except npz_file.DAMAGES as error:
        raise Unreadable(f"this is no anomaly model ({error}): teach one from good pictures") from None


def _read(content: bytes) -> tuple[Taught, dict[str, Any]]:
    arrays = npz_file.arrays_of(content, most_parts=MOST_PARTS, most_bytes=MOST_BYTES)
    document = npz_file.document_of(arrays)
    if document.get("format") != FORMAT:
        raise ValueError("another kind or version")
    how = document["how"]
    if how not in NAMES or set(arrays) != NAMES[how]:
        raise ValueError("it does not hold the arrays of its kind")
    if document["backbone_sha256"] != backbone_card()["sha256"]:
        raise ValueError("it was made with other layers than this version has")
    chosen = _of(arrays, "chosen", np.int32, 1).astype(np.intp)
    if chosen.size != CHOSEN[how] or (np.diff(chosen) <= 0).any() or chosen[0] < 0 or chosen[-1] >= sum(CHANNELS):
        raise ValueError("its channels are not those of the layers")
    view, shares, card = _view(document, how), _shares(document), document["card"]
    if not isinstance(card, dict):
        raise ValueError("it has no card")
    _demand_card(card)
    if how == ANYWHERE:
        return Taught(how, _bank(arrays, chosen.size), None, view, chosen, shares), card
    middle = _of(arrays, "middle", np.float32, 2, may_lack=True)
    return Taught(how, _places(arrays, middle, chosen.size), middle, view, chosen, shares), card


def _of(arrays: Mapping[str, NDArray[Any]], name: str, kind: Any, rank: int, *, may_lack: bool = False) -> NDArray[Any]:
    found = arrays[name]
    if found.dtype != np.dtype(kind) or found.ndim != rank or found.size == 0:
        raise ValueError(f"'{name}' is not what it should be")
    if np.issubdtype(found.dtype, np.floating):
        is_right = np.isfinite(found)
        if not (is_right.any() if may_lack else is_right.all()):
            raise ValueError(f"'{name}' holds what is no number")
    return found


def _places(arrays: Mapping[str, NDArray[Any]], middle: NDArray[Any], channels: int) -> Places:
    rows, columns = (-(-side // STRIDE) for side in middle.shape)
    means, factors = _of(arrays, "means", np.float16, 3), _of(arrays, "factors", np.float16, 3)
    wanted = ((rows, columns, channels), (rows, columns, channels * (channels + 1) // 2))
    if max(middle.shape) > LONGEST_PX or (means.shape, factors.shape) != wanted:
        raise ValueError("its places are not those of its picture")
    return Places(means, factors)


def _bank(arrays: Mapping[str, NDArray[Any]], channels: int) -> Bank:
    entries, directions = _of(arrays, "entries", np.float16, 2), _of(arrays, "directions", np.float32, 2)
    offset = _of(arrays, "offset", np.float32, 1)
    sizes = (entries.shape[1], directions.shape, offset.shape)
    if sizes != (PROJECTED, (channels, PROJECTED), (channels,)) or len(entries) > MOST_ENTRIES:
        raise ValueError("its bank is not of its channels")
    return Bank(entries, directions, offset)


def _numbers(told: Any, count: int) -> tuple[float, ...]:
    if not isinstance(told, list) or len(told) != count or not all(type(one) in (int, float) for one in told):
        raise ValueError("a list of numbers is not what it should be")
    found = tuple(float(one) for one in told)
    if not np.isfinite(found).all():
        raise ValueError("a number is not finite")
    return found


def _view(document: Mapping[str, Any], how: str) -> View:
    spacing = document["spacing_mm"]
    spacing_mm = None if spacing is None else _numbers(spacing, 2)
    if spacing_mm is not None and not min(spacing_mm) > 0:
        raise ValueError("its pixels have no size")
    low, high = _numbers(document["limits"], 2)
    if not high > low:
        raise ValueError("its values have no range")
    shape = None
    if how == ALIGNED:
        rows, columns = (int(side) for side in _numbers(document["shape"], 2))
        shape = (rows, columns)
    kept = None if spacing_mm is None else (spacing_mm[0], spacing_mm[1])
    return View(document["is_logarithmic"] is True, kept, shape, (low, high))


def _shares(document: Mapping[str, Any]) -> Shares:
    told = document["highest"]
    highest = _numbers(told, len(told) if isinstance(told, list) else -1)
    if not 1 <= len(highest) <= MOST or min(highest) <= 0 or list(highest) != sorted(highest):
        raise ValueError("its good pictures' distances are not what they should be")
    return Shares(highest)


def _demand_card(card: Mapping[str, Any]) -> None:
    """Refuse a card without what findings are told to be by, and from which score on there are any."""
    texts = all(isinstance(card.get(key), str) and card[key] for key in ("name", "version"))
    labels, thresholds = card.get("labels"), card.get("thresholds")
    point = thresholds.get("score") if isinstance(thresholds, dict) else None
    if not texts or labels != ["anomaly"] or type(point) not in (int, float) or not 0 < float(point or 0) < 1:
        raise ValueError("its card lacks a name, a version, the label or a score")
