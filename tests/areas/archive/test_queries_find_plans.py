"""How searches are run: every statement goes by an index on both databases, and no answer reads rows it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from bench import index_fill

from kerma.areas.archive import queries_find_plan
from kerma.areas.archive.model import exam, image, series, subject
from kerma.areas.archive.queries_find import Query, find
from kerma.kernel.action import Kernel

EXAMS = 1_500
LAST = index_fill.FIRST + EXAMS - 1
SEARCHES = {
    "patient id": Query("study", {"00100020": f"SYNTHETIC-{LAST}"}, limit=50),
    "patient id prefix": Query("study", {"00100020": f"SYNTHETIC-{LAST // 10}*"}, limit=50),
    "accession": Query("study", {"00080050": f"A{LAST}"}, limit=50),
    "uid": Query("study", {"0020000D": f"{index_fill.ROOT}.{LAST}"}, limit=50),
    "name": Query("study", {"00100010": "family10*"}, limit=50),
    "fuzzy": Query("study", {"00100010": "given15 family"}, fuzzy=True, limit=50),
    "referring": Query("study", {"00080090": "Physician1000"}, limit=50),
    "date": Query("study", {"00080020": "20150102"}, limit=50),
    "modality": Query("study", {"00080061": "CT"}, limit=50),
    "modality nobody has": Query("study", {"00080061": "ZZ"}, limit=50),
    "station": Query("series", {"00081010": "ROOM101"}, limit=50),
    "series of a study": Query("series", {"0020000D": f"{index_fill.ROOT}.{LAST}"}, limit=50),
    "images of a series": Query("image", {"0020000E": f"{index_fill.ROOT}.{LAST}.1"}, limit=50),
    "image uid": Query("image", {"00080018": f"{index_fill.ROOT}.{LAST}.1.1"}, limit=50),
    "newest": Query("study", limit=50),
}
LOOKUPS = {
    "image": sa.select(image.c.id).where(image.c.uid == "1.2"),
    "series": sa.select(series.c.id).where(series.c.uid == "1.2"),
    "exam": sa.select(exam.c.id).where(exam.c.uid == "1.2"),
    "subject": sa.select(subject.c.id).where(
        subject.c.subject_id == "P", subject.c.subject_id != "", subject.c.issuer == "", subject.c.industry == "ndt"
    ),
}
TABLES = {"subject", "exam", "series", "image", "subject_term", "exam_term"}


@pytest.fixture
def filled(kernel: Kernel) -> Kernel:
    index_fill.fill(kernel, exams=EXAMS)
    return kernel


def statements(connection: sa.Connection, query: Query) -> Iterator[tuple[str, Any]]:
    """Run a search and yield every statement it took."""
    seen: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        seen.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    list(find(connection, query))
    sa.event.remove(connection, "before_cursor_execute", note)
    yield from seen


def plan(connection: sa.Connection, statement: str, values: Any) -> str:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        return "\n".join(row[-1] for row in rows)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of so few rows it would read all
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))


def reads_a_table_whole(found: str, *, is_newest: bool) -> bool:
    scans = [line.split() for line in found.splitlines() if "Seq Scan" in line or line.strip().startswith("SCAN")]
    bare = [words for words in scans if TABLES.intersection(words) and "INDEX" not in words]
    return bool(bare) and not (is_newest and len(bare) == 1 and "TEMP B-TREE" not in found)


WAYS = {"lead": (10_000, 20_000), "walk": (0, 20_000), "at length": (0, 10)}


def test_searches_go_by_an_index(filled: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    for few, walk in WAYS.values():
        monkeypatch.setattr(queries_find_plan, "FEW", few)
        monkeypatch.setattr(queries_find_plan, "WALK", walk)
        _check_plans(filled)


def _check_plans(filled: Kernel) -> None:
    with filled.database.read() as connection:
        for name, query in SEARCHES.items():
            ran = list(statements(connection, query))
            assert 1 <= len(ran) <= 8, name
            for statement, values in ran:
                found = plan(connection, statement, values)
                assert not reads_a_table_whole(found, is_newest=name == "newest"), f"{name}: {statement}\n{found}"


def test_what_an_arrival_looks_up_is_found_by_an_index(filled: Kernel) -> None:
    with filled.database.read() as connection:
        for statement in LOOKUPS.values():
            _check_lookup(connection, statement)


def _check_lookup(connection: sa.Connection, statement: sa.Select[Any]) -> None:
    compiled = statement.compile(dialect=connection.dialect)
    values = compiled.params if not compiled.positional else tuple(compiled.params[one] for one in compiled.positiontup)
    found = plan(connection, str(compiled), values)
    assert "INDEX" in found.upper() and not reads_a_table_whole(found, is_newest=False)


def test_synthetic_rows_say_what_real_ones_would(filled: Kernel) -> None:
    with filled.database.read() as connection:
        (one,) = find(connection, Query("study", {"00080050": f"A{LAST}"}))
        assert one["00100020"]["Value"] == [f"SYNTHETIC-{LAST}"]
        assert one["0020000D"]["Value"] == [f"{index_fill.ROOT}.{LAST}"]
        name = one["00100010"]["Value"][0]["Alphabetic"]
        assert [row["0020000D"] for row in find(connection, Query("study", {"00100010": name.lower()}))][0]
        (below,) = find(connection, Query("image", {"0020000D": f"{index_fill.ROOT}.{LAST}"}))
        assert below["00080060"]["Value"] == one["00080061"]["Value"]
