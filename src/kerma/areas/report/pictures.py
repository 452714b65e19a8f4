"""The pictures of an exam: which images and planes are drawn, with which window, marks and scale.

What is drawn follows from the exam's document alone, so that only the images that are pictured need be read again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.areas.report import content_marked, wording
from kerma.areas.report.content import Picture, finding_numbers
from kerma.areas.report.language import ENGLISH, Language
from kerma.areas.report.rules import is_stack, pictured_planes, printed_size_mm
from kerma.science.imaging.annotate import Drawn, Mark, annotate, jpeg
from kerma.science.imaging.image import Image, Spacing, Window
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
    drawn: tuple[Drawn, ...] = ()
    """What persons have drawn on it."""


def drawings(
    document: Mapping[str, Any], say: Language = ENGLISH, wanted: Sequence[Mapping[str, Any]] = ()
) -> list[Drawing]:
    """Choose what is pictured: every image of a projection exam, of a stack the middle slice and those with findings.

    Never more than twelve pictures of one stack; :func:`note` says what was left out.

    Parameters
    ----------
    wanted : the pictures a person has chosen in their order: ``image`` is its SHA-256, ``plane`` counts from 0; those
        that are not there any more are passed over, and where none is left the choice is the usual one
    """
    numbers = finding_numbers(document)
    images = document["images"]
    chosen = _wanted(document, wanted) or list(_planes(document))
    return [
        Drawing(
            number,
            plane,
            _marks(images[number - 1], numbers, (number, plane), say),
            _title(document, (number, plane), say),
            *printed_size_mm(len(chosen), _height_over_width(images[number - 1])),
            drawn=content_marked.drawn(document, (number, plane), say),
        )
        for number, plane in chosen
    ]


def note(
    document: Mapping[str, Any], drawn: Sequence[Drawing], say: Language = ENGLISH, *, is_chosen: bool = False
) -> str:
    """Return what must be said when not everything is pictured; empty when everything is.

    Of what a person has left out, the numbers of the findings on it are told.
    """
    planes = sum(int(image["planes"]) for image in document["images"])
    if len(drawn) >= planes:
        return ""
    if is_chosen:
        shown = {(one.image_number, one.plane) for one in drawn}
        unseen = [str(number) for place, number in _places(document) if place not in shown]
        told = say("pictures_chosen", drawn=len(drawn), pictures=planes)
        return "; ".join([told, say("pictures_unseen", numbers=", ".join(unseen))] if unseen else [told])
    return say("planes_note", drawn=len(drawn), planes=planes)


def for_paper(drawn: Drawing, image: Image, say: Language = ENGLISH) -> Picture:
    """Draw one picture for the report: without the fact strip, which stands in the caption instead."""
    shown, window = shown_plane(image, drawn.plane, say)
    scale = image.spacing
    picture = annotate(
        shown,
        (*drawn.marks, *drawn.drawn),
        spacing=scale,
        printed_mm=max(drawn.width_mm, drawn.height_mm),
        say=functools.partial(_bar_words, say),
    )
    return Picture(
        drawn.image_number,
        drawn.plane,
        jpeg(picture),
        drawn.width_mm,
        drawn.height_mm,
        drawn.title,
        window,
        scale_text(scale, say),
        chain(image, say),
    )


BESIDE_WIDTH_MM, BESIDE_HEIGHT_MM = 82.0, 75.0
"""Room of one of two pictures side by side."""


def beside(drawn: Drawing, image: Image, say: Language = ENGLISH, title: str = "") -> Picture:
    """Draw one of two pictures side by side: the present image, an earlier one of the subject, a reference image."""
    factor = min(BESIDE_WIDTH_MM / drawn.width_mm, BESIDE_HEIGHT_MM / drawn.height_mm)
    smaller = replace(
        drawn, title=title or drawn.title, width_mm=drawn.width_mm * factor, height_mm=drawn.height_mm * factor
    )
    return for_paper(smaller, image, say)


def _bar_words(say: Language, text: str) -> str:
    length, point, words = text.rpartition(" · ")
    return f"{say.number(length)}{point}{say.phrase(words)}"


def scale_text(spacing: Spacing, say: Language = ENGLISH) -> str:
    """Return what a caption says of the scale."""
    if spacing.row_mm is None or spacing.column_mm is None:
        return say("scale_none")
    sides = dict.fromkeys(say.number(f"{one:.4g}") for one in (spacing.row_mm, spacing.column_mm))
    return say("scale_mm", size=" × ".join(sides), source=say.phrase(spacing.label))


def chain(image: Image, say: Language = ENGLISH) -> tuple[str, ...]:
    """Return the steps from stored values to the picture; a report's picture is never enhanced beyond them."""
    grey = image.grey
    if image.is_colour:
        return (say("window_colour"), say("chain_none"))
    is_rescaled = (grey.slope, grey.intercept) != (1.0, 0.0)
    slope, intercept = (say.number(wording.brief(one)) for one in (grey.slope, grey.intercept))
    steps = (
        say("chain_stored"),
        say("chain_modality_lut") if grey.modality_lut is not None else "",
        say("chain_rescale", slope=slope, intercept=intercept) if is_rescaled and grey.modality_lut is None else "",
        say("chain_voi_lut" if grey.voi_luts else "chain_window"),
        say("chain_inverse") if grey.is_inverse else "",
        say("chain_none"),
    )
    return tuple(step for step in steps if step)


def for_screen(drawn: Drawing, image: Image, document: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Draw one picture that stands alone: identity, window and scale are in the strip below it."""
    shown, window = shown_plane(image, drawn.plane)
    return annotate(
        shown, (*drawn.marks, *drawn.drawn), spacing=image.spacing, strip=strip(drawn, image, document, window)
    )


def strip(drawn: Drawing, image: Image, document: Mapping[str, Any], window: str) -> list[str]:
    """Return the lines below a picture that stands alone."""
    who = " · ".join(str(document[key]) for key in ("subject", "subject_name") if document.get(key))
    count = len(drawn.marks)
    found = "no finding" if not count else f"{count} finding{'s' if count > 1 else ''} proposed by software"
    scale = image.spacing.label if image.spacing.source == "none" else f"scale {image.spacing.label}"
    facts = [window, f"view {image.view}" if image.view else "", scale, found]
    return [
        " · ".join(part for part in (who, drawn.title, ENGLISH.moment(image.acquired_at)) if part),
        " · ".join(part for part in facts if part),
    ]


def shown_plane(image: Image, plane: int, say: Language = ENGLISH) -> tuple[NDArray[np.uint8], str]:
    """Return a plane after the grey-scale chain, and the window in words."""
    from kerma.science.imaging import greyscale

    if image.is_colour:
        return np.asarray(image.pixels[plane], dtype=np.uint8), say("window_colour")
    shown = greyscale.display(image, plane)
    if image.grey.voi_luts:
        return shown, say("window_lut")
    own = image.grey.windows[0] if image.grey.windows else None
    window = own or greyscale.default_window(image, plane)
    return shown, f"{_window(window, say)} ({say('window_file' if own else 'window_automatic')})"


def _window(window: Window, say: Language) -> str:
    low, high = window.center - window.width / 2, window.center + window.width / 2
    function = "" if window.function.startswith("LINEAR") else f", {window.function.lower()}"
    return say("window", low=say.number(wording.brief(low)), high=say.number(wording.brief(high))) + function


def _height_over_width(image: Mapping[str, Any]) -> float:
    row_mm, column_mm = image.get("spacing_mm") or (1.0, 1.0)
    return float(image["rows"]) * row_mm / (float(image["columns"]) * column_mm)


def _planes(document: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Yield image number and plane of each picture."""
    images = document["images"]
    found = [
        {int(one.get("plane") or 0) for key in ("findings", "marks") for one in image.get(key, ())} for image in images
    ]
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


def _wanted(document: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Return image number and plane of each picture that a person has chosen and that is there."""
    listed = document["images"]
    images = {str(image["sha256"]): (number, int(image["planes"])) for number, image in enumerate(listed, start=1)}
    found = [(images.get(str(one.get("image")), (0, 0)), int(one.get("plane") or 0)) for one in wanted]
    there = [(number, plane) for (number, planes), plane in found if 0 <= plane < planes]
    return list(dict.fromkeys(there))


def _places(document: Mapping[str, Any]) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield image number and plane of each numbered finding, and its number."""
    numbers = finding_numbers(document)
    for image_number, image in enumerate(document["images"], start=1):
        for one in image.get("findings", ()):
            if (image_number, str(one["id"])) in numbers:
                yield (image_number, int(one.get("plane", 0))), numbers[(image_number, str(one["id"]))]


def _marks(
    image: Mapping[str, Any], numbers: Mapping[tuple[int, str], int], place: tuple[int, int], say: Language
) -> tuple[Mark, ...]:
    image_number, plane = place
    return tuple(
        Mark(
            numbers[(image_number, str(finding["id"]))],
            Box(*finding["box"]),
            say.phrase(str(finding["label"])),
            tuple((float(row), float(column)) for row, column in finding.get("polygon", ())),
        )
        for finding in image.get("findings", ())
        if int(finding.get("plane", 0)) == plane
        and (image_number, str(finding["id"])) in numbers
        and any(finding["box"])
    )


def _title(document: Mapping[str, Any], place: tuple[int, int], say: Language) -> str:
    image_number, plane = place
    images = document["images"]
    image = images[image_number - 1]
    name = str(image.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1]
    key = "image_of" if len(images) > 1 else "image_number"
    parts = [say(key, number=image_number, images=len(images))]
    if int(image["planes"]) > 1:
        labels = image.get("plane_labels") or []
        known = plane < len(labels)
        parts.append(say.phrase(labels[plane]) if known else say("plane_of", number=plane + 1, planes=image["planes"]))
    return ", ".join([*parts, name] if name else parts)
