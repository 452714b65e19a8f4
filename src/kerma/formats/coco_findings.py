"""Findings of an exam as COCO and back; boxes are ``[x, y, width, height]`` there, outlines lists of x and y."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerma.errors import Unreadable
from kerma.formats import coco
from kerma.formats.findings_check import checked, checked_box, checked_number
from kerma.formats.findings_found import FINDINGS_MAX, Found, Hints, ImagePlace, Imported, placed
from kerma.formats.findings_json import parsed
from kerma.formats.header import PLANE_PIXELS_MAX
from kerma.formats.report_object import code_of, standing
from kerma.formats.structured_report import polygon_of
from kerma.science.imaging.finding_mask import Mask, mask_of, outline_of

KNOWN = ("id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "score", "kerma")
"""Keys of an annotation that are read; what else stands there is told as lost."""


def write(document: Mapping[str, Any], supercategory: str = "finding") -> bytes:
    """Write the findings that stand, those that were dismissed not: trainers would take them for truth.

    The whole finding stands beside each annotation as ``kerma``, for who reads it back.
    """
    places = ImagePlace.of(document)
    annotations = [
        [_annotation(finding, place) for finding in standing(image)]
        for place, image in zip(places, document["images"], strict=True)
    ]
    images = [
        {
            "file_name": place.name or place.image_uid or str(place.number),
            "width": place.columns,
            "height": place.rows,
            "sha256": place.sha256,
            "image_uid": place.image_uid,
        }
        for place in places
    ]
    info = {"description": f"Findings of exam {document.get('exam_uid', '')}"}
    whole = coco.document(info, images, annotations, supercategory)
    return json.dumps(whole, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _annotation(finding: Mapping[str, Any], place: ImagePlace) -> dict[str, Any]:
    row, column, height, width = finding["box"]
    polygon = polygon_of(finding)
    mask = mask_of(finding["box"], polygon, place.rows, place.columns)
    told: dict[str, Any] = {
        "label": code_of(finding)[2],
        "bbox": [column, row, width, height],
        "segmentation": [[value for down, across in polygon for value in (across, down)]] if polygon else [],
        "area": int(np.count_nonzero(mask.pixels)),
        "iscrowd": 0,
        "kerma": dict(finding),
    }
    return told | ({"score": finding["score"]} if finding.get("score") is not None else {})


def read(data: bytes, images: Sequence[ImagePlace], hints: Hints) -> Imported:
    """Read a COCO document; images it names that the exam does not have are an error, not a silence.

    Raises
    ------
    Unreadable
        No COCO; the message names line and column of the JSON, or the annotation.
    """
    whole = parsed(data)
    if not isinstance(whole, dict) or not isinstance(whole.get("annotations"), list):
        raise Unreadable("the JSON has no list 'annotations': it is no COCO document")
    names = _by_id(whole.get("images"), "images", ("sha256", "image_uid", "file_name"))
    labels = _by_id(whole.get("categories"), "categories", ("name",))
    if len(whole["annotations"]) > FINDINGS_MAX:
        raise Unreadable(f"the file has more than {FINDINGS_MAX} findings: refused")
    found, lost = [], set()
    for number, one in enumerate(whole["annotations"]):
        where = f"annotations[{number}]"
        if not isinstance(one, dict):
            raise Unreadable(f"{where}: an annotation is an object")
        found.append(_found(one, (names, labels), images, where))
        lost |= {f"'{key[:40]}' of annotations" for key in one if key not in (*KNOWN, "label", "finding", "code")}
    return Imported(tuple(found), tuple(sorted(lost)))


def _by_id(rows: Any, what: str, keys: Sequence[str]) -> dict[Any, tuple[str, ...]]:
    if not isinstance(rows, list):
        raise Unreadable(f"the COCO document has no list '{what}'")
    found: dict[Any, tuple[str, ...]] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("id"), int):
            raise Unreadable(f"{what}[{number}]: an object with a whole number as id is needed")
        if row["id"] in found:
            raise Unreadable(f"{what}[{number}]: the id {row['id']} stands twice")
        found[row["id"]] = tuple(str(row[key]) for key in keys if row.get(key))
    return found


def _found(
    one: Mapping[str, Any],
    tables: tuple[Mapping[Any, tuple[str, ...]], Mapping[Any, tuple[str, ...]]],
    images: Sequence[ImagePlace],
    where: str,
) -> Found:
    names = _listed(tables[0], one.get("image_id"), where, "image_id")
    label = next(iter(_listed(tables[1], one.get("category_id"), where, "category_id")), "")
    column, row, width, height = checked_box(one.get("bbox"), f"{where}.bbox (x, y, width, height)")
    finding: dict[str, Any] = {
        "id": str(one.get("finding") or one.get("id") or ""),
        "code": str(one.get("code") or ""),
        "label": label,
        "box": [row, column, height, width],
        **({"score": one["score"]} if one.get("score") is not None else {}),
        **_outline(one.get("segmentation"), where),
    }
    inside = one.get("kerma")
    if isinstance(inside, Mapping) and inside.get("box") == finding["box"] and code_of(inside)[2] == label:
        finding = dict(inside)
    known = {place_name for image in images for place_name in image.names}
    named = next((name for name in names if name in known), next(iter(names), ""))
    return placed(images, named, checked(finding, where), where)


def _listed(table: Mapping[Any, tuple[str, ...]], key: Any, where: str, what: str) -> tuple[str, ...]:
    if not isinstance(key, int) or key not in table:
        raise Unreadable(f"{where}.{what}: {str(key)[:40]} is none of the ids that the file lists")
    return table[key]


def _outline(segmentation: Any, where: str) -> dict[str, Any]:
    """Return an outline from the only polygon, or around uncompressed run lengths; several parts have none."""
    if isinstance(segmentation, list) and len(segmentation) == 1 and isinstance(segmentation[0], list):
        flat = [checked_number(value, f"{where}.segmentation") for value in segmentation[0]]
        if len(flat) < 6 or len(flat) % 2:
            raise Unreadable(f"{where}.segmentation: {len(flat)} numbers are no outline of x and y")
        return {"polygon": [[y, x] for x, y in zip(flat[::2], flat[1::2], strict=True)]}
    if isinstance(segmentation, Mapping):
        return _around(segmentation, where)
    return {}


def _around(runs: Mapping[str, Any], where: str) -> dict[str, Any]:
    size, counts = runs.get("size"), runs.get("counts")
    if not isinstance(counts, list) or not isinstance(size, list) or len(size) != 2:
        return {}  # compressed run lengths: the box says where it is
    rows, columns = (int(checked_number(one, f"{where}.segmentation.size")) for one in size)
    lengths = [int(checked_number(one, f"{where}.segmentation.counts")) for one in counts]
    if not 0 < rows * columns <= PLANE_PIXELS_MAX or min(lengths, default=0) < 0 or sum(lengths) != rows * columns:
        raise Unreadable(f"{where}.segmentation: run lengths of {sum(lengths)} pixels do not fill {rows} x {columns}")
    inside = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(columns, rows).T
    if not inside.any():
        return {}
    outline = outline_of(Mask(0, 0, np.ascontiguousarray(inside)))
    return {"polygon": [list(point) for point in outline]} if len(outline) > 2 else {}
