"""What a measurement should find in a scene without noise, from the document alone: places, SNR, MTF, duplex dips."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.composition import Matter
from kerma.science.simulate.document import Channel, Point, Scene, Source
from kerma.science.simulate.response import exposure_for, gaussian, white_share
from kerma.science.simulate.view import magnification, projected, rays_of
from kerma.standards import table

Field = NDArray[np.float64]
FWHM = 2.3548200450309493
STEPS = 60


def places(scene: Scene, points_mm: list[Point]) -> list[tuple[float, float]]:
    """Return where points are drawn: row and column of the first view, pixel centres being whole numbers."""
    rays = rays_of(scene.geometry, scene.detector, 0)
    row, column, _ = projected(rays, np.array(points_mm, dtype=np.float64))
    return [(round(float(r), 4), round(float(c), 4)) for r, c in zip(row, column, strict=True)]


def blur_sigma_mm(scene: Scene) -> float:
    """Return the standard deviation of all Gaussian blur in the object's plane: detector and focal spot."""
    enlarged = magnification(scene.geometry)
    focal = scene.source.focal_spot_mm * (enlarged - 1.0) / FWHM
    return math.hypot(scene.detector.blur_mm, focal) / enlarged


def pixel_mm(scene: Scene) -> float:
    """Return the pixel in the object's plane."""
    return scene.detector.pitch_mm / magnification(scene.geometry)


def kernel(scene: Scene) -> Field:
    """Return the weights of the blur on the pixels of a line, focal spot and detector together, the middle one amid.

    Sampled at whole pixels a narrow Gaussian is none beyond the Nyquist frequency: what a measurement that samples
    more finely finds there is the transform of these weights.
    """
    focal_px = scene.source.focal_spot_mm * (magnification(scene.geometry) - 1.0) / scene.detector.pitch_mm / FWHM
    weights = np.ones(1)
    for sigma_px in (focal_px, scene.detector.blur_mm / scene.detector.pitch_mm):
        if sigma_px > 0:
            half = gaussian(sigma_px)
            weights = np.convolve(weights, np.concatenate([half[:0:-1], half]))
    return weights


def mtf(scene: Scene, frequency_lp_mm: float) -> float:
    """Return the MTF of blur and pixel at a frequency in the object's plane."""
    weights, pixel = kernel(scene), pixel_mm(scene)
    places = np.arange(weights.size) - weights.size // 2
    blur = float((weights * np.cos(2.0 * math.pi * frequency_lp_mm * pixel * places)).sum())
    return abs(blur * float(np.sinc(frequency_lp_mm * pixel)))


def frequency_at(scene: Scene, level: float) -> float:
    """Return the lowest frequency in lp/mm where the MTF has fallen to a level."""
    step = 0.002 / pixel_mm(scene)
    first = next(number for number in range(1, 501) if mtf(scene, number * step) <= level)
    return _bisected(lambda frequency: level - mtf(scene, frequency), (first - 1) * step, first * step)


def snr_behind(scene: Scene, layers_mm: Mapping[str, float]) -> float:
    """Return the SNR of the picture behind layers, without scatter; infinite where there is no noise."""
    channel, detector = scene.detector.channels[0], scene.detector
    attenuator = Attenuator(beam_of(scene.source, channel))
    exposure = exposure_for(channel, detector, attenuator.at(detector.reference_mm))
    signal, variance = attenuator.at(layers_mm)
    share = white_share(detector.blur_mm / detector.pitch_mm)
    noise = variance / exposure.quanta * share**2 if exposure.is_noisy else 0.0
    noise += (detector.electronic_noise_stored / exposure.stored_per_signal) ** 2
    noise += (detector.fixed_pattern_percent / 100.0 * signal) ** 2
    return signal / math.sqrt(noise) if noise > 0 else math.inf


def share_behind(source: Source, layers_mm: Mapping[str, float]) -> float:
    """Return the signal of an ordinary channel behind layers as a share of the open beam's."""
    return Attenuator(beam_of(source, Channel())).at(layers_mm)[0]


def stored_behind(scene: Scene, layers_mm: Mapping[str, float]) -> float:
    """Return the mean stored value behind layers, without scatter."""
    channel = scene.detector.channels[0]
    attenuator = Attenuator(beam_of(scene.source, channel))
    reference = attenuator.at(scene.detector.reference_mm)[0]
    return attenuator.at(layers_mm)[0] / reference * channel.reference_stored


def dip_percent(scene: Scene, diameter_mm: float, *, wire: str, layers_mm: Mapping[str, float]) -> float:
    """Return the dip of a duplex pair of any diameter in grey values: 0 where its wires have run together."""
    return _dip(_optics(scene, wire, layers_mm), diameter_mm)


def isrb_mm(scene: Scene, *, wire: str, layers_mm: Mapping[str, float]) -> float:
    """Return the wire diameter whose dip is just the limit of the reading, with all blur and the pixel."""
    optics = _optics(scene, wire, layers_mm)
    return _bisected(lambda diameter: _dip(optics, diameter) - dip_limit_percent(), 0.005, 2.0)


def dip_limit_percent() -> float:
    """Return the dip below which a duplex pair is not resolved."""
    rows = table("iso_19232-5/reading")
    return next(float(row["value"]) for row in rows if row["quantity"] == "dip_limit_percent")


Optics = tuple[Callable[[Field], Field], float, float]
"""Depth of the signal behind a chord of wire, the blur's standard deviation, and the pixel."""


def _optics(scene: Scene, wire: str, layers_mm: Mapping[str, float]) -> Optics:
    attenuator = Attenuator(beam_of(scene.source, scene.detector.channels[0]))
    open_signal = attenuator.at(layers_mm)[0]

    def depth(chord_mm: Field) -> Field:
        maps: dict[Matter, Field] = {(name, None): np.full(chord_mm.shape, mm) for name, mm in layers_mm.items()}
        maps[(wire, None)] = chord_mm
        signal, _ = attenuator.behind(maps)
        result: Field = 1.0 - signal / open_signal
        return result

    return depth, blur_sigma_mm(scene), pixel_mm(scene)


def _dip(optics: Optics, diameter_mm: float) -> float:
    depth, sigma, pixel = optics
    step = min(diameter_mm, pixel) / STEPS
    reach = int(5.0 * sigma / step) + 1
    count = int((1.5 * diameter_mm + pixel) / step) + 1 + reach
    x = np.arange(-count, count + 1) * step
    chord = 2.0 * np.sqrt(np.maximum(0.0, (diameter_mm / 2.0) ** 2 - (np.abs(x) - diameter_mm) ** 2))
    # The engine takes the mean chord of a pixel through the attenuation.
    profile = depth(_meaned(chord, pixel / step))
    if sigma > 0:
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
        profile = np.convolve(profile, weights / weights.sum(), mode="same")
    middle = profile[count]
    sides = profile[:count].max() + profile[count + 1 :].max()
    return float(max(0.0, 100.0 * (sides - 2.0 * middle) / sides))


def _meaned(values: Field, width: float) -> Field:
    """Return the running mean over a width in samples, exact for any width."""
    if width <= 1.0:
        return values
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(values.size) + 0.5
    places = np.arange(total.size)
    high, low = np.interp(at + width / 2.0, places, total), np.interp(at - width / 2.0, places, total)
    result: Field = (high - low) / width
    return result


def _bisected(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return 0.5 * (low + high)
