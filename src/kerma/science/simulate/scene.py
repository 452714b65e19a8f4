"""From a part with flaws to a labelled picture: the last steps every scene shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.results import Box, By, Finding
from kerma.science.simulate.beam import Beam
from kerma.science.simulate.exposure import Detector, Field, attenuated, exposed, noise_share, quanta
from kerma.science.simulate.flaws import Flaw
from kerma.standards import table

SIMULATOR_VERSION = "1"
BY = By("algorithm", "simulator", SIMULATOR_VERSION)


@dataclass(frozen=True)
class SimulatedImage:
    """A picture with the truth about it.

    ``labels`` has shape (row, column): 0 is sound, n marks the pixels of the n-th finding. ``truth`` holds what was
    set (beam, SNR, blur, thickness) and is what ``truth.json`` prints beside the findings.
    """

    image: Image
    findings: tuple[Finding, ...]
    labels: NDArray[np.uint16]
    truth: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of the truth; the findings have the form of DESIGN 7."""
        return {**self.truth, "findings": [finding.as_json() for finding in self.findings]}


@dataclass(frozen=True)
class Part:
    """What stands in the beam: thickness maps by material, of which the first is the part's own, and its flaws."""

    thickness_mm: Mapping[str, Field]
    flaws: Sequence[Flaw] = ()

    @property
    def own(self) -> str:
        """The part's own material."""
        return next(iter(self.thickness_mm))

    def with_flaws(self) -> dict[str, Field]:
        """Return the thickness maps with every flaw in place; a flaw is never thicker than the part."""
        maps = {name: values.copy() for name, values in self.thickness_mm.items()}
        own = maps[self.own]
        for flaw in self.flaws:
            here = _inside(flaw, own)
            depth = np.minimum(flaw.patch_mm, here) if flaw.displaces else flaw.patch_mm
            if flaw.displaces:
                own[flaw.slices] = here - depth
            if flaw.material is not None:
                added = maps.setdefault(flaw.material, np.zeros_like(own))
                added[flaw.slices] += depth
        return maps


def _inside(flaw: Flaw, own: Field) -> Field:
    here = own[flaw.slices]
    if here.shape != flaw.patch_mm.shape:
        raise ValueError(f"the flaw '{flaw.label}' at row {flaw.row}, column {flaw.column} leaves the picture")
    return here


def picture(
    part: Part,
    beam: Beam,
    detector: Detector,
    *,
    reference_mm: Mapping[str, float],
    generator: np.random.Generator,
) -> tuple[NDArray[np.uint16], tuple[Finding, ...], NDArray[np.uint16]]:
    """Expose a part once; return the stored pixels, its true findings and the label picture."""
    signal, variance = attenuated(beam, part.with_flaws())
    point = attenuated(beam, {name: np.array([[mm]]) for name, mm in reference_mm.items()})
    reference = float(point[0][0, 0]), float(point[1][0, 0])
    stored = exposed(signal, variance, detector, reference, generator)
    findings, labels = truth_of(part, (signal, variance), beam, detector, reference)
    return stored, findings, labels


def truth_of(
    part: Part, exposed_to: tuple[Field, Field], beam: Beam, detector: Detector, reference: tuple[float, float]
) -> tuple[tuple[Finding, ...], NDArray[np.uint16]]:
    """Return the true findings of a part and its label picture, from the noise-free signal and variance behind it.

    Visibility is told against the noise of the sound part, as an observer without a flaw before him has it.
    """
    sound = attenuated(beam, part.thickness_mm) if part.flaws else exposed_to
    return _truth(part, _Noise(exposed_to[0], sound[0], sound[1] / quanta(detector, reference), detector))


@dataclass(frozen=True)
class _Noise:
    """The noise-free pictures with and without flaws, and the white noise's variance before the detector's blur."""

    signal: Field
    sound: Field
    variance: Field
    detector: Detector


def _truth(part: Part, noise: _Noise) -> tuple[tuple[Finding, ...], NDArray[np.uint16]]:
    labels = np.zeros(noise.signal.shape, dtype=np.uint16)
    numbers = {row["label"]: row["number"] for row in table("iso_6520-1/imperfections")}
    findings = []
    for number, flaw in enumerate(part.flaws, start=1):
        mask = flaw.patch_mm > 0
        labels[flaw.slices][mask] = number
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = Box(
            float(flaw.row + rows[0]), float(flaw.column + columns[0]),
            float(rows[-1] - rows[0] + 1), float(columns[-1] - columns[0] + 1),
        )
        measurements = flaw.measurements | _visibility(flaw, mask, noise)
        code = numbers.get(flaw.label, "")
        findings.append(Finding(f"T{number}", code, flaw.label, box, BY, measurements=measurements))
    return tuple(findings), labels


def _visibility(flaw: Flaw, mask: NDArray[np.bool_], noise: _Noise) -> dict[str, float]:
    """Return contrast-to-noise ratio as it is seen in the picture, and detectability as an ideal observer has it.

    Detectability is that of a matched filter on the white noise before the detector's blur, which a known blur
    neither raises nor lowers.
    """
    difference = (noise.signal[flaw.slices] - noise.sound[flaw.slices])[mask]
    spread = np.sqrt(noise.variance[flaw.slices][mask])
    seen = spread * noise_share(noise.detector.blur_px)
    return {
        "cnr": float(abs(difference.mean()) / seen.mean()),
        "detectability": float(np.sqrt(((difference / spread) ** 2).sum())),
    }


