"""For which images a model is made: those of the part and view that its card names, else those of its set-up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.detect import CROSS_SECTIONS
from kerma.science.detect.laying import is_logarithmic
from kerma.science.detect.part_reference import same_scale
from kerma.science.imaging.image import Image, Spacing

REFERENCE = "reference"
"""Kind of a model that is good parts to compare with."""
NAMED = ("part", "view")
PART_SAID = ("part_number", "part_name", "part")
"""Under what names a technique says which part it is; the last is what kind of part (weld, casting)."""
MOST_LETTERS = 128


def demand_purpose(part: str, view: str) -> dict[str, str]:
    """Return what a card says a model is made for: ``part`` and ``view``, those that are given.

    Raises
    ------
    WrongUsage
        A name is too long, or cannot be printed.
    """
    told = {what: " ".join(text.split()) for what, text in zip(NAMED, (part, view), strict=True) if text.strip()}
    for what, text in told.items():
        if len(text) > MOST_LETTERS or not text.isprintable():
            raise WrongUsage(f"the {what} that a model is made for must be a name of at most {MOST_LETTERS} letters")
    return told


def made_for(card: Mapping[str, Any]) -> dict[str, str]:
    """Return the part and view that a card names, those that it does."""
    told = card.get("for")
    named = told if isinstance(told, Mapping) else {}
    return {what: str(named[what]) for what in NAMED if named.get(what)}


def not_for(image: Image, card: Mapping[str, Any]) -> str:
    """Return in words why a model is not made for an image of an exam; empty where it is.

    A model whose card names a part or view is for the images that say the same; letters and spaces do not matter. A
    reference that names neither is for the images of its set-up: the same size, pixel size and kind of values.
    """
    wanted = made_for(card)
    if wanted:
        said = [(what, _said(image, what)) for what in wanted]
        others = [f"{what} {' or '.join(names)}" if names else f"no {what} named" for what, names in said]
        is_same = all(_names(wanted[what], names) for what, names in said)
        return "" if is_same else f"made for {words_of(wanted)}; here {', '.join(others)}"
    return _another_setup(image, card["input"]) if card.get("kind") == REFERENCE else ""


def demand_not_another(image: Image, card: Mapping[str, Any]) -> None:
    """Refuse an image that says it shows another part or view (WrongUsage); one that says nothing may be asked about.

    It is what holds where a person names model and image.
    """
    wanted = made_for(card)
    for what, name in wanted.items():
        said = _said(image, what)
        if said and not _names(name, said):
            raise WrongUsage(
                f"the picture says it shows {what} {' or '.join(said)}; '{card.get('name')}' is made for "
                f"{words_of(wanted)}"
            )


def words_of(wanted: Mapping[str, str]) -> str:
    """Return part and view in words."""
    return ", ".join(f"{what} {name}" for what, name in wanted.items())


def _said(image: Image, what: str) -> list[str]:
    """Return the names by which an image says its part or view."""
    found = [image.technique.get(key) for key in PART_SAID] if what == "part" else [image.view]
    return list(dict.fromkeys(_plain(str(one)) for one in found if one))


def _names(wanted: str, said: list[str]) -> bool:
    return _plain(wanted).casefold() in {one.casefold() for one in said}


def _plain(text: str) -> str:
    """Return a name without double spaces and the carets of DICOM."""
    return " ".join(text.replace("^", " ").split())


def _another_setup(image: Image, told: Mapping[str, Any]) -> str:
    rows, columns = told["rows"], told["columns"]
    row_mm, column_mm = told["spacing_mm"] or (None, None)
    if image.modality in CROSS_SECTIONS or image.meaning == "ct-number":
        return "made for projections; this is a cross-section"
    if (image.rows, image.columns) != (rows, columns):
        return f"made for {rows} x {columns} pixels; here {image.rows} x {image.columns}"
    if is_logarithmic(image) != told["is_logarithmic"]:
        return "made for another kind of values"
    if not same_scale(Spacing(row_mm, column_mm), image.spacing):
        return f"made for pixels of {told['spacing_mm']} mm; here {image.spacing.as_json()}"
    return ""
