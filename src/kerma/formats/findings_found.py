"""What a file of findings says, in one form for every kind of file: which image, the finding, where it stood."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from kerma.errors import Unreadable

FINDINGS_MAX = 100_000
BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True)
class ImagePlace:
    """An image of the exam as a file may name it: number from 1, SHA-256, UID, file name; and its size."""

    number: int
    sha256: str
    image_uid: str
    name: str
    rows: int
    columns: int
    planes: int = 1
    overhang_px: float = 0.0
    """Boxes may reach so far over the edge and are then cut there; 0: they are refused."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> tuple[ImagePlace, ...]:
        """Return the images of an exam's document."""
        return tuple(
            cls(
                number,
                str(image.get("sha256") or ""),
                str(image.get("image_uid") or ""),
                _base(str(image.get("path") or "")),
                int(image.get("rows") or 0),
                int(image.get("columns") or 0),
                int(image.get("planes") or 1),
            )
            for number, image in enumerate(document["images"], start=1)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it may go by."""
        stem = PurePosixPath(self.name).stem
        return tuple(name for name in (self.sha256, self.image_uid, self.name, stem, str(self.number)) if name)


@dataclass(frozen=True)
class Found:
    """One finding of a file, on an image of the exam; ``where`` is its place in the file, such as "line 7"."""

    image: ImagePlace
    finding: dict[str, Any]
    where: str


@dataclass(frozen=True)
class Imported:
    """What a file held; ``lost`` says in sentences what of it no finding can hold."""

    found: tuple[Found, ...]
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hints:
    """What a file of its kind does not say itself: its name, the image it is about, the words of its classes."""

    file_name: str = ""
    image: str = ""
    labels: tuple[str, ...] = field(default=())


def placed(images: Sequence[ImagePlace], named: str, finding: dict[str, Any], where: str) -> Found:
    """Put a finding on the image that a file names; on the only one where it names none.

    Raises
    ------
    Unreadable
        There is no such image, or the finding does not lie on it; the message says where.
    """
    image = image_named(images, named, where)
    if image.overhang_px:
        finding = {**finding, "box": _cut(finding["box"], image)}
    row, column, height, width = finding["box"]
    fits = row >= 0 and column >= 0 and row + height <= image.rows and column + width <= image.columns
    if not fits or height <= 0 or width <= 0:
        shown = ", ".join(f"{one:g}" for one in finding["box"])
        raise Unreadable(
            f"{where}: the box [{shown}] (row, column, height, width) does not lie on the image of "
            f"{image.rows} rows and {image.columns} columns"
        )
    if not 0 <= finding["plane"] < image.planes:
        raise Unreadable(f"{where}: plane {finding['plane']} is none of the image's {image.planes}, counted from 0")
    return Found(image, finding, where)


def _cut(box: Sequence[float], image: ImagePlace) -> list[float]:
    """Return a box cut at the edges it reaches over by no more than the overhang."""
    told = list(box)
    for first, length, side in ((0, 2, image.rows), (1, 3, image.columns)):
        begin, end = box[first], box[first] + box[length]
        begin = 0.0 if -image.overhang_px <= begin < 0 else begin
        end = float(side) if side < end <= side + image.overhang_px else end
        told[first], told[length] = begin, end - begin
    return told


def image_named(images: Sequence[ImagePlace], named: str, where: str) -> ImagePlace:
    """Return the image with this SHA-256, UID, file name or number."""
    if not named:
        if len(images) == 1:
            return images[0]
        raise Unreadable(f"{where}: it is not said on which of the {len(images)} images this lies")
    for names in (("sha256", "image_uid"), ("name",)):
        for image in images:
            if any(named == getattr(image, one) or _base(named) == getattr(image, one) != "" for one in names):
                return image
    matches = [image for image in images if PurePosixPath(_base(named)).stem in image.names]
    if len(matches) == 1:
        return matches[0]
    near = difflib.get_close_matches(named, [name for image in images for name in image.names], 1, 0.7)
    hint = (
        f"; did you mean {near[0]}?" if near else f"; it has {', '.join(i.name or i.sha256[:12] for i in images[:5])}"
    )
    raise Unreadable(f"{where}: the exam has no image '{named[:80]}'{hint}")


def known_label(label: str, words: Sequence[str], where: str) -> str:
    """Return the label as the industry writes it.

    Raises
    ------
    Unreadable
        It is none of the words; the message names near ones.
    """
    plain = "-".join(label.strip().lower().replace("_", " ").split())
    if plain in words:
        return plain
    near = difflib.get_close_matches(plain, words, 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(list(words)[:12])} ..."
    raise Unreadable(f"{where}: '{label[:60]}' is no label of a finding here; {hint}")


def text_of(data: bytes) -> str:
    """Return a text file's text: UTF-8, with or without a mark, or UTF-16 with one.

    Raises
    ------
    Unreadable
        It is none; the message names the line.
    """
    if len(data) > BYTES_MAX:
        raise Unreadable(f"a file of {len(data)} bytes is beyond the {BYTES_MAX} that a list of findings may have")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(f"line {line}: the file is not UTF-8 text; save it as UTF-8") from error


def _base(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name
