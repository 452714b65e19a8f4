"""What was found on views, told of the images that their planes came as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kerma.science.image_analysis import ImageAnalysis
from kerma.science.imaging.energy_pairs import View
from kerma.science.imaging.values import penetrating_plane
from kerma.science.results import Measurement, NotMeasurable

if TYPE_CHECKING:
    from kerma.science.analysis import ExamAnalysis
    from kerma.science.detect.looking import Look


def by_image(analysis: ExamAnalysis, views: Sequence[View]) -> ExamAnalysis:
    """Return the analysis of views as one of the images that they were made of, in the order of the exam.

    Measurements of a plane go to the image that it came as, findings of any plane to the image that penetrates most:
    energies show the same place. Nothing is told twice but the notes.
    """
    told: dict[int, ImageAnalysis] = {}
    for view, done in zip(views, analysis.images, strict=True):
        if not view.is_joined:
            told[view.home] = replace(done, notes=(*done.notes, view.note)) if view.note else done
            continue
        for plane, part in enumerate(view.parts):
            told[part] = _part(view, done, plane)
    return replace(analysis, images=tuple(told[at] for at in sorted(told)))


def at_home(look: Look, views: Sequence[View]) -> Look:
    """Return what a model marked on views with its marks on the image where findings lie, whose one plane is 0."""
    images = [
        replace(seen, findings=tuple(replace(one, plane=0) for one in seen.findings)) if view.is_joined else seen
        for view, seen in zip(views, look.images, strict=True)
    ]
    return replace(look, images=tuple(images))


def _part(view: View, done: ImageAnalysis, plane: int) -> ImageAnalysis:
    home = penetrating_plane(view.image)
    is_home = plane == home
    measured = [_of_one_plane(one) for one in done.measurements if one.inputs.get("plane", home) == plane]
    return replace(
        done,
        measurements=tuple(measured),
        findings=tuple(one.with_all(plane=0) for one in done.findings) if is_home else (),
        comparisons=done.comparisons if is_home else (),
        notes=(*done.notes, view.note),
        paired=view.parts,
    )


def _of_one_plane(measured: Measurement | NotMeasurable) -> Measurement | NotMeasurable:
    return replace(measured, inputs={**measured.inputs, "plane": 0}) if "plane" in measured.inputs else measured
