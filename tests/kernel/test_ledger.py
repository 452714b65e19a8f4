from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock as clocks
from kerma.kernel.canonical import canonical
from kerma.kernel.clock import HeldClock
from kerma.kernel.database import Database
from kerma.kernel.ledger import Ledger, Signer, install_guards, newest_note, read_head
from kerma.kernel.ledger_proofs import Subtrees, consistency, inclusion, proof_file, records
from kerma.kernel.ledger_tables import ledger_checkpoint, ledger_head, ledger_node, ledger_record
from kerma.kernel.merkle import EMPTY_ROOT, leaf_hash, root_of, verify_consistency, verify_inclusion
from kerma.kernel.notes import Note, open_checkpoint

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(NOON)


@pytest.fixture
def ledger(clock: HeldClock) -> Ledger:
    return Ledger(Signer.generate("kerma/test"), clock)


def record(clock: HeldClock, **details: object) -> dict[str, object]:
    return {
        "action": "archive.ingest",
        "actor": "person:1",
        "at": clocks.text(clock.now()),
        "details": details,
        "outcome": "done",
    }


def append(ledger: Ledger, database: Database, *new: dict[str, object]) -> range:
    with database.write() as connection:
        return ledger.append(connection, new)


def stored(database: Database) -> list[dict[str, object]]:
    with database.read() as connection:
        return list(records(connection, 0, 1_000_000))


def test_a_record_gets_its_place_and_is_kept_to_the_byte(ledger: Ledger, database: Database, clock: HeldClock) -> None:
    assert append(ledger, database, record(clock, n=0)) == range(1)
    assert append(ledger, database, record(clock, n=1), record(clock, n=2)) == range(1, 3)
    with database.read() as connection:
        rows = connection.execute(sa.select(ledger_record).order_by(ledger_record.c.record_index)).all()
    for index, row in enumerate(rows):
        expected = canonical(record(clock, n=index) | {"index": index, "v": 1})
        assert (row.record_index, row.body.encode(), row.leaf) == (index, expected, leaf_hash(expected))


def test_nothing_to_append_changes_nothing(ledger: Ledger, database: Database) -> None:
    assert append(ledger, database) == range(0)
    with database.read() as connection:
        assert read_head(connection) is None
    assert ledger.checkpoint(database) is None


def test_a_transaction_taken_back_leaves_no_trace(ledger: Ledger, database: Database, clock: HeldClock) -> None:
    append(ledger, database, record(clock, n=0))
    clock.advance(5)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        ledger.append(connection, [record(clock, n=number) for number in range(300)])
        raise ZeroDivisionError
    assert append(ledger, database, record(clock, n=1)) == range(1, 2)
    assert [entry["details"] for entry in stored(database)] == [{"n": 0}, {"n": 1}]
    with database.read() as connection:
        assert connection.scalars(sa.select(ledger_checkpoint.c.size)).all() == [1, 2]
        assert connection.scalar(sa.select(sa.func.count()).select_from(ledger_node)) == 0


@pytest.mark.parametrize("wrong", [{"dose_usv": 0.5}, {"name": b"bytes"}])
def test_a_record_without_canonical_form_is_refused_whole(
    ledger: Ledger, database: Database, clock: HeldClock, wrong: dict[str, object]
) -> None:
    with pytest.raises(WrongUsage, match="details"):
        append(ledger, database, record(clock), record(clock, **wrong))
    assert stored(database) == []


@pytest.mark.parametrize("change", [{"at": "2026-03-02"}, {"at": None}, {"index": 7}, {"v": 2}, {"clock_at": ""}])
def test_what_the_ledger_writes_itself_cannot_be_given(
    ledger: Ledger, database: Database, clock: HeldClock, change: dict[str, object]
) -> None:
    with pytest.raises(WrongUsage):
        append(ledger, database, record(clock) | change)


def test_time_never_runs_backwards_and_the_clock_is_kept(ledger: Ledger, database: Database, clock: HeldClock) -> None:
    for seconds in (0, -60, 30, 31):
        clock.advance(seconds)
        append(ledger, database, record(clock))
    assert [(entry["at"][11:19], entry.get("clock_at", "")[11:19]) for entry in stored(database)] == [
        ("12:00:00", ""),
        ("12:00:00", "11:59:00"),
        ("12:00:00", "11:59:30"),
        ("12:00:01", ""),
    ]


def test_a_checkpoint_is_signed_with_the_first_record_of_each_second(
    ledger: Ledger, database: Database, clock: HeldClock
) -> None:
    for _ in range(25):
        append(ledger, database, record(clock))
        clock.advance(0.25)
    with database.read() as connection:
        rows = connection.execute(sa.select(ledger_checkpoint).order_by(ledger_checkpoint.c.size)).all()
        leaves = list(connection.scalars(sa.select(ledger_record.c.leaf).order_by(ledger_record.c.record_index)))
    assert [row.size for row in rows] == [1, 5, 9, 13, 17, 21, 25]
    for row in rows:
        signed = open_checkpoint(row.note, ledger.signer.public)
        assert (signed.size, signed.root, signed.at) == (row.size, row.root, row.at)
        assert signed.root == root_of(leaves[: row.size])


def test_the_tail_is_signed_on_request_and_later_records_are_not_earlier(
    ledger: Ledger, database: Database, clock: HeldClock
) -> None:
    append(ledger, database, record(clock), record(clock))
    first = ledger.checkpoint(database)
    append(ledger, database, record(clock))
    clock.advance(0.5)
    second = ledger.checkpoint(database)
    assert first and second
    assert ledger.checkpoint(database) == second
    clock.advance(-0.25)
    append(ledger, database, record(clock))
    sizes = [open_checkpoint(note, ledger.signer.public).size for note in (first, second)]
    assert sizes == [2, 3]
    assert stored(database)[-1]["at"] == open_checkpoint(second, ledger.signer.public).at


def test_another_key_may_not_continue_a_ledger(ledger: Ledger, database: Database, clock: HeldClock) -> None:
    append(ledger, database, record(clock))
    stranger = Ledger(Signer.generate("kerma/other"), clock)
    with pytest.raises(Conflict, match="keys/ledger.key"):
        append(stranger, database, record(clock))
    assert len(stored(database)) == 1


CHANGES = [
    ledger_record.update().values(body="{}"),
    ledger_record.delete(),
    ledger_checkpoint.update().values(note=""),
    ledger_checkpoint.delete(),
    ledger_node.update().values(hash=EMPTY_ROOT),
    ledger_node.delete(),
    ledger_head.delete(),
    ledger_head.update().values(size=1),
    ledger_head.update().values(at="2020-01-01T00:00:00.000000Z"),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change).split(" SET")[0])
def test_the_database_itself_refuses_to_change_the_past(
    ledger: Ledger, database: Database, clock: HeldClock, change: sa.Update | sa.Delete
) -> None:
    with database.write() as connection:
        install_guards(connection)
    append(ledger, database, *[record(clock, n=number) for number in range(257)])
    before = stored(database)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(change)
    assert stored(database) == before
    assert append(ledger, database, record(clock)) == range(257, 258)


def test_every_record_proves_its_place_with_few_rows(ledger: Ledger, database: Database, clock: HeldClock) -> None:
    total = 70_000 if database.is_sqlite else 3_000
    for first in range(0, total, 1_000):
        append(ledger, database, *[record(clock, n=number) for number in range(first, first + 1_000)])
    with database.read() as connection:
        leaves = list(connection.scalars(sa.select(ledger_record.c.leaf).order_by(ledger_record.c.record_index)))
        levels = connection.execute(
            sa.select(ledger_node.c.tile_level, sa.func.count()).group_by(ledger_node.c.tile_level)
        ).all()
        # C2SP tlog-tiles: floor(size / 256^level) complete tiles at each level
        assert dict(levels) == {level: total // 256**level for level in (1, 2) if total >= 256**level}
        root = root_of(leaves)
        for index in (0, 1, 255, 256, total // 2, total - 257, total - 1):
            subtrees = Subtrees(connection)
            verify_inclusion(leaves[index], index, total, root, inclusion(connection, index, total))
            subtrees(0, index)
            assert len(subtrees._tiles) == 1
        for size in (1, 255, 256, 257, 1_000, 2_999, total):
            proof = consistency(connection, size, total)
            verify_consistency(size, total, root_of(leaves[:size]), root, proof)
        with pytest.raises(NotFound, match="does not yet have"):
            Subtrees(connection)(8, total // 256)


def test_a_proof_file_stands_alone(ledger: Ledger, database: Database, clock: HeldClock) -> None:
    for number in range(20):
        append(ledger, database, record(clock, n=number))
        clock.advance(0.3)
    with database.read() as connection:
        written = proof_file(connection, 9)
        body = connection.scalars(sa.select(ledger_record.c.body).where(ledger_record.c.record_index == 9)).one()
    lines, note = written.split("\n\n", 1)
    head, index, *hashes = lines.split("\n")
    signed = open_checkpoint(note, ledger.signer.public)
    assert (head, index) == ("c2sp.org/tlog-proof@v1", "index 9")
    verify_inclusion(leaf_hash(body.encode()), 9, signed.size, signed.root, [b64decode(part) for part in hashes])
    with database.read() as connection, pytest.raises(NotFound, match="no checkpoint covers record 20"):
        proof_file(connection, 20)


def test_eight_writers_at_once_give_one_unbroken_ledger(database: Database, tmp_path: Path) -> None:
    ledger = Ledger(Signer.load(tmp_path / "keys"))
    writers, rounds = 8, 25
    start = Barrier(writers)

    def write(writer: int) -> list[int]:
        start.wait()
        places: list[int] = []
        for number in range(rounds):
            at = clocks.text(ledger.clock.now())
            entry = {"action": "test.write", "actor": f"person:{writer}", "at": at, "details": {}, "outcome": "done"}
            with database.write() as connection:
                places += ledger.append(connection, [entry | {"details": {"number": number}}] * (1 + number % 3))
        return places

    with ThreadPoolExecutor(writers) as pool:
        places = list(pool.map(write, range(writers)))
    note = ledger.checkpoint(database)
    entries = stored(database)
    total = writers * sum(1 + number % 3 for number in range(rounds))
    assert sorted(place for mine in places for place in mine) == list(range(total))
    assert [entry["index"] for entry in entries] == list(range(total))
    assert all(before["at"] <= after["at"] for before, after in zip(entries, entries[1:], strict=False))
    for writer, mine in enumerate(places):
        assert mine == sorted(mine)
        assert all(entries[place]["actor"] == f"person:{writer}" for place in mine)
    with database.read() as connection:
        leaves = list(connection.scalars(sa.select(ledger_record.c.leaf).order_by(ledger_record.c.record_index)))
        notes = list(connection.scalars(sa.select(ledger_checkpoint.c.note).order_by(ledger_checkpoint.c.size)))
        assert newest_note(connection) == note
    for written in notes:
        signed = open_checkpoint(written, ledger.signer.public)
        assert signed.root == root_of(leaves[: signed.size])
    assert Note.parse(notes[-1]).text.split("\n")[1] == str(total)


def test_two_first_writers_begin_one_ledger(database: Database, clock: HeldClock, ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda _: append(ledger, database, record(clock))[0], range(4)))
    assert sorted(places) == [0, 1, 2, 3]
    assert [entry["index"] for entry in stored(database)] == [0, 1, 2, 3]
