"""Hostile files: each is refused with one clear sentence, quickly, in little memory, and never with a traceback."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.formats import hostile, samples

from kerma import formats
from kerma.errors import TooLarge, Unreadable
from kerma.formats.guard import GuardedReader

CORPUS = hostile.corpus()
TIME_S = 20.0
"""Usually a few hundredths of a second; a machine that is busy with other things is no fault of the reader."""
MEMORY_BYTES = 1 << 30


@pytest.fixture(scope="module")
def reader():
    with GuardedReader() as reader:
        yield reader


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_is_refused_with_its_reason(name, reader):
    case = CORPUS[name]
    started = time.monotonic()
    with pytest.raises((Unreadable, TooLarge)) as refusal:
        reader.read(case.data, case.name, case.sidecar)
    assert time.monotonic() - started < TIME_S
    message = str(refusal.value)
    assert case.says in message
    assert "Traceback" not in message and "did not expect" not in message and len(message) < 400


@pytest.mark.parametrize("name", CORPUS)
def test_scanning_a_hostile_file_in_this_process_is_safe(name):
    """The index needs no child: a scan refuses or answers, whatever the bytes."""
    case = CORPUS[name]
    started = time.monotonic()
    try:
        header = formats.scan(case.data, case.name, case.sidecar)
    except (Unreadable, TooLarge) as refusal:
        assert "did not expect" not in str(refusal)
    else:
        assert header.image_uid
    assert time.monotonic() - started < TIME_S


def test_the_whole_corpus_stays_below_one_gigabyte():
    """Even without the guard, in one process, one file after the other."""
    code = (
        "from tests.formats import hostile\n"
        "from kerma import formats\n"
        "from kerma.errors import KermaError\n"
        "refused = 0\n"
        "for case in hostile.corpus().values():\n"
        "    try: formats.read(case.data, case.name, case.sidecar)\n"
        "    except KermaError: refused += 1\n"
        # not ru_maxrss: that of a child begins with what its parent had
        "status = open('/proc/self/status').read()\n"
        "print(refused, status.split('VmHWM:')[1].split()[0])\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    refused, peak_kib = map(int, done.stdout.split())
    assert refused == len(CORPUS)
    assert peak_kib * 1024 < MEMORY_BYTES


@pytest.mark.parametrize(
    ("preamble", "what"),
    [
        (b"MZ", "Windows program"),
        (b"\x7fELF", "Linux program"),
        (b"II*\0", "TIFF"),
        (b"<script>x()</script>", "script"),
    ],
)
def test_a_polyglot_is_kept_read_and_flagged(preamble, what):
    data = preamble.ljust(128, b"\0") + samples.dicom(hostile.PIXELS, BitsStored=12)[128:]
    assert any(what in warning for warning in formats.scan(data).warnings)
    assert formats.read(data).pixels.shape == hostile.PIXELS.shape


def test_an_empty_preamble_is_not_flagged():
    assert formats.scan(samples.dicom(hostile.PIXELS, BitsStored=12)).warnings == ()


def test_sixty_four_levels_are_allowed():
    assert formats.scan(hostile.nested(64)).kind == "object"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", [b"A\x1b$)C\xff", b"\xff\xfe\x80", b"\x1b" * 7])
@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO 2022 IR 149", "KLINGON", "ISO_IR 192", ""])
def test_no_name_breaks_the_index(text, charset):
    data = samples.dicom(hostile.PIXELS, BitsStored=12, SpecificCharacterSet=charset, PatientName="XXXXXXXX")
    value = text.ljust(8, b" ")
    header = formats.scan(data.replace(b"XXXXXXXX", value))
    assert "\x1b" not in header.subject_name
