"""The pictures of an exam: which images and planes are drawn, with which window, marks and scale.

What is drawn follows from the exam's document alone, so that only the images that are pictured need be read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.areas.report import wording
from kerma.areas.report.content import Picture, finding_numbers
from kerma.areas.report.rules import is_stack, pictured_planes, printed_size_mm
from kerma.science.imaging.annotate import Mark, annotate, jpeg, scale_text
from kerma.science.imaging.image import Image, Window
from kerma.science.results import Box


@dataclass(frozen=True)
class Drawing:
    """One plane to draw: image number from 1, plane from 0, its marks, title, and size on paper."""

    image_number: int
    plane: int
    marks: tuple[Mark, ...]
    title: str
    width_mm: float
    height_mm: float


def drawings(document: Mapping[str, Any]) -> list[Drawing]:
    """Choose what is pictured: every image of a projection exam, of a stack the middle slice and those with findings.

    Never more than twelve pictures of one stack; :func:`note` says what was left out.
    """
    numbers = finding_numbers(document)
    images = document["images"]
    chosen = list(_planes(document))
    return [
        Drawing(
            number,
            plane,
            _marks(images[number - 1], numbers, number, plane),
            _title(document, number, plane),
            *printed_size_mm(len(chosen), _height_over_width(images[number - 1])),
        )
        for number, plane in chosen
    ]


def note(document: Mapping[str, Any], drawn: Sequence[Drawing]) -> str:
    """Return what must be said when not everything is pictured; empty when everything is."""
    planes = sum(int(image["planes"]) for image in document["images"])
    if len(drawn) >= planes:
        return ""
    return (
        f"{len(drawn)} of {planes} planes are pictured: the middle one and those with findings, as far as there is room"
    )


def for_paper(drawn: Drawing, image: Image) -> Picture:
    """Draw one picture for the report: without the fact strip, which stands in the caption instead."""
    shown, window = shown_plane(image, drawn.plane)
    size = drawn.width_mm, drawn.height_mm
    picture = annotate(shown, drawn.marks, spacing=image.spacing, printed_mm=max(size))
    return Picture(
        drawn.image_number, drawn.plane, jpeg(picture), *size, drawn.title, window, scale_text(image.spacing)
    )


def for_screen(drawn: Drawing, image: Image, document: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Draw one picture that stands alone: identity, window and scale are in the strip below it."""
    shown, window = shown_plane(image, drawn.plane)
    return annotate(shown, drawn.marks, spacing=image.spacing, strip=strip(drawn, image, document, window))


def strip(drawn: Drawing, image: Image, document: Mapping[str, Any], window: str) -> list[str]:
    """Return the lines below a picture that stands alone."""
    who = " · ".join(str(document[key]) for key in ("subject", "subject_name") if document.get(key))
    count = len(drawn.marks)
    found = "no finding" if not count else f"{count} finding{'s' if count > 1 else ''} proposed by software"
    scale = image.spacing.label if image.spacing.source == "none" else f"scale {image.spacing.label}"
    facts = [window, f"view {image.view}" if image.view else "", scale, found]
    return [
        " · ".join(part for part in (who, drawn.title, wording.moment(image.acquired_at)) if part),
        " · ".join(part for part in facts if part),
    ]


def shown_plane(image: Image, plane: int) -> tuple[NDArray[np.uint8], str]:
    """Return a plane after the grey-scale chain, and the window in words."""
    from kerma.science.imaging import greyscale

    if image.is_colour:
        return np.asarray(image.pixels[plane], dtype=np.uint8), "Colour as stored"
    shown = greyscale.display(image, plane)
    if image.grey.voi_luts:
        return shown, "VOI LUT of the file"
    own = image.grey.windows[0] if image.grey.windows else None
    window = own or greyscale.default_window(image, plane)
    return shown, f"Window {_window(window)} ({'from the file' if own else 'automatic, central 99 % of the values'})"


def _window(window: Window) -> str:
    low, high = window.center - window.width / 2, window.center + window.width / 2
    function = "" if window.function.startswith("LINEAR") else f", {window.function.lower()}"
    return f"{wording.brief(low)} to {wording.brief(high)}{function}"


def _height_over_width(image: Mapping[str, Any]) -> float:
    row_mm, column_mm = image.get("spacing_mm") or (1.0, 1.0)
    return float(image["rows"]) * row_mm / (float(image["columns"]) * column_mm)


def _planes(document: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Yield image number and plane of each picture."""
    images = document["images"]
    found = [{int(finding.get("plane", 0)) for finding in image.get("findings", ())} for image in images]
    modality = str(document.get("modality", ""))
    if len(images) > 1 and is_stack(modality, len(images), max(int(image["planes"]) for image in images)):
        with_findings = [index for index, planes in enumerate(found) if planes]
        for index in pictured_planes(len(images), with_findings):
            yield index + 1, min(found[index], default=int(images[index]["planes"]) // 2)
        return
    for index, image in enumerate(images):
        planes = int(image["planes"])
        is_sequence = planes > 1 and (image.get("plane_kind") == "frame" or is_stack(modality, 1, planes))
        for plane in pictured_planes(planes, found[index]) if is_sequence else range(planes):
            yield index + 1, plane


def _marks(
    image: Mapping[str, Any], numbers: Mapping[tuple[int, str], int], image_number: int, plane: int
) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            numbers[(image_number, str(finding["id"]))],
            Box(*finding["box"]),
            str(finding["label"]).replace("-", " "),
            tuple((float(row), float(column)) for row, column in finding.get("polygon", ())),
        )
        for finding in image.get("findings", ())
        if int(finding.get("plane", 0)) == plane
    )


def _title(document: Mapping[str, Any], image_number: int, plane: int) -> str:
    images = document["images"]
    image = images[image_number - 1]
    name = str(image.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1]
    parts = [f"Image {image_number} of {len(images)}" if len(images) > 1 else "Image 1"]
    if int(image["planes"]) > 1:
        labels = image.get("plane_labels") or []
        parts.append(labels[plane] if plane < len(labels) else f"plane {plane + 1} of {image['planes']}")
    return ", ".join([*parts, name] if name else parts)
