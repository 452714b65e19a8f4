"""The site's own rules for handling what is suspected, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.review import actions_search, rules_search
from kerma.areas.review.routes_talk import Text
from kerma.areas.review.searching import CardShown, card_shown
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.standards import table

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class OwnRule(BaseModel):
    """A site's rule for a suspicion."""

    model_config = ConfigDict(extra="forbid")
    steps: Text
    """A line each."""
    call: str = Field(default="", max_length=1000)
    cordon: str = Field(default="", max_length=1000)
    source: str = Field(max_length=400)
    """Where the rule is written."""


@router.get("/handling")
def cards(request: Request, kernel: KernelNow, actor: ActorNow) -> list[CardShown]:
    """Show the step card of every suspicion."""
    requests.look(request, actor, actions_search.view_searches)
    return _cards(kernel)


@router.put("/handling/{suspicion}")
def set_rule(kernel: KernelNow, actor: ActorNow, suspicion: str, given: OwnRule) -> list[CardShown]:
    """Set the site's own rule for a suspicion; the one before stays on record."""
    actions_search.set_handling(kernel, actor, suspicion=suspicion, **given.model_dump())
    return _cards(kernel)


def _cards(kernel: Kernel) -> list[CardShown]:
    suspicions = dict.fromkeys(row["suspicion"] for row in table(rules_search.HANDLING))
    with kernel.database.read() as connection:
        return [card_shown(connection, one) for one in suspicions]
