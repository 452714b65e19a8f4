"""Detectors on real radiographs they were not made for: anatomy is no shower of flaws, and nothing takes long."""

from __future__ import annotations

import time

import numpy as np
import pytest

import radiographs
from kerma import formats
from kerma.science.detect import detect


def test_chest_radiographs_give_a_handful_of_findings() -> None:
    files = sorted(radiographs.real("cxr_hannover").glob("*.png"))[::3]
    counts = [len(detect("small_flaws", formats.read(file.read_bytes(), file.name))) for file in files]
    assert len(counts) >= 15
    assert np.median(counts) <= 10 and max(counts) <= 30


def test_chest_radiographs_hardly_alarm_as_opaque() -> None:
    files = sorted(radiographs.real("cxr_hannover").glob("*.png"))[::3]
    counts = [len(detect("opacity", formats.read(file.read_bytes(), file.name))) for file in files]
    assert np.median(counts) == 0 and max(counts) <= 4


@pytest.mark.parametrize(
    "name", ["OutOfBoundsOverlay.dcm", "CR-MONO1-10-chest", "CR-ModalitySequenceLUT.dcm", "GH133.dcm"]
)
def test_computed_radiographs_and_mammograms_do_not_flood_the_reader(name: str) -> None:
    file = next(radiographs.real("dicom_cr_mg_fodicom").rglob(name))
    image = formats.read(file.read_bytes(), file.name)
    started = time.process_time()
    findings = detect("small_flaws", image)
    assert len(findings) <= 60
    assert time.process_time() - started < 6


def test_a_portal_image_gives_a_handful_of_findings() -> None:
    file = next(radiographs.real("dicom_rtimage").rglob("*.dcm"))
    assert len(detect("small_flaws", formats.read(file.read_bytes(), file.name))) <= 15
