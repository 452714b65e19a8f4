"""Models of the registry for tests: rows put straight into the tables, over the weights that ship."""

from __future__ import annotations

import functools
import json
from io import BytesIO
from typing import Any

import numpy as np
import sqlalchemy as sa
from PIL import Image as Picture

from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival, Stored
from kerma.areas.flagging.model import model, model_threshold
from kerma.kernel.action import Act, Action, Kernel
from kerma.kernel.identity import service
from kerma.science.detect import learned
from kerma.science.detect.looking import LearnedModel
from kerma.science.simulate import simulate

TESTER = service("test", "*")
AT = "2026-03-01T00:00:00.000000Z"


def card_of(name: str = "weld") -> dict[str, Any]:
    """Return the card of a model that ships."""
    return json.loads(learned.shipped()[name].read_text(encoding="utf-8"))


def shipped_model(**settled: Any) -> LearnedModel:
    """Return the weld model that ships, as an analysis takes it."""
    content = learned.shipped()["weld"].with_suffix(".onnx").read_bytes()
    return LearnedModel(**({"card": card_of(), "content": content} | settled))


def _add(act: Act, **given: Any) -> int:
    """Put a model into the registry."""
    card = given.pop("card", None) or card_of()
    row = {
        "name": card["name"], "version": card["version"], "sha256": card["sha256"], "weights_sha256": "",
        "size_bytes": 1, "kind": card["kind"], "labels": card["labels"], "card": card, "trial": {}, "origin": "shipped",
        "industry": "ndt", "state": "active", "added_by": "service:test", "added_at": AT,
    } | given  # fmt: skip
    return int(act.connection.execute(sa.insert(model).values(row).returning(model.c.id)).scalar_one())


def _set(act: Act, *, model_id: int, machine: str, score: float) -> None:
    """Set a model's threshold at a machine."""
    row = {"model_id": model_id, "machine": machine, "score": score, "operating_point": "test", "evidence": {}}
    act.connection.execute(sa.insert(model_threshold).values(row | {"by": "service:test", "at": AT}))


def _put(act: Act, *, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table."""
    act.connection.execute(sa.insert(table), rows)


_ADD, _SET, _PUT = Action("test.add_model", _add), Action("test.set_threshold", _set), Action("test.put", _put)


def add_model(kernel: Kernel, **given: Any) -> int:
    """Put a model into the registry; columns that are not given are those of the weld model that ships, active."""
    return _ADD(kernel, TESTER, **given)


def set_threshold(kernel: Kernel, model_id: int, machine: str, score: float) -> None:
    """Set the score from which a model marks something at a machine."""
    _SET(kernel, TESTER, model_id=model_id, machine=machine, score=score)


def put(kernel: Kernel, table: sa.Table, *rows: dict[str, Any]) -> None:
    """Put rows straight into a table."""
    _PUT(kernel, TESTER, table=table, rows=list(rows))


def rows_of(kernel: Kernel, table: sa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table in the order they were kept."""
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


@functools.cache
def weld_pixels() -> np.ndarray:
    """Return a scanned film of a weld with plain flaws (row, column)."""
    asked = "porosity,crack"
    return simulate("film-weld", 9001, size_px=256, flaws=asked, thickness_mm=10.0).image.pixels[0].astype(np.uint16)


def png(pixels: np.ndarray) -> bytes:
    """Return 16-bit pixels as a PNG."""
    file = BytesIO()
    Picture.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def arrive(kernel: Kernel, number: int = 1, pixels: np.ndarray | None = None, **said: Any) -> Stored:
    """Let a film of an exam of its own come in; ``said`` is what the file beside it says too."""
    shown = (weld_pixels() if pixels is None else pixels).copy()
    shown[0, 0] = number  # the same bytes are the same image
    beside = {"subject": f"W-{number}", "exam": str(number), "rises_with_dose": False} | said
    source = Arrival(data=png(shown), file_name=f"w-{number}.png", industry="ndt", sidecar=json.dumps(beside).encode())
    return ingest(kernel, TESTER, source=source)
