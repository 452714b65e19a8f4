"""Who decides after whom: an industry has a flow, and some of its stages ask for a skill."""

from __future__ import annotations

from typing import Any

from kerma.areas.worklist import queries_flow, queries_levels, rules_flow
from kerma.areas.worklist.model import flow
from kerma.areas.worklist.rules_flow import Flow
from kerma.errors import Conflict, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.in_force import settle

NAME_LETTERS = 64


@action("worklist.set_flow")
def set_flow(act: Act, *, industry: str, name: str, stages: Flow, is_ended: bool = False) -> int:
    """Set who decides after whom in an industry; exams on the list go on from the stage at which they are.

    Parameters
    ----------
    is_ended : exams of the industry are decided once again

    Raises
    ------
    WrongUsage
        The industry, the name, a stage or what follows it makes no sense; the message says which.
    """
    if industry not in act.kernel.industries:
        raise WrongUsage(f"there is no industry '{industry[:32]}'; there are {', '.join(act.kernel.industries)}")
    if not 0 < len(name.strip()) <= NAME_LETTERS:
        raise WrongUsage(f"a flow has a name of 1 to {NAME_LETTERS} letters")
    rules_flow.demand_flow(stages, act.kernel.industries[industry].decisions)
    row: dict[str, Any] = {"industry": industry, "name": name.strip(), "stages": rules_flow.as_json(stages)}
    return settle(act, flow, {**row, "is_ended": is_ended})


def demand_skilled(act: Act, industry: str, stage: str) -> None:
    """Refuse to let somebody decide at a stage that asks for a skill they lack.

    Raises
    ------
    Conflict
        The skill is not one of theirs.
    """
    found = rules_flow.stage_of(queries_flow.flow_in_force(act.connection, industry), stage) if stage else None
    if found is None or not found.skill or act.actor.kind != "person":
        return
    if found.skill not in queries_levels.reader_of(act.connection, act.actor.key).skills:
        raise Conflict(f"{found.label} is for those with the skill '{found.skill}'; a lead gives it to you")
