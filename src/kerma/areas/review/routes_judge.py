"""Judging over HTTP: what a judgement begins from, what it would say, and recording it."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_judge, queries_defaults, queries_judge, queries_lots, rules, rules_lots
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.rules_findings import MAX_ADDED, MAX_OUTLINE, Added, Changes
from kerma.areas.review.rules_judge import Asked
from kerma.areas.review.rules_reference import Graded
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import Sight, sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
FindingId = Annotated[str, Field(max_length=64)]
Reason = Annotated[str, Field(max_length=rules.MAX_REASON_LETTERS)]


class NewFinding(BaseModel):
    """A finding that a person records."""

    model_config = ConfigDict(extra="forbid")
    image_sha256: str = Field(max_length=64)
    label: str = Field(max_length=64)
    box: tuple[float, float, float, float]
    """Row, column, height, width in pixels."""
    measurements: dict[str, float] = Field(default_factory=dict, max_length=20)
    plane: int = Field(default=0, ge=0, lt=2**31)
    note: Reason = ""
    replaces: FindingId = ""
    """Id of the finding whose label or measures it changes."""
    polygon: list[tuple[float, float]] = Field(default_factory=list, max_length=MAX_OUTLINE)
    """Its outline as row and column of each point; empty: the box alone."""
    severity: str = Field(default="", max_length=16)
    """slight, moderate, severe or critical; "" where it is not said."""
    confidence: float | None = None
    """How sure the person is, 0 to 1."""


class FindingChanges(BaseModel):
    """What a person does to the findings of an exam."""

    model_config = ConfigDict(extra="forbid")
    added: list[NewFinding] = Field(default_factory=list, max_length=MAX_ADDED)
    dismissed: dict[FindingId, Reason] = Field(default_factory=dict, max_length=10_000)
    """Id of a finding to the reason why it is none."""
    restored: list[FindingId] = Field(default_factory=list, max_length=10_000)
    accepted: list[FindingId] = Field(default_factory=list, max_length=10_000)
    """Ids of findings of the software that the person agrees with."""
    supersedes: int | None = None
    """Id of the judgement in force that the person has seen."""
    reason: Reason = ""


class NewGrade(BaseModel):
    """What a person has seen of one kind of discontinuity of a casting beside a licensed reference image."""

    model_config = ConfigDict(extra="forbid")
    reference_id: requests.RowNumber
    found: int = Field(ge=0, le=99)
    allowed: int = Field(ge=0, le=99)
    alloy: str = Field(max_length=64)
    cnr: float | None = None
    finding_ids: list[FindingId] = Field(default_factory=list, max_length=500)


class NewJudgement(FindingChanges):
    """Findings, and the rules and conditions to judge them by; what is left out stays as it was."""

    pack: str | None = Field(default=None, max_length=64)
    """Name of the pack; "" for none."""
    conditions: dict[str, float | str] | None = Field(default=None, max_length=64)
    quality: dict[str, float | str] | None = Field(default=None, max_length=64)
    """What was read of image quality."""
    grades: list[NewGrade] | None = Field(default=None, max_length=50)
    looked_at_all: bool = False
    """Whether the person says to have looked at every image."""


class Judgement(BaseModel):
    """One judgement by a person."""

    id: int
    version: int
    analysis_id: int
    decision_proposed: str
    by: str
    by_name: str
    at: str
    reason: str
    pack: dict[str, Any] | None
    conditions: dict[str, Any]
    quality_entries: dict[str, Any]
    grades: list[dict[str, Any]]
    looked_at_all: bool


class Judging(BaseModel):
    """What is known of an exam, judged: the document, and every judgement by a person, the one in force first."""

    exam_pk: int
    analysis_id: int | None
    """None while the first analysis is under way."""
    judgement_id: int | None
    """Id of the newest judgement; pass it as ``supersedes``."""
    is_of_this_analysis: bool
    """Whether the newest judgement lies over the newest analysis."""
    document: dict[str, Any] | None
    """One element of ``exams`` of ``result.json``, with people's findings and judgement laid over."""
    pack: str
    """Name of the pack a judgement uses where it names none."""
    defaults: dict[str, str]
    """What the site usually judges by: technique, regime, place; it holds where nothing is given."""
    judgements: list[Judgement]


class LotExam(BaseModel):
    """One exam of a welder, lot or owner, with what became of it."""

    exam_pk: int
    subject_id: str
    description: str
    exam_date: str
    decision: str
    outcome: str
    """pass, fail, or not-judged while nobody has decided and nothing failed."""
    stage: int
    """How often the inspection had been extended already."""
    length_mm: float | None


class Lot(BaseModel):
    """The exams of one welder, lot or owner, and what the chain rule asks to be examined next."""

    kind: str
    value: str
    exams: list[LotExam]
    step: dict[str, Any] | None
    missing: str
    """Why there is no next step, in words."""


class Lots(BaseModel):
    """What an exam belongs to; ``missing`` says what nobody has said of it."""

    lots: list[Lot]
    missing: str


class FindingWord(BaseModel):
    """A label a finding may have."""

    label: str
    code: str
    words: str


@router.get("/finding-words/{industry}")
def finding_words(kernel: KernelNow, _: ActorNow, industry: str) -> list[FindingWord]:
    """List the labels that findings of an industry may have."""
    if industry not in kernel.industries:
        raise NotFound(f"there is no industry '{industry[:64]}'; there are {', '.join(kernel.industries)}")
    return [FindingWord(**row) for row in queries_judge.words(industry)]


@router.get("/exams/{exam_pk}/judgement")
def judgement(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Judging:
    """Show what is known of an exam with people's findings, and every judgement of it."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return _shown(kernel, actor, exam_pk)


@router.post("/exams/{exam_pk}/judgement/check")
def try_judgement(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewJudgement) -> dict[str, Any]:
    """Work out what a judgement would say, and record nothing; returns the document as it would be."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return actions_judge.prepare(kernel, actor, exam_pk=exam_pk, given=_given(new)).shown


@router.post("/exams/{exam_pk}/judgement", status_code=201)
def judge(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewJudgement) -> Judging:
    """Record findings, and judge an exam by a pack and conditions; the earlier judgement stays on record."""
    actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=_given(new))
    return _shown(kernel, actor, exam_pk)


@router.get("/exams/{exam_pk}/findings")
def findings(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> list[dict[str, Any]]:
    """List the findings of an exam by software and people, each with its image; dismissed ones say why."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    shown = _shown(kernel, actor, exam_pk).document or {"images": []}
    return [{"image_sha256": image["sha256"], **one} for image in shown["images"] for one in image["findings"]]


@router.post("/exams/{exam_pk}/findings", status_code=201)
def record_findings(
    kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, changes: FindingChanges
) -> Judging:
    """Record a person's findings and judge the exam by them, with the pack and conditions as they were."""
    given = Given(changes=_changes(changes), reason=changes.reason, supersedes=changes.supersedes)
    actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)
    return _shown(kernel, actor, exam_pk)


@router.get("/exams/{exam_pk}/lots")
def lots(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Lots:
    """Show the exams of the same welder, lot and owner, and what a rejection asks to be examined next."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    shown = _shown(kernel, actor, exam_pk)
    pack = (shown.judgements[0].pack or {}).get("name", "") if shown.judgements else shown.pack
    with kernel.database.read() as connection:
        # A person may have said to which lot it belongs: while others' work is hidden, nothing is told.
        sight = sight_of(connection, actor, exam_pk)
        found = queries_lots.lots_of(connection, exam_pk) if sight.people else {}
        rows = {kind: queries_lots.exams_of(connection, kind, value, actor) for kind, value in found.items()}
    return Lots(
        lots=[
            Lot(
                kind=kind,
                value=found[kind],
                exams=[LotExam(**row) for row in exams],
                **rules_lots.next_step(queries_lots.history_of(exams), pack),
            )
            for kind, exams in rows.items()
        ],
        missing="" if found else "neither the images nor a person says to which welder or lot this belongs",
    )


def _changes(new: FindingChanges) -> Changes:
    return Changes(tuple(Added(**one.model_dump()) for one in new.added), new.dismissed, new.restored, new.accepted)


def _given(new: NewJudgement) -> Given:
    asked = None
    if new.conditions is not None or new.quality is not None or new.grades is not None or new.looked_at_all:
        grades = [Graded(**{**one.model_dump(), "finding_ids": tuple(one.finding_ids)}) for one in new.grades or ()]
        asked = Asked(new.conditions or {}, new.quality or {}, grades, new.looked_at_all)
    return Given(_changes(new), new.pack, asked, new.reason, new.supersedes)


def _shown(kernel: Kernel, actor: Actor, exam_pk: int) -> Judging:
    with kernel.database.read() as connection:
        found = exam_by_pk(connection, exam_pk)
        if found is None:
            raise NotFound(f"there is no exam {exam_pk}")
        sight = sight_of(connection, actor, exam_pk)
        on = queries_judge.known(connection, exam_pk, sight)
        made = _judgements(connection, exam_pk, sight)
        plan = kernel.industries[found["industry"]].plan
        usual = queries_defaults.usual_pack(connection, found["industry"], plan)
        defaults = queries_defaults.default_of(connection, found["industry"])
    return Judging(
        exam_pk=exam_pk,
        analysis_id=on.analysis_id if on else None,
        judgement_id=made[0].id if made else None,
        is_of_this_analysis=on is not None and on.is_of_this_analysis,
        document=on.document if on else None,
        pack=actions_judge.pack_name(on, usual),
        defaults=defaults,
        judgements=made,
    )


def _judgements(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[Judgement]:
    rows = queries_judge.judgements(connection, exam_pk, sight)
    names = names_of(connection, {row["by"] for row in rows})
    kept = ("pack", "conditions", "quality_entries", "looked_at_all")
    return [
        Judgement(
            **{name: row[name] for name in ("id", "version", "analysis_id", "decision_proposed", "by", "at", "reason")},
            **{name: row["document"][name] for name in kept},
            grades=row["document"].get("grades", []),
            by_name=names.get(row["by"], row["document"]["by_name"]),
        )
        for row in rows
    ]
