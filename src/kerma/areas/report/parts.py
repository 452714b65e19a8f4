"""The parts of a report: what is told to it before it is put into words and laid out. Pure data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.kernel.industry import Industry

AUTHOR, LEVEL_III, WITNESS = "author", "level-iii", "witness"
SLOTS = (AUTHOR, LEVEL_III, WITNESS)
"""The places for signatures in the order in which they stand on paper."""


@dataclass(frozen=True)
class Picture:
    """One picture of a report: which image and plane, its JPEG and size on paper, and what must be said of it."""

    image_number: int
    plane: int
    jpeg: bytes
    width_mm: float
    height_mm: float
    title: str
    window: str
    scale: str
    chain: Sequence[str] = ()
    """The steps that made the picture from the stored values, in their order."""


@dataclass(frozen=True)
class SignatureBlock:
    """One place for a signature: who signs, when and as what. Without certificate it is still to be signed."""

    name: str = ""
    meaning: str = ""
    signed_at: str = ""
    certificate: str = ""
    """Subject and fingerprint of the certificate; empty while nobody has signed here."""
    slot: str = AUTHOR
    role: str = ""
    """The signer's role in words, "Level III"; empty: the slot's usual one."""
    qualification: str = ""
    """What entitles the signer: method, level, number, end of validity."""

    @property
    def is_signed(self) -> bool:
        """Whether somebody has signed here."""
        return bool(self.certificate)


@dataclass(frozen=True)
class Amendment:
    """Why this version takes the place of a signed one, which stays as it is."""

    of_version: int
    signed_at: str
    changed: str
    """What was changed, in the words of the person."""
    reason: str
    by: str = ""


@dataclass(frozen=True)
class Site:
    """The letterhead: who answers for the report. ``logo`` is a PNG or SVG file."""

    name: str = ""
    address: Sequence[str] = ()
    logo: bytes = b""
    accreditation: str = ""
    footer: str = ""


@dataclass(frozen=True)
class ExamPart:
    """One exam of a report: its document, pictures, and who decided."""

    document: Mapping[str, Any]
    pictures: Sequence[Picture]
    decision: Mapping[str, Any] | None = None
    """A person's decision (``decision``, ``reason``, ``by``, ``at``, and ``reading`` where it is on record how it was
    read); None while only software has spoken."""


@dataclass(frozen=True)
class Report:
    """Everything a report says."""

    industry: Industry
    exams: Sequence[ExamPart]
    made_at: datetime
    refused: Sequence[Mapping[str, str]] = ()
    passed_over: Sequence[Mapping[str, str]] = ()
    signatures: Sequence[SignatureBlock] = ()
    """The places for signatures; without any the report says that software has proposed it."""
    version: int = 1
    paper: str = "a4"
    """Paper of the page: "a4" or "us-letter"."""
    template: str = ""
    """Name of the kind of report (``kinds.py``); empty: the usual one of the industry."""
    language: str = "en"
    """Language of the printed words: en, de, fr or es."""
    site: Site = Site()
    amendment: Amendment | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    """Values of a form and words of a person, beyond what the exam knows: a secondary search, a conclusion."""
    written_by: str = ""
    """Name of the person who wrote them; empty where that is not on record, as of a file given to a command."""
    written_at: str = ""
    compared: Sequence[Picture] = ()
    """The present image, earlier ones of the subject and reference images, two by two (``pictures.beside``)."""

    @property
    def signed(self) -> list[SignatureBlock]:
        """The places where somebody has signed."""
        return [block for block in self.signatures if block.is_signed]
