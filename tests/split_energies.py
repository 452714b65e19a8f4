"""A dual-energy scan as one image, and the same split into DICOS objects of one energy each, as machines send it."""

from __future__ import annotations

import dataclasses
import functools

from kerma import formats
from kerma.formats import dicom_new
from kerma.formats.dicom_write import Identity
from kerma.science.imaging.image import Image
from kerma.science.simulate import ready_scene

EXAM = "1.2.826.0.1.3680043.9.7433.78"


@functools.cache
def _built(seed: int, size_px: int) -> tuple[Image, ...]:
    return tuple(view.image for view in ready_scene("cabin-bag").build(seed, size_px=size_px, threat="any"))


def whole(seed: int = 3, size_px: int = 512, *, kept: tuple[str, ...] = ()) -> tuple[Image, ...]:
    """Return the views of a bag with something in it, all energies in one image; ``kept`` names those that stay."""
    views = _built(seed, size_px)
    if not kept:
        return views
    return tuple(
        dataclasses.replace(
            view, pixels=view.pixels[[view.plane_labels.index(label) for label in kept]], plane_labels=kept
        )
        for view in views
    )


def files(views: tuple[Image, ...]) -> list[bytes]:
    """Return one DICOS object for every energy of every view, all of one series, view by view."""
    written: list[bytes] = []
    for number, view in enumerate(views, start=1):
        image = dataclasses.replace(view, image_uid=f"{EXAM}.{number}", exam_uid=EXAM, series_uid=f"{EXAM}.9")
        written += dicom_new.write(image, "dicos", Identity(EXAM, subject_id="BAG-1"))
    return written


def split(views: tuple[Image, ...]) -> list[Image]:
    """Return the images that are read from these objects."""
    return [formats.read(data) for data in files(views)]
