"""The printed sheet of a search, as PDF/A. Pure: what is printed is an argument."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kerma.kernel import clock, typeset


def pdf(told: Mapping[str, Any], at: datetime, printed_by: str, files: Mapping[str, bytes]) -> bytes:
    """Lay out the sheet.

    Parameters
    ----------
    told : ``searching.SearchShown`` as plain data, and ``more_images`` that are not printed
    files : PNG pictures of its images by name, ``image0.png`` and on
    """
    return typeset.pdf(_template(), texts(told, at, printed_by), at, files)


def texts(told: Mapping[str, Any], at: datetime, printed_by: str) -> dict[str, Any]:
    """Return what the sheet says, with places in shares of their image."""
    facts = [
        ("Object of inspection", told["subject_id"]),
        ("Exam", f"{told['exam_pk']} {told['description']}".strip()),
        ("Suspected", told["suspicion_words"]),
        ("Reason", f"{told['reason_words']} ({told['reason']})" if told["reason"] else ""),
        ("How", ", then ".join(told["method_words"])),
        ("What to do", told["instruction"]),
        ("Decided by", told["reader_name"]),
        ("Ordered", f"{_moment(told['ordered_at'])} by {told['ordered_by_name']}"),
        ("Started", f"{_moment(told['started_at'])} by {told['searcher_name']}" if told["started_at"] else ""),
        ("Ended", _moment(told["ended_at"])),
        ("Outcome", ". ".join(one for one in (told["outcome_words"], told["category"], told["words"]) if one)),
        ("Custody", told["custody_number"]),
    ]
    return {
        "number": told["id"],
        "state": told["state"],
        "facts": [list(one) for one in facts if one[1]],
        "images": [_image(number, one, told["places"]) for number, one in enumerate(told["images"])],
        "more_images": told["more_images"],
        "card": {name: told["card"][name] for name in ("words", "steps", "call", "cordon", "source", "missing")},
        "is_own_rule": told["card"]["version"] > 0,
        "printed": f"{_moment(clock.text(at))} by {printed_by}",
        "date": [at.year, at.month, at.day],
    }


def _image(number: int, one: Mapping[str, Any], places: list[Mapping[str, Any]]) -> dict[str, Any]:
    on = [each for each in places if (each["image_sha256"], each["plane"]) == (one["sha256"], one["plane"])]
    rows, columns = max(1, one["rows"]), max(1, one["columns"])
    boxes = [
        {
            "number": str(each["number"]),
            "top": each["box"][0] / rows,
            "left": each["box"][1] / columns,
            "height": each["box"][2] / rows,
            "width": each["box"][3] / columns,
        }
        for each in on
        if each["box"]
    ]
    words = "; ".join(f"{each['number']} {each['label'].replace('_', ' ')}".strip() for each in on)
    return {"file": f"image{number}.png", "share": rows / columns, "boxes": boxes, "words": words}


def _moment(written: str) -> str:
    return clock.moment(written).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if written else ""


@functools.cache
def _template() -> bytes:
    return importlib.resources.files("kerma.areas.review").joinpath("templates", "search.typ").read_bytes()
