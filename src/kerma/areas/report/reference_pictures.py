"""The licensed reference images that a casting was graded by, beside the present image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.report import pictures
from kerma.areas.report.language import Language
from kerma.areas.report.parts import Picture
from kerma.areas.report.pictures import Drawing
from kerma.areas.report.priors import height_over_width
from kerma.areas.report.rules import printed_size_mm
from kerma.areas.review.queries_reference import image_of
from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image


def compared(
    kernel: Kernel, document: Mapping[str, Any], present: tuple[Drawing, Image], say: Language
) -> tuple[list[Picture], list[str]]:
    """Return the present picture and each reference image side by side, and what must be said of one not shown.

    Each is labelled with its set, kind, grade and licence. Nothing where no grade was given.
    """
    shown: list[Picture] = []
    untold = []
    for one in document.get("judgement", {}).get("grades", ()):
        reference = one["reference"]
        with kernel.database.read() as connection:
            row = image_of(connection, reference["image_sha256"])
        if row is None:
            untold.append(f"the reference image ({reference['label']}) is no longer in the archive and not shown")
            continue
        try:
            image = read_image(kernel, row, duty="report")
        except KermaError as error:
            untold.append(f"the reference image ({reference['label']}) cannot be shown: {error}")
            continue
        beside = Drawing(1, image.planes // 2, (), reference["label"], *printed_size_mm(1, height_over_width(image)))
        shown += [pictures.beside(*present, say), pictures.beside(beside, image, say)]
    return shown, untold
