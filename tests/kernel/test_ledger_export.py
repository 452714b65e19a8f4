import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from kerma.errors import Altered, Unusable
from kerma.kernel import clock as clocks
from kerma.kernel.clock import HeldClock
from kerma.kernel.database import Database
from kerma.kernel.ledger import Ledger, Signer
from kerma.kernel.ledger_export import export_ledger
from kerma.kernel.ledger_format import PURPOSE, Header, SignedEnd, read_tile, tile_line
from kerma.kernel.ledger_tables import ledger_checkpoint, ledger_record
from kerma.kernel.merkle import leaf_hash, root_of
from kerma.kernel.notes import Checkpoint, Note, open_checkpoint
from kerma.kernel.verify import Trust, verify


def fill(ledger: Ledger, database: Database, clock: HeldClock, total: int) -> None:
    for number in range(total):
        entry = {"action": "a", "actor": "person:1", "at": clocks.text(clock.now()), "outcome": "done"}
        entry["details"] = {"text": f"größe {number}\n"}
        with database.write() as connection:
            ledger.append(connection, [entry])
        clock.advance(0.1)


@pytest.fixture
def ledger(clock: HeldClock) -> Ledger:
    return Ledger(Signer.generate("kerma/test"), clock)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(datetime(2026, 3, 2, 12, tzinfo=UTC))


def test_the_file_is_as_documented_line_by_line(
    ledger: Ledger, database: Database, clock: HeldClock, tmp_path: Path
) -> None:
    fill(ledger, database, clock, 300)
    seen: list[tuple[int, int]] = []
    export = export_ledger(ledger, database, tmp_path / "out" / "l.export", lambda *done: seen.append(done))
    raw = export.path.read_bytes().splitlines(keepends=True)
    with database.read() as connection:
        ordered = sa.select(ledger_record).order_by(ledger_record.c.record_index)
        rows = connection.execute(ordered).all()
        notes = dict(connection.execute(sa.select(ledger_checkpoint.c.size, ledger_checkpoint.c.note)).all())
    assert Header.parse(raw[0]) == Header("kerma/test", 300, ledger.signer.public.vkey)
    expected = []
    for row in rows:
        if row.record_index % 256 == 0:
            expected.append(tile_line(row.record_index, [one.leaf for one in rows[row.record_index :][:256]]))
        expected.append(row.body.encode() + b"\n")
        if row.record_index + 1 in notes:
            expected.append(json.dumps(notes[row.record_index + 1], ensure_ascii=False).encode() + b"\n")
    assert raw[1:-1] == expected
    note = Note.parse(json.loads(raw[-1]))
    note.check(ledger.signer.public)
    end = SignedEnd.parse(note.text)
    assert end.sha256 == hashlib.sha256(b"".join(raw[:-1])).hexdigest()
    assert (end.checkpoint.size, end.checkpoint.root) == (300, root_of([row.leaf for row in rows]))
    assert end.checkpoints == len(notes) == export.checkpoints
    assert export.sha256 == hashlib.sha256(export.path.read_bytes()).hexdigest()
    assert seen == [(300, 300)]
    assert max(notes) == 300


def test_the_signed_end_and_a_checkpoint_never_pass_for_each_other(ledger: Ledger) -> None:
    checkpoint = Checkpoint("kerma/test", 5, bytes(32), "2026-03-02T12:00:00.000000Z")
    end = SignedEnd(checkpoint, 1, "0" * 64)
    assert SignedEnd.parse(end.text) == end
    assert end.text.startswith(PURPOSE)
    with pytest.raises(Altered):
        SignedEnd.parse(checkpoint.text)
    with pytest.raises(Altered):
        open_checkpoint(ledger.signer.sign(end.text), ledger.signer.public)


def test_an_export_that_fails_leaves_the_old_file_and_no_rest(
    ledger: Ledger, database: Database, clock: HeldClock, tmp_path: Path
) -> None:
    fill(ledger, database, clock, 3)
    path = tmp_path / "l.export"
    path.write_bytes(b"the older one")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_ledger(ledger, database, path, stop)
    assert path.read_bytes() == b"the older one"
    assert [entry.name for entry in tmp_path.glob("*export*")] + list(tmp_path.glob(".*")) == ["l.export"]
    export_ledger(ledger, database, path)
    assert verify(path, Trust(key=ledger.signer.public.vkey)).is_unaltered


def test_an_empty_ledger_can_be_exported_and_checked(ledger: Ledger, database: Database, tmp_path: Path) -> None:
    export = export_ledger(ledger, database, tmp_path / "l.export")
    answer = verify(export.path, Trust(key=export.vkey))
    assert answer.is_unaltered
    assert answer.facts["records"] == export.size == 0


def test_records_removed_from_the_database_are_noticed_at_export(
    ledger: Ledger, database: Database, clock: HeldClock, tmp_path: Path
) -> None:
    fill(ledger, database, clock, 9)
    lift_guards(database)
    with database.write() as connection:
        connection.execute(ledger_record.delete().where(ledger_record.c.record_index == 4))
    with pytest.raises(Unusable, match="holds 8 of the 9 ledger records"):
        export_ledger(ledger, database, tmp_path / "l.export")


@pytest.mark.parametrize("with_leaf", [False, True], ids=["body", "body and leaf"])
def test_a_record_altered_in_the_database_is_found_in_the_export(
    ledger: Ledger, database: Database, clock: HeldClock, tmp_path: Path, with_leaf: bool
) -> None:
    fill(ledger, database, clock, 30)
    lift_guards(database)
    here = ledger_record.c.record_index == 17
    with database.write() as connection:
        body = connection.scalars(sa.select(ledger_record.c.body).where(here)).one().replace("person:1", "person:2")
        change = {"body": body} | ({"leaf": leaf_hash(body.encode())} if with_leaf else {})
        connection.execute(ledger_record.update().where(here).values(change))
    export = export_ledger(ledger, database, tmp_path / "l.export")
    answer = verify(export.path, Trust(key=export.vkey))
    finding = answer.findings[0]
    assert finding.first_record is not None and finding.last_record is not None
    assert finding.first_record <= 17 <= finding.last_record
    assert finding.last_record - finding.first_record <= (10 if with_leaf else 0)


def lift_guards(database: Database) -> None:
    """Do what somebody who owns the database can do."""
    suffix = "" if database.is_sqlite else " ON ledger_record"
    with database.write() as connection:
        for event in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS ledger_record_keeps_{event}{suffix}")


@pytest.mark.parametrize(
    "line",
    [b"[]\n", b"[0]\n", b'[0,""]\n', b'[0,"AAAA"]\n', b'["0","AAAA"]\n', b'[true,"AAAA"]\n', b'[0,"AAAA"]', b"{}\n"],
)
def test_refused_lists_of_hashes(line: bytes) -> None:
    with pytest.raises(Altered):
        read_tile(line)


def test_a_newer_format_is_told_apart_from_a_damaged_one() -> None:
    line = Header("kerma/test", 1, "key").line()
    with pytest.raises(Unusable, match="use a newer Kerma"):
        Header.parse(line.replace(b'"v":1', b'"v":2'))
    with pytest.raises(Altered):
        Header.parse(line.replace(b'"size":1', b'"size":"1"'))
    with pytest.raises(Altered):
        Header.parse(line.replace(b'"size"', b'"sise"'))
