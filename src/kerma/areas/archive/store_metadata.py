"""Objects sent as metadata and bulk data, put together as DICOM files (PS3.18, 10.5.1.2).

Bulk data go to one temporary file without a name, which is gone with the request whatever happens; the metadata, of
which a request may bring 16 MiB, are held.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kerma.areas.archive.actions_index import Received
from kerma.areas.archive.rules_media import EXPLICIT, FRAME_TYPES, JPEG, JSON, OCTETS, XML
from kerma.areas.archive.store import Objects, Store
from kerma.areas.archive.store_answer import NOT_UNDERSTOOD, OUT_OF_RESOURCES, UNSUPPORTED_SYNTAX, Fate
from kerma.errors import Hostile, KermaError, TooLarge, Unreadable, WrongUsage
from kerma.formats import dicom_compose
from kerma.formats.dicom_syntax import SYNTAXES
from kerma.formats.dicom_xml_read import document_of
from kerma.kernel.multipart import Begin, End, Parser, media_type

METADATA_BYTES_MAX = 16 << 20
INSTANCES_MAX = 10_000
DEPTH_MAX = 192
"""Each level of sequences is three levels of JSON."""
CHUNK_BYTES = 1 << 20
SNIFFED_BYTES = 65_536
PIXEL_DATA = "7FE00010"
STATED_IN = ("00020010", "00083002")
"""Transfer Syntax UID, Available Transfer Syntax UID."""
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
_UID = re.compile(r"[0-9.]{1,64}")
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_DEFAULTS = {
    kind: next(uid for uid, one in SYNTAXES.items() if one.codec == codec)
    for codec, kind in FRAME_TYPES.items()
    if kind != OCTETS
} | {JPEG: JPEG_LOSSLESS}
"""The transfer syntax of compressed frames by their media type, where nothing states it (PS3.18, table 8.7.3-2)."""
_JPEG_PROCESSES = {0xC0: "1.2.840.10008.1.2.4.50", 0xC1: "1.2.840.10008.1.2.4.51", 0xC3: JPEG_LOSSLESS}
"""The transfer syntax of a JPEG codestream by the marker of its frame (PS3.5, 8.2.1)."""


@dataclass
class Part:
    """One part with bulk data: where it lies in the temporary file."""

    kind: str
    syntax_uid: str
    start: int
    size_bytes: int = 0
    is_too_large: bool = False


@dataclass
class Metadata:
    """One part with metadata."""

    syntax_uid: str
    content: bytearray = field(default_factory=bytearray)


class Composed:
    """A multipart body of metadata and bulk data."""

    def __init__(self, store: Store, boundary: bytes, read: Callable[[bytes], list[Any]], kind: str) -> None:
        self._store = store
        self._parser = Parser(boundary)
        self._read = read
        self._kind = kind
        self._limit_bytes = store.kernel.settings.upload_limit_bytes
        self._metadata: list[Metadata] = []
        self._metadata_bytes = 0
        self._bulk: dict[str, list[Part]] = {}
        self._current: Metadata | Part | None = None
        self._end_bytes = 0
        folder = store.kernel.settings.home / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115

    def take(self, pieces: Sequence[bytes]) -> None:
        """Gather metadata, write bulk data."""
        for piece in pieces:
            for event in self._parser.feed(piece):
                if isinstance(event, memoryview):
                    self._content(event)
                elif isinstance(event, Begin):
                    self._begin(event.headers)
                elif isinstance(event, End):
                    self._current = None

    def finish(self) -> list[Fate]:
        """Put the objects together and return what became of each."""
        try:
            self._parser.finish()
            objects = Objects(self._store)
            number = 0
            for metadata in self._metadata:
                for document in self._documents(metadata):
                    number += 1
                    if number > INSTANCES_MAX:
                        raise TooLarge(f"one request may bring {INSTANCES_MAX} objects at most: send fewer at a time")
                    objects.add(self._kept(document, metadata.syntax_uid))
            if not number:
                raise WrongUsage(f"the body holds no metadata: a part of type {self._kind} is needed")
            return objects.fates()
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Remove what came."""
        self._file.close()

    def _begin(self, headers: Mapping[str, str]) -> None:
        kind, parameters = media_type(headers.get("content-type", OCTETS))
        syntax_uid = parameters.get("transfer-syntax", "")
        if kind == self._kind:
            self._current = Metadata(syntax_uid)
            self._metadata.append(self._current)
            return
        self._current = Part(kind, syntax_uid, self._end_bytes)
        for name in {headers.get("content-location", ""), _cid(headers.get("content-id", ""))} - {""}:
            self._bulk.setdefault(name, []).append(self._current)

    def _content(self, piece: memoryview) -> None:
        current = self._current
        if isinstance(current, Metadata):
            self._metadata_bytes += len(piece)
            if self._metadata_bytes > METADATA_BYTES_MAX:
                raise TooLarge(f"one request may bring {METADATA_BYTES_MAX} bytes of metadata: send fewer objects")
            current.content += piece
        elif current is not None and not current.is_too_large:
            current.size_bytes += len(piece)
            current.is_too_large = current.size_bytes > self._limit_bytes
            self._write(piece)

    def _write(self, piece: memoryview) -> None:
        try:
            while piece:
                written = os.write(self._file.fileno(), piece)
                self._end_bytes += written
                piece = piece[written:]
        except OSError as error:
            raise TooLarge(f"the bulk data could not be written: {error.strerror}") from error

    def _kept(self, document: Any, syntax_uid: str) -> Fate | Future[Fate | Received]:
        """Write one object and hand it on; returns what is wrong with it instead, if anything."""
        fate = _refusal(document)
        try:
            if not isinstance(document, dict):
                raise Unreadable("the metadata are no DICOM JSON model: an object with tags is needed")
            syntax_uid = self._syntax(document, syntax_uid)
            pieces = dicom_compose.composed(document, syntax_uid, self._fetch)
            writer = self._store.kernel.blobs.writer()
            try:
                for piece in pieces:
                    writer.write(piece)
            except BaseException:
                writer.discard()
                raise
            return self._store.keep(writer)
        except TooLarge as error:
            return fate(OUT_OF_RESOURCES, str(error))
        except _Unsupported as error:
            return fate(UNSUPPORTED_SYNTAX, str(error))
        except KermaError as error:
            return fate(NOT_UNDERSTOOD, str(error))

    def _documents(self, metadata: Metadata) -> list[Any]:
        try:
            return self._read(bytes(metadata.content))
        except Unreadable as error:
            raise WrongUsage(str(error)) from error

    def _syntax(self, document: Any, stated: str) -> str:
        """Return the transfer syntax of an object: as stated with its pixels or metadata, else by their media type."""
        pixels = document.get(PIXEL_DATA, {})
        pixels = pixels if isinstance(pixels, dict) else {}
        parts = self._bulk.get(str(pixels.get("BulkDataURI", "")), [])
        kind = parts[0].kind if parts else OCTETS
        own = parts[0].syntax_uid if parts else ""
        said = [uid for uid in (own, stated, _first(document, *STATED_IN)) if uid]
        if kind != OCTETS:  # what the metadata are written in says nothing of pixels that come compressed
            said = [uid for uid in said if uid not in dicom_compose.NATIVE]
            said += [_sniffed(self, parts), _DEFAULTS.get(kind, "")]
        stated = next(filter(None, said), EXPLICIT if kind == OCTETS else "")
        if stated not in SYNTAXES:
            raise _Unsupported(f"pixel data of type {kind[:64]} in the transfer syntax '{stated[:64]}' are not taken")
        return stated

    def _fetch(self, address: str) -> list[dicom_compose.Bulk]:
        parts = self._bulk.get(address) or self._bulk.get(_cid(address.removeprefix("cid:")))
        if not parts:
            raise Unreadable(f"the metadata refer to bulk data '{address[:200]}' that did not come")
        if any(part.is_too_large for part in parts):
            raise TooLarge(f"bulk data are larger than the {self._limit_bytes} bytes that are accepted")
        return [dicom_compose.Bulk(part.size_bytes, partial(self._stream, part)) for part in parts]

    def _stream(self, part: Part) -> Iterator[bytes]:
        at, end = part.start, part.start + part.size_bytes
        while at < end:
            piece = os.pread(self._file.fileno(), min(CHUNK_BYTES, end - at), at)
            at += len(piece)
            yield piece

    def beginning(self, part: Part) -> bytes:
        """Return the first bytes of bulk data."""
        return os.pread(self._file.fileno(), min(SNIFFED_BYTES, part.size_bytes), part.start)


class _Unsupported(KermaError):
    """Pixel data in a form that cannot be put into a file."""


def json_documents(content: bytes) -> list[Any]:
    """Return the data sets of DICOM JSON metadata.

    Raises
    ------
    Unreadable, Hostile
        It is no JSON, or nested beyond what a data set can be.
    """
    depth = 0
    for found in _BRACKETS.finditer(content):
        depth += _STEPS.get(found[0], 0)
        if depth > DEPTH_MAX:
            raise Hostile(f"the metadata are nested deeper than {DEPTH_MAX} levels: refused")
    try:
        documents = json.loads(content)
    except ValueError as error:
        raise Unreadable(f"the metadata are no JSON: {str(error)[:200]}") from error
    return documents if isinstance(documents, list) else [documents]


def xml_documents(content: bytes) -> list[Any]:
    """Return the data set of one part of XML metadata."""
    return [document_of(content)]


def _first(document: Any, *tags: str) -> str:
    """Return the first text that one of these attributes holds."""
    for tag in tags:
        values = document.get(tag, {}).get("Value", []) if isinstance(document.get(tag, {}), dict) else []
        if values and isinstance(values[0], str):
            return values[0]
    return ""


def _sniffed(body: Composed, parts: Sequence[Part]) -> str:
    """Tell the process of a JPEG codestream by the marker of its frame; empty for anything else."""
    if not parts or parts[0].kind != JPEG:
        return ""
    data, at = body.beginning(parts[0]), 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _JPEG_PROCESSES:
            return _JPEG_PROCESSES[marker]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return ""


def _cid(written: str) -> str:
    return written.strip().removeprefix("<").removesuffix(">")


def _refusal(document: Any) -> Callable[[int, str], Fate]:
    """Return what refuses an object under the identity that its metadata state."""
    if not isinstance(document, dict):
        return Fate
    names = {"image_uid": "00080018", "series_uid": "0020000E", "exam_uid": "0020000D", "sop_class_uid": "00080016"}
    identity = {name: _first(document, tag) for name, tag in names.items()}
    return partial(_refused, {name: uid for name, uid in identity.items() if _UID.fullmatch(uid)})


def _refused(identity: dict[str, str], failure: int, words: str) -> Fate:
    return Fate(failure, words, **identity)


json_body = partial(Composed, read=json_documents, kind=JSON)
xml_body = partial(Composed, read=xml_documents, kind=XML)
