from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from kerma.areas.report.content import ExamPart
from kerma.science.imaging.image import Image, Spacing

SHA = "a" * 64


def weld(rows: int = 120, columns: int = 160, seed: int = 1) -> Image:
    """A small noisy weld with one bright spot, as a TIFF would bring it."""
    pixels = np.random.default_rng(seed).normal(30_000, 300, (1, rows, columns))
    pixels[0, 40:46, 60:66] += 6_000
    return Image(
        pixels=pixels.astype(np.uint16), bits=16, meaning="raw", spacing=Spacing(0.1, 0.1, "detector"),
        rises_with_dose=True, format="TIFF", modality="DX", subject_id="W-1", exam_uid="2.25.11",
        series_uid="2.25.12", image_uid="2.25.13", technique={"thickness_mm": 12.0, "tube_voltage_kv": 160.0},
    )  # fmt: skip


def finding(number: int, **given: Any) -> dict[str, Any]:
    return {
        "id": f"1.{number}", "code": "2011", "label": "porosity", "box": [40.0, 60.0, 6.0, 6.0], "plane": 0,
        "by": {"kind": "algorithm", "name": "small_flaws", "version": "1"}, "score": 0.8,
        "measurements": [{"name": "length_mm", "value": 0.6}, {"name": "area_mm2", "value": 0.36}],
    } | given  # fmt: skip


def exam_document(**given: Any) -> dict[str, Any]:
    image = {
        "path": "seam/weld-1.tif", "sha256": SHA, "rows": 120, "columns": 160, "planes": 1, "plane_kind": "frame",
        "bits": 16, "format": "TIFF", "modality": "DX", "meaning": "raw", "view": "", "spacing_mm": [0.1, 0.1],
        "spacing_source": "detector", "image_uid": "2.25.13", "warnings": ["the frame was taken as data"],
        "findings": [finding(1)],
        "measurements": [
            {"name": "snr", "version": "1", "method": "median of lines (snr); all pixels (snr_region)",
             "inputs": {}, "values": {"snr": 101.25, "snr_region": 99.0}, "uncertainties": {"snr": 1.37},
             "source": {"standard": "ISO 17636-2", "edition": "2022"}, "warnings": []},
            {"name": "snr_n", "version": "1", "method": "", "inputs": {}, "values": {}, "uncertainties": {},
             "source": None, "warnings": ["x"], "not_measurable": "the basic spatial resolution is not known"},
        ],
    }  # fmt: skip
    verdict = {
        "rule": "single pore", "outcome": "fail", "standard": "Arrêté du 24 mars 1978", "edition": "1978",
        "clause": "Annexe III, 12", "status": "public-law", "table": "fr_arrete_1978/acceptance", "limit": 0.5,
        "measured": 0.6, "margin": -0.1, "unit": "mm", "finding_ids": ["1.1"], "reason": "Longer than the limit.",
        "action": "Repair and examine again",
    }  # fmt: skip
    return {
        "subject": "W-1", "subject_name": "", "exam_uid": "2.25.11", "modality": "DX", "description": "Seam 1",
        "acquired_at": "2026-03-01T10:00:00", "machine": {"model": "DR-1"},
        "technique": {"tube_voltage_kv": 160.0, "thickness_mm": 12.0}, "images": [image], "verdicts": [verdict],
        "decision_proposed": "reject", "decision_reason": "Not acceptable: single pore.", "warnings": [],
    } | given  # fmt: skip


def text_of(pdf: bytes, tmp_path) -> str:
    """The text of a PDF as poppler reads it; thin spaces become plain ones."""
    import shutil
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = tmp_path / "text.pdf"
    path.write_bytes(pdf)
    said = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return said.stdout.replace("\u2009", " ")


@pytest.fixture
def part() -> ExamPart:
    from kerma.areas.report import pictures

    document = exam_document()
    drawn = pictures.drawings(document)
    return ExamPart(document, [pictures.for_paper(one, weld()) for one in drawn])


def tiff_bytes(image: Image) -> bytes:
    from kerma.formats.tiff_write import write

    return io.BytesIO(write(image)).getvalue()
