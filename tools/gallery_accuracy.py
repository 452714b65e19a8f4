"""Write docs/science/accuracy.md and its figure: bias and spread of every measurement over sweeps, by one command."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from accuracy_inspection import TRIALS as OF_PARTS_AND_SYSTEMS
from accuracy_trials import TRIALS as OF_IMAGES_AND_DETECTORS
from accuracy_trials import Trials
from gallery_drawing import BLUE, GREY, INK, PAPER, RED, SMALL, draw
from PIL import Image as Picture
from PIL import ImageDraw

PAGE = Path(__file__).resolve().parent.parent / "docs" / "science" / "accuracy.md"
ROW_PX, LEFT, WIDTH = 22, 300, 900
WIDEST = 2.0
"""How many tolerances the figure shows; errors beyond stand at its border."""
HEAD = """# How far the measurements are off

Every measurement on pictures whose truth is known, over sweeps of noise, blur, tilt and contrast.

![Error of every trial in shares of the tolerance](pictures/accuracy.png)

`python tools/gallery_accuracy.py` makes the pictures, measures them and writes this page.

## Law

A trial is one picture and one reading. *Bias* is the mean error, *spread* its standard deviation, *worst* the largest
error either way, all in the unit of the row. *Refused* counts trials that were answered with a reason instead of a
number. *Within* is the share of answered trials inside the tolerance.

| measurement | quantity | swept | unit | bias | spread | worst | tolerance | within | refused |
|---|---|---|---|---|---|---|---|---|---|
"""
FOOT = """
## Formula

error = reading − truth, in percent of the truth where the unit is %. The MTF counts its largest error up to the
Nyquist frequency.

## Source

Kerma’s own. *Simulated* pictures come from the [simulator](simulate.md), the others from the formulas of
`tests/detectors.py` and `tests/gauge_pictures.py`, which share no code with the measurements. The figure of each
measurement on its own page shows one sweep in more detail.

## Validity

The table holds for the sweeps it names. Two rows need a word:

- **SNR by lines, raw** is the estimator as the standards have it: 55 pixels a line, median of the lines. It reads
  0.7 % high on white noise, and where blur correlates neighbouring pixels it loses the slow part of the noise: about
  1.5 % high at a blur of 0.5 px, 4.5 % at 1 px, 10 % at 2 px. `snr` is that value with this bias taken off.
- **Wires and holes** are held against an ideal observer who knows place and size; one less is what searching costs.
"""


def table_row(trials: Trials, errors: list[float | None]) -> str:
    """Return one row of the table."""
    found = np.array([error for error in errors if error is not None])
    link = f"[{trials.measurement}]({trials.measurement}.md)"
    start = f"| {link} | {trials.quantity} | {trials.swept} | {trials.unit}"
    refused = f"{len(errors) - found.size} of {len(errors)}"
    if found.size == 0:
        return f"{start} | – | – | – | {trials.tolerance:g} | – | {refused} |"
    within = np.mean(np.abs(found) <= trials.tolerance)
    numbers = " | ".join(_short(number) for number in (found.mean(), found.std(), np.abs(found).max()))
    return f"{start} | {numbers} | {trials.tolerance:g} | {within:.0%} | {refused} |"


def _short(number: float) -> str:
    return "0" if abs(number) < 1e-9 else f"{number:.2g}".replace("-", "−")


def strip(results: list[tuple[Trials, list[float | None]]]) -> Picture.Image:
    """Draw the error of every trial in shares of its tolerance, a row for each quantity."""
    height = 44 + ROW_PX * len(results) + 30
    picture = Picture.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(picture)
    random = np.random.default_rng(1)

    def across(share: float) -> float:
        return LEFT + (float(np.clip(share, -WIDEST, WIDEST)) / WIDEST + 1) / 2 * (WIDTH - LEFT - 24)

    bottom = 36 + ROW_PX * len(results)
    pen.rectangle((across(-1), 30, across(1), bottom), fill=(232, 243, 236))
    for share in (-2, -1, 0, 1, 2):
        pen.line((across(share), 30, across(share), bottom), fill=GREY)
        pen.text((across(share), bottom + 4), f"{share:g}", fill=INK, font=SMALL, anchor="ma")
    pen.text((6, 6), "error of every trial, in shares of the tolerance", fill=INK, font=SMALL)
    pen.text((across(0), 12), "within tolerance", fill=INK, font=SMALL, anchor="ma")
    for number, (trials, errors) in enumerate(results):
        middle = 40 + ROW_PX * number + ROW_PX / 2 - 4
        pen.text((LEFT - 12, middle), f"{trials.measurement}: {trials.quantity}", fill=INK, font=SMALL, anchor="rm")
        for error in errors:
            if error is not None:
                share = error / trials.tolerance
                x, y = across(share), middle + random.uniform(-5, 5)
                pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=BLUE if abs(share) <= 1 else RED)
    return picture


def main() -> None:
    """Run all trials, write the page and its figure."""
    results = []
    for trials in (*OF_IMAGES_AND_DETECTORS, *OF_PARTS_AND_SYSTEMS):
        results.append((trials, list(trials.errors())))
        print(table_row(*results[-1]), flush=True)
    PAGE.write_text(HEAD + "\n".join(table_row(*result) for result in results) + "\n" + FOOT, encoding="utf-8")
    draw({"accuracy": lambda: strip(results)})


if __name__ == "__main__":
    sys.exit(main())
