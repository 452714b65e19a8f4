"""Backups: one state while others write, only new bytes copied, nothing half; restored whole or not at all."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from films import Archive, film
from kerma.areas.archive import queries_check
from kerma.areas.archive.model import image
from kerma.errors import Altered, Conflict, NotAllowed, NotFound, Unusable, WrongUsage
from kerma.kernel import backup, backup_format, backup_restore
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.backup_model import backup_run
from kerma.kernel.backup_restore import Asked, Chosen, Restored
from kerma.kernel.blobs import Blobs
from kerma.kernel.clock import SystemClock
from kerma.kernel.database import Database, metadata
from kerma.kernel.ledger import Ledger, Signer, read_head
from kerma.kernel.settings import Settings


@pytest.fixture
def archive(kernel: Kernel, actor: Actor) -> Archive:
    filled = Archive(replace(kernel, clock=SystemClock()), actor)
    for number in (1, 2, 3):
        filled.ingest(film(exam=number))
    filled.ingest(b"junk")
    return filled


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "backups")


def make(archive: Archive, place: str, **options: bool) -> backup.Made:
    return backup.make(archive.kernel, archive.actor, out=place, **options)


@pytest.fixture
def empty(tmp_path: Path, empty_database_url: str) -> Settings:
    """An empty home and an empty database of the same kind."""
    url = empty_database_url
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path}/restored/kerma.db"
    return Settings.load({"KERMA_HOME": str(tmp_path / "restored"), "KERMA_DATABASE_URL": url})


def restore(settings: Settings, place: str, **asked: object) -> tuple[Restored, Chosen]:
    chosen = backup_restore.choose(Asked(place, **asked))
    return backup_restore.restore(settings, chosen), chosen


def opened(settings: Settings, of: Kernel) -> Kernel:
    return replace(
        of,
        settings=settings,
        database=Database(settings.database_url),
        ledger=Ledger(Signer.load(settings.home / "keys")),
        blobs=Blobs(settings.blobs_url),
    )


def rows_of(database: Database) -> dict[str, list[str]]:
    with database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
            if table.name != "backup_run"
        }


@pytest.mark.timeout(120)
def test_a_restored_home_is_what_the_archive_was_to_every_row_and_byte(
    archive: Archive, place: str, empty: Settings
) -> None:
    made = make(archive, place, with_keys=True)
    before = rows_of(archive.kernel.database)
    result, chosen = restore(empty, place)
    again = opened(empty, archive.kernel)
    after = rows_of(again.database)
    ledger = [name for name in before if name.startswith("ledger")]
    assert {name: rows for name, rows in after.items() if name not in ledger} == {
        name: rows for name, rows in before.items() if name not in ledger
    }
    assert set(after["ledger_record"]) < set(before["ledger_record"])
    assert len(after["ledger_record"]) == made.manifest.ledger_size
    assert {address for address, _ in again.blobs.iterate()} == {
        address for address, _ in archive.kernel.blobs.iterate()
    }
    assert all(again.blobs.check(address) for address, _ in again.blobs.iterate())
    assert (result.blobs, result.missing) == (4, [])
    report = queries_check.check(again)
    assert report.is_unaltered
    assert report.interrupted == []
    backup_restore.note_in_ledger(again, archive.actor, chosen)
    further = Archive(again, archive.actor)
    assert further.records("backup.restore")[0]["details"]["accepted_older"] is False
    assert further.ingest(film(exam=9)).image_pk == 4
    assert further.ingest(film(exam=1)).outcome == "duplicate"
    assert {row["state"] for row in further.rows(sa.select(backup_run))} == {"failed"}
    again.database.close()


@pytest.mark.timeout(120)
def test_a_backup_is_one_state_while_the_archive_grows(archive: Archive, place: str, empty: Settings) -> None:
    ends = threading.Event()
    stored: list[str] = []

    def grow() -> None:
        number = 100
        while not ends.is_set():
            stored.append(archive.ingest(film(exam=number)).sha256)
            number += 1

    growing = threading.Thread(target=grow)
    growing.start()
    try:
        while len(stored) < 3:
            pass
        made = make(archive, place, with_keys=True)
        reached = len(stored)
    finally:
        ends.set()
        growing.join()
    assert reached > 3
    restore(empty, place)
    again = opened(empty, archive.kernel)
    report = queries_check.check(again)
    assert report.is_unaltered
    assert report.interrupted == []
    with again.database.read() as connection:
        head = read_head(connection)
        kept = connection.scalar(sa.select(sa.func.count()).select_from(image))
    assert head.tree.size == made.manifest.ledger_size
    assert 6 <= kept <= 3 + len(stored)
    again.database.close()


def test_only_new_bytes_are_copied_and_an_interrupted_backup_is_none(archive: Archive, place: str) -> None:
    class PowerCut(BaseException):
        pass

    def cut(done: int, _: int) -> None:
        if done == 3:
            raise PowerCut

    with pytest.raises(PowerCut):
        backup.make(archive.kernel, archive.actor, out=place, progress=cut)
    with pytest.raises(NotFound, match="no whole backup"):
        backup_restore.choose(Asked(place))
    first = make(archive, place)
    assert first.copied < first.manifest.blob_count == 4
    archive.ingest(film(exam=5))
    assert (make(archive, place).copied, make(archive, place).copied) == (1, 0)
    states = [row["state"] for row in archive.rows(sa.select(backup_run).order_by(backup_run.c.id))]
    assert states == ["failed", "done", "done", "done"]
    assert archive.records("backup.finish")[0]["details"] == {"backup_id": 1, "result": "failed"}


def test_keys_are_in_it_only_when_asked_for_and_private(archive: Archive, place: str, empty: Settings) -> None:
    assert make(archive, place).manifest.keys == []
    result, _ = restore(empty, place)
    assert not result.has_keys
    with pytest.raises(Unusable, match=r"ledger\.key is missing"):
        Signer.load(empty.home / "keys")
    made = make(archive, place, with_keys=True)
    folder = Path(place) / "backups" / made.manifest.name / "keys"
    assert {path.name for path in folder.iterdir()} == {"ledger.key", "ledger.vkey"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    with pytest.raises(WrongUsage, match="never into a bucket"):
        backup.make(archive.kernel, archive.actor, out="memory:///b", with_keys=True)


def test_an_older_backup_is_refused_where_a_newer_state_is_known(
    archive: Archive, place: str, empty: Settings, tmp_path: Path
) -> None:
    first = make(archive, place).manifest
    shutil.copytree(place, tmp_path / "elsewhere")
    archive.ingest(film(exam=5))
    second = make(archive, place).manifest
    with pytest.raises(Conflict, match="--accept-older"):
        backup_restore.choose(Asked(place, name=first.name))
    with pytest.raises(Conflict, match="--accept-older"):
        backup_restore.choose(Asked(str(tmp_path / "elsewhere"), witness=second.checkpoint))
    assert backup_restore.choose(Asked(place)).manifest == second
    assert not backup_restore.choose(Asked(place, witness=first.checkpoint)).is_older
    result, chosen = restore(empty, place, name=first.name, accepts_older=True)
    assert chosen.is_older
    assert result.blobs == 4


def test_a_ledger_that_contradicts_the_witness_is_not_restored(archive: Archive, place: str, empty: Settings) -> None:
    make(archive, place)
    signer = archive.kernel.ledger.signer
    other = backup_restore.Checkpoint(signer.public.name, 3, b"\7" * 32, "2026-03-02T12:00:00.000000Z")
    with pytest.raises(Altered, match="checkpoint kept elsewhere"):
        restore(empty, place, witness=signer.sign(other.text))
    with pytest.raises(Conflict, match="half restored"):
        backup_restore.demand_complete(empty.home)


def _flip(path: Path) -> None:
    path.chmod(0o640)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("what", ["blobs", "backups/*/database", "backups/*/blobs.txt", "backups/*/manifest.note"])
def test_any_changed_byte_is_found(archive: Archive, place: str, empty: Settings, what: str) -> None:
    make(archive, place)
    found = [path for top in Path(place).glob(what) for path in ([top] if top.is_file() else top.rglob("*"))]
    _flip(max((path for path in found if path.is_file()), key=lambda path: path.stat().st_size))
    with pytest.raises((Altered, Unusable)):
        backup_restore.check(backup_restore.choose(Asked(place)))
    with pytest.raises((Altered, Unusable)):
        restore(empty, place)
    assert backup_restore.is_empty(Database(empty.database_url))


def test_a_lost_part_is_found(archive: Archive, place: str) -> None:
    make(archive, place)
    next(path for path in (Path(place) / "blobs").rglob("*") if path.is_file()).unlink()
    with pytest.raises(Altered, match="missing or was changed"):
        backup_restore.check(backup_restore.choose(Asked(place)))


def test_a_restore_that_was_cut_off_goes_on_and_nothing_opens_the_home_before(
    archive: Archive, place: str, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(archive, place, with_keys=True)
    chosen = backup_restore.choose(Asked(place))

    def cut(*_: object) -> None:
        raise OSError("the power is out")

    with monkeypatch.context() as patch:
        patch.setattr(backup_restore, "put_back", cut)
        with pytest.raises(OSError, match="power"):
            backup_restore.restore(empty, chosen)
    with pytest.raises(Conflict, match="half restored"):
        backup_restore.demand_complete(empty.home)
    archive.ingest(film(exam=5))
    other = make(archive, place)
    with pytest.raises(Conflict, match="finish that one"):
        restore(empty, place, name=other.manifest.name)
    assert backup_restore.restore(empty, chosen).blobs == 4
    backup_restore.demand_complete(empty.home)
    with pytest.raises(Conflict, match="not empty"):
        backup_restore.restore(empty, chosen)


def test_only_into_the_same_kind_of_database(archive: Archive, place: str, tmp_path: Path) -> None:
    make(archive, place)
    other = (
        "postgresql://nobody@127.0.0.1:1/none" if archive.kernel.database.is_sqlite else f"sqlite:///{tmp_path}/x.db"
    )
    settings = Settings.load({"KERMA_HOME": str(tmp_path / "empty"), "KERMA_DATABASE_URL": other})
    with pytest.raises(WrongUsage, match="KERMA_DATABASE_URL"):
        restore(settings, place)


def test_what_the_archive_lost_is_told_and_the_rest_is_kept(archive: Archive, place: str, empty: Settings) -> None:
    lost = archive.rows(sa.select(image.c.sha256).order_by(image.c.id))[0]["sha256"]
    archive.kernel.blobs.delete(lost)
    made = make(archive, place, with_keys=True)
    assert (made.manifest.unreadable_count, made.manifest.blob_count) == (1, 3)
    result, _ = restore(empty, place)
    assert result.missing == [lost]


def test_two_backups_at_once_are_refused_and_a_dead_one_is_not_waited_for(archive: Archive, place: str) -> None:
    backup.begin(archive.kernel, archive.actor, name="first")
    with pytest.raises(Conflict, match="first"):
        make(archive, place)
    with archive.kernel.database.write() as connection:
        connection.execute(sa.update(backup_run).values(alive_at="2026-01-01T00:00:00.000000Z"))
    assert make(archive, place).manifest.blob_count == 4


def test_nobody_backs_up_without_permission_or_into_the_archive_itself(
    archive: Archive, place: str, stranger: Actor
) -> None:
    with pytest.raises(NotAllowed):
        backup.make(archive.kernel, stranger, out=place)
    for inside in (str(archive.kernel.settings.home), archive.kernel.settings.blobs_url):
        with pytest.raises(WrongUsage, match="another disk"):
            make(archive, inside)


def _manifest(**changed: object) -> Callable[[dict], dict]:
    return lambda facts: facts | changed


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_manifest(version=2), Unusable),
        (_manifest(blobs={"path": "../../etc/passwd", "sha256": "", "size_bytes": 1}), Unusable),
        (_manifest(name="../x"), Unusable),
        (_manifest(database=[{"path": "keys/../../x", "sha256": "", "size_bytes": 1}]), Unusable),
        (lambda facts: {"version": 1}, Unusable),
    ],
)
def test_a_manifest_that_is_signed_but_strange_is_refused(
    archive: Archive, place: str, change: Callable[[dict], dict], error: type[Exception]
) -> None:
    manifest = make(archive, place).manifest
    signer = archive.kernel.ledger.signer
    text = manifest.note(signer).split("\n\n")[0]
    assert backup_format.read_manifest(manifest.note(signer)) == manifest
    facts = json.loads(text.split("\n")[1])
    written = signer.sign(f"{backup_format.FIRST_LINE}\n{json.dumps(change(facts))}\n")
    with pytest.raises(error):
        backup_format.read_manifest(written)
    with pytest.raises((Altered, Unusable)):
        backup_format.read_manifest(manifest.note(Signer.generate("kerma/other")))


@pytest.fixture(autouse=True)
def _tables() -> Iterator[None]:
    from kerma.areas import load_tables

    load_tables()
    yield


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_bucket_takes_backups_as_a_folder_does(
    archive: Archive, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Blobs("memory:///backups")
    monkeypatch.setattr("kerma.kernel.backup.Blobs", lambda url: bucket)
    made = backup.make(archive.kernel, archive.actor, out="memory:///backups")
    assert backup.make(archive.kernel, archive.actor, out="memory:///backups").copied == 0
    assert [one.name for one in backup_format.manifests(bucket.store)][0] == made.manifest.name
    monkeypatch.setattr(
        "kerma.kernel.backup_restore.Blobs", lambda url: bucket if url.startswith("memory") else Blobs(url)
    )
    chosen = backup_restore.choose(Asked("memory:///backups"))
    assert backup_restore.check(chosen).blobs == 4
    assert backup_restore.restore(empty, chosen).blobs == 4


def test_a_checkpoint_copied_from_a_screen_is_read_as_it_was_signed(tmp_path: Path) -> None:
    from kerma.kernel.backup_commands import _checkpoint

    signed = "kerma/1\n7\nroot=\n\n\u2014 kerma signature=\n"
    copied = tmp_path / "checkpoint"
    copied.write_text("\n" + "".join(f"    {line}  \n" for line in signed.splitlines()) + "\n", encoding="utf-8")
    assert _checkpoint(copied) == signed
