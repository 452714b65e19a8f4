"""The middle of the road in one call: measure, detect and judge the images of one exam.

The same function runs in ``kerma examine``, in the server's durable job and in the tests.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.detect import DETECTORS, detect
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import penetrating_plane, refusal
from kerma.science.judge import Conditions, Evidence, judge_images, propose
from kerma.science.measure import MEASURES, run
from kerma.science.results import Finding, Measurement, NotMeasurable, Verdict

VERSION = "1"


@dataclass(frozen=True)
class Plan:
    """What to do with an exam: names from the registries of ``measure`` and ``detect``, a pack, a decision table."""

    measures: tuple[str, ...]
    detectors: tuple[str, ...]
    pack: str | None
    """Acceptance pack, a table name such as ``fr_arrete_1978/acceptance``; None where nothing is judged by clause."""
    decision_table: str
    """Table from findings and verdicts to a proposed decision, such as ``kerma_decisions/ndt``."""


@dataclass(frozen=True)
class ImageAnalysis:
    """What was measured and found on one image, and in ``notes`` what was not done and why."""

    measurements: tuple[Measurement | NotMeasurable, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    """The detectors that ran on this image."""
    unsearched: tuple[str, ...] = ()
    """What of this image no detector of the plan has looked at, and why: while there is any, nothing is cleared."""


@dataclass(frozen=True)
class ExamAnalysis:
    """What was measured, found and judged on one exam; ``images`` follows the order of the exam's images."""

    images: tuple[ImageAnalysis, ...]
    verdicts: tuple[Verdict, ...]
    decision_proposed: str
    decision_reason: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    version: str = VERSION


@dataclass(frozen=True)
class Source:
    """Where an image came from: its path or file name, and the SHA-256 of its bytes as received."""

    path: str
    sha256: str


def analyse(
    images: Sequence[Image], plan: Plan, *, thickness_mm: float | None = None, unread: Sequence[str] = ()
) -> ExamAnalysis:
    """Measure, detect and judge the images of one exam by its industry's plan.

    Parameters
    ----------
    images : the exam's images in reading order; colour images are passed over with a note
    plan : what to do
    thickness_mm : penetrated or joint thickness; taken from the images' technique when not given
    unread : images of the exam that could not be read, in words; an exam looked at in part is never proposed as good

    Findings are numbered through the whole exam from 1; the number is their id, and the one in picture and report.
    """
    if thickness_mm is not None and not thickness_mm > 0:
        raise WrongUsage(f"the thickness is {thickness_mm:g} mm; give a value above 0 mm")
    done = _numbered([_analyse_image(image, plan) for image in images])
    findings = [finding for image in done for finding in image.findings]
    measurements = [measurement for image in done for measurement in image.measurements]
    ran = tuple(dict.fromkeys(name for image in done for name in image.detectors))
    conditions = [_conditions(image, thickness_mm) for image in images]
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    if plan.pack and ran:
        looked_at = [(one.findings, of) for one, of in zip(done, conditions, strict=True) if one.detectors]
        verdicts = judge_images(looked_at, plan.pack)
    elif plan.pack:
        notes = (f"the rules of {plan.pack} were not applied: no detector ran, so there was nothing to judge",)
    unsearched = (*unread, *(what for image in done for what in image.unsearched))
    evidence = Evidence(findings, verdicts, measurements, ran, unsearched)
    decision, reason = propose(evidence, plan.decision_table)
    return ExamAnalysis(
        images=done,
        verdicts=verdicts,
        decision_proposed=decision,
        decision_reason=reason,
        inputs=_inputs(plan, ran, conditions),
        notes=(*notes, *unread),
    )


def _inputs(plan: Plan, ran: tuple[str, ...], conditions: Sequence[Conditions]) -> dict[str, Any]:
    thicknesses = sorted({of.thickness_mm for of in conditions if of.thickness_mm is not None})
    return {
        "thickness_mm": thicknesses[0] if len(thicknesses) == 1 else (thicknesses or None),
        "pack": plan.pack,
        "decision_table": plan.decision_table,
        "detectors": {name: DETECTORS[name].load().VERSION for name in ran},
    }


def _conditions(image: Image, thickness_mm: float | None) -> Conditions:
    return Conditions(
        thickness_mm=thickness_mm if thickness_mm is not None else _technique(image, "thickness_mm"),
        weld_length_mm=_technique(image, "weld_length_mm"),
        weld_width_mm=_technique(image, "weld_width_mm"),
        joint_coefficient=_technique(image, "joint_coefficient"),
        spacing=image.spacing,
        part=str(image.technique.get("part", "")),
        axis="row" if image.technique.get("weld_axis") == "row" else "column",
    )


def _technique(image: Image, key: str) -> float | None:
    value = image.technique.get(key)
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _analyse_image(image: Image, plan: Plan) -> ImageAnalysis:
    reason = refusal(image)
    if reason:
        return ImageAnalysis((), (), (f"not measured and not searched: {reason}",), (), (reason,))
    planes, notes = _planes_to_measure(image)
    unsearched = [*notes] if plan.detectors else []
    measurements: list[Measurement | NotMeasurable] = []
    for name in plan.measures:
        takes_plane = "plane" in MEASURES[name].option_names
        measurements += [run(name, image, plane=plane) for plane in planes] if takes_plane else [run(name, image)]
    findings: list[Finding] = []
    ran = []
    for name in plan.detectors:
        if image.modality in DETECTORS[name].passes_over or image.meaning == "ct-number":
            notes = (*notes, f"{name} was not run: it is made for projections, not for cross-sections")
            unsearched.append(notes[-1])
            continue
        ran.append(name)
        for plane in _planes_to_search(image):
            findings += detect(name, image, plane=plane)
    if ran and image.rises_with_dose is None:
        notes = (*notes, "it is not known whether brighter means more dose: findings are named by shape only")
    if findings and image.spacing.source in ("detector", "none"):
        notes = (*notes, _about_sizes(image))
    return ImageAnalysis(tuple(measurements), tuple(findings), notes, tuple(ran), tuple(unsearched))


def _numbered(images: Sequence[ImageAnalysis]) -> tuple[ImageAnalysis, ...]:
    numbers = itertools.count(1)
    return tuple(
        replace(image, findings=tuple(replace(finding, id=str(next(numbers))) for finding in image.findings))
        for image in images
    )


def _about_sizes(image: Image) -> str:
    if image.spacing.source == "none":
        return "sizes of findings are in pixels: the image has no scale"
    return "sizes of findings are at the detector: with magnification the object's own are smaller"


def _planes_to_measure(image: Image) -> tuple[list[int], tuple[str, ...]]:
    """Return every energy and view, but of many frames only the middle one, with a note."""
    if image.planes == 1 or image.plane_kind != "frame":
        return list(range(image.planes)), ()
    middle = image.planes // 2
    return [middle], (
        f"of {image.planes} frames only the middle one was measured and searched",
    )


def _planes_to_search(image: Image) -> list[int]:
    """Return every view, the middle frame, or of several energies the one that penetrates most."""
    if image.plane_kind != "energy":
        return _planes_to_measure(image)[0]
    return [penetrating_plane(image)]


def exam_document(images: Sequence[Image], sources: Sequence[Source], analysis: ExamAnalysis) -> dict[str, Any]:
    """Return one element of ``exams`` of ``result.json``: everything known about the exam, as plain JSON values.

    Parameters
    ----------
    images, sources : the exam's images and where each came from, in the same order
    analysis : what :func:`analyse` made of them
    """
    first = images[0] if images else None
    warnings = [note for image in images for note in image.warnings]
    return {
        "subject": first.subject_id if first else "",
        "subject_name": first.subject_name if first else "",
        "exam_uid": first.exam_uid if first else "",
        "modality": "\\".join(dict.fromkeys(image.modality for image in images if image.modality)),
        "acquired_at": min((image.acquired_at for image in images if image.acquired_at), default=""),
        "description": next((image.description for image in images if image.description), ""),
        "machine": _merged(image.machine for image in images),
        "technique": _merged(image.technique for image in images),
        "images": [
            _image_document(image, source, done)
            for image, source, done in zip(images, sources, analysis.images, strict=True)
        ],
        "verdicts": [verdict.as_json() for verdict in analysis.verdicts],
        "decision_proposed": analysis.decision_proposed,
        "decision_reason": analysis.decision_reason,
        "analysis": {"version": analysis.version, **analysis.inputs},
        "warnings": list(dict.fromkeys([*analysis.notes, *warnings])),
    }


def _merged(of_images: Any) -> dict[str, Any]:
    """Return what the first image that says it says, key by key."""
    merged: dict[str, Any] = {}
    for one in of_images:
        merged = {**one, **merged}
    return merged


def _image_document(image: Image, source: Source, done: ImageAnalysis) -> dict[str, Any]:
    is_image = image.pixels.ndim >= 3
    return {
        "path": source.path,
        "sha256": source.sha256,
        "image_uid": image.image_uid,
        "series_uid": image.series_uid,
        "sop_class_uid": image.sop_class_uid,
        "rows": image.rows if is_image else 0,
        "columns": image.columns if is_image else 0,
        "planes": image.planes if is_image else 0,
        "plane_kind": image.plane_kind,
        "plane_labels": list(image.plane_labels),
        "bits": image.bits,
        "format": image.format,
        "modality": image.modality,
        "meaning": image.meaning,
        "rises_with_dose": image.rises_with_dose,
        "body_part": image.body_part,
        "view": image.view,
        "acquired_at": image.acquired_at,
        "technique": dict(image.technique),
        "spacing_mm": image.spacing.as_json(),
        "spacing_source": image.spacing.source,
        "measurements": [measurement.as_json() for measurement in done.measurements],
        "findings": [finding.as_json() for finding in done.findings],
        "warnings": list(dict.fromkeys([*image.warnings, *done.notes])),
    }
