"""All that changes what a site usually judges by."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from kerma.areas.review import queries_packs, rules_defaults
from kerma.areas.review.model_judge import review_default
from kerma.kernel.action import Act, action


@action("review.set_default")
def set_default(act: Act, *, industry: str, values: Mapping[str, str]) -> int:
    """Set what exams of an industry are usually judged by: pack, technique, regime, place.

    It takes the place of the setting before; what is left out stays as the industry has it. What was judged stays.

    Raises
    ------
    WrongUsage
        The industry has no such setting, or the word is none of those there are.
    NotFound
        There is no pack of this name.
    """
    filled = rules_defaults.checked(industry, values)
    if rules_defaults.PACK in filled:
        queries_packs.chosen(act.connection, filled[rules_defaults.PACK])
    row = {"industry": industry, "values": filled, "set_by": act.actor.key, "set_at": act.at_text}
    number = int(
        act.connection.execute(sa.insert(review_default).values(row).returning(review_default.c.id)).scalar_one()
    )
    act.record(default_id=number, industry=industry, values=filled)
    return number
