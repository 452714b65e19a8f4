"""Targets for pace, refused images and reading time are set."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from kerma.areas.review import rules_targets
from kerma.areas.review.model_target import reading_target
from kerma.areas.review.rules_targets import Target
from kerma.errors import WrongUsage
from kerma.kernel.action import Act, action


@action("review.set_target")
def set_target(act: Act, *, target: Target, is_ended: bool = False) -> int:
    """Set what is usual at a site and for a role: exams an hour, the share of refused images, minutes an exam.

    Raises
    ------
    WrongUsage
        The industry, the measure or the range makes no sense.
    """
    if target.industry not in act.kernel.industries:
        known = ", ".join(act.kernel.industries)
        raise WrongUsage(f"there is no industry '{target.industry[:32]}'; there are {known}")
    kept = rules_targets.checked_target(target)
    row = {**asdict(kept), "is_ended": is_ended, "set_by": act.actor.key, "set_at": act.at_text}
    insert = sa.insert(reading_target).values(row).returning(reading_target.c.id)
    target_id = int(act.connection.execute(insert).scalar_one())
    # The ledger holds no floats: the range stands in the row.
    named = {"industry": kept.industry, "site": kept.site, "role": kept.role, "measure": kept.measure}
    act.record(target_id=target_id, is_ended=is_ended, **named)
    return target_id
