"""A PDF inside a DICOM object comes out byte by byte."""

import io

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.exam_documents import AT, DOCUMENTS, SIGNED

from kerma.errors import KermaError, Unreadable, WrongUsage
from kerma.formats import encapsulated_pdf

MADE = DOCUMENTS["several planes"]()


def written(pdf: bytes, **options: object) -> bytes:
    return encapsulated_pdf.write(*MADE.common, made_at=AT, pdf=pdf, **options)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_pdf_comes_out_byte_by_byte(content: bytes) -> None:
    pdf = b"%PDF-1.7\n" + content
    enclosed = encapsulated_pdf.read(written(pdf))
    assert enclosed.pdf == pdf and enclosed.image_uids == ("2.25.481", "2.25.482")
    assert enclosed.title == "Report W-17" and not enclosed.is_verified


def test_a_signed_report_says_so() -> None:
    assert encapsulated_pdf.read(written(b"%PDF-1.7\n", signed=SIGNED)).is_verified


def test_pydicom_finds_the_same_pdf() -> None:
    stored = pydicom.dcmread(io.BytesIO(written(b"%PDF-1.7\nodd!!\n")))
    assert stored.EncapsulatedDocument[: stored.EncapsulatedDocumentLength] == b"%PDF-1.7\nodd!!\n"


def test_what_is_no_pdf_is_neither_written_nor_read() -> None:
    with pytest.raises(WrongUsage, match="no PDF"):
        written(b"<html>")
    with pytest.raises(Unreadable, match="no PDF"):
        encapsulated_pdf.read(written(b"%PDF-1.7\n").replace(b"%PDF-1.7", b"MZ-Progr"))


def test_a_length_that_lies_is_refused() -> None:
    stored = pydicom.dcmread(io.BytesIO(written(b"%PDF-1.7\n" + b"x" * 100)))
    stored.EncapsulatedDocumentLength = 5
    out = io.BytesIO()
    stored.save_as(out)
    with pytest.raises(Unreadable, match="should have 5 bytes"):
        encapsulated_pdf.read(out.getvalue())


def test_an_object_cut_short_is_refused() -> None:
    data = written(b"%PDF-1.7\n" + b"x" * 1000)
    for end in range(0, len(data) - 1, 67):
        with pytest.raises(KermaError):
            encapsulated_pdf.read(data[:end])
