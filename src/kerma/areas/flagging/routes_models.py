"""The registry of models over HTTP: which there are, what is known of each, adding one, its states and thresholds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kerma.areas.flagging import actions_models, actions_thresholds, registry, rules_models, shown_models
from kerma.areas.flagging import queries_models as queries
from kerma.areas.flagging.actions_models import NewModel
from kerma.areas.flagging.actions_thresholds import Wanted
from kerma.areas.flagging.detecting import classic
from kerma.areas.flagging.model import BROUGHT, SITE
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import requests, uploads
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted
from kerma.science.detect import taught

router = APIRouter(prefix="/api/v1/models", tags=["flagging"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Reason = Annotated[str, Field(max_length=rules_models.MOST_LETTERS)]
Evaluation = Annotated[str, Field(max_length=rules_models.MOST_EVALUATION_BYTES)]
"""What ``kerma evaluate --json`` printed."""
ZIP = b"PK"
"""How what `kerma teach` has made begins, which has its card within."""
State = Literal["candidate", "shadow", "active", "retired"]


class Detector(BaseModel):
    """A detector without weights: it needs no approval."""

    name: str
    version: str
    summary: str
    also_called: list[str]


class Suspension(BaseModel):
    """A machine on which what is stated of a model does not hold now."""

    machine: str
    at: str
    reason: str


class ModelListed(BaseModel):
    """One version of a model as lists show it."""

    id: int
    name: str
    version: str
    state: State
    kind: str
    origin: str
    """shipped, brought, or site: made here of the site's own images."""
    industry: str
    """Whose exams it may look at; empty for every one."""
    labels: list[str]
    sha256: str
    summary: str
    added_at: str
    suspended: list[Suspension]


class Figure(BaseModel):
    """One figure, with its interval of 95 % where one is stated."""

    name: str
    words: str
    value: float
    low: float | None
    high: float | None


class Rate(BaseModel):
    """What is found at so many false marks per image."""

    false_per_image: float
    sensitivity: float | None
    low: float | None
    high: float | None
    threshold: float | None = None


class LabelFigure(BaseModel):
    """A figure of one label."""

    label: str
    value: float


class FigureSet(BaseModel):
    """Figures found on one set of images."""

    name: str
    words: str
    counts: dict[str, int]
    figures: list[Figure]
    froc: list[Rate]
    by_label: list[LabelFigure]


class Line(BaseModel):
    """A line of what is told of the training."""

    name: str
    value: str


class HistoryLine(BaseModel):
    """What a model became, why, by whom, and on what that rests."""

    id: int
    state: State
    reason: str
    figures: dict[str, Any]
    evidence_sha256: str
    by_name: str
    at: str


class Threshold(BaseModel):
    """From which score a model marks something, on a machine or on every one."""

    id: int
    machine: str
    score: float
    operating_point: str
    evidence: dict[str, Any]
    evidence_sha256: str
    by_name: str
    at: str
    withdrawn_by_name: str
    withdrawn_at: str


class Runs(BaseModel):
    """How many images of a machine a model has looked at."""

    machine: str
    images: int
    last_at: str


class Version(BaseModel):
    """Another version of the same name."""

    id: int
    version: str
    state: State


class ModelDetail(ModelListed):
    """Everything that is known of one version of a model."""

    size_bytes: int
    intended_use: str
    limits: list[str]
    trained: list[Line]
    figures: list[FigureSet]
    own_score: float | None
    own_point: str
    card: dict[str, Any]
    trial: dict[str, Any]
    added_by_name: str
    history: list[HistoryLine]
    thresholds: list[Threshold]
    runs: list[Runs]
    versions: list[Version]
    may_become: list[State]
    why_not_active: str
    """Why the person asking cannot approve it, whatever it rests on; empty where they can."""


class Asked(BaseModel):
    """What a request may say, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Change(Asked):
    """Why a model changes its state."""

    reason: Reason


class Approval(Change):
    """Why a model becomes active, and on what that rests: an evaluation or a signed-off pilot."""

    evaluation: Evaluation = ""
    pilot_id: requests.RowNumber | None = None


class EvaluationAsked(Asked):
    """An evaluation to read."""

    evaluation: Evaluation


class EvaluationRead(BaseModel):
    """What an evaluation says of a model."""

    images: int
    groups: int
    truths: int
    on: str
    figures: list[Figure]
    froc: list[Rate]
    warnings: list[str]
    sha256: str


class ThresholdAsked(EvaluationAsked):
    """An operating point of an evaluation to mark at; false marks per image or sensitivity."""

    false_per_image: float | None = Field(default=None, ge=0, le=1e6)
    sensitivity: float | None = Field(default=None, ge=0, le=1)
    machine: str = Field(default="", max_length=rules_models.MACHINE_LETTERS)


@router.get("")
def models(kernel: KernelNow, _: ActorNow) -> list[ModelListed]:
    """List every version of every model: active ones first, then those in shadow, candidates, retired ones."""
    actions_models.register_shipped(kernel)
    with kernel.database.read() as connection:
        return [ModelListed.model_validate(one) for one in shown_models.listed(connection)]


@router.post("", status_code=201)
async def add(request: Request, kernel: KernelNow, actor: ActorNow) -> ModelDetail:
    """Try a model apart and add it as a candidate: parts ``weights`` and ``card``, a field ``industry``."""
    if not is_granted(actions_models.keep_model.name, actor.permissions):
        await run_in_threadpool(refuse, kernel, actor, actions_models.keep_model.name)
    async with uploads.receive(request, kernel.settings.home / "uploads") as received:
        return await run_in_threadpool(_add, kernel, actor, received)


@router.get("/detectors")
def detectors(_: ActorNow) -> list[Detector]:
    """List the detectors without weights, which need no approval."""
    return [Detector.model_validate(one.as_json()) for one in classic()]


@router.delete("/thresholds/{threshold_id}", status_code=204)
def withdraw_threshold(kernel: KernelNow, actor: ActorNow, threshold_id: requests.RowNumber) -> None:
    """Withdraw a threshold."""
    actions_thresholds.withdraw_threshold(kernel, actor, threshold_id=threshold_id)


@router.get("/{model_id}")
def model(kernel: KernelNow, actor: ActorNow, model_id: requests.RowNumber) -> ModelDetail:
    """Show everything that is known of a model."""
    with kernel.database.read() as connection:
        row = queries.model_of(connection, model_id)
        told = shown_models.detailed(connection, row)
    return ModelDetail.model_validate(told | {"why_not_active": shown_models.why_not(row, actor)})


@router.post("/{model_id}/shadow")
def shadow(kernel: KernelNow, actor: ActorNow, model_id: requests.RowNumber, given: Change) -> ModelDetail:
    """Have a model look at exams without anybody seeing its marks."""
    actions_models.shadow_model(kernel, actor, model_id=model_id, reason=given.reason)
    return model(kernel, actor, model_id)


@router.post("/{model_id}/activation")
def activate(kernel: KernelNow, actor: ActorNow, model_id: requests.RowNumber, given: Approval) -> ModelDetail:
    """Approve a model on an evaluation or a signed-off pilot: its marks are shown from now on."""
    actions_models.activate_model(
        kernel, actor, model_id=model_id, reason=given.reason, evaluation=given.evaluation.encode(),
        pilot_id=given.pilot_id,
    )  # fmt: skip
    return model(kernel, actor, model_id)


@router.post("/{model_id}/retirement")
def retire(kernel: KernelNow, actor: ActorNow, model_id: requests.RowNumber, given: Change) -> ModelDetail:
    """Retire a model: it looks at nothing new."""
    actions_models.retire_model(kernel, actor, model_id=model_id, reason=given.reason)
    return model(kernel, actor, model_id)


@router.post("/{model_id}/evaluation")
def read_evaluation(
    kernel: KernelNow, _: ActorNow, model_id: requests.RowNumber, given: EvaluationAsked
) -> EvaluationRead:
    """Say what an evaluation says of a model; nothing is kept."""
    with kernel.database.read() as connection:
        row = queries.model_of(connection, model_id)
    found = actions_models.read_evaluation(given.evaluation.encode(), row).as_json()
    return EvaluationRead.model_validate(found | {"figures": shown_models.figures_of(found)})


@router.post("/{model_id}/thresholds", status_code=201)
def set_threshold(
    kernel: KernelNow, actor: ActorNow, model_id: requests.RowNumber, given: ThresholdAsked
) -> ModelDetail:
    """Set from which score a model marks something on a machine, at an operating point of an evaluation."""
    wanted = Wanted(given.evaluation.encode(), given.false_per_image, given.sensitivity, given.machine)
    actions_thresholds.set_threshold(kernel, actor, model_id=model_id, wanted=wanted)
    return model(kernel, actor, model_id)


@router.get("/{model_id}/evidence/{sha256}", response_class=Response)
def evidence(kernel: KernelNow, _: ActorNow, model_id: requests.RowNumber, sha256: str) -> Response:
    """Give out the evaluation that an approval or threshold of a model rests on, as it was handed in."""
    with kernel.database.read() as connection:
        told = (*queries.history_of(connection, model_id), *queries.thresholds_of(connection, model_id))
    if sha256 not in {row["evidence_sha256"] for row in told} - {""}:
        raise NotFound("nothing of this model rests on such an evaluation")
    headers = {"Content-Disposition": f'attachment; filename="evaluation-{sha256[:12]}.json"'}
    return Response(kernel.blobs.get(sha256), media_type="application/json", headers=headers)


def _add(kernel: Kernel, actor: Actor, received: uploads.Upload) -> ModelDetail:
    parts = {file.field: file.path for file in received.files}
    content = parts["weights"].read_bytes() if "weights" in parts else b""
    is_whole = content.startswith(ZIP)
    if parts.keys() != {"weights", "card"} and not (is_whole and parts.keys() == {"weights"}):
        raise WrongUsage("send two files, the parts 'weights' (NAME.onnx) and 'card' (NAME.json)")
    card = _card(parts["card"]) if "card" in parts else registry.card_within(content)
    origin = SITE if taught.is_taught(card) else BROUGHT
    new = NewModel(card, content, industry=received.fields.get("industry", ""), origin=origin)
    return model(kernel, actor, actions_models.add_model(kernel, actor, new=new))


def _card(path: Path) -> Any:
    if path.stat().st_size > rules_models.MOST_CARD_BYTES:
        raise WrongUsage(f"the card is longer than {rules_models.MOST_CARD_BYTES >> 10} kB: is it the card?")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"the card of the model is no JSON: {error}") from error
