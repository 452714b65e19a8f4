"""The form of UPS-RS answers: DICOM JSON, or the native model in XML, as the asker accepts (PS3.18, 8.7)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

from kerma.areas.archive.rules_media import JSON, XML, Wanted, first_of, wanted
from kerma.areas.worklist.rules_match import Document
from kerma.errors import NotAcceptable

if TYPE_CHECKING:
    from fastapi import Request

_JSONS = (JSON, "application/json")


def form_of(request: Request, *, is_list: bool) -> Wanted:
    """Return the form of the answer; the query parameter counts before the header (PS3.18, 8.3.3.1).

    Parameters
    ----------
    is_list : whether there may be several workitems: XML then comes in parts

    Raises
    ------
    NotAcceptable
        The asker accepts none that there is.
    """
    accept = request.query_params.get("accept") or request.headers.get("accept", "")
    for one in wanted(accept):
        offers = (XML,) if one.is_multipart else (*_JSONS, *(() if is_list else (XML,)))
        form = first_of([one], offers)
        if form is not None:
            return form
    xml = f'multipart/related; type="{XML}"' if is_list else XML
    raise NotAcceptable(f"workitems are given as {JSON} or as {xml}; ask for one of them")


def encoded(documents: Sequence[Document], form: Wanted) -> Response:
    """Return the answer that holds these workitems."""
    if form.media_type != XML:
        return Response(json.dumps(documents, ensure_ascii=True, separators=(",", ":")), media_type=form.media_type)
    from kerma.formats.dicom_xml import native_xml

    if not form.is_multipart:
        return Response(native_xml(documents[0]), media_type=XML)
    boundary = uuid.uuid4().hex
    head = f"--{boundary}\r\nContent-Type: {XML}\r\n\r\n".encode()
    body = b"".join([*(head + native_xml(one) + b"\r\n" for one in documents), f"--{boundary}--\r\n".encode()])
    return Response(body, media_type=f'multipart/related; type="{XML}"; boundary={boundary}')
