"""Which exams are read, and by whom, over HTTP: item rules with their dry run, matching, and what needs attention."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import (
    actions,
    actions_rules,
    queries_items,
    queries_matching,
    queries_rules,
    rules_items,
    rules_matching,
)
from kerma.areas.worklist.model import item
from kerma.areas.worklist.queries import names_of
from kerma.areas.worklist.rules_items import Rules
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["worklist"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Condition = Annotated[str, Field(max_length=4 * rules_items.LETTERS)]
Word = Annotated[str, Field(max_length=rules_items.LETTERS)]
Counts = Literal["ignore", "prefer", "require"]
MOST_DAYS = 366
MOST_SITES = 500


class ItemRule(BaseModel):
    """One rule; an empty condition holds always, `;` stands between alternatives, `*` for anything."""

    model_config = ConfigDict(extra="forbid")
    name: Word
    trigger: Literal["exam", "order", "score", "quality", "prior"] = "exam"
    makes: bool = True
    """Exams that it takes get an item; else it leaves them out."""
    industry: Word = ""
    site: Condition = ""
    modality: Condition = ""
    kind: Condition = ""
    """Description or protocol."""
    part: Condition = ""
    """Part of the body, number of the subject or of the part."""
    lane: Condition = ""
    score_at_least: str = Field(default="", max_length=16)
    score_at_most: str = Field(default="", max_length=16)
    share_permille: int = Field(default=rules_items.ALL_PERMILLE, ge=0, le=rules_items.ALL_PERMILLE)
    outcome: Word = ""
    """Decisions: of an earlier exam, or of the exam that is sampled."""
    stage: Word = ""
    urgency: Literal["", "stat", "urgent", "routine"] = ""
    skill: Word = ""
    language: str = Field(default="", max_length=3)


class ItemRules(BaseModel):
    """The rules in force."""

    rules_id: int
    """0: those that Kerma comes with."""
    rules: list[ItemRule]
    set_by_name: str
    set_at: str
    stages: dict[str, list[str]]
    """The stages of the flow in force, by industry."""


class NewItemRules(BaseModel):
    """A set of rules; `seen` is the id of the one it takes the place of."""

    model_config = ConfigDict(extra="forbid")
    seen: int | None = None
    rules: list[ItemRule] = Field(min_length=1, max_length=rules_items.MOST_RULES)

    def as_rules(self) -> Rules:
        """Return them as the rules take them."""
        return tuple(rules_items.rule_of(one.model_dump()) for one in self.rules)


class TriedRules(NewItemRules):
    """Rules to try on the exams that arrived in so many days."""

    days: int = Field(default=30, ge=1, le=MOST_DAYS)


class DryRunRow(BaseModel):
    """What would have become of an exam."""

    exam_pk: int
    industry: str
    subject_id: str
    description: str
    modalities: str
    received_at: str
    rule: str
    """The rule that takes it or leaves it out; empty where none does."""
    asked: str
    is_made: bool
    is_sampled: bool
    is_there: bool
    """It has an item now."""


class DryRunOfRules(BaseModel):
    """What rules would have made of the exams of some days."""

    exams: int
    is_cut: bool
    made: int
    sampled: int
    unread: int
    by_rule: dict[str, int]
    differs: int
    rows: list[DryRunRow]


class UnreadCount(BaseModel):
    """How many exams nobody reads, by the rule that left them out; empty: no rule took them."""

    industry: str
    rule: str
    exams: int


class UnreadExam(BaseModel):
    """An exam that nobody reads."""

    exam_pk: int
    industry: str
    rule: str
    asked: str
    at: str
    subject_id: str
    description: str
    modalities: str
    received_at: str


class StuckGroup(BaseModel):
    """Exams that wait and that nobody in service can take, for what is lacking."""

    industry: str
    lacking: list[str]
    exams: int
    exam_pk: int
    """The first of them."""


class Attention(BaseModel):
    """What a supervisor must know: exams nobody reads, and exams nobody can take."""

    counts: list[UnreadCount]
    unread: list[UnreadExam]
    stuck: list[StuckGroup]


class TakingOn(BaseModel):
    """Exams that are to be read all the same."""

    model_config = ConfigDict(extra="forbid")
    exam_pks: list[requests.RowNumber] = Field(min_length=1, max_length=queries_rules.SHOWN)


class MatchingRow(BaseModel):
    """How much site and language count in an industry."""

    industry: str
    site: Counts
    language: Counts


class NewMatching(BaseModel):
    """How much they are to count."""

    model_config = ConfigDict(extra="forbid")
    site: Counts
    language: Counts


class Matchings(BaseModel):
    """The policies, and the sites that exams have come from."""

    rows: list[MatchingRow]
    sites: list[str]


@router.get("/item-rules")
def rules(request: Request, kernel: KernelNow, actor: ActorNow) -> ItemRules:
    """Show which exams get an item of the worklist."""
    requests.look(request, actor, actions.view)
    return _rules(kernel)


@router.put("/item-rules")
def set_rules(kernel: KernelNow, actor: ActorNow, asked: NewItemRules) -> ItemRules:
    """Set which exams get an item, from now on."""
    actions_rules.set_rules(kernel, actor, rules=asked.as_rules(), seen=asked.seen)
    return _rules(kernel)


@router.delete("/item-rules")
def end_rules(kernel: KernelNow, actor: ActorNow, seen: int | None = None) -> ItemRules:
    """Let Kerma's own rules hold again."""
    actions_rules.end_rules(kernel, actor, seen=seen)
    return _rules(kernel)


@router.post("/item-rules/try")
def try_rules(request: Request, kernel: KernelNow, actor: ActorNow, asked: TriedRules) -> DryRunOfRules:
    """Say what rules would have made of the exams of the last days; nothing is changed."""
    requests.look(request, actor, actions_rules.view_attention)
    tried = asked.as_rules()
    with kernel.database.read() as connection:
        rules_items.demand_rules(tried, *queries_rules.known_words(connection, kernel.industries))
        found = queries_rules.dry_run(connection, tried, asked.days, kernel.clock.now())
    return DryRunOfRules.model_validate(asdict(found))


@router.get("/attention")
def attention(request: Request, kernel: KernelNow, actor: ActorNow, rule: str | None = None) -> Attention:
    """Show which exams nobody reads, of one rule or of all, and which nobody in service can take."""
    requests.look(request, actor, actions_rules.view_attention)
    with kernel.database.read() as connection:
        counts, found = queries_rules.unread_counts(connection), queries_rules.unread(connection, rule=rule)
        waits = _stuck(request, connection)
    return Attention.model_validate({"counts": counts, "unread": found, "stuck": [asdict(one) for one in waits]})


LONG_S, SHARE = 0.1, 20
"""What took so long to count is not counted anew for so many times as long: of a long list it costs a share of one in
twenty at most, however many look."""


def _stuck(request: Request, connection: sa.Connection) -> list[queries_matching.Stuck]:
    until, known = request.app.state.__dict__.get("stuck", (0.0, []))
    began = time.monotonic()
    if began < until:
        return list(known)
    found = queries_matching.stuck(connection)
    took_s = time.monotonic() - began
    if took_s >= LONG_S:
        request.app.state.__dict__["stuck"] = began + SHARE * took_s, found
    return found


@router.post("/attention/take-on")
def take_on(request: Request, kernel: KernelNow, actor: ActorNow, asked: TakingOn) -> Attention:
    """Put exams on the list that the rules have left to nobody."""
    actions.take_on(kernel, actor, exam_pks=asked.exam_pks)
    return attention(request, kernel, actor)


@router.get("/matching")
def matchings(request: Request, kernel: KernelNow, actor: ActorNow) -> Matchings:
    """Show how much site and language count in every industry."""
    requests.look(request, actor, actions.view)
    with kernel.database.read() as connection:
        rows = queries_matching.matchings(connection)
        named = sa.select(item.c.site).where(item.c.site != "").distinct().order_by(item.c.site).limit(MOST_SITES)
        sites = list(connection.scalars(named))
    policies = {name: rules_matching.matching_of(name, rows) for name in kernel.industries}
    shown = [MatchingRow.model_validate(asdict(one) | {"industry": name}) for name, one in policies.items()]
    return Matchings(rows=shown, sites=sites)


@router.put("/matching/{industry}")
def set_matching(
    request: Request, kernel: KernelNow, actor: ActorNow, industry: str, asked: NewMatching
) -> Matchings:
    """Set whether exams of an industry go to people of their site and language."""
    policy = rules_matching.Matching(asked.site, asked.language)
    actions_rules.set_matching(kernel, actor, industry=industry, policy=policy)
    return matchings(request, kernel, actor)


def _rules(kernel: Kernel) -> ItemRules:
    with kernel.database.read() as connection:
        chosen = queries_items.rules_in_force(connection)
        names = names_of(connection, {chosen.set_by})
        stages, _ = queries_rules.known_words(connection, kernel.industries)
    shown = [ItemRule.model_validate(one) for one in rules_items.as_json(chosen.rules)]
    return ItemRules(
        rules_id=chosen.rules_id,
        rules=shown,
        set_by_name=names.get(chosen.set_by, chosen.set_by),
        set_at=chosen.set_at,
        stages={name: list(words) for name, words in stages.items()},
    )
