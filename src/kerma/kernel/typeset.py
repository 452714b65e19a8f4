"""Printed pages: a Typst template and its texts become PDF/A, offline, with our own typeface.

Every text goes to Typst as data (JSON), never as markup, so a thing called ``#panic()`` is printed as such. The same
texts always give the same bytes.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

ARCHIVABLE: Final = "a-2b"
_HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""Characters that show nothing or turn the direction of others, so that no name can hide or fake one."""
_FOREIGN = re.compile(r"[^\n -~\u00a0-\u052f\u1e00-\u1fff\u2009-\u2265]")
"""What our typeface has no picture of."""


def pdf(template: bytes, texts: Mapping[str, Any], at: datetime, files: Mapping[str, bytes] | None = None) -> bytes:
    """Lay a template out with its texts (``data.json`` beside it) and pictures; returns PDF/A-2b."""
    import typst

    shown = visible(dict(texts))
    with tempfile.TemporaryDirectory(prefix="kerma-page-") as name:
        folder = Path(name)
        (folder / "main.typ").write_bytes(template)
        for file_name, content in (files or {}).items():
            (folder / file_name).write_bytes(content)
        try:
            return _lay_out(folder, shown, at, own_fonts())
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise
        # A name in a script our typeface lacks: first with the fonts of this machine, then spelled out by code point.
        try:
            return _lay_out(folder, shown, at, all_fonts())
        except typst.TypstError:
            return _lay_out(folder, spelled(shown), at, own_fonts())


def _lay_out(folder: Path, texts: Any, at: datetime, fonts: Any) -> bytes:
    import typst

    (folder / "data.json").write_text(json.dumps(texts), encoding="utf-8")
    compiler = typst.Compiler(input=folder / "main.typ", root=folder, font_paths=fonts)
    made = compiler.compile(format="pdf", pdf_standards=[ARCHIVABLE], timestamp=int(at.timestamp()))
    assert isinstance(made, bytes)  # a PDF is one document, whatever its pages
    return made


@functools.cache
def own_fonts() -> Any:
    """Return the fonts that come with Kerma, and no others: the same page everywhere."""
    import typst

    return typst.Fonts(False, True, [_font_folder()])


def all_fonts() -> Any:
    """Return the fonts of this machine as well, for names in a script that our typeface lacks."""
    import typst

    return typst.Fonts(True, True, [_font_folder()])


def visible(value: Any) -> Any:
    """Return texts in which what shows nothing, or turns the direction of others, is spelled by its code point."""
    return _replaced(value, _HIDDEN)


def spelled(value: Any) -> Any:
    """Return texts in which what our typeface has no picture of is spelled by its code point."""
    return _replaced(value, _FOREIGN)


def _font_folder() -> str:
    return str(importlib.resources.files("kerma").joinpath("fonts"))


def _replaced(value: Any, unwanted: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return unwanted.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
    if isinstance(value, list):
        return [_replaced(one, unwanted) for one in value]
    return {key: _replaced(one, unwanted) for key, one in value.items()} if isinstance(value, dict) else value
