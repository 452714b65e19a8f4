"""The report as a document: laid out by Typst into PDF/A-2a, offline, with our own typeface. A pure function.

Every text goes to Typst as data (JSON), never as markup, so a subject called ``#panic()`` is printed as such.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerma.areas.report.content import Report, Site, logo_name, picture_name, printed
from kerma.areas.report.language import language
from kerma.kernel import typeset

if TYPE_CHECKING:
    from datetime import datetime


def build(report: Report) -> bytes:
    """Lay the report out and return it as PDF/A-2a and PDF/UA-1; the same report always gives the same bytes.

    With places for signatures it is no PDF/UA-1.
    """
    return _compile(report, has_field=bool(report.signatures)).pdf


def build_for_seal(report: Report) -> bytes:
    """Return the PDF of a draft that gets the organisation's seal: PDF/A-2a, for a seal is a signature field too."""
    return _compile(report, has_field=True).pdf


def build_pages(report: Report, dots_per_inch: float) -> list[bytes]:
    """Return every page as it would be printed, as PNG: what an editor shows while somebody writes."""
    return _compile(report, has_field=True, dots_per_inch=dots_per_inch).pages


Place = tuple[int, tuple[float, float, float, float]]
"""A page from 0, and a rectangle on it in PDF points from the lower left."""


def build_for_signing(report: Report) -> tuple[bytes, dict[str, Place]]:
    """Return the PDF, and for each signature slot where its field goes: the block, or the room left free in it."""
    laid = _compile(report, has_field=True)
    places: dict[str, Place] = {}
    for block in report.signatures:
        start, stop = [one for one in laid.places if one["slot"] == block.slot]
        height = start["page-height"]
        box = (start["x"], height - stop["y"], stop["x"], height - start["y"])
        places[block.slot] = (int(start["page"]) - 1, box)
    return laid.pdf, places


def can_print(logo: bytes) -> bool:
    """Return whether a logo, PNG or SVG, can be laid out as an archival picture."""
    import typst

    with tempfile.TemporaryDirectory(prefix="kerma-logo-") as name:
        file = logo_name(Site(logo=logo))
        (Path(name) / file).write_bytes(logo)
        page = Path(name) / "page.typ"
        page.write_text(f'#set document(title: "Logo")\n#image("{file}", height: 14mm, alt: "Logo")')
        try:
            compiler = typst.Compiler(input=page, root=name, font_paths=typeset.own_fonts())
            compiler.compile(format="pdf", pdf_standards=["a-2a"])
        except typst.TypstError:
            return False
    return True


def content_id(report: Report) -> str:
    """Return the SHA-256 of everything the report prints: short forms of it stand on every page."""
    return _digest(typeset.visible(printed(report)))


def _digest(texts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


class _Laid(NamedTuple):
    pdf: bytes
    places: list[dict[str, Any]]
    """Corners of each signature block, upper left and lower right."""
    pages: list[bytes]
    """The pages as PNG, where they are asked for; there is no PDF then."""


def _compile(report: Report, *, has_field: bool, dots_per_inch: float | None = None) -> _Laid:
    import typst

    texts = typeset.visible(printed(report))
    texts["content_id"] = _digest(texts)
    with tempfile.TemporaryDirectory(prefix="kerma-report-") as name:
        folder = Path(name)
        for file, data in _files(report, texts["content_id"]):
            (folder / file).write_bytes(data)
        lay_out = functools.partial(
            _lay_out, folder, made_at=report.made_at, has_field=has_field, dots_per_inch=dots_per_inch
        )
        try:
            return lay_out(texts, typeset.own_fonts())
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise
        # A name in a script our typeface lacks: first with the fonts of this machine, then spelled out by code point.
        try:
            return lay_out(texts, typeset.all_fonts())
        except typst.TypstError:
            return lay_out(typeset.spelled(texts), typeset.own_fonts())


def _files(report: Report, digest: str) -> Iterator[tuple[str, bytes]]:
    """Yield what lies beside the texts: templates, words, pictures, the logo and the QR code."""
    yield from _templates()
    yield "words.json", json.dumps(dict(language(report.language).words)).encode()
    yield "qr.svg", _qr(report, digest)
    if report.site.logo:
        yield logo_name(report.site), report.site.logo
    for exam_number, part in enumerate(report.exams):
        for number, picture in enumerate(part.pictures):
            yield picture_name(exam_number, number), picture.jpeg
    for number, picture in enumerate(report.compared):
        yield f"compared-{number}.jpg", picture.jpeg


def _qr(report: Report, digest: str) -> bytes:
    import segno

    exams = report.exams
    named = str(exams[0].document.get("exam_uid", "")) if len(exams) == 1 else f"{len(exams)} exams"
    out = io.BytesIO()
    code = segno.make(f"kerma report\nexam {named}\nversion {report.version}\ncontent {digest}", error="m", micro=False)
    code.save(out, kind="svg", border=0, scale=4)
    return out.getvalue()


def _lay_out(
    folder: Path,
    texts: dict[str, Any],
    fonts: Any,
    *,
    made_at: datetime,
    has_field: bool,
    dots_per_inch: float | None,
) -> _Laid:
    import typst

    (folder / "report.json").write_text(json.dumps(texts), encoding="utf-8")
    compiler = typst.Compiler(input=folder / "report.typ", root=folder, font_paths=fonts)
    if dots_per_inch is not None:
        pages = compiler.compile(format="png", ppi=dots_per_inch)
        return _Laid(b"", [], [pages] if isinstance(pages, bytes) else pages or [])
    # A signature field is an annotation outside the structure tree, which PDF/UA-1 forbids (7.18.1), PDF/A-2a not.
    pdf = compiler.compile(
        format="pdf",
        pdf_standards=["a-2a"] if has_field else ["a-2a", "ua-1"],
        timestamp=int(made_at.timestamp()),
    )
    places = json.loads(compiler.query("<signature-place>", field="value")) if has_field else []
    assert isinstance(pdf, bytes)  # one format, one file
    return _Laid(pdf, places, [])


@functools.cache
def _templates() -> tuple[tuple[str, bytes], ...]:
    folder = importlib.resources.files("kerma.areas.report").joinpath("templates")
    return tuple((one.name, one.read_bytes()) for one in folder.iterdir() if one.name.endswith(".typ"))
