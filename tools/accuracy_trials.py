"""Trials of every measurement on pictures whose truth is known: what is swept, and the error of each trial."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import detectors
import gauge_pictures as gauges
from kerma.science.imaging.image import Image
from kerma.science.measure import run
from kerma.science.simulate import SCENES

Error = float | None
"""Error of one trial; None where the measurement said that it cannot be made."""
PLACE = (20, 20, 960, 960)
SEEN_AT = 5.0
"""A detail is seen from this detectability (Rose)."""


@dataclass(frozen=True)
class Trials:
    """One quantity of a measurement: its unit of error, what is swept, and how far a trial may be off."""

    measurement: str
    quantity: str
    unit: str
    tolerance: float
    swept: str
    errors: Callable[[], Iterator[Error]]


def value(name: str, key: str, *images: Image, **options: Any) -> Any:
    """Return one value of a measurement, or None where it is not measurable."""
    return getattr(run(name, *images, **options), "values", {}).get(key)


def percent(found: float | None, truth: float) -> Error:
    """Return the error of a value in percent of the truth."""
    return None if found is None else 100.0 * (found / truth - 1.0)


def flats(snr: float, blur_px: float, seed: int) -> Image:
    """Return the simulated open beam of exact SNR: behind a plate slanting rays would shade it by a thousandth."""
    return SCENES["flat"].build(seed, size_px=1000, snr=snr, blur_px=blur_px, thickness_mm=0)[0].image


def snr(key: str) -> Iterator[Error]:
    """Simulated open beams, one of the estimators."""
    for level, blur_px, seed in product((30, 100, 300), (0.0, 0.5, 1.0, 2.0), (1, 2)):
        yield percent(value("snr", key, flats(level, blur_px, seed), region=PLACE), level)


def snr_n() -> Iterator[Error]:
    """As SNR, with the basic spatial resolution given."""
    for level, srb_um, blur_px in product((50, 200), (50.0, 88.6, 130.0), (0.0, 1.0)):
        found = value("snr_n", "snr_n", flats(level, blur_px, 3), region=PLACE, srb_um=srb_um)
        yield percent(found, level * 88.6 / srb_um)


def cnr() -> Iterator[Error]:
    """A field against its background."""
    for level, contrast, seed in product((50, 200), (0.02, 0.1, 0.4), (1, 2, 3)):
        random = np.random.default_rng(seed)
        grey = np.full((240, 480), 20_000.0)
        grey[:, 240:] *= 1 + contrast
        image = detectors.image(detectors.counts(grey + random.normal(0, 20_000 / level, grey.shape)))
        found = value("cnr", "cnr", image, region=(10, 260, 220, 200), background=(10, 20, 220, 200))
        yield percent(found, contrast * level)


def contrast_sensitivity() -> Iterator[Error]:
    """A recess of known depth."""
    for level, depth, seed in product((60, 150, 400), (1.0, 2.0, 4.0), (1, 2)):
        grey = np.full((160, 320), 30_000.0)
        grey[:, :160] *= np.exp(0.02 * depth)
        grey += np.random.default_rng(seed).normal(0, 30_000 / level, grey.shape)
        places = {"region": (10, 10, 140, 140), "background": (10, 170, 140, 140)}
        image = gauges.image(grey, 0.1)
        found = value(
            "contrast_sensitivity", "contrast_sensitivity_percent", image, recess_percent=depth, **places
        )
        yield percent(found, depth / (level * np.expm1(0.02 * depth)))


def duplex() -> Iterator[Error]:
    """Gauges by formula, Gaussian blur."""
    for srb_mm in (0.08, 0.13, 0.2, 0.28):
        seen = gauges.Blur(gauss_mm=0.68 * srb_mm, pixel_mm=0.1)
        profile, truth = gauges.duplex_profile(seen), gauges.exact_srb_um(seen)
        for level, tilt_deg in product((70, 250), (-4, 1, 3)):
            contrast = 0.15 if tilt_deg == 1 else 0.5
            grey = gauges.duplex_picture(profile[:2], 0.1, snr=level, tilt_deg=tilt_deg, contrast=contrast, seed=level)
            yield percent(value("duplex", "isrb_um", gauges.image(grey, 0.1)), truth)


def wire_iqi() -> Iterator[Error]:
    """Sets of wires by formula; error in wires."""
    for level, tilt_deg, seed in product((80, 140, 240), (0.0, 2.0, 4.0), (1, 2)):
        grey, ideal = gauges.wire_picture(13, 0.1, snr=level, tilt_deg=tilt_deg, seed=seed, attenuation_mm=0.06)
        found = value("wire_iqi", "thinnest_wire", gauges.image(grey, 0.1), wires="W13-W19")
        truth = 12 + int(np.count_nonzero(np.cumprod(ideal >= SEEN_AT)))
        yield None if found is None else float(int(str(found)[1:]) - truth)


def hole_iqi() -> Iterator[Error]:
    """Rows of holes by formula; error in holes."""
    diameters = (2.0, 1.25, 0.8, 0.5, 0.32)
    for level, contrast, seed in product((30, 60, 110), (0.015, 0.03, 0.06), (1, 2)):
        grey, ideal = gauges.hole_picture(diameters, 0.1, contrast=contrast, snr=level, seed=seed)
        text = ",".join(f"{each:g}" for each in diameters)
        found = value("hole_iqi", "detectabilities", gauges.image(grey, 0.1), region=(0, 0, *grey.shape), holes=text)
        truth = int(np.count_nonzero(np.cumprod(ideal >= SEEN_AT)))
        yield None if found is None else float(np.count_nonzero(np.cumprod(np.array(found) >= SEEN_AT)) - truth)


def line_pairs() -> Iterator[Error]:
    """Modulation of each group, in hundredths."""
    frequency = np.array([1.0, 1.6, 2.5, 4.0, 6.3])
    for blur_mm, level in product((0.04, 0.06, 0.08), (60, 200)):
        grey = gauges.line_pair_picture(tuple(frequency.tolist()), 0.05, blur_mm, snr=level, seed=level)
        text = ",".join(f"{each:g}" for each in frequency)
        result = run("line_pairs", gauges.image(grey, 0.05), frequencies=text)
        if not hasattr(result, "values"):
            yield None
            continue
        place = np.array(result.values["frequencies_lp_mm"])
        truth = 100 * np.exp(-2 * (np.pi * place * blur_mm) ** 2) * np.sinc(place * 0.05)
        yield from (np.array(result.values["modulations_percent"]) - truth).tolist()


def mtf() -> Iterator[Error]:
    """Largest error up to the Nyquist frequency, with its sign."""
    for tilt_deg, blur_px, level in product((1.5, 2.5, 6.0), (0.3, 0.8, 1.6), (50, 100, 300)):
        image = detectors.image(detectors.edge((400, 300), tilt_deg=tilt_deg, sigma_px=blur_px, snr=level, seed=level))
        result = run("mtf", image)
        if not hasattr(result, "values"):
            yield None
            continue
        frequency = np.array(result.values["frequency_lp_px"])[:51]
        error = np.array(result.values["mtf"])[:51] - detectors.edge_mtf(frequency, tilt_deg=tilt_deg, sigma_px=blur_px)
        yield float(error[np.argmax(np.abs(error))])


def nps() -> Iterator[Error]:
    """White noise: the integral of the spectrum is the variance."""
    for spread, seed in product((10.0, 50.0, 200.0), (1, 2, 3)):
        noise = 9_000 + np.random.default_rng(seed).normal(0, spread, (4, 512, 512))
        yield percent(value("nps", "integral_stored2", detectors.image(noise)), spread**2)


def dqe() -> Iterator[Error]:
    """Quanta thinned out at random: the share seen is the DQE at frequency 0."""
    quanta = 3000.0
    mean = detectors.edge((1200, 240), tilt_deg=2.5, sigma_px=0.01, snr=0, contrast=0.8, level=quanta)
    for share, seed in product((0.25, 0.6, 1.0), (1, 2)):
        random = np.random.default_rng(seed)
        seen = [
            detectors.image(random.binomial(random.poisson(part), share).astype(float))
            for part in (mean, np.full((8, 512, 512), quanta))
        ]
        found = value("dqe", "dqe_at_0", *seen, air_kerma_ugy=quanta / detectors.PITCH_MM**2 / 29_653)
        yield percent(found, share)


def uniformity() -> Iterator[Error]:
    """Linear shading over the field, from the first block of 40 columns to the last, in percent of the mean."""
    for planted, seed in product((1.0, 4.0, 10.0), (1, 2)):
        pixels = 10_000 + np.random.default_rng(seed).normal(0, 60, (480, 600))
        pixels *= 1 + planted / 100 * np.linspace(-1, 1, 600)
        found = value("uniformity", "shading_percent", detectors.image(pixels), block_px=40)
        yield None if found is None else found - 2 * planted * (1 - 40 / 600)


def lag() -> Iterator[Error]:
    """Residual signal of the first frame, in percent of the exposure."""
    for planted, seed in product((0.2, 1.0, 5.0), (1, 2)):
        random = np.random.default_rng(seed)
        frames = [random.normal(500 + 200 * level, 20, (120, 120)) for level in (100, 100, 100, planted, planted / 2)]
        darks = detectors.image(random.normal(500, 20, (8, 120, 120)))
        found = value("lag", "lag_first_frame_percent", detectors.image(np.stack(frames)), darks, frame_time_s=1)
        yield None if found is None else found - planted


def ghosting() -> Iterator[Error]:
    """Burn-in of a field, in percent."""
    for planted, seed in product((0.0, 0.5, 2.0, -1.0), (1, 2, 3)):
        before, after = np.random.default_rng(seed).normal(20_000, 150, (2, 150, 180))
        after = 1.2 * after
        after[60:100, 80:120] *= 1 + planted / 100
        images = detectors.image(before), detectors.image(after)
        found = value("ghosting", "burn_in_percent", *images, region=(60, 80, 40, 40))
        yield None if found is None else found - planted


def drift() -> Iterator[Error]:
    """Drift of the gain, in percent."""
    for planted, seed in product((0.5, 2.0, 5.0), (1, 2)):
        random = np.random.default_rng(seed)
        gain = 1 + random.normal(0, 0.02, (120, 150))
        darks = detectors.image(random.normal(500, 5, (4, 120, 150)))
        first, later = (
            detectors.image(500 + 20_000 * gain * factor + random.normal(0, 30, (8, 120, 150)))
            for factor in (1.0, 1 + planted / 100)
        )
        found = value("drift", "gain_percent", darks, first, darks, later)
        yield None if found is None else found - planted


def bad_pixels() -> Iterator[Error]:
    """Planted faults of simulated panels: dead, over, under, noisy, clusters; error in pixels or clusters."""
    for number, seed in product((4, 12, 20), (1, 2)):
        flat, dark = SCENES["flats-darks"].build(seed, bad_pixels=number)
        result = run("bad_pixels", flat.image, dark.image)
        planted = {**flat.truth["bad_pixels"], "clusters": flat.truth["clusters"], "lines": flat.truth["lines"]}
        for name, count in planted.items():
            yield float(result.values[name] - count)


def focal_spot() -> Iterator[Error]:
    """Gaussian focal spots at a magnification of 2."""
    shape, blur = (500, 240), 0.6
    contact = detectors.image(detectors.edge(shape, tilt_deg=2.5, sigma_px=blur, snr=150))
    for width_mm, seed in product((0.3, 0.6, 1.2), (2, 3, 4)):
        sigma = float(np.hypot(blur, width_mm / 2.3548 / detectors.PITCH_MM))
        edge = detectors.image(detectors.edge(shape, tilt_deg=2.5, sigma_px=sigma, snr=150, seed=seed))
        yield percent(value("focal_spot", "gaussian_fwhm_mm", edge, contact, magnification=2.0), width_mm)


def saturation() -> Iterator[Error]:
    """Share of clipped pixels, in percent of all."""
    for share, seed in product((0.0, 0.001, 0.05, 0.4), (1, 2)):
        random = np.random.default_rng(seed)
        pixels = random.integers(5_000, 60_000, (300, 300)).astype(np.uint16)
        clipped = random.random(pixels.shape) < share
        pixels[clipped] = 65_535
        yield value("saturation", "saturated_percent", detectors.image(pixels)) - 100 * float(clipped.mean())


TRIALS = (
    Trials("snr", "SNR", "%", 1.0, "SNR 30–300, blur 0–2 px, simulated", lambda: snr("snr")),
    Trials("snr", "SNR of all pixels", "%", 1.0, "SNR 30–300, blur 0–2 px, simulated", lambda: snr("snr_region")),
    Trials("snr", "SNR by lines, raw", "%", 1.0, "SNR 30–300, blur 0–2 px, simulated", lambda: snr("snr_line_median")),
    Trials("snr_n", "normalized SNR", "%", 1.0, "SNR 50–200, SRb 50–130 µm, simulated", snr_n),
    Trials("cnr", "CNR", "%", 5.0, "SNR 50–200, contrast 2–40 %", cnr),
    Trials("contrast_sensitivity", "contrast sensitivity", "%", 5.0, "SNR 60–400, recess 1–4 %", contrast_sensitivity),
    Trials("duplex", "basic spatial resolution", "%", 5.0, "SRb 80–280 µm, SNR 70–250, tilt −4–3°", duplex),
    Trials("wire_iqi", "thinnest wire", "wires", 1.0, "SNR 80–240, tilt 0–4°, ideal observer", wire_iqi),
    Trials("hole_iqi", "smallest hole", "holes", 1.0, "SNR 30–110, contrast 1.5–6 %, ideal observer", hole_iqi),
    Trials("line_pairs", "modulation", "points of 100", 3.0, "blur 40–80 µm, SNR 60–200, 1–6.3 lp/mm", line_pairs),
    Trials("mtf", "MTF up to Nyquist", "of 1", 0.02, "tilt 1.5–6°, blur 0.3–1.6 px, SNR 50–300", mtf),
    Trials("nps", "integral of the noise power", "%", 1.0, "noise 10–200 stored, white", nps),
    Trials("dqe", "DQE at 0", "%", 3.0, "25–100 % of the quanta seen", dqe),
    Trials("uniformity", "shading", "% of the mean", 0.3, "shading 1–10 %", uniformity),
    Trials("lag", "lag of the first frame", "% of the signal", 0.02, "lag 0.2–5 %", lag),
    Trials("ghosting", "burn-in", "% of the signal", 0.1, "burn-in −1–2 %", ghosting),
    Trials("drift", "drift of the gain", "% of the gain", 0.05, "drift 0.5–5 %", drift),
    Trials("bad_pixels", "bad pixels, clusters", "counts", 1.0, "6 panels, 4–20 of each, simulated", bad_pixels),
    Trials("focal_spot", "size of the focal spot", "%", 5.0, "0.3–1.2 mm at magnification 2, SNR 150", focal_spot),
    Trials("saturation", "share saturated", "% of the pixels", 1e-9, "0–40 % clipped", saturation),
)  # fmt: skip
