"""Worker processes that simulate examples and hand views of them to the training, until they are told to stop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full
from typing import Any

import numpy as np

from kerma.errors import KermaError
from kerma.train.families import family_of
from kerma.train.tasks import task_of
from kerma.train.views import View

HELD_OUT_EVERY = 4
"""One in so many simulations is one of the held-out examples, until all of those are there."""
SEEN_AGAIN = 4
"""An example that is shown again gives so many times fewer views than a new one."""
QUEUED = 48
ON_ITS_WAY_S = 0.001
ONE_THREAD = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Plan:
    """What all workers together are to make."""

    task: str
    seed: int
    images: int
    held_out: tuple[tuple[str, int], ...]
    """Parts and how many examples of each."""
    folder: Path
    workers: int


@dataclass
class Makers:
    """The running processes, and what they have made so far."""

    processes: list[Any]
    queue: Any
    stop: Any
    made: Any
    refused: Any

    def views(self, most: int) -> Iterator[View]:
        """Yield the views that have arrived, at most so many; none when there are none yet."""
        for _ in range(most):
            try:
                # A pipe holds less than one view: the next is on its way while the last is taken.
                yield self.queue.get(timeout=ON_ITS_WAY_S)
            except Empty:
                return

    def wait(self, seconds: float) -> View | None:
        """Return the next view, or None when none came in time."""
        try:
            found: View = self.queue.get(timeout=seconds)
        except Empty:
            return None
        return found

    def end(self) -> None:
        """Stop every process."""
        self.stop.set()
        for _ in self.views(2 * QUEUED):
            pass
        for process in self.processes:
            process.join(timeout=0.3)
            if process.is_alive():
                process.terminate()


def started(plan: Plan) -> Makers:
    """Start the workers of a plan."""
    import multiprocessing

    spawning = multiprocessing.get_context("spawn")
    queue, stop = spawning.Queue(maxsize=QUEUED), spawning.Event()
    made, refused = spawning.Value("i", 0), spawning.Value("i", 0)
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    processes = [
        spawning.Process(target=_work, args=(plan, worker, (queue, stop, made, refused)), daemon=True)
        for worker in range(plan.workers)
    ]
    for process in processes:
        process.start()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    return Makers(processes, queue, stop, made, refused)


def _work(plan: Plan, worker: int, shared: tuple[Any, Any, Any, Any]) -> None:
    """Make examples and views until the end; runs in a process of its own."""
    import cv2

    cv2.setNumThreads(1)
    queue, stop, made, refused = shared
    task, rng = task_of(plan.task), np.random.default_rng([plan.seed, worker])
    family = family_of(task)
    held_out = [(part, number) for part, count in plan.held_out for number in range(count)][worker :: plan.workers]
    numbers = list(range(worker, plan.images, plan.workers))
    kept: list[int] = []
    turn = 0
    while not _is_over(stop):
        turn += 1
        try:
            if held_out and (turn % HELD_OUT_EVERY == 0 or not (numbers or kept)):
                family.examples(task, *_asked(plan, held_out.pop()), plan.folder)
                continue
            if numbers:
                number, is_new = numbers.pop(0), True
            elif kept:
                number, is_new = kept[int(rng.integers(len(kept)))], False
            else:
                return
            made_of_it = family.examples(task, *_asked(plan, ("train", number)), plan.folder)
            if is_new:
                kept.append(number)
                with made.get_lock():
                    made.value += 1
            for one in made_of_it:
                for _ in range(family.views_each if is_new else max(1, family.views_each // SEEN_AGAIN)):
                    _put(queue, family.view(one, rng), stop)
        except (KermaError, ValueError, ArithmeticError):
            # A drawn scene that cannot be built is left out; how many were is told at the end.
            with refused.get_lock():
                refused.value += 1
    queue.cancel_join_thread()


def _asked(plan: Plan, which: tuple[str, int]) -> tuple[str, int, int]:
    return which[0], plan.seed, which[1]


def _put(queue: Any, made: View, stop: Any) -> None:
    """Hand a view over, or drop it when it is time to stop."""
    while not _is_over(stop):
        try:
            queue.put(made, timeout=0.5)
        except Full:
            continue
        return


def _is_over(stop: Any) -> bool:
    """Return whether it is time to stop: it was said, or the process that learns was killed."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    return bool(stop.is_set()) or (parent is not None and not parent.is_alive())
