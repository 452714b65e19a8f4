"""Answers with pictures: one that stands for what is asked for, or every frame of it (PS3.18, 10.4.1.1.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import retrieve, retrieve_cache, retrieve_pictures, rules_media
from kerma.areas.archive.retrieve_answer import PICTURE, Answer, Part, multipart, tag_of
from kerma.areas.archive.retrieve_frames import numbers_of
from kerma.areas.archive.retrieve_stream import FilePart, Later, Piece
from kerma.areas.archive.rules_media import JPEG, PNG
from kerma.areas.archive.rules_rendering import THUMBNAIL_PX, Look, Viewport, look_of
from kerma.errors import Hostile, NotAcceptable, NotFound, TooLarge, Unreadable

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

TYPES = (JPEG, PNG)
Frames = Sequence[tuple[dict[str, Any], int]]
"""Images, each with the number of one of its frames."""


def rendered(
    kernel: Kernel, rows: Sequence[dict[str, Any]], numbers: str, accept: str, parameters: Mapping[str, str]
) -> Answer:
    """Return the picture that stands for some images, or in a multipart body every frame of them.

    Parameters
    ----------
    numbers : the frames asked for, such as ``1,2``; empty for all
    """
    look, warning = look_of(parameters)
    media_type, is_multipart = _form(accept)
    frames = _frames(rows, numbers)
    if not is_multipart and numbers and len(frames) > 1:
        raise NotAcceptable(f'several frames are available as multipart/related; type="{media_type}"')
    make = _maker(lambda row, frame: retrieve_pictures.picture(kernel, row, frame, look, media_type))
    answer = _answer(frames if is_multipart else frames[:1], media_type, is_multipart, make, ("rendered", look))
    return replace(answer, headers={"Warning": f'299 kerma "{warning}"'} if warning else {})


def thumbnail(
    kernel: Kernel, rows: Sequence[dict[str, Any]], numbers: str, accept: str, parameters: Mapping[str, str]
) -> Answer:
    """Return the small picture that stands for some images: of the image in the middle, its frame in the middle."""
    look, _ = look_of({name: value for name, value in parameters.items() if name == "viewport"})
    viewport = look.viewport or Viewport(THUMBNAIL_PX, THUMBNAIL_PX)
    media_type, _ = _form(accept)
    images = _images(rows)
    row = images[len(images) // 2]
    frame = numbers_of(numbers)[0] if numbers else retrieve_pictures.middle_frame(row)
    make = _maker(lambda row, frame: retrieve_pictures.thumbnail(kernel, row, frame, viewport, media_type))
    return _answer([(row, frame)], media_type, False, make, ("thumbnail", viewport))


def one(kernel: Kernel, row: dict[str, Any], frame: int, look: Look, media_type: str) -> Answer:
    """Return the picture of one frame (WADO-URI)."""
    make = _maker(lambda row, frame: retrieve_pictures.picture(kernel, row, frame, look, media_type))
    return _answer([(row, frame)], media_type, False, make, ("rendered", look))


def _form(accept: str) -> tuple[str, bool]:
    """Return the media type the client wants most, and whether it wants a multipart body."""
    form = rules_media.first_of(rules_media.wanted(accept), TYPES)
    if form is None:
        raise NotAcceptable(f"pictures are available as {JPEG} and {PNG}, alone or as multipart/related of them")
    return form.media_type, form.is_multipart


def _images(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    images = [row for row in rows if row["kind"] == "image"]
    if not images:
        raise NotFound("there is nothing to show: these objects have no pixels")
    return images


def _frames(rows: Sequence[dict[str, Any]], numbers: str) -> Frames:
    images = _images(rows)
    if numbers:
        return [(images[0], number) for number in numbers_of(numbers)]
    return [(row, frame) for row in images for frame in range(1, row["planes"] + 1)]


def _maker(picture: Callable[[dict[str, Any], int], Path]) -> Callable[[dict[str, Any], int], list[Piece]]:
    def make(row: dict[str, Any], frame: int) -> list[Piece]:
        try:
            path = picture(row, frame)
        except (Hostile, TooLarge):
            raise
        except Unreadable as error:
            raise NotAcceptable(
                f"instance {row['uid']} cannot be shown: {error}. Its file can be had as it is stored"
            ) from error
        return [FilePart(path, 0, path.stat().st_size)]

    return make


def _answer(
    frames: Frames,
    media_type: str,
    is_multipart: bool,
    make: Callable[[dict[str, Any], int], list[Piece]],
    how: tuple[Any, ...],
) -> Answer:
    shown = [(row["sha256"], row["sidecar_sha256"], frame) for row, frame in frames]
    tag = tag_of(retrieve_cache.VERSION, how, media_type, shown, is_multipart)
    if not is_multipart:
        ((row, frame),) = frames
        return Answer(make(row, frame), media_type, tag, caching=PICTURE)
    is_alone = len(frames) == 1
    parts = [
        Part(
            media_type,
            f"{retrieve.address_of(row)}/frames/{frame}/rendered",
            make(row, frame) if is_alone else [_later(make, row, frame)],
        )
        for row, frame in frames
    ]
    pieces, content_type = multipart(parts, media_type, tag)
    return Answer(pieces, content_type, tag, caching=PICTURE)


def _later(make: Callable[[dict[str, Any], int], list[Piece]], row: dict[str, Any], frame: int) -> Later:
    return Later(lambda: make(row, frame))
