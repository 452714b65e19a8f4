"""Printed pages: the same bytes each time, texts as data, hidden and foreign characters shown."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pikepdf

from kerma.kernel import typeset

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEMPLATE = b"""
#let d = json("data.json")
#set document(title: "Test", date: datetime(year: 2026, month: 3, day: 2))
#set text(font: ("Inter", "Libertinus Serif", "DejaVu Sans Mono"))
#d.words
"""


def test_the_same_texts_give_the_same_archivable_bytes() -> None:
    made = typeset.pdf(TEMPLATE, {"words": "Zoé < Ω #panic() \u202e"}, AT)
    assert made == typeset.pdf(TEMPLATE, {"words": "Zoé < Ω #panic() \u202e"}, AT)
    with pikepdf.open(io.BytesIO(made)) as opened, opened.open_metadata() as told:
        assert told.pdfa_status == "2B"
        assert len(opened.pages) == 1


def test_every_character_can_be_printed() -> None:
    for words in ("日本語", "\U0001f600", "\ud800", "\x00\x1b", "ﷺ", "\U000e0041", "א"):
        assert typeset.pdf(TEMPLATE, {"words": words}, AT).startswith(b"%PDF-")
