"""Copies that may be deleted: whole or not there, made once, and never more than the limit for long."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from kerma.areas.archive import retrieve_cache
from kerma.kernel.action import Kernel

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def backend() -> str:
    return "sqlite"


def kept(kernel: Kernel, sha256: str, name: str, size_bytes: int, age_s: float = 0.0) -> Path:
    path = retrieve_cache.keep(kernel, sha256, name, lambda out: out.write(bytes(size_bytes)))
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_a_copy_is_made_once_however_many_ask(kernel: Kernel) -> None:
    made: list[int] = []

    def make(out) -> None:  # type: ignore[no-untyped-def]
        made.append(1)
        time.sleep(0.05)
        out.write(b"copy")

    threads = [threading.Thread(target=retrieve_cache.keep, args=(kernel, ONE, "name", make)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 1
    found = retrieve_cache.find(kernel, ONE, "name")
    assert found is not None
    assert found.read_bytes() == b"copy"


def test_a_copy_whose_making_failed_is_not_there(kernel: Kernel) -> None:
    def fail(out) -> None:  # type: ignore[no-untyped-def]
        out.write(b"half")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        retrieve_cache.keep(kernel, ONE, "name", fail)
    assert retrieve_cache.find(kernel, ONE, "name") is None
    assert [path for path in retrieve_cache.folder(kernel).rglob("*") if path.is_file()] == []


def test_the_longest_unused_goes_first_and_the_newly_used_stays(kernel: Kernel) -> None:
    old = kept(kernel, ONE, "old", 600, age_s=5000)
    middle = kept(kernel, ONE, "middle", 300, age_s=3000)
    new = kept(kernel, TWO, "new", 600)
    assert retrieve_cache.trim(kernel, 10_000) == 0
    assert retrieve_cache.trim(kernel, 1000) == 600
    assert (old.exists(), middle.exists(), new.exists()) == (False, True, True)
    retrieve_cache.trim(kernel, 1)
    assert (middle.exists(), new.exists()) == (False, True), "what was used just now may be about to be read"


def test_half_written_files_of_dead_writers_are_swept(kernel: Kernel) -> None:
    kept(kernel, ONE, "name", 1)
    dead = retrieve_cache.folder(kernel) / ONE[:2] / ONE / "dead.part"
    dead.write_bytes(b"half")
    os.utime(dead, (1, 1))
    retrieve_cache.trim(kernel, 10_000)
    assert not dead.exists()


def test_use_is_noted(kernel: Kernel) -> None:
    path = kept(kernel, ONE, "name", 1, age_s=5000)
    retrieve_cache.find(kernel, ONE, "name")
    assert time.time() - path.stat().st_mtime < 60


def test_copies_of_deleted_bytes_are_forgotten(kernel: Kernel) -> None:
    one, two = kept(kernel, ONE, "name", 1), kept(kernel, TWO, "name", 1)
    retrieve_cache.forget(kernel, ONE)
    assert (one.exists(), two.exists()) == (False, True)
    retrieve_cache.forget(kernel, ONE)
