"""The picture of why a learned model marked something there, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response

from kerma.areas.archive.actions import open_exam
from kerma.areas.review.explaining import explanation_of
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The picture."}}


@router.get("/exams/{exam_pk}/findings/{finding_id}/explanation", responses=PNG, response_class=Response)
def explanation(
    kernel: KernelNow,
    actor: ActorNow,
    exam_pk: requests.RowNumber,
    finding_id: Annotated[str, Path(max_length=16)],
) -> Response:
    """Show the heat of the network that a finding was picked from, over the image; hidden where the finding is."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    made = explanation_of(kernel, actor, exam_pk=exam_pk, finding_id=finding_id)
    return Response(made, media_type="image/png", headers={"Cache-Control": "private, no-store"})
