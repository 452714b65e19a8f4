"""How an exam was read stands in its report, in every language."""

from __future__ import annotations

from typing import Any

import pytest

from kerma.areas.report.content_reading import facts
from kerma.areas.report.language import LANGUAGES, language

AT = "2026-03-02T12:03:11.000000Z"


def told(
    algorithm: str = "concurrent", reading: str = "open", first: str = "", *uses: tuple[str, float]
) -> dict[str, Any]:
    record = {"functions": [{"name": name, "seconds": seconds} for name, seconds in uses]}
    return {"reading": {"algorithm": algorithm, "reading": reading, "first_read_at": first, "record": record}}


def test_nothing_is_told_where_nothing_was_hidden_and_nothing_used() -> None:
    say = language("en")
    assert facts(None, say) == facts({"decision": "accept"}, say) == facts(told(), say) == []


def test_when_software_was_shown_is_told() -> None:
    ((label, text),) = facts(told("second-reader", "double", AT), language("en"))
    assert label == "How it was read"
    assert text == (
        "software as second reader, shown after the first read at 2026-03-02 12:03:11 UTC; two independent reads"
    )
    assert "from the start" in facts(told("second-reader"), language("en"))[0][1]


def test_functions_are_told_the_longest_used_first() -> None:
    uses = [(f"f{number}", float(number)) for number in range(10)]
    ((label, text),) = facts(told("concurrent", "open", "", *uses), language("en"))
    assert label == "Functions used"
    assert text.startswith("f9 9.0")
    assert text.endswith("and 2 more")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(("algorithm", "reading"), [("off", "blind"), ("second-reader", "double")])
def test_every_language_has_the_words(code: str, algorithm: str, reading: str) -> None:
    lines = facts(told(algorithm, reading, AT, ("negative", 2.5)), language(code))
    assert len(lines) == 2
    assert all(label and text and "{" not in text for label, text in lines)
