"""Single frames: the bytes in the file where they are what is wanted, else encoded anew (PS3.18, 10.4.1.1.6)."""

from __future__ import annotations

import functools
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import retrieve, retrieve_cache, retrieve_objects, rules_media
from kerma.areas.archive.queries_pixels import reader
from kerma.areas.archive.retrieve_answer import FIXED, PARTIAL, Answer, Part, multipart, tag_of
from kerma.areas.archive.retrieve_stream import FilePart, Later, Piece
from kerma.areas.archive.rules_media import FRAME_TYPES, OCTETS, Wanted
from kerma.errors import NotAcceptable, NotFound, Unreadable, WrongUsage

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

MOST = 10_000
"""Frames in one list; all of them are the pixel data, which has an address of its own."""
_LIST = re.compile(r"\d{1,6}(,\d{1,6})*")
_INDEXES = 2048


@dataclass(frozen=True)
class FrameIndex:
    """Where the frames of one file lie; ``places`` is empty where they do not lie in it as they are wanted."""

    planes: int
    syntax: str
    codec: str
    places: tuple[tuple[tuple[int, int], ...], ...] = ()
    """For each frame, first byte and length of its fragments as stored."""
    start: int = 0
    frame_bytes: int = 0
    """Bytes of a native frame that lies in the file as little endian; 0 when none does."""

    @property
    def media_type(self) -> str:
        """The media type of a frame as it is stored."""
        return FRAME_TYPES.get(self.codec, OCTETS)

    def spans(self, frame: int) -> tuple[tuple[int, int], ...]:
        """Return where the bytes of a frame, counted from 1, lie as they are stored; empty when they do not."""
        if self.frame_bytes:
            return ((self.start + (frame - 1) * self.frame_bytes, self.frame_bytes),)
        return self.places[frame - 1] if self.places else ()


def mapped(path: Path) -> memoryview:
    """Return the content of a file, mapped: only what is looked at is read."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def index_of(kernel: Kernel, row: dict[str, Any]) -> FrameIndex:
    """Return where the frames of an image lie.

    Raises
    ------
    NotFound
        The object has no pixels.
    """
    if row["kind"] != "image":
        raise NotFound(f"instance {row['uid']} has no frames: it is an object without pixels")
    return index_at(retrieve_objects.object_file(kernel, row))


@functools.lru_cache(maxsize=_INDEXES)
def index_at(path: Path) -> FrameIndex:
    """Return where the frames of a file lie that any DICOM reader understands; its content never changes."""
    from kerma.formats.dicom_file import open_file
    from kerma.formats.dicom_frames import frame_map
    from kerma.formats.dicom_header import pixel_layout

    file = open_file(mapped(path))
    layout = pixel_layout(file)
    if layout is None:
        raise NotFound("this object has no pixels, so it has no frames")
    found = FrameIndex(layout.planes, file.syntax.uid, file.syntax.codec)
    if file.syntax.is_deflated:
        return found
    try:
        frames = frame_map(file, layout)
    except Unreadable:
        return found  # fragments of video: what is stored can be given only as a whole
    if not frames.is_native:
        return FrameIndex(layout.planes, file.syntax.uid, file.syntax.codec, frames.spans)
    size = frames.frame_bytes if frames.has_plain_frames else 0
    return FrameIndex(layout.planes, file.syntax.uid, file.syntax.codec, (), frames.start, size or 0)


def numbers_of(written: str) -> tuple[int, ...]:
    """Return the frame numbers of a list such as ``1,2,5``.

    Raises
    ------
    WrongUsage
        It is no such list.
    """
    numbers = tuple(int(part) for part in written.split(",")) if _LIST.fullmatch(written) else ()
    if not numbers or 0 in numbers or len(numbers) > MOST:
        raise WrongUsage(
            f"'{written[:40]}' is no list of frames: numbers from 1, parted by commas, at most {MOST} of them"
        )
    return numbers


def answer(kernel: Kernel, row: dict[str, Any], written: str, accept: str) -> Answer:
    """Return frames of one image in the form the client wants most.

    Raises
    ------
    NotFound
        The image has none of these frames.
    NotAcceptable
        They cannot be given in any form that the client takes.
    """
    numbers = numbers_of(written)
    index = index_of(kernel, row)
    there = tuple(number for number in numbers if number <= index.planes)
    if not there:
        raise NotFound(f"the image has the frames 1 to {index.planes}, not {written[:40]}")
    form, media_type, syntax = _choose(row, index, accept, len(there))
    content_type = f"{media_type}; transfer-syntax={syntax}"
    tag = tag_of(row["sha256"], "frames", there, media_type, syntax, form.is_multipart)
    left_out = len(numbers) - len(there)
    headers = {"Warning": f'299 kerma "{left_out} frames do not exist"'} if left_out else {}
    status = PARTIAL if left_out else 200
    is_alone = len(there) == 1
    bodies = [_pieces(kernel, row, index, syntax, number, is_alone=is_alone) for number in there]
    if not form.is_multipart:
        return Answer(bodies[0], content_type, tag, caching=FIXED, status=status, headers=headers)
    place = retrieve.address_of(row)
    parts = [Part(content_type, f"{place}/frames/{number}", body) for number, body in zip(there, bodies, strict=True)]
    pieces, whole_type = multipart(parts, media_type, tag)
    return Answer(pieces, whole_type, tag, caching=FIXED, status=status, headers=headers)


def pixel_data(kernel: Kernel, rows: Sequence[dict[str, Any]], accept: str) -> Answer:
    """Return every frame of every image, each as a part (PS3.18, 10.4.1.5)."""
    images = [row for row in rows if row["kind"] == "image"]
    if not images:
        raise NotFound("there are no pixels here")
    parts: list[Part] = []
    types: list[str] = []
    for row in images:
        index = index_of(kernel, row)
        try:
            _, media_type, syntax = _choose(row, index, accept, index.planes + 1)
        except NotAcceptable:
            if len(images) == 1:
                raise
            continue
        types.append(media_type)
        place = f"{retrieve.address_of(row)}/frames/"
        parts += [
            Part(
                f"{media_type}; transfer-syntax={syntax}",
                f"{place}{number}",
                _pieces(kernel, row, index, syntax, number, is_alone=False),
            )
            for number in range(1, index.planes + 1)
        ]
    if not parts:
        raise NotAcceptable("none of these images can be given so; ask for application/octet-stream")
    tag = tag_of("pixel data", [(row["sha256"], row["uid"]) for row in images], [part.content_type for part in parts])
    pieces, whole_type = multipart(parts, types[0], tag)
    return Answer(pieces, whole_type, tag, status=PARTIAL if len(types) < len(images) else 200)


def _choose(row: dict[str, Any], index: FrameIndex, accept: str, count: int) -> tuple[Wanted, str, str]:
    """Return the form, and the media type and transfer syntax of the frames, that the client wants most."""
    from kerma.formats.dicom_syntax import SYNTAXES

    asked = rules_media.wanted(accept)
    can_decode = index.syntax in SYNTAXES
    for form in asked:
        is_multipart = form.is_multipart or form.media_type == "*/*"
        if not is_multipart and count > 1:
            continue
        found = rules_media.frame_form(form, index.media_type, index.syntax, can_decode)
        if found is not None and (found[1] != index.syntax or index.spans(1)):
            whole = Wanted(form.media_type, is_multipart, form.syntax, form.quality)
            return whole, *found
        if found is not None and can_decode:
            whole = Wanted(form.media_type, is_multipart, form.syntax, form.quality)
            return whole, OCTETS, rules_media.EXPLICIT
    encoded = ", ".join(f"{media} ({syntax})" for media, syntax in rules_media.FRAME_DEFAULTS.items() if can_decode)
    raise NotAcceptable(
        f"frames of instance {row['uid']} are available as stored ({index.media_type}, {index.syntax}; ask for "
        f"application/octet-stream; transfer-syntax=*) and as {encoded or 'nothing else'}, each as "
        'multipart/related; type="…" and a single one also alone'
    )


def _pieces(
    kernel: Kernel, row: dict[str, Any], index: FrameIndex, syntax: str, number: int, *, is_alone: bool
) -> list[Piece]:
    """Return the bytes of one frame: where they lie, or made now when it is the only one, else when its turn comes."""
    is_plain = bool(index.frame_bytes) and syntax == rules_media.EXPLICIT
    if (syntax == index.syntax or is_plain) and (spans := index.spans(number)):
        path = retrieve_objects.object_file(kernel, row)
        return [FilePart(path, start, length) for start, length in spans]
    if is_alone:
        return [_encoded(kernel, row, syntax, number)]
    return [Later(lambda: [_encoded(kernel, row, syntax, number)])]


def encoded(kernel: Kernel, row: dict[str, Any], syntax: str, number: int) -> Path:
    """Return one frame of an image as one of this transfer syntax, in a file that may be deleted later.

    Raises
    ------
    NotAcceptable
        It cannot be given so.
    """
    name = retrieve_cache.name_of("frame", row["sidecar_sha256"], syntax, number)
    path = retrieve_cache.find(kernel, row["sha256"], name)
    if path is not None:
        return path
    source = retrieve_objects.object_file(kernel, row)
    try:
        with retrieve_objects.turn():
            (content,) = reader(retrieve_objects.DUTY).frames(source, syntax, (number,))
    except Unreadable as error:
        raise NotAcceptable(
            f"frame {number} cannot be given so: {error}. As it is stored it can be had with "
            "Accept: application/octet-stream; transfer-syntax=*"
        ) from error
    return retrieve_cache.keep(kernel, row["sha256"], name, lambda out: retrieve_objects.write(out, content))


def _encoded(kernel: Kernel, row: dict[str, Any], syntax: str, number: int) -> FilePart:
    path = encoded(kernel, row, syntax, number)
    return FilePart(path, 0, path.stat().st_size)
