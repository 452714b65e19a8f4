"""The figure of the forensic checks: a copied region found, one exposure used twice, and how far statistics lie apart.

Usage: ``python tools/gallery_forensics.py [FOLDER]``; writes ``forensics.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

sys.path.insert(0, str(Path(__file__).resolve().parent))
import forensic_rates as measuring

from kerma.science.forensics import clone, compression, same_picture

SEEDS = 8
SCENES = ("weld-plate", "casting-steel", "corrosion", "composite", "hand")


def main(folder: Path) -> None:
    """Draw the figure."""
    mpl.use("Agg")
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    pictures = [measuring.exposures(scene, seed) for scene in SCENES for seed in range(1, SEEDS + 1)]
    _copied(left, pictures[-1][0])
    small = [measuring.to_8_bit(plane) for plane, _ in pictures]
    clean = [compression.jpeg_grid(plane).statistic for plane in small]
    pressed = [compression.jpeg_grid(measuring.jpeg(plane, 80)[0][3:, 5:]).statistic for plane in small]
    _apart(middle, (clean, pressed), ("not compressed", "JPEG 80, cropped"), measuring.ROWS["jpeg-grid"][0])
    middle.set(xscale="symlog", title="Grid of JPEG", xlabel="standard errors")
    again = [same_picture.compare(*pair)[1].statistic for pair in pictures]
    twice = [same_picture.compare(p[0], measuring.cropped(measuring.to_8_bit(p[0])))[1].statistic for p in pictures]
    _apart(
        right, (again, twice), ("exposed again", "same exposure, 8 bit, cropped"), measuring.ROWS["same-exposure"][0]
    )
    right.set(title="Shared noise of two images", xlabel="coherence")
    figure.savefig(folder / "forensics.png", dpi=110)


def _copied(axes: plt.Axes, plane: measuring.Plane) -> None:
    changed = measuring.pasted(plane, np.random.default_rng(3))
    axes.imshow(measuring.to_8_bit(changed), cmap="gray")
    for box, words in zip(clone.copied_exactly(changed).regions, ("first", "second"), strict=False):
        axes.add_patch(Rectangle((box.column, box.row), box.width, box.height, fill=False, edgecolor="#d95f02", lw=2))
        axes.text(box.column, box.row - 6, words, color="#d95f02")
    axes.set(title="A region found twice, bit for bit", xticks=[], yticks=[])


def _apart(axes: plt.Axes, samples: tuple[list[float | None], ...], names: tuple[str, ...], threshold: float) -> None:
    for place, (values, name) in enumerate(zip(samples, names, strict=True)):
        known = [value for value in values if value is not None]
        height = place + 0.25 * np.sin(np.arange(len(known)) * 2.4)
        axes.plot(known, height, "o^"[place], ms=5, alpha=0.7, label=name, color=("#1b7f79", "#d95f02")[place])
    axes.axvline(threshold, color="black", lw=1, ls="--")
    axes.text(threshold, 1.55, " threshold", va="top")
    axes.set(yticks=[], ylim=(-0.6, 1.6))
    axes.legend(loc="lower center", fontsize=8, ncols=2)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/science/pictures"))
