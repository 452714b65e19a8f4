"""What the guarded reader makes besides Images: other transfer syntaxes, single frames, objects of plain files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from tests.formats import samples
from tests.formats.dciodvfy import errors_of

from kerma import formats
from kerma.errors import Hostile, KermaError, NotAcceptable, Unreadable
from kerma.formats import transcode
from kerma.formats.guard import GuardedReader

FILM = samples.ramp(planes=3, rows=8, columns=10)


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    with GuardedReader() as opened:
        yield opened


def test_a_file_is_transcoded_in_the_child(reader: GuardedReader, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(samples.dicom(FILM, BitsStored=12))
    made = reader.transcode(path, transcode.HTJ2K)
    np.testing.assert_array_equal(formats.read(made).pixels, FILM)


def test_frames_come_one_by_one(reader: GuardedReader) -> None:
    third, first = reader.frames(samples.dicom(FILM, samples.BIG, BitsStored=12), samples.EXPLICIT, (3, 1))
    assert bytes(third) == FILM[2].tobytes()
    assert bytes(first) == FILM[0].tobytes()


def test_refusals_keep_their_kind(reader: GuardedReader) -> None:
    with pytest.raises(NotAcceptable):
        reader.transcode(samples.dicom(FILM, BitsStored=12), "1.2.840.10008.1.2.4.50")
    with pytest.raises(Unreadable):
        reader.transcode(samples.dicom(FILM, BitsStored=12)[:-40], samples.EXPLICIT)


def test_what_harms_the_child_is_refused_and_the_next_is_served(reader: GuardedReader) -> None:
    large = samples.ramp(planes=1, rows=512, columns=512)
    with GuardedReader(memory_bytes=1 << 20) as tight, pytest.raises((Hostile, KermaError)):
        tight.transcode(samples.dicom(large, BitsStored=12), transcode.JPEG_LS)
    assert reader.transcode(samples.dicom(FILM, BitsStored=12), transcode.JPEG_LS)


def test_a_plain_image_becomes_the_object_its_header_tells(reader: GuardedReader, tmp_path: Path) -> None:
    data = cv2.imencode(".png", samples.ramp(rows=20, columns=30, bits=16)[0])[1].tobytes()
    sidecar = json.dumps({"subject": "W-9"}).encode()
    header = formats.scan(data, "weld.png", sidecar)
    made = reader.capture(data, "weld.png", sidecar, number=3, made_at="2026-03-02T12:00:00+00:00")
    read = pydicom.dcmread(io.BytesIO(made))
    assert (read.SOPInstanceUID, read.SeriesInstanceUID, read.StudyInstanceUID) == (
        header.image_uid,
        header.series_uid,
        header.exam_uid,
    )
    assert read.PatientID == "W-9"
    assert read.InstanceNumber == 3
    again = reader.capture(data, "weld.png", sidecar, number=3, made_at="2026-03-02T12:00:00+00:00")
    assert bytes(again) == bytes(made)
    path = tmp_path / "made.dcm"
    path.write_bytes(made)
    assert errors_of(path) == []
