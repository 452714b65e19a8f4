"""What the report area adds to the evidence on an exam: every version of its report, and the views with their chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.custody.evidence_parts import Part
from kerma.areas.report import marked, objects, pictures, queries_writing
from kerma.areas.report.queries import pdf_of, versions
from kerma.areas.review.queries import current, images_to_analyse
from kerma.errors import Conflict, KermaError
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel


def parts(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    """Yield every version of the exam's report with all its signatures, and a picture of each image with its marks."""
    with kernel.database.read() as connection:
        kept = [row | {"pdf_sha256": pdf_of(connection, row)} for row in versions(connection, exam_pk, WHOLE)]
        now = current(connection, exam_pk, WHOLE)
        document = marked.stated(connection, exam_pk, now.document) if now else {}
        written = queries_writing.every(connection, exam_pk)
        rows = images_to_analyse(connection, exam_pk)
    for number, row in enumerate(kept, start=1):
        words = f"Report version {number}, {row['state']}, {row['made_at']}"
        sha256 = row["pdf_sha256"]
        path = f"data/reports/report-{number:03d}-{row['state']}.pdf"
        yield Part(path, "report", words, blob=sha256, record_of=sha256)
    if written:
        words = "Everything that people wrote for the report: who, when, kind, language and values"
        data = json.dumps(written, indent=1, ensure_ascii=False).encode()
        yield Part("data/reports/written.json", "report", words, data)
    if now is not None:
        yield from _objects(kernel, exam_pk)
        yield from _views(kernel, document, {row["sha256"]: row for row in rows})


def _objects(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    """Yield everything the exam can be given out as beside its report: made for the package, from what is known now."""
    for offer, written in objects.every(kernel, exam_pk):
        if isinstance(written, str):
            words = f"Not made: {offer.help}"
            yield Part(f"data/objects/{offer.name}-not-made.txt", "object", words, f"{written}\n".encode())
            continue
        chain = {
            "software": f"Kerma {__version__}",
            "analysis_id": written.analysis_id,
            "judgement_id": written.judgement_id,
            "steps": [{"step": "write", "object": offer.name}],
        }
        for name, data in written.files:
            yield Part(f"data/objects/{name}", "object", offer.help, data, chain=chain)


def _views(kernel: Kernel, document: dict[str, Any], by_sha256: dict[str, dict[str, Any]]) -> Iterator[Part]:
    """Yield the pictures a report shows; of an image that cannot be drawn, why: its original is there all the same."""
    from kerma.science.imaging.annotate import png

    for number, drawing in enumerate(pictures.drawings(document), start=1):
        sha256 = document["images"][drawing.image_number - 1]["sha256"]
        try:
            if sha256 not in by_sha256:
                raise Conflict("the exam's images have changed since it was analysed")
            image = read_image(kernel, by_sha256[sha256], duty="report")
            shown, window = pictures.shown_plane(image, drawing.plane)
        except KermaError as error:
            words = f"{drawing.title} is not pictured"
            yield Part(f"data/views/view-{number:03d}-not-made.txt", "view", words, f"{error}\n".encode())
            continue
        facts = {"Software": f"Kerma {__version__}", "Source": sha256}
        data = png(pictures.for_screen(drawing, image, document), facts)
        chain = {
            "made_from": [sha256],
            "software": f"Kerma {__version__}",
            "steps": [
                {"step": "decode", "plane": drawing.plane, "format": image.format},
                {"step": "grey-scale display", "window": window, "rows": shown.shape[0], "columns": shown.shape[1]},
                {"step": "marks", "findings": [mark.number for mark in drawing.marks], "title": drawing.title},
                {"step": "drawn by persons", "marks": [one.number for one in drawing.drawn]},
            ],
        }
        yield Part(f"data/views/view-{number:03d}.png", "view", f"{drawing.title}, findings marked", data, chain=chain)
