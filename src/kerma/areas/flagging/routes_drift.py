"""Drift of machines over HTTP: the comparisons of a model, and clearing a drift."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.flagging import actions_drift, queries_drift, queries_models
from kerma.areas.flagging.rules_models import MOST_LETTERS
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1/models", tags=["flagging"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class DriftCheck(BaseModel):
    """One comparison of the newest images of a machine with its first."""

    id: int
    machine: str
    at: str
    suspended: bool
    """Whether it suspended what is stated of the model there."""
    signals: list[str]
    """What showed a drift, in words; empty where nothing did."""
    verdict: dict[str, Any]
    """Images before and now, and PSI, Kolmogorov-Smirnov and MMD of each quantity."""
    cleared_at: str
    cleared_by_name: str
    cleared_reason: str


class Clearing(BaseModel):
    """Why a model may be relied on at a machine again."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(max_length=MOST_LETTERS)


@router.get("/{model_id}/drift")
def checks(kernel: KernelNow, _: ActorNow, model_id: requests.RowNumber) -> list[DriftCheck]:
    """List the comparisons of a model on its machines, the newest first."""
    with kernel.database.read() as connection:
        queries_models.model_of(connection, model_id)
        rows = queries_drift.checks_of(connection, model_id)
        names = queries_models.names_of(connection, (row["cleared_by"] for row in rows if row["cleared_by"]))
    return [
        DriftCheck(
            **{
                key: row[key] for key in ("id", "machine", "at", "suspended", "verdict", "cleared_at", "cleared_reason")
            },
            signals=row["verdict"].get("signals", []),
            cleared_by_name=names.get(row["cleared_by"], ""),
        )
        for row in rows
    ]


@router.post("/drift/{drift_id}/clear", status_code=204)
def clear(kernel: KernelNow, actor: ActorNow, drift_id: requests.RowNumber, given: Clearing) -> None:
    """Clear a drift: what is stated of the model is held at the machine again, with images from now on as baseline."""
    actions_drift.clear_drift(kernel, actor, drift_id=drift_id, reason=given.reason)
