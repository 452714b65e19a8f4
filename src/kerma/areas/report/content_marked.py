"""What a report says of marks that persons drew on the images: on the pictures and in a table of their own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kerma.areas.report import wording
from kerma.areas.report.language import ENGLISH, Language
from kerma.science.imaging.annotate import Drawn
from kerma.science.imaging.drawn import label, strokes, worded
from kerma.science.units import unit_of, words_of

ROWS_MAX = 300
"""Most lines of the table; what lies beyond is counted, and stands whole in the exam's list of measurements."""
_KNOWN = re.compile(r"calibrated by known length (\S+)\s*mm(?:, (.+))?")


def numbered(document: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Yield number, image number from 1, and each mark and known length or thickness in the order of the images.

    What was measured in a volume comes last; its image number is 0, because its plane is none of the images.
    """
    count = 0
    for image_number, image in enumerate(document["images"], start=1):
        known = [_as_mark(one) for one in image.get("calibrations") or ()]
        for one in sorted((*(image.get("marks") or ()), *known), key=lambda one: int(one.get("plane") or 0)):
            count += 1
            yield f"M{count}", image_number, one
    for number, one in enumerate(document.get("spaces") or (), start=count + 1):
        yield f"M{number}", 0, one


def drawn(document: Mapping[str, Any], place: tuple[int, int], say: Language = ENGLISH) -> tuple[Drawn, ...]:
    """Return what persons have drawn on one plane (image number from 1, plane from 0)."""
    return tuple(
        Drawn(number, tuple(strokes(one)), _beside(one, say))
        for number, image_number, one in numbered(document)
        if (image_number, int(one.get("plane") or 0)) == place
    )


def marked(document: Mapping[str, Any], say: Language) -> dict[str, Any] | None:
    """Return the table of what persons measured and drew; None where nobody did."""
    lines = [_line(number, image_number, one, say) for number, image_number, one in numbered(document)]
    if not lines:
        return None
    left_out = len(lines) - ROWS_MAX
    return {"rows": lines[:ROWS_MAX], "more": say("marked_more", count=left_out) if left_out > 0 else ""}


def scale_words(scale: str, say: Language) -> str:
    """Return where the scale of a mark comes from, in the language of the report."""
    known = _KNOWN.fullmatch(scale)
    if known is None:
        return say.phrase(scale)
    told = say("scale_known", length=say.number(known[1]))
    return f"{told}, {known[2]}" if known[2] else told


def _as_mark(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a known length or thickness as a mark that shows it."""
    shape = "length" if one["kind"] == "length" else "rectangle"
    value = {"name": f"known_{one['kind']}_mm", "value": one["known_mm"], "uncertainty": None, "word": ""}
    return {**one, "shape": shape, "measurement": f"known_{one['kind']}", "values": [value]}


def _beside(one: Mapping[str, Any], say: Language) -> str:
    if one["shape"] in ("text", "arrow"):
        return label(one)
    words = label(one)
    return say("mark_not_measured") if words == "not measured" else say.number(words)


def _line(number: str, image_number: int, one: Mapping[str, Any], say: Language) -> dict[str, Any]:
    plane = int(one.get("plane") or 0)
    return {
        "number": number,
        "image": str(image_number) if image_number else "",
        "what": _what(one, say),
        "plane": say("plane", number=plane + 1) if plane else "",
        "values": [_value(value, say) for value in one.get("values") or () if _is_told(value)],
        "text": str(one.get("text") or ""),
        "reason": str(one.get("reason") or ""),
        "scale": scale_words(str(one.get("scale") or ""), say),
        "source": str(one.get("source") or ""),
        "by": str(one["by"]["name"]),
        "at": say.moment(str(one.get("at") or "")),
    }


def _what(one: Mapping[str, Any], say: Language) -> str:
    if one.get("measurement"):
        return say.phrase(wording.capital(words_of(str(one["measurement"]))))
    return say(f"mark_{one['shape'].replace('-', '_')}")


def _is_told(value: Mapping[str, Any]) -> bool:
    return value.get("value") is not None or bool(value.get("word"))


def _value(value: Mapping[str, Any], say: Language) -> list[str]:
    written, unit = worded(value)
    shown = unit or {"stored": say.phrase("stored value")}.get(unit_of(value["name"]).shown, "")
    told = written if value.get("value") is None else say.number(written.replace("-", wording.MINUS))
    name = say.phrase(wording.capital(words_of(str(value["name"]))))
    return [name, told + (shown if shown == "°" else f"{wording.THIN}{shown}" if shown else "")]
