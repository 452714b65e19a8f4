"""Fill an archive's index as so many arrivals would have, in seconds: rows and documents consistent, no bytes behind.

Every row is marked: subjects carry ids that begin with ``SYNTHETIC-``, and all images share one blob that says what
they are. The ledger has no record of them, so the archive's check would report each one; it is for measuring the index
alone. The documents are those of ``rules_documents`` with numbers put in by the database itself.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive import model, rules_documents

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

ROOT = "1.2.826.0.1.3680043.9.7433.99"
FIRST = 10_000_000
"""Numbers of one width, so that texts sort as numbers do."""
PER_DAY = 500
DAYS_TOGETHER = 40
"""Days of one transaction."""
FIRST_DAY = date(2015, 1, 1)
FAMILIES, GIVEN, PHYSICIANS, STATIONS = 4_999, 97, 211, 61
MODALITIES = ("DX", "CR", "CT", "MG")
RARE, EVERY = "XC", 20_011
"""A modality that one exam in so many has."""
CLASS = "1.2.840.10008.5.1.4.1.1.1.1"
BLOB = b"A synthetic row of the index: there is no image behind it.\n"
DURABLE = ("max_connections=200", "shared_buffers=512MB", "max_wal_size=4GB")
N, FAMILY, NAME, MODALITY, PHYSICIAN, STATION = (f"@{word}@" for word in ("n", "family", "name", "mod", "phys", "stat"))


def fill_home(home: Path, *, exams: int, images_per_exam: int = 1, database_url: str = "") -> None:
    """Make a home whose index holds so many exams of one series each.

    Parameters
    ----------
    database_url : an empty PostgreSQL database; SQLite in the home when empty
    """
    from kerma.app import open_kernel
    from kerma.kernel.settings import Settings

    environment = {"KERMA_HOME": str(home)} | ({"KERMA_DATABASE_URL": database_url} if database_url else {})
    kernel = open_kernel(Settings.load(environment))
    fill(kernel, exams=exams, images_per_exam=images_per_exam)
    kernel.database.close()


@contextlib.contextmanager
def postgresql(_place: Path) -> Iterator[str]:
    """Run a PostgreSQL whose commits are durable; its folder is its own, because its account cannot enter ours."""
    from tests.postgresql import server

    with server(DURABLE) as url:
        yield url


def fill(kernel: Kernel, *, exams: int, images_per_exam: int = 1) -> None:
    """Add so many exams to an index."""
    begun = time.perf_counter()
    kernel.blobs.put(BLOB)
    days = range(0, exams, PER_DAY)
    for first in range(0, len(days), DAYS_TOGETHER):
        together = days[first : first + DAYS_TOGETHER]
        with kernel.database.write() as connection:
            for place, start in enumerate(together, start=first):
                chunk = range(FIRST + start, FIRST + min(start + PER_DAY, exams))
                _fill_day(connection, chunk, FIRST_DAY + timedelta(days=place), images_per_exam)
        done = min(together[-1] + PER_DAY, exams)
        if done % 100_000 < PER_DAY * DAYS_TOGETHER:
            rate = done / (time.perf_counter() - begun)
            print(f"index_fill: {done} of {exams} exams, {rate:.0f} a second", file=sys.stderr, flush=True)
    _settle(kernel)


def _settle(kernel: Kernel) -> None:
    """Have the database know what it holds, as it would after a while of ordinary work."""
    with kernel.database.engine.connect() as connection:
        if kernel.database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in (
            "SELECT setval(pg_get_serial_sequence('subject', 'id'), (SELECT max(id) FROM subject))",
            "SELECT setval(pg_get_serial_sequence('exam', 'id'), (SELECT max(id) FROM exam))",
            "SELECT setval(pg_get_serial_sequence('series', 'id'), (SELECT max(id) FROM series))",
            "VACUUM ANALYZE",
        ):
            connection.exec_driver_sql(statement)


def _fill_day(connection: sa.Connection, chunk: range, day: date, images_per_exam: int) -> None:
    numbers = _numbers(chunk.start, chunk.stop - 1)
    facts = _facts(numbers.c.n)
    at = f"{day.isoformat()}T12:00:00.000000Z"
    is_sqlite = connection.dialect.name == "sqlite"
    key = (
        sa.func.lower(sa.func.hex(sa.func.randomblob(16))) if is_sqlite else sa.cast(sa.func.gen_random_uuid(), sa.Text)
    )
    exam_row, series_row = _exam_row(day, at, images_per_exam), _series_row(at, images_per_exam)
    identifiers = {"id": numbers.c.n, "subject_pk": numbers.c.n, "exam_pk": numbers.c.n, "key": key}
    for table, row in ((model.subject, _subject_row(at)), (model.exam, exam_row), (model.series, series_row)):
        own = {name: column for name, column in identifiers.items() if name in table.c}
        columns = {name: _filled(value, facts) for name, value in row.items()} | own
        connection.execute(
            sa.insert(table).from_select(list(columns), sa.select(*columns.values()).select_from(numbers))
        )
    _fill_images(connection, chunk, at, images_per_exam)
    _fill_terms(connection, numbers, facts)


def _fill_images(connection: sa.Connection, chunk: range, at: str, images_per_exam: int) -> None:
    numbers = _numbers(chunk.start, chunk.stop - 1)
    places = _numbers(1, images_per_exam, "place")
    n, place = sa.cast(numbers.c.n, sa.Text), sa.cast(places.c.n, sa.Text)
    row = _empty(model.image) | {
        "uid": sa.literal(f"{ROOT}.") + n + ".1." + place,
        "exam_pk": numbers.c.n,
        "series_pk": numbers.c.n,
        "number": places.c.n,
        "sha256": hashlib.sha256(BLOB).hexdigest(),
        "sop_class_uid": CLASS,
        "sop_class_name": "Digital X-Ray Image Storage - For Presentation",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "kind": "image",
        "format": "DICOM",
        "rows": 2048,
        "columns": 2048,
        "planes": 1,
        "bits": 12,
        "bits_allocated": 16,
        "size_bytes": len(BLOB),
        "received_at": at,
    }
    row.pop("id", None)
    columns = {name: value if isinstance(value, sa.ColumnElement) else sa.literal(value) for name, value in row.items()}
    source = sa.select(*columns.values()).select_from(numbers.join(places, sa.true()))
    connection.execute(sa.insert(model.image).from_select(list(columns), source))


def _fill_terms(connection: sa.Connection, numbers: sa.CTE, facts: Mapping[str, Any]) -> None:
    given = sa.func.replace(facts[NAME], "^", " ")
    family = sa.func.lower(facts[FAMILY])
    lowered = sa.func.lower(facts[NAME])
    last = sa.func.lower(sa.func.substr(given, 10))
    physician = sa.func.lower(facts[PHYSICIAN])
    subject_terms = ((1, lowered), (model.WORD, family), (model.WORD, last))
    exam_terms = (
        (model.MODALITY, facts[MODALITY]),
        (model.SOP_CLASS, sa.literal(CLASS)),
        (1, physician),
        (model.WORD, physician),
    )
    for table, owner, terms in (
        (model.subject_term, "subject_pk", subject_terms),
        (model.exam_term, "exam_pk", exam_terms),
    ):
        for kind, term in terms:
            source = sa.select(sa.literal(kind), term, numbers.c.n).select_from(numbers)
            connection.execute(sa.insert(table).from_select(["kind", "term", owner], source))


def _numbers(first: int, last: int, name: str = "number") -> sa.CTE:
    start = sa.select(sa.literal(first).label("n")).cte(name, recursive=True)
    return start.union_all(sa.select(start.c.n + 1).where(start.c.n < last))


def _facts(n: Any) -> dict[str, Any]:
    """Return what stands for each placeholder, as expressions of a number."""
    family = sa.literal("Family") + sa.func.substr(sa.cast(1000 + n % FAMILIES, sa.Text), 1, 4)
    given = sa.literal("Given") + sa.cast(100 + n % GIVEN, sa.Text)
    modality = sa.case(
        (n % EVERY == 0, RARE),
        *((n % len(MODALITIES) == place, one) for place, one in enumerate(MODALITIES[1:], start=1)),
        else_=MODALITIES[0],
    )
    return {
        N: sa.cast(n, sa.Text),
        FAMILY: family,
        NAME: family + "^" + given,
        MODALITY: modality,
        PHYSICIAN: sa.literal("Physician") + sa.cast(1000 + n % PHYSICIANS, sa.Text),
        STATION: sa.literal("ROOM") + sa.cast(100 + n % STATIONS, sa.Text),
    }


def _filled(value: Any, facts: Mapping[str, Any]) -> Any:
    """Return a text with every placeholder replaced by the database."""
    if not isinstance(value, str):
        return sa.literal(value)
    if value in facts:
        return facts[value]
    found: Any = sa.literal(value)
    for placeholder, expression in facts.items():
        if placeholder in value:
            found = sa.func.replace(found, placeholder, expression)
    return found


def _subject_row(at: str) -> dict[str, Any]:
    return _empty(model.subject) | {
        "industry": "medical",
        "subject_id": f"SYNTHETIC-{N}",
        "name": NAME,
        "name_folded": NAME,
        "birth_date": "1970-01-02",
        "sex": "O",
        "created_at": at,
    }


def _exam_row(day: date, at: str, images_per_exam: int) -> dict[str, Any]:
    row = _empty(model.exam) | {
        "uid": f"{ROOT}.{N}",
        "industry": "medical",
        "accession": f"A{N}",
        "exam_date": day.isoformat(),
        "exam_time": "10:15:30",
        "exam_id": "1",
        "description": "Thorax p.a. und seitlich",
        "referring_name": PHYSICIAN,
        "modalities": MODALITY,
        "sop_classes": CLASS,
        "series_count": 1,
        "image_count": images_per_exam,
        "received_at": at,
        "last_received_at": at,
    }
    return row | {"document": rules_documents.study_document(_subject_row(at) | row)}


def _series_row(at: str, images_per_exam: int) -> dict[str, Any]:
    row = _empty(model.series) | {
        "uid": f"{ROOT}.{N}.1",
        "modality": MODALITY,
        "number": 1,
        "description": "Standing",
        "body_part": "CHEST",
        "station": STATION,
        "image_count": images_per_exam,
        "received_at": at,
    }
    return row | {"document": rules_documents.series_document(row, f"{ROOT}.{N}")}


def _empty(table: sa.Table) -> dict[str, Any]:
    return {
        column.name: column.type.python_type()
        for column in table.columns
        if not column.nullable and not column.primary_key and not column.foreign_keys
    }


def main() -> None:
    """Fill a home from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--exams", type=int, default=100_000)
    parser.add_argument("--images-per-exam", type=int, default=1)
    parser.add_argument("--database-url", default="")
    chosen = parser.parse_args()
    fill_home(chosen.home, exams=chosen.exams, images_per_exam=chosen.images_per_exam, database_url=chosen.database_url)


if __name__ == "__main__":
    main()
