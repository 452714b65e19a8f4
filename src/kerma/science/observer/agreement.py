"""How far readers agree beyond chance: kappa of two or of many, Gwet's coefficient, each with its interval.

Two readers who clear nearly everything agree nearly always, and kappa is low all the same (Feinstein & Cicchetti,
J Clin Epidemiol 43 (1990) 543). So no kappa stands alone: the share of agreement and Gwet's coefficient, which chance
hardly touches where one answer is rare, are there with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.observer import proportion

Floats = NDArray[np.float64]
Weights = Literal["equal", "linear", "quadratic"]
"""How much two answers agree: only the same ones, or the more the nearer they stand in the order of the categories."""
COHEN, FLEISS, GWET = "cohen-kappa", "fleiss-kappa", "gwet-ac"
LEVEL = 0.95
FEWEST = 2
"""Subjects, and readers of one, below which nothing can be said."""


@dataclass(frozen=True)
class Agreement:
    """One coefficient; ``value`` and ``interval`` are None where ``why_not`` says that there is none."""

    name: str
    value: float | None
    interval: tuple[float, float] | None
    observed: float
    """Share of pairs of answers that agree, weighted."""
    expected: float
    """The same by chance alone, as this coefficient sees chance."""
    subjects: int
    """Those with two answers or more."""
    why_not: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name, "value": self.value, "interval": list(self.interval) if self.interval else None,
            "observed": self.observed, "expected": self.expected, "subjects": self.subjects, "why_not": self.why_not,
        }  # fmt: skip


def cohen(
    first: Sequence[str], second: Sequence[str], categories: Sequence[str], weights: Weights = "equal"
) -> Agreement:
    """Return Cohen's kappa of two readers of the same subjects, weighted if asked.

    Parameters
    ----------
    first, second : the answers of each reader, in the same order of subjects
    categories : all possible answers; their order counts for linear and quadratic weights

    Interval: large-sample standard error (Fleiss, Cohen & Everitt, Psychol Bull 72 (1969) 323), Student's t.

    Raises
    ------
    WrongUsage
        Fewer than two subjects, unequal numbers of answers, or an answer that is no category.
    """
    if len(first) != len(second):
        raise WrongUsage(f"{len(first)} answers against {len(second)}: both read the same subjects")
    count = _demand_enough(len(first), categories)
    place = {name: number for number, name in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)))
    for one, other in zip(_known(first, place), _known(second, place), strict=True):
        table[one, other] += 1
    share, weight = table / count, weights_of(len(categories), weights)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    observed, expected = float((share * weight).sum()), float(rows @ weight @ columns)
    if expected >= 1:
        return _none(COHEN, observed, expected, count)
    kappa = (observed - expected) / (1 - expected)
    mean = (weight @ columns)[:, None] + (weight.T @ rows)[None, :]
    spread = float((share * (weight - mean * (1 - kappa)) ** 2).sum()) - (kappa - expected * (1 - kappa)) ** 2
    error = np.sqrt(max(spread, 0.0) / count) / (1 - expected)
    return _told(COHEN, kappa, float(error), (observed, expected, count))


def fleiss(answers: Sequence[Sequence[str | None]], categories: Sequence[str], weights: Weights = "equal") -> Agreement:
    """Return Fleiss' kappa of any number of readers (Psychol Bull 76 (1971) 378); None where one did not read.

    Parameters
    ----------
    answers : one row a subject, one answer a reader; who the reader was does not matter
    categories : all possible answers; their order counts for linear and quadratic weights

    Interval: Gwet's variance over subjects (Br J Math Stat Psychol 61 (2008) 29), Student's t. Raises as :func:`cohen`.
    """
    return _of_many(FLEISS, answers, categories, weights)


def gwet(answers: Sequence[Sequence[str | None]], categories: Sequence[str], weights: Weights = "equal") -> Agreement:
    """Return Gwet's AC1, or AC2 where weighted, of any number of readers; as :func:`fleiss`."""
    return _of_many(GWET, answers, categories, weights)


def weights_of(count: int, weights: Weights) -> Floats:
    """Return how much two of ``count`` ordered categories agree, from 0 to 1: shape (category, category)."""
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count))) / max(count - 1, 1)
    agreed: Floats = _WEIGHTS[weights](apart)
    return agreed


_WEIGHTS: dict[str, Callable[[Floats], Floats]] = {
    "equal": lambda apart: (apart == 0).astype(float),
    "linear": lambda apart: 1 - apart,
    "quadratic": lambda apart: 1 - apart**2,
}


def _of_many(name: str, answers: Sequence[Sequence[str | None]], categories: Sequence[str], kind: Weights) -> Agreement:
    place = {category: number for number, category in enumerate(categories)}
    counts = np.zeros((len(answers), len(categories)))
    for subject, row in enumerate(answers):
        np.add.at(counts[subject], _known([one for one in row if one is not None], place), 1)
    counts = counts[counts.sum(axis=1) > 0]
    readers = counts.sum(axis=1)
    several = readers >= FEWEST
    _demand_enough(int(several.sum()), categories)
    weight = weights_of(len(categories), kind)
    pairs = np.where(several, readers * (readers - 1), 1)
    agreed = np.where(several, (counts * (counts @ weight - 1)).sum(axis=1) / pairs, 0.0)
    subjects, all_subjects = int(several.sum()), len(counts)
    observed = float(agreed.sum()) / subjects
    share = (counts / readers[:, None]).mean(axis=0)
    chance = _CHANCE[name](weight, share)
    by_subject = counts @ chance / readers
    expected = float(share @ chance)
    if expected >= 1:
        return _none(name, observed, expected, subjects)
    value = (observed - expected) / (1 - expected)
    single = all_subjects / subjects * (agreed - expected * several) / (1 - expected)
    single = single - 2 * (1 - value) * (by_subject - expected) / (1 - expected)
    error = np.sqrt(((single - value) ** 2).sum() / (all_subjects * (all_subjects - 1)))
    return _told(name, value, float(error), (observed, expected, subjects))


_CHANCE: dict[str, Callable[[Floats, Floats], Floats]] = {
    FLEISS: lambda weight, share: weight @ share,
    GWET: lambda weight, share: weight.sum() * (1 - share) / (len(share) * (len(share) - 1)),
}
"""What each answer adds to the agreement by chance, by the share of all answers; its mean is that agreement."""


def _told(name: str, value: float, error: float, seen: tuple[float, float, int]) -> Agreement:
    from scipy.special import stdtrit

    observed, expected, subjects = seen
    if error > 0:
        reach = float(stdtrit(subjects - 1, (1 + LEVEL) / 2)) * error
        interval = max(value - reach, -1.0), min(value + reach, 1.0)
    else:  # all subjects alike: their scatter says nothing, so how seldom a difference may be is asked of the count
        least = proportion.interval(round(observed * subjects), subjects, LEVEL)[0]
        interval = max((least - expected) / (1 - expected), -1.0), value
    return Agreement(name, value, interval, observed, expected, subjects)


def _none(name: str, observed: float, expected: float, subjects: int) -> Agreement:
    why = "all answers are the same one: whether the readers can tell it from another was not tried"
    return Agreement(name, None, None, observed, expected, subjects, why)


def _known(answers: Sequence[str], place: dict[str, int]) -> list[int]:
    strange = next((one for one in answers if one not in place), None)
    if strange is not None:
        raise WrongUsage(f"'{strange}' is none of the answers: {', '.join(place)}")
    return [place[one] for one in answers]


def _demand_enough(subjects: int, categories: Sequence[str]) -> int:
    if len(set(categories)) != len(categories) or len(categories) < FEWEST:
        raise WrongUsage("agreement needs two different answers or more, each named once")
    if subjects < FEWEST:
        raise WrongUsage(f"{subjects} subjects were read by two readers: agreement needs {FEWEST} or more")
    return subjects
