"""What goes into an evidence package: areas above custody hand in their parts through the lists ``app.py`` fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

KINDS: dict[str, str] = {
    "cover": "Cover page",
    "original": "Original bytes, as they came",
    "view": "View made from an original",
    "finding": "Findings, measurements, verdicts",
    "decision": "Decisions",
    "report": "Report",
    "object": "DICOM object made from the findings",
    "custody": "Custody record",
    "ledger": "Ledger record with its proof",
    "previous": "Proof of the package this one was made of",
}
"""Kinds of file in a package, in the order of the cover page."""


@dataclass(frozen=True)
class Part:
    """One file of a package.

    Either its ``data``, or in ``blob`` the address of bytes that are kept; ``record_of`` says by which digest in a
    ledger record it came ("" for what is made for the package). ``chain`` is the exact chain that made it: steps with
    their parameters, and the SHA-256 of what it was made from.
    """

    path: str
    kind: str
    about: str
    data: bytes | None = None
    blob: str = ""
    record_of: str = ""
    chain: Mapping[str, Any] = field(default_factory=dict)


SOURCES: list[Callable[[Kernel, int], Iterable[Part]]] = []
"""Functions (kernel, exam_pk) that give the parts an area adds to the evidence on an exam."""

REFUSALS: list[Callable[[Kernel, int], str | None]] = []
"""Functions (kernel, exam_pk) that say why an exam may never be evidence, None when it may: projected threat images."""

NEEDLES: list[Callable[[Kernel, int], Iterable[str]]] = []
"""Functions (kernel, exam_pk) that give further texts by which ledger records on the exam are known."""
