"""Whether a person may sign on a day: checks that other areas fill in (``app.py``), asked at the moment of signing.

A check answers with a reason to refuse, with what entitles the person, or not at all when it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

UNCHECKED = "qualification not checked by software"


@dataclass(frozen=True)
class Asked:
    """Who wants to sign what, when."""

    actor: Actor
    industry: str
    template: str
    slot: str
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What a check says: a reason to refuse, or what entitles ("RT Level II, certificate 4711, until 2027-05-31")."""

    refusal: str = ""
    entitled_by: str = ""


Check = Callable[["Kernel", Asked], "Answer | None"]

QUALIFICATION_CHECKS: list[Check] = []
"""The checks, filled by the wiring; without any a report says that software checked nothing."""


def judge(kernel: Kernel, asked: Asked) -> Answer:
    """Ask every check; the first refusal counts, else what entitles the person, or that nothing was checked."""
    answers = [answer for answer in (check(kernel, asked) for check in QUALIFICATION_CHECKS) if answer is not None]
    refusals = [answer for answer in answers if answer.refusal]
    if refusals:
        return refusals[0]
    return Answer(entitled_by="; ".join(answer.entitled_by for answer in answers if answer.entitled_by) or UNCHECKED)
