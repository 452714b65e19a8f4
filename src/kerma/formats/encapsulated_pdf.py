"""A report's PDF inside a DICOM object, with the images it is about (PS3.3, A.45.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kerma.errors import Unreadable, WrongUsage
from kerma.formats.dicom_write import Identity, plain
from kerma.formats.report_object import Reference, Signed, coded, finished, image_item, new_object, opened

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
CLASSES = {ENCAPSULATED_PDF: "encapsulated PDF"}
DOCUMENT, DOCUMENT_LENGTH = 0x00420011, 0x00420015


@dataclass(frozen=True)
class Enclosed:
    """A PDF as it was put into an object: the same bytes, its title, the images it is about, whether it is signed."""

    pdf: bytes
    title: str
    image_uids: tuple[str, ...]
    is_verified: bool


def write(
    document: Mapping[str, Any],
    references: Sequence[Reference],
    identity: Identity,
    *,
    made_at: datetime,
    pdf: bytes,
    signed: Signed | None = None,
) -> bytes:
    """Write a report's PDF as a DICOM object.

    Parameters
    ----------
    document, references, identity, made_at : as for the structured report
    pdf : the report, byte by byte as it was signed
    signed : who signed it; without, the object says that it is unverified

    Raises
    ------
    WrongUsage
        The bytes are no PDF.
    """
    if not pdf.startswith(b"%PDF-"):
        raise WrongUsage("the report is no PDF: an encapsulated PDF can hold nothing else")
    made = new_object(ENCAPSULATED_PDF, "DOC", "document", identity, made_at)
    at = made_at.astimezone(UTC)
    made.SeriesNumber = 9004
    made.SeriesDescription = "Report"
    made.ConversionType, made.BurnedInAnnotation = "WSD", "YES"
    made.AcquisitionDateTime = f"{at:%Y%m%d%H%M%S}+0000"
    made.DocumentTitle = plain(f"Report {document.get('subject') or identity.subject_id}")
    made.ConceptNameCodeSequence = [coded("18748-4", "LN", "Diagnostic imaging study")]
    made.VerificationFlag = "VERIFIED" if signed else "UNVERIFIED"
    if references:
        made.SourceInstanceSequence = [image_item(reference) for reference in references]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.add_new(DOCUMENT, "OB", pdf + b"\0" * (len(pdf) % 2))
    return finished(made)


def read(data: bytes | memoryview) -> Enclosed:
    """Read an encapsulated PDF; the PDF has exactly the bytes that were put in.

    Raises
    ------
    Unreadable, Hostile
        Damaged, another object, or a document that is no PDF; one sentence says what.
    """
    whole = opened(data, CLASSES)
    pdf = whole.value(DOCUMENT)
    if whole.text(0x00420012) != "application/pdf" or not pdf.startswith(b"%PDF-"):
        raise Unreadable("what is enclosed is no PDF")
    length = whole.whole(DOCUMENT_LENGTH, b"UL")
    if length is None:
        # Written before the length was told: at most one byte was added, and no PDF ends in a zero
        pdf = pdf[:-1] if pdf.endswith(b"\0") else pdf
    elif not len(pdf) - 1 <= length <= len(pdf):
        raise Unreadable(f"the enclosed PDF should have {length} bytes and has {len(pdf)}: the file is damaged")
    else:
        pdf = pdf[:length]
    return Enclosed(
        pdf=pdf,
        title=whole.text(0x00420010),
        image_uids=tuple(item.text(0x00081155) for item in whole.items(0x00420013)),
        is_verified=whole.code(0x0040A493) == "VERIFIED",
    )
