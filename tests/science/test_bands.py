"""Rows shared among cores: every row once, on no more threads than the process was told to take."""

from __future__ import annotations

import threading

import pytest

from kerma.science.bands import over_rows


@pytest.mark.parametrize("cores", ["", "1", "2", "no number"])
def test_every_row_is_worked_on_once(cores: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", cores)
    seen: list[int] = []
    over_rows(53, lambda band: seen.extend(range(*band)), band_rows=8)
    assert sorted(seen) == list(range(53))


def test_a_process_told_to_take_one_core_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    names: set[str] = set()
    over_rows(64, lambda _: names.add(threading.current_thread().name))
    assert names == {threading.current_thread().name}
