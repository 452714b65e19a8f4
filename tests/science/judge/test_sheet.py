"""A site's table as a spreadsheet saves it is read; every mistake is named at once; what is hostile is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import Unusable
from kerma.science.judge import check_pack, load_pack
from kerma.science.judge.sheet import MOST_CHARACTERS, MOST_ROWS, text_of_bytes
from kerma.standards import text_of
from planted import HEAD

COLUMNS = "rule,kind,labels,measure,limit_per_thickness,limit_absolute,limit_choice,unit,clause"
ROWS = (
    '"large, single",size,slag,length_mm,0.25,4.5,smaller,mm,Table 1',
    "planar,forbidden,@planar,,,,,findings,Table 2",
)
PLAIN = HEAD.format(status="own") + "\n".join([COLUMNS, *ROWS]) + "\n"


def semicolons(text: str) -> str:
    """The text as a spreadsheet of a country with decimal commas saves it."""
    head, rows = text[: text.index("rule,")], text[text.index("rule,") :]
    rows = rows.replace('"large, single"', "\0").replace(",", ";").replace("0.25", "0,25").replace("4.5", "4,5")
    return "\n".join(f"{line};;;;;;;;" for line in head.splitlines()) + "\n" + rows.replace("\0", "large, single")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN + "\n\n,,,,,,,,\n",
        PLAIN.replace("\n", ",,\n"),
        semicolons(PLAIN),
        semicolons(PLAIN).replace("large, single", '"large, single"'),
        PLAIN.replace("# title: Site", '"# title: Site"'),
        PLAIN.rstrip("\n"),
    ],
    ids=["mark", "crlf", "cr", "empty lines", "empty columns", "semicolons", "quoted", "quoted head", "no end"],
)
def test_what_a_spreadsheet_writes_reads_the_same(text: str) -> None:
    assert check_pack(text) == ()
    assert load_pack(text).rules == load_pack(PLAIN).rules
    assert load_pack(text).rules[0].rule == "large, single"
    assert load_pack(text).table.title == "Site"


def test_tabs_part_cells_as_well() -> None:
    assert load_pack(PLAIN.replace('"large, single"', "big").replace(",", "\t")).rules[0].limit_absolute == 4.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_bytes_of_usual_encodings_are_text(encoding: str) -> None:
    text = PLAIN.replace("Site", "Prüfung à l'usine")
    assert load_pack(text_of_bytes(text.encode(encoding))).table.title == "Prüfung à l'usine"


def test_all_mistakes_are_listed_with_line_column_and_what_is_allowed() -> None:
    text = PLAIN.replace("0.25", "a quarter").replace("size", "sizes").replace("@planar", "@plane") + ",,,\n"
    found = check_pack(text.replace("# edition: 1\n", ""))
    told = [(one.line, one.column) for one in found]
    assert told == [(1, ""), (6, "limit_per_thickness"), (7, "labels")]
    assert "near it" in found[2].what
    kinds = check_pack(PLAIN.replace("size", "sizes"))
    assert (kinds[0].line, kinds[0].column) == (7, "kind")
    assert "window-sum" in kinds[0].allowed
    with pytest.raises(Unusable, match=r"line 6: column 'limit_per_thickness'.*line 7"):
        load_pack(text.replace("# edition: 1\n", ""))


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_words_that_a_spreadsheet_would_run_are_refused(first: str) -> None:
    (mistake,) = check_pack(PLAIN.replace("Table 1", f"{first}HYPERLINK(1)"))
    assert (mistake.line, mistake.column) == (7, "clause")
    assert "formula" in mistake.what


@pytest.mark.parametrize("hostile", ["\0", "\x1b[31m", "\x07"])
def test_control_characters_are_refused_with_their_line(hostile: str) -> None:
    (mistake,) = check_pack(PLAIN.replace("Table 1", f"Table{hostile}"))
    assert mistake.line == 7


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(Unusable, match="at most"):
        check_pack("x" * (MOST_CHARACTERS + 1))
    with pytest.raises(Unusable, match="at most"):
        text_of_bytes(b"x" * (4 * MOST_CHARACTERS + 1))
    rows = "\n".join(f"r{n},forbidden,slag,,,,,findings,1" for n in range(MOST_ROWS + 5))
    assert any("more than" in one.what for one in check_pack(PLAIN + rows))
    assert any("characters" in one.what for one in check_pack(PLAIN.replace("Table 1", "T" * 3000)))


@pytest.mark.parametrize(
    ("columns", "row", "column"),
    [
        ("shape", "rounded", "shape_ratio"),
        ("shape,shape_ratio", "round,3", "shape"),
        ("relevant_over_mm,relevant_over_per_thickness", "0.4,0.1", "relevant_choice"),
        ("merge_gap_factor", "1", "merge_reference"),
        ("merge_gap_factor,merge_reference", "1,pair", "merge_reference"),
        ("limit_floor,limit_cap", "4,2", "limit_floor"),
        ("thickness_over_mm,thickness_up_to_mm", "20,10", "thickness_up_to_mm"),
        ("when", "joint = butt", "when"),
        ("when", "thickness_mm>thick", "when"),
        ("window_mm", "300", "window_mm"),
        ("gap_factor", "3", "gap_factor"),
        ("minimum_count", "2", "minimum_count"),
        ("status", "certain", "status"),
        ("when_measured", "maybe", "when_measured"),
        ("isolation", "near", "isolation"),
    ],
)
def test_cells_that_do_not_fit_together_are_named(columns: str, row: str, column: str) -> None:
    head = "rule,kind,labels,measure,limit_absolute,unit,clause"
    text = HEAD.format(status="own") + f"{head},{columns}\nr,size,slag,length_mm,5,mm,1,{row}\n"
    assert [one.column for one in check_pack(text)] == [column]


def test_a_count_is_not_merged() -> None:
    head = "rule,kind,labels,limit_absolute,unit,clause,merge_gap_factor,merge_reference"
    text = HEAD.format(status="own") + f"{head}\nr,window-count,slag,5,findings,1,1,larger\n"
    assert {one.column for one in check_pack(text)} == {"merge_gap_factor", "merge_reference"}


def test_rows_of_one_name_must_be_different_cases() -> None:
    head = "rule,kind,labels,clause,thickness_over_mm,thickness_up_to_mm,when"
    rows = [
        "r,forbidden,slag,1,,10,",
        "r,forbidden,slag,1,10,20,",
        "r,forbidden,slag,1,15,30,",
        "r,forbidden,slag,1,,10,a=b",
    ]
    found = check_pack(HEAD.format(status="own") + "\n".join([head, *rows]) + "\n")
    assert [(one.line, one.column) for one in found] == [(9, "rule")]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_text_does_anything_but_read_or_be_refused(data: st.DataObject) -> None:
    text = text_of("fr_arrete_1978/acceptance")
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.text(max_size=12))
    damaged = text[:at] + put + text[at + cut :]
    mistakes = check_pack(damaged)
    if mistakes:
        with pytest.raises(Unusable, match="line"):
            load_pack(damaged)
    else:
        assert load_pack(damaged).rules
