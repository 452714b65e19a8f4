"""WADO-URI: one object or picture by the parameters of an address, as older viewers ask for it (PS3.18, 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import retrieve_instances, retrieve_rendered, rules_media, rules_rendering
from kerma.areas.archive.retrieve import Target
from kerma.areas.archive.rules_media import DICOM, JPEG, PNG
from kerma.areas.archive.rules_rendering import SIDE_MAX, Look, Viewport, number_of
from kerma.errors import NotAcceptable, WrongUsage

if TYPE_CHECKING:
    from kerma.areas.archive.retrieve_answer import Answer
    from kerma.kernel.action import Kernel

_NEEDED = (("studyUID", "exam_uid"), ("seriesUID", "series_uid"), ("objectUID", "image_uid"))
_REFUSED = {
    "anonymize": "objects are not de-identified on the way out",
    "presentationUID": "presentation states are not applied here",
    "presentationSeriesUID": "presentation states are not applied here",
}
"""Parameters that change what is seen, so that an answer without them would mislead."""


def target_of(parameters: Mapping[str, str]) -> Target:
    """Return the object that the parameters name.

    Raises
    ------
    WrongUsage
        A parameter is missing, or asks for what is not done here.
    """
    if parameters.get("requestType", "") != "WADO":
        raise WrongUsage("requestType=WADO is needed (PS3.18, 9.1.2)")
    for name, why in _REFUSED.items():
        if parameters.get(name, "no") not in ("no", ""):
            raise WrongUsage(f"{name} is not offered: {why}")
    missing = [name for name, _ in _NEEDED if not parameters.get(name)]
    if missing:
        raise WrongUsage(f"{', '.join(missing)} must be given: WADO-URI names one object by study, series and object")
    return Target(**{kind: parameters[name] for name, kind in _NEEDED})


def answer(kernel: Kernel, row: dict[str, Any], parameters: Mapping[str, str]) -> Answer:
    """Return the object, or a picture of it, in the first content type that can be given.

    Without a content type a picture of one frame is a JPEG and everything else the DICOM object (PS3.18, 9.1.2.2.1).
    """
    is_picture = row["kind"] == "image" and row["planes"] == 1
    asked = parameters.get("contentType") or (JPEG if is_picture else DICOM)
    for form in rules_media.wanted(asked):
        if form.takes(DICOM) and form.media_type != "*/*":
            syntax = parameters.get("transferSyntax", "")
            return retrieve_instances.answer(kernel, [row], f"{DICOM}; transfer-syntax={syntax}" if syntax else DICOM)
        for media_type in (JPEG, PNG):
            if form.takes(media_type):
                return retrieve_rendered.one(kernel, row, _frame(parameters), look_of(parameters), media_type)
    raise NotAcceptable(f"contentType must be {DICOM}, {JPEG} or {PNG}, not '{asked[:80]}'")


def look_of(parameters: Mapping[str, str]) -> Look:
    """Return how the picture is asked for.

    Raises
    ------
    WrongUsage
        A parameter makes no sense.
    """
    center, width = (parameters.get(name, "") for name in ("windowCenter", "windowWidth"))
    if bool(center) != bool(width):
        raise WrongUsage("windowCenter and windowWidth are given together (PS3.18, 9.1.2.2.5)")
    window = None
    if center:
        window = rules_rendering.window_of(number_of(center, "windowCenter"), number_of(width, "windowWidth"))
    return Look(window, _viewport(parameters), rules_rendering.quality_of(parameters.get("imageQuality", "")))


def _viewport(parameters: Mapping[str, str]) -> Viewport | None:
    rows, columns, region = (parameters.get(name, "") for name in ("rows", "columns", "region"))
    if not (rows or columns or region):
        return None
    sides = [rules_rendering.side_of(side) if side else SIDE_MAX for side in (columns, rows)]
    if not region:
        return Viewport(*sides)
    edges = [number_of(part, "an edge of the region") for part in region.split(",")]
    is_sound = len(edges) == 4 and all(0 <= edge <= 1 for edge in edges)
    if not is_sound or edges[0] >= edges[2] or edges[1] >= edges[3]:
        raise WrongUsage("region is left,top,right,bottom in shares of the image, from 0.0 to 1.0")
    left, top, right, bottom = edges
    may_grow = bool(rows or columns)
    return Viewport(*sides, left, top, right - left, bottom - top, is_relative=True, may_grow=may_grow)


def _frame(parameters: Mapping[str, str]) -> int:
    written = parameters.get("frameNumber", "") or "1"
    if not written.isascii() or not written.isdecimal() or not int(written[:9]) >= 1:
        raise WrongUsage(f"frameNumber must be a whole number from 1, not '{written[:20]}'")
    return int(written[:9])
