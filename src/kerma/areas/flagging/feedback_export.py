"""The feedback set for retraining: pixels without names, what readers said as COCO, and nothing that is locked."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.flagging import queries_feedback
from kerma.areas.flagging.actions_feedback import Locked, export_feedback
from kerma.areas.flagging.evaluating import first_plane
from kerma.areas.flagging.evaluating import read_image as read_file
from kerma.errors import KermaError, WrongUsage
from kerma.science.observer.near_duplicates import Fingerprint, fingerprint, near_duplicates

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.kernel.action import Actor, Kernel
    from kerma.science.imaging.image import Image

TRUTH, LIST = "annotations.json", "images.csv"
HEAD = ("file_name", "sha256", "accepted", "dismissed", "missed", "reader_first", "models")
MACHINE_KEPT = ("manufacturer", "model")
"""What a set says of the machine: no serial number, no station, no institution."""
POSITIVE = ("accepted", "missed")
Row = Mapping[str, Any]


@dataclass
class Exported:
    """What was written, and what was refused and why."""

    images: int = 0
    answers: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"images": self.images, "answers": self.answers, "labels": self.labels, "refused": self.refused}


def export(kernel: Kernel, actor: Actor, *, out: Path, model_id: int | None = None) -> Exported:
    """Write the images that readers spoke of, as TIFF with no name in them, and what they said, as COCO.

    What was accepted or missed is an annotation; what was dismissed stands under ``dismissed`` of its image, with the
    reason: a hard negative. Images of a locked set, and changed copies of them, are refused by name.

    Raises
    ------
    WrongUsage
        There is no feedback, or the folder holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise WrongUsage(f"{out} is not empty: give a new folder")
    with kernel.database.read() as connection:
        rows = queries_feedback.feedback_rows(connection, model_id)
        locked_sha256s, prints = queries_feedback.locked(connection)
        sources = {row["image_sha256"]: queries_feedback.image_rows(connection, row["image_sha256"]) for row in rows}
    if not rows:
        raise WrongUsage("no reader has said anything to the marks of models yet: exams are to be decided first")
    (out / "images").mkdir(parents=True, exist_ok=True)
    done, entries, annotations, listed = Exported(), [], [], []
    for sha256, of_image in _by_image(rows):
        image, why = _usable(kernel, sources[sha256], sha256, locked_sha256s, prints)
        if image is None:
            done.refused.append({"sha256": sha256, "reason": why})
            continue
        entry, found = _image_entry(image, sha256, of_image)
        _write_image(out / "images", image, entry["file_name"])
        entries.append(entry)
        annotations.append(found)
        listed.append(_line(entry, of_image))
        done.answers += len(of_image)
        for one in found:
            done.labels[one["label"]] = done.labels.get(one["label"], 0) + 1
    done.images = len(entries)
    truth = _truth(entries, annotations)
    (out / LIST).write_text(_table(listed), encoding="utf-8")
    (out / TRUTH).write_bytes(truth)
    export_feedback(
        kernel, actor, model_id=model_id, images=done.images, answers=done.answers, refused=len(done.refused),
        sha256=hashlib.sha256(truth).hexdigest(),
    )  # fmt: skip
    return done


def locked_of(reader: GuardedReader, paths: Sequence[Path]) -> tuple[list[Locked], list[dict[str, str]]]:
    """Return the images of files as they are locked, and those that cannot be read, with the reason."""
    found, refused = [], []
    for path in paths:
        try:
            image = read_file(reader, path)
            made = fingerprint(first_plane(image), path.name)
        except (KermaError, OSError) as error:
            refused.append({"path": str(path), "reason": str(error)})
            continue
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        found.append(Locked(sha256, queries_feedback.print_of(made)))
    return found, refused


def _by_image(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for sha256, of_image in groupby(rows, key=lambda row: str(row["image_sha256"])):
        yield sha256, list(of_image)


def _usable(
    kernel: Kernel, row: dict[str, Any] | None, sha256: str, locked: set[str], prints: Sequence[Fingerprint]
) -> tuple[Image | None, str]:
    """Return an image that may be trained on, or None and why it may not."""
    if sha256 in locked:
        return None, "it is in a locked test set"
    if row is None:
        return None, "the archive has it no more"
    try:
        image = read_image(kernel, row, duty="report")
        alike = near_duplicates([fingerprint(first_plane(image), sha256[:12])], prints)
    except KermaError as error:
        return None, str(error)
    if alike:
        return None, f"it is alike to {alike[0].likeness or 0:.2f} to the locked image {alike[0].other}"
    return image, ""


def _image_entry(image: Image, sha256: str, rows: Sequence[Row]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what COCO says of an image, and its annotations: each place once, whichever models were told of it."""
    entry = {"file_name": f"{sha256[:32]}.tif", "width": image.columns, "height": image.rows}
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    dismissed: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        plain = row["finding"]
        key = (plain["label"], plain.get("plane", 0), *plain["box"])
        top, left, height, width = plain["box"]
        told = {
            "label": plain["label"], "bbox": [left, top, width, height], "plane": plain.get("plane", 0),
            "area": height * width, "iscrowd": 0, "answer": row["answer"], "reader_first": row["reader_first"],
        }  # fmt: skip
        if plain.get("polygon"):
            told["segmentation"] = [[side for point in plain["polygon"] for side in (point[1], point[0])]]
        if row["answer"] in POSITIVE:
            seen.setdefault(key, told)
        else:
            dismissed.setdefault(key, told | {"reason": row["reason"]})
    return entry | {"dismissed": list(dismissed.values())}, list(seen.values())


def _truth(entries: Sequence[Row], annotations: Sequence[Sequence[Row]]) -> bytes:
    from kerma import __version__
    from kerma.formats import coco

    info = {"description": "What readers said to the marks of models", "version": __version__, "contributor": "kerma"}
    document = coco.document(info, entries, annotations, "finding")
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _line(entry: Row, rows: Sequence[Row]) -> dict[str, Any]:
    answers = [row["answer"] for row in rows]
    told = {answer: answers.count(answer) for answer in ("accepted", "dismissed", "missed")}
    models = sorted({str(row["model_id"]) for row in rows})
    first = sum(bool(row["reader_first"]) for row in rows)
    sha256 = rows[0]["image_sha256"]
    named = {"file_name": entry["file_name"], "sha256": sha256}
    return named | told | {"reader_first": first, "models": " ".join(models)}


def _table(lines: Sequence[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _write_image(folder: Path, image: Image, name: str) -> None:
    """Write the pixels as they are stored, and beside them what a TIFF cannot say: no subject, no date, no place."""
    from kerma.formats.tiff_write import write

    beside: dict[str, Any] = {
        "meaning": image.meaning,
        "is_inverse": image.grey.is_inverse,
        "machine": {key: image.machine[key] for key in MACHINE_KEPT if image.machine.get(key)},
    }
    if image.modality:
        beside["modality"] = image.modality
    if image.rises_with_dose is not None:
        beside["rises_with_dose"] = image.rises_with_dose
    if image.spacing.is_known:
        beside |= {"spacing_mm": image.spacing.as_json(), "spacing_source": image.spacing.source}
    if image.plane_labels:
        beside |= {"plane_kind": image.plane_kind, "plane_labels": list(image.plane_labels)}
    (folder / name).write_bytes(write(image))
    text = json.dumps(beside, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
