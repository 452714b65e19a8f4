"""PaDiM: at every place of a part, the mean and the covariance of what good parts answer there.

Defard, Setkov, Loesch and Audigier 2021 (PaDiM). A random choice of channels, the covariance pooled over neighbouring
places and drawn towards that of the whole picture: a few dozen good parts cannot tell 800 numbers for each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.anomaly_features import pooled

Grey = NDArray[np.float32]
SHRINKING = 0.3
"""Share of the whole picture's covariance."""
LEAST_VARIANCE = 1e-4
"""Of the mean variance, added to every channel: answers that never differ decide nothing."""


@dataclass(frozen=True)
class Places:
    """What good parts answer: ``means`` (row, column, channel) and ``factors`` (row, column, entry).

    An entry is one of the lower triangle of the matrix that makes the channels of good parts independent with a
    variance of 1; both are kept in half precision.
    """

    means: NDArray[np.float16]
    factors: NDArray[np.float16]

    @cached_property
    def _whitening(self) -> Grey:
        rows, columns, channels = self.means.shape
        whole = np.zeros((rows * columns, channels, channels), dtype=np.float32)
        down, right = np.tril_indices(channels)
        whole[:, down, right] = self.factors.reshape(rows * columns, -1)
        return whole

    def distances(self, answers: Grey) -> Grey:
        """Return how far answers (row, column, channel) lie from those of good parts: about 1 where they are alike."""
        apart = (answers - self.means).reshape(-1, answers.shape[2])
        white = np.matmul(self._whitening, apart[..., None])[..., 0]
        found: Grey = np.sqrt((white * white).mean(axis=1)).reshape(answers.shape[:2]).astype(np.float32)
        return found


def learn(answers: Grey) -> Places:
    """Return the places of good parts from their answers (part, row, column, channel)."""
    parts, rows, columns, channels = answers.shape
    means = answers.mean(axis=0)
    apart = (answers - means).reshape(parts, rows * columns, channels).transpose(1, 2, 0)
    covariance = np.matmul(apart, apart.transpose(0, 2, 1)) / np.float32(max(1, parts - 1))
    covariance = pooled(covariance.reshape(rows, columns, -1)).reshape(rows * columns, channels, channels)
    whole = covariance.mean(axis=0)
    covariance *= np.float32(1 - SHRINKING)
    covariance += np.float32(SHRINKING) * whole
    spare = LEAST_VARIANCE * float(np.trace(whole)) / channels + 1e-9
    covariance[:, np.arange(channels), np.arange(channels)] += np.float32(spare)
    factors = np.linalg.inv(np.linalg.cholesky(covariance))
    down, right = np.tril_indices(channels)
    # What half precision cannot hold is far beyond any threshold.
    kept = np.clip(factors[:, down, right], -6e4, 6e4).astype(np.float16)
    return Places(means.astype(np.float16), kept.reshape(rows, columns, -1))
