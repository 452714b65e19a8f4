"""Findings and packs the tests of the judge plant."""

from __future__ import annotations

from kerma.science.imaging.image import Spacing
from kerma.science.judge import Conditions
from kerma.science.results import Box, By, Finding

PIXEL_MM = 0.1
HEAD = "# title: Site\n# source: test\n# edition: 1\n# clause: 1\n# status: {status}\n"
PERSON = By("person", "reader")


def finding(
    name: str, label: str, *, along_mm: float, length_mm: float, row_mm: float = 10.0, **more: float
) -> Finding:
    box = Box(row_mm / PIXEL_MM, along_mm / PIXEL_MM, length_mm / PIXEL_MM, length_mm / PIXEL_MM)
    return Finding(name, "", label, box, PERSON, measurements={"length_mm": length_mm} | more)


def conditions(thickness_mm: float | None = 12.0, **more: object) -> Conditions:
    return Conditions(thickness_mm=thickness_mm, spacing=Spacing(PIXEL_MM, PIXEL_MM, "calibrated"), **more)  # type: ignore[arg-type]


def pack(columns: str, *rows: str, status: str = "own") -> str:
    return HEAD.format(status=status) + columns + "\n" + "\n".join(rows) + "\n"
