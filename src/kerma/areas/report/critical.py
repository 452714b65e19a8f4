"""The critical results of an exam, as its report states them: what was seen, who was told when, what they read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.people.queries import name_of_actor
from kerma.areas.report.rules_versions import record_digest
from kerma.areas.review.queries_critical import reported

if TYPE_CHECKING:
    import sqlalchemy as sa

KEY = "critical_results"


def stated(connection: sa.Connection, exam_pk: int) -> dict[str, Any]:
    """Return the critical results of an exam as a part of its document; nothing where there are none."""
    rows = reported(connection, exam_pk)
    return {KEY: [_stated(connection, row) for row in rows]} if rows else {}


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest of the critical results of a document, by which a version is told apart; empty for none."""
    return record_digest({KEY: document[KEY]} if KEY in document else {})


def _stated(connection: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    same = {key: row[key] for key in ("number", "what", "level", "seen_at", "due_at", "notified_at")}
    same["seen_by"] = name_of_actor(connection, row["seen_by"])
    right = row["read_back"]
    if right is None:
        return same
    told = {key: right["told"][key] for key in ("whom", "role", "means")}
    return same | told | {"read_back": right["told"]["words"], "told_by": name_of_actor(connection, right["by"])}
