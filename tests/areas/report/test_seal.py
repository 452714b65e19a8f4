"""A draft under the organisation's seal: nobody has signed it, and still every change shows."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from kerma.areas.report.content import ExamPart, Report
from kerma.areas.report.document import build_for_seal
from kerma.areas.report.jobs import DRAFT
from kerma.areas.report.signature import Signing, seal_pdf
from kerma.areas.report.signature_key import load_key
from kerma.areas.report.verify import verify_report
from kerma.errors import Unusable
from kerma.industries import INDUSTRIES
from kerma.kernel.verify import Trust

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def sealed(part: ExamPart, tmp_path: Path) -> Path:
    key = load_key(tmp_path / "keys", NOW)
    file = tmp_path / "draft.pdf"
    pdf = build_for_seal(Report(INDUSTRIES["ndt"], [part], NOW))
    file.write_bytes(seal_pdf(pdf, Signing(key, key.name, DRAFT, NOW)))
    return file


def test_a_draft_proves_itself_and_says_that_nobody_has_signed(sealed: Path) -> None:
    answer = verify_report(sealed, Trust())
    assert answer.is_unaltered
    assert answer.facts["meaning"] == DRAFT and "sealed at" in answer.facts and "signed at" not in answer.facts
    assert "nobody has signed" in answer.warnings[0]


def test_a_sealed_draft_is_still_an_archival_tagged_pdf(sealed: Path) -> None:
    with pikepdf.open(io.BytesIO(sealed.read_bytes())) as pdf, pdf.open_metadata() as told:
        assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "A")
        assert "pdfuaid:part" not in told
        assert "/StructTreeRoot" in pdf.Root and "/Lang" in pdf.Root


def test_no_changed_byte_of_a_draft_passes(sealed: Path, tmp_path: Path) -> None:
    data, chance, place = sealed.read_bytes(), random.Random(3), tmp_path / "changed.pdf"
    for _ in range(60):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        place.write_bytes(changed)
        try:
            passes = verify_report(place, Trust()).is_unaltered
        except Unusable:
            passes = False
        assert not passes
    place.write_bytes(data + b"\n")
    assert not verify_report(place, Trust()).is_unaltered
