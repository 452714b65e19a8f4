"""Exchange over HTTP: nodes, rules with their dry run, deliveries, promises."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.exchange import (
    actions,
    actions_ask,
    actions_commit,
    actions_deliver,
    actions_route,
    commit,
    queries,
    queries_commit,
    queries_deliver,
    queries_route,
    rules,
)
from kerma.areas.exchange.actions_deliver import Order
from kerma.kernel import clock
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.requests import RowNumber, actor_of, kernel_of, look

router = APIRouter(prefix="/api/v1", tags=["exchange"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]
Title = Annotated[str, Field(min_length=1, max_length=16)]


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class FromRow(BaseModel):
    """Made of a row of a query; columns it does not name are left out."""

    model_config = ConfigDict(extra="ignore")


class NodeNew(Strict):
    """A node to be listed."""

    ae_title: Title
    host: str = Field(max_length=255)
    port: int
    addresses: list[str] = Field(default=[], max_length=100)
    certificate_sha256: str = Field(default="", max_length=128)
    is_tls: bool = False
    dialect: str = "dicom"
    services: list[str] = list(rules.USUAL_SERVICES)
    max_associations: int = actions.MOST_ASSOCIATIONS
    preferred_transfer_syntaxes: list[str] = Field(default=[], max_length=50)


class NodeChanges(Strict):
    """What is to change of a node; what is left out stays."""

    ae_title: Title | None = None
    host: str | None = Field(default=None, max_length=255)
    port: int | None = None
    addresses: list[str] | None = Field(default=None, max_length=100)
    certificate_sha256: str | None = Field(default=None, max_length=128)
    is_tls: bool | None = None
    dialect: str | None = None
    services: list[str] | None = None
    max_associations: int | None = None
    preferred_transfer_syntaxes: list[str] | None = Field(default=None, max_length=50)
    state: Literal["on", "off"] | None = None


class NodeRow(FromRow):
    """A node as it is listed."""

    id: int
    ae_title: str
    host: str
    port: int
    addresses: list[str]
    certificate_sha256: str
    is_tls: bool
    dialect: str
    services: list[str]
    max_associations: int
    preferred_transfer_syntaxes: list[str]
    state: str
    created_at: str
    changed_at: str


class Echo(BaseModel):
    """How long a node took to answer."""

    took_ms: float


class DeliveryNew(Strict):
    """An exam, or a series or image of it, to be sent to a node."""

    node_id: RowNumber
    exam_pk: RowNumber
    series_uid: str = Field(default="", max_length=64)
    image_uid: str = Field(default="", max_length=64)


class DeliveryRow(FromRow):
    """A delivery and how far it is."""

    id: int
    ae_title: str
    exam_pk: int
    exam_uid: str
    series_uid: str
    image_uid: str
    reason: str
    requested_by: str
    state: str
    attempts: int
    error: str
    note: str
    image_count: int
    sent_count: int
    sent_bytes: int
    requested_at: str
    due_at: str
    finished_at: str


class RuleNew(Strict):
    """A rule to be made, or tried."""

    name: str = Field(max_length=64)
    kind: Literal["send", "prior"] = "send"
    condition: dict[str, list[str]] = {}
    nodes: list[str] = Field(max_length=50)
    limits: dict[str, Any] = {}
    quiet_s: int = actions_route.USUAL_QUIET_S


class RuleRow(FromRow):
    """A rule."""

    name: str
    kind: str
    condition: dict[str, list[str]]
    nodes: list[str]
    limits: dict[str, Any]
    quiet_s: int
    state: str


class RuleState(Strict):
    """Whether a rule is on."""

    state: Literal["on", "off"]


class CommitmentNew(Strict):
    """An exam that a node is asked to keep."""

    node_id: RowNumber
    exam_pk: RowNumber


class CommitmentRow(FromRow):
    """A promise: "given" by us, or "asked" of a node."""

    id: int
    direction: str
    node_id: int | None
    ae_title: str | None
    exam_pk: int | None
    transaction_uid: str
    state: str
    attempts: int
    error: str
    references: list[list[str]]
    committed: list[list[str]]
    failed: list[list[str | int]]
    requested_at: str
    finished_at: str


class Made(BaseModel):
    """The number of what was made."""

    id: int


@router.get("/nodes")
def list_nodes(request: Request, kernel: KernelNow, actor: ActorNow) -> list[NodeRow]:
    """Every node, by AE title."""
    look(request, actor, actions_ask.view, what="nodes")
    with kernel.database.read() as connection:
        return [NodeRow.model_validate(row) for row in queries.nodes(connection)]


@router.post("/nodes", status_code=201)
def add_node(kernel: KernelNow, actor: ActorNow, given: NodeNew) -> Made:
    """List a node."""
    return Made(id=actions.add_node(kernel, actor, given=actions.NodeGiven(**given.model_dump())))


@router.patch("/nodes/{node_id}", status_code=204)
def change_node(kernel: KernelNow, actor: ActorNow, node_id: RowNumber, given: NodeChanges) -> None:
    """Change a node, or switch it on or off."""
    actions.change_node(kernel, actor, node_id=node_id, changes=given.model_dump(exclude_none=True))


@router.delete("/nodes/{node_id}", status_code=204)
def remove_node(kernel: KernelNow, actor: ActorNow, node_id: RowNumber) -> None:
    """Take a node off the list."""
    actions.remove_node(kernel, actor, node_id=node_id)


@router.post("/nodes/{ae_title}/echo")
def echo_node(kernel: KernelNow, actor: ActorNow, ae_title: str) -> Echo:
    """Ask a node whether it is there; the error says what is wrong."""
    return Echo(took_ms=actions_ask.echo(kernel, actor, ae_title=ae_title))


@router.get("/deliveries")
def list_deliveries(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    state: Literal["", "waiting", "sending", "sent", "parked"] = "",
    before: RowNumber | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[DeliveryRow]:
    """Deliveries, the last asked for first."""
    look(request, actor, actions_ask.view, what="deliveries")
    with kernel.database.read() as connection:
        rows = queries_deliver.deliveries(connection, actor, state=state, before=before, limit=limit)
    return [DeliveryRow.model_validate(row) for row in rows]


@router.post("/deliveries", status_code=201)
def send(kernel: KernelNow, actor: ActorNow, given: DeliveryNew) -> Made:
    """Send an exam to a node."""
    return Made(id=actions_deliver.send(kernel, actor, order=Order(**given.model_dump())))


@router.post("/deliveries/{delivery_id}/retry", status_code=204)
def retry(kernel: KernelNow, actor: ActorNow, delivery_id: RowNumber) -> None:
    """Try a delivery again that was parked, or that waits."""
    actions_deliver.retry(kernel, actor, delivery_id=delivery_id)


@router.get("/routes")
def list_rules(request: Request, kernel: KernelNow, actor: ActorNow) -> list[RuleRow]:
    """Every rule, by name."""
    look(request, actor, actions_ask.view, what="rules")
    with kernel.database.read() as connection:
        return [RuleRow.model_validate(row) for row in queries_route.rules(connection)]


@router.post("/routes", status_code=201)
def add_rule(kernel: KernelNow, actor: ActorNow, given: RuleNew) -> Made:
    """Make a rule."""
    return Made(id=actions_route.add_rule(kernel, actor, given=actions_route.RuleGiven(**given.model_dump())))


@router.post("/routes/dry-run")
def dry_run(
    request: Request, kernel: KernelNow, actor: ActorNow, given: RuleNew, days: Annotated[int, Query(ge=1, le=3660)] = 7
) -> dict[str, Any]:
    """What a rule would have done with the exams of the last days; nothing is sent."""
    look(request, actor, actions_ask.view, what="dry run")
    since = clock.text(kernel.clock.now() - timedelta(days=days))
    with kernel.database.read() as connection:
        asked = actions_route.checked(connection, actions_route.RuleGiven(**given.model_dump()))
        return asdict(queries_route.dry_run(connection, asked, since))


@router.patch("/routes/{name}", status_code=204)
def switch_rule(kernel: KernelNow, actor: ActorNow, name: str, given: RuleState) -> None:
    """Switch a rule on or off."""
    actions_route.switch_rule(kernel, actor, name=name, state=given.state)


@router.delete("/routes/{name}", status_code=204)
def remove_rule(kernel: KernelNow, actor: ActorNow, name: str) -> None:
    """Remove a rule."""
    actions_route.remove_rule(kernel, actor, name=name)


@router.get("/commitments")
def list_commitments(request: Request, kernel: KernelNow, actor: ActorNow) -> list[CommitmentRow]:
    """Promises given and asked, the last first."""
    look(request, actor, actions_ask.view, what="commitments")
    with kernel.database.read() as connection:
        return [CommitmentRow.model_validate(row) for row in queries_commit.commitments(connection, actor)]


@router.post("/commitments", status_code=201)
def ask_commitment(kernel: KernelNow, actor: ActorNow, given: CommitmentNew) -> Made:
    """Ask a node to promise that it keeps the images of an exam."""
    transaction_uid = commit.new_transaction()
    return Made(id=actions_commit.ask(kernel, actor, **given.model_dump(), transaction_uid=transaction_uid))
