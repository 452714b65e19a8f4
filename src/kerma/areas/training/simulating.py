"""From an order to finished files: simulate one seed of a scene and write its views in the form asked for.

:func:`files_of` is a pure function of its order, so it runs in whatever process there is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.training.labelled import MACHINE, labelled_file
from kerma.errors import WrongUsage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.formats.dicom_write import Identity
    from kerma.formats.threat_mark import ThreatMark
    from kerma.science.imaging.image import Image
    from kerma.science.simulate.document import Scene
    from kerma.science.simulate.scene import SimulatedImage

FORMATS = ("tiff", "dicom", "diconde", "dicos")
ENDINGS = {"tiff": "tif", "dicom": "dcm", "diconde": "dcm", "dicos": "dcs"}


@dataclass(frozen=True)
class Order:
    """What to simulate: a ready scene with its options, or the JSON text of a scene document, and one seed."""

    scene: str
    """The name of a ready scene, or what to call the document's pictures."""
    seed: int
    form: str = "tiff"
    options: Mapping[str, Any] = field(default_factory=dict)
    document: str = ""
    folder: str = ""
    """Where the files beside the document lie; empty where there are none to be read."""


@dataclass(frozen=True)
class SimulatedFile:
    """One file as it is written, with what truth.json says of it; ``sidecar`` is empty where the file tells all."""

    name: str
    data: bytes
    sidecar: bytes
    entry: Mapping[str, Any]
    annotations: list[dict[str, Any]]
    labels: NDArray[np.uint16]
    thickness_mm: Mapping[str, NDArray[np.float64]]


def industry_of(order: Order) -> str:
    """Return whose scene it is.

    Raises
    ------
    WrongUsage
        The document is none.
    """
    from kerma.science.simulate import ready_scene

    return str(parsed(order).industry) if order.document else ready_scene(order.scene).industry


def parsed(order: Order) -> Scene:
    """Return the scene document of an order, with its seed."""
    from kerma.science.simulate import ready_scene

    if not order.document:
        return ready_scene(order.scene).document(order.seed, **order.options)
    from kerma.science.simulate.scene_json import read_scene

    return replace(read_scene(order.document), seed=order.seed)


def document_of(order: Order) -> str:
    """Return the JSON text of an order's scene document."""
    from kerma.science.simulate.scene_json import write_scene

    return write_scene(parsed(order))


def views_of(order: Order) -> tuple[SimulatedImage, ...]:
    """Simulate an order; one picture per view."""
    from kerma.science.simulate import ready_scene, rendered

    if order.document:
        return rendered(parsed(order), folder=Path(order.folder) if order.folder else None)
    return ready_scene(order.scene).build(order.seed, **order.options)


def files_of(order: Order) -> tuple[SimulatedFile, ...]:
    """Simulate an order and return its files: one per view, in DICOM forms one per view and plane."""
    if order.form not in FORMATS:
        raise WrongUsage(f"there is no format '{order.form}'; there are {', '.join(FORMATS)}")
    industry, views = industry_of(order), views_of(order)
    found: list[SimulatedFile] = []
    for number, view in enumerate(views, start=1):
        stem = f"{order.scene}-{order.seed:06d}" + (f"-view{number}" if len(views) > 1 else "")
        written = _tiff if order.form == "tiff" else _dicom
        for name, data, sidecar in written(view, stem, industry, order):
            found.append(_described(view, (name, data, sidecar), industry, number))
    return tuple(found)


def _tiff(view: SimulatedImage, stem: str, industry: str, order: Order) -> Iterator[tuple[str, bytes, bytes]]:
    made = labelled_file(view, f"{stem}.{ENDINGS[order.form]}", industry)
    yield made.name, made.data, made.sidecar


def _dicom(view: SimulatedImage, stem: str, industry: str, order: Order) -> Iterator[tuple[str, bytes, bytes]]:
    from kerma.formats import dicom_new

    planes = view.image.planes
    given = view.image.plane_labels
    is_plain = len(given) == planes and all(re.fullmatch(r"[a-z-]+", label) for label in given)
    labels = given if is_plain else tuple(f"{number:0{len(str(planes))}}" for number in range(1, planes + 1))
    identity, image = _named(view.image, stem, order)
    files = dicom_new.write(image, order.form, identity, projected=_projected(view, stem))
    for label, data in zip(labels, files, strict=True):
        yield f"{stem}{f'-{label}' if planes > 1 else ''}.{ENDINGS[order.form]}", data, b""


def _projected(view: SimulatedImage, stem: str) -> ThreatMark | None:
    """Return what a view with a projected threat must say of itself, None for any other."""
    from kerma import __version__
    from kerma.formats.dicom_new import MADE_AT
    from kerma.formats.threat_mark import ThreatMark

    told = view.truth.get("tip")
    if told is None:
        return None
    kind = "FTI" if told["kind"] == "fictional" else "CTI"
    # without the thing's name: the file may come before the screener it is to test
    return ThreatMark(kind, f"Kerma {__version__}, simulated threats", MADE_AT, stem)


def _named(image: Image, stem: str, order: Order) -> tuple[Identity, Image]:
    """Return whose the objects are, nobody's, and the image with identifiers that follow from scene and seed."""
    from kerma.formats.dicom_write import Identity, uid

    parts = ("kerma simulate", order.form, order.scene, repr(sorted(order.options.items())), order.document)
    exam_uid = uid(*parts, str(order.seed))
    identity = Identity(
        exam_uid,
        subject_id=f"SIM-{order.scene}-{order.seed:06d}",
        subject_name=f"Simulated {order.scene}",
        exam_id=f"SIM{order.seed:06d}",
        exam_description=image.description,
    )
    named = replace(image, series_uid=uid(exam_uid, "series"), image_uid=uid(exam_uid, stem), machine=MACHINE)
    return identity, named


def _masks(view: SimulatedImage) -> list[NDArray[np.bool_]]:
    """Return the mask of each finding, whole where two overlap and the scene knows it."""
    if view.masks:
        return [mask.over(view.labels.shape) for mask in view.masks]
    return [view.labels == number for number in range(1, len(view.findings) + 1)]


def _described(view: SimulatedImage, written: tuple[str, bytes, bytes], industry: str, number: int) -> SimulatedFile:
    from kerma.formats.coco import annotations_of

    name, data, sidecar = written
    image = view.image
    entry = view.as_json() | {
        "path": name,
        "file_name": name,
        "width": image.columns,
        "height": image.rows,
        "sha256": hashlib.sha256(data).hexdigest(),
        "industry": industry,
        "view": number,
    }
    annotations = annotations_of(view.findings, _masks(view))
    return SimulatedFile(name, data, sidecar, entry, annotations, view.labels, view.thickness_mm)
