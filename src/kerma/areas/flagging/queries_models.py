"""Reading the registry: which models there are, what each has been, and what is settled about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.flagging.model import (
    ACTIVE,
    IN_FORCE,
    SHADOW,
    ModelRow,
    model,
    model_drift,
    model_run,
    model_state,
    model_threshold,
)
from kerma.areas.flagging.rules_models import order_of, split_name
from kerma.errors import Altered, NotFound
from kerma.kernel.identity import person

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

_COLUMNS = tuple(one.name for one in fields(ModelRow))


def models(connection: sa.Connection) -> list[ModelRow]:
    """Return every version of every model, by name, the newest version first."""
    return _rows(connection, sa.true())


def versions_of(connection: sa.Connection, name: str) -> list[ModelRow]:
    """Return the versions of a model, the newest first; none where there is no such name."""
    return _rows(connection, model.c.name == name)


def model_of(connection: sa.Connection, model_id: int) -> ModelRow:
    """Return one version of a model by its number.

    Raises
    ------
    NotFound
        There is none.
    """
    found = _rows(connection, model.c.id == model_id)
    if not found:
        raise NotFound(f"there is no model {model_id}; `kerma models list` shows those there are")
    return found[0]


def model_named(connection: sa.Connection, name: str) -> ModelRow:
    """Return the version that NAME@VERSION names; of a bare name the active one.

    Raises
    ------
    NotFound
        There is none, or none is active; the message says which versions there are.
    """
    bare, version = split_name(name)
    found = versions_of(connection, bare)
    for row in found:
        if row.version == version or (not version and row.state == ACTIVE):
            return row
    if not found:
        raise NotFound(f"the registry has no model '{bare[:64]}'; `kerma models list` shows those there are")
    there = ", ".join(f"{row.name}@{row.version} ({row.state})" for row in found)
    if version:
        raise NotFound(f"there is no version {version[:32]} of '{bare}'; there are {there}")
    raise NotFound(f"no version of '{bare}' is active: name one of {there}")


def active_models(connection: sa.Connection, industry: str) -> list[ModelRow]:
    """Return the models that look at an industry's exams: active ones, then those in shadow, by name."""
    fitting = sa.or_(model.c.industry == industry, model.c.industry == "")
    found = _rows(connection, model.c.state.in_((ACTIVE, SHADOW)) & fitting)
    return sorted(found, key=lambda row: (row.state != ACTIVE, row.name))


def threshold_of(connection: sa.Connection, model_id: int, machine: str) -> dict[str, Any] | None:
    """Return the threshold in force for a machine: its own, else that for every machine; None: the card's holds."""
    fitting = model_threshold.c.machine.in_((machine, ""))
    statement = sa.select(model_threshold).where(model_threshold.c.model_id == model_id, fitting, IN_FORCE)
    found = connection.execute(statement.order_by(model_threshold.c.machine.desc()).limit(1)).mappings().first()
    return dict(found) if found else None


def thresholds_of(connection: sa.Connection, model_id: int) -> list[dict[str, Any]]:
    """Return every threshold a model ever had, the newest first."""
    statement = sa.select(model_threshold).where(model_threshold.c.model_id == model_id)
    return [dict(row) for row in connection.execute(statement.order_by(model_threshold.c.id.desc())).mappings()]


def suspended(connection: sa.Connection, model_id: int, machine: str) -> dict[str, Any] | None:
    """Return why what is stated of a model does not hold on a machine now; None while it holds."""
    found = [row for row in suspensions_of(connection, model_id) if row["machine"] in (machine, "")]
    return found[0] if found else None


def suspensions_of(connection: sa.Connection, model_id: int) -> list[dict[str, Any]]:
    """Return every machine on which what is stated of a model is suspended, with the verdict, the newest first."""
    statement = sa.select(model_drift).where(
        model_drift.c.model_id == model_id, model_drift.c.suspended, model_drift.c.cleared_at == ""
    )
    return [dict(row) for row in connection.execute(statement.order_by(model_drift.c.id.desc())).mappings()]


def history_of(connection: sa.Connection, model_id: int) -> list[dict[str, Any]]:
    """Return what a model has been, the newest first."""
    statement = sa.select(model_state).where(model_state.c.model_id == model_id)
    return [dict(row) for row in connection.execute(statement.order_by(model_state.c.id.desc())).mappings()]


def run_counts(connection: sa.Connection, model_id: int) -> list[dict[str, Any]]:
    """Return on how many images of which machine a model has looked, and when last, by machine."""
    count, last = sa.func.count().label("images"), sa.func.max(model_run.c.at).label("last_at")
    key = model_run.c.machine
    statement = sa.select(key, count, last).where(model_run.c.model_id == model_id).group_by(key).order_by(key)
    return [dict(row) for row in connection.execute(statement).mappings()]


def weights_of(kernel: Kernel, row: ModelRow) -> bytes:
    """Return the weights of a model, from the blobs or from what ships with this version of Kerma.

    Raises
    ------
    NotFound
        The version shipped with another Kerma and was never put to use here.
    Altered
        The bytes are not those of the registry.
    """
    content = kernel.blobs.get(row.weights_sha256) if row.weights_sha256 else _shipped_weights(row)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise Altered(f"the weights of {row.name} {row.version} are not those the registry knows: do not use it")
    return content


def names_of(connection: sa.Connection, keys: Iterable[str]) -> Mapping[str, str]:
    """Return the names of the people among some actor keys (``person:7``), of others what they are."""
    wanted = set(keys)
    numbers = [int(key.partition(":")[2]) for key in wanted if key.startswith("person:")]
    statement = sa.select(person.c.id, person.c.name).where(person.c.id.in_(numbers))
    people = {f"person:{row.id}": row.name for row in connection.execute(statement)}
    kinds = {"service:cli": "command line", "service:models": "Kerma"}
    return {key: people.get(key) or kinds.get(key, key) for key in wanted}


def _rows(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[ModelRow]:
    statement = sa.select(*(model.c[name] for name in _COLUMNS)).where(which)
    found = [ModelRow(**{**row, "labels": tuple(row["labels"])}) for row in connection.execute(statement).mappings()]
    found.sort(key=lambda row: order_of(row.version), reverse=True)
    return sorted(found, key=lambda row: row.name)


def _shipped_weights(row: ModelRow) -> bytes:
    from kerma.science.detect import learned

    card = learned.shipped().get(row.name)
    content = card.with_suffix(".onnx").read_bytes() if card else b""
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise NotFound(f"{row.name} {row.version} came with another Kerma and was never used here: it cannot be run")
    return content
