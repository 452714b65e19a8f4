"""Cases for tests: random truths and marks, and short ways to write findings down."""

from __future__ import annotations

import numpy as np

from kerma.science.observer.cases import Case
from kerma.science.results import Box, By, Finding

SEEN_BY = By("algorithm", "test")


def finding(box: tuple[float, float, float, float], label: str = "a", score: float | None = None) -> Finding:
    return Finding(id="", code="", label=label, box=Box(*box), by=SEEN_BY, score=score)


def case(name: str, truths: list, marks: list, *, group: str = "", ignored: list | None = None) -> Case:
    """Truths are boxes or (box, label); marks are (box, score) or (box, score, label)."""
    told = [one if isinstance(one[0], tuple) else (one, "a") for one in truths]
    return Case(
        name,
        group or name,
        tuple(finding(box, label) for box, label in told),
        tuple(finding(one[0], one[2] if len(one) > 2 else "a", one[1]) for one in marks),
        tuple(finding(box) for box in ignored or []),
    )


def random_cases(seed: int, images: int = 40, labels: str = "abc", *, ignored: bool = False) -> list[Case]:
    """Return cases with whole-pixel boxes, hits of every quality, doubles, wrong labels and false marks; scores tie."""
    generator = np.random.default_rng(seed)
    return [_random_case(generator, number, labels, ignored) for number in range(images)]


def _random_case(generator: np.random.Generator, number: int, labels: str, ignored: bool) -> Case:
    truths, marks = [], []
    for _ in range(generator.integers(0, 6)):
        row, column = generator.integers(0, 400, 2)
        height, width = generator.integers(4, 110, 2)
        label = str(generator.choice(list(labels)))
        truths.append(((int(row), int(column), int(height), int(width)), label))
        for _ in range(generator.integers(0, 3)):
            moved = np.rint(
                np.array([row, column, height, width]) + generator.normal(0, 0.12, 4) * (height + width) / 2
            )
            box = tuple(int(value) for value in (*moved[:2], *np.maximum(moved[2:], 2)))
            named = label if generator.random() < 0.85 else str(generator.choice(list(labels)))
            marks.append((box, round(float(generator.beta(4, 2)), 2), named))
    for _ in range(generator.integers(0, 4)):
        row, column, height, width = (int(one) for one in generator.integers(4, 120, 4))
        score = round(float(generator.beta(2, 4)), 2)
        marks.append(((row, column, height, width), score, str(generator.choice(list(labels)))))
    regions = [tuple(int(one) for one in generator.integers(1, 250, 4))] if ignored else []
    return case(f"image-{number}", truths, marks, ignored=regions)
