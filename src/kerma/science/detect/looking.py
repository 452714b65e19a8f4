"""Learned models beside the detectors of a plan: what each marks on the images of an exam, or why it did not look.

A model that fails, in whatever way, fails alone: what it did not look at is told, and the rest of the analysis stands.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from kerma.errors import Conflict, KermaError, WrongUsage
from kerma.science.detect import CROSS_SECTIONS, learned
from kerma.science.detect.learned import Network
from kerma.science.detect.learned_finding import Seen
from kerma.science.detect.purpose import not_for
from kerma.science.detect.view_agreement import VIEWS, agreement_of, joined
from kerma.science.imaging.image import Image
from kerma.science.imaging.planes import planes_to_search
from kerma.science.observer.input_features import features
from kerma.science.results import Finding

LONGEST_S = 60.0
"""A model that has not looked at an image after this long is stopped at its next tile; a film takes some seconds."""
MOST_READY = 4
"""So many networks stay loaded in a process; the one used longest ago makes room."""
SURE, MARKS = "highest_score", "marks"
"""How the model answered, whatever the threshold, and how many marks it left; beside what ``input_features`` says of
the image: what drift is looked for in."""


@dataclass(frozen=True)
class LearnedModel:
    """A model as an analysis takes it: weights, card, and what is settled about it at this site."""

    card: Mapping[str, Any]
    content: bytes
    """The ONNX file."""
    threshold: float | None = None
    """Least calibrated score of a mark; None: the operating point of the card."""
    set_for: str = ""
    """The machine for which the threshold was set; empty where it holds for all."""
    suspended: str = ""
    """Why what is stated of its miss rate is not held here, in words; empty while it is."""
    trouble: str = ""
    """Why it cannot be run, where that is known before; then there are no weights."""

    @property
    def shown(self) -> str:
        """Name and version."""
        return f"{self.card.get('name', 'model without a name')} {self.card.get('version', '')}".strip()

    @property
    def least_score(self) -> float:
        """The score from which it marks something here."""
        return float(self.card["thresholds"]["score"]) if self.threshold is None else self.threshold

    def as_json(self) -> dict[str, Any]:
        """Return what the inputs of an analysis say of it."""
        told = {"version": self.card.get("version"), "sha256": self.card.get("sha256"), "threshold": self.least_score}
        return told | {"threshold_set_for": self.set_for, "suspended": self.suspended}


class Looks(Protocol):
    """A network that looks at one plane of an image."""

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what it marks, and its score of the image."""
        ...


@dataclass(frozen=True)
class ImageLook:
    """What a model marked on one image."""

    findings: tuple[Finding, ...] = ()
    passed_over: str = ""
    """Why the model did not look at this image, though it should have; empty where it did."""
    not_for: str = ""
    """Model and what it is made for, where it is not made for this image: nothing of the image is left unsearched."""
    quantities: Mapping[str, float] = field(default_factory=dict)
    """How the image looks and how the model answered, the first plane searched; empty where it did not look."""

    @property
    def is_searched(self) -> bool:
        """Whether the model looked at this image."""
        return not (self.passed_over or self.not_for)


@dataclass(frozen=True)
class Look:
    """What one model marked on the images of an exam, in their order."""

    name: str
    inputs: Mapping[str, Any]
    images: tuple[ImageLook, ...]
    suspended: str = ""

    @property
    def looked(self) -> bool:
        """Whether it looked at any image."""
        return any(image.is_searched for image in self.images)

    @property
    def is_for_none(self) -> bool:
        """Whether it is made for none of the images: then it says nothing of the exam."""
        return bool(self.images) and all(image.not_for for image in self.images)


def look(images: Sequence[Image], model: LearnedModel, limit_s: float = LONGEST_S) -> Look:
    """Return what a model marks on the images of an exam; failures are told of each image, nothing is raised.

    Parameters
    ----------
    images : the exam's images in reading order; cross-sections and colour images are passed over
    model : weights, card and threshold
    limit_s : longest time for one image, in seconds
    """
    if model.trouble:
        return failed(images, model, model.trouble)
    if images and all(not_for(image, model.card) for image in images):
        return failed(images, model, "no image was to be looked at")
    try:
        network = ready(model)
    except Exception as error:  # whatever the weights are, the exam is analysed; the reason is told
        return failed(images, model, told_of(error))
    return look_with(images, model, lambda: _in_time(network, limit_s))


def look_with(images: Sequence[Image], model: LearnedModel, begin: Callable[[], Looks]) -> Look:
    """Return what a model marks with a network made ready elsewhere; ``begin`` gives it anew for every image.

    Two images of a model that knows how views agree are scored together.
    """
    if len(images) == VIEWS and agreement_of(model.card) is not None:
        looked = _both(images, tuple(_one(image, begin(), replace(model, threshold=0.0)) for image in images), model)
    else:
        looked = tuple(_one(image, begin(), model) for image in images)
    scores = [one.quantities.get(SURE) for one in looked]
    return Look(model.shown, model.as_json() | {"image_scores": scores}, looked, model.suspended)


def _in_time(network: Network, limit_s: float) -> Network:
    """Return a network that looks no longer than so many seconds from now."""
    return replace(network, session=_Timed(network.session, time.monotonic() + limit_s, limit_s))


def failed(images: Sequence[Image], model: LearnedModel, reason: str) -> Look:
    """Return the look of a model that looked at none of the images it is made for, for a reason."""
    told = f"{model.shown} was not run: {reason}"
    inputs = {"version": model.card.get("version"), "sha256": model.card.get("sha256"), "failed": reason}
    apart = (_apart(image, model) for image in images)
    return Look(model.shown, inputs, tuple(one or ImageLook(passed_over=told) for one in apart), model.suspended)


def _apart(image: Image, model: LearnedModel) -> ImageLook | None:
    """Return the look of a model at an image that it is not made for; None where it is."""
    why = not_for(image, model.card)
    return ImageLook(not_for=f"{model.shown} ({why})") if why else None


def ready(model: LearnedModel) -> Network:
    """Return the network of a model, loaded once per process and known again by the SHA-256 of its weights."""
    key = hashlib.sha256(model.content).hexdigest() + json.dumps(model.card, sort_keys=True, default=str)
    if key in _READY:
        _READY.move_to_end(key)
        return _READY[key]
    found = _READY[key] = learned.load(model.content, model.card)
    while len(_READY) > MOST_READY:
        _READY.popitem(last=False)
    return found


_READY: OrderedDict[str, Network] = OrderedDict()


def _one(image: Image, network: Looks, model: LearnedModel) -> ImageLook:
    apart = _apart(image, model)
    if apart is not None:
        return apart
    if image.modality in CROSS_SECTIONS or image.meaning == "ct-number":
        return ImageLook(passed_over=f"{model.shown} was not run: it is made for projections, not for cross-sections")
    try:
        planes = planes_to_search(image)
        seen = [network.look(image, threshold=model.threshold, plane=plane) for plane in planes]
        quantities = features(_grey(image, planes[0]))
    except WrongUsage as error:
        return ImageLook(passed_over=f"{model.shown} was not run: {error}")
    except Exception as error:  # a network may fail in any way; what it did not look at is told
        return ImageLook(passed_over=f"{model.shown} was not run to its end: {told_of(error)}")
    found = tuple(finding for one in seen for finding in one.findings)
    score = max((one.score for one in seen if one.score is not None), default=0.0)
    return ImageLook(found, quantities={**quantities, SURE: score, MARKS: float(len(found))})


def _both(images: Sequence[Image], looked: tuple[ImageLook, ...], model: LearnedModel) -> tuple[ImageLook, ...]:
    """Return the looks at both views, all marks still among them, with those that count when views are compared."""
    if not all(one.is_searched for one in looked):
        marks = tuple(
            tuple(mark for mark in one.findings if (mark.score or 0.0) >= model.least_score) for one in looked
        )
    else:
        planes = [planes_to_search(image)[0] for image in images]
        findings = [one.findings for one in looked]
        marks = joined(images, findings, model.card, threshold=model.threshold, planes=planes)
    return tuple(
        replace(one, findings=kept, quantities={**one.quantities, MARKS: float(len(kept))}) if one.is_searched else one
        for one, kept in zip(looked, marks, strict=True)
    )


def _grey(image: Image, plane: int) -> np.ndarray[Any, Any]:
    """Return one plane (row, column); of a colour picture the mean of its colours."""
    pixels = image.pixels[plane]
    grey: np.ndarray[Any, Any] = pixels if pixels.ndim == 2 else pixels.astype(np.float32).mean(axis=-1)
    return grey


def told_of(error: Exception) -> str:
    """Return in words why a model failed."""
    if isinstance(error, KermaError):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    return f"{type(error).__name__}: {error}"[:300]


@dataclass(frozen=True)
class _Timed:
    """A session that runs nothing more once its time is over."""

    session: Any
    until_s: float
    limit_s: float

    def get_inputs(self) -> Any:
        return self.session.get_inputs()

    def run(self, outputs: Any, given: Mapping[str, np.ndarray[Any, Any]]) -> Any:
        if time.monotonic() > self.until_s:
            raise Conflict(f"it took more than {self.limit_s:g} s for one image")
        return self.session.run(outputs, given)
