"""What the objects say without their bulk data, and the bulk data by address (PS3.18, 10.4.1.1.2 and 10.4.1.1.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import documents, retrieve, retrieve_frames, retrieve_objects, rules_media
from kerma.areas.archive.retrieve_answer import FIXED, Answer, Part, multipart, tag_of
from kerma.areas.archive.retrieve_stream import FilePart, Later, Piece
from kerma.areas.archive.rules_documents import addressed
from kerma.areas.archive.rules_media import JSON, OCTETS, XML
from kerma.errors import NotAcceptable, NotFound

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

_JSON_TYPES = (JSON, "application/json")
_BULK = '"BulkDataURI":"'
_BULK_PATH = re.compile(r'"BulkDataURI":"[^"]*/bulkdata/([^"/]+)"')
_PIXELS = "7FE00010"


def answer(kernel: Kernel, rows: Sequence[dict[str, Any]], accept: str, base: str) -> Answer:
    """Return the metadata of these images, as DICOM JSON or as the native XML model.

    Parameters
    ----------
    base : the address of the server that the asker used, ``https://host``, fit to stand in JSON
    """
    asked = rules_media.wanted(accept)
    tag = tag_of("metadata", base, [(row["uid"], row["sha256"]) for row in rows])
    for form in asked:
        if form.is_multipart and form.takes(XML) and form.media_type != "*/*":
            parts = [Part(XML, retrieve.address_of(row), [Later(_xml_of(kernel, row, base))]) for row in rows]
            pieces, content_type = multipart(parts, XML, tag_of(tag, XML))
            return Answer(pieces, content_type, tag_of(tag, XML))
        found = next((one for one in _JSON_TYPES if form.takes(one)), None)
        if found is not None:
            content_type = found if found != form.media_type else form.media_type
            return Answer(_json_pieces(kernel, rows, base), content_type, tag)
    raise NotAcceptable(f'metadata are available as {JSON} and as multipart/related; type="{XML}"')


def bulk(kernel: Kernel, row: dict[str, Any], path: str, accept: str) -> Answer:
    """Return the value at one bulk data address of an instance.

    Raises
    ------
    NotFound
        The instance has no such value.
    """
    from kerma.formats.dicom_json import bulk_element

    source = retrieve_objects.object_file(kernel, row)
    data = retrieve_frames.mapped(source)
    found = bulk_element(data, path)
    if found is None:
        raise NotFound(f"instance {row['uid']} has no bulk data at '{path[:80]}'; its metadata list the addresses")
    _, element = found
    if path.upper() == _PIXELS and row["kind"] == "image":
        return _pixels(kernel, row, accept)
    piece = _value(source, data, path, element[1], element[2])
    tag = tag_of(row["sha256"], "bulk", path.upper())
    for form in rules_media.wanted(accept):
        if form.takes(OCTETS) and form.is_multipart:
            place = f"{retrieve.address_of(row)}/bulkdata/{path}"
            pieces, content_type = multipart([Part(OCTETS, place, [piece])], OCTETS, tag)
            return Answer(pieces, content_type, tag_of(tag, "multipart"), caching=FIXED)
        if form.takes(OCTETS):
            return Answer([piece], OCTETS, tag, caching=FIXED)
    raise NotAcceptable(f'bulk data are available as {OCTETS}, alone or in multipart/related; type="{OCTETS}"')


def all_bulk(kernel: Kernel, rows: Sequence[dict[str, Any]], accept: str) -> Answer:
    """Return all bulk data of these images: each value a part, compressed pixels a part for each frame."""
    if not any(form.is_multipart or form.media_type == "*/*" for form in rules_media.wanted(accept)):
        raise NotAcceptable(f'several bulk data are available as multipart/related; type="{OCTETS}"')
    parts: list[Part] = []
    for row, text in zip(rows, _texts(kernel, rows), strict=True):
        parts += _bulk_parts(kernel, row, text)
    if not parts:
        raise NotFound("there are no bulk data here")
    tag = tag_of("all bulk", [(row["uid"], row["sha256"]) for row in rows])
    pieces, content_type = multipart(parts, OCTETS, tag)
    return Answer(pieces, content_type, tag)


def _bulk_parts(kernel: Kernel, row: dict[str, Any], text: str) -> Iterator[Part]:
    from kerma.formats.dicom_json import bulk_element

    source = retrieve_objects.object_file(kernel, row)
    data = retrieve_frames.mapped(source)
    place = retrieve.address_of(row)
    for path in _BULK_PATH.findall(text):
        if path == _PIXELS and row["kind"] == "image":
            pixels = retrieve_frames.index_of(kernel, row)
            for number in range(1, pixels.planes + 1):
                spans = pixels.spans(number)
                if spans:
                    pieces = [FilePart(source, start, length) for start, length in spans]
                    kind = f"{pixels.media_type}; transfer-syntax={pixels.syntax}"
                    yield Part(kind, f"{place}/frames/{number}", pieces)
            continue
        found = bulk_element(data, path)
        if found is not None:
            piece = _value(source, data, path, found[1][1], found[1][2])
            yield Part(OCTETS, f"{place}/bulkdata/{path}", [piece])


def _pixels(kernel: Kernel, row: dict[str, Any], accept: str) -> Answer:
    """Return the pixel data of one image: native in one piece where it is asked for so, else frame by frame."""
    index = retrieve_frames.index_of(kernel, row)
    for form in rules_media.wanted(accept):
        if form.is_multipart:
            return retrieve_frames.pixel_data(kernel, [row], accept)
        if not form.takes(OCTETS):
            continue
        tag = tag_of(row["sha256"], "bulk", _PIXELS, rules_media.EXPLICIT)
        source, found = retrieve_objects.object_file(kernel, row), index
        if not found.frame_bytes:
            source = retrieve_objects.copy(kernel, row, rules_media.EXPLICIT)
            found = retrieve_frames.index_at(source)
        if not found.frame_bytes:
            break
        content_type = f"{OCTETS}; transfer-syntax={rules_media.EXPLICIT}"
        pieces: list[Piece] = [FilePart(source, found.start, found.frame_bytes * found.planes)]
        return Answer(pieces, content_type, tag, caching=FIXED)
    return retrieve_frames.pixel_data(kernel, [row], accept)


def _value(source: Any, data: memoryview, path: str, start: int, length: int) -> Piece:
    """Return a value as little endian: a part of the file, unless it must be turned around or was deflated."""
    from kerma.formats.dicom_file import open_file
    from kerma.formats.dicom_json import bulk_element
    from kerma.formats.dicom_rewrite import little_endian

    file = open_file(data)
    if not file.syntax.is_big and not file.syntax.is_deflated:
        return FilePart(source, start, length)
    found = bulk_element(data, path)
    assert found is not None
    vr, element = found
    raw = bytes(file.data_set.data[element[1] : element[1] + element[2]])
    return little_endian(raw, vr.encode("ascii")) if file.syntax.is_big else raw


def _texts(kernel: Kernel, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the metadata of each image; of what came as no DICOM file, those of the object made from it."""
    known = documents.metadata_of(kernel, [row for row in rows if retrieve.is_dicom(row)])
    for row in rows:
        yield next(known) if retrieve.is_dicom(row) else _made_text(kernel, row)


def _made_text(kernel: Kernel, row: dict[str, Any]) -> str:
    from kerma.formats.dicom_json import metadata_text

    return metadata_text(retrieve_frames.mapped(retrieve_objects.object_file(kernel, row)), retrieve.address_of(row))


def _with_address(text: str, base: str) -> str:
    return addressed(text, base).replace(f"{_BULK}/dicom-web/", f"{_BULK}{base}/dicom-web/")


def _json_pieces(kernel: Kernel, rows: Sequence[dict[str, Any]], base: str) -> list[Piece]:
    """Return the list of objects; that of a whole study is made series by series while it is sent."""
    series: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        series.setdefault(row["series_uid"], []).append(row)

    def lines(some: Sequence[dict[str, Any]], is_first: bool) -> list[Piece]:
        joined = _with_address(",\n".join(_texts(kernel, some)), base)
        return [("" if is_first else ",\n").encode() + joined.encode("utf-8")]

    if len(series) == 1:
        return [b"[", *lines(rows, True), b"]"]
    made = [Later(_bound(lines, some, number == 0)) for number, some in enumerate(series.values())]
    return [b"[", *made, b"]"]


def _bound(make: Any, *given: Any) -> Any:
    return lambda: make(*given)


def _xml_of(kernel: Kernel, row: dict[str, Any], base: str) -> Any:
    def make() -> list[Piece]:
        from kerma.formats.dicom_xml import native_xml

        (text,) = _texts(kernel, [row])
        return [native_xml(json.loads(_with_address(text, base)))]

    return make
