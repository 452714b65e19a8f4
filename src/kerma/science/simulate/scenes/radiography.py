"""How a medical scene is exposed: kerma at the detector from tube, mAs and distance, and the noise that follows.

The receptor is calibrated in the beam RQA5: a stored value stands for the air kerma of RQA5 that gives the same, which
is what an exposure index is of. Automatic exposure looks at a coarse picture of the same scene, as a chamber does.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.exposure_index import deviation_index, exposure_index
from kerma.science.physics.spectrum import tube_spectrum
from kerma.science.physics.table_rows import quantity, row_at
from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.beam import Beam, beam_of
from kerma.science.simulate.document import Box, Channel, Detector, Geometry, Scatter, Scene, Source, Thing
from kerma.science.simulate.render import render
from kerma.science.simulate.response import white_share
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes.exposing import check_size

Field = NDArray[np.float64]
EXAMINATIONS = "kerma_simulation/examinations"
RECEPTOR = "kerma_simulation/receptor"
QUALITIES = "iec_61267/beam_qualities"
CALIBRATION = "RQA5"
COARSE_PX = 96
"""The picture that the automatic exposure sees."""
LEAST_BLUR_PX = 0.35
MAS_DIGITS = 3


@dataclasses.dataclass(frozen=True)
class Examination:
    """One row of the table of examinations, as the parts of a scene document."""

    source: Source
    geometry: Geometry
    scatter: Scatter
    field_mm: float
    target_index: float
    words: dict[str, float | str]


def examination(name: str, *, grid: bool, below_mm: float) -> Examination:
    """Return an examination; ``below_mm`` is how far the middle of the body lies before the detector."""
    row = row_at(EXAMINATIONS, examination=name)
    filters = {row["filter_material"]: float(row["filter_mm"])}
    if float(row["copper_mm"]) > 0:
        filters["copper"] = float(row["copper_mm"])
    source = Source(
        "tube", float(row["tube_voltage_kv"]), row["target"], filters_mm=filters,
        focal_spot_mm=float(row["focal_spot_mm"]),
    )  # fmt: skip
    distance = float(row["source_detector_mm"])
    geometry = Geometry("cone", distance, round(distance - below_mm, 4), rays_per_pixel=2)
    shares = (float(row["grid_primary_share"]), float(row["grid_scatter_share"])) if grid else (1.0, 1.0)
    scatter = Scatter(float(row["scatter_ratio"]), float(row["scatter_reach_mm"]), *shares)
    words: dict[str, float | str] = {
        "body_part": row["body_part"], "view": row["view"], "anode_material": row["target"],
        "grid": "focused grid" if grid and shares[0] < 1.0 else "none",
    }  # fmt: skip
    return Examination(source, geometry, scatter, float(row["field_mm"]), float(row["target_exposure_index"]), words)


def receptor(size_px: int, field_mm: float, *, noise: bool = True, blur_mm: float | None = None) -> Detector:
    """Return the flat panel of a field; its channel is set by :func:`at_mas`.

    A picture of few pixels keeps a blur of a third of a pixel at least, as the light spreads in what was binned.
    """
    check_size(size_px)
    pitch = round(field_mm / size_px, 6)
    blur = max(quantity(RECEPTOR, "blur_sigma_mm"), LEAST_BLUR_PX * pitch) if blur_mm is None else blur_mm
    channel = dataclasses.replace(receptor_channel(), snr=1.0 if noise else 0.0)
    faults = (quantity(RECEPTOR, "electronic_noise_stored"), quantity(RECEPTOR, "fixed_pattern_percent"))
    electronic, pattern = faults if noise else (0.0, 0.0)
    return Detector(size_px, size_px, pitch, (channel,), {}, round(blur, 6), electronic, pattern)


def receptor_channel() -> Channel:
    """Return what absorbs the radiation; its noise and scale are set by :func:`at_mas`."""
    return Channel("", {}, "csi", quantity(RECEPTOR, "csi_mm"), 1.0, 1.0)


def calibration_source() -> Source:
    """Return the tube of the calibration beam, its inherent filtration included."""
    row = row_at(QUALITIES, beam_quality=CALIBRATION)
    whole = float(row["added_aluminium_mm"]) + quantity(RECEPTOR, "inherent_aluminium_mm")
    return Source("tube", float(row["tube_voltage_kv"]), filters_mm={"aluminium": whole})


def kerma_per_mas_ugy(source: Source, channel: Channel, source_detector_mm: float) -> float:
    """Return the RQA5 air kerma in µGy that the open beam of one mAs is worth to the receptor."""
    own = _energy_per_mm2(beam_of(source, channel)) / (source_detector_mm / 1000.0) ** 2
    return own / _energy_per_ugy(channel)


@functools.lru_cache(maxsize=16)
def _energy_per_ugy_of(scintillator: str, scintillator_mm: float) -> float:
    source = calibration_source()
    kerma = tube_spectrum(source.tube_voltage_kv, filters_mm=source.filters_mm).air_kerma_ugy_1m
    beam = beam_of(source, Channel("", {}, scintillator, scintillator_mm))
    return _energy_per_mm2(beam) / kerma


def _energy_per_ugy(channel: Channel) -> float:
    return _energy_per_ugy_of(channel.scintillator, channel.scintillator_mm)


def _energy_per_mm2(beam: Beam) -> float:
    return float(beam.signal_weights.sum()) / 100.0


def at_mas(scene: Scene, mas: float) -> Scene:
    """Return the scene exposed with a tube load: stored values and quantum noise as physics has them."""
    if not (math.isfinite(mas) and mas > 0):
        raise WrongUsage(f"a tube load of {mas:g} mAs exposes nothing: give a value above 0")
    detector, scatter, distance = scene.detector, scene.scatter, scene.geometry.source_detector_mm
    channel = detector.channels[0]
    beam = beam_of(scene.source, channel)
    kerma = mas * kerma_per_mas_ugy(scene.source, channel, distance)
    whole = scatter.grid_primary_share + scatter.ratio * scatter.grid_scatter_share
    stored = kerma * quantity(RECEPTOR, "stored_per_ugy") * whole
    snr = 0.0
    if channel.snr > 0:
        area = detector.pitch_mm**2 * mas / (distance / 1000.0) ** 2 / 100.0
        relative = float(beam.variance_weights.sum()) / float(beam.signal_weights.sum()) ** 2 / area / whole
        share = white_share(detector.blur_mm / detector.pitch_mm)
        others = (detector.electronic_noise_stored / stored) ** 2 + (detector.fixed_pattern_percent / 100.0) ** 2
        snr = float(f"{1.0 / math.sqrt(relative * share**2 + others):.6g}")
    exposed = dataclasses.replace(channel, snr=snr, reference_stored=float(f"{stored:.8g}"))
    ready = dataclasses.replace(scene, detector=dataclasses.replace(detector, channels=(exposed,)))
    return with_words(ready, exposure_mas=mas)


def share_of(source: Source, layers_mm: Mapping[str, float]) -> float:
    """Return what the receptor meets behind layers as a share of the open beam, narrow beam."""
    return Attenuator(beam_of(source, receptor_channel())).at(layers_mm)[0]


def with_words(scene: Scene, **words: float | str) -> Scene:
    """Return the scene with more said of its technique."""
    return dataclasses.replace(scene, technique={**scene.technique, **words})


Relevant = Callable[[SimulatedImage], NDArray[np.bool_]]
"""Which pixels of a picture are the relevant region of an exposure index."""


def automatically(
    scene: Scene, relevant: Relevant, *, target_index: float, factor: float = 1.0, fine: tuple[str, ...] = ()
) -> Scene:
    """Return the scene with the tube load that gives ``factor`` times the target exposure index, and its indices.

    Things whose names start with one of ``fine`` are too small for a chamber to see.

    Raises
    ------
    WrongUsage
        Nothing of the object lies in the relevant region.
    """
    one = at_mas(scene, 1.0)
    image = render(_coarse(one, fine))
    index = index_of(one, image, relevant)
    mas = float(f"{target_index * factor / index:.{MAS_DIGITS}g}")
    exposed = at_mas(scene, mas)
    found = index * mas
    words: dict[str, float | str] = {
        "exposure_index": round(found, 1), "target_exposure_index": target_index,
        "deviation_index": round(deviation_index(found, target_index), 2),
    }  # fmt: skip
    return with_words(exposed, **words)


def index_of(scene: Scene, image: SimulatedImage, relevant: Relevant) -> float:
    """Return the exposure index of a picture: of the median value without noise in its relevant region."""
    assert image.expected is not None
    chosen = image.expected[0][relevant(image)]
    if not chosen.size:
        raise WrongUsage("nothing of the object lies in the exposed field, so no exposure can be set")
    return exposure_index(float(np.median(chosen)) / quantity(RECEPTOR, "stored_per_ugy"))


def _coarse(scene: Scene, fine: tuple[str, ...]) -> Scene:
    detector = scene.detector
    pitch = detector.pitch_mm * detector.columns / COARSE_PX
    small = dataclasses.replace(
        detector, rows=COARSE_PX, columns=COARSE_PX, pitch_mm=pitch, blur_mm=0.0, fixed_pattern_percent=0.0,
        electronic_noise_stored=0.0, bits=16, bad_pixels=0,
    )  # fmt: skip
    things = tuple(
        dataclasses.replace(thing, label="", group="") for thing in scene.things if not thing.name.startswith(fine)
    )
    geometry = dataclasses.replace(scene.geometry, subpixels=1)
    return dataclasses.replace(scene, detector=small, things=things, geometry=geometry)


def behind(image: SimulatedImage, *, least_mm: float, materials: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return where at least so much of the materials lies in the beam, no lead or metal, and the field is open."""
    shape = image.image.pixels.shape[1:]
    body = sum((image.thickness_mm.get(name, np.zeros(shape)) for name in materials), np.zeros(shape))
    dense = np.zeros(shape, dtype=bool)
    for name, values in image.thickness_mm.items():
        if name in METALS:
            dense |= values > 0
    result: NDArray[np.bool_] = (body >= least_mm) & ~dense
    return result


METALS = ("lead", "stainless steel 316", "titanium", "brass", "gold", "steel", "barium sulphate", "tungsten")
"""What shades a field or is no part of a body: not relevant to an exposure."""


def collimator(field_mm: tuple[float, float, float, float], *, source_object_mm: float) -> list[Thing]:
    """Return four plates of lead near the source that leave (left, right, top, bottom) open in the plane of z = 0."""
    left, right, top, bottom = (edge * COLLIMATOR_SHARE for edge in field_mm)
    wide = WIDEST_MM * COLLIMATOR_SHARE
    plates = {
        "left": (-wide, left, -wide, wide), "right": (right, wide, -wide, wide),
        "top": (left, right, -wide, top), "bottom": (left, right, bottom, wide),
    }  # fmt: skip
    things = []
    for name, (x0, x1, y0, y1) in plates.items():
        box = Box((round(x1 - x0, 4), round(y1 - y0, 4), LEAD_MM))
        at = (round((x0 + x1) / 2.0, 4), round((y0 + y1) / 2.0, 4), round(source_object_mm * (1 - COLLIMATOR_SHARE), 4))
        things.append(Thing(f"collimator-{name}", box, "lead", at))
    return things


COLLIMATOR_SHARE = 0.3
"""Where the collimator stands between source and object."""
WIDEST_MM = 600.0
LEAD_MM = 3.0
