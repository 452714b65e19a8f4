"""The measurements of a report: one table per image, or for many images one with a line for each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.areas.report import wording
from kerma.areas.report.language import Language

TABLES_MAX = 4
"""Most tables of single images; more images share one table."""
COLUMNS_MAX = 7


def measurements(exam: Mapping[str, Any], say: Language) -> dict[str, Any]:
    """Return one table per image, energy and view of a small exam, one with a line for each of a larger one."""
    several = len(exam["images"]) > 1
    tables: list[dict[str, Any]] = []
    for number, image in enumerate(exam["images"], start=1):
        for plane, measured in _by_plane(image):
            named = (say("image_number", number=number) if several else "", say.phrase(plane))
            rows = wording.measurement_rows(measured, say)
            tables.append({"image": number, "label": ", ".join(part for part in named if part), "rows": rows})
    is_small = len(tables) <= TABLES_MAX
    return {
        "tables": tables if is_small else [],
        "matrix": None if is_small else _matrix(tables, say),
        "has_uncertainty": any("±" in row.get("value", "") for table in tables for row in table["rows"]),
    }


def images(numbers: Sequence[int], say: Language) -> str:
    """Return image numbers in words: Image 1, or Images 1, 3–5."""
    return say("of_image" if len(set(numbers)) == 1 else "of_images", numbers=_ranges(numbers))


def values_of(exam: Mapping[str, Any], key: str) -> list[float]:
    """Return every value of one key that was measured on the exam's images."""
    return [
        float(measurement["values"][key])
        for image in exam["images"]
        for measurement in image.get("measurements", ())
        if isinstance(measurement.get("values", {}).get(key), int | float)
    ]


def _by_plane(image: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return the measurements of each energy or view with its label; all together where there is one plane."""
    labels = image.get("plane_labels") or ()
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for measurement in image.get("measurements", ()):
        plane = (measurement.get("inputs") or {}).get("plane")
        label = str(labels[plane]) if isinstance(plane, int) and 0 <= plane < len(labels) else ""
        groups.setdefault(label, []).append(measurement)
    return list(groups.items()) or [("", [])]


def _matrix(tables: Sequence[Mapping[str, Any]], say: Language) -> dict[str, Any]:
    heads: dict[str, str] = {}
    methods: list[str] = []
    absent: dict[str, list[int]] = {}
    for table in tables:
        for row in table["rows"]:
            if "absent" in row:
                why = f"{row['name']} {say('not_measurable', reason=row['absent'])}"
                absent.setdefault(why, []).append(table["image"])
                continue
            heads.setdefault(row["name"], row["unit"])
            if row["method"]:
                methods.append(f"{row['name']}: {row['method']}")
    columns = list(heads)[:COLUMNS_MAX]
    values = [{row["name"]: row.get("value", "") for row in table["rows"]} for table in tables]
    return {
        "columns": [[name, heads[name]] for name in columns],
        "rows": [
            [table["label"].removeprefix(say("image_number", number="")), *[one.get(name, "") for name in columns]]
            for table, one in zip(tables, values, strict=True)
        ],
        "notes": list(dict.fromkeys(methods)) + [f"{images(where, say)}: {why}" for why, where in absent.items()],
    }


def _ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers as ranges: 1, 3–5."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)
