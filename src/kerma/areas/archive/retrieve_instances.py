"""Whole DICOM objects: each in a transfer syntax that the client takes, streamed one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import retrieve, retrieve_objects, rules_media
from kerma.areas.archive.retrieve_answer import FIXED, PARTIAL, Answer, Part, multipart, tag_of
from kerma.areas.archive.retrieve_stream import Later, Piece
from kerma.areas.archive.rules_media import DICOM, Wanted
from kerma.errors import NotAcceptable
from kerma.formats.dicom_syntax import SYNTAXES

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

Chosen = list[tuple[dict[str, Any], str]]
"""Images, each with the transfer syntax it is given in."""


def answer(kernel: Kernel, rows: Sequence[dict[str, Any]], accept: str) -> Answer:
    """Return the objects of these images in the form the client wants most.

    Raises
    ------
    NotAcceptable
        None of them can be given in any form that the client takes; the message lists the forms.
    """
    chosen, is_multipart = _choose(rows, accept)
    status = PARTIAL if len(chosen) < len(rows) else 200
    missing = (
        {"Warning": f'299 kerma "{len(rows) - len(chosen)} instances cannot be given so"'} if status != 200 else {}
    )
    if not is_multipart:
        ((row, syntax),) = chosen
        content_type = f"{DICOM}; transfer-syntax={syntax}"
        return Answer(_pieces(kernel, row, syntax, is_alone=True), content_type, _tag(row, syntax), caching=FIXED)
    is_alone = len(chosen) == 1
    tag = tag_of("multipart", [_tag(row, syntax) for row, syntax in chosen])
    parts = [
        Part(
            f"{DICOM}; transfer-syntax={syntax}",
            retrieve.address_of(row),
            _pieces(kernel, row, syntax, is_alone=is_alone),
        )
        for row, syntax in chosen
    ]
    pieces, content_type = multipart(parts, DICOM, tag)
    return Answer(pieces, content_type, tag, status=status, headers=missing)


def can_decode(row: dict[str, Any]) -> bool:
    """Return whether an image can be given in other transfer syntaxes than its own."""
    return not retrieve.is_dicom(row) or row["transfer_syntax_uid"] in SYNTAXES


def _choose(rows: Sequence[dict[str, Any]], accept: str) -> tuple[Chosen, bool]:
    """Return the images that can be given, and whether as parts of one body; single objects also stand alone."""
    asked = rules_media.wanted(accept)
    forms = [form for form in asked if form.takes(DICOM)]
    for form in forms:
        # only a single instance can stand alone, and only where that is asked for by name
        is_multipart = form.is_multipart or form.media_type == "*/*"
        if not is_multipart and len(rows) > 1:
            continue
        alike = [one for one in forms if (one.is_multipart or one.media_type == "*/*") == is_multipart]
        chosen = [(row, syntax) for row in rows if (syntax := _syntax(row, alike)) is not None]
        if chosen:
            return chosen, is_multipart
    raise NotAcceptable(_available(rows, asked))


def _syntax(row: dict[str, Any], forms: Sequence[Wanted]) -> str | None:
    """Return the transfer syntax of the first form an image can be given in; as stored where that is as good."""
    stored = retrieve.syntax_of(row)
    found = [
        (form, syntax)
        for form in forms
        if (syntax := rules_media.object_syntax(form, stored, can_decode(row))) is not None
    ]
    best = [syntax for form, syntax in found if form.quality == found[0][0].quality]
    return stored if stored in best else (best[0] if best else None)


def _available(rows: Sequence[dict[str, Any]], asked: Sequence[Wanted]) -> str:
    stored = sorted({retrieve.syntax_of(row) for row in rows})
    alone = f" or {DICOM} alone" if len(rows) == 1 else f"; {DICOM} alone only holds one instance"
    syntaxes = ", ".join(dict.fromkeys([*stored, *(rules_media.TARGETS if any(map(can_decode, rows)) else ())]))
    wanted = ", ".join(form.media_type for form in asked)[:200] or "nothing that could be understood"
    return (
        f'available are multipart/related; type="{DICOM}"{alone}, each with transfer-syntax=* (as stored) or one of '
        f"{syntaxes}; accepted was {wanted}"
    )


def _pieces(kernel: Kernel, row: dict[str, Any], syntax: str, *, is_alone: bool) -> list[Piece]:
    """Return an object's bytes: ready, made now when it is the only one, else made when its turn comes."""
    if is_alone:
        return [retrieve_objects.made_part(kernel, row, syntax)]
    ready = retrieve_objects.part(kernel, row, syntax)
    return [ready or Later(lambda: [retrieve_objects.made_part(kernel, row, syntax)])]


def _tag(row: dict[str, Any], syntax: str) -> str:
    return str(row["sha256"]) if retrieve_objects.is_as_stored(row, syntax) else tag_of(row["sha256"], syntax)
