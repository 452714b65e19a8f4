"""A scene document to a picture with its truth: the whole chain, in nature's order.

Rays → thickness of every material → attenuation per energy → scatter → focal-spot blur → quantum noise → detector blur
→ gain, fixed pattern, electronic noise, bad pixels, lag → stored values. The same scene and seed give the same bytes on
any machine and any number of cores.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import GreyScale, Image, Spacing
from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.composition import Composition, composed
from kerma.science.simulate.document import VERSION, Channel, Scene
from kerma.science.simulate.film_look import developed
from kerma.science.simulate.ground_truth import Groups, Seen, findings_of, groups_of
from kerma.science.simulate.resolution import basic_resolution_um
from kerma.science.simulate.response import (
    bad_pixel_map,
    blurred,
    counted_of,
    exposure_for,
    key_of,
    stored_of,
    white_share,
    with_bad_pixels,
    with_scatter,
)  # fmt: skip
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.view import magnification, rays_of

Field = NDArray[np.float64]
MOST_PIXELS = 64_000_000
STREAMS = {"quanta": 1, "electronic": 2, "pattern": 3, "bad": 4, "grain": 5}


@dataclass(frozen=True)
class _View:
    """What one view makes of the scene before noise: composition, and each channel as the detector meets it."""

    number: int
    composition: Composition
    channels: tuple[Seen, ...]


def render(scene: Scene, *, view: int = 0, folder: Path | None = None) -> SimulatedImage:
    """Return one view of a scene: a plane per energy channel, with its truth.

    Parameters
    ----------
    scene : the document
    view : which of ``geometry.angles_deg``, counted from 0
    folder : where the files of meshes lie

    Raises
    ------
    WrongUsage
        The scene cannot be: the message names the thing and what to do.
    NotFound
        A material, scintillator or relief that is not known.
    """
    _check(scene)
    seen = _seen(scene, view, folder)
    previous = _seen(scene, view - 1, folder) if scene.detector.lag_percent > 0 and view > 0 else None
    return _pictured(scene, seen, previous, groups_of(scene))


def exposed(scene: Scene, composition: Composition, groups: Groups) -> SimulatedImage:
    """Return the picture of thickness maps that were drawn, not cast; the scene says how they are exposed.

    Parameters
    ----------
    scene : source, detector and geometry; its things are not looked at
    composition : what lies in the beam, pixel by pixel of the detector
    groups : which shares of the composition are findings

    Raises
    ------
    WrongUsage, NotFound
        As for :func:`render`.
    """
    _check(scene)
    channels = tuple(_channel(scene, channel, composition) for channel in scene.detector.channels)
    return _pictured(scene, _View(0, composition, channels), None, groups)


def _pictured(scene: Scene, seen: _View, previous: _View | None, groups: Groups) -> SimulatedImage:
    bad = bad_pixel_map(scene.detector, scene.seed)
    planes = [_stored(scene, seen, previous, channel, bad) for channel in range(len(scene.detector.channels))]
    findings, masks, labels = findings_of(groups, scene.detector, seen.composition, seen.channels)
    expected = np.stack([each.signal * each.exposure.stored_per_signal for each in seen.channels])
    thickness: dict[str, Field] = {}
    for (material, _), values in seen.composition.thickness_mm.items():
        thickness[material] = thickness[material] + values if material in thickness else values
    return SimulatedImage(
        _image(scene, np.stack(planes)), findings, labels, _truth(scene, seen), thickness, masks, expected, bad
    )


def noise_free(scene: Scene, *, view: int = 0, folder: Path | None = None) -> Field:
    """Return what the detector meets in one view, without noise, as shares of the open beam: (channel, row, column).

    Attenuation, scatter and focal-spot blur are in it; the detector's own blur, gain and faults are not.
    """
    _check(scene)
    return np.stack([channel.signal for channel in _seen(scene, view, folder).channels])


def render_views(scene: Scene, *, folder: Path | None = None) -> tuple[SimulatedImage, ...]:
    """Return every view of a scene, in the order of its angles."""
    return tuple(render(scene, view=view, folder=folder) for view in range(len(scene.geometry.angles_deg)))


def projections(scene: Scene, *, folder: Path | None = None) -> SimulatedImage:
    """Return all angles of a one-channel scene as planes of one image, for tomography; the truth is the first view's.

    Raises
    ------
    WrongUsage
        A detector with several channels: render its views one by one.
    """
    if len(scene.detector.channels) != 1:
        raise WrongUsage("projections are of one energy channel; render the views of this detector one by one")
    first = render(scene, view=0, folder=folder)
    _check_size(scene, len(scene.geometry.angles_deg))
    planes = [first.image.pixels[0]]
    bad = first.bad_pixels
    assert bad is not None
    before = _seen(scene, 0, folder) if scene.detector.lag_percent > 0 else None
    for view in range(1, len(scene.geometry.angles_deg)):
        seen = _seen(scene, view, folder)
        planes.append(_stored(scene, seen, before, 0, bad))
        before = seen if scene.detector.lag_percent > 0 else None
    image = dataclasses.replace(
        first.image, pixels=np.stack(planes), plane_kind="view",
        plane_labels=tuple(f"{angle:g}°" for angle in scene.geometry.angles_deg),
    )  # fmt: skip
    truth = {**first.truth, "angles_deg": list(scene.geometry.angles_deg)}
    return dataclasses.replace(first, image=image, truth=truth, expected=None)


def _check(scene: Scene) -> None:
    if scene.version != VERSION:
        raise WrongUsage(f"a scene of version {scene.version} is not known; this simulator reads version {VERSION}")
    if not scene.detector.channels:
        raise WrongUsage("a detector needs at least one channel")
    if not 1 <= scene.detector.bits <= 16:
        raise WrongUsage(f"{scene.detector.bits} bits: a detector stores 1 to 16")
    if not 1 <= scene.geometry.subpixels <= 8 or not 1 <= scene.geometry.rays_per_pixel <= 16:
        raise WrongUsage("a pixel has 1 to 8 subpixels, and 1 to 16 rays, along each side")
    _check_size(scene, 1)


def _check_size(scene: Scene, views: int) -> None:
    pixels = scene.detector.rows * scene.detector.columns * scene.geometry.subpixels**2 * views
    if pixels > MOST_PIXELS:
        raise WrongUsage(f"{pixels:,} pixels are more than one picture may have ({MOST_PIXELS:,})")


def _seen(scene: Scene, view: int, folder: Path | None) -> _View:
    rays = rays_of(scene.geometry, scene.detector, view)
    composition = composed(scene, rays, folder)
    parts = scene.geometry.subpixels
    fine = composed(scene, rays.finer(parts), folder) if parts > 1 else composition
    channels = tuple(_channel(scene, channel, fine) for channel in scene.detector.channels)
    return _View(view, composition, channels)


def _channel(scene: Scene, channel: Channel, composition: Composition) -> Seen:
    """Return one channel of a view without noise: attenuation, scatter, focal blur."""
    attenuator = Attenuator(beam_of(scene.source, channel))
    maps = composition.thickness_mm or {("air", None): np.zeros(_fine_shape(scene))}
    signal, variance = (_binned(values, scene.geometry.subpixels) for values in attenuator.behind(maps))
    focal_px = scene.source.focal_spot_mm * (magnification(scene.geometry) - 1.0) / scene.detector.pitch_mm / FWHM
    signal, variance = (
        blurred(with_scatter(each, scene.scatter, scene.detector.pitch_mm), focal_px) for each in (signal, variance)
    )
    whole = scene.scatter.grid_primary_share + scene.scatter.ratio * scene.scatter.grid_scatter_share
    reference = attenuator.at(scene.detector.reference_mm)
    exposure = exposure_for(channel, scene.detector, (reference[0] * whole, reference[1] * whole))
    share = white_share(scene.detector.blur_mm / scene.detector.pitch_mm)
    return Seen(attenuator, exposure, signal, variance, focal_px, share, scene.scatter.grid_primary_share)


FWHM = 2.3548200450309493
"""Width at half height of a Gaussian over its standard deviation; a focal spot's size is that width."""


def _fine_shape(scene: Scene) -> tuple[int, int]:
    return scene.detector.rows * scene.geometry.subpixels, scene.detector.columns * scene.geometry.subpixels


def _binned(values: Field, parts: int) -> Field:
    if parts == 1:
        return values
    total = np.zeros((values.shape[0] // parts, values.shape[1] // parts))
    for i in range(parts):
        for j in range(parts):
            total += values[i::parts, j::parts]
    return total / parts**2


def _stored(
    scene: Scene, seen: _View, previous: _View | None, channel: int, bad: NDArray[np.uint8]
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return the stored values of one channel, with noise and every fault of the detector."""
    stored = _analogue(scene, seen, channel)
    if previous is not None:
        lag = scene.detector.lag_percent / 100.0
        stored = (1.0 - lag) * stored + lag * _analogue(scene, previous, channel)
    highest = float(2**scene.detector.bits - 1)
    stored = with_bad_pixels(stored, bad, highest, _key(scene, "bad", seen.number, channel))
    if scene.film is not None:
        share = stored / scene.detector.channels[channel].reference_stored
        key = _key(scene, "grain", seen.number, channel)
        return developed(share, scene.film, pitch_mm=scene.detector.pitch_mm, key=key)
    whole = np.clip(np.rint(stored), 0.0, highest)
    return whole.astype(np.uint8) if scene.detector.bits <= 8 else whole.astype(np.uint16)


def _analogue(scene: Scene, seen: _View, channel: int) -> Field:
    """Return stored values before lag and rounding."""
    part = seen.channels[channel]
    counts = counted_of(part.signal, part.variance, part.exposure, _key(scene, "quanta", seen.number, channel))

    def keys(stream: str) -> np.uint64:
        return _key(scene, stream, 0 if stream == "pattern" else seen.number, channel)

    return stored_of(counts, part.exposure, scene.detector, keys)


def _key(scene: Scene, stream: str, view: int, channel: int) -> np.uint64:
    return key_of(scene.seed, STREAMS[stream], view, channel)


def _pixel_mm(scene: Scene) -> float:
    """Return a pixel's width in the object's plane, in nine digits: a tenth is a tenth."""
    return float(f"{scene.detector.pitch_mm / magnification(scene.geometry):.9g}")


def _image(scene: Scene, pixels: NDArray[Any]) -> Image:
    geometry, detector = scene.geometry, scene.detector
    across = _pixel_mm(scene)
    down = geometry.belt_step_mm if geometry.kind == "fan" else across
    labels = tuple(channel.label for channel in detector.channels)
    return Image(
        pixels=pixels, bits=scene.film.bits if scene.film else detector.bits,
        meaning="for-presentation" if scene.film else "raw", spacing=Spacing(down, across, "geometry"),
        grey=GreyScale(is_inverse=scene.is_inverse), rises_with_dose=scene.film is None, format="TIFF", modality="DX",
        plane_kind="energy" if len(labels) > 1 else "frame", plane_labels=labels if any(labels) else (),
        description=scene.description, technique=_technique(scene),
    )  # fmt: skip


def _technique(scene: Scene) -> Mapping[str, float | str]:
    known: dict[str, float | str] = {
        "source_detector_mm": scene.geometry.source_detector_mm, "source_object_mm": scene.geometry.source_object_mm,
    }  # fmt: skip
    if scene.source.kind == "tube":
        known["tube_voltage_kv"] = scene.source.tube_voltage_kv
    if scene.source.focal_spot_mm > 0:
        known["focal_spot_mm"] = scene.source.focal_spot_mm
    return known | dict(scene.technique)


def _truth(scene: Scene, seen: _View) -> dict[str, Any]:
    """Return what was set, and what follows from it."""
    detector, source = scene.detector, scene.source
    pixel_mm = _pixel_mm(scene)
    blur_px = math.hypot(detector.blur_mm / detector.pitch_mm, seen.channels[0].focal_px)
    return {
        "scene": scene.name, "seed": scene.seed, "view": seen.number,
        "angle_deg": scene.geometry.angles_deg[seen.number], "version": scene.version,
        "beams": [each.attenuator.beam.label for each in seen.channels],
        "reference_mm": dict(detector.reference_mm), "snr": [channel.snr for channel in detector.channels],
        "reference_stored": [channel.reference_stored for channel in detector.channels],
        **({"tube_voltage_kv": source.tube_voltage_kv} if source.kind == "tube" else {}),
        "srb_um": float(f"{basic_resolution_um(1000.0 * pixel_mm, 1000.0 * pixel_mm * blur_px):.4g}"),
        "pixel_mm": pixel_mm, "magnification": magnification(scene.geometry),
        "blur_sigma_mm": detector.blur_mm, "focal_blur_sigma_px": seen.channels[0].focal_px,
        "outside_picture": list(seen.composition.missing),
        "at_edge_of_picture": sorted(seen.composition.cut),
    }  # fmt: skip
