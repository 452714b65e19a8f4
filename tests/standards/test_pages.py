"""The pages about standards name every kind, column, status and standard there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from kerma.science.judge import Rule
from kerma.science.judge.decide import COMPARISONS, LOOKS
from kerma.science.judge.limits import KINDS
from kerma.standards import STATUSES, table_names

PAGES = Path(__file__).resolve().parents[2] / "docs" / "standards"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rule_is_explained(kind: str) -> None:
    assert f"| `{kind}` | {KINDS[kind].help} |" in page("packs")


@pytest.mark.parametrize("column", [field.name for field in fields(Rule)])
def test_every_column_of_a_pack_is_explained(column: str) -> None:
    assert f"`{column}`" in page("packs")


@pytest.mark.parametrize("word", [*LOOKS, *COMPARISONS])
def test_every_word_of_a_decision_table_is_explained(word: str) -> None:
    assert f"`{word}`" in page("kerma_decisions")


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_explained(status: str) -> None:
    assert f"| {status} |" in page("README")


WITH_PAGE = [
    name
    for name in table_names()
    if name.startswith(("iso_", "fr_", "kerma_decisions")) or "/acceptance" in name or name.endswith("reference_images")
]


@pytest.mark.parametrize("name", WITH_PAGE)
def test_every_standards_table_has_its_page(name: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.md"))
    assert f"`{name}`" in text
