"""Which exams a threat is projected into, which threat, and what an answer is worth: pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.areas.proficiency.model import ALARM, CLEARED, HIT, MISS
from kerma.errors import WrongUsage
from kerma.science.observer.signal_detection import indices, log_linear, wilson
from kerma.science.simulate.things import EVERYDAY, kinds

INDUSTRY = "security"
CLEAR = "clear"
"""The decision of security that raises no alarm; every other one does."""
ALL_PERMILLE = 1000
MOST_WEIGHT = 1000
FEWEST_PROJECTED = 30
"""Projections below which no rate is told of a person alone: 30 of 30 may still be one miss in nine (95 % interval)."""
CLASS_LIBRARY = "eu_185_2010/image_library"
"""The table of how large a library for training in class has to be."""


@dataclass(frozen=True)
class Answer:
    """One answer, as far as it is counted."""

    person: str
    result: str
    category: str
    seconds: float | None


def drawn(secret: str, exam_uid: str, purpose: str) -> float:
    """Return a number from 0 up to 1 that nobody can foresee without the secret, and everybody repeat with it.

    Parameters
    ----------
    purpose : what is drawn: numbers of one exam for different purposes tell nothing of each other
    """
    digest = hmac.digest(bytes.fromhex(secret), f"{purpose}:{exam_uid}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:6], "big") / float(1 << 48)


def is_drawn(secret: str, share_permille: int, exam_uid: str) -> bool:
    """Return whether a threat is to be projected into an exam."""
    return drawn(secret, exam_uid, "share") * ALL_PERMILLE < share_permille


def ordered(
    secret: str, exam_uid: str, threats: Sequence[Mapping[str, Any]], categories: Mapping[str, int]
) -> list[Mapping[str, Any]]:
    """Return the threats of a library in the order in which they are tried in an exam.

    A category is taken by its weight, then one of its threats by chance: how many there are of a category does not
    say how often it comes.

    Parameters
    ----------
    threats : ``id`` and ``category``
    categories : weights; empty for one each. A category that it does not name does not come.
    """
    wanted = categories or {row["category"]: 1 for row in threats}

    def late(row: Mapping[str, Any]) -> tuple[float, float]:
        weight = wanted[row["category"]]
        first = drawn(secret, exam_uid, f"category:{row['category']}") ** (1.0 / weight)
        return -first, drawn(secret, exam_uid, f"threat:{row['id']}")

    return sorted((row for row in threats if wanted.get(row["category"], 0) > 0), key=late)


def plan_for(station: str, plans: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the plan of a scanner, or the one for all others; None where there is neither."""
    of = {row["station"]: row for row in plans}
    return of.get(station) or of.get("")


def checked_plan(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan as it is kept.

    Raises
    ------
    WrongUsage
        A share, a category or a weight that makes no sense.
    """
    share, categories = int(given["share_permille"]), dict(given["categories"])
    if not 1 <= share <= ALL_PERMILLE:
        raise WrongUsage(f"a threat is projected into 0.1 to 100 % of exams, not into {share / 10:g} %")
    known = threat_categories()
    for name, weight in categories.items():
        if name not in known:
            raise WrongUsage(f"there is no category '{name[:32]}' of threats; there are {', '.join(known)}")
        if not 1 <= int(weight) <= MOST_WEIGHT:
            raise WrongUsage(f"the weight of a category is 1 to {MOST_WEIGHT}; that of '{name}' is {weight}")
    station = str(given["station"]).strip()
    return {"station": station, "share_permille": share, "categories": categories, "is_ended": bool(given["is_ended"])}


def threat_categories() -> list[str]:
    """Return the categories of things that are threats, in the order of the table."""
    return list(dict.fromkeys(kind.category for kind in kinds() if kind.category != EVERYDAY))


def articles() -> dict[str, list[str]]:
    """Return the articles that are threats, by category."""
    found: dict[str, list[str]] = {name: [] for name in threat_categories()}
    for kind in kinds():
        if kind.category in found:
            found[kind.category].append(kind.name)
    return found


def tried(share_permille: int, exam_uids: Sequence[str]) -> int:
    """Return into how many exams a threat would be projected, by a key made for this try and forgotten."""
    secret = secrets.token_hex()
    return sum(is_drawn(secret, share_permille, uid) for uid in exam_uids)


def result_of(decision_code: str, *, is_projected: bool) -> str:
    """Return what a decision is as an answer."""
    if is_projected:
        return MISS if decision_code == CLEAR else HIT
    return CLEARED if decision_code == CLEAR else ALARM


def figures(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return what the answers of every person come to, by their key; the first row, without one, is everybody's."""
    every = list(answers)
    by_person: dict[str, list[Answer]] = {"": every}
    for one in sorted(every, key=lambda answer: answer.person):
        by_person.setdefault(one.person, []).append(one)
    return [{"person": person, **_of(rows)} for person, rows in by_person.items()]


def _of(rows: Sequence[Answer]) -> dict[str, Any]:
    count = Counter(one.result for one in rows)
    projected, plain = count[HIT] + count[MISS], count[ALARM] + count[CLEARED]
    categories = sorted({one.category for one in rows if one.category})
    times = sorted(one.seconds for one in rows if one.seconds is not None and one.result in (HIT, MISS))
    is_told = projected and plain
    found = indices(log_linear(count[HIT], projected), log_linear(count[ALARM], plain)) if is_told else None
    return {
        "hits": share(count[HIT], projected),
        "alarms": share(count[ALARM], plain),
        "is_too_few": projected < FEWEST_PROJECTED,
        "d_prime": found.d_prime if found else None,
        "d_a": found.d_a if found else None,
        "criterion": found.criterion if found else None,
        "median_s": times[len(times) // 2] if times else None,
        "categories": {
            name: share(
                sum(one.result == HIT for one in rows if one.category == name),
                sum(one.category == name for one in rows),
            )
            for name in categories
        },
    }


def share(hits: int, trials: int) -> dict[str, Any]:
    """Return a share that was counted, with Wilson's interval; both None of nothing."""
    interval = list(wilson(hits, trials)) if trials else None
    return {"count": hits, "of": trials, "value": hits / trials if trials else None, "interval": interval}


def words_of(result: str, threat: str) -> str:
    """Return what a reader is told of their answer."""
    if result == HIT:
        return f"You found it: a {threat} was projected into these images. The images are now as they came: read them."
    return f"Missed: a {threat} was projected into these images. The images are now as they came: read them again."
