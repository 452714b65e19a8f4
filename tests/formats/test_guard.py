"""The guarded reader: same answers as in this process, and no file can take more than itself down."""

from __future__ import annotations

import dataclasses
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
import pytest
from tests.formats import samples

from kerma import formats
from kerma.errors import Hostile, TooLarge, Unreadable
from kerma.formats import guard_wire
from kerma.formats.guard import GuardedReader

PIXELS = samples.ramp(64, 48)
WORDS = {"WindowCenter": [5, 6], "WindowWidth": [7, 8], "KVP": 120, "ImagerPixelSpacing": [1, 1]}
DICOM = samples.dicom(PIXELS, BitsStored=12, **WORDS)
FILES = samples.pydicom_files()[::7] + samples.real_dicom_files()[::9]


@pytest.fixture(scope="module")
def reader():
    with GuardedReader() as reader:
        yield reader


def pid_of(reader):
    return reader._child._process.pid


def assert_same(one, other):
    for field in dataclasses.fields(one):
        if field.name == "pixels":
            np.testing.assert_array_equal(one.pixels, other.pixels)
            assert one.pixels.dtype == other.pixels.dtype
        elif field.name != "grey":
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert guard_wire._pack_grey(one.grey) == guard_wire._pack_grey(other.grey)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_child_gives_what_this_process_would(path, reader):
    data = path.read_bytes()
    try:
        expected = formats.read(data, path.name)
    except Unreadable as error:
        with pytest.raises(type(error)) as refusal:
            reader.read(data, path.name)
        assert str(refusal.value) == str(error)
    else:
        assert_same(reader.read(data, path.name), expected)
        assert reader.scan(data, path.name) == formats.scan(data, path.name)


def test_look_up_tables_cross_unchanged(reader):
    path = samples.real("dicom_cr_mg_fodicom", "Tests", "FO-DICOM.Tests", "Test Data", "GH133.dcm")
    mine, theirs = formats.read(path.read_bytes()).grey, reader.read(path).grey
    assert len(mine.voi_luts) == 3
    for one, other in zip(mine.voi_luts, theirs.voi_luts, strict=True):
        np.testing.assert_array_equal(one.entries, other.entries)
        assert (one.first, one.bits, one.explanation) == (other.first, other.bits, other.explanation)


def test_a_path_brings_its_name_and_sidecar(tmp_path, reader):
    path = tmp_path / "weld.png"
    path.write_bytes(bytes(imagecodecs.png_encode(PIXELS[0])))
    (tmp_path / "weld.png.json").write_text('{"spacing_mm": 0.05}')
    image = reader.read(path)
    assert (image.subject_id, image.spacing.as_json()) == ("weld", [0.05, 0.05])


def test_errors_keep_their_kind(reader):
    with pytest.raises(Unreadable, match="empty"):
        reader.read(b"")
    large = samples.encapsulated(PIXELS, "1.2.840.10008.1.2.5", [b"\0" * 9_000_000], Rows=40_000, Columns=40_000)
    with pytest.raises(TooLarge):
        reader.scan(large)


def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe.dcm")
    for path in (tmp_path / "pipe.dcm", tmp_path, tmp_path / "missing.dcm"):
        with pytest.raises(Unreadable, match="no ordinary file|cannot be opened"):
            reader.read(path)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (signal.SIGSEGV, "crashed its decoder"),
        (signal.SIGKILL, "memory"),
        (signal.SIGXCPU, "longer than an honest file"),
    ],
)
def test_a_child_that_dies_is_replaced_and_the_reason_told(number, says):
    with GuardedReader() as reader:
        reader.read(DICOM)
        first = pid_of(reader)
        os.kill(first, number)
        with pytest.raises(Hostile, match=says):
            reader.read(DICOM)
        np.testing.assert_array_equal(reader.read(DICOM).pixels, PIXELS)
        assert pid_of(reader) != first


def test_a_child_that_hangs_is_ended():
    with GuardedReader() as reader:
        reader.read(DICOM)
        first = pid_of(reader)
        os.kill(first, signal.SIGSTOP)
        reader._time_factor = 0.02  # only for the one that hangs: honest reading may be slow on a busy machine
        with pytest.raises(Hostile, match="far longer"):
            reader.read(DICOM)
        reader._time_factor = 1.0
        np.testing.assert_array_equal(reader.read(DICOM).pixels, PIXELS)
        assert pid_of(reader) != first


def test_memory_is_limited():
    large = samples.ramp(3000, 3000)
    frame = bytes(imagecodecs.jpegls_encode(large[0]))
    data = samples.encapsulated(large, "1.2.840.10008.1.2.4.80", [frame] * 20, NumberOfFrames=20, BitsStored=12)
    with GuardedReader(memory_bytes=150 << 20) as reader:
        with pytest.raises(Hostile, match="memory"):
            reader.read(data)
        np.testing.assert_array_equal(reader.read(DICOM).pixels, PIXELS)


def test_threads_take_turns(reader):
    others = [samples.dicom(PIXELS + np.uint16(number), BitsStored=16) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(reader.read, others))
    for number, image in enumerate(images):
        np.testing.assert_array_equal(image.pixels, PIXELS + number)


def test_the_child_leaves_with_its_reader():
    with GuardedReader() as reader:
        reader.read(DICOM)
        child = pid_of(reader)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_the_child_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("KERMA_DATABASE_URL", "postgresql://secret")
    with GuardedReader() as reader:
        reader.read(DICOM)
        with open(f"/proc/{pid_of(reader)}/environ", "rb") as file:  # noqa: PTH123
            assert b"secret" not in file.read()


def test_no_files_stay_open(reader):
    reader.read(DICOM)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(20):
        reader.read(DICOM)
        with pytest.raises(Unreadable):
            reader.read(b"nothing")
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208


def test_pixels_outlive_the_reader():
    with GuardedReader() as reader:
        image = reader.read(DICOM)
    np.testing.assert_array_equal(image.pixels, PIXELS)


@pytest.mark.parametrize(
    "answer",
    [
        {"image": {}},
        {"image": {"shape": [10**6, 10**6, 10**6], "type": "<u2"}},
        {"image": {"shape": [1, 1, 1], "type": "O"}},
        {"other": 1},
    ],
)
def test_a_child_that_was_taken_over_can_only_be_refused(answer, monkeypatch):
    """The child answers nonsense: the parent refuses, and neither runs nor crashes on it."""
    reader = GuardedReader()
    monkeypatch.setattr(reader, "_ask", lambda *_: (answer, [guard_wire.file_of(b"ab")]))
    with pytest.raises(Hostile):
        reader.read(DICOM)


def test_two_readers_do_not_share_a_child():
    with GuardedReader() as one, GuardedReader() as two:
        assert pid_of(one) != pid_of(two)
        one.close()
        np.testing.assert_array_equal(two.read(DICOM).pixels, PIXELS)
