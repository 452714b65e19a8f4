"""How a part is exposed: source, distances, detector and scatter drawn as a radiographer would choose them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.physics.tube_voltage import max_voltage_kv
from kerma.science.simulate.document import Channel, Detector, Film, Geometry, Scatter, Source
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exact import share_behind

SMALLEST_PX, LARGEST_PX = 64, 4096
STEEL_SCATTER_PER_MM = (0.02, 0.05)
LIGHT_SCATTER_PER_MM = (0.006, 0.015)
MOST_SCATTER = 2.0
FILM_STORED, HIGHEST_STORED = 30000.0, 36000.0


@dataclass(frozen=True)
class Exposing:
    """The part of a scene that is not the object; ``words`` says it in the terms of a technique."""

    source: Source
    detector: Detector
    geometry: Geometry
    scatter: Scatter
    film: Film | None
    is_inverse: bool
    words: dict[str, float | str] = field(default_factory=dict)

    def as_fields(self) -> dict[str, Any]:
        """Return the fields of a scene."""
        return {
            "source": self.source, "detector": self.detector, "geometry": self.geometry, "scatter": self.scatter,
            "film": self.film, "is_inverse": self.is_inverse,
        }  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What the exposure is for: material, penetrated thickness, how much of the object the picture shows, and how."""

    material: str
    thickness_mm: float
    field_mm: float
    size_px: int = 512
    source: str = "random"
    look: str = "digital"
    below_mm: float = 0.0
    """How far the object reaches from the origin towards the detector."""
    thinnest_mm: float | None = None
    """The thinnest place that must stay below full scale, where it is thinner than what is penetrated."""
    shows_open_beam: bool = False
    """Beside the part the beam is open: it is masked there, and adds no more scatter than the part itself."""


def exposing(dice: Dice, wanted: Wanted) -> Exposing:
    """Draw an exposure; the field of view stays whatever the size of the picture.

    Raises
    ------
    WrongUsage
        A picture too small or too large, or a gamma source on light metal.
    """
    check_size(wanted.size_px)
    source = _source(dice, wanted)
    distance_mm = dice.one_of((600.0, 700.0, 700.0, 1000.0))
    gap_mm = wanted.below_mm + dice.between(2.0, 15.0)
    geometry = Geometry(source_detector_mm=distance_mm, source_object_mm=round(distance_mm - gap_mm, 4))
    pitch_mm = round(wanted.field_mm / wanted.size_px * distance_mm / (distance_mm - gap_mm), 5)
    film = wanted.look == "film"
    snr = dice.by_ratio(110.0, 420.0)
    pattern = 0.0 if film else round(dice.between(0.0, 0.45) * 100.0 / snr, 4)
    stored = FILM_STORED if film else dice.between(11000.0, 30000.0)
    if wanted.thinnest_mm is not None and not film:
        thick, thin = (share_behind(source, {wanted.material: t}) for t in (wanted.thickness_mm, wanted.thinnest_mm))
        stored = min(stored, HIGHEST_STORED * thick / thin)
    detector = Detector(
        wanted.size_px, wanted.size_px, pitch_mm,
        (Channel("", {}, "csi", dice.between(0.3, 0.7), snr, round(stored, 2)),),
        {wanted.material: wanted.thickness_mm}, round(pitch_mm * dice.between(0.35, 1.0), 5),
        0.0 if film else round(min(dice.between(2.0, 12.0), 0.3 * stored / snr), 4), pattern,
    )  # fmt: skip
    words: dict[str, float | str] = {"material": wanted.material, "thickness_mm": wanted.thickness_mm}
    return Exposing(
        source, detector, geometry, _scatter(dice, wanted, source), _film(dice, pitch_mm) if film else None,
        not film and dice.happens(0.8), words,
    )  # fmt: skip


def check_size(size_px: int) -> None:
    """Refuse a picture that shows nothing, or that is larger than any detector."""
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise WrongUsage(f"a picture of {size_px} pixels a side: give {SMALLEST_PX} to {LARGEST_PX}")


def _source(dice: Dice, wanted: Wanted) -> Source:
    spot_mm = dice.one_of((0.4, 1.0, 1.5, 2.5))
    kind = wanted.source
    is_light = wanted.material.startswith(("alu", "magnesium", "cfrp", "gfrp"))
    if kind in ("Ir-192", "Se-75") and is_light:
        raise WrongUsage(f"{kind} shows nothing in {wanted.material}: use source xray")
    if kind == "random" and not is_light and wanted.thickness_mm >= 10.0 and dice.happens(0.25):
        kind = "Se-75" if wanted.thickness_mm < 20.0 else "Ir-192"
    if kind in ("Ir-192", "Se-75"):
        return Source("isotope", nuclide=kind, focal_spot_mm=max(1.0, spot_mm))
    row = "aluminium" if is_light else "steel"
    highest = max_voltage_kv(wanted.thickness_mm, material=row)
    voltage = float(round(min(450.0, highest * dice.between(0.75, 1.0))))
    filters = {"aluminium": 2.0} if voltage < 120.0 else {"copper": dice.one_of((0.3, 0.5, 1.0))}
    return Source("tube", voltage, filters_mm=filters, focal_spot_mm=spot_mm)


def _scatter(dice: Dice, wanted: Wanted, source: Source) -> Scatter:
    per_mm = LIGHT_SCATTER_PER_MM if wanted.material.startswith(("alu", "cfrp")) else STEEL_SCATTER_PER_MM
    ratio = min(MOST_SCATTER, dice.between(*per_mm) * wanted.thickness_mm)
    if wanted.shows_open_beam:
        ratio *= share_behind(source, {wanted.material: wanted.thickness_mm})
    return Scatter(round(ratio, 5), dice.between(8.0, 20.0))


def _film(dice: Dice, pitch_mm: float) -> Film:
    return Film(
        gamma=dice.between(3.8, 5.2), density_reference=dice.between(2.2, 3.0), fog_density=dice.between(0.2, 0.35),
        grain_density=dice.between(0.015, 0.04), grain_um=round(max(25.0, 350.0 * pitch_mm), 1),
    )  # fmt: skip
