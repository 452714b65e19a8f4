"""A model of the registry as lists, pages and ``--json`` show it: one form for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.flagging import queries_models as queries
from kerma.areas.flagging import rules_card, rules_models
from kerma.areas.flagging.model import ACTIVE, CANDIDATE, RETIRED, SHADOW
from kerma.areas.flagging.queries_run import suspension

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.areas.flagging.model import ModelRow
    from kerma.kernel.action import Actor


def listed(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return every model as lists show it: active ones first, then those in shadow, candidates, retired ones."""
    order = (ACTIVE, SHADOW, CANDIDATE, RETIRED)
    found = sorted(queries.models(connection), key=lambda row: order.index(row.state))
    return [_listed(connection, row) for row in found]


def detailed(connection: sa.Connection, row: ModelRow) -> dict[str, Any]:
    """Return everything that is known of a model."""
    history, thresholds = queries.history_of(connection, row.id), queries.thresholds_of(connection, row.id)
    names = queries.names_of(connection, _people(row, history, thresholds))
    card = row.card
    return _listed(connection, row) | {
        "size_bytes": row.size_bytes,
        "intended_use": str(card.get("intended_use", ""))[: rules_models.MOST_LETTERS],
        "limits": rules_card.limits_of(card),
        "trained": rules_card.trained_on(card),
        "figures": rules_card.figure_sets(card),
        "own_score": _own_score(card),
        "own_point": str(_thresholds(card).get("operating_point", ""))[:200],
        "card": dict(card),
        "trial": row.trial,
        "added_by": row.added_by,
        "added_by_name": names[row.added_by],
        "history": [one | {"by_name": names[one["by"]]} for one in history],
        "thresholds": [
            one | {"by_name": names[one["by"]], "withdrawn_by_name": names.get(one["withdrawn_by"], "")}
            for one in thresholds
        ],
        "runs": queries.run_counts(connection, row.id),
        "versions": [
            {"id": one.id, "version": one.version, "state": one.state}
            for one in queries.versions_of(connection, row.name)
        ],
        "may_become": list(rules_models.FOLLOWS[row.state]),
    }


def figures_of(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the single figures of an evaluation as it was kept, each with its interval."""
    found = ((key, words, evidence.get(key)) for key, words in rules_models.FIGURES.items())
    return [
        {"name": key, "words": words, "value": told["value"], **_interval(told.get("interval"))}
        for key, words, told in found
        if isinstance(told, Mapping)
    ]


def why_not(row: ModelRow, actor: Actor) -> str:
    """Return why this actor may not make the model active whatever it rests on; empty where it may."""
    return rules_models.why_not_by(row, actor.kind, actor.key)


def _listed(connection: sa.Connection, row: ModelRow) -> dict[str, Any]:
    suspended = queries.suspensions_of(connection, row.id)
    return {
        "id": row.id,
        "name": row.name,
        "version": row.version,
        "state": row.state,
        "kind": row.kind,
        "origin": row.origin,
        "industry": row.industry,
        "labels": list(row.labels),
        "sha256": row.sha256,
        "summary": str(row.card.get("intended_use") or f"finds {', '.join(row.labels)}")[: rules_models.MOST_LETTERS],
        "added_at": row.added_at,
        "suspended": [_suspension(one) for one in suspended],
    }


def _interval(pair: Any) -> dict[str, float | None]:
    return {"low": pair[0], "high": pair[1]} if pair else {"low": None, "high": None}


def _suspension(drift: Mapping[str, Any]) -> dict[str, Any]:
    return {"machine": drift["machine"], "at": drift["at"], "reason": suspension(drift)}


def _people(row: ModelRow, *lists: Iterable[Mapping[str, Any]]) -> set[str]:
    keys = {row.added_by}
    for rows in lists:
        for one in rows:
            keys |= {one["by"], one.get("withdrawn_by", "")}
    return keys - {""}


def _own_score(card: Mapping[str, Any]) -> float | None:
    score: Any = _thresholds(card).get("score")
    return float(score) if rules_models.is_number(score) else None


def _thresholds(card: Mapping[str, Any]) -> Mapping[str, Any]:
    found = card.get("thresholds")
    return found if isinstance(found, Mapping) else {}
