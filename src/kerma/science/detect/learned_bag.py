"""The bag detector at work: a bag is looked at so large that it fills the picture as in training, and once larger.

How large a pixel is, how far the belt ran and how the screen zoomed is unknown: the bag itself is the measure. Colour
pictures are taken too, unlike by any other detector.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.detect.bag_channels import Reading, channels_of, extent_px, most_of, reading_of, shrunk
from kerma.science.detect.learned import Network, demand_exists, tiles
from kerma.science.detect.learned_finding import MOST_FINDINGS, Seen, calibrated, finding_of
from kerma.science.detect.learned_input import Grey
from kerma.science.detect.learned_marks import Mark, Tile, marks, merged
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import refusal
from kerma.standards import table

FAMILY = "bag"
EXTENT_PX = 288.0
"""The longer side of a bag as a network sees it that is trained today ..."""
FIRST_EXTENT_PX = 208.0
"""... and as the first ones saw it, whose cards do not say."""
ZOOMS = (1.0, 1.4)
LARGEST_SCALE = 3.0
"""Small pictures are enlarged so far at most."""


@dataclass(frozen=True)
class BagNetwork(Network):
    """A network that looks for prohibited things in bags."""

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what it marks in a picture of raw energies, of pseudo-colours or of grey, and its surest score."""
        reason = "" if image.is_colour else refusal(image)
        if reason:
            raise WrongUsage(f"model '{self.card['name']}' cannot look at this image: {reason}")
        demand_exists(image, plane)
        reading = reading_of(image, plane=plane)
        least = self.operating_point if threshold is None else threshold
        found = merged([mark for zoom in ZOOMS for mark in self._at_zoom(reading, zoom)])
        limits = (float(image.rows), float(image.columns))
        scored = [replace(mark, score=calibrated(mark.score, self.card)).within(limits) for mark in found]
        kept = [mark for mark in scored if mark.score >= least][:MOST_FINDINGS]
        named = (self.by, self.labels)
        category = {row["name"]: row["category"] for row in table("kerma_security/things")}
        made = (finding_of(image, named, plane, (number, mark)) for number, mark in enumerate(kept, start=1))
        findings = tuple(replace(one, code=category.get(one.label, "")) for one in made)
        return Seen(findings, scored[0].score if scored else 0.0)

    @property
    def extent_px(self) -> float:
        """The longer side of a bag, in pixels, at which the network was trained to look."""
        return float(self.card["input"].get("extent_px", FIRST_EXTENT_PX))

    def _at_zoom(self, reading: Reading, zoom: float) -> Iterator[Mark]:
        for answer in self.answers_at(reading, zoom):
            yield from marks(*answer)

    def answers_at(self, reading: Reading, zoom: float) -> Iterator[tuple[Grey, Grey, Grey, Tile]]:
        """Yield heat, box and mask of every tile of a picture at a zoom, as ``learned_marks.marks`` takes them."""
        try:
            scale = min(LARGEST_SCALE, zoom * self.extent_px / extent_px(reading.attenuation))
        except WrongUsage:
            # An empty belt holds nothing: that is an answer.
            return
        channels = channels_of(shrunk(reading, scale), most=most_of(reading.attenuation))
        name = self.session.get_inputs()[0].name
        for row, column, tile in tiles(channels):
            answers = self.session.run(None, {name: tile[None]})
            heat, box, mask = (np.asarray(answer[0], dtype=np.float32) for answer in answers)
            yield heat, box, mask[0], Tile((row, column), tile.shape[1:], channels.shape[1:], scale)
