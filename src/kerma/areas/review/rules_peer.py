"""Which decisions are looked at again, by whom, and how they are scored: pure, by the tables ``kerma_review``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kerma.areas.review.rules import MAX_REASON_LETTERS
from kerma.areas.review.rules_reading import checked_class
from kerma.errors import Conflict, WrongUsage
from kerma.standards import Table, table

RANDOM, RISK, PERSON, NEW_PERSON, DISAGREEMENT = KINDS = ("random", "risk", "person", "new-person", "disagreement")
"""Why a decision is taken: by chance alone, against a grave proposal, of one person, of a new person, against what the
software proposed."""
RISKS = "kerma_review/risk"
ALL_PERMILLE = 1000
MOST_FIRST = 10_000
MOST_DAYS = 365
_DRAW_BYTES = 8


@dataclass(frozen=True)
class Plan:
    """One plan in force."""

    id: int
    industry: str
    exam_class: str
    kind: str
    person: str
    """Key of whose decisions it takes; empty for everybody's."""
    share_permille: int
    first_count: int
    """How many first decisions of a new person; 0 for other kinds."""
    seed: str
    is_blinded: bool
    hides_reviewer: bool
    due_days: int


@dataclass(frozen=True)
class Decided:
    """A decision as far as it matters for taking it."""

    decision_id: int
    industry: str
    modalities: tuple[str, ...]
    person: str
    decision: str
    proposed: str
    """By the software alone; empty or "none" where it proposed nothing."""
    proposed_judged: str
    """By the rules over what a person had recorded; empty where nobody had."""
    number: int
    """Which of the person's decisions in this industry it is, from 1; 0 where no plan asks."""


@dataclass(frozen=True)
class Taken:
    """A decision that is to be looked at again: one case, whichever plans took it."""

    plans: tuple[Plan, ...]
    is_blinded: bool
    hides_reviewer: bool
    due_at: datetime


@dataclass(frozen=True)
class Score:
    """One line of a review form."""

    code: str
    words: str
    agrees: bool
    is_significant: bool
    opens_learning: bool


def taken(plans: Iterable[Plan], decided: Decided, at: datetime) -> Taken | None:
    """Return how a decision is looked at again, or None where no plan takes it.

    Of several plans the strictest says how: blinded, the reviewer hidden, the earliest day.
    """
    found = tuple(plan for plan in fitting(plans, decided) if _asks(plan, decided) and is_drawn(plan, decided))
    if not found:
        return None
    due_at = at + timedelta(days=min(plan.due_days for plan in found))
    blinded, hidden = any(plan.is_blinded for plan in found), any(plan.hides_reviewer for plan in found)
    return Taken(found, blinded, hidden, due_at)


def fitting(plans: Iterable[Plan], decided: Decided) -> list[Plan]:
    """Return the plans for the exam's industry and classes: of a kind and person those of a class before the rest."""
    own = [plan for plan in plans if plan.industry == decided.industry and plan.exam_class in ("", *decided.modalities)]
    of_class = {(plan.kind, plan.person) for plan in own if plan.exam_class}
    return [plan for plan in own if plan.exam_class or (plan.kind, plan.person) not in of_class]


def is_drawn(plan: Plan, decided: Decided) -> bool:
    """Return whether the decision falls into the plan's share.

    The draw is SHA-256 of the plan's seed and the decision's number, so that anybody can repeat it and nobody choose.
    """
    drawn = hashlib.sha256(f"{plan.seed}:{decided.decision_id}".encode("ascii")).digest()[:_DRAW_BYTES]
    return int.from_bytes(drawn, "big") * ALL_PERMILLE < plan.share_permille << (8 * _DRAW_BYTES)


def _asks(plan: Plan, decided: Decided) -> bool:
    if plan.person and plan.person != decided.person:
        return False
    return {
        RANDOM: True,
        PERSON: True,
        NEW_PERSON: 0 < decided.number <= plan.first_count,
        RISK: bool(risks(decided.industry, decided.decision) & {decided.proposed, decided.proposed_judged}),
        DISAGREEMENT: decided.proposed not in ("", "none", decided.decision),
    }[plan.kind]


def risks(industry: str, decision: str) -> set[str]:
    """Return the proposals against which a decision is a risk."""
    return {row["proposed"] for row in table(RISKS) if (row["industry"], row["decision"]) == (industry, decision)}


def checked_plan(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan as it is kept, once it makes sense.

    Raises
    ------
    WrongUsage
        A kind, share, count, person or number of days that makes none.
    """
    kind, person, first = given["kind"], given["person"], given["first_count"]
    if kind not in KINDS:
        raise WrongUsage(f"kind is '{kind[:32]}'; it is {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if not 1 <= given["share_permille"] <= ALL_PERMILLE:
        raise WrongUsage(f"a share of {given['share_permille']} per mille is none: give 1 to {ALL_PERMILLE}")
    if not 1 <= given["due_days"] <= MOST_DAYS:
        raise WrongUsage(f"give 1 to {MOST_DAYS} days for a review")
    if (kind == PERSON) != bool(person):
        raise WrongUsage("a plan by person names whose decisions it takes; no other kind does")
    if kind == NEW_PERSON and not 1 <= first <= MOST_FIRST:
        raise WrongUsage(f"say how many first decisions of a new person are looked at: 1 to {MOST_FIRST}")
    if kind != NEW_PERSON and first:
        raise WrongUsage("only a plan for new people counts their first decisions")
    return {**given, "exam_class": checked_class(given["exam_class"])}


def demand_free_of_conflict(reviewer: str, author: str, readers: Collection[str], given_back: Collection[str]) -> None:
    """Refuse a reviewer who is a party: nobody reviews their own work.

    Parameters
    ----------
    author : who decided
    readers : everybody who decided, read or judged the exam
    given_back : who had the case before

    Raises
    ------
    Conflict
        The reviewer is one of these.
    """
    if reviewer == author or reviewer in readers:
        raise Conflict("you have read, judged or decided this exam yourself: nobody reviews their own work")
    if reviewer in given_back:
        raise Conflict("you gave this case back and may have looked since: somebody else reviews it")


def form_table(industry: str) -> Table:
    """Return the review form of an industry, as the table it is."""
    return table(f"kerma_review/{industry}")


def form(industry: str) -> tuple[Score, ...]:
    """Return the scores of an industry's review form, agreement first."""
    return tuple(
        Score(row["code"], row["words"], *(row[name] == "yes" for name in ("agrees", "significant", "learning")))
        for row in form_table(industry)
    )


def checked_score(industry: str, code: str, words: str, *, differs: bool) -> Score:
    """Return a score once it may be given so.

    Parameters
    ----------
    differs : whether the reviewer's own conclusion is another one than what was decided

    Raises
    ------
    WrongUsage
        The form has no such score, or words are missing where the person needs them to learn from it.
    """
    scores = {score.code: score for score in form(industry)}
    if code not in scores:
        raise WrongUsage(f"'{code[:32]}' is no score of this form; it is one of {', '.join(scores)}")
    if len(words) > MAX_REASON_LETTERS:
        raise WrongUsage(f"the words have {len(words)} letters; keep them within {MAX_REASON_LETTERS}")
    if not words.strip() and not scores[code].agrees:
        raise WrongUsage("say in a sentence what was missed or wrong, so that the person can learn from it")
    if not words.strip() and differs:
        raise WrongUsage("you concluded otherwise and agree all the same: say in a sentence why")
    return scores[code]


def words_of(case_id: int | None) -> str:
    """Return what the exam's page says above the decision to one who reviews the exam; empty to everybody else."""
    if case_id is None:
        return ""
    return f"You review a decision on this exam (case {case_id}): conclude and score under Reviews, not here."


def counted(cases: Sequence[tuple[Decided, Taken | None]]) -> dict[str, Any]:
    """Return how many decisions plans take: in all, by kind and by person; a case of two kinds counts for each."""
    kinds = dict.fromkeys(KINDS, 0)
    people: dict[str, list[int]] = {}
    for decided, found in cases:
        of_person = people.setdefault(decided.person, [0, 0])
        of_person[0] += 1
        if found is None:
            continue
        of_person[1] += 1
        for kind in {plan.kind for plan in found.plans}:
            kinds[kind] += 1
    return {
        "decisions": len(cases),
        "cases": sum(found is not None for _, found in cases),
        "kinds": kinds,
        "people": {person: tuple(counts) for person, counts in people.items()},
    }
