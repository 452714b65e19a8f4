"""STOW-RS: objects sent over HTTP (PS3.18, 10.5). The body streams to the disk, the answer comes once it is durable."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from kerma.areas.archive import store, store_answer, store_metadata
from kerma.areas.archive.actions_index import index
from kerma.areas.archive.rules_media import JSON, XML, first_of, wanted
from kerma.errors import KermaError, NotAcceptable, TooLarge, Unreadable, WrongUsage
from kerma.kernel import requests
from kerma.kernel.action import Actor, refuse
from kerma.kernel.multipart import boundary_of, media_type
from kerma.kernel.permissions import is_granted

log = logging.getLogger(__name__)

router = APIRouter(prefix="/dicom-web", tags=["dicomweb"], include_in_schema=False)

BATCH_BYTES = 640 << 10
"""What is gathered before a thread writes it, while the next is received: twice this is held of one sender."""
SILENCE_S = 30.0
"""How long a sender may send nothing."""
PATIENCE_S, SLOWEST_BYTES_PER_S = 60.0, 4_096
"""How long a sender may be waited for altogether: this, and the time its bytes take at the slowest rate."""
ANSWERS: Mapping[str, str] = {JSON: JSON, XML: XML, "application/json": JSON, "application/xml": XML}
"""The kinds of answer by what a sender may accept, the usual one first."""
INDUSTRY_HEADER = "kerma-industry"
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


@router.post("/studies")
@router.post("/studies/{exam_uid}")
async def store_instances(request: Request, exam_uid: str = "") -> Response:
    """Take objects into the archive; of a named study, or of whichever studies they are."""
    body: store.Body | None = None
    try:
        actor = await run_in_threadpool(_admitted, request)
        kind = _answer_kind(request)
        body = _body(request, actor, exam_uid)
        fates = await _received(request, body)
    except ClientDisconnect:
        log.info("a sender of DICOM objects went away before its request was complete")
        return Response(status_code=400)
    except TimeoutError:
        return _closing(requests.problem(WrongUsage("the body came too slowly: send it again")), 408)
    except KermaError as error:
        return _closing(requests.problem(error))
    return _answer(request, fates, kind)


def _admitted(request: Request) -> Actor:
    """Return the sender, once it is certain that it may store; before a byte of the body is asked for."""
    actor = requests.actor_of(request)
    if not is_granted(index.name, actor.permissions):
        refuse(requests.kernel_of(request), actor, index.name)
    return actor


def _answer_kind(request: Request) -> str:
    """Return the media type of the answer.

    Raises
    ------
    NotAcceptable
        The sender accepts none that there is.
    """
    form = first_of(wanted(request.headers.get("accept", "")), ANSWERS)
    if form is None or form.is_multipart:
        raise NotAcceptable(f"the answer is {JSON} or {XML}; the request accepts neither")
    return ANSWERS[form.media_type]


def _body(request: Request, actor: Actor, exam_uid: str) -> store.Body:
    """Return what reads the body, by its media type (PS3.18, 10.5.1)."""
    if exam_uid and not (_UID.fullmatch(exam_uid) and len(exam_uid) <= 64):
        raise WrongUsage("the address names no Study Instance UID: 1 to 64 digits and dots are needed")
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", ""):
        raise Unreadable(f"a body of Content-Encoding '{coding[:40]}' is not taken: send it as it is")
    asked = store.Store(_keeper(request), actor, exam_uid, _industry(request))
    kind, parameters = media_type(request.headers.get("content-type", ""))
    if kind == "application/dicom":
        _check_stated(request, asked.kernel.settings.upload_limit_bytes)
        return store.OneObject(asked)
    inner = media_type(parameters.get("type", ""))[0]
    opener = BODIES.get(inner) if kind == "multipart/related" else None
    if opener is None:
        kinds = ", ".join(sorted(filter(None, BODIES)))
        raise Unreadable(f"send application/dicom, or multipart/related with one of the types {kinds}")
    return opener(asked, boundary_of(parameters))


BODIES: Mapping[str, Callable[[store.Store, bytes], store.Body]] = {
    "": store.ManyObjects,
    "application/dicom": store.ManyObjects,
    JSON: store_metadata.json_body,
    XML: store_metadata.xml_body,
}
"""What reads a multipart body, by the type of its first part; without one DICOM files are expected."""


def _check_stated(request: Request, limit_bytes: int) -> None:
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limit_bytes:
        raise TooLarge(f"the object has {stated} bytes, at most {limit_bytes} are accepted (KERMA_UPLOAD_LIMIT_BYTES)")


def _industry(request: Request) -> str | None:
    """Return the industry that the sender states, for exams whose files do not tell."""
    stated = request.query_params.get("industry") or request.headers.get(INDUSTRY_HEADER) or None
    known = requests.kernel_of(request).industries
    if stated is not None and stated not in known:
        raise WrongUsage(f"there is no industry '{stated[:40]}': state one of {', '.join(known)}")
    return stated


def _keeper(request: Request) -> store.Keeper:
    """Return what the requests of this application share; made by the first of them, on the event loop."""
    state = request.app.state
    if not hasattr(state, "keeper"):
        state.keeper = store.Keeper(requests.kernel_of(request))
    keeper: store.Keeper = state.keeper
    return keeper


async def _received(request: Request, body: store.Body) -> list[store_answer.Fate]:
    """Have a thread write each batch while the next one is received; return what became of all objects."""
    writing: asyncio.Future[None] | None = None
    batch: list[bytes] = []
    size_bytes = 0
    try:
        async for piece in _pieces(request):
            batch.append(piece)
            size_bytes += len(piece)
            if size_bytes >= BATCH_BYTES:
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(run_in_threadpool(body.take, batch))
                batch, size_bytes = [], 0
        if writing is not None:
            await writing
        return await run_in_threadpool(_finished, body, batch)
    except BaseException:
        if writing is not None:
            await asyncio.wait([writing])
        await asyncio.shield(run_in_threadpool(body.abandon))
        raise


def _finished(body: store.Body, batch: list[bytes]) -> list[store_answer.Fate]:
    body.take(batch)
    return body.finish()


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Yield what comes; a sender that is silent or too slow is given up with a TimeoutError."""
    loop = asyncio.get_running_loop()
    stream = request.stream()
    waited_s, came_bytes = 0.0, 0
    while True:
        begun_s = loop.time()
        left_s = PATIENCE_S + came_bytes / SLOWEST_BYTES_PER_S - waited_s
        async with asyncio.timeout(min(SILENCE_S, left_s)):
            piece = await anext(stream, b"")
        if not piece:
            return
        waited_s += loop.time() - begun_s
        came_bytes += len(piece)
        yield piece


def _closing(response: Response, status: int | None = None) -> Response:
    """Have the connection closed after an answer that did not wait for the body (RFC 9112, 9.6)."""
    response.status_code = status or response.status_code
    response.headers["Connection"] = "close"
    return response


def _answer(request: Request, fates: list[store_answer.Fate], kind: str) -> Response:
    settings = requests.kernel_of(request).settings
    root = f"{settings.origin or str(request.base_url).rstrip('/')}/dicom-web"
    response = Response(ENCODERS[kind](fates, root), store_answer.status_of(fates), media_type=kind)
    if words := store_answer.words_of(fates):
        response.headers["Warning"] = f'299 Kerma "{words.replace(chr(34), chr(39))}"'
    return response


ENCODERS: Mapping[str, Callable[[list[store_answer.Fate], str], bytes]] = {
    JSON: store_answer.encoded,
    XML: store_answer.encoded_xml,
}
