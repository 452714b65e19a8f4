"""How a key of a query matches (PS3.4, C.2.2.2): names folded, wildcards, ranges; pure, so that it can be proved."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kerma.areas.archive.rules import fold
from kerma.errors import WrongUsage

WILDCARDS_MAX = 8
"""Runs of ``*`` in one value: matching takes time by the power of their number."""
VALUES_MAX = 1000
"""Values in a list of one key."""

_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")
_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?")
_WILD = re.compile(r"[*?]")
_WORDS = re.compile(r"[\^= *?,\-\\]+")


@dataclass(frozen=True)
class Pattern:
    """A text with wildcards: pieces between them, each a literal, ``*`` (any letters) or ``?`` (one letter).

    Literals stand as they are matched; which pieces are wildcards is told by ``wild``, not by their text.
    """

    pieces: tuple[str, ...]
    wild: tuple[bool, ...]

    @property
    def is_literal(self) -> bool:
        """Whether there is no wildcard, so that the text must be equal."""
        return not any(self.wild)

    @property
    def is_universal(self) -> bool:
        """Whether everything matches (PS3.4, C.2.2.2.3 and C.2.2.2.4)."""
        return all(wild and piece == "*" for piece, wild in zip(self.pieces, self.wild, strict=True))

    @property
    def prefix(self) -> str:
        """The literal beginning: what a range of an index narrows to."""
        return self.pieces[0] if self.pieces and not self.wild[0] else ""

    @property
    def is_prefix(self) -> bool:
        """Whether the beginning and one ``*`` is all there is."""
        return self.wild[1:] == (True,) and not self.wild[0] and self.pieces[1] == "*"

    @property
    def text(self) -> str:
        """The literal of a pattern without wildcards."""
        return "".join(self.pieces)

    def glob(self) -> str:
        """Return it as SQLite's GLOB takes it."""
        return self._joined({"*": "*", "?": "?"}, re.compile(r"[*?\[]"), r"[\g<0>]")

    def like(self) -> str:
        r"""Return it as LIKE takes it, with ``\`` as the escape."""
        return self._joined({"*": "%", "?": "_"}, re.compile(r"[%_\\]"), r"\\\g<0>")

    def regular(self) -> re.Pattern[str]:
        """Return it as a regular expression for the whole text."""
        parts = (
            (".*" if piece == "*" else ".") if wild else re.escape(piece)
            for piece, wild in zip(self.pieces, self.wild, strict=True)
        )
        return re.compile("".join(parts), re.DOTALL)

    def _joined(self, wildcards: dict[str, str], special: re.Pattern[str], escaped: str) -> str:
        return "".join(
            wildcards[piece] if wild else special.sub(escaped, piece)
            for piece, wild in zip(self.pieces, self.wild, strict=True)
        )


@dataclass(frozen=True)
class Range:
    """A range, its ends included; an end left open is empty."""

    first: str
    last: str


def pattern(written: str, *, folded: bool = False) -> Pattern:
    """Return the pattern that a key's value is, for a name in its folded form.

    Raises
    ------
    WrongUsage
        More than WILDCARDS_MAX runs of ``*``.
    """
    pieces: list[str] = []
    wild: list[bool] = []
    start = 0
    for match in _WILD.finditer(written):
        _add(pieces, wild, written[start : match.start()], folded=folded)
        if not (match[0] == "*" and wild and wild[-1] and pieces[-1] == "*"):
            pieces.append(match[0])
            wild.append(True)
        start = match.end()
    _add(pieces, wild, written[start:], folded=folded)
    if sum(is_wild and piece == "*" for piece, is_wild in zip(pieces, wild, strict=True)) > WILDCARDS_MAX:
        raise WrongUsage(f"a value has more than {WILDCARDS_MAX} times '*'; leave some out")
    return Pattern(tuple(pieces), tuple(wild))


def _add(pieces: list[str], wild: list[bool], literal: str, *, folded: bool) -> None:
    literal = _fold_piece(literal) if folded else literal
    if literal:
        pieces.append(literal)
        wild.append(False)


def name_key(group: str) -> str:
    """Return one component group of a name as it is matched: folded part by part, empty parts at the end left out."""
    parts = [unicodedata.normalize("NFC", fold(part)) for part in group.split("^")]
    return "^".join(parts).rstrip("^")


def name_groups(written: str) -> tuple[str, ...]:
    """Return the folded alphabetic, ideographic and phonetic group of a name (PS3.5, 6.2.1.1), those there are."""
    return tuple(name_key(group) for group in written.split("=")[:3])


def name_words(written: str) -> frozenset[str]:
    """Return the words of a name in all its groups, folded."""
    keys = (name_key(group) for group in written.split("=")[:3])
    return frozenset(word for key in keys for word in _WORDS.split(key) if word)


def name_patterns(written: str) -> tuple[tuple[Pattern, ...], ...]:
    """Return the patterns of a name key by its groups; a group matches when one of its patterns does.

    ``Dupont^*`` also finds a name that is ``Dupont`` alone: what is empty at the end of a name is not stored.
    """
    return tuple(_group_patterns(group) for group in written.split("=")[:3])


def _group_patterns(group: str) -> tuple[Pattern, ...]:
    whole = "^".join(part.strip() for part in group.split("^")).rstrip("^")
    shorter = re.sub(r"(\^\**)+$", "", whole)
    return tuple(pattern(one, folded=True) for one in dict.fromkeys((whole, shorter)) if one)


def _fold_piece(literal: str) -> str:
    """Fold a piece of a name; a space at its end stays, because the piece beside it may go on."""
    parts = []
    for part in literal.split("^"):
        folded = unicodedata.normalize("NFC", fold(part))
        before = " " if part[:1].isspace() and folded else ""
        after = " " if part[-1:].isspace() and folded else ""
        parts.append(f"{before}{folded}{after}" if folded or not part else " ")
    return "^".join(parts)


def date_range(written: str) -> Range:
    """Return the range of a date key, as dates are stored (PS3.4, C.2.2.2.5.1); a single date is a range of one day.

    Raises
    ------
    WrongUsage
        It is no date and no range of dates.
    """
    return _range(written, _stored_date, "20260301, 20260301-20260331, 20260301- or -20260331")


def time_range(written: str) -> Range:
    """Return the range of a time key, as times are stored (PS3.4, C.2.2.2.5.2).

    Raises
    ------
    WrongUsage
        It is no time and no range of times.
    """
    return _range(written, _stored_time, "1015, 101530.5, 0800-1200, 0800- or -1200")


def number(written: str) -> int:
    """Return a number key.

    Raises
    ------
    WrongUsage
        It is no whole number.
    """
    if not re.fullmatch(r"\s*[+-]?\d{1,12}\s*", written):
        raise WrongUsage(f"'{written[:40]}' is no whole number")
    return int(written)


def values(written: str) -> tuple[str, ...]:
    r"""Return the values of a key, which a backslash separates (PS3.4, C.2.2.2.2), empty ones left out.

    Raises
    ------
    WrongUsage
        More than VALUES_MAX.
    """
    found = tuple(dict.fromkeys(part.strip(" \0") for part in written.split("\\") if part.strip(" \0")))
    if len(found) > VALUES_MAX:
        raise WrongUsage(f"{len(found)} values in one key; at most {VALUES_MAX}: ask in several queries")
    return found


def uids(written: Sequence[str]) -> tuple[str, ...]:
    """Return the UIDs of a list, which a comma or a backslash separates.

    Raises
    ------
    WrongUsage
        One of them is no UID (PS3.5, 9.1).
    """
    found = tuple(part.strip(" \0") for one in written for part in re.split(r"[\\,]", one) if part.strip(" \0"))
    for one in found:
        if not re.fullmatch(r"[0-9.]{1,64}", one):
            raise WrongUsage(f"'{one[:70]}' is no UID: 1 to 64 digits and dots; wildcards are not allowed in UIDs")
    return found


def stored_time(written: str) -> str:
    """Return a time as it is stored, HH:MM:SS[.f], without zeros at the end of its fraction."""
    return written.rstrip("0").rstrip(".") if "." in written else written


def _range(written: str, parse: Callable[[str], str | None], examples: str) -> Range:
    text = written.strip(" \0")
    if (single := parse(text)) is not None:
        return Range(single, single)
    first, separator, last = (part.strip() for part in text.partition("-"))
    ends = [parse(end) if end else "" for end in (first, last)]
    if not separator or None in ends or not any(ends):
        raise WrongUsage(f"'{text[:40]}' is no value or range Kerma understands; write for instance {examples}")
    return Range(ends[0] or "", ends[1] or "")


def _stored_date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    return "-".join(match.groups()) if match else None


def _stored_time(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second, fraction = match.groups()
    return stored_time(f"{hour}:{minute or '00'}:{second or '00'}" + (f".{fraction}" if fraction else ""))
