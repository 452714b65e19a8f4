"""Which exams get an item of the worklist, and what kind of item: pure, by rules that are rows.

The rules are asked in rounds: when an exam arrives, when it is ordered, when its analysis is finished, when it is
decided. In a round the first rule that fits says what happens; an exam that has an item gets no second one.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from kerma.areas.archive.rules import fold
from kerma.areas.people.rules_posting import LANGUAGE
from kerma.areas.worklist.rules_levels import URGENCIES
from kerma.errors import WrongUsage
from kerma.standards import table

RULES = "kerma_worklist/item_rules"
EXAM, ORDER, SCORE, QUALITY, PRIOR = TRIGGERS = ("exam", "order", "score", "quality", "prior")
"""An exam arrives; it is ordered; its analysis is finished; it is decided; it arrives and an earlier one showed
something."""
HAND = "hand"
"""What is written in the place of the trigger where a person put the exam on the list."""
CHECK = "quality check"
"""The stage at which an exam is that was decided and is looked at again."""
MOST_RULES, NAME_LETTERS, LETTERS = 200, 64, 64
ALL_PERMILLE = 1000
SHOWN = ("alarm", "attention")
"""Tones of the decisions by which an earlier exam showed something, where a rule does not name them."""
_DRAW_BYTES = 8


@dataclass(frozen=True)
class Rule:
    """One rule. An empty condition holds always; others are alternatives with ``;`` between, ``*`` stands for anything.

    ``kind`` is the exam's description or protocol, ``part`` the part of the body, the subject's or the part's number;
    ``outcome`` is a decision: of the exam that is sampled, or of an earlier one of the same subject. Scores are decimal
    texts from 0 to 1. A rule that does not make an item leaves the exam out; ``urgency`` only makes it more urgent.
    """

    name: str
    trigger: str = EXAM
    makes: bool = True
    industry: str = ""
    site: str = ""
    modality: str = ""
    kind: str = ""
    part: str = ""
    lane: str = ""
    score_at_least: str = ""
    score_at_most: str = ""
    share_permille: int = ALL_PERMILLE
    outcome: str = ""
    stage: str = ""
    urgency: str = ""
    skill: str = ""
    language: str = ""


Rules = tuple[Rule, ...]
COLUMNS = tuple(one.name for one in fields(Rule))
_CONDITIONS = ("industry", "site", "modality", "kind", "part", "lane")
_WORDS = {"yes": True, "no": False}


@dataclass(frozen=True)
class Facts:
    """What rules know of an exam."""

    exam_pk: int
    exam_uid: str
    industry: str
    site: str = ""
    language: str = ""
    modalities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    lane: str = ""
    is_ordered: bool = False
    priors: tuple[str, ...] = ()
    """Decisions on earlier exams of the subject."""
    score: float | None = None
    """The highest score of a finding, 0 without findings; None before the analysis."""
    decision: str = ""


@dataclass(frozen=True)
class Replayed:
    """What rules would have done with an exam."""

    exam_pk: int
    rule: str
    """Name of the rule that took it or left it out; empty where none fits."""
    asked: str
    """The round in which it was taken, or last asked for."""
    is_made: bool
    is_sampled: bool
    """It would have been looked at again after its decision."""


@functools.cache
def shipped() -> Rules:
    """Return the rules that Kerma comes with: every exam that arrives is read."""
    return tuple(rule_of(row) for row in table(RULES))


def rule_of(row: Mapping[str, Any]) -> Rule:
    """Return a rule from a row of a table or of the database.

    Raises
    ------
    WrongUsage
        A column is unknown, or a value is none that it can have.
    """
    unknown = [name for name in row if name not in COLUMNS]
    if unknown:
        raise WrongUsage(f"a rule has no column '{str(unknown[0])[:LETTERS]}'; it has {', '.join(COLUMNS)}")
    given = {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}
    makes = given.get("makes", True)
    share = given.get("share_permille", ALL_PERMILLE)
    try:
        given["makes"] = makes if isinstance(makes, bool) else _WORDS[str(makes).lower() or "yes"]
        given["share_permille"] = ALL_PERMILLE if share == "" else int(share)
    except (KeyError, ValueError) as error:
        named = f"rule '{str(given.get('name', ''))[:NAME_LETTERS]}'"
        raise WrongUsage(f"{named}: makes is yes or no, share_permille a whole number of 0 to 1000") from error
    return Rule(**({"name": ""} | given))


def as_json(rules: Rules) -> list[dict[str, Any]]:
    """Return the JSON form."""
    return [asdict(one) for one in rules]


def demand_rules(rules: Rules, stages: Mapping[str, Collection[str]], decisions: Mapping[str, Collection[str]]) -> None:
    """Refuse rules that could not do what they say.

    Parameters
    ----------
    stages, decisions : by industry, the stages of its flow in force and the decisions there are

    Raises
    ------
    WrongUsage
        There are none or too many, two have one name, or a rule makes no sense; the message names each.
    """
    problems = [] if 1 <= len(rules) <= MOST_RULES else [f"a set has 1 to {MOST_RULES} rules"]
    names = [one.name for one in rules]
    problems += [f"two rules are named '{name}'" for name in dict.fromkeys(names) if names.count(name) > 1]
    for number, one in enumerate(rules, 1):
        problems += [
            f"rule {number} '{one.name[:NAME_LETTERS]}': {words}" for words in _problems(one, stages, decisions)
        ]
    if problems:
        raise WrongUsage("; ".join(problems))


def _problems(
    rule: Rule, stages: Mapping[str, Collection[str]], decisions: Mapping[str, Collection[str]]
) -> Iterable[str]:
    if not 0 < len(rule.name) <= NAME_LETTERS or not rule.name.isprintable():
        yield f"it has a name of 1 to {NAME_LETTERS} letters"
    if rule.trigger not in TRIGGERS:
        yield f"trigger is one of {', '.join(TRIGGERS)}"
    if rule.industry and rule.industry not in stages:
        yield f"there is no industry '{rule.industry[:LETTERS]}'; there are {', '.join(stages)}"
    texts = (*_CONDITIONS, "outcome", "stage", "skill")
    if any(len(getattr(rule, name)) > (4 * LETTERS if name in _CONDITIONS else LETTERS) for name in texts):
        yield "a condition is too long"
    if not 0 <= rule.share_permille <= ALL_PERMILLE:
        yield "share_permille is 0 to 1000"
    if rule.urgency not in ("", *URGENCIES):
        yield f"urgency is empty or one of {', '.join(URGENCIES)}"
    if rule.language and not LANGUAGE.fullmatch(rule.language):
        yield "language is a code of two or three small letters, as de"
    yield from _score_problems(rule)
    concerned = [rule.industry] if rule.industry in stages else list(stages)
    if rule.stage and rule.trigger == QUALITY:
        yield f"what is sampled is at the stage '{CHECK}'; leave the stage empty"
    elif rule.stage and not any(rule.stage in stages[industry] for industry in concerned):
        yield f"no flow in force has the stage '{rule.stage}'"
    known = {code for industry in concerned for code in decisions[industry]}
    unknown = [code for code in _alternatives(rule.outcome) if code not in known]
    if unknown:
        yield f"there is no decision '{unknown[0]}'"
    if rule.outcome and rule.trigger not in (QUALITY, PRIOR):
        yield f"outcome is for the triggers {QUALITY} and {PRIOR}"


def _score_problems(rule: Rule) -> Iterable[str]:
    asked = [getattr(rule, name) for name in ("score_at_least", "score_at_most") if getattr(rule, name)]
    if rule.trigger == SCORE and not asked:
        yield "it says at or above, or at or below, which score"
    if rule.trigger != SCORE and asked:
        yield f"a score is for the trigger {SCORE}: before the analysis there is none"
    try:
        numbers = [Decimal(text) for text in asked]
    except InvalidOperation:
        numbers = [Decimal(-1)]
    if any(not number.is_finite() or not 0 <= number <= 1 for number in numbers):
        yield "a score is a number from 0 to 1, as 0.35"
    elif len(numbers) == len(("least", "most")) and numbers[0] > numbers[1]:
        yield "score_at_least is above score_at_most"


def arriving(facts: Facts) -> tuple[str, ...]:
    """Return the triggers that are asked when an exam arrives."""
    return (EXAM, *([ORDER] if facts.is_ordered else []), *([PRIOR] if facts.priors else []))


def taken_by(rules: Rules, triggers: Collection[str], facts: Facts, seed: str) -> Rule | None:
    """Return the first rule that fits an exam in a round, whether it makes an item or leaves it out; None for none."""
    return next((one for one in rules if one.trigger in triggers and fits(one, facts, seed)), None)


def fits(rule: Rule, facts: Facts, seed: str) -> bool:
    """Return whether the conditions of a rule hold for an exam."""
    values: Mapping[str, Sequence[str]] = {
        "industry": [facts.industry], "site": [facts.site], "modality": facts.modalities,
        "kind": facts.kinds, "part": facts.parts, "lane": [facts.lane],
    }  # fmt: skip
    if not all(_holds(getattr(rule, name), values[name]) for name in _CONDITIONS):
        return False
    if rule.trigger == SCORE and not _reaches(rule, facts.score):
        return False
    if rule.trigger == PRIOR and not _shows(rule, facts.industry, facts.priors):
        return False
    if rule.trigger == QUALITY and rule.outcome and facts.decision not in _alternatives(rule.outcome):
        return False
    return is_drawn(rule, facts.exam_uid, seed)


def _holds(condition: str, values: Iterable[str]) -> bool:
    wanted = [fold(one) for one in _alternatives(condition)]
    return not wanted or any(fnmatchcase(fold(value), pattern) for value in values if value for pattern in wanted)


def _alternatives(condition: str) -> list[str]:
    return [one.strip() for one in condition.split(";") if one.strip()]


def _reaches(rule: Rule, score: float | None) -> bool:
    if score is None:
        return False
    # a score is kept with so many figures as a float tells apart; the limits are what a person wrote
    number = Decimal(repr(score))
    above = not rule.score_at_least or number >= Decimal(rule.score_at_least)
    return above and (not rule.score_at_most or number <= Decimal(rule.score_at_most))


def _shows(rule: Rule, industry: str, priors: Iterable[str]) -> bool:
    wanted = _alternatives(rule.outcome) or showing(industry)
    return any(code in wanted for code in priors)


def showing(industry: str) -> list[str]:
    """Return the decisions of an industry by which an exam showed something."""
    rows = table("kerma_worklist/turnaround")
    return [row["decision_proposed"] for row in rows if row["industry"] == industry and row["tone"] in SHOWN]


def is_drawn(rule: Rule, exam_uid: str, seed: str) -> bool:
    """Return whether an exam is in a rule's share: a draw that anybody who knows the seed can do again."""
    if rule.share_permille >= ALL_PERMILLE:
        return True
    drawn = hashlib.sha256(f"{seed}:{rule.name}:{exam_uid}".encode()).digest()[:_DRAW_BYTES]
    return int.from_bytes(drawn, "big") * ALL_PERMILLE < rule.share_permille << (8 * _DRAW_BYTES)


def replay(rules: Rules, facts: Facts, seed: str) -> Replayed:
    """Return what rules would have done with an exam, round by round."""
    last: Rule | None = None
    asked, is_made = EXAM, False
    for triggers in (arriving(facts), (SCORE,) if facts.score is not None else ()):
        found = taken_by(rules, triggers, facts, seed)
        if found is not None:
            last, asked, is_made = found, found.trigger, found.makes
        if is_made:
            break
    again = taken_by(rules, (QUALITY,), facts, seed) if facts.decision else None
    return Replayed(facts.exam_pk, last.name if last else "", asked, is_made, again is not None and again.makes)
