"""The identifiers of C-FIND and C-GET: keys read from what a peer asks, answers written in letters it can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries_find import Level
from kerma.areas.archive.queries_find_sql import matchable
from kerma.areas.archive.rules_documents import LEVELS, of_level
from kerma.errors import WrongUsage

if TYPE_CHECKING:
    from pydicom import Dataset

CHARACTER_SET, LEVEL_TAG = 0x00080005, 0x00080052
STUDY_UID, SERIES_UID, IMAGE_UID, PATIENT_ID = "0020000D", "0020000E", "00080018", "00100020"
UNIQUE_KEYS: Mapping[str, str] = {
    "patient": PATIENT_ID,
    "study": STUDY_UID,
    "series": SERIES_UID,
    "image": IMAGE_UID,
}
"""PS3.4, C.6.1.1 and C.6.2.1: the key that names one entity of a level."""
UNICODE, LATIN = "ISO_IR 192", "ISO_IR 100"
_ALWAYS = (CHARACTER_SET, LEVEL_TAG, 0x00080053, 0x00080054)
_TEXTS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)


@dataclass(frozen=True)
class Identifier:
    """What a peer asks: the level, the values to match by path, the paths to answer, the letters it can read."""

    level: Level
    matches: Mapping[str, str]
    wanted: tuple[str, ...]
    charsets: tuple[str, ...]

    @property
    def is_partly_unsupported(self) -> bool:
        """Whether a key is asked for that is not in the index, or matched that cannot be (PS3.4, C.4.1.1.4: FF01)."""
        levels = LEVELS[: LEVELS.index(self.level) + 1]
        known = {one.path for one in of_level(*levels)} | {one.path.split(".")[0] for one in of_level(*levels)}
        return any(path not in known for path in self.wanted) or any(path not in matchable() for path in self.matches)


def read(identifier: Dataset, levels: Sequence[str]) -> Identifier:
    """Return what an identifier asks.

    Parameters
    ----------
    levels : those of the information model

    Raises
    ------
    WrongUsage
        The level is missing or none of the model.
    """
    written = str(identifier.get("QueryRetrieveLevel", "")).strip().lower()
    if written not in levels:
        known = ", ".join(level.upper() for level in levels)
        raise WrongUsage(f"the Query/Retrieve Level is '{written[:20].upper()}'; this model knows {known}")
    charsets = _charsets(identifier)
    matches: dict[str, str] = {}
    wanted: dict[str, None] = {}
    _collect(identifier, "", (charsets, matches, wanted))
    return Identifier(written, matches, tuple(wanted), charsets)  # type: ignore[arg-type]


def check_unique_keys(asked: Identifier, model: Sequence[str], *, exact: bool) -> None:
    """Demand the keys that a hierarchical search needs (PS3.4, C.4.1.2.1).

    Parameters
    ----------
    model : the levels of the information model
    exact : whether the level's own key must be there too, as for a retrieval

    Raises
    ------
    WrongUsage
        One is missing, or has a wildcard.
    """
    place = model.index(asked.level)
    for level in model[: place + 1 if exact else place]:
        value = asked.matches.get(UNIQUE_KEYS[level], "")
        if not value or any(letter in value for letter in "*?"):
            name = {PATIENT_ID: "Patient ID", STUDY_UID: "Study Instance UID"}.get(UNIQUE_KEYS[level], "")
            name = name or {SERIES_UID: "Series Instance UID", IMAGE_UID: "SOP Instance UID"}[UNIQUE_KEYS[level]]
            raise WrongUsage(f"at the level {asked.level.upper()} {name} is needed, without wildcards")


def answer(asked: Identifier, found: Mapping[str, Any], ae_title: str) -> Dataset:
    """Return one match as a peer gets it: the keys it asked for, in a character set that can hold them."""
    from pydicom import Dataset

    data = Dataset()
    keys = [UNIQUE_KEYS[level] for level in LEVELS[1 : LEVELS.index(asked.level) + 1]]
    wanted = [*asked.wanted, *(key for key in keys if key in found)]
    letters: list[str] = []
    for path in wanted:
        tag = path.split(".")[0]
        _put(data, tag, found.get(tag), letters)
    data.QueryRetrieveLevel = asked.level.upper()
    data.RetrieveAETitle = ae_title
    charsets = charsets_for("".join(letters), asked.charsets)
    if charsets:
        data.SpecificCharacterSet = list(charsets) if len(charsets) > 1 else charsets[0]
    return data


def charsets_for(letters: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the character sets for an answer: those of the request when they hold its letters, else ones that do."""
    if letters.isascii():
        return ()
    if any(asked) and all(any(_holds(charset, letter) for charset in asked) for letter in set(letters)):
        return tuple(asked)
    if not any(asked) and all(_holds(LATIN, letter) for letter in set(letters)):
        return (LATIN,)
    return (UNICODE,)


def _holds(charset: str, letter: str) -> bool:
    from pydicom.charset import python_encoding

    if letter.isascii():
        return True
    try:
        letter.encode(python_encoding.get(charset, "ascii"))
    except (UnicodeError, LookupError):
        return False
    return True


def _charsets(identifier: Dataset) -> tuple[str, ...]:
    value = identifier.get(CHARACTER_SET)
    held = "" if value is None or value.value is None else value.value
    return (held,) if isinstance(held, str) else tuple(str(one) for one in held)


def _collect(data: Dataset, path: str, into: tuple[tuple[str, ...], dict[str, str], dict[str, None]]) -> None:
    charsets, matches, wanted = into
    for tag in data.keys():  # noqa: SIM118 - iterating decodes
        if (tag in _ALWAYS and not path) or tag.element == 0 or tag.group in (0, 2):
            continue
        here = f"{path}{tag:08X}"
        vr = _representation(data, tag)
        if vr == "SQ":
            items = data[tag].value or []
            if items and len(items[0]):
                _collect(items[0], f"{here}.", into)
            else:
                wanted[here] = None
            continue
        wanted[here] = None
        if value := _text(data, tag, vr, charsets):
            matches[here] = value


def _representation(data: Dataset, tag: Any) -> str:
    from pydicom.datadict import dictionary_VR

    vr = data.get_item(tag).VR
    if vr not in (None, "UN"):
        return str(vr)
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UN"


def _text(data: Dataset, tag: Any, vr: str, charsets: tuple[str, ...]) -> str:
    """Return a key's value as text; from its bytes, because a wildcard is not a value of every representation."""
    from kerma.formats.dicom_text import decode

    element = data.get_item(tag)
    if vr in _TEXTS and isinstance(element.value, bytes):
        return decode(element.value.strip(b" \0"), charsets, is_name=vr == "PN")[0]
    if vr == "UN" or element.value is None:
        return ""
    value = data[tag].value
    values = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return "\\".join(str(one) for one in values if one is not None).strip()


def _put(data: Dataset, tag: str, found: Mapping[str, Any] | None, letters: list[str]) -> None:
    from pydicom.datadict import dictionary_VR
    from pydicom.dataelem import DataElement

    number = int(tag, 16)
    try:
        vr = found["vr"] if found else dictionary_VR(number).split(" or ")[0]
    except KeyError:
        return
    values = found.get("Value", []) if found else []
    if vr == "SQ":
        data.add(DataElement(number, vr, [_item(item, letters) for item in values]))
        return
    written = ["=".join(_groups(one)) if vr == "PN" else one for one in values]
    letters += [one for one in written if isinstance(one, str)]
    data.add(DataElement(number, vr, written[0] if len(written) == 1 else written or None))


def _item(found: Mapping[str, Any], letters: list[str]) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    for tag, element in found.items():
        _put(item, tag, element, letters)
    return item


def _groups(name: Mapping[str, str]) -> list[str]:
    groups = [name.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
    while len(groups) > 1 and not groups[-1]:
        groups.pop()
    return groups
