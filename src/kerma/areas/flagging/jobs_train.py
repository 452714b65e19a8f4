"""The durable steps of a training: images are simulated by whoever is free, and a network learns where PyTorch is."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.flagging.actions_train import LEARN_JOB, SIMULATE_JOB, Training
from kerma.errors import KermaError
from kerma.kernel import jobs

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)


@jobs.job(SIMULATE_JOB)
def simulate(_: Kernel, *, task: str, seed: int, part: str, numbers: list[int], folder: str) -> None:
    """Simulate the images of numbers (first, last + 1) and keep them; what is there already stays as it is."""
    from kerma.train.families import family_of
    from kerma.train.tasks import task_of

    wanted = task_of(task)
    family, refused = family_of(wanted), 0
    for number in range(*numbers):
        try:
            family.examples(wanted, part, seed, number, Path(folder))
        except (KermaError, ValueError, ArithmeticError):
            # A drawn scene that cannot be built is left out, in training as well.
            refused += 1
    if refused:
        log.info("%d scenes of %s among %s %s cannot be built", refused, task, part, numbers)


@jobs.job(LEARN_JOB)
def learn(_: Kernel, *, training: dict[str, Any]) -> None:
    """Train; a process that was killed goes on where it was when the checkpoint was written last.

    It need not wait for the images: what is not there yet it simulates itself. How far it is stands in ``training.log``
    beside the weights.

    Raises
    ------
    WrongUsage
        PyTorch is not installed here: it is tried again, and another worker may take it then.
    """
    from kerma.train.asking import Places, trained

    told = Training(**training)
    begin = Path(told.begin) if told.begin else None
    places = Places(Path(told.out), Path(told.folder), resumes=True, begin=begin)
    trained(
        told.task, seed=told.seed, minutes=told.minutes, images=told.images, workers=told.workers, places=places
    )  # fmt: skip
