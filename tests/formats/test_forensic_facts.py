"""What files say of their origin: told where it stands, nothing from what is cut, lying or random."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image as Picture
from tests.formats.samples import dicom, encapsulated

from forensic_pictures import jpeg, picture, png, to_8_bit
from kerma.formats.forensic_facts import forensic_facts
from kerma.formats.guard import GuardedReader


def with_xmp(data: bytes) -> bytes:
    content = b'http://ns.adobe.com/xap/1.0/\0<x xmp:CreatorTool="Adobe Photoshop 24.0"/>'
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + data[2:]


def test_the_steps_of_a_jpeg_are_those_the_codec_used() -> None:
    data = jpeg(to_8_bit(picture(1)), 70)
    assert forensic_facts(data)["jpeg_steps"] == list(Picture.open(io.BytesIO(data)).quantization[0])


def test_editors_are_read_from_every_kind_of_tag() -> None:
    small = to_8_bit(picture(1))
    assert forensic_facts(with_xmp(jpeg(small, 80)))["tools"] == ["Adobe Photoshop 24.0"]
    exif = Picture.Exif()
    exif[305] = "GIMP 2.10.34"
    for kind, options in (("JPEG", {"exif": exif}), ("TIFF", {"tiffinfo": {305: "GIMP 2.10.34"}})):
        file = io.BytesIO()
        Picture.fromarray(small).save(file, kind, **options)
        assert forensic_facts(file.getvalue())["tools"] == ["GIMP 2.10.34"], kind
    assert forensic_facts(png(small, Software="Krita 5"))["tools"] == ["Krita 5"]


def test_a_dicom_file_tells_times_device_and_geometry() -> None:
    data = dicom(
        picture(1)[None],
        StudyDate="20260302", StudyTime="101500", AcquisitionDate="20260302", AcquisitionTime="101600.5",
        ImageType=["DERIVED", "PRIMARY"], DeviceSerialNumber="S7", ExposureTime=50, XRayTubeCurrent=200, Exposure=10,
        DistanceSourceToDetector=1000, ImagerPixelSpacing=[0.2, 0.2], LossyImageCompression="00",
    )  # fmt: skip
    facts = forensic_facts(data)
    assert (facts["exam_at"], facts["acquired_at"]) == ("2026-03-02T10:15:00", "2026-03-02T10:16:00.5")
    assert (facts["serial_number"], facts["exposure_mas"], facts["source_detector_mm"]) == ("S7", 10.0, 1000.0)
    assert facts["image_type"] == "DERIVED\\PRIMARY" and facts["lossy"] == "00"
    assert list(facts["imager_spacing_mm"]) == [0.2, 0.2] and not facts["is_lossy_syntax"]
    assert "content_at" not in facts and facts["bits_stored"] in (12, 16)


def test_the_steps_of_a_jpeg_inside_dicom_are_found() -> None:
    plane = to_8_bit(picture(1))
    file = jpeg(plane, 60)
    data = encapsulated(plane[None], "1.2.840.10008.1.2.4.50", [file])
    facts = forensic_facts(data)
    assert facts["is_lossy_syntax"] and facts["jpeg_steps"] == forensic_facts(file)["jpeg_steps"]


def test_whatever_is_cut_lying_or_random_tells_nothing_and_breaks_nothing() -> None:
    rng = np.random.default_rng(1)
    small = to_8_bit(picture(1))
    whole = [with_xmp(jpeg(small, 80)), png(small, Software="x"), dicom(StudyDate="20260302")]
    for data in whole:
        for _ in range(60):
            cut = bytearray(data[: int(rng.integers(0, min(len(data), 2_000)))])
            for place in rng.integers(0, max(1, len(cut)), 4):
                if cut:
                    cut[int(place)] = int(rng.integers(0, 256))
            assert isinstance(forensic_facts(bytes(cut)), dict)
    for data in (b"", b"\xff\xd8", b"\xff\xd8\xff\xdb\x00\x02", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0", b"II"):
        assert not any(forensic_facts(data).values())


def test_the_guarded_reader_answers_the_same(tmp_path: pytest.TempPathFactory) -> None:
    data = jpeg(to_8_bit(picture(1)), 80)
    with GuardedReader() as reader:
        assert reader.facts(data, "a.jpg") == forensic_facts(data)
