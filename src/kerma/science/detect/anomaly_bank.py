"""PatchCore: a bank of what good pictures answer anywhere, and how far an answer lies from the nearest in it.

Roth et al. 2022 (PatchCore). For pictures that cannot be laid on each other. The bank is a coreset: answers are taken
one by one, each the furthest from all taken before (Sener and Savarese 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
BANK = 1000
MOST_ANSWERS = 40_000
"""So many answers of all good pictures, drawn by the seed, are what the bank is chosen from."""
PROJECTED = 64
"""Random directions onto which the answers are projected: distances keep, within some percent."""
BLOCK = 4096


@dataclass(frozen=True)
class Bank:
    """``entries`` (entry, direction) in half precision; ``directions`` (channel, direction) also scales channels."""

    entries: NDArray[np.float16]
    directions: Grey
    offset: Grey

    def distances(self, answers: Grey) -> Grey:
        """Return how far answers (row, column, channel) lie from the nearest of the bank."""
        flat = projected(answers.reshape(-1, answers.shape[2]), self.directions, self.offset)
        bank = self.entries.astype(np.float32)
        own = (bank * bank).sum(axis=1)
        found = np.empty(len(flat), dtype=np.float32)
        for first in range(0, len(flat), BLOCK):
            part = flat[first : first + BLOCK]
            nearest = (own - np.float32(2) * (part @ bank.T)).min(axis=1)
            found[first : first + BLOCK] = nearest + (part * part).sum(axis=1)
        return np.sqrt(np.maximum(found, 0)).reshape(answers.shape[:2])


def projected(flat: Grey, directions: Grey, offset: Grey) -> Grey:
    """Return answers (answer, channel) in the directions of a bank."""
    return np.asarray((flat - offset) @ directions, dtype=np.float32)


def learn(answers: list[Grey], seed: int) -> Bank:
    """Return the bank of good pictures from their answers, each (row, column, channel)."""
    random = np.random.default_rng(seed)
    share = min(1.0, MOST_ANSWERS / sum(one.shape[0] * one.shape[1] for one in answers))
    drawn = []
    for one in answers:
        flat = one.reshape(-1, one.shape[2])
        drawn.append(flat[np.sort(random.choice(len(flat), max(1, int(share * len(flat))), replace=False))])
    whole = np.concatenate(drawn)
    offset, spread = whole.mean(axis=0), whole.std(axis=0) + np.float32(1e-6)
    directions = random.normal(size=(whole.shape[1], PROJECTED)) / np.sqrt(PROJECTED * whole.shape[1])
    scaled = (directions / spread[:, None]).astype(np.float32)
    flat = projected(whole, scaled, offset)
    return Bank(flat[_furthest(flat, min(BANK, len(flat)))].astype(np.float16), scaled, offset)


def _furthest(flat: Grey, count: int) -> NDArray[np.intp]:
    """Return which answers are taken, each the furthest from those before; the first is nearest to the middle."""
    squares = (flat * flat).sum(axis=1)
    taken = np.empty(count, dtype=np.intp)
    taken[0] = int(squares.argmin())
    apart = np.full(len(flat), np.inf, dtype=np.float32)
    for number in range(1, count):
        last = flat[taken[number - 1]]
        np.minimum(apart, squares - np.float32(2) * (flat @ last) + np.float32(last @ last), out=apart)
        taken[number] = int(apart.argmax())
    return taken
