"""Which label was taken for which, what was missed and what was false, at one threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kerma.science.observer.cases import Case, score_of
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool
from kerma.science.results import Finding

INF = float("inf")
Place = tuple[str, Finding]
"""Name of the image, and the truth or mark on it."""


@dataclass(frozen=True)
class Confusion:
    """Counts of pairs (label of the truth, label of the mark), and the truths missed and marks false, by image."""

    taken_for: dict[tuple[str, str], int]
    missed: tuple[Place, ...]
    false: tuple[Place, ...]

    @property
    def found(self) -> int:
        """Number of truths that a mark found, whatever its label."""
        return sum(self.taken_for.values())


def confusion(cases: Sequence[Case], criterion: Criterion, threshold: float) -> Confusion:
    """Match marks from a threshold on by place alone and count labels; missed and false ones by falling score.

    A truth found with the wrong label is no miss here: it stands off the diagonal.
    """
    kept = [replace(case, marks=tuple(one for one in case.marks if score_of(one) >= threshold)) for case in cases]
    pooled = pool(kept, criterion, None)
    taken: dict[tuple[str, str], int] = {}
    false: list[Place] = []
    for (image, mark), truth in zip(pooled.mark_at.tolist(), pooled.truth_of.tolist(), strict=True):
        marked = kept[image].marks[mark]
        if truth < 0:
            false.append((kept[image].name, marked))
            continue
        place = pooled.truth_at[truth]
        pair = (kept[place[0]].truths[place[1]].label, marked.label)
        taken[pair] = taken.get(pair, 0) + 1
    unfound = [
        place for place, at in zip(pooled.truth_at.tolist(), pooled.found_at.tolist(), strict=True) if at == -INF
    ]
    missed = tuple((kept[image].name, kept[image].truths[truth]) for image, truth in unfound)
    return Confusion(taken, missed, tuple(false))
