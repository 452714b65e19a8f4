"""QIDO-RS: searching over HTTP (PS3.18, 10.6). Finished documents are joined; nothing is built for each result."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kerma.areas.archive import actions, documents, queries_qido
from kerma.areas.archive.queries_find import Level, Query, counted, documents_of, images_at, rows
from kerma.areas.archive.queries_sight import plain_results
from kerma.areas.archive.rules_documents import addressed
from kerma.areas.archive.rules_media import JSON, XML, Wanted, first_of, wanted
from kerma.errors import NotAcceptable
from kerma.kernel import requests
from kerma.kernel.action import Kernel

router = APIRouter(prefix="/dicom-web", tags=["dicomweb"], include_in_schema=False)

PURPOSE = "search (QIDO-RS)"
MANY = 1_000
"""What lies beyond the answer is counted up to here: an exact number would cost a walk over all."""
STUDY_UID, SERIES_UID, IMAGE_UID = "0020000D", "0020000E", "00080018"
_JSONS = (JSON, "application/json")


@router.get("/studies")
def studies(request: Request) -> Response:
    """Search for studies."""
    return _answer(request, "study", {})


@router.get("/series")
def all_series(request: Request) -> Response:
    """Search for series of all studies."""
    return _answer(request, "series", {})


@router.get("/instances")
def all_instances(request: Request) -> Response:
    """Search for instances of all studies."""
    return _answer(request, "image", {})


@router.get("/studies/{exam_uid}/series")
def series_of_study(request: Request, exam_uid: str) -> Response:
    """Search for the series of a study."""
    return _answer(request, "series", {STUDY_UID: exam_uid})


@router.get("/studies/{exam_uid}/instances")
def instances_of_study(request: Request, exam_uid: str) -> Response:
    """Search for the instances of a study."""
    return _answer(request, "image", {STUDY_UID: exam_uid})


@router.get("/studies/{exam_uid}/series/{series_uid}/instances")
def instances_of_series(request: Request, exam_uid: str, series_uid: str) -> Response:
    """Search for the instances of a series."""
    return _answer(request, "image", {STUDY_UID: exam_uid, SERIES_UID: series_uid})


def _answer(request: Request, level: Level, within: Mapping[str, str]) -> Response:
    kernel, actor = requests.kernel_of(request), requests.actor_of(request)
    requests.look(request, actor, actions.view, exam_pk=None, purpose=PURPOSE)
    parameters = request.query_params.multi_items()
    form = _form(request)
    asked = queries_qido.search(level, within, parameters)
    with kernel.database.read() as connection:
        found: Sequence[Mapping[str, Any]] = list(rows(connection, asked.query))
        more = _beyond(connection, asked, len(found))
        found = plain_results(connection, actor, level, found, asked.query.matches)
    texts = _texts(kernel, level, asked, found)
    response = _encoded(texts, _base(request, kernel), form)
    _warn(response, asked, more)
    return response


def _form(request: Request) -> Wanted:
    """Return the form of the answer: the query parameter counts before the header (PS3.18, 8.3.3.1).

    Raises
    ------
    NotAcceptable
        The asker accepts none that there is.
    """
    accept = request.query_params.get("accept") or request.headers.get("accept", "")
    for one in wanted(accept):
        form = first_of([one], (XML,) if one.is_multipart else _JSONS)
        if form is not None:
            return form
    raise NotAcceptable(f'a search is answered as {JSON} or as multipart/related; type="{XML}"; ask for one of them')


def _texts(kernel: Kernel, level: Level, asked: queries_qido.Search, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one document for each result, ready where nothing is to be merged."""
    whole = level == "image" and _wants_files(asked)
    if not asked.query.with_parents and not whole:
        return [documents_of(level, row)[-1] for row in found]
    if level == "study":
        return [row["document"] for row in found]
    merged = [_merged(documents_of(level, row)) for row in found]
    if whole:
        _add_files(kernel, asked, found, merged)
    return [json.dumps(dict(sorted(one.items())), ensure_ascii=False, separators=(",", ":")) for one in merged]


def _merged(texts: Sequence[str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for text in texts:
        merged |= json.loads(text)
    return merged


def _wants_files(asked: queries_qido.Search) -> bool:
    """Whether attributes are asked for that only the files themselves have."""
    return asked.is_all or bool(asked.fields - _INDEXED)


_INDEXED = frozenset(one.path for one in queries_qido.attributes())


def _add_files(
    kernel: Kernel, asked: queries_qido.Search, found: Sequence[Mapping[str, Any]], merged: list[dict[str, Any]]
) -> None:
    """Add what the metadata of the images say: all of it, or the fields that were asked for."""
    with kernel.database.read() as connection:
        images = images_at(connection, image_uids=[row["uid"] for row in found])
    texts = dict(zip((one["uid"] for one in images), documents.metadata_of(kernel, images), strict=True))
    for row, one in zip(found, merged, strict=True):
        whole = json.loads(texts[row["uid"]]) if row["uid"] in texts else {}
        fields = {tag: value for tag, value in whole.items() if asked.is_all or tag in asked.fields}
        one |= {tag: value for tag, value in fields.items() if tag not in one}


def _beyond(connection: Any, asked: queries_qido.Search, found: int) -> int:
    """Return how many results lie beyond an answer that the server itself cut short, up to MANY and one more."""
    query = asked.query
    if not asked.is_limited or found < (query.limit or 0):
        return 0
    rest = Query(query.level, query.matches, fuzzy=query.fuzzy, combined=True, offset=query.offset + found)
    return counted(connection, rest, MANY + 1)


def _base(request: Request, kernel: Kernel) -> str:
    """Return the address that the asker used, fit to stand in JSON."""
    base = kernel.settings.origin or str(request.base_url).rstrip("/")
    return json.dumps(base)[1:-1]


def _encoded(texts: Sequence[str], base: str, form: Wanted) -> Response:
    # PS3.18, 10.6.3.1: a search without results is a success too, and its list is empty.
    if not form.is_multipart:
        return Response(addressed(f"[{','.join(texts)}]", base).encode(), media_type=form.media_type)
    from kerma.formats.dicom_xml import native_xml

    boundary = uuid.uuid4().hex
    head = f"--{boundary}\r\nContent-Type: {XML}\r\n\r\n".encode()
    parts = [head + native_xml(json.loads(addressed(text, base))) + b"\r\n" for text in texts]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return Response(body, media_type=f'multipart/related; type="{XML}"; boundary={boundary}')


def _warn(response: Response, asked: queries_qido.Search, more: int) -> None:
    words = []
    if asked.ignored:
        names = ", ".join(asked.ignored)
        words.append(f"These attributes cannot be matched and were ignored: {names[:400]}")
    if more:
        number = f"more than {MANY}" if more > MANY else str(more)
        words.append(f"There are {number} additional results that can be requested")
    for one in words:
        response.headers.append("Warning", f'299 Kerma "{one}"')
