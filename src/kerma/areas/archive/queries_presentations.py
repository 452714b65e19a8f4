"""The presentation states among the objects of an exam, as a viewer applies them to its images."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.formats.presentation_graphics import Graphic, Target
    from kerma.formats.presentation_state_read import PresentationState
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Lut, Window

STATES = "1.2.840.10008.5.1.4.1.1.11."
"""SOP classes that begin so are presentation states."""
STATES_MAX = 100
"""States of one exam that are read; more is no exam that anybody looks at."""


@dataclass(frozen=True)
class Listed:
    """A presentation state of an exam: what it says of each image, or why it cannot be applied."""

    row: Mapping[str, Any]
    state: PresentationState | None
    problem: str
    on: Mapping[int, tuple[str, tuple[int, ...]]]
    """By the key of each image: its UID, and the planes that the state is for (none: all)."""
    notes: Sequence[str]


def presentations(kernel: Kernel, rows: Sequence[Mapping[str, Any]]) -> list[Listed]:
    """Return the presentation states among the rows of an exam's images and objects, in their order."""
    found = [row for row in rows if row["sop_class_uid"].startswith(STATES)]
    images = {row["uid"]: row["id"] for row in rows if row["kind"] == "image"}
    listed = [_listed(kernel, row, images) for row in found[:STATES_MAX]]
    too_many = f"the exam has {len(found)} presentation states; the first {STATES_MAX} are read"
    return [*listed, *(Listed(row, None, too_many, {}, ()) for row in found[STATES_MAX:])]


def _listed(kernel: Kernel, row: Mapping[str, Any], images: Mapping[str, int]) -> Listed:
    from kerma.formats import presentation_state_read

    other = presentation_state_read.OTHER_STATES.get(row["sop_class_uid"])
    if other:
        return Listed(row, None, f"this is {other}, which is not applied", {}, ())
    try:
        if row["size_bytes"] > presentation_state_read.BYTES_MAX:
            raise presentation_state_read.too_large(row["size_bytes"])
        state = presentation_state_read.read(kernel.blobs.get(row["sha256"]))
    except KermaError as error:
        return Listed(row, None, str(error), {}, ())
    asked: dict[str, tuple[int, ...]] = {uid: planes for one in state.images for uid, planes in one.items()}
    on = {images[uid]: (uid, planes) for uid, planes in asked.items() if uid in images}
    missing = len(asked) - len(on)
    if not on:
        return Listed(row, state, "none of its images is in this exam", {}, state.notes)
    notes = [f"{missing} of its images {'is' if missing == 1 else 'are'} not in this exam"] if missing else []
    return Listed(row, state, "", on, (*notes, *state.notes))


def on_image(state: PresentationState, uid: str) -> dict[str, Any]:
    """Return what a state says of one image; ``planes`` empty means all of them."""
    grey = state.grey
    shutter = state.shutter
    return {
        "slope": grey.slope,
        "intercept": grey.intercept,
        "unit": grey.unit,
        "modality_lut": _lut(grey.modality_lut),
        "is_inverse": grey.is_inverse,
        "presentation_lut": _lut(grey.presentation_lut),
        "vois": [
            {"planes": planes, "window": _window(one.window), "lut": _lut(one.lut)}
            for one in state.vois
            if (planes := _planes(one.on, uid)) is not None
        ],
        "areas": [
            {
                "planes": planes,
                "box": [one.top, one.left, one.bottom, one.right],
                "sizing": one.sizing,
                "magnification": one.magnification,
            }
            for one in state.areas
            if (planes := _planes(one.on, uid)) is not None
        ],
        "rotation": state.turned_deg,
        "is_flipped": state.is_flipped,
        "shutter": shutter
        and {
            "rectangle": shutter.rectangle,
            "circle": shutter.circle,
            "polygon": shutter.polygon,
            "grey": round(shutter.grey * 255),
        },
        "graphics": [_graphic(one, planes) for one in state.graphics if (planes := _planes(one.on, uid)) is not None],
    }


def _planes(on: Target, uid: str) -> list[int] | None:
    """Return the planes of an image that something is on, none for all; None where it is not on the image."""
    if on and uid not in on:
        return None
    return list(on.get(uid, ()))


def _graphic(one: Graphic, planes: list[int]) -> dict[str, Any]:
    return {
        "planes": planes,
        "kind": one.kind,
        "units": one.units,
        "points": one.points,
        "is_filled": one.is_filled,
        "text": one.text,
        "justified": one.justified,
        "anchor": one.anchor,
        "anchor_units": one.anchor_units,
        "is_anchor_shown": one.is_anchor_shown,
        "layer": one.layer,
        "colour": _colour(one),
    }


def _colour(one: Graphic) -> str:
    """Return the colour of the layer as a page writes it; empty where the state leaves it to the viewer."""
    if one.lab is not None:
        import cv2
        import numpy as np

        rgb = cv2.cvtColor(np.array([[one.lab]], np.float32), cv2.COLOR_Lab2RGB)[0, 0]
        return "#{:02x}{:02x}{:02x}".format(*(round(float(part) * 255) for part in rgb))
    return "" if one.grey is None else "#" + 3 * f"{round(one.grey * 255):02x}"


def _window(window: Window | None) -> dict[str, Any] | None:
    return vars(window) if window else None


def _lut(lut: Lut | None) -> dict[str, Any] | None:
    if lut is None:
        return None
    entries = base64.b64encode(lut.entries.astype("<u2").tobytes()).decode("ascii")
    return {"first": lut.first, "bits": lut.bits, "entries": entries, "explanation": lut.explanation}
