"""Anomalies: what good pictures of this part or this lane do not show, learned from a site's own good pictures.

No label is needed and no flaw is named: a place is marked because its answers lie further from those of good pictures
than good pictures lie among themselves. The rate of false alarms is settled by good pictures that were held out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Altered, WrongUsage
from kerma.science.detect import anomaly_file, anomaly_model
from kerma.science.detect.anomaly_features import STRIDE, backbone, backbone_card
from kerma.science.detect.anomaly_model import Judged, Taught
from kerma.science.detect.anomaly_scores import threshold_of
from kerma.science.detect.area import trimmed
from kerma.science.detect.learned import Network, demand_plane
from kerma.science.detect.learned_finding import MOST_FINDINGS, Seen, finding_of
from kerma.science.detect.learned_marks import Mark
from kerma.science.detect.network_session import THREADS
from kerma.science.detect.purpose import demand_purpose
from kerma.science.imaging.image import Image

Grey = NDArray[np.float32]
VERSION = "1"
KIND = "anomaly"
LABEL = "anomaly"
FALSE_ALARM_RATE = 0.1
OUTLINE_SHARE = 0.5
"""The outline is where the distance falls to this share of its peak ..."""
OUTLINE_FLOOR = 0.8
"""... or to this share of the operating point's, whichever is more."""


@dataclass(frozen=True)
class Anomaly(Network):
    """A model of good pictures, ready to judge others."""

    taught: Taught

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what lies further from good pictures than they do, furthest first, and the score of the image.

        Scores are shares of good pictures whose highest distance is lower, of the image at its highest place.

        Raises
        ------
        WrongUsage
            An image of another kind, size or scale, or of another part or view (aligned).
        """
        demand_plane(image, self.card, plane)
        least = self.operating_point if threshold is None else threshold
        judged = anomaly_model.judge(self.taught, image, self.session, plane)
        shares = self.taught.shares
        marks = _marks(judged, shares.distance(least), shares.distance(self.operating_point))
        found = []
        for number, (distance, mark) in enumerate(marks, start=1):
            placed = replace(mark, score=shares.of(distance)).within((float(image.rows), float(image.columns)))
            finding = finding_of(image, (self.by, self.labels), plane, (number, placed))
            found.append(replace(finding, measurements={**finding.measurements, "distance": distance}))
        return Seen(tuple(found), shares.of(float(judged.distances.max())))

    def heat(self, image: Image, *, plane: int = 0) -> tuple[Grey, float]:
        """Return the score that every place would have, (row, column) of the image, and the scale it was looked at."""
        import cv2

        demand_plane(image, self.card, plane)
        judged = anomaly_model.judge(self.taught, image, self.session, plane)
        known, place = np.unique(judged.distances, return_inverse=True)
        scores = np.array([self.taught.shares.of(float(value)) for value in known], dtype=np.float32)
        own = _enlarged(replace(judged, distances=scores[place].reshape(judged.distances.shape)))
        # Pixels of the image to those of the reference: first shrink, then back along the map.
        scale, shift = judged.scale, (judged.scale - 1) / 2
        shrinking = np.array([[scale, 0, shift], [0, scale, shift], [0, 0, 1]])
        back = cv2.invertAffineTransform(judged.matrix) @ shrinking
        size = (image.columns, image.rows)
        return np.asarray(cv2.warpAffine(own, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)), scale


@dataclass(frozen=True)
class Asked:
    """How a model is to be taught, under what name and version it goes, and for which part and view, empty for all."""

    name: str
    how: str = anomaly_model.ALIGNED
    version: str = "1.0.0"
    false_alarm_rate: float = FALSE_ALARM_RATE
    plane: int = 0
    seed: int = 1
    part: str = ""
    view: str = ""


def teach(images: Sequence[Image], digests: Sequence[str], asked: Asked) -> bytes:
    """Return the file of a model of good pictures, with its card.

    Parameters
    ----------
    images : 10 to 100 good pictures; see :func:`.anomaly_model.teach`
    digests : SHA-256 of their files, in the same order
    asked : name, version and how; the rate of false alarms is one per picture, above 0 and below 1

    Raises
    ------
    WrongUsage
        Pictures that cannot be compared, the same file twice, or too few for the rate.
    """
    anomaly_model.demand_enough(len(images))
    if len(set(digests)) < len(images):
        raise WrongUsage("one good picture was given twice: every one must be a picture of its own")
    if not 0 < asked.false_alarm_rate < 1:
        raise WrongUsage(f"a rate of {asked.false_alarm_rate:g} false alarms per picture is none: above 0, below 1")
    score = threshold_of(len(images), asked.false_alarm_rate)
    taught = anomaly_model.teach(images, backbone(), how=asked.how, plane=asked.plane, seed=asked.seed)
    return anomaly_file.written(taught, _card(taught, sorted(digests), asked, score))


def load(content: bytes, card: Mapping[str, Any] | None = None, *, threads: int = THREADS) -> Anomaly:
    """Return the model of a file of :func:`teach`; a card beside it stands for the one within.

    Raises
    ------
    Unreadable
        The bytes are no model of good pictures, or were made with other layers.
    Altered
        The bytes are not those the card speaks of.
    """
    taught, own = anomaly_file.read(content)
    told = dict(own if card is None else card)
    found = hashlib.sha256(content).hexdigest()
    if told.setdefault("sha256", found) != found:
        raise Altered(f"the model has the SHA-256 {found}, its card says {told['sha256']}: get the pair again")
    return Anomaly(backbone(threads), told, taught)


def _card(taught: Taught, digests: Sequence[str], asked: Asked, score: float) -> dict[str, Any]:
    layers = backbone_card()
    count = len(digests)
    return {
        "name": asked.name, "version": asked.version, "kind": KIND, "labels": [LABEL],
        "for": demand_purpose(asked.part, asked.view),
        "input": {
            "how": taught.how, "plane": asked.plane, "spacing_mm": taught.view.spacing_mm, "shape": taught.view.shape,
        },
        "thresholds": {
            "operating_point": f"at most {asked.false_alarm_rate:g} false alarms per good picture (conformal)",
            "score": score, "distance": taught.shares.distance(score), "false_alarm_rate": asked.false_alarm_rate,
        },
        "trained": {
            "on": "good pictures of this site", "images": count, "seed": asked.seed, "method_version": VERSION,
            "manifest_sha256": hashlib.sha256("\n".join(digests).encode()).hexdigest(), "images_sha256": list(digests),
            "backbone": layers["name"], "backbone_sha256": layers["sha256"], "backbone_source": layers["source"],
        },
        "metrics": {
            "held_out_good": {
                "images": count, "lowest_distance": taught.shares.highest[0],
                "highest_distance": taught.shares.highest[-1],
            }
        },
        "intended_use": f"marks what {count} good pictures do not show; second reader beside a person",
        "limits": [
            "How many flaws it finds was not measured: no flawed picture was used. Evaluate it on known flaws.",
            "It was told what good looks like: what differs harmlessly from those pictures alarms too.",
            "The layers were trained on photographs; flaws narrower than about 5 of its pixels are easily missed.",
        ],
    }  # fmt: skip


def _enlarged(judged: Judged) -> Grey:
    """Return the distances at every pixel of the shrunk picture."""
    import cv2

    places = judged.distances
    size = (places.shape[1] * STRIDE, places.shape[0] * STRIDE)
    rows, columns = judged.shape
    return np.asarray(cv2.resize(places, size, interpolation=cv2.INTER_LINEAR))[:rows, :columns]


def _marks(judged: Judged, least: float, usual: float) -> list[tuple[float, Mark]]:
    """Return distance and mark of what reaches the threshold, furthest first, each area once.

    Outlines are held against the ``usual`` threshold, so that they are the same whatever is asked for.
    """
    import cv2

    places = judged.distances
    highest = cv2.dilate(places, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((places >= least) & (places == highest) & (places > 0))
    order = np.argsort(-places[rows, columns], kind="stable")
    whole = _enlarged(judged)
    taken = np.zeros(whole.shape, dtype=bool)
    found: list[tuple[float, Mark]] = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        at = _pixel(row, whole.shape[0]), _pixel(column, whole.shape[1])
        if taken[at] or len(found) >= MOST_FINDINGS:
            continue
        distance = float(places[row, column])
        level = min(max(OUTLINE_SHARE * distance, OUTLINE_FLOOR * usual), 0.95 * float(whole[at]))
        _, labels = cv2.connectedComponents((whole >= level).astype(np.uint8), connectivity=8)
        mask = labels == labels[at]
        taken |= mask
        found.append((distance, _mark(trimmed(0, 0, mask).polygon(), judged)))
    return found


def _pixel(place: int, side: int) -> int:
    """Return the row or column in the middle of a place."""
    return min(STRIDE * place + STRIDE // 2, side - 1)


def _mark(outline: Sequence[tuple[float, float]], judged: Judged) -> Mark:
    """Return an outline in the shrunk reference as a mark in pixels of the image."""
    points = np.array(outline, dtype=np.float64)[:, ::-1] @ judged.matrix[:, :2].T + judged.matrix[:, 2]
    points = (points + 0.5) / judged.scale
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    half = 0.5 / judged.scale
    polygon = tuple((float(row), float(column)) for column, row in points) if len(points) >= 3 else ()
    return Mark(0.0, 0, (top - half, left - half, bottom + half, right + half), polygon)
