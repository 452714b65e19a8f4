"""Forensic checks over HTTP: what was found of an exam, and running them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from kerma.areas.archive.actions import open_exam
from kerma.areas.custody import queries_forensic
from kerma.areas.custody.forensic_exam import examine
from kerma.areas.people.queries import name_of_actor
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["custody"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class ForensicTrace(BaseModel):
    """One answer of one check; percentages are upper ends of 95 % intervals on its test set."""

    check: str
    outcome: str
    words: str
    method: str
    statistic: float | None
    threshold: float | None
    false_alarm_percent: float | None
    missed_percent: float | None
    test_set: str
    regions: list[list[float]]
    related: str


class ForensicImage(BaseModel):
    """What one image carries by itself; ``problem`` where it cannot be read."""

    name: str
    image_pk: int
    traces: list[ForensicTrace]
    problem: str


class ForensicDuplicate(BaseModel):
    """Another picture that shows the same."""

    image: str
    image_pk: int
    other: str
    other_image_pk: int
    other_exam_pk: int
    is_same_exam: bool
    traces: list[ForensicTrace]


class ForensicContradiction(BaseModel):
    """A fact and the fact against it."""

    rule: str
    severity: str
    words: str
    fact: str
    against: str
    image: str


class Forensics(BaseModel):
    """What the checks found; ``made_at`` is empty while nobody has run them."""

    made_at: str = ""
    made_by_name: str = ""
    result_sha256: str = ""
    caveat: str = ""
    images: list[ForensicImage] = []
    duplicates: list[ForensicDuplicate] = []
    contradictions: list[ForensicContradiction] = []
    not_looked_at: list[str] = []


@router.get("/exams/{exam_pk}/forensics")
def forensics(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Forensics:
    """Return what the forensic checks of an exam found when they were last run."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="forensics")
    with kernel.database.read() as connection:
        found = queries_forensic.latest(connection, exam_pk)
    return _shown(kernel, found)


@router.post("/exams/{exam_pk}/forensics", status_code=201)
def run(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Forensics:
    """Run the forensic checks on an exam and return what they found."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="forensics")
    return _shown(kernel, examine(kernel, actor, exam_pk=exam_pk))


def _shown(kernel: Kernel, found: dict[str, Any] | None) -> Forensics:
    if not found:
        return Forensics()
    with kernel.database.read() as connection:
        name = name_of_actor(connection, found["made_by"])
    about = {"made_at": found["made_at"], "made_by_name": name, "result_sha256": found["document_sha256"]}
    return Forensics(**about, **{key: value for key, value in found["document"].items() if key != "version"})
