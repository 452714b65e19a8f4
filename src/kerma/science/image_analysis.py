"""One image of an exam: what is measured and found on it, and whether it may be read at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kerma.errors import WrongUsage
from kerma.science.detect import DETECTORS, detect
from kerma.science.double_marks import merged
from kerma.science.image_quality import measured_gauges
from kerma.science.imaging.image import Image
from kerma.science.imaging.planes import planes_to_measure, planes_to_search
from kerma.science.imaging.values import refusal
from kerma.science.measure import MEASURES, run
from kerma.science.results import Finding, Measurement, NotMeasurable

if TYPE_CHECKING:
    from kerma.science.analysis import Plan, SiteRules
    from kerma.science.detect.declared import Declared
    from kerma.science.detect.looking import Look
    from kerma.science.detect.manifest import Comparison, Held


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
    gate: tuple[str, ...] = ()
    """Why this picture should be taken again instead of being read, in words with figure and limit."""
    comparisons: tuple[Comparison, ...] = ()
    """Every figure of the load against what was declared, also those that agree."""
    unchecked: tuple[str, ...] = ()
    """What of a declaration this image cannot tell, and why: while there is any, nothing is proposed as clear."""
    paired: tuple[int, ...] = ()
    """Places in the exam of the images that were analysed as the planes of one, in the order of the planes."""


def analyse_image(image: Image, plan: Plan, site: SiteRules) -> ImageAnalysis:
    """Measure one image, ask the gate whether it may be read, and look at it with the detectors of the plan."""
    reason = refusal(image)
    if reason:
        unchecked = (reason,) if plan.declared else ()
        return ImageAnalysis((), (), (f"not measured and not searched: {reason}",), (), (reason,), unchecked=unchecked)
    planes, notes = planes_to_measure(image)
    unsearched = [*notes] if plan.detectors else []
    measurements = _measured(image, plan, planes)
    findings: list[Finding] = []
    ran = []
    for name in plan.detectors:
        if _is_passed_over(image, name):
            notes = (*notes, f"{name} was not run: it is made for projections, not for cross-sections")
            unsearched.append(notes[-1])
            continue
        ran.append(name)
        for plane in planes_to_search(image):
            findings += detect(name, image, plane=plane)
    if site.number_windows:
        alarms, why_not = _number_alarms(image, site.number_windows)
        findings += alarms
        notes, unsearched = (*notes, *why_not), [*unsearched, *why_not]
        ran += [] if why_not else [NUMBERS]
    held, untold = _held(image, plan.declared) if plan.declared else (None, ())
    notes = (*notes, *(f"held against the declaration: {one}" for one in untold))
    if held is not None:
        findings += held.contradictions
        ran.append(MANIFEST)
    if ran and image.rises_with_dose is None:
        notes = (*notes, "it is not known whether brighter means more dose: findings are named by shape only")
    if findings and image.spacing.source in ("detector", "none"):
        notes = (*notes, _about_sizes(image))
    gate = _gate(image) if plan.has_gate and site.picture_gate != OFF else ()
    notes = (*notes, *(f"do not read, take it again: {why}" for why in gate))
    compared = held.comparisons if held else ()
    return ImageAnalysis(
        tuple(measurements), tuple(findings), notes, tuple(ran), tuple(unsearched), gate, compared, untold
    )


GATE, NUMBERS, MANIFEST = "image_quality_gate", "z_window", "manifest"
OFF, ALL_WINDOWS = "off", "all"


def _is_passed_over(image: Image, name: str) -> bool:
    return image.modality in DETECTORS[name].passes_over or image.meaning == "ct-number"


def _gate(image: Image) -> tuple[str, ...]:
    """Return why a picture is none to read; what the gate cannot compute is no reason to take it again."""
    from kerma.science.detect.image_quality_gate import answers

    if _is_passed_over(image, GATE):
        return ()
    told = (one for plane in planes_to_search(image) for one in answers(image, plane=plane))
    return tuple(dict.fromkeys(one.reason for one in told if one.state == "failed"))


def _number_alarms(image: Image, windows: str) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the alarms of the windows that the site has set, or why there can be none on this image."""
    if _is_passed_over(image, NUMBERS):
        return (), (f"{NUMBERS} was not run: it is made for projections, not for cross-sections",)
    try:
        return detect(NUMBERS, image, window=None if windows == ALL_WINDOWS else windows), ()
    except WrongUsage as error:
        return (), (f"{NUMBERS} was not run: {error}",)


def _held(image: Image, declared: Declared) -> tuple[Held | None, tuple[str, ...]]:
    """Return what came of holding an image against what was declared, and what cannot be told of it."""
    from kerma.science.detect.manifest import hold

    if _is_passed_over(image, MANIFEST):
        return None, (f"{MANIFEST} was not run: it is made for projections, not for cross-sections",)
    try:
        held = hold(image, declared)
    except WrongUsage as error:
        return None, (f"{MANIFEST} was not run: {error}",)
    return held, held.untold


def with_looks(done: ImageAnalysis, number: int, looks: Sequence[Look]) -> ImageAnalysis:
    """Return the analysis of an image with what models marked on it, behind the marks of the plan's detectors.

    A flaw that a detector marked as well is one finding (:mod:`.double_marks`).

    What a model should have looked at and did not is unsearched; what it is not made for is only noted.
    """
    own = [one.images[number] for one in looks]
    missed = tuple(one.passed_over for one in own if one.passed_over)
    apart = _told_apart([one.not_for for one in own if one.not_for])
    findings = tuple(finding for one in own for finding in one.findings)
    found, both = merged(done.findings, findings)
    twice = (TWICE.format(both),) if both else ()
    return replace(
        done,
        findings=found,
        notes=(*done.notes, *missed, *apart, *twice),
        unsearched=(*done.unsearched, *missed),
    )


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return one short note of the models that are not made for an image; none where there are none."""
    more = f"; and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (f"not for this image: {'; '.join(names[:MOST_NAMED])}{more}",) if names else ()


MOST_NAMED = 3
TWICE = (
    "{} of the marks of learned models lie on marks of detectors that call or outline it otherwise: a flaw that both "
    "marked counts twice in sums of the rules until one of the two is dismissed"
)


def _measured(image: Image, plan: Plan, planes: Sequence[int]) -> list[Measurement | NotMeasurable]:
    """Measure the gauges first: the resolution they give is the one that SNR is normalized by."""
    gauges, known = measured_gauges(image, planes[0]) if plan.quality else ([], image)
    measurements: list[Measurement | NotMeasurable] = []
    for name in plan.measures:
        takes_plane = "plane" in MEASURES[name].option_names
        measurements += [run(name, known, plane=plane) for plane in planes] if takes_plane else [run(name, known)]
    return [*measurements, *gauges]


def _about_sizes(image: Image) -> str:
    if image.spacing.source == "none":
        return "sizes of findings are in pixels: the image has no scale"
    return "sizes of findings are at the detector: with magnification the object's own are smaller"
