"""Which models look at an exam, with what is settled about each; and what they marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.flagging.model import ModelRow, model, model_run
from kerma.areas.flagging.queries_models import active_models, suspended, threshold_of, weights_of
from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.science.detect.looking import LearnedModel
    from kerma.science.imaging.image import Image

SIGNALS_TOLD = 3


@dataclass(frozen=True)
class Taken:
    """A model of the registry as it looks at the exams of a machine."""

    row: ModelRow
    learned: LearnedModel


def taken(kernel: Kernel, *, industry: str, state: str, machine: str, images: Sequence[Image]) -> list[Taken]:
    """Return the models of a state that look at an industry's exams, as they look at those of a machine.

    The weights of a model that is made for none of the images are not read: a site may have hundreds of references.
    """
    from kerma.science.detect.purpose import not_for

    with kernel.database.read() as connection:
        rows = [row for row in active_models(connection, industry) if row.state == state]
        settled = [
            (threshold_of(connection, row.id, machine), suspended(connection, row.id, machine)) for row in rows
        ]
    needed = [any(not not_for(image, row.card) for image in images) for row in rows]
    return [
        Taken(row, learned_model(kernel, row, *of, is_needed=is_needed))
        for row, of, is_needed in zip(rows, settled, needed, strict=True)
    ]


def learned_model(
    kernel: Kernel, row: ModelRow, threshold: Mapping[str, Any] | None, drift: Mapping[str, Any] | None, *,
    is_needed: bool = True,
) -> LearnedModel:  # fmt: skip
    """Return a model as an analysis takes it; weights that cannot be had are told when it is to look."""
    from kerma.science.detect.looking import LearnedModel

    content, trouble = b"", ""
    try:
        content = weights_of(kernel, row) if is_needed else b""
    except (KermaError, OSError) as error:
        trouble = str(error)
    score, machine = (threshold["score"], threshold["machine"]) if threshold else (None, "")
    card = {**row.card, "name": row.name, "version": row.version}
    return LearnedModel(card, content, score, machine, suspension(drift) if drift else "", trouble)


def has_models(connection: sa.Connection, industry: str, state: str) -> bool:
    """Return whether any model of a state looks at an industry's exams."""
    return any(row.state == state for row in active_models(connection, industry))


def runs_of_exam(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return what models marked on the images of an exam, in the order it was kept, each with the model's labels."""
    statement = sa.select(model_run, model.c.labels).join_from(model_run, model, model_run.c.model_id == model.c.id)
    ordered = statement.where(model_run.c.exam_pk == exam_pk).order_by(model_run.c.id)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def looked_at(connection: sa.Connection, model_id: int, sha256s: Sequence[str]) -> set[str]:
    """Return which images a model has looked at."""
    statement = sa.select(model_run.c.image_sha256).where(
        model_run.c.model_id == model_id, model_run.c.image_sha256.in_(sha256s)
    )
    return set(connection.scalars(statement))


def suspension(row: Mapping[str, Any]) -> str:
    """Return in words since when and why what is stated of a model is not held at a machine."""
    signals = row["verdict"].get("signals") or []
    why = f" ({'; '.join(str(one) for one in signals[:SIGNALS_TOLD])})" if signals else ""
    return f"since {row['at'][:10]}: images or scores drifted from those before{why}"
