"""The JSON description beside a file, ``<file>.json``: for raw pixels, and for what TIFF, PNG and JPEG lack."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from kerma.errors import Unreadable

BYTES_MAX = 1 << 20
DEPTH_MAX = 32
TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
_MEANINGS = ("raw", "for-processing", "for-presentation", "log", "ct-number", "z-effective", "unknown")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")


class Key(NamedTuple):
    """One key of a sidecar: what a value must be, in words, how that is checked, and what it means."""

    name: str
    wants: str
    accepts: Callable[[Any], bool]
    help: str


@dataclass(frozen=True)
class Sidecar:
    """A checked description; ``get`` returns a value or None."""

    values: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def is_raw(self) -> bool:
        """Whether it describes raw pixels: rows, columns and type are given."""
        return all(key in self.values for key in ("rows", "columns", "type"))

    def get(self, key: str) -> Any:
        """Return the value of a key, None when absent."""
        return self.values.get(key)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _is_offset(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1024 and value.isprintable()


def _is_spacing(value: Any) -> bool:
    return _is_positive(value) or (isinstance(value, list) and len(value) == 2 and all(map(_is_positive, value)))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_texts_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_quantities(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(item) or _is_number(item) for item in value.values())


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


KEYS = (
    Key("rows", "a whole number from 1", _is_count, "raw only: rows of a plane"),
    Key("columns", "a whole number from 1", _is_count, "raw only: columns of a plane"),
    Key("planes", "a whole number from 1", _is_count, "raw only: planes, one after the other; 1 when absent"),
    Key("type", "one of " + ", ".join(TYPES), _one_of(*TYPES), "raw only: the number of a pixel"),
    Key("byte_order", "'little' or 'big'", _one_of("little", "big"), "raw only: little when absent"),
    Key("offset_bytes", "a whole number from 0", _is_offset, "raw only: bytes before the first pixel; 0 when absent"),
    Key("bits", "a whole number from 1", _is_count, "bits in use, when fewer than the type has"),
    Key("meaning", "one of " + ", ".join(_MEANINGS), _one_of(*_MEANINGS), "what the numbers mean"),
    Key("rises_with_dose", "true or false", _one_of(True, False), "whether larger numbers mean more radiation"),  # type: ignore[arg-type]
    Key("is_inverse", "true or false", _one_of(True, False), "whether the lowest value is to be shown white"),  # type: ignore[arg-type]
    Key("padding_value", "a number", _is_number, "the value of pixels that carry no data"),
    Key("spacing_mm", "a number above 0, or [row, column]", _is_spacing, "distance between pixel centres in mm"),
    Key(
        "spacing_source",
        "'detector', 'calibrated' or 'geometry'",
        _one_of("detector", "calibrated", "geometry"),
        "where the spacing comes from; calibrated when absent",
    ),
    Key("plane_kind", "'frame', 'energy' or 'view'", _one_of("frame", "energy", "view"), "what planes are"),
    Key("plane_labels", "a list of texts, one a plane", _is_texts, "such as ['low', 'high']"),
    Key("industry", "'security', 'ndt' or 'medical'", _one_of("security", "ndt", "medical"), "whose image it is"),
    Key("modality", "a text", _is_text, "such as DX, CR, CT"),
    Key("subject", "a text", _is_text, "identifier of what is imaged"),
    Key("subject_name", "a text", _is_text, "its name"),
    Key("exam", "a text", _is_text, "files with the same subject and exam belong together"),
    Key("series", "a text", _is_text, "files with the same exam and series belong together"),
    Key("number", "a whole number from 1", _is_count, "place of the image in its series"),
    Key("accession", "a text", _is_text, "order number"),
    Key("description", "a text", _is_text, "what the exam is about"),
    Key("body_part", "a text", _is_text, "body part or component"),
    Key("view", "a text", _is_text, "projection"),
    Key(
        "acquired_at",
        "a date and time like 2026-02-03T10:15:00",
        lambda value: isinstance(value, str) and bool(_MOMENT.fullmatch(value)),
        "when the image was taken",
    ),
    Key("machine", "an object of texts", _is_texts_by_name, "manufacturer, model, serial_number, station, institution"),
    Key("technique", "an object of numbers and texts", _is_quantities, "tube_voltage_kv, exposure_mas, …"),
    Key("thickness_mm", "a number above 0", _is_positive, "penetrated thickness"),
    Key("material", "a text", _is_text, "what the object is made of"),
)
_BY_NAME = {key.name: key for key in KEYS}


def parse(content: bytes) -> Sidecar:
    """Read and check a sidecar; a key we do not know is left out with a warning.

    Raises
    ------
    Unreadable
        No JSON object, too deep or too long, or a value that is not what its key wants.
    """
    if len(content) > BYTES_MAX:
        raise Unreadable(f"the JSON description is {len(content)} bytes long; {BYTES_MAX} are allowed")
    try:
        values = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        raise Unreadable(f"the JSON description cannot be read: {reason}") from error
    if not isinstance(values, dict):
        raise Unreadable("the JSON description must be one object of keys and values")
    for name, value in values.items():
        key = _BY_NAME.get(name)
        if key is not None and not key.accepts(value):
            raise Unreadable(f"'{name}' in the JSON description must be {key.wants}, not {_short(value)}")
    unknown = [name for name in values if name not in _BY_NAME]
    warnings = (f"the JSON description has keys Kerma does not know: {', '.join(unknown)[:200]}",) if unknown else ()
    return Sidecar({name: value for name, value in values.items() if name in _BY_NAME}, warnings)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    return repr(value)[:40]
