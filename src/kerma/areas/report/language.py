"""The languages of reports: every printed word of the product as data, its number format and its dates.

``languages/words.csv``, ``kinds.csv`` and ``forms.csv`` give each fixed text a key; ``phrases.csv`` translates words
that come from elsewhere in the product (findings, decisions, quantities), found by the English. Free text stays as
written.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
import io
from collections.abc import Mapping
from dataclasses import dataclass

from kerma.errors import WrongUsage

LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "français", "es": "español"}
FIXED = ("words", "kinds", "forms")
PHRASES = "phrases"


@dataclass(frozen=True)
class Language:
    """One language: ``say("rule")`` is the fixed text of a key, with its places filled in."""

    code: str
    words: Mapping[str, str]
    phrases: Mapping[str, str]

    def __call__(self, key: str, **given: object) -> str:
        """Return the fixed text of a key; ``{place}`` in it is filled in, whatever stands in the value."""
        return self.words[key].format(**given) if given else self.words[key]

    def phrase(self, english: str) -> str:
        """Return words of the product in this language; those it does not know stay as they are."""
        found = self.phrases.get(_plain(english))
        if found is None or self.code == "en":
            return english.replace("-", " ") if found and english.islower() else english
        return found[:1].upper() + found[1:] if english[:1].isupper() else found

    def number(self, written: str) -> str:
        """Return a written number with this language's decimal sign; thin spaces between thousands stay."""
        return written.replace(".", self.words["decimal"])

    def moment(self, written: str) -> str:
        """Return an ISO 8601 date or moment as this language writes it, to the second; anything else as it is."""
        day, _, time = written.partition("T")
        parts = day.split("-")
        if len(parts) != 3 or [len(part) for part in parts] != [4, 2, 2] or not "".join(parts).isdecimal():
            return written
        year, month, day = parts
        shown = self("date", year=year, month=month, day=day)
        return f"{shown} {time[:8]}{' UTC' if time.endswith('Z') else ''}" if time else shown

    def quoted(self, written: str) -> str:
        """Return words between this language's quotation marks."""
        return f"{self.words['open_quote']}{written}{self.words['close_quote']}"


@functools.cache
def language(code: str) -> Language:
    """Return one language by its code.

    Raises
    ------
    WrongUsage
        Reports are not written in this language.
    """
    if code not in LANGUAGES:
        raise WrongUsage(f"'{code}' is no language of reports; there are {', '.join(LANGUAGES)}")
    words = {row["key"]: row[code] for name in FIXED for row in rows(name)}
    return Language(code, words, {_plain(row["en"]): row[code] for row in rows(PHRASES)})


def rows(name: str) -> list[dict[str, str]]:
    """Return the lines of one file of ``languages/``."""
    return _read(f"languages/{name}.csv")


def _read(path: str) -> list[dict[str, str]]:
    text = importlib.resources.files("kerma.areas.report").joinpath(path).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _plain(english: str) -> str:
    return english.replace("-", " ").lower()


ENGLISH = language("en")
