"""The tiles of an image: all tiles of a plane are made once, the overview first, and kept as one copy.

Whoever asks for a tile of a plane that is being made waits for that tile only. Nothing is encoded twice at a time, and
at most a few planes at once.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive import retrieve_cache, tiles_file, tiles_source
from kerma.areas.archive.model import image
from kerma.errors import Altered, Gone, NotFound, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kerma.kernel.action import Kernel
    from kerma.science.imaging.pyramid import Place, Wire

    Key = tuple[Path, str, str]

log = logging.getLogger(__name__)

VERSION = 1
"""Goes into every tag: raise it when the tiles of the same image change."""
MEDIA_TYPE = "image/jls"
PLANES_AT_ONCE = 2
NEIGHBOURS = 2
"""Planes on either side of one that was asked for, made next ..."""
NEIGHBOUR_PIXELS_MAX = 1 << 22
"""... where a plane is no larger than this."""
WAITING_MAX = 24
"""Requests that may wait for tiles being made; more would take all the threads that answer the others."""

_makings: dict[Key, _Making] = {}
_makings_lock = threading.Lock()
_waiting = threading.BoundedSemaphore(WAITING_MAX)
_makers = ThreadPoolExecutor(PLANES_AT_ONCE, thread_name_prefix="kerma-tiles")
_ahead = ThreadPoolExecutor(1, thread_name_prefix="kerma-tiles-ahead")
_encoders = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="kerma-tiles-encode")


def tag_of(row: dict[str, Any]) -> str:
    """Return the name of an image's tiles: other pixels, or the same ones encoded otherwise, have another."""
    return retrieve_cache.name_of("tiles", VERSION, row["sha256"], row["sidecar_sha256"])[:32]


def tile(kernel: Kernel, row: dict[str, Any], tag: str, plane: int, place: Place) -> bytes:
    """Return one tile as JPEG-LS, from its copy, else as soon as it has been made.

    Raises
    ------
    Gone
        The tag is not that of the image as it is now.
    NotFound
        The image has no such plane, level or tile.
    Unreadable, Hostile, TooLarge
        It has no pixels, or they cannot be decoded.
    TooManyRequests
        Too many wait for tiles already.
    """
    if tag != tag_of(row):
        raise Gone(f"these tiles of image {row['id']} are no longer served: ask for its pixels again")
    tiles_source.demand_pixels(row, plane)
    number, count = _number(row, place)
    while True:
        path = retrieve_cache.find(kernel, row["sha256"], _name(row, plane))
        if path is None:
            made = _made(kernel, row, plane, number)
            if made is not None:
                return made
            continue
        try:
            return tiles_file.read(path, number, count)
        except FileNotFoundError:
            continue
        except Altered:
            path.unlink(missing_ok=True)


def make(kernel: Kernel, row: dict[str, Any], plane: int) -> None:
    """Make the tiles of a plane now, in this thread, unless they are there or being made."""
    making, is_new = _making_of(kernel, row, plane)
    if making is not None and is_new:
        making.run(kernel)
    if making is not None:
        making.wait_all()


def forget(digests: set[str]) -> None:
    """Let go of what is being made of bytes that have been deleted."""
    with _makings_lock:
        for making in _makings.values():
            making.is_forgotten = making.is_forgotten or making.row["sha256"] in digests


class _Making:
    """The tiles of one plane while they are made: each is there for whoever waits as soon as it is encoded."""

    def __init__(self, row: dict[str, Any], plane: int) -> None:
        from kerma.science.imaging.pyramid import places

        self.row, self.plane = row, plane
        self.places = list(places(row["rows"], row["columns"]))
        self.tiles: list[Future[bytes]] = [Future() for _ in self.places]
        self.is_forgotten = False

    def run(self, kernel: Kernel) -> None:
        """Make everything; an error goes to all who wait."""
        try:
            self._keep(kernel, [future.result() for future in self._encoding(kernel)])
        except Exception as error:
            log.info("tiles of image %d, plane %d: %s", self.row["id"], self.plane, error)
            for waiting in self.tiles:
                if not waiting.done():
                    waiting.set_exception(error)
        finally:
            with _makings_lock:
                _makings.pop(_key(kernel, self.row, self.plane), None)

    def wait_all(self) -> None:
        """Wait until every tile has been made."""
        for waiting in self.tiles:
            waiting.result()

    def _encoding(self, kernel: Kernel) -> Sequence[Future[bytes]]:
        from kerma.science.imaging import pyramid

        source = tiles_source.source_of(kernel, self.row)
        if (source.rows, source.columns) != (self.row["rows"], self.row["columns"]):
            raise Altered(f"image {self.row['id']} has another size than the index says: run `kerma archive check`")
        scale = pyramid.wire_scale(source.image)
        wire = pyramid.to_wire(source.image, source.stored(self.plane), scale)
        stack = pyramid.pyramid(wire, scale.padding)
        asked = enumerate(self.places)
        return [_encoders.submit(self._encode, number, stack[place.level], place) for number, place in asked]

    def _encode(self, number: int, wire: Wire, place: Place) -> bytes:
        from kerma.formats import transcode
        from kerma.science.imaging import pyramid

        content = transcode.jpeg_ls(pyramid.tile(wire, place))
        self.tiles[number].set_result(content)
        return content

    def _keep(self, kernel: Kernel, made: Sequence[bytes]) -> None:
        name = _name(self.row, self.plane)
        retrieve_cache.keep(kernel, self.row["sha256"], name, lambda out: tiles_file.write(out, made))
        forget_if_deleted(kernel, self.row, is_forgotten=self.is_forgotten)


def forget_if_deleted(kernel: Kernel, row: dict[str, Any], *, is_forgotten: bool = False) -> None:
    """Remove the copies of an image that was deleted while a copy of it was being made, here or by another process."""
    with kernel.database.read() as connection:
        is_there = connection.execute(sa.select(image.c.id).where(image.c.id == row["id"])).first() is not None
    if is_forgotten or not is_there:
        retrieve_cache.forget(kernel, row["sha256"])


def _made(kernel: Kernel, row: dict[str, Any], plane: int, number: int) -> bytes | None:
    """Return a tile once it has been made, by whoever asked first; None when it has just been kept."""
    with _turn():
        making, is_new = _making_of(kernel, row, plane)
        if making is None:
            return None
        if is_new:
            _makers.submit(making.run, kernel)
            _make_neighbours(kernel, row, plane)
        return making.tiles[number].result()


def _make_neighbours(kernel: Kernel, row: dict[str, Any], plane: int) -> None:
    if row["rows"] * row["columns"] > NEIGHBOUR_PIXELS_MAX:
        return
    for distance in range(1, NEIGHBOURS + 1):
        for neighbour in (plane + distance, plane - distance):
            if 0 <= neighbour < (row["planes"] or 1):
                _ahead.submit(make, kernel, row, neighbour)


def _making_of(kernel: Kernel, row: dict[str, Any], plane: int) -> tuple[_Making | None, bool]:
    """Return the making of a plane (None when its tiles are kept already), and whether it is to be begun."""
    key = _key(kernel, row, plane)
    with _makings_lock:
        found = _makings.get(key)
        if found is not None:
            return found, False
        if retrieve_cache.find(kernel, row["sha256"], _name(row, plane)) is not None:
            return None, False
        _makings[key] = made = _Making(row, plane)
        return made, True


@contextmanager
def _turn() -> Iterator[None]:
    if not _waiting.acquire(blocking=False):
        raise TooManyRequests(f"{WAITING_MAX} requests wait for tiles already: ask again", retry_after_s=1.0)
    try:
        yield
    finally:
        _waiting.release()


def _number(row: dict[str, Any], place: Place) -> tuple[int, int]:
    """Return which tile of its file this is, and how many there are."""
    from kerma.science.imaging.pyramid import levels

    found = levels(row["rows"], row["columns"])
    if not 0 <= place.level < len(found):
        raise NotFound(f"the image has the levels 0 to {len(found) - 1}, not {place.level}")
    level = found[place.level]
    if not (0 <= place.row < level.tile_rows and 0 <= place.column < level.tile_columns):
        raise NotFound(
            f"level {place.level} has {level.tile_rows} x {level.tile_columns} tiles, none at "
            f"{place.row}, {place.column}"
        )
    before = sum(one.tile_rows * one.tile_columns for one in found[place.level + 1 :])
    count = sum(one.tile_rows * one.tile_columns for one in found)
    return before + place.row * level.tile_columns + place.column, count


def _name(row: dict[str, Any], plane: int) -> str:
    return retrieve_cache.name_of("tiles", VERSION, row["sidecar_sha256"], plane)


def _key(kernel: Kernel, row: dict[str, Any], plane: int) -> Key:
    return kernel.settings.home, row["sha256"], _name(row, plane)
