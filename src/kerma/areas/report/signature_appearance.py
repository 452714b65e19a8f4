"""What a co-signature shows in its place: one page of PDF the size of the place, laid out by Typst with our typeface.

The page of a signed report cannot be changed any more, so the words of a later signature come with it and cover those
that asked for it. Embedded fonts and no tags of its own: the report stays PDF/A-2.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kerma.areas.report.content import signature_words
from kerma.areas.report.language import ENGLISH, Language
from kerma.areas.report.parts import SignatureBlock
from kerma.kernel.typeset import own_fonts

_TEMPLATE = """
#let d = json("words.json")
#let soft = rgb("#4d5661")
#let label(body) = text(size: d.size * 0.84pt, fill: soft, body)
#set page(width: d.width * 1pt, height: d.height * 1pt, margin: (x: 3.5mm, y: 3.2mm), fill: white,
  background: rect(width: 100% - 1.9pt, height: 100% - 1.9pt, stroke: 0.9pt + rgb("#11633b")))
#set text(font: ("Inter", "Libertinus Serif", "DejaVu Sans Mono"), size: d.size * 1pt, hyphenate: false)
#set par(leading: 0.45em, spacing: 0.75em)
#set align(left + top)
#label(d.signed_by) \\
#text(weight: "semibold", size: d.size * 1.25pt, d.name)
#if d.qualification != "" [\\ #text(size: d.size * 0.92pt, d.qualification)]
\\ #d.meaning
#parbreak()
#label(d.at_label + ": ")#text(weight: "semibold", d.signed_at) \\
#label(d.certificate)
"""
LARGEST_PT, SMALLEST_PT = 9.0, 2.5


def appearance(block: SignatureBlock, size: tuple[float, float], say: Language = ENGLISH) -> bytes:
    """Return the page that shows a signature in a place of this width and height in points."""
    shown = signature_words(block, say)
    words = {key: shown[key] for key in ("name", "qualification", "meaning", "signed_at", "certificate")}
    words |= {"signed_by": f"{say('signed_by')} · {shown['role']}", "at_label": say("signed_at")}
    letters_pt = LARGEST_PT
    while True:
        pdf, pages = _lay_out(words, size, letters_pt)
        if pages == 1 or letters_pt <= SMALLEST_PT:
            return pdf
        letters_pt *= 0.85


def _lay_out(words: Mapping[str, str], size: tuple[float, float], letters_pt: float) -> tuple[bytes, int]:
    import typst

    told = {**words, "width": size[0], "height": size[1], "size": letters_pt}
    with tempfile.TemporaryDirectory(prefix="kerma-signature-") as name:
        folder = Path(name)
        (folder / "main.typ").write_text(_TEMPLATE, encoding="utf-8")
        (folder / "words.json").write_text(json.dumps(told), encoding="utf-8")
        compiler = typst.Compiler(input=folder / "main.typ", root=folder, font_paths=own_fonts())
        pdf = bytes(compiler.compile(format="pdf", pdf_standards=["a-2b"], pdf_tags=False) or b"")
    return pdf, _page_count(pdf)


def _page_count(pdf: bytes) -> int:
    import io

    from pyhanko.pdf_utils.reader import PdfFileReader

    return int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])
