"""What persons have drawn and measured on the images of an exam, as its report and its objects state it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.people.queries import name_of_actor
from kerma.areas.review import queries_marks
from kerma.areas.review.rules_marks import DRAWN, measured_in_space

if TYPE_CHECKING:
    import sqlalchemy as sa

PARTS = ("marks", "calibrations")
"""What is stated on an image; the draft of a judgement never is."""


def stated(connection: sa.Connection, exam_pk: int, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an exam's document with each person's marks and calibrations on its images.

    Everybody's are stated, as everybody's findings are; who may not see them yet is refused by ``report.sight``.
    """
    rows = queries_marks.newest(connection, exam_pk)
    names = {row["by"]: name_of_actor(connection, row["by"]) for row in rows}
    spaces = [_in_space(one, _by(row, names)) for row in rows for one in row["document"].get("spaces") or ()]
    told = {**document, "images": [_with_marks(image, rows, names) for image in document["images"]]}
    return told | ({"spaces": spaces} if spaces else {})


def digest(connection: sa.Connection, exam_pk: int) -> str:
    """Return the digest of all marks and calibrations on an exam, by which a version is told apart; empty for none."""
    told = {
        row["by"]: {part: row["document"].get(part) or [] for part in DRAWN}
        for row in queries_marks.newest(connection, exam_pk)
        if any(row["document"].get(part) for part in DRAWN)
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest() if told else ""


def _by(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    return {"kind": "person", "key": row["by"], "name": names[row["by"]]}


def _in_space(one: Mapping[str, Any], by: Mapping[str, str]) -> dict[str, Any]:
    """Return a measurement in a volume as a mark without a place on an image; its value follows from its points."""
    found = measured_in_space(one["kind"], one["points"])
    values = [{"name": name, "value": value, "uncertainty": None, "word": ""} for name, value in found.items()]
    scale = "from the geometry of the slices" if one["kind"] == "length" else ""
    told = {"measurement": "", "runs": [], "plane": 0, "source": "", "reason": "", "values": values, "scale": scale}
    return {**one, **told, "shape": f"space-{one['kind']}", "by": by}


def _with_marks(
    image: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], names: Mapping[str, str]
) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for row in rows:
        by = _by(row, names)
        for part, listed in found.items():
            listed += [
                {key: value for key, value in one.items() if key != "image_sha256"} | {"by": by}
                for one in row["document"][part]
                if one["image_sha256"] == image.get("sha256")
            ]
    return {**image, **{part: listed for part, listed in found.items() if listed}}
