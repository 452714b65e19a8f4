"""Which machines' images are to be looked at for drift, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.flagging.model import ACTIVE, SHADOW, model, model_drift, model_run
from kerma.areas.flagging.queries_models import suspended


@dataclass(frozen=True)
class Stream:
    """What a model saw of a machine since its baseline began."""

    model_id: int
    name: str
    machine: str
    runs: int
    """How many images."""
    last_checked: int
    """How many of those that may be compared the last comparison knew."""
    since: str


def streams(connection: sa.Connection) -> list[Stream]:
    """Return of every model in use or on trial, and every machine, what it saw since its baseline began.

    Machines at which what is stated of the model is suspended already are left out.
    """
    pairs = (
        sa.select(model_run.c.model_id, model_run.c.machine, model.c.name, model.c.version)
        .join_from(model_run, model, model_run.c.model_id == model.c.id)
        .where(model.c.state.in_((ACTIVE, SHADOW)))
        .distinct()
        .order_by(model_run.c.model_id, model_run.c.machine)
    )
    found = []
    for row in connection.execute(pairs):
        if suspended(connection, row.model_id, row.machine) is None:
            since, last = _begun(connection, row.model_id, row.machine)
            runs = _since(sa.select(sa.func.count()), row.model_id, row.machine, since)
            count = int(connection.scalar(runs) or 0)
            found.append(Stream(row.model_id, f"{row.name} {row.version}", row.machine, count, last, since))
    return found


def runs_of(connection: sa.Connection, stream: Stream) -> list[dict[str, Any]]:
    """Return the images of a stream as they looked and were answered, in the order they were kept."""
    columns = sa.select(model_run.c.id, model_run.c.features)
    statement = _since(columns, stream.model_id, stream.machine, stream.since).order_by(model_run.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def checks_of(connection: sa.Connection, model_id: int, limit: int = 100) -> list[dict[str, Any]]:
    """Return the comparisons of a model on all its machines, the newest first."""
    statement = sa.select(model_drift).where(model_drift.c.model_id == model_id)
    return [
        dict(row) for row in connection.execute(statement.order_by(model_drift.c.id.desc()).limit(limit)).mappings()
    ]


def _since(columns: sa.Select[Any], model_id: int, machine: str, since: str) -> sa.Select[Any]:
    return columns.select_from(model_run).where(
        model_run.c.model_id == model_id, model_run.c.machine == machine, model_run.c.at > since
    )


def _begun(connection: sa.Connection, model_id: int, machine: str) -> tuple[str, int]:
    """Return when the baseline of a machine begins, and how many images the last comparison since knew."""
    own = (model_drift.c.model_id == model_id, model_drift.c.machine.in_((machine, "")))
    since = str(connection.scalar(sa.select(sa.func.max(model_drift.c.cleared_at)).where(*own)) or "")
    newest = sa.select(model_drift.c.verdict).where(*own, model_drift.c.at > since, sa.not_(model_drift.c.suspended))
    told = connection.scalar(newest.order_by(model_drift.c.id.desc()).limit(1))
    return since, int(told["known"]) if told else 0
