"""WADO-RS: metadata, bulk data, pixel data and frames (PS3.18, 10.4.1.1)."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kerma.areas.archive import retrieve, retrieve_frames, retrieve_metadata
from kerma.areas.archive.retrieve_answer import accept_of, respond
from kerma.areas.archive.routes_wado import INSTANCE, READS, SERIES, STUDY, target_of
from kerma.kernel.action import Kernel
from kerma.kernel.requests import actor_of, kernel_of

router = APIRouter(prefix="/dicom-web", include_in_schema=False)


@router.api_route(STUDY + "/metadata", methods=READS)
@router.api_route(SERIES + "/metadata", methods=READS)
@router.api_route(INSTANCE + "/metadata", methods=READS)
def metadata(request: Request) -> Response:
    """Give what the objects say, without their bulk data."""
    kernel, actor = kernel_of(request), actor_of(request)
    rows = retrieve.images(kernel, actor, target_of(request))
    base = base_of(request, kernel)
    return respond(request, retrieve_metadata.answer(kernel, rows, accept_of(request), base))


@router.api_route(STUDY + "/bulkdata", methods=READS)
@router.api_route(SERIES + "/bulkdata", methods=READS)
@router.api_route(INSTANCE + "/bulkdata", methods=READS)
def all_bulk_data(request: Request) -> Response:
    """Give all bulk data of some objects."""
    kernel, actor = kernel_of(request), actor_of(request)
    rows = retrieve.images(kernel, actor, target_of(request))
    return respond(request, retrieve_metadata.all_bulk(kernel, rows, accept_of(request)))


@router.api_route(INSTANCE + "/bulkdata/{path}", methods=READS)
def bulk_data(request: Request, path: str) -> Response:
    """Give one value by the address that the metadata tell."""
    kernel, actor = kernel_of(request), actor_of(request)
    (row,) = retrieve.images(kernel, actor, target_of(request))
    return respond(request, retrieve_metadata.bulk(kernel, row, path, accept_of(request)))


@router.api_route(STUDY + "/pixeldata", methods=READS)
@router.api_route(SERIES + "/pixeldata", methods=READS)
@router.api_route(INSTANCE + "/pixeldata", methods=READS)
def pixel_data(request: Request) -> Response:
    """Give every frame of some images."""
    kernel, actor = kernel_of(request), actor_of(request)
    rows = retrieve.images(kernel, actor, target_of(request))
    return respond(request, retrieve_frames.pixel_data(kernel, rows, accept_of(request)))


@router.api_route(INSTANCE + "/frames/{numbers}", methods=READS)
def frames(request: Request, numbers: str) -> Response:
    """Give some frames of one image."""
    kernel, actor = kernel_of(request), actor_of(request)
    (row,) = retrieve.images(kernel, actor, target_of(request))
    return respond(request, retrieve_frames.answer(kernel, row, numbers, accept_of(request)))


def base_of(request: Request, kernel: Kernel) -> str:
    """Return the address that the asker used, fit to stand in JSON.

    Some clients leave the port out of the Host header; where there is no proxy before us, ours is the one they used.
    """
    base = request.base_url
    server = request.scope.get("server")
    if base.port is None and server and server[1] not in (None, 80, 443) and not kernel.settings.origin:
        base = base.replace(port=server[1])
    return json.dumps(kernel.settings.origin or str(base).rstrip("/"))[1:-1]
