"""Tiers: a blob is read wherever it lies, moves whole or not at all, and is never lost by a kill at any step."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import Altered, NotFound, WrongUsage
from kerma.kernel.blobs import Blobs, key_of
from kerma.kernel.blobs_tiers import HOT, TieredStore, move, parse, place_of
from kerma.kernel.settings import Settings

DATA = b"film" * 500_000


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(f"file://{tmp_path}/hot", f"cold=file://{tmp_path}/cold,deep=memory:///deep")


def lying(blobs: Blobs, sha256: str) -> set[str]:
    assert isinstance(blobs.store, TieredStore)
    places = {HOT: blobs.store.hot, **blobs.store.tiers}
    return {name for name, store in places.items() if store.size(key_of(sha256)) is not None}


@given(steps=st.lists(st.sampled_from((HOT, "cold", "deep")), max_size=6))
def test_wherever_it_moves_it_lies_in_one_place_and_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("tiers")
    blobs = Blobs(f"file://{folder}/hot", f"cold=file://{folder}/cold,deep=memory:///deep")
    sha256 = blobs.put(b"one film")
    for tier in steps:
        assert move(blobs, sha256, tier) == 8
        assert lying(blobs, sha256) == {tier}
        assert place_of(blobs, sha256) == tier
        assert blobs.get(sha256) == b"one film"
        assert (blobs.size(sha256), blobs.check(sha256)) == (8, True)
        assert [address for address, _ in blobs.iterate()] == [sha256]
        assert (blobs.local_path(sha256) is None) == (tier == "deep")


def test_a_part_is_read_from_any_tier(blobs: Blobs) -> None:
    sha256 = blobs.put(DATA)
    for tier in ("cold", "deep", HOT):
        move(blobs, sha256, tier)
        assert b"".join(blobs.stream(sha256, 1000, start=6, length=5)) == b"lmfil"


def test_bytes_that_come_again_stay_where_they_are_and_new_ones_are_hot(blobs: Blobs) -> None:
    sha256 = blobs.put(DATA)
    move(blobs, sha256, "cold")
    assert blobs.put(DATA) == sha256
    assert lying(blobs, sha256) == {"cold"}
    with blobs.writer() as writer:
        writer.write(DATA)
        assert writer.keep()[0] == sha256
    assert lying(blobs, sha256) == {"cold"}
    assert lying(blobs, blobs.put(b"new")) == {HOT}


@pytest.mark.parametrize("step", ["stage", "publish", "stream", "delete"])
def test_a_move_that_breaks_at_any_step_loses_nothing_and_is_completed_later(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    assert isinstance(blobs.store, TieredStore)
    sha256 = blobs.put(DATA)

    def cut(*_: object) -> None:
        raise OSError("the power is out")

    with monkeypatch.context() as patch:
        patch.setattr(blobs.store.hot if step == "delete" else blobs.store.tiers["cold"], step, cut)
        with pytest.raises(OSError, match="power"):
            move(blobs, sha256, "cold")
    assert lying(blobs, sha256) >= {HOT}
    assert blobs.check(sha256)
    move(blobs, sha256, "cold")
    assert lying(blobs, sha256) == {"cold"}
    assert blobs.get(sha256) == DATA


def test_a_reader_that_began_before_the_move_reads_on(blobs: Blobs) -> None:
    sha256 = blobs.put(DATA)
    before, late = blobs.stream(sha256), blobs.stream(sha256)
    first = next(before)
    move(blobs, sha256, "cold")
    assert first + b"".join(before) == DATA
    assert b"".join(late) == DATA


def _spoil(path: Path) -> None:
    path.chmod(0o640)
    path.write_bytes(b"other" + path.read_bytes()[5:])


def test_altered_bytes_do_not_move_and_a_bad_copy_is_made_anew(blobs: Blobs, tmp_path: Path) -> None:
    sha256 = blobs.put(DATA)
    bad = tmp_path / "cold" / key_of(sha256)
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"x" * len(DATA))
    with pytest.raises(Altered, match="original stays"):
        move(blobs, sha256, "cold")
    move(blobs, sha256, "cold")
    assert blobs.get(sha256) == DATA
    other = blobs.put(b"another film")
    _spoil(tmp_path / "hot" / key_of(other))
    with pytest.raises(Altered, match="nothing was moved"):
        move(blobs, other, "cold")
    assert HOT in lying(blobs, other)


def test_what_is_deleted_is_gone_from_every_tier(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(blobs.store, TieredStore)
    sha256 = blobs.put(DATA)
    with monkeypatch.context() as patch:
        patch.setattr(blobs.store.hot, "delete", lambda key: None)
        move(blobs, sha256, "cold")
    assert lying(blobs, sha256) == {HOT, "cold"}
    blobs.delete(sha256)
    assert lying(blobs, sha256) == set()
    with pytest.raises(NotFound):
        blobs.get(sha256)


def test_unknown_tiers_and_blobs_are_refused(blobs: Blobs, tmp_path: Path) -> None:
    sha256 = blobs.put(DATA)
    with pytest.raises(NotFound, match="KERMA_BLOBS_TIERS"):
        move(blobs, sha256, "attic")
    with pytest.raises(NotFound, match="archive check"):
        move(blobs, "0" * 64, "cold")
    with pytest.raises(NotFound):
        place_of(blobs, "0" * 64)
    plain = Blobs(f"file://{tmp_path}/plain")
    assert place_of(plain, plain.put(b"x")) == HOT


@pytest.mark.parametrize(
    "written", ["cold", "hot=file:///x", "cold=/x", "a=file:///x,a=file:///y", "C=s3://b", "c=ftp://x"]
)
def test_a_setting_that_makes_no_sense_is_refused(written: str) -> None:
    with pytest.raises(WrongUsage, match="name=url"):
        Settings.load({"KERMA_BLOBS_TIERS": written})


def test_the_setting_is_read_in_order_and_its_secrets_are_masked() -> None:
    written = "cold=s3://b/p?secret=1, deep=file:///x"
    assert parse(written) == {"cold": "s3://b/p?secret=1", "deep": "file:///x"}
    assert "secret" not in Settings.load({"KERMA_BLOBS_TIERS": written}).shown()["blobs_tiers"]
