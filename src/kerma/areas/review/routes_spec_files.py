"""Files of specifications over HTTP: attached to a draft, taken off it, and given out as files and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from kerma.areas.review import actions_spec, queries_spec, rules_spec_files
from kerma.areas.review.rules_spec_files import Attachment
from kerma.areas.review.specifying import SpecificationShown, detail
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import requests, uploads
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted

router = APIRouter(prefix="/api/v1/specifications/{specification_id}/attachments", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


@router.post("", status_code=201)
async def attach(
    request: Request, kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber
) -> SpecificationShown:
    """Attach a file to a draft: a part ``file``, and ``revision``, the text that the person has seen."""
    async with uploads.receive(request, kernel.settings.home / "uploads") as upload:
        if len(upload.files) != 1:
            raise WrongUsage("send one file, in a part named 'file'")
        revision = upload.fields.get("revision", "")
        if not revision.isascii() or not revision.isdigit() or len(revision) > len(str(2**31)):
            raise WrongUsage("say which text you have seen, in a part named 'revision'")
        given = upload.files[0]
        kept = await run_in_threadpool(_kept, kernel, actor, given.path, given.name)
    about = {"specification_id": specification_id, "revision": int(revision)}
    await run_in_threadpool(actions_spec.attach, kernel, actor, **about, file=kept)
    return await run_in_threadpool(detail, kernel, actor, specification_id)


@router.delete("/{sha256}")
def detach(
    kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, sha256: str, revision: requests.RowNumber
) -> SpecificationShown:
    """Take a file off a draft."""
    about = {"specification_id": specification_id, "revision": revision}
    actions_spec.detach(kernel, actor, **about, sha256=sha256)
    return detail(kernel, actor, specification_id)


@router.get("/{sha256}", response_class=StreamingResponse)
def given_out(
    request: Request, kernel: KernelNow, actor: ActorNow, specification_id: requests.RowNumber, sha256: str
) -> StreamingResponse:
    """Give a file as it was attached; browsers keep it and do not open it."""
    requests.look(request, actor, actions_spec.view_specifications, specification_id=str(specification_id))
    with kernel.database.read() as connection:
        found = queries_spec.attachments(connection, specification_id).get(sha256)
    if found is None:
        raise NotFound(f"specification {specification_id} has no such file")
    headers = {
        "Content-Length": str(found["size_bytes"]),
        "Content-Disposition": f"attachment; filename=\"file-{sha256[:12]}\"; filename*=UTF-8''{quote(found['name'])}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return StreamingResponse(kernel.blobs.stream(sha256), media_type=found["media_type"], headers=headers)


def _kept(kernel: Kernel, actor: Actor, path: Path, name: str) -> Attachment:
    """Return an uploaded file once it is kept: of a kind and size that may be attached."""
    needed = actions_spec.attach.name
    if not is_granted(needed, actor.permissions):
        refuse(kernel, actor, needed)
    rules_spec_files.checked_size(path.stat().st_size)
    data = path.read_bytes()
    kind, called = rules_spec_files.media_type_of(data), rules_spec_files.checked_name(name)
    return Attachment(called, kind, len(data), kernel.blobs.put(data))
