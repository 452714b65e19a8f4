"""Evidence packages for tests: an exam of two small radiographs, ingested as an operator would."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerma.areas.archive.actions import ingest_many
from kerma.areas.archive.model import Arrival
from kerma.areas.custody.evidence_package import Errand, Package, export
from kerma.formats import dicom_new
from kerma.formats.dicom_write import Identity
from kerma.kernel.action import Actor, Kernel
from kerma.science.imaging.image import Image, Spacing

ERRAND = Errand("court, case 4711", "District court")


def picture(number: int) -> Image:
    """A small radiograph with noise of its own."""
    noise = np.random.default_rng(number).normal(20_000, 300, (1, 48, 64))
    spacing = Spacing(0.1, 0.1, "calibrated")
    return Image(pixels=noise.astype(np.uint16), bits=16, spacing=spacing, image_uid=f"2.25.4711.{number}")


def arrived(kernel: Kernel, actor: Actor, *, images: int = 2) -> int:
    """Ingest an exam; returns its number."""
    identity = Identity(exam_uid="2.25.4711", subject_id="W-1", subject_name="Weld 1")
    files = [
        Arrival(dicom_new.write(picture(number), "dicom", identity)[0], f"image-{number}.dcm", "ndt")
        for number in range(images)
    ]
    stored = list(ingest_many(kernel, actor, files))
    assert {one.outcome for one in stored} == {"stored"}, stored
    return int(stored[0].exam_pk or 0)


def packed(kernel: Kernel, actor: Actor, folder: Path) -> Package:
    """Write the package of a fresh exam."""
    return export(kernel, actor, exam_pk=arrived(kernel, actor), out=folder / "evidence.zip", errand=ERRAND)
