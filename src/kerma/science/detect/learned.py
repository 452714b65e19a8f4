"""Learned detectors: a network run by ONNX Runtime, tile by tile and at several scales, and what it marks as findings.

Weights come with a card that says on what they were trained and how well they do. Heat, boxes and masks come out of
the network; peaks are picked here, outside of it, so that every run of the same image gives the same marks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import NotFound, Unreadable, WrongUsage
from kerma.science.detect import taught
from kerma.science.detect.contracts import KINDS
from kerma.science.detect.learned_finding import MOST_FINDINGS, Seen, calibrated, finding_of
from kerma.science.detect.learned_input import BANDS, CHANNELS, image_channels
from kerma.science.detect.learned_marks import Mark, Tile, marks, merged
from kerma.science.detect.network_session import THREADS, session_of
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import refusal
from kerma.science.results import By, Finding

Grey = NDArray[np.float32]
MODELS = Path(__file__).parent / "models"
OWN_KIND = "detector"
LARGEST_TILE_PX = 1024
"""The network takes any size; larger tiles only cost memory."""
OVERLAP_PX = 128
"""Tiles share so much with the next, so that a flaw on the edge of one is whole in another."""
DIVIDES_BY = 32
"""Sides of a tile divide by this: the coarsest level of the network is so much smaller."""
SCALES = ((2.0, 0, 400), (1.0, 0, 10**9), (0.5, 640, 10**9), (0.25, 1280, 10**9))
"""Scales and the shorter sides, in pixels, from and below which they are looked at: how large a pixel is in mm is often
unknown, and one flaw is 5 pixels long on one scan and 200 on another."""
EXTENTS_PX = (64, 1024)
"""From and to which size a card of the family of bags may say that bags are looked at."""
CARD = ("name", "version", "sha256", "labels", "input", "thresholds")
"""What a card must say for its network to be run."""
RANK = 4
FILM_BEFORE_OTHERS = 1.15
"""Where a file does not say how its values run, it is a scanned film unless the other way is so much surer."""


@dataclass(frozen=True)
class Network:
    """Weights ready to run, and their card."""

    session: Any
    """An ``onnxruntime.InferenceSession``."""
    card: Mapping[str, Any]

    @property
    def by(self) -> By:
        """What findings are said to be by."""
        card = self.card
        return By("algorithm", str(card["name"]), str(card["version"]), str(card["sha256"]))

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find."""
        return tuple(self.card["labels"])

    @property
    def operating_point(self) -> float:
        """The score from which it marks something, where no other threshold is asked for."""
        return float(self.card["thresholds"]["score"])

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what it marks in one plane and its score of the image; see :func:`look`."""
        demand_plane(image, self.card, plane)
        return _look(image, self, threshold, plane)


def shipped() -> Mapping[str, Path]:
    """Return the cards of the models that come with the product, by name."""
    return {path.stem: path for path in sorted(MODELS.glob("*.json")) if path.with_suffix(".onnx").is_file()}


def of(name: str) -> Network:
    """Return a model that comes with the product.

    Raises
    ------
    NotFound
        No such model; the message lists them.
    """
    known = shipped()
    if name not in known:
        raise NotFound(f"there is no model '{name}'; there are {', '.join(known) or 'none'}")
    card = json.loads(known[name].read_text(encoding="utf-8"))
    return load(known[name].with_suffix(".onnx").read_bytes(), card)


def load(content: bytes, card: Mapping[str, Any], *, threads: int = THREADS) -> Network:
    """Return the network of an ONNX file and its card: Kerma's own detector, or one brought along by its contract.

    Raises
    ------
    Altered
        The bytes are not those the card speaks of.
    Unreadable, TooLarge
        The card lacks what is needed, the bytes are no network, or one that takes or gives something else.
    """
    if card.get("kind", OWN_KIND) in KINDS:
        from kerma.science.detect import brought

        return brought.load(content, card, threads=threads)
    if taught.is_taught(card):
        return taught.load(content, card, threads=threads)
    _demand_card(card)
    session = session_of(content, card, threads=threads)
    _demand_contract(session, card)
    if family_of(card):
        from kerma.science.detect.learned_bag import BagNetwork

        return BagNetwork(session, card)
    return Network(session, card)


def family_of(card: Mapping[str, Any]) -> str:
    """Return which channels a network of Kerma's own takes: empty for radiographs, or *bag*."""
    taken = card.get("input")
    return str(taken.get("family", "")) if isinstance(taken, Mapping) else ""


def taken_by(card: Mapping[str, Any]) -> tuple[int, list[list[float]]]:
    """Return how many channels the networks of a card's family take, and the bands among them, in pixels."""
    if family_of(card) == "bag":
        from kerma.science.detect import bag_channels

        return bag_channels.CHANNELS, [[band.small_px, band.large_px] for band in bag_channels.BANDS]
    return CHANNELS, [[band.small_px, band.large_px] for band in BANDS]


def _demand_card(card: Mapping[str, Any]) -> None:
    missing = [name for name in CARD if name not in card]
    if missing:
        raise Unreadable(f"the card of the model says no {missing[0]}; it must say {', '.join(CARD)}")
    labels, thresholds, taken = card["labels"], card["thresholds"], card["input"]
    if not (isinstance(labels, list) and labels and all(isinstance(label, str) for label in labels)):
        raise Unreadable("the card of the model lists no labels")
    point = thresholds.get("score") if isinstance(thresholds, Mapping) else None
    if not isinstance(point, int | float) or not 0 <= point <= 1:
        raise Unreadable("the card of the model gives no score from 0 to 1 from which it marks something")
    if not isinstance(taken, Mapping) or taken.get("bands_px") != taken_by(card)[1]:
        raise Unreadable("the model was trained on other input channels than this version makes: train it again")
    extent, (least, most) = taken.get("extent_px", EXTENTS_PX[0]), EXTENTS_PX
    if isinstance(extent, bool) or not isinstance(extent, int | float) or not least <= extent <= most:
        raise Unreadable(f"the card of the model gives a size of bags in pixels that is not from {least} to {most}")


def _demand_contract(session: Any, card: Mapping[str, Any]) -> None:
    """Refuse a network that does not take the channels and give heat, boxes and masks for the labels of its card."""
    sides = [[each.shape[:2] for each in some if len(each.shape) == RANK] for some in (
        session.get_inputs(), session.get_outputs()
    )]  # fmt: skip
    wanted = [[[1, taken_by(card)[0]]], [[1, len(card["labels"])], [1, 4], [1, 1]]]
    if sides != wanted:
        raise Unreadable(
            f"the network of '{card['name']}' takes and gives {sides}; a detector here takes and gives {wanted} "
            "(pictures, channels): heat per label, box, mask"
        )


def find(image: Image, network: Network, *, threshold: float | None = None, plane: int = 0) -> tuple[Finding, ...]:
    """Return what a network marks in one plane, most certain first, at most 100; see :func:`look`."""
    return network.look(image, threshold=threshold, plane=plane).findings


def look(image: Image, network: Network, *, threshold: float | None = None, plane: int = 0) -> Seen:
    """Return what a network marks in one plane, most certain first, at most 100, and its score of the image.

    An image that does not say how its values run is looked at both ways, and the marks that are surer together are
    kept. Boxes and polygons are in pixels of the image. ``score`` is calibrated by the temperature of the card: about
    the share of such marks that were flaws in its test images, which says nothing of other images. The score of the
    image is that of its surest mark, whatever the threshold.

    Parameters
    ----------
    image : the image; it is not changed
    network : from :func:`load` or :func:`of`
    threshold : least score of a mark, 0 to 1; default the operating point of the card
    plane : plane of the image, counted from 0

    Raises
    ------
    WrongUsage
        An image in which nothing can be looked for, or a plane that does not exist.
    """
    return network.look(image, threshold=threshold, plane=plane)


def demand_plane(image: Image, card: Mapping[str, Any], plane: int) -> None:
    """Refuse an image in which nothing can be looked for, and a plane that it does not have (WrongUsage)."""
    reason = refusal(image)
    if reason:
        raise WrongUsage(f"model '{card['name']}' cannot look at this image: {reason}")
    demand_exists(image, plane)


def demand_exists(image: Image, plane: int) -> None:
    """Refuse a plane that an image does not have (WrongUsage)."""
    if not 0 <= plane < image.planes:
        raise WrongUsage(f"plane {plane} does not exist: the image has {image.planes}, counted from 0")


def _look(image: Image, network: Network, threshold: float | None, plane: int) -> Seen:
    """Return what Kerma's own detector marks."""
    least = network.operating_point if threshold is None else threshold
    if image.rises_with_dose is None:
        film, other = (_scored(replace(image, rises_with_dose=rises), network, plane) for rises in (False, True))
        surer = sum(score for score, _ in other) > FILM_BEFORE_OTHERS * sum(score for score, _ in film)
        scored = other if surer else film
    else:
        scored = _scored(image, network, plane)
    limits = (float(image.rows), float(image.columns))
    kept = [replace(mark, score=score).within(limits) for score, mark in scored if score >= least][:MOST_FINDINGS]
    named = (network.by, network.labels)
    findings = tuple(finding_of(image, named, plane, (number, mark)) for number, mark in enumerate(kept, start=1))
    return Seen(findings, scored[0][0] if scored else 0.0)


def _scored(image: Image, network: Network, plane: int) -> list[tuple[float, Mark]]:
    """Return the marks of all scales, one for each flaw, with their calibrated scores, most certain first."""
    found = [
        mark
        for scale, least_px, below_px in SCALES
        if least_px <= min(image.rows, image.columns) < below_px
        for mark in _at_scale(image, network, plane, scale)
    ]
    return [(calibrated(mark.score, network.card), mark) for mark in merged(found)]


def _at_scale(image: Image, network: Network, plane: int, scale: float) -> Iterator[Mark]:
    """Yield the marks of every tile of an image shrunk to ``scale``."""
    for answer in answers_at(image, network, plane, scale):
        yield from marks(*answer)


def answers_at(
    image: Image, network: Network, plane: int, scale: float
) -> Iterator[tuple[Grey, Grey, Grey, Tile]]:
    """Yield heat, box and mask of every tile of an image shrunk to ``scale``, as ``learned_marks.marks`` takes them."""
    channels = image_channels(image, plane=plane, scale=scale)
    names = [each.name for each in network.session.get_inputs()]
    for row, column, tile in tiles(channels):
        answers = network.session.run(None, {names[0]: tile[None]})
        heat, box, mask = (np.asarray(answer[0], dtype=np.float32) for answer in answers)
        yield heat, box, mask[0], Tile((row, column), tile.shape[1:], channels.shape[1:], scale)


def tiles(channels: Grey) -> Iterator[tuple[int, int, Grey]]:
    """Yield first row and column of each tile of channels, and the tile, filled with zeros beyond the image."""
    _, rows, columns = channels.shape
    high, wide = (_side(length) for length in (rows, columns))
    for row in _starts(rows, high):
        for column in _starts(columns, wide):
            part = channels[:, row : row + high, column : column + wide]
            tile = np.zeros((len(channels), high, wide), dtype=np.float32)
            tile[:, : part.shape[1], : part.shape[2]] = part
            if tile.any():
                yield row, column, tile


def _side(length: int) -> int:
    """Return the side of the fewest even tiles that cover a length: little is looked at twice."""
    count = 1 if length <= LARGEST_TILE_PX else -(-(length - OVERLAP_PX) // (LARGEST_TILE_PX - OVERLAP_PX))
    return -(-(length + (count - 1) * OVERLAP_PX) // (count * DIVIDES_BY)) * DIVIDES_BY


def _starts(length: int, tile_px: int) -> list[int]:
    """Return where tiles begin: evenly spread, sharing at least the overlap."""
    if length <= tile_px:
        return [0]
    count = -(-(length - OVERLAP_PX) // (tile_px - OVERLAP_PX))
    return [round(number * (length - tile_px) / (count - 1)) for number in range(count)]
