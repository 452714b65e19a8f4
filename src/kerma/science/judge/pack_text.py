"""The text of a pack into rules, with every mistake named by its line and column."""

from __future__ import annotations

from typing import Any

from kerma.errors import Unusable
from kerma.science.judge.cells import NUMERIC, CellError, value_of
from kerma.science.judge.pack_checks import mistakes_between, mistakes_of
from kerma.science.judge.rule import COLUMNS, Rule
from kerma.science.judge.sheet import Mistake, Sheet, read_sheet
from kerma.standards import STATUSES, Table

HEADER = ("title", "source", "edition", "clause", "status")
SHOWN_MISTAKES = 5


class MistakesError(Unusable):
    """A pack that cannot be used, with all its mistakes."""

    def __init__(self, name: str, mistakes: tuple[Mistake, ...]) -> None:
        more = len(mistakes) - SHOWN_MISTAKES
        told = "; ".join(str(one) for one in mistakes[:SHOWN_MISTAKES])
        super().__init__(f"table '{name}', {told}" + (f"; and {more} more" if more > 0 else ""))
        self.mistakes = mistakes


def read_pack(name: str, text: str) -> tuple[Table, tuple[Rule, ...]]:
    """Read the text of a pack into its table and rules.

    Raises
    ------
    MistakesError
        Anything is wrong; all of it is named.
    """
    sheet, rules, mistakes = _read(text)
    if mistakes:
        raise MistakesError(name, mistakes)
    rows = tuple(row for _, row in sheet.rows)
    return Table(name=name, rows=rows, **{key: sheet.header[key] for key in HEADER}), rules


def check_pack(text: str) -> tuple[Mistake, ...]:
    """Return all that is wrong with the text of a pack; nothing when it can be used."""
    return _read(text)[2]


def _read(text: str) -> tuple[Sheet, tuple[Rule, ...], tuple[Mistake, ...]]:
    sheet = read_sheet(text)
    mistakes = [*sheet.mistakes, *_mistakes_of_header(sheet), *_mistakes_of_columns(sheet)]
    if not sheet.rows and not mistakes:
        mistakes.append(Mistake(1, "", "there is no rule: a pack needs at least one row"))
    read: list[tuple[int, Rule]] = []
    for line, row in sheet.rows:
        rule, wrong = _rule(sheet, line, row)
        mistakes += wrong
        if rule is not None:
            read.append((line, rule))
    mistakes += mistakes_between(read)
    mistakes.sort(key=lambda mistake: mistake.line)
    return sheet, tuple(rule for _, rule in read), tuple(mistakes)


def _mistakes_of_header(sheet: Sheet) -> list[Mistake]:
    if not sheet.columns and sheet.mistakes:
        return []
    missing = [key for key in HEADER if not sheet.header.get(key)]
    found = [Mistake(1, "", f"header line '# {key}: …' is missing") for key in missing]
    status = sheet.header.get("status")
    if status and status not in STATUSES:
        found.append(Mistake(1, "", f"the header's status is '{status}'", ", ".join(STATUSES)))
    return found


def _mistakes_of_columns(sheet: Sheet) -> list[Mistake]:
    line = sheet.rows[0][0] - 1 if sheet.rows else 1
    unknown = [name for name in dict.fromkeys(sheet.columns) if name and name not in COLUMNS]
    return [Mistake(line, name, "is unknown", ", ".join(COLUMNS)) for name in unknown]


def _rule(sheet: Sheet, line: int, row: dict[str, str]) -> tuple[Rule | None, list[Mistake]]:
    given: dict[str, Any] = {"rule": "", "kind": ""}
    mistakes = []
    for column, text in row.items():
        if not text or column not in COLUMNS:
            continue
        if sheet.separator != "," and column in NUMERIC:
            text = text.replace(",", ".")
        try:
            given[column] = value_of(column, text)
        except CellError as error:
            mistakes.append(Mistake(line, column, error.what, error.allowed))
    if mistakes:
        return None, mistakes
    rule = Rule(**given)
    wrong = mistakes_of(rule, line)
    return (None if wrong else rule), wrong
