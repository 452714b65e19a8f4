"""Boxes as trainers and data sets keep them: YOLO, Pascal VOC, and the ``ground_truth.txt`` of GDXray."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

from kerma.errors import Unreadable
from kerma.formats.findings_check import checked
from kerma.formats.findings_found import FINDINGS_MAX, Found, Hints, ImagePlace, Imported, image_named, placed, text_of

FLAW = "flaw"
"""GDXray boxes have no label; a person gives them one."""


def read_yolo(data: bytes, images: Sequence[ImagePlace], hints: Hints) -> Imported:
    """Read YOLO lines ``class cx cy w h [score]`` in shares of one image, which the file's name or a hint names.

    Raises
    ------
    Unreadable
        A value makes no sense, or the words of the classes were not given; the message names line and column.
    """
    named = hints.image or (PurePosixPath(hints.file_name).stem if len(images) > 1 else "")
    image = image_named(images, named, "file name")
    found = []
    for line, words in _lines(data):
        if len(words) not in (5, 6):
            raise Unreadable(f"line {line}: {len(words)} values; YOLO has class, cx, cy, width, height")
        number = _float(words[0], line, 1)
        if number != int(number) or not 0 <= number < max(len(hints.labels), 1) or not hints.labels:
            given = f"0 to {len(hints.labels) - 1}" if hints.labels else "none: give their words in order"
            raise Unreadable(f"line {line}, column 1: class {words[0][:20]} has no word; there are {given}")
        shares = [_float(word, line, column) for column, word in enumerate(words[1:5], start=2)]
        if not all(0 <= one <= 1 for one in shares):
            raise Unreadable(f"line {line}: YOLO's numbers are shares of the image from 0 to 1")
        cx, cy, width, height = shares
        box = [
            (cy - height / 2) * image.rows,
            (cx - width / 2) * image.columns,
            height * image.rows,
            width * image.columns,
        ]
        finding: dict[str, Any] = {"label": hints.labels[int(number)], "box": _within(box, image)}
        finding |= {"score": _float(words[5], line, 6)} if len(words) == 6 else {}
        found.append(_placed(images, image.sha256 or str(image.number), finding, f"line {line}"))
    return Imported(tuple(found))


def _within(box: list[float], image: ImagePlace) -> list[float]:
    """Return a box without the rounding by which shares of six digits reach over the edge."""
    slack = 1e-5 * max(image.rows, image.columns)
    row, column, height, width = box
    bottom, right = row + height, column + width
    row, column = (0.0 if -slack < one < 0 else one for one in (row, column))
    bottom = float(image.rows) if image.rows < bottom < image.rows + slack else bottom
    right = float(image.columns) if image.columns < right < image.columns + slack else right
    return [row, column, bottom - row, right - column]


def read_voc(data: bytes, images: Sequence[ImagePlace], hints: Hints) -> Imported:
    """Read Pascal VOC: corners from 1, the last pixel included.

    Raises
    ------
    Unreadable
        No such XML; the message names line and column, or the object.
    """
    text = text_of(data)
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise Unreadable("the XML declares its own entities: refused")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        line, column = error.position
        raise Unreadable(f"line {line}, column {column + 1}: no XML ({error.msg})") from error
    if root.tag != "annotation":
        raise Unreadable(f"the XML is a '{root.tag[:40]}', no annotation of Pascal VOC")
    named = hints.image or (root.findtext("filename") or "").strip()
    found = []
    for number, item in enumerate(root.iter("object"), start=1):
        where = f"object {number}"
        corners = []
        for name in ("xmin", "ymin", "xmax", "ymax"):
            word = (item.findtext(f"bndbox/{name}") or "").strip()
            corners.append(_number(word, f"{where}, {name}"))
        left, top, right, bottom = corners
        box = [top - 1, left - 1, bottom - top + 1, right - left + 1]
        finding = {"label": (item.findtext("name") or "").strip(), "box": box}
        found.append(_placed(images, named if len(images) > 1 or hints.image else "", finding, where))
    return Imported(tuple(found))


def read_gdxray(data: bytes, images: Sequence[ImagePlace], hints: Hints) -> Imported:
    """Read GDXray's ``ground_truth.txt``: number of the image, x1, x2, y1, y2, counted from 1 (unverified).

    Raises
    ------
    Unreadable
        A value makes no sense; the message names line and column.
    """
    label = hints.labels[0] if hints.labels else FLAW
    found = []
    for line, words in _lines(data):
        if len(words) != 5:
            raise Unreadable(f"line {line}: {len(words)} values; GDXray has image, x1, x2, y1, y2")
        number, x1, x2, y1, y2 = (_float(word, line, column) for column, word in enumerate(words, start=1))
        if number != int(number) or number < 1:
            raise Unreadable(f"line {line}, column 1: {words[0][:20]} is no number of an image")
        image = _numbered(images, int(number), f"line {line}, column 1")
        box = [y1 - 1, x1 - 1, y2 - y1 + 1, x2 - x1 + 1]
        found.append(_placed(images, image.sha256 or str(image.number), {"label": label, "box": box}, f"line {line}"))
    return Imported(tuple(found))


def _numbered(images: Sequence[ImagePlace], number: int, where: str) -> ImagePlace:
    """Return the image whose file name ends in this number, as C0001_0012.png; else the one of this place."""
    ends = [one for one in images if re.search(rf"(^|\D)0*{number}$", PurePosixPath(one.name).stem)]
    if len(ends) == 1:
        return ends[0]
    if number <= len(images):
        return images[number - 1]
    raise Unreadable(f"{where}: the exam has {len(images)} images and no number {number}")


def _placed(images: Sequence[ImagePlace], named: str, finding: dict[str, Any], where: str) -> Found:
    return placed(images, named, checked(finding, where), where)


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    count = 0
    for number, line in enumerate(text_of(data).splitlines(), start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        count += 1
        if count > FINDINGS_MAX:
            raise Unreadable(f"the file has more than {FINDINGS_MAX} findings: refused")
        yield number, words


def _float(word: str, line: int, column: int) -> float:
    return _number(word, f"line {line}, column {column}")


def _number(word: str, where: str) -> float:
    try:
        number = float(word)
    except ValueError as error:
        raise Unreadable(f"{where}: '{word[:40]}' is no number") from error
    if number != number or abs(number) == float("inf"):
        raise Unreadable(f"{where}: {word[:20]} is no finite number")
    return number
