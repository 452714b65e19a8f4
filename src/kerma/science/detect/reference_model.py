"""Good parts as a model: a reference with a card, to be registered, approved and applied to exams as others are.

What differs is one finding each: a named feature that is missing (:mod:`.completeness`), something in the way
(:mod:`.foreign_object`), any other difference (:mod:`.golden_part`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kerma.errors import Altered, Unreadable, WrongUsage
from kerma.science.detect import completeness, foreign_object, golden_part
from kerma.science.detect.laying import lay, limit
from kerma.science.detect.learned import Network, demand_plane
from kerma.science.detect.learned_finding import MOST_FINDINGS, Seen
from kerma.science.detect.part_reference import VERSION, Reference, learn, read
from kerma.science.detect.purpose import REFERENCE, demand_purpose, made_for
from kerma.science.detect.subtraction import Deviation, Difference, deviations, difference, least_z, subtracted
from kerma.science.imaging.image import Image
from kerma.science.measure.region import Region
from kerma.science.results import Finding

KIND = REFERENCE
AT_LIMIT = 0.5
"""The score of what just reaches the limit; where it lies below, nothing is marked, whatever is asked for."""
SHARE_IN_PLACE = 0.5
DIFFERENCES = (*golden_part.LABELS.values(), foreign_object.LABEL)
STATES = (completeness.MISSING, completeness.UNCLEAR, completeness.UNTOLD)


@dataclass(frozen=True)
class Asked:
    """How a reference is to be taught: its name and version, and the part and view it is made for."""

    name: str
    version: str = "1.0.0"
    part: str = ""
    view: str = ""
    plane: int = 0
    regions: Mapping[str, Region] = field(default_factory=dict)


@dataclass(frozen=True)
class PartModel(Network):
    """A reference of good parts, ready to be compared with; there is no session."""

    reference: Reference

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what differs from good parts, most certain first, and the score of the image.

        A score is |z| / (|z| + limit) of a difference, and (1 - share) / (1 - share + 0.25) of a named feature: 0.5 at
        the limit. A feature that cannot be told is always among the findings.

        Raises
        ------
        WrongUsage
            Another size, scale, kind, part or view, or far more noise: nothing was compared.
        """
        demand_plane(image, self.card, plane)
        found = difference(image, self.reference, plane)
        least = self.operating_point if threshold is None else threshold
        marked = sorted(self._marked(image, found, plane), key=lambda one: -(one.score or 0.0))
        peak = peak_of(found)
        score = max((one.score or 0.0 for one in marked), default=min(AT_LIMIT, peak / (peak + least_z(found))))
        kept = [one for one in marked if (one.score or 0.0) >= least or one.label == completeness.UNTOLD]
        numbered = enumerate(kept[:MOST_FINDINGS], start=1)
        return Seen(
            tuple(replace(one, id=f"{self.by.name}-{plane}-{number}", by=self.by) for number, one in numbered), score
        )

    def _marked(self, image: Image, found: Difference, plane: int) -> Iterator[Finding]:
        """Yield features that are not there and differences, each thing once, in no order."""
        lacking = [
            one for one in completeness.in_difference(self.reference, found) if one.state != completeness.PRESENT
        ]
        for feature in lacking:
            yield replace(completeness.finding(image, plane, feature, found), score=_score_of(feature))
        least = least_z(found)
        for one in deviations(found, least):
            if not any(_is_feature(one, feature) for feature in lacking):
                is_foreign = image.rises_with_dose is not None and foreign_object.is_foreign(image, one, found)
                named = foreign_object if is_foreign else golden_part
                yield named.finding(image, plane, 0, (one, found), least)


def peak_of(found: Difference) -> float:
    """Return the largest difference of a picture in standard deviations of good parts."""
    return max(float(np.abs(level).max(initial=0.0)) for level in found.levels)


def _score_of(feature: completeness.Feature) -> float:
    if feature.state == completeness.UNTOLD:
        return AT_LIMIT
    lost = max(0.0, 1 - feature.share)
    return lost / (lost + 1 - limit("present_from"))


def _is_feature(one: Deviation, feature: completeness.Feature) -> bool:
    """Whether a difference is what the lack of a feature shows: in its place, and of the sign its lack has."""
    if feature.state == completeness.UNTOLD or one.z_score * feature.contrast > 0:
        return False
    area, region = one.area, feature.region
    rows, columns = (slice(max(0, start), max(0, end)) for start, end in (
        (region.row - area.row, region.row + region.height - area.row),
        (region.column - area.column, region.column + region.width - area.column),
    ))  # fmt: skip
    return bool(area.mask[rows, columns].sum() >= SHARE_IN_PLACE * area.mask.sum())


def teach(images: Sequence[Image], digests: Sequence[str], asked: Asked) -> bytes:
    """Return the file of a reference of good parts, with its card.

    Parameters
    ----------
    images : five or more good parts; see :func:`.part_reference.learn`
    digests : SHA-256 of their files, in the same order
    asked : name, version, part, view, plane and named features

    Raises
    ------
    WrongUsage
        Pictures that cannot be compared, the same file twice, or a picture that says it shows another part or view.
    """
    from kerma.science.detect.purpose import demand_not_another

    wanted = demand_purpose(asked.part, asked.view)
    if len(set(digests)) < len(images):
        raise WrongUsage("one good picture was given twice: every one must be a picture of its own")
    for number, image in enumerate(images, start=1):
        try:
            demand_not_another(image, {"name": asked.name, "for": wanted})
        except WrongUsage as error:
            raise WrongUsage(f"good part {number} of {len(images)}: {error}") from None
    found = learn(images, plane=asked.plane, regions=asked.regions)
    return found.as_bytes(_card(found, sorted(digests), asked, wanted))


def load(content: bytes, card: Mapping[str, Any] | None = None) -> PartModel:
    """Return the reference of a file of :func:`teach`; a card beside it stands for the one within.

    Raises
    ------
    Unreadable
        The bytes are no reference, or a damaged one, or its card is missing or speaks of other pictures.
    Altered
        The bytes are not those the card speaks of.
    """
    try:
        reference, own = read(content)
    except WrongUsage as error:
        raise Unreadable(str(error)) from None
    told = dict(own if card is None else card)
    if not told:
        raise Unreadable("this reference of good parts has no card: teach it again, with a name")
    found = hashlib.sha256(content).hexdigest()
    if told.setdefault("sha256", found) != found:
        raise Altered(f"the reference has the SHA-256 {found}, its card says {told['sha256']}: get the pair again")
    _demand_card(told, reference)
    return PartModel(None, told, reference)


def tried(model: PartModel) -> dict[str, Any]:
    """Return what is seen when a reference is tried: what it holds, and the processor time of one comparison in ms."""
    reference = model.reference
    begun_s = time.process_time()
    subtracted(reference.middle, reference, lay(reference.middle, reference.middle))
    took_ms = 1e3 * (time.process_time() - begun_s)
    return {
        "good_parts": reference.parts, "rows": reference.middle.shape[0], "columns": reference.middle.shape[1],
        "named_features": sorted(reference.regions), "cpu_ms_per_picture": round(took_ms, 1),
    }  # fmt: skip


def _input_of(reference: Reference) -> dict[str, Any]:
    """Return what a card says of the pictures that can be compared."""
    rows, columns = reference.middle.shape
    return {
        "rows": rows, "columns": columns, "spacing_mm": reference.spacing.as_json(),
        "is_logarithmic": reference.is_logarithmic,
    }  # fmt: skip


def _demand_card(card: Mapping[str, Any], reference: Reference) -> None:
    """Refuse a card without what findings are said to be by, or one of other pictures than the file holds."""
    texts = all(isinstance(card.get(key), str) and card[key] for key in ("name", "version"))
    labels, thresholds, taken = card.get("labels"), card.get("thresholds"), card.get("input")
    point = thresholds.get("score") if isinstance(thresholds, Mapping) else None
    if not texts or not isinstance(labels, list) or type(point) not in (int, float) or not 0 <= float(point or 0) < 1:
        raise Unreadable("the card of the reference lacks a name, a version, labels or a score")
    told = dict(taken) if isinstance(taken, Mapping) else {}
    if {key: told.get(key) for key in _input_of(reference)} != _input_of(reference):
        raise Unreadable("the card of the reference speaks of other pictures than its file holds")
    if card.get("for") and made_for(card) != card["for"]:
        raise Unreadable("the card of the reference must name part and view, or neither")


def _card(found: Reference, digests: Sequence[str], asked: Asked, wanted: Mapping[str, str]) -> dict[str, Any]:
    detectors = ("golden_part", "foreign_object", *(["completeness"] if found.regions else []))
    labels = (*DIFFERENCES, *(STATES if found.regions else ()))
    named = f" and whether {len(found.regions)} named features are there" if found.regions else ""
    return {
        "name": asked.name, "version": asked.version, "kind": KIND, "labels": list(labels),
        "detectors": list(detectors), "for": dict(wanted), "features": sorted(found.regions),
        "input": {"plane": asked.plane, **_input_of(found)},
        "thresholds": {
            "operating_point": f"{limit('false_alarms'):g} false alarms per picture of normal noise; features: "
            f"{100 * limit('present_from'):g} % of their contrast",
            "score": AT_LIMIT,
        },
        "trained": {
            "on": "good parts of this site", "images": len(digests), "method_version": VERSION,
            "manifest_sha256": hashlib.sha256("\n".join(digests).encode()).hexdigest(), "images_sha256": list(digests),
        },
        "intended_use": f"marks what {len(digests)} good parts do not show{named}; second reader beside a person",
        "limits": [
            "How many flaws it finds was not measured: no flawed part was used. Evaluate it on known flaws.",
            "What all good parts share is no difference, a flaw of the design or the tool included.",
            "A flaw no larger than what differs from good part to good part is not seen.",
            "One set-up: the same size, pixel size and view, turned and shifted a little; else nothing is compared.",
        ],
    }  # fmt: skip
