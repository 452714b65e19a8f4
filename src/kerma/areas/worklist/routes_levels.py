"""What a site promises of its worklist, over HTTP: service levels, readers, skills, breaks, notices of late exams."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions, actions_levels, rules_levels, rules_next
from kerma.areas.worklist import queries_levels as queries
from kerma.areas.worklist.queries import names_of
from kerma.areas.worklist.rules_levels import Level, Step
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["worklist"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Urgency = Literal["stat", "urgent", "routine"]
Seconds = Annotated[int, Field(ge=0, le=rules_levels.LONGEST_S)]
Words = list[Annotated[str, Field(max_length=rules_next.LETTERS)]]


class ChainStep(BaseModel):
    """Who is told, so long after the due time."""

    model_config = ConfigDict(extra="forbid")
    after_s: Seconds
    role: str = Field(max_length=64)


class NewLevel(BaseModel):
    """What is promised of exams of an urgency."""

    model_config = ConfigDict(extra="forbid")
    priority: int = Field(ge=1, le=3)
    due_in_s: Seconds
    warn_before_s: Seconds
    claim_expires_s: Seconds
    chain: list[ChainStep] = Field(max_length=rules_levels.MOST_STEPS)

    def level(self) -> Level:
        """Return it as the rules take it."""
        numbers = self.model_dump(exclude={"chain"})
        return Level(**numbers, chain=tuple(Step(one.after_s, one.role) for one in self.chain))


class ServiceLevelRow(NewLevel):
    """The service level in force of an industry and urgency."""

    industry: str
    urgency: Urgency
    is_own: bool
    """The site has set it; else it is that of Kerma's table."""
    set_by_name: str
    set_at: str


class Tried(BaseModel):
    """What another service level would have meant for the exams of the last days."""

    exams: int
    decided: int
    in_time_now: int
    """Of those decided: within the due time that they had."""
    in_time_then: int
    """... and within that of the level tried."""


class ReaderRow(BaseModel):
    """What a person is handed to read."""

    person: str
    name: str
    industries: list[str]
    modalities: list[str]
    skills: list[str]
    most_claimed: int


class NewReader(BaseModel):
    """What a person is to be handed."""

    model_config = ConfigDict(extra="forbid")
    industries: Words = Field(default_factory=list, max_length=16)
    modalities: Words = Field(default_factory=list, max_length=rules_next.MOST_WORDS)
    skills: Words = Field(default_factory=list, max_length=rules_next.MOST_WORDS)
    most_claimed: int = Field(default=0, ge=0, le=rules_next.MOST_CLAIMED)


class Skill(BaseModel):
    """A skill that exams ask for; an empty modality is all of the industry."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(max_length=32)
    modality: str = Field(default="", max_length=16)
    skill: str = Field(max_length=rules_next.LETTERS)


class NewBreak(BaseModel):
    """How long one reads without a break."""

    model_config = ConfigDict(extra="forbid")
    most_s: Seconds
    break_s: Seconds
    mode: Literal["off", "told", "enforced"]


class BreakRow(NewBreak):
    """The rule of an industry."""

    industry: str


class Notice(BaseModel):
    """Who was told of a late exam."""

    id: int
    exam_pk: int
    industry: str
    urgency: Urgency
    subject_id: str
    description: str
    due_at: str
    step: int
    role: str
    raised_at: str
    acknowledged_by_name: str
    acknowledged_at: str
    words: str


class Acknowledging(BaseModel):
    """What is done about a late exam."""

    model_config = ConfigDict(extra="forbid")
    words: str = Field(max_length=1000)


@router.get("/service-levels")
def levels(request: Request, kernel: KernelNow, actor: ActorNow) -> list[ServiceLevelRow]:
    """Show what is promised of exams of every industry and urgency."""
    requests.look(request, actor, actions.view)
    return _levels(kernel)


@router.put("/service-levels/{industry}/{urgency}")
def set_level(
    kernel: KernelNow, actor: ActorNow, industry: str, urgency: Urgency, asked: NewLevel
) -> list[ServiceLevelRow]:
    """Promise something of exams of an urgency, from now on."""
    actions_levels.set_level(kernel, actor, industry=industry, urgency=urgency, level=asked.level())
    return _levels(kernel)


@router.delete("/service-levels/{industry}/{urgency}")
def end_level(kernel: KernelNow, actor: ActorNow, industry: str, urgency: Urgency) -> list[ServiceLevelRow]:
    """Let Kerma's own level hold again."""
    usual = rules_levels.level_of(industry, urgency, ())
    actions_levels.set_level(kernel, actor, industry=industry, urgency=urgency, level=usual, is_ended=True)
    return _levels(kernel)


@router.post("/service-levels/{industry}/{urgency}/try")
def try_level(
    request: Request, kernel: KernelNow, actor: ActorNow, industry: str, urgency: Urgency, asked: NewLevel
) -> Tried:
    """Say what a service level would have meant for the exams of the last thirty days; nothing is changed."""
    requests.look(request, actor, actions.view)
    with kernel.database.read() as connection:
        return Tried(**queries.tried(connection, industry, urgency, asked.level(), kernel.clock.now()))


@router.get("/readers")
def readers(request: Request, kernel: KernelNow, actor: ActorNow) -> list[ReaderRow]:
    """Show what each person is handed, of those for whom anything was set."""
    requests.look(request, actor, actions_levels.view_readers)
    with kernel.database.read() as connection:
        rows = queries.readers(connection)
        names = names_of(connection, {row["person"] for row in rows})
    known = ReaderRow.model_fields.keys() - {"name"}
    return [ReaderRow(**{key: row[key] for key in known}, name=names.get(row["person"], "")) for row in rows]


@router.put("/readers/{person}")
def set_reader(request: Request, kernel: KernelNow, actor: ActorNow, person: str, asked: NewReader) -> list[ReaderRow]:
    """Set what a person is handed to read."""
    lists = {name: tuple(getattr(asked, name)) for name in ("industries", "modalities", "skills")}
    profile = rules_next.Reader(**lists, most_claimed=asked.most_claimed)
    actions_levels.set_reader(kernel, actor, person_key=person, profile=profile)
    return readers(request, kernel, actor)


@router.get("/skills")
def skills(request: Request, kernel: KernelNow, actor: ActorNow) -> list[Skill]:
    """Show which skills exams ask for."""
    requests.look(request, actor, actions.view)
    with kernel.database.read() as connection:
        rows = queries.skills_needed(connection)
    return [Skill(industry=row["industry"], modality=row["modality"], skill=row["skill"]) for row in rows]


@router.post("/skills")
def add_skill(request: Request, kernel: KernelNow, actor: ActorNow, asked: Skill) -> list[Skill]:
    """Ask for a skill from now on."""
    actions_levels.set_skill(kernel, actor, **asked.model_dump())
    return skills(request, kernel, actor)


@router.post("/skills/end")
def end_skill(request: Request, kernel: KernelNow, actor: ActorNow, asked: Skill) -> list[Skill]:
    """Ask for a skill no more."""
    actions_levels.set_skill(kernel, actor, **asked.model_dump(), is_ended=True)
    return skills(request, kernel, actor)


@router.get("/breaks")
def breaks(request: Request, kernel: KernelNow, actor: ActorNow) -> list[BreakRow]:
    """Show how long people read without a break, of every industry."""
    requests.look(request, actor, actions.view)
    with kernel.database.read() as connection:
        rows = queries.break_rules(connection)
    rules = {industry: rules_next.break_rule_of(industry, rows) for industry in kernel.industries}
    return [BreakRow.model_validate(asdict(one) | {"industry": name}) for name, one in rules.items()]


@router.put("/breaks/{industry}")
def set_break(request: Request, kernel: KernelNow, actor: ActorNow, industry: str, asked: NewBreak) -> list[BreakRow]:
    """Set how long people read exams of an industry without a break."""
    actions_levels.set_break(kernel, actor, industry=industry, rule=rules_next.BreakRule(**asked.model_dump()))
    return breaks(request, kernel, actor)


@router.get("/late-notices")
def notices(request: Request, kernel: KernelNow, actor: ActorNow, *, everything: bool = False) -> list[Notice]:
    """Show who was told of which late exam; only what nobody has acknowledged unless everything is asked for."""
    requests.look(request, actor, actions_levels.view_late)
    with kernel.database.read() as connection:
        rows = queries.notices(connection, is_open=not everything)
        names = names_of(connection, {row["acknowledged_by"] for row in rows})
    known = Notice.model_fields.keys() - {"acknowledged_by_name"}
    return [
        Notice(**{key: row[key] for key in known}, acknowledged_by_name=names.get(row["acknowledged_by"], ""))
        for row in rows
    ]


@router.post("/late-notices/{notice_id}/acknowledge")
def acknowledge(
    request: Request, kernel: KernelNow, actor: ActorNow, notice_id: requests.RowNumber, asked: Acknowledging
) -> list[Notice]:
    """Say what is done about a late exam; nobody further up is told then."""
    actions_levels.acknowledge_late(kernel, actor, notice_id=notice_id, words=asked.words)
    return notices(request, kernel, actor)


def _levels(kernel: Kernel) -> list[ServiceLevelRow]:
    with kernel.database.read() as connection:
        rows = queries.levels(connection)
        names = names_of(connection, {row["set_by"] for row in rows})
    own = {(row["industry"], row["urgency"]): row for row in rows}
    shown = []
    for industry in kernel.industries:
        for urgency in rules_levels.URGENCIES:
            level = rules_levels.level_of(industry, urgency, rows)
            row: dict[str, Any] = own.get((industry, urgency), {})
            chain = [asdict(one) for one in level.chain]
            numbers = {name: getattr(level, name) for name in rules_levels.NUMBERS}
            told = {"set_by_name": names.get(row.get("set_by", ""), ""), "set_at": row.get("set_at", "")}
            named = {"industry": industry, "urgency": urgency, "is_own": bool(row), "chain": chain}
            shown.append(ServiceLevelRow.model_validate(named | numbers | told))
    return shown
