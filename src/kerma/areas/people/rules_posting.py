"""At which sites a person works, and which languages they read and write: pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kerma.errors import WrongUsage

LANGUAGE = re.compile(r"[a-z]{2,3}")
"""A language as ISO 639 codes it: de, fr, gsw."""
SITE_LETTERS, MOST_WORDS = 64, 64


@dataclass(frozen=True)
class Posting:
    """Sites and languages of a person; none of either is all."""

    sites: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def checked_posting(posting: Posting) -> Posting:
    """Return a posting as it is kept: without doubles and spaces around, languages in small letters.

    Raises
    ------
    WrongUsage
        A site or language is none that there can be, or there are too many.
    """
    sites = tuple(dict.fromkeys(one.strip() for one in posting.sites))
    languages = tuple(dict.fromkeys(one.strip().lower() for one in posting.languages))
    if max(len(sites), len(languages)) > MOST_WORDS:
        raise WrongUsage(f"a person has at most {MOST_WORDS} sites and languages")
    if any(not 0 < len(one) <= SITE_LETTERS or not one.isprintable() for one in sites):
        raise WrongUsage(f"a site is named in 1 to {SITE_LETTERS} letters, as the machines there name it")
    strange = next((one for one in languages if not LANGUAGE.fullmatch(one)), None)
    if strange is not None:
        raise WrongUsage(f"'{strange[:16]}' is no language; it is a code of two or three letters, as de or fr")
    return Posting(sites, languages)
