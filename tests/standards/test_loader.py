"""The one loader of tables says what is wrong with one."""

from __future__ import annotations

import pytest

from kerma.errors import NotFound, Unusable
from kerma.standards import parse, table, table_names, text_of

HEAD = "# title: T\n# source: S\n# edition: 1\n# clause: 2\n# status: own\n"


def test_header_and_rows_are_kept() -> None:
    read = parse("body_1/name", HEAD + "a_mm,b\n1.5,x\n2.5,\n")
    assert (read.title, read.source, read.edition, read.clause, read.status) == ("T", "S", "1", "2", "own")
    assert list(read) == [{"a_mm": "1.5", "b": "x"}, {"a_mm": "2.5", "b": ""}]
    assert read.standard == "body_1"


@pytest.mark.parametrize("key", ["title", "source", "edition", "clause", "status"])
def test_a_missing_header_line_is_named(key: str) -> None:
    lines = [line for line in HEAD.splitlines() if not line.startswith(f"# {key}")]
    with pytest.raises(Unusable, match=f"# {key}"):
        parse("a/b", "\n".join([*lines, "x", "1"]))


def test_a_status_that_is_none_is_named() -> None:
    with pytest.raises(Unusable, match="'rumour'"):
        parse("a/b", HEAD.replace("own", "rumour") + "x\n1\n")


@pytest.mark.parametrize("row", ["1", "1,2,3"])
def test_a_row_of_wrong_length_is_named_with_its_line(row: str) -> None:
    with pytest.raises(Unusable, match="line 8"):
        parse("a/b", HEAD + f"x,y\n1,2\n{row}\n")


def test_header_lines_alone_are_an_empty_table() -> None:
    assert parse("a/b", HEAD).rows == ()


@pytest.mark.parametrize("name", ["nobody_1/nothing", "../errors", "iso_6520-1/../../errors", "", "iso_6520-1"])
def test_an_unknown_table_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="kerma standards"):
        text_of(name)


def test_names_are_listed_and_each_can_be_read() -> None:
    names = table_names()
    assert names == sorted(names)
    assert {"fr_arrete_1978/acceptance", "iso_6520-1/imperfections"} <= set(names)
    assert all(table(name).name == name for name in names)
