"""The middle of the road in one call: measure, detect and judge the images of one exam.

The same function runs in ``kerma examine``, in the server's durable job and in the tests.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kerma.errors import WrongUsage
from kerma.science.detect import DETECTORS
from kerma.science.image_analysis import ImageAnalysis, analyse_image, with_looks
from kerma.science.image_quality import Quality, judged_quality
from kerma.science.imaging.image import Image
from kerma.science.judge import Conditions, Evidence, judge_images, propose
from kerma.science.judge.corrective import advised
from kerma.science.judge.disposition import Disposition, Travel, dispositions
from kerma.science.judge.pack import Pack, load_pack
from kerma.science.results import Finding, Verdict

if TYPE_CHECKING:
    from kerma.science.detect.declared import Declared
    from kerma.science.detect.looking import Look

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
    quality: str = ""
    """Whose rules judge image quality, a key of ``judge.quality.JUDGES``; empty where none does."""
    has_gate: bool = False
    """Whether pictures pass a gate first: too noisy, clipped, empty or blurred ones are to be taken again."""
    declared: Declared | None = None
    """What this exam's load is declared as; every image is held against it. None where nothing is declared."""


@dataclass(frozen=True)
class SiteRules:
    """What a site has settled beyond its industry's plan."""

    pack: Pack | None = None
    """The pack to judge by, confirmed where it is; None: the plan's, as it comes."""
    technique: Mapping[str, str] = field(default_factory=dict)
    """``technique_standard`` and ``testing_class`` where an image says none."""
    travel: Travel = Travel()
    confirmed: tuple[str, ...] = ()
    """Tables of image quality that a Level III has confirmed."""
    picture_gate: str = ""
    """``off`` where no gate stands before reading."""
    number_windows: str = ""
    """The window of effective numbers that alarms on dual-energy scans, or ``all``; empty: none."""


SITE_WITHOUT = SiteRules()


@dataclass(frozen=True)
class ExamAnalysis:
    """What was measured, found and judged on one exam; ``images`` follows the order of the exam's images."""

    images: tuple[ImageAnalysis, ...]
    verdicts: tuple[Verdict, ...]
    decision_proposed: str
    decision_reason: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    quality: Quality = Quality()
    dispositions: tuple[Disposition, ...] = ()
    """What may be done about the findings, and who decides it."""
    version: str = VERSION


@dataclass(frozen=True)
class Source:
    """Where an image came from: its path or file name, and the SHA-256 of its bytes as received."""

    path: str
    sha256: str


def analyse(
    images: Sequence[Image], plan: Plan, *, thickness_mm: float | None = None, unread: Sequence[str] = (),
    site: SiteRules = SITE_WITHOUT, looks: Sequence[Look] = (),
) -> ExamAnalysis:  # fmt: skip
    """Measure, detect and judge the images of one exam by its industry's plan.

    Parameters
    ----------
    images : the exam's images in reading order; colour images are passed over with a note
    plan : what to do
    thickness_mm : penetrated or joint thickness; taken from the images' technique when not given
    site : what the site has settled beyond the plan
    unread : images of the exam that could not be read, in words; an exam looked at in part is never proposed as good
    looks : what learned models marked on these images (``detect.looking.look``); what one did not look at is unsearched

    Learned models come on top of the plan's detectors and never in their place: that one marked nothing clears nothing.
    Findings are numbered through the whole exam from 1; the number is their id, and the one in picture and report.
    """
    if thickness_mm is not None and not thickness_mm > 0:
        raise WrongUsage(f"the thickness is {thickness_mm:g} mm; give a value above 0 mm")
    asked = [one for one in looks if not one.is_for_none]
    done = _numbered(
        [with_looks(analyse_image(image, plan, site), number, looks) for number, image in enumerate(images)]
    )
    findings = [finding for image in done for finding in image.findings]
    measurements = [measurement for image in done for measurement in image.measurements]
    ran = tuple(dict.fromkeys(name for image in done for name in image.detectors))
    conditions = [_conditions(image, thickness_mm) for image in images]
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    pack = site.pack or (load_pack(plan.pack) if plan.pack else None)
    if pack and ran:
        looked_at = [(one.findings, of) for one, of in zip(done, conditions, strict=True) if one.detectors]
        verdicts = advised(judge_images(looked_at, pack), _merged(image.technique for image in images))
    elif pack:
        notes = (f"the rules of {pack.name} were not applied: no detector ran, so there was nothing to judge",)
    unsearched = (*unread, *(what for image in done for what in image.unsearched))
    quality = _quality(images, done, plan, thickness_mm, site)
    gate = tuple(dict.fromkeys(why for image in done for why in image.gate))
    unchecked = _unchecked(done, unread) if plan.declared else ()
    evidence = Evidence(findings, verdicts, measurements, ran, unsearched, quality.verdicts, gate, unchecked)
    decision, reason = propose(evidence, plan.decision_table)
    return ExamAnalysis(
        images=done,
        verdicts=verdicts,
        decision_proposed=decision,
        decision_reason=reason,
        inputs={
            **_inputs(plan, pack, ran, conditions),
            **({"models": {one.name: dict(one.inputs) for one in asked}} if asked else {}),
            "unsearched": list(unsearched),
            "gate": list(gate),
            **({"declared": plan.declared.as_json(), "unchecked": list(unchecked)} if plan.declared else {}),
        },
        notes=(*notes, *unread, *(_suspended(one) for one in asked if one.suspended)),
        quality=quality,
        dispositions=_dispositions(plan.quality, findings, verdicts, quality, site.travel),
    )


def _unchecked(done: Sequence[ImageAnalysis], unread: Sequence[str]) -> tuple[str, ...]:
    """Return what of a declaration could be held against no image: what cannot be told is no agreement."""
    if not done and not unread:
        return ("there is no image to hold it against",)
    return tuple(dict.fromkeys((*unread, *(what for image in done for what in image.unchecked))))


def _dispositions(
    industry: str, findings: Sequence[Finding], verdicts: Sequence[Verdict], quality: Quality, travel: Travel
) -> tuple[Disposition, ...]:
    if not industry:
        return ()
    return dispositions(industry, findings, travel=travel, verdicts=verdicts, quality=quality.verdicts)


def _quality(
    images: Sequence[Image],
    done: Sequence[ImageAnalysis],
    plan: Plan,
    thickness_mm: float | None,
    site: SiteRules,
) -> Quality:
    if not plan.quality:
        return Quality()
    given = {} if thickness_mm is None else {"thickness_mm": thickness_mm}
    judged = [
        ({**site.technique, **image.technique, **given}, of.measurements)
        for image, of in zip(images, done, strict=True)
    ]
    pack = site.pack.name if site.pack else plan.pack
    return judged_quality(judged, industry=plan.quality, pack=pack, confirmed=site.confirmed)


def _inputs(plan: Plan, pack: Pack | None, ran: tuple[str, ...], conditions: Sequence[Conditions]) -> dict[str, Any]:
    thicknesses = sorted({of.thickness_mm for of in conditions if of.thickness_mm is not None})
    return {
        "thickness_mm": thicknesses[0] if len(thicknesses) == 1 else (thicknesses or None),
        "pack": pack.name if pack else None,
        "decision_table": plan.decision_table,
        "detectors": {name: DETECTORS[name].load().VERSION for name in ran},
    }


def _conditions(image: Image, thickness_mm: float | None) -> Conditions:
    return Conditions(
        thickness_mm=thickness_mm if thickness_mm is not None else _technique(image, "thickness_mm"),
        weld_length_mm=_technique(image, "weld_length_mm"),
        weld_width_mm=_technique(image, "weld_width_mm"),
        outside_diameter_mm=_technique(image, "outside_diameter_mm"),
        joint_coefficient=_technique(image, "joint_coefficient"),
        spacing=image.spacing,
        part=str(image.technique.get("part", "")),
        axis="row" if image.technique.get("weld_axis") == "row" else "column",
        weld_start_mm=_position(image, "weld_start_mm"),
        weld_offset_mm=_position(image, "weld_offset_mm") or 0.0,
        facts=dict(image.technique),
    )


def _position(image: Image, key: str) -> float | None:
    value = image.technique.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _technique(image: Image, key: str) -> float | None:
    value = image.technique.get(key)
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _suspended(look: Look) -> str:
    return f"{look.name}: its stated miss rate is not held here {look.suspended}"


def _numbered(images: Sequence[ImageAnalysis]) -> tuple[ImageAnalysis, ...]:
    numbers = itertools.count(1)
    return tuple(
        replace(image, findings=tuple(finding.with_all(id=str(next(numbers))) for finding in image.findings))
        for image in images
    )


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
            _image_document(image, source, done) | _paired(done, sources)
            for image, source, done in zip(images, sources, analysis.images, strict=True)
        ],
        "verdicts": [verdict.as_json() for verdict in analysis.verdicts],
        "quality": analysis.quality.as_json(),
        "quality_sheet": analysis.quality.sheet_json(),
        "dispositions": [one.as_json() for one in analysis.dispositions],
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


def _paired(done: ImageAnalysis, sources: Sequence[Source]) -> dict[str, Any]:
    """Return the images that were analysed together with one as the energies of a view; nothing where none were."""
    return {"paired": [sources[at].sha256 for at in done.paired]} if done.paired else {}


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
        **({"declared": [one.as_json() for one in done.comparisons]} if done.comparisons else {}),
        "warnings": list(dict.fromkeys([*image.warnings, *done.notes])),
    }
