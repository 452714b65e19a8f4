"""What a viewer must know of an image before it asks for tiles: made once of the pixels, and kept as a copy."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import queries_energies, retrieve_cache, tiles, tiles_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerma.areas.archive.tiles_source import Source
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Lut, Window

VERSION = 2
"""Goes into the key of the cache: raise it when the description of the same image changes."""
MEASURED_ALL = 16
"""Of an image with more planes and no window of its own ..."""
MEASURED_SOME = 5
"""... so many are measured, evenly spread."""


def pixels(kernel: Kernel, row: dict[str, Any]) -> bytes:
    """Return the description of an image's pixels as a JSON document.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        It has no pixels, or they cannot be decoded.
    TooManyRequests
        Too many wait for the guarded reader already.
    """
    content = kept(kernel, row) or _made(kernel, row)
    energies = queries_energies.beside(kernel, row)
    if energies is None:
        return content
    return json.dumps({**json.loads(content), "energies": energies}, ensure_ascii=False).encode("utf-8")


def _made(kernel: Kernel, row: dict[str, Any]) -> bytes:
    document = json.dumps(_described(tiles_source.source_of(kernel, row), row), ensure_ascii=False, allow_nan=False)
    content = document.encode("utf-8")
    retrieve_cache.keep(kernel, row["sha256"], _name(row), lambda out: out.write(content))
    tiles.forget_if_deleted(kernel, row)
    return content


def kept(kernel: Kernel, row: dict[str, Any]) -> bytes | None:
    """Return the description if it has been made before."""
    tiles_source.demand_pixels(row)
    path = retrieve_cache.find(kernel, row["sha256"], _name(row))
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return content if content.endswith(b"}") else None


def _described(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    from kerma.science.imaging import pyramid

    image, grey = source.image, source.image.grey
    scale = pyramid.wire_scale(image)
    return {
        "rows": source.rows,
        "columns": source.columns,
        "planes": source.planes,
        "plane_kind": image.plane_kind,
        "plane_labels": list(image.plane_labels),
        "energies": queries_energies.of_source(source),
        "is_colour": image.is_colour,
        "bits": image.bits,
        "meaning": image.meaning,
        "rises_with_dose": image.rises_with_dose,
        "wire_offset": scale.offset,
        "slope": scale.slope,
        "intercept": scale.intercept,
        "is_exact": scale.is_exact,
        "unit": grey.unit,
        "modality_lut": _lut(grey.modality_lut) if grey.modality_lut is not None and scale.keeps_lut else None,
        "voi_luts": [_lut(lut) for lut in grey.voi_luts],
        "windows": [_window(window) for window in grey.windows],
        "default_windows": _default_windows(source),
        "is_inverse": grey.is_inverse,
        "padding": scale.padding,
        "spacing": {
            "row_mm": image.spacing.row_mm,
            "column_mm": image.spacing.column_mm,
            "source": image.spacing.source,
            "label": image.spacing.label,
        },
        "tile_px": pyramid.TILE_PX,
        "levels": [level._asdict() for level in pyramid.levels(source.rows, source.columns)],
        "tag": tiles.tag_of(row),
        "warnings": list(image.warnings),
    }


def _default_windows(source: Source) -> list[dict[str, Any]]:
    """Return for each plane the window that the image brings, else one over the values of the plane.

    A long stack that brings none gets one for all its planes, over the values of a few: it opens in a bounded time, and
    looks the same from plane to plane.
    """
    from kerma.science.imaging.greyscale import default_window

    grey = source.image.grey
    if source.image.is_colour:
        return []
    if grey.windows and not grey.voi_luts:
        return [_window(grey.windows[0])] * source.planes
    if source.planes <= MEASURED_ALL:
        return [_window(default_window(source.alone(plane))) for plane in range(source.planes)]
    some = [round(share * (source.planes - 1) / (MEASURED_SOME - 1)) for share in range(MEASURED_SOME)]
    return [_window(_around([default_window(source.alone(plane)) for plane in some]))] * source.planes


def _around(windows: Sequence[Window]) -> Window:
    """Return the window that reaches from the lowest to the highest value of some."""
    low = min(window.center - window.width / 2 for window in windows)
    high = max(window.center + window.width / 2 for window in windows)
    return replace(windows[0], center=(low + high) / 2, width=high - low)


def _window(window: Window) -> dict[str, Any]:
    return {
        "center": window.center,
        "width": window.width,
        "function": window.function,
        "explanation": window.explanation,
    }


def _lut(lut: Lut) -> dict[str, Any]:
    entries = base64.b64encode(lut.entries.astype("<u2").tobytes()).decode("ascii")
    return {"first": lut.first, "bits": lut.bits, "entries": entries, "explanation": lut.explanation}


def _name(row: dict[str, Any]) -> str:
    from kerma.science.imaging.enhance.number_lookup import edition

    return retrieve_cache.name_of("pixels", VERSION, tiles.VERSION, row["sidecar_sha256"], edition())
