"""WADO-RS: pictures and thumbnails of studies, series, instances and frames (PS3.18, 10.4.1.1.3 and 10.4.1.1.4)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kerma.areas.archive import retrieve, retrieve_rendered
from kerma.areas.archive.retrieve_answer import accept_of, respond
from kerma.areas.archive.routes_wado import INSTANCE, READS, SERIES, STUDY, target_of
from kerma.kernel.requests import actor_of, kernel_of

router = APIRouter(prefix="/dicom-web", include_in_schema=False)


@router.api_route(STUDY + "/rendered", methods=READS)
@router.api_route(SERIES + "/rendered", methods=READS)
@router.api_route(INSTANCE + "/rendered", methods=READS)
@router.api_route(INSTANCE + "/frames/{numbers}/rendered", methods=READS)
def rendered(request: Request) -> Response:
    """Give pictures."""
    kernel, actor = kernel_of(request), actor_of(request)
    rows = retrieve.images(kernel, actor, target_of(request))
    numbers = request.path_params.get("numbers", "")
    asked = retrieve_rendered.rendered(kernel, rows, numbers, accept_of(request), request.query_params)
    return respond(request, asked)


@router.api_route(STUDY + "/thumbnail", methods=READS)
@router.api_route(SERIES + "/thumbnail", methods=READS)
@router.api_route(INSTANCE + "/thumbnail", methods=READS)
@router.api_route(INSTANCE + "/frames/{numbers}/thumbnail", methods=READS)
def thumbnail(request: Request) -> Response:
    """Give one small picture."""
    kernel, actor = kernel_of(request), actor_of(request)
    rows = retrieve.images(kernel, actor, target_of(request))
    numbers = request.path_params.get("numbers", "")
    asked = retrieve_rendered.thumbnail(kernel, rows, numbers, accept_of(request), request.query_params)
    return respond(request, asked)
