"""Fuzzing: whatever is done to a sound file, it is read or refused; never a traceback, a hang, or a lost child.

A short run is part of every test run; ``make soak`` runs the long one. Files that once broke something are kept in
``found/`` and tried each time.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.formats.seeds import mutated, seeds

from kerma import formats
from kerma.errors import TooLarge, Unreadable
from kerma.formats.guard import GuardedReader

SEEDS = seeds()
FOUND = sorted((Path(__file__).parent / "found").glob("*.bin"))
TIME_S = 60.0
LENGTHS = [name for name in SEEDS if name.startswith("native") or name.endswith("file")]


@pytest.fixture(scope="module")
def reader():
    with GuardedReader() as reader:
        yield reader


def hold_the_law(reader, data, sidecar=None):
    """Read a file in the child and scan it here: an answer, or a refusal of one sentence."""
    started = time.monotonic()
    for attempt in (reader.read, formats.scan):
        try:
            attempt(data, "", sidecar)
        except (Unreadable, TooLarge) as refusal:
            assert 0 < len(str(refusal)) < 600
            assert "did not expect" not in str(refusal)
    assert time.monotonic() - started < TIME_S


@pytest.mark.parametrize("name", SEEDS)
def test_seeds_are_sound(name, reader):
    reader.read(SEEDS[name].data, "", SEEDS[name].sidecar)


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_mutated_files_are_read_or_refused(name, reader, chance):
    seed = SEEDS[name]
    if seed.sidecar is not None and chance.random() < 0.7:
        hold_the_law(reader, seed.data, mutated(seed.sidecar, chance))
    else:
        hold_the_law(reader, mutated(seed.data, chance), seed.sidecar)


@pytest.mark.parametrize("name", LENGTHS)
def test_a_file_cut_anywhere_is_refused_or_whole(name, reader):
    """At every 31st byte; a cut file must never pass for a whole image with other pixels."""
    seed = SEEDS[name]
    whole = formats.read(seed.data).pixels
    for cut in range(0, len(seed.data), 31):
        try:
            image = reader.read(seed.data[:cut])
        except (Unreadable, TooLarge):
            continue
        assert image.pixels.shape == whole.shape
        assert (image.pixels == whole).all(), f"cut at {cut}"


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_stays_fixed(path, reader):
    hold_the_law(reader, path.read_bytes())


@given(st.binary(max_size=300))
def test_noise_is_refused(data):
    with pytest.raises(Unreadable):
        formats.scan(data)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", SEEDS)
def test_soak(name, reader):
    """Fifty thousand mutations of each seed, half of them in the compressed pixels alone."""
    seed = SEEDS[name]
    pixels_at = max(seed.data.find(b"\xe0\x7f\x10\x00"), 0)
    for number in range(50_000):
        chance = random.Random(f"{name} {number}")
        keep = pixels_at if number % 2 else 0
        data = seed.data[:keep] + mutated(seed.data[keep:], chance)
        sidecar = mutated(seed.sidecar, chance) if seed.sidecar is not None else None
        hold_the_law(reader, data, sidecar)
