"""A pack edited in a spreadsheet is read, or the mistake is named with its line and column."""

from __future__ import annotations

import pytest

from kerma.errors import NotFound, Unusable
from kerma.science.judge import load_pack
from kerma.standards import text_of
from planted import HEAD, pack

COLUMNS = "rule,kind,labels,measure,limit_absolute,limit_per_thickness,limit_choice,unit,clause"
GOOD = "big,size,slag,length_mm,5,,,mm,1"


def test_a_site_may_hand_over_its_own_table() -> None:
    loaded = load_pack(pack(COLUMNS, GOOD))
    assert loaded.name == "site/acceptance"
    assert loaded.rules[0].limit_absolute == 5.0


def test_a_packaged_table_reads_the_same_from_its_text() -> None:
    name = "fr_arrete_1978/acceptance"
    assert load_pack(text_of(name)).rules == load_pack(name).rules


def test_groups_of_labels_are_those_of_iso_6520_1() -> None:
    rows = "p,forbidden,@planar,,,,,findings,1", "i,size,@inclusion slag,length_mm,5,,,mm,1"
    rules = load_pack(pack(COLUMNS, *rows)).rules
    assert {"crack", "lack-of-fusion", "lack-of-penetration"} <= set(rules[0].labels)
    assert "porosity" not in rules[0].labels
    assert {"slag", "tungsten", "inclusion"} <= set(rules[1].labels)
    assert len(set(rules[1].labels)) == len(rules[1].labels)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("big,size,slag,length_mm,five,,,mm,1", ("line 8", "limit_absolute", "five")),
        ("big,size,slag,length_mm,-5,,,mm,1", ("line 8", "limit_absolute", "0 or more")),
        ("big,size,slag,length_mm,inf,,,mm,1", ("line 8", "limit_absolute")),
        ("big,sizes,slag,length_mm,5,,,mm,1", ("line 8", "kind", "sizes")),
        ("big,size,slagg,length_mm,5,,,mm,1", ("line 8", "slagg")),
        ("big,size,@none,length_mm,5,,,mm,1", ("line 8", "@none")),
        ("big,size,,length_mm,5,,,mm,1", ("line 8", "labels")),
        ("big,size,slag,,5,,,mm,1", ("line 8", "measure")),
        ("big,size,slag,length_mm,,,,mm,1", ("line 8", "limit_per_thickness or", "limit_absolute")),
        ("big,size,slag,length_mm,5,0.3,,mm,1", ("line 8", "limit_choice")),
        ("big,size,slag,length_mm,5,0.3,least,mm,1", ("line 8", "limit_choice", "smaller, larger")),
        ("big,size,slag,length_mm,5,,,mm,", ("line 8", "clause")),
        (",size,slag,length_mm,5,,,mm,1", ("line 8", "rule")),
        ("big,size,slag,length_mm,5,,,mm", ("line 8", "9 cells")),
        ("ok,size,slag,length_mm,5,,,mm,1", ("'ok'", "twice")),
    ],
)
def test_a_mistake_is_named_with_its_line(row: str, words: tuple[str, ...]) -> None:
    with pytest.raises(Unusable) as caught:
        load_pack(pack(COLUMNS, "ok" + GOOD[3:], row))
    assert all(word in str(caught.value) for word in words)


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(Unusable, match="limit_abs'"):
        load_pack(pack("rule,kind,labels,limit_abs,clause", "a,forbidden,slag,5,1"))


def test_an_empty_pack_is_no_pack() -> None:
    with pytest.raises(Unusable, match="no rule"):
        load_pack(HEAD.format(status="own") + COLUMNS + "\n")


def test_a_count_below_one_is_refused() -> None:
    columns = COLUMNS + ",gap_factor,minimum_count"
    with pytest.raises(Unusable, match="minimum_count"):
        load_pack(pack(columns, "g,aligned-group,slag,length_mm,5,,,mm,1,6,0"))


def test_an_unknown_name_is_not_found() -> None:
    with pytest.raises(NotFound, match="kerma standards"):
        load_pack("fr_arrete_1978/nothing")
