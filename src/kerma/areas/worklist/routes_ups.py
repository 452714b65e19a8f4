"""UPS-RS: workitems over DICOMweb (PS3.18, section 11); the engine is that of the DICOM network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response

from kerma.areas.worklist import actions_ups, queries_ups, rules_match, rules_ups, ups_requests
from kerma.areas.worklist.model_ups import FILTERED, StatusRefused
from kerma.areas.worklist.rules_match import Document
from kerma.areas.worklist.ups_answer import encoded, form_of
from kerma.areas.worklist.ups_keys import document_of_body, keys_of
from kerma.errors import KermaError
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/dicom-web", tags=["UPS-RS"], include_in_schema=False)

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]

MOST_FOUND = 1000
POLL_S = 0.25
SIGNED_IN_S = 30.0
ACCEPTED = 202
PARTIAL, NOTHING = 206, 204
_FORBIDDEN_CLOSE = 1008


@router.post("/workitems")
async def create(request: Request, kernel: KernelNow, actor: ActorNow) -> Response:
    """Create a workitem; its UID is that of the query, else that of the body, else a new one."""
    document = document_of_body(await request.body(), request.headers.get("content-type", ""))
    named = request.query_params.get("workitem") or request.query_params.get("AffectedSOPInstanceUID")
    named = named or next((name for name, value in request.query_params.items() if not value), "")
    written = str(rules_match.first(document, rules_ups.SOP_INSTANCE))
    uid = named or written or f"2.25.{uuid.uuid4().int}"
    answer = await _ask(kernel, actor, ups_requests.Create(uid, document))
    if isinstance(answer, Response):
        return answer
    address = str(request.url_for("retrieve", uid=uid))
    return Response(status_code=201, headers={"Location": address, "Content-Location": address})


@router.get("/workitems")
def search(request: Request, kernel: KernelNow, actor: ActorNow) -> Response:
    """Search for workitems (PS3.18, 11.9)."""
    form = form_of(request, is_list=True)
    keys, page = keys_of(request.query_params.multi_items())
    actions_ups.ups(kernel, actor, request=ups_requests.Search())
    wanted = min(page.limit, MOST_FOUND)
    found = list(_some(queries_ups.find(kernel.database.read, keys), page.offset, wanted + 1))
    if not found:
        return Response(status_code=NOTHING)
    answer = encoded(found[:wanted], form)
    if len(found) > MOST_FOUND:
        answer.status_code = PARTIAL
        words = "The number of results exceeded the maximum supported by the server."
        answer.headers["Warning"] = _warning(request, words)
    return answer


def _some(found: Iterator[Document], offset: int, limit: int) -> Iterator[Document]:
    for number, document in enumerate(found):
        if number >= offset + limit:
            return
        if number >= offset:
            yield document


@router.get("/workitems/{uid}")
def retrieve(request: Request, kernel: KernelNow, actor: ActorNow, uid: str) -> Response:
    """Retrieve a workitem; never its transaction UID."""
    form = form_of(request, is_list=False)
    try:
        found = actions_ups.ups(kernel, actor, request=ups_requests.Retrieve(uid))
    except StatusRefused as refusal:
        return _refused(refusal)
    return encoded([found.document], form)


@router.post("/workitems/{uid}")
@router.put("/workitems/{uid}")
async def update(request: Request, kernel: KernelNow, actor: ActorNow, uid: str) -> Response:
    """Change what a workitem says; a claimed one with its transaction UID in the query."""
    document = document_of_body(await request.body(), request.headers.get("content-type", ""))
    named = request.query_params.get("transaction-uid") or request.query_params.get("transaction")
    lock = named or str(rules_match.first(document, rules_ups.TRANSACTION))
    answer = await _ask(kernel, actor, ups_requests.Update(uid, document, lock), gone=400)
    return answer if isinstance(answer, Response) else Response(status_code=200)


@router.put("/workitems/{uid}/state")
async def move(request: Request, kernel: KernelNow, actor: ActorNow, uid: str) -> Response:
    """Claim, complete or cancel a workitem."""
    document = document_of_body(await request.body(), request.headers.get("content-type", ""))
    state, lock = (str(rules_match.first(document, tag)) for tag in (rules_ups.STATE, rules_ups.TRANSACTION))
    answer = await _ask(kernel, actor, ups_requests.Move(uid, state, lock))
    return answer if isinstance(answer, Response) else _done(request, answer)


@router.post("/workitems/{uid}/cancelrequest")
async def cancel(request: Request, kernel: KernelNow, actor: ActorNow, uid: str) -> Response:
    """Ask that a workitem be canceled."""
    body = await request.body()
    wish = document_of_body(body, request.headers.get("content-type", "")) if body.strip() else {}
    asker = request.query_params.get("requester") or actor.kind.upper()
    answer = await _ask(kernel, actor, ups_requests.Cancel(uid, asker, wish))
    if isinstance(answer, Response):
        return answer
    return _done(request, answer) if answer.code else Response(status_code=ACCEPTED)


@router.post("/workitems/{uid}/subscribers/{aet}")
async def subscribe(request: Request, kernel: KernelNow, actor: ActorNow, uid: str, aet: str) -> Response:
    """Be told about one workitem, all, or those that match a filter."""
    items = [item for item in request.query_params.multi_items() if item[0] != "deletionlock"]
    is_locking = request.query_params.get("deletionlock", "").lower() == "true"
    keys = _filter(items) if uid == FILTERED else {}
    answer = await _ask(kernel, actor, ups_requests.Subscribe(uid, aet, is_locking, keys))
    if isinstance(answer, Response):
        return answer
    channel = str(request.url_for("listen", aet=aet))
    return Response(status_code=201, headers={"Content-Location": channel})


def _filter(items: list[tuple[str, str]]) -> Document:
    """Return the keys of a filter: ``filter=PatientID=P-17,...`` as the standard says, or plain attributes."""
    pairs: list[tuple[str, str]] = []
    for name, value in items:
        if name != "filter":
            pairs.append((name, value))
            continue
        for piece in value.split(","):
            attribute, _, wanted = piece.partition("=")
            pairs.append((attribute.strip(), wanted.strip()))
    return keys_of(pairs)[0]


@router.delete("/workitems/{uid}/subscribers/{aet}")
async def unsubscribe(kernel: KernelNow, actor: ActorNow, uid: str, aet: str) -> Response:
    """Be told no more."""
    answer = await _ask(kernel, actor, ups_requests.Unsubscribe(uid, aet))
    return answer if isinstance(answer, Response) else Response(status_code=200)


@router.post("/workitems/{uid}/subscribers/{aet}/suspend")
async def suspend(kernel: KernelNow, actor: ActorNow, uid: str, aet: str) -> Response:
    """Be told about no new workitems."""
    answer = await _ask(kernel, actor, ups_requests.Suspend(uid, aet))
    return answer if isinstance(answer, Response) else Response(status_code=200)


async def _ask(kernel: Kernel, actor: Actor, asked: Any, gone: int = 0) -> ups_requests.Answer | Response:
    """Have the engine work in a thread; a refusal of the service becomes its answer.

    ``gone`` is the HTTP status of "may no longer be updated" where the standard has another than for a state.
    """
    try:
        return await asyncio.to_thread(actions_ups.ups, kernel, actor, request=asked)
    except StatusRefused as refusal:
        return _refused(refusal, gone if refusal.code == rules_ups.GONE_FINAL else 0)


def _done(request: Request, answer: ups_requests.Answer) -> Response:
    status = rules_ups.statuses()[answer.code]
    headers = {"Warning": _warning(request, status.warning)} if status.warning else {}
    return Response(status_code=status.http, headers=headers)


def _refused(refusal: StatusRefused, instead: int = 0) -> Response:
    status = rules_ups.statuses()[refusal.code]
    http = instead or status.http
    body = {
        "type": "urn:kerma:error:status-refused",
        "title": status.words,
        "status": http,
        "detail": str(refusal),
        "dicom_status": f"{refusal.code:04X}",
    }
    headers = {"Warning": f'299 Kerma "{status.warning}"'} if status.warning else {}
    return JSONResponse(body, http, headers, media_type=requests.PROBLEM)


def _warning(request: Request, words: str) -> str:
    return f'299 {request.url.netloc} "{words}"'


@router.websocket("/ws/subscribers/{aet}")
async def listen(websocket: WebSocket, aet: str, after: int | None = None) -> None:
    """Open the channel on which a subscriber is told (PS3.18, 8.10.4); ``after`` is what a lost one heard last.

    The guard has checked where the request comes from; who asks is told by session or token, as everywhere.
    """
    kernel: Kernel = websocket.app.state.kernel
    try:
        actor = await asyncio.to_thread(requests.actor_of, websocket)
        await asyncio.to_thread(actions_ups.ups, kernel, actor, request=ups_requests.Listen(aet))
    except KermaError:
        await websocket.close(_FORBIDDEN_CLOSE)
        return
    newest = await asyncio.to_thread(_newest, kernel)
    position = newest if after is None else rules_ups.position(newest, after)
    await websocket.accept()
    gone = asyncio.ensure_future(_until_gone(websocket))
    try:
        await _tell(websocket, aet, position, gone)
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def _tell(websocket: WebSocket, aet: str, position: int, gone: asyncio.Future[None]) -> None:
    kernel: Kernel = websocket.app.state.kernel
    loop = asyncio.get_running_loop()
    look_at = loop.time() + SIGNED_IN_S
    while not gone.done():
        rows = await asyncio.to_thread(_events, kernel, aet, position)
        for row in rows:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await websocket.send_text(json.dumps(event_report(row)))
            position = row["id"]
        if not rows:
            await asyncio.wait({gone}, timeout=POLL_S)
        if loop.time() >= look_at:
            look_at = loop.time() + SIGNED_IN_S
            if not await _may_still(websocket):
                await websocket.close(_FORBIDDEN_CLOSE)
                return


async def _may_still(websocket: WebSocket) -> bool:
    """Return whether session or token is still good: a channel does not outlive its sign-in."""
    try:
        await asyncio.to_thread(requests.actor_of, websocket)
    except KermaError:
        return False
    return True


async def _until_gone(websocket: WebSocket) -> None:
    """Wait until the other side ends the channel; what it says is not listened to."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.receive_text()


def _newest(kernel: Kernel) -> int:
    with kernel.database.read() as connection:
        return queries_ups.last_event(connection)


def _events(kernel: Kernel, aet: str, position: int) -> list[Any]:
    with kernel.database.read() as connection:
        return queries_ups.events_after(connection, aet, position)


def event_report(row: Mapping[str, Any]) -> Document:
    """Return an event as the channel carries it: the command elements and the information in one document."""
    command: Document = {
        "00000002": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.34.6.4"]},
        "00000100": {"vr": "US", "Value": [0x0100]},
        "00000110": {"vr": "US", "Value": [int(row["id"]) % rules_ups.MESSAGE_NUMBERS]},
        "00000800": {"vr": "US", "Value": [1]},
        "00001000": {"vr": "UI", "Value": [row["workitem_uid"]]},
        "00001002": {"vr": "US", "Value": [row["event_type_id"]]},
    }
    information: Document = json.loads(row["information"])
    return {**command, **information}
