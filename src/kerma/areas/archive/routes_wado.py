"""WADO-RS: studies, series and instances as DICOM objects, and their deletion (PS3.18, 10.4)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kerma.areas.archive import actions_deletion, retrieve, retrieve_instances
from kerma.areas.archive.retrieve import Target
from kerma.areas.archive.retrieve_answer import accept_of, respond
from kerma.areas.archive.routes_wado_uri import wado
from kerma.kernel.action import refuse
from kerma.kernel.requests import actor_of, kernel_of

router = APIRouter(prefix="/dicom-web", include_in_schema=False)

STUDY = "/studies/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"
READS = ["GET", "HEAD"]


def target_of(request: Request) -> Target:
    """Return the study, series or instance that an address names."""
    names = request.path_params
    return Target(names["study"], names.get("series", ""), names.get("instance", ""))


@router.api_route(STUDY, methods=READS)
@router.api_route(SERIES, methods=READS)
@router.api_route(INSTANCE, methods=READS)
def objects(request: Request) -> Response:
    """Give the DICOM objects of a study, of a series, or one."""
    kernel, actor = kernel_of(request), actor_of(request)
    rows = retrieve.images(kernel, actor, target_of(request))
    return respond(request, retrieve_instances.answer(kernel, rows, accept_of(request)))


@router.delete(STUDY)
@router.delete(SERIES)
@router.delete(INSTANCE)
def delete(request: Request) -> Response:
    """Delete a study, where a retention rule allows it; parts of a study are never deleted alone."""
    kernel, actor = kernel_of(request), actor_of(request)
    target = target_of(request)
    rows = retrieve.images(kernel, actor, target)
    if target.series_uid:
        reason = (
            f"{target.words} stays: a study is kept or deleted as a whole (DELETE /dicom-web/studies/{target.exam_uid})"
        )
        refuse(kernel, actor, "archive.delete", reason)
    actions_deletion.delete(kernel, actor, exam_pk=rows[0]["exam_pk"])
    return Response(status_code=204)


@router.api_route("/wado", methods=READS)
def wado_uri(request: Request) -> Response:
    """Give one object by parameters: WADO-URI, which also stands at ``/wado``."""
    return wado(request)
