"""The report as a document: laid out by Typst into PDF/A-2b, offline, with our own typeface. A pure function.

Every text goes to Typst as data (JSON), never as markup, so a subject called ``#panic()`` is printed as such.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from kerma.areas.report.content import Report, picture_name, printed


def build(report: Report) -> bytes:
    """Lay the report out and return it as PDF/A-2b; the same report always gives the same bytes."""
    return _compile(report).pdf


def build_for_signing(report: Report) -> tuple[bytes, int, tuple[float, float, float, float]]:
    """Return the PDF, the page of the signature block from 0, and its rectangle in PDF points from the lower left."""
    laid = _compile(report)
    start, stop = laid.places[0], laid.places[-1]
    height = start["page-height"]
    return laid.pdf, int(start["page"]) - 1, (start["x"], height - stop["y"], stop["x"], height - start["y"])


def content_id(report: Report) -> str:
    """Return the SHA-256 of everything the report prints: short forms of it stand on every page."""
    return hashlib.sha256(json.dumps(_visible(printed(report)), sort_keys=True).encode()).hexdigest()


class _Laid(NamedTuple):
    pdf: bytes
    places: list[dict[str, float]]
    """Corners of the signature block, upper left and lower right, where there is one."""


def _compile(report: Report) -> _Laid:
    import typst

    texts = _visible(printed(report))
    texts["content_id"] = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="kerma-report-") as name:
        folder = Path(name)
        (folder / "main.typ").write_bytes(_template())
        for exam_number, part in enumerate(report.exams):
            for picture_number, picture in enumerate(part.pictures):
                (folder / picture_name(exam_number, picture_number)).write_bytes(picture.jpeg)
        try:
            return _lay_out(folder, texts, report, _fonts())
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise
        # A name in a script our typeface lacks: first with the fonts of this machine, then spelled out by code point.
        try:
            return _lay_out(folder, texts, report, typst.Fonts(True, True, [_font_folder()]))
        except typst.TypstError:
            return _lay_out(folder, _spelled(texts), report, _fonts())


def _lay_out(folder: Path, texts: dict[str, Any], report: Report, fonts: Any) -> _Laid:
    import typst

    (folder / "report.json").write_text(json.dumps(texts), encoding="utf-8")
    compiler = typst.Compiler(input=folder / "main.typ", root=folder, font_paths=fonts)
    pdf = compiler.compile(format="pdf", pdf_standards=["a-2b"], timestamp=int(report.made_at.timestamp()))
    places = json.loads(compiler.query("<signature-place>", field="value")) if report.signature else []
    return _Laid(bytes(pdf), places)


@functools.cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(False, True, [_font_folder()])


def _font_folder() -> str:
    return str(importlib.resources.files("kerma").joinpath("fonts"))


@functools.cache
def _template() -> bytes:
    return importlib.resources.files("kerma.areas.report").joinpath("templates", "report.typ").read_bytes()


def _spelled(value: Any) -> Any:
    """Replace every character outside the Latin, Greek and Cyrillic blocks and our signs by its code point."""
    return _replaced(value, re.compile(r"[^\n -~\u00a0-\u052f\u1e00-\u1fff\u2009-\u2265]"))


def _visible(value: Any) -> Any:
    """Replace characters that show nothing or turn the direction of others, so that no name can hide or fake one."""
    return _replaced(
        value,
        re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"),
    )


def _replaced(value: Any, unwanted: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return unwanted.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
    if isinstance(value, list):
        return [_replaced(one, unwanted) for one in value]
    return {key: _replaced(one, unwanted) for key, one in value.items()} if isinstance(value, dict) else value
