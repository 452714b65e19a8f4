"""WADO-URI at ``/wado`` and ``/dicom-web/wado`` (PS3.18, 9)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kerma.areas.archive import retrieve, retrieve_uri
from kerma.areas.archive.retrieve_answer import respond
from kerma.kernel.requests import actor_of, kernel_of

router = APIRouter(prefix="/wado", include_in_schema=False)

READS = ["GET", "HEAD"]


@router.api_route("", methods=READS)
def wado(request: Request) -> Response:
    """Give one object, or a picture of it."""
    kernel, actor = kernel_of(request), actor_of(request)
    (row,) = retrieve.images(kernel, actor, retrieve_uri.target_of(request.query_params))
    return respond(request, retrieve_uri.answer(kernel, row, request.query_params))
