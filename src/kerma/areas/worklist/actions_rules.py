"""A site sets which exams get an item, and how much the site and the language of a person count."""

from __future__ import annotations

import secrets
from dataclasses import asdict

from kerma.areas.worklist import queries_items, rules_items
from kerma.areas.worklist.model_items import item_rules, matching
from kerma.areas.worklist.queries_rules import known_words
from kerma.areas.worklist.rules_items import Rules
from kerma.areas.worklist.rules_matching import Matching, demand_matching
from kerma.errors import Conflict, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.in_force import settle

SEED_BYTES = 16


@action("worklist.set_rules")
def set_rules(act: Act, *, rules: Rules, seen: int | None = None) -> int:
    """Set which exams get an item of the worklist, as a whole set; it holds for exams that arrive from now on.

    Returns the id of the set. Its draws have a seed of their own, made here so that nobody can choose it.

    Parameters
    ----------
    seen : id of the set that stood there when these were written (0: Kerma's own); None where nobody looked

    Raises
    ------
    WrongUsage
        A rule makes no sense; the message names each.
    Conflict
        Somebody has set other rules meanwhile.
    """
    demand_seen(act, seen)
    rules_items.demand_rules(rules, *known_words(act.connection, act.kernel.industries))
    row = {"rules": rules_items.as_json(rules), "seed": secrets.token_hex(SEED_BYTES), "is_ended": False}
    return settle(act, item_rules, row)


@action("worklist.end_rules")
def end_rules(act: Act, *, seen: int | None = None) -> None:
    """Let Kerma's own rules hold again: every exam that arrives is read."""
    demand_seen(act, seen)
    settle(act, item_rules, {"rules": [], "seed": "", "is_ended": True})


def demand_seen(act: Act, seen: int | None) -> None:
    """Refuse to replace rules that one has not seen.

    Raises
    ------
    Conflict
        Others are in force by now.
    """
    if seen is not None and queries_items.rules_in_force(act.connection).rules_id != seen:
        raise Conflict("somebody has set other rules meanwhile; load them, then change those")


@action("worklist.set_matching")
def set_matching(act: Act, *, industry: str, policy: Matching) -> int:
    """Set whether exams of an industry go to people of their site and language.

    Raises
    ------
    WrongUsage
        The industry or a word makes no sense.
    """
    if industry not in act.kernel.industries:
        raise WrongUsage(f"there is no industry '{industry[:32]}'; there are {', '.join(act.kernel.industries)}")
    demand_matching(policy)
    return settle(act, matching, {"industry": industry, **asdict(policy)})


@action("worklist.view_attention")
def view_attention(act: Act) -> None:
    """See which exams nobody reads, and which nobody in service can take."""
    act.record(list="attention")
