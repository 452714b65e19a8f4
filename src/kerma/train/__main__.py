"""``python -m kerma.train TASK``: the same as ``kerma train``, for machines that hold no more than training needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kerma.errors import KermaError
from kerma.train.asking import MINUTES, SEED, Places, images_of, trained


def main() -> int:
    """Read the arguments, train, and return the exit status."""
    asked = argparse.ArgumentParser(prog="python -m kerma.train", description="Train a detector.")
    asked.add_argument("task", help="weld, casting, bag or chest")
    asked.add_argument("--seed", type=int, default=SEED, help="the same seed simulates the same images")
    asked.add_argument("--minutes", type=float, default=MINUTES, help="time for everything, evaluation included")
    asked.add_argument("--images", type=int, help="how many are simulated at most; the default is the task's")
    asked.add_argument("--workers", type=int, help="processes that simulate; default all cores but one")
    asked.add_argument("--out", type=Path, required=True, help="folder of the results")
    asked.add_argument("--cache", type=Path, help="folder of simulated images; default OUT/images")
    asked.add_argument("--data", type=Path, help="chest: the patches to learn from, pneumoniamnist.npz")
    asked.add_argument("--begin", type=Path, help="weights (ONNX) of the same detector to begin with")
    given = asked.parse_args()
    images = images_of(given.task) if given.images is None else given.images
    try:
        trained(
            given.task, seed=given.seed, minutes=given.minutes, images=images, workers=given.workers,
            places=Places(given.out, given.cache, given.data, begin=given.begin),
        )  # fmt: skip
    except KermaError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
