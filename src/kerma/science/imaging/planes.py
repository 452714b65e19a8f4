"""Which planes of an image an analysis looks at: every energy and view, but of many frames only the middle one."""

from __future__ import annotations

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import penetrating_plane


def planes_to_measure(image: Image) -> tuple[list[int], tuple[str, ...]]:
    """Return every energy and view, but of many frames only the middle one, with a note."""
    if image.planes == 1 or image.plane_kind != "frame":
        return list(range(image.planes)), ()
    middle = image.planes // 2
    return [middle], (f"of {image.planes} frames only the middle one was measured and searched",)


def planes_to_search(image: Image) -> list[int]:
    """Return every view, the middle frame, or of several energies the one that penetrates most."""
    if image.plane_kind != "energy":
        return planes_to_measure(image)[0]
    return [penetrating_plane(image)]
