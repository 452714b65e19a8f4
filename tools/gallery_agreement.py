"""Draw the figure of agreement: two readers who are always equally good, while what they look for gets rarer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gallery_drawing import BLUE, GREY, RED, Plot
from PIL import Image as Picture

from kerma.science.observer.agreement import cohen, gwet

RIGHT = 0.9
"""How often each reader is right, of flawed and of sound ones alike, independently of the other."""
SUBJECTS = 20_000


def agreement() -> Picture.Image:
    """Raw agreement, Gwet's AC1 and Cohen's kappa over the share of subjects that have something."""
    plot = Plot(
        640, 340, (0, 0.5), (0, 1), "share of subjects with a flaw", "agreement of two readers who are right in 90 %"
    )
    shares = [0.005, 0.01, 0.02, *np.linspace(0.03, 0.5, 24).tolist()]
    raw, kappa, ac1 = [], [], []
    for share in shares:
        first, second = _answers(share)
        found = cohen(first, second, ("sound", "flaw"))
        raw.append((share, found.observed))
        kappa.append((share, found.value or 0.0))
        ac1.append((share, gwet(list(zip(first, second, strict=True)), ("sound", "flaw")).value or 0.0))
    for points, colour in ((raw, GREY), (ac1, BLUE), (kappa, RED)):
        plot.line(points, colour)
    plot.word(0.3, 0.88, "raw agreement", GREY)
    plot.word(0.1, 0.7, "Gwet's AC1", BLUE)
    plot.word(0.1, 0.3, "Cohen's kappa", RED)
    return plot.picture


def _answers(share: float) -> tuple[list[str], list[str]]:
    """Return what both readers say, each pair of answers as often as it is to be expected."""
    first, second = [], []
    for is_flawed, part in ((True, share), (False, 1 - share)):
        truth, other = ("flaw", "sound") if is_flawed else ("sound", "flaw")
        for one, of_one in ((truth, RIGHT), (other, 1 - RIGHT)):
            for two, of_two in ((truth, RIGHT), (other, 1 - RIGHT)):
                count = round(SUBJECTS * part * of_one * of_two)
                first += [one] * count
                second += [two] * count
    return first, second


FIGURES: dict[str, Callable[[], Picture.Image]] = {"agreement": agreement}
