"""Thickness maps to the signal and variance of one energy channel, without blur and noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kerma.science.bands import over_rows
from kerma.science.simulate.beam import Beam, attenuation_of
from kerma.science.simulate.composition import Matter

Field = NDArray[np.float64]
TABLE_POINTS = 2048
TABLED_PIXELS = 20000
"""Fewer pixels than this of one material are summed without a table."""


class Attenuator:
    """One beam through any materials: the coefficients are looked up once."""

    def __init__(self, beam: Beam) -> None:
        """Take the beam; signal is given as a share of the open beam's."""
        self.beam = beam
        open_beam = 0.0
        for weight in beam.signal_weights.tolist():
            open_beam += weight
        self.weights = np.ascontiguousarray(np.stack([beam.signal_weights, beam.variance_weights]) / open_beam)
        self._coefficients: dict[Matter, Field] = {}

    def coefficients(self, matter: Matter) -> Field:
        """Return the linear attenuation of a material in 1/mm at the beam's energies."""
        if matter not in self._coefficients:
            self._coefficients[matter] = attenuation_of(matter[0], self.beam.energies_kev, matter[1])
        return self._coefficients[matter]

    def behind(self, thickness_mm: Mapping[Matter, Field]) -> tuple[Field, Field]:
        """Return signal and variance behind maps of thickness, all of one shape.

        Where one material lies in the beam alone a table answers (relative error below 1e-9), elsewhere the sum over
        all energies is computed.
        """
        if not thickness_mm:
            signal, variance = self._summed([], np.zeros((0, 1)))
            return signal, variance
        matters = list(thickness_mm)
        shape = thickness_mm[matters[0]].shape
        lengths = np.stack([thickness_mm[matter].ravel() for matter in matters])
        out = np.zeros((2, lengths.shape[1]))
        present = lengths > 0.0
        layers = present.sum(axis=0)
        bare = np.flatnonzero(layers == 0)
        if bare.size:
            out[:, bare] = self._summed([], np.zeros((0, 1)))
        for number, matter in enumerate(matters):
            alone = np.flatnonzero((layers == 1) & present[number])
            if alone.size:
                solve = self._tabled if alone.size > TABLED_PIXELS else self._summed_one
                out[:, alone] = solve(matter, lengths[number, alone])
        self._mixed(matters, lengths, present, out)
        return out[0].reshape(shape), out[1].reshape(shape)

    def at(self, thickness_mm: Mapping[str, float]) -> tuple[float, float]:
        """Return signal and variance behind one stack of plates."""
        maps: dict[Matter, Field] = {(name, None): np.array([value]) for name, value in thickness_mm.items()}
        signal, variance = self.behind(maps)
        return float(signal[0]), float(variance[0])

    def _mixed(self, matters: list[Matter], lengths: Field, present: NDArray[np.bool_], out: Field) -> None:
        """Sum where several materials overlap, group by group of the same materials."""
        layers = present.sum(axis=0)
        places = np.flatnonzero(layers > 1)
        if not places.size:
            return
        code = np.zeros(places.size, dtype=np.uint64)
        for number in range(len(matters)):
            code = code * np.uint64(6364136223846793005) + present[number, places].astype(np.uint64) + np.uint64(1)
        for each in np.unique(code):
            group = places[code == each]
            used = np.flatnonzero(present[:, group[0]])
            out[:, group] = self._summed([matters[i] for i in used], lengths[np.ix_(used, group)])

    def _summed_one(self, matter: Matter, length: Field) -> Field:
        return self._summed([matter], length[None])

    def _summed(self, matters: list[Matter], lengths: Field) -> Field:
        from kerma.science.simulate.exposure_kernels import CHUNK, attenuate

        mu = np.array([self.coefficients(matter) for matter in matters]).reshape(len(matters), self.weights.shape[1])
        pixels = lengths.shape[1]
        out = np.zeros((2, pixels))

        def work(band: tuple[int, int]) -> None:
            for chunk in range(band[0], band[1]):
                attenuate(mu, self.weights, lengths, out, (chunk * CHUNK, min((chunk + 1) * CHUNK, pixels)))

        over_rows(-(-pixels // CHUNK), work)
        return out

    def _tabled(self, matter: Matter, length: Field) -> Field:
        from kerma.science.simulate.exposure_kernels import CHUNK, from_table

        table, step_mm = self._table(matter, float(length.max()))
        pixels = length.shape[0]
        out = np.empty((2, pixels))

        def work(band: tuple[int, int]) -> None:
            from_table(table, step_mm, length, out, (band[0] * CHUNK, min(band[1] * CHUNK, pixels)))

        over_rows(-(-pixels // CHUNK), work)
        return out

    def _table(self, matter: Matter, longest_mm: float) -> tuple[Field, float]:
        """Return log signal, its slope, variance over signal, and that slope, at equal steps of thickness."""
        from kerma.science.simulate.exposure_kernels import logarithms

        points: Field = np.arange(TABLE_POINTS, dtype=np.float64) * (longest_mm / (TABLE_POINTS - 1))
        signal, variance = self._summed_one(matter, points)
        slopes = self._slopes(matter, points)
        log_signal = np.empty((1, TABLE_POINTS))
        logarithms(signal[None], log_signal, (0, 1))
        ratio = variance / signal
        rows = [log_signal[0], slopes[0] / signal, ratio, slopes[1] / signal - ratio * slopes[0] / signal]
        return np.ascontiguousarray(np.stack(rows)), longest_mm / (TABLE_POINTS - 1)

    def _slopes(self, matter: Matter, points: Field) -> Field:
        from kerma.science.simulate.exposure_kernels import attenuate

        mu = self.coefficients(matter)[None]
        out = np.zeros((2, points.size))
        attenuate(mu, np.ascontiguousarray(-self.weights * mu), points[None], out, (0, points.size))
        return out
