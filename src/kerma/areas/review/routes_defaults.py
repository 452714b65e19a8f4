"""What a site usually judges by, over HTTP; and the words that a judgement may use."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.review import actions_defaults, queries_defaults
from kerma.areas.review.rules_defaults import SETTINGS
from kerma.areas.review.rules_findings import SEVERITIES
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.science.judge.disposition import PLACES, REGIMES
from kerma.science.judge.quality import entries_of, reject_reasons_of
from kerma.standards import table

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Word = Annotated[str, Field(max_length=64)]


class Usual(BaseModel):
    """What exams of an industry are usually judged by at this site."""

    industry: str
    values: dict[str, str]
    """What the site has set."""
    choices: dict[str, list[str]]
    """What may be set, and the words there are; none where any pack may be named."""
    pack: str
    """The pack that holds, the site's or the industry's own; empty where there is none."""
    set_by_name: str
    set_at: str


class NewUsual(BaseModel):
    """The settings of an industry; what is left out or empty is as the industry has it."""

    model_config = ConfigDict(extra="forbid")
    values: dict[Word, Word] = Field(max_length=8)


class Choice(BaseModel):
    """One word that may be given, and what it means."""

    value: str
    words: str


class JudgingWords(BaseModel):
    """What a person may give of image quality and travel when judging an exam of an industry."""

    entries: list[Choice]
    reject_reasons: list[Choice]
    dismiss_reasons: list[Choice]
    """Why a finding may be none."""
    severities: list[str]
    regimes: list[Choice]
    places: list[Choice]


@router.get("/usual-rules")
def usual(kernel: KernelNow, _: ActorNow) -> list[Usual]:
    """List what exams are usually judged by, industry by industry."""
    return [_usual(kernel, industry) for industry in kernel.industries]


@router.put("/usual-rules/{industry}")
def set_usual(kernel: KernelNow, actor: ActorNow, industry: str, given: NewUsual) -> Usual:
    """Set what exams of an industry are usually judged by."""
    _check(kernel, industry)
    actions_defaults.set_default(kernel, actor, industry=industry, values=given.values)
    return _usual(kernel, industry)


@router.get("/judging-words/{industry}")
def judging_words(kernel: KernelNow, _: ActorNow, industry: str) -> JudgingWords:
    """List what may be entered of image quality, why a radiograph or a finding is none, and regimes and places."""
    _check(kernel, industry)
    is_travel = "regime" in SETTINGS.get(industry, {})
    return JudgingWords(
        entries=[Choice(value=key, words=words) for key, words in entries_of(industry).items()],
        reject_reasons=[Choice(value=code, words=words) for code, words in reject_reasons_of(industry).items()],
        dismiss_reasons=[
            Choice(value=row["code"], words=row["words"])
            for row in table("kerma_findings/dismiss_reasons")
            if row["industry"] in ("", industry)
        ],
        severities=list(SEVERITIES),
        regimes=[Choice(value=key, words=table(name).title) for key, name in REGIMES.items() if is_travel],
        places=[Choice(value=key, words=key) for key in PLACES if is_travel],
    )


def _check(kernel: Kernel, industry: str) -> None:
    if industry not in kernel.industries:
        raise NotFound(f"there is no industry '{industry[:64]}'; there are {', '.join(kernel.industries)}")


def _usual(kernel: Kernel, industry: str) -> Usual:
    with kernel.database.read() as connection:
        found = queries_defaults.newest_default(connection, industry)
        pack = queries_defaults.usual_pack(connection, industry, kernel.industries[industry].plan)
        names = names_of(connection, {found["set_by"]}) if found else {}
    return Usual(
        industry=industry,
        values=found["values"] if found else {},
        choices={name: list(words) for name, words in SETTINGS.get(industry, {}).items()},
        pack=pack,
        set_by_name=names.get(found["set_by"], found["set_by"]) if found else "",
        set_at=found["set_at"] if found else "",
    )
