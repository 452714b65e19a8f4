"""Whether an exam is one for a person by site and language, as an industry's policy has it: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kerma.areas.archive.rules import fold
from kerma.areas.people.rules_posting import Posting
from kerma.errors import WrongUsage

IGNORE, PREFER, REQUIRE = MODES = ("ignore", "prefer", "require")
"""It plays no part; of exams of one priority those that match come first; others are handed to nobody."""


@dataclass(frozen=True)
class Matching:
    """How much site and language count in an industry."""

    site: str = IGNORE
    language: str = IGNORE


def matching_of(industry: str, rows: Iterable[Mapping[str, Any]]) -> Matching:
    """Return the policy of an industry; site and language play no part where it has none."""
    return next((Matching(row["site"], row["language"]) for row in rows if row["industry"] == industry), Matching())


def demand_matching(one: Matching) -> None:
    """Refuse words that there are not.

    Raises
    ------
    WrongUsage
        A word is none of ``MODES``.
    """
    for name, value in (("site", one.site), ("language", one.language)):
        if value not in MODES:
            raise WrongUsage(f"{name} is '{value[:16]}'; it is {', '.join(MODES)}")


def folded(posting: Posting) -> list[str]:
    """Return the sites of a person as those of items are compared."""
    return [fold(one) for one in posting.sites]


def lacks(posting: Posting, matching: Matching, site: str, language: str) -> list[str]:
    """Return what keeps an exam from a person, in words; nothing where it is one for them.

    An exam that tells no site or language is for everybody, and so is a person's empty list.
    """
    found = []
    if matching.site == REQUIRE and site and posting.sites and fold(site) not in folded(posting):
        found.append(f"site {site}")
    if matching.language == REQUIRE and language and posting.languages and language not in posting.languages:
        found.append(f"language {language}")
    return found
