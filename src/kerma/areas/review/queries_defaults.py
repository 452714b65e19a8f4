"""Reading what a site usually judges by."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model_judge import review_default
from kerma.areas.review.queries_packs import chosen, listed_name
from kerma.areas.review.queries_tables import confirmed_tables
from kerma.areas.review.rules_defaults import NDT, PACK
from kerma.science.analysis import Plan, SiteRules
from kerma.science.judge.disposition import Travel


def newest_default(connection: sa.Connection, industry: str) -> dict[str, Any] | None:
    """Return the setting in force of an industry with who made it, or None where nobody has."""
    statement = sa.select(review_default).where(review_default.c.industry == industry)
    found = connection.execute(statement.order_by(review_default.c.id.desc()).limit(1)).mappings().first()
    return dict(found) if found else None


def default_of(connection: sa.Connection, industry: str) -> dict[str, str]:
    """Return what the site has set for an industry; nothing where it has set nothing."""
    found = newest_default(connection, industry)
    return dict(found["values"]) if found else {}


def usual_pack(connection: sa.Connection, industry: str, plan: Plan) -> str:
    """Return the name of the pack an exam is judged by where nobody names one; empty where there is none."""
    own = default_of(connection, industry).get(PACK, "")
    return own or (listed_name(plan.pack) if plan.pack else "")


def site_rules(connection: sa.Connection, industry: str, plan: Plan) -> SiteRules:
    """Return what the site has settled: the usual pack as it is in force, technique, travel, and what is confirmed."""
    values, name = default_of(connection, industry), usual_pack(connection, industry, plan)
    return SiteRules(
        pack=chosen(connection, name).pack if name else None,
        technique={key: values[key] for key in NDT if key in values},
        travel=Travel(**{key: values[key] for key in ("regime", "place") if key in values}),
        picture_gate=values.get("picture_gate", ""),
        number_windows=values.get("number_windows", ""),
        confirmed=tuple(confirmed_tables(connection)),
    )
