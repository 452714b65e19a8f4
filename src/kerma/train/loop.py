"""The training itself: learn while the workers simulate, stop in time, export, evaluate, and write the card."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kerma.errors import KermaError
from kerma.train.beginning import begin_with
from kerma.train.card import Run, card_of, manifest
from kerma.train.export import exported
from kerma.train.families import family_of
from kerma.train.judging import Judging, judged, write
from kerma.train.losses import loss
from kerma.train.makers import SEEN_AGAIN, Makers, Plan, started
from kerma.train.net import Network
from kerma.train.pool import Pool
from kerma.train.targets import targets
from kerma.train.tasks import Task

LEAST_RESERVE_S, RESERVE_SHARE = 20.0, 0.3
"""What is kept of the time for export and evaluation."""
EVALUATION_ENDS_S = 8.0
"""Before the end: what writing the card may take."""
TELL_EVERY_S, KEEP_EVERY_S = 10.0, 60.0
LOWEST_RATE, WEIGHT_DECAY, WARM_UP_STEPS = 2e-5, 0.02, 150
BEGUN_SHARE = 0.25
"""Of the highest rate, where a network has learned already: more would make it forget."""
SLOWEST_AVERAGE = 0.999
POOLED_EACH = 6
"""Views held at once for each image, and for each bag as many times more as it is filled anew."""
STEEPEST = 10.0


@dataclass(frozen=True)
class Scale:
    """How much at once: by device."""

    batch: int
    crop_px: int
    held_views: int
    first_views: int
    highest_rate: float
    at_once: int
    """Views taken in between two steps, at most: on a CPU they take the time that learning needs."""
    falls: float
    """Power of the share of the time by which the rate falls: on a CPU views come slowly at first, and so do steps."""


SCALES = {"cuda": Scale(64, 384, 12000, 300, 2.5e-3, 24, 1.0), "cpu": Scale(12, 256, 1500, 24, 1.6e-3, 4, 2.0)}


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    task: Task
    seed: int
    minutes: float
    workers: int
    images: int
    out: Path
    cache: Path
    resumes: bool = False
    """Whether it goes on where the same order was stopped."""
    begins_with: Path | None = None
    """Exported weights that it begins with; chance where none are given."""

    @property
    def fingerprint(self) -> str:
        """What makes two orders the same."""
        began = f" {self.begins_with.name}" if self.begins_with else ""
        return f"{self.task.name} {manifest(self.task, self.seed)} {self.minutes:g} {self.images}{began}"

    @property
    def unfinished(self) -> Path:
        """The file of a training that is under way: weights, their average, the optimiser, and the time gone."""
        return self.out / "unfinished.pt"


@dataclass
class Clock:
    """When what has to be done, in seconds of ``time.monotonic``."""

    minutes: float
    most_reserve_s: float
    began: float = field(default_factory=time.monotonic)

    @property
    def ends(self) -> float:
        """When everything must be written."""
        return self.began + 60.0 * self.minutes

    @property
    def learning_ends(self) -> float:
        """When learning stops."""
        spare = min(self.most_reserve_s, max(LEAST_RESERVE_S, RESERVE_SHARE * 60.0 * self.minutes))
        return self.ends - spare

    def share(self) -> float:
        """How much of the time for learning has gone, 0 to 1."""
        return min(1.0, (time.monotonic() - self.began) / (self.learning_ends - self.began))

    def gone(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began


class Learner:
    """The network, its slow average, and the optimiser."""

    def __init__(self, task: Task, seed: int) -> None:
        torch.manual_seed(seed)
        self.kind = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(self.kind)
        self.scale = SCALES[self.kind]
        self.labels = len(task.labels)
        family = family_of(task)
        self.crop_px = min(self.scale.crop_px, family.view_px)
        network = Network(
            self.labels, family.channels, widths=family.widths, pyramid=family.pyramid, is_fine=family.is_fine
        )
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.average = deepcopy(self.network).eval().requires_grad_(False)
        rate = self.scale.highest_rate
        self.optimiser = torch.optim.AdamW(self.network.parameters(), rate, weight_decay=WEIGHT_DECAY)
        self.highest_rate = rate
        self.steps = 0
        self.rng = np.random.default_rng(seed)
        self.has_bfloat16 = self.kind == "cuda" or torch.cpu._is_avx512_bf16_supported()
        torch.backends.cudnn.benchmark = True

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(each.numel() for each in self.network.parameters())

    def step(self, pool: Pool, share: float) -> dict[str, torch.Tensor]:
        """Learn from one batch; ``share`` of the time for learning has gone."""
        side = self.crop_px
        falling = 0.5 * (1 + math.cos(math.pi * share**self.scale.falls))
        rate = LOWEST_RATE + (self.highest_rate - LOWEST_RATE) * falling
        for group in self.optimiser.param_groups:
            group["lr"] = rate * min(1.0, (self.steps + 1) / WARM_UP_STEPS)
        batch = pool.batch(self.scale.batch, side, self.rng)
        wanted = targets(batch.boxes, labels=self.labels, side_px=side)
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.has_bfloat16):
            answers = self.network(batch.channels)
        total, parts = loss(answers, wanted, batch.cells)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), STEEPEST)
        # A batch whose gradient is no number would spoil every weight: it changes nothing.
        is_sound = torch.isfinite(norm)
        for parameter in self.network.parameters():
            if parameter.grad is not None:
                parameter.grad.copy_(torch.where(is_sound, parameter.grad, torch.zeros_like(parameter.grad)))
        self.optimiser.step()
        self.steps += 1
        self._follow()
        return {name: value.detach() for name, value in parts.items()}

    def begin_with(self, weights: Path, pool: Pool) -> None:
        """Take up exported weights, seen through some of the views to learn from."""
        sample = pool.batch(self.scale.first_views, self.crop_px, self.rng).channels
        begin_with(self.network, weights, sample)
        self.average.load_state_dict(self.network.state_dict())

    def keep(self, order: Order, gone_s: float) -> None:
        """Write everything that is needed to go on, at once or not at all."""
        state = {
            "order": order.fingerprint, "gone_s": gone_s, "steps": self.steps, "network": self.network.state_dict(),
            "average": self.average.state_dict(), "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        written = order.unfinished.with_suffix(".part")
        torch.save(state, written)
        written.replace(order.unfinished)
        torch.save(self.average.state_dict(), order.out / "checkpoint.pt")

    def go_on(self, order: Order) -> float:
        """Take up the same order where it was stopped; return the seconds it had taken, 0 where there is none."""
        if not order.resumes or not order.unfinished.is_file():
            return 0.0
        state = torch.load(order.unfinished, map_location=self.device, weights_only=True)
        if state["order"] != order.fingerprint:
            return 0.0
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps = int(state["steps"])
        return float(state["gone_s"])

    def _follow(self) -> None:
        keep = min(SLOWEST_AVERAGE, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            slow, fast = list(self.average.parameters()), list(self.network.parameters())
            torch._foreach_lerp_(slow, fast, 1 - keep)
            for old, new in zip(self.average.buffers(), self.network.buffers(), strict=True):
                if old.dtype.is_floating_point:
                    old.lerp_(new, 1 - keep)
                else:
                    old.copy_(new)


def train(order: Order, tell: Callable[[str], None]) -> dict[str, Any]:
    """Train one detector and write ``<name>.onnx``, ``<name>.json`` and ``checkpoint.pt``; return the card.

    The images are the same for the same seed. In which order they reach the network depends on how fast they are
    made, so weights of two runs differ in the last digits and their figures within their intervals.

    Raises
    ------
    KermaError
        Nothing could be simulated, or the exported network does not answer as the trained one.
    """
    family = family_of(order.task)
    clock = Clock(order.minutes, family.most_reserve_s)
    order.out.mkdir(parents=True, exist_ok=True)
    scale = min(1.0, order.images / family.full_images)
    held_out = tuple((part, max(6, round(count * scale))) for part, count in family.held_out)
    makers = started(Plan(order.task.name, order.seed, order.images, held_out, order.cache, order.workers))
    try:
        learner, pool = _learned(order, clock, makers, tell)
    finally:
        makers.end()
    tell(f"{clock.gone():6.0f} s  learning ends: {learner.steps} steps, {makers.refused.value} scenes left out")
    model = order.out / f"{order.task.name}.onnx"
    sha256 = exported(learner.average, model)
    run = Run(
        order.task, order.seed, order.minutes, makers.made.value, pool.arrived, learner.steps, learner.kind,
        order.begins_with,
    )  # fmt: skip
    card = card_of(run, sha256, learner.parameters)
    write(card, model)
    tell(f"{clock.gone():6.0f} s  exported {model.name}, {model.stat().st_size / 1e6:.2f} MB, SHA-256 {sha256[:12]}…")
    asked = Judging(order.task, order.seed, order.cache, model, order.workers, held_out)
    card = judged(asked, card, clock.ends - EVALUATION_ENDS_S, lambda line: tell(f"{clock.gone():6.0f} s  {line}"))
    order.unfinished.unlink(missing_ok=True)
    return card


def _learned(order: Order, clock: Clock, makers: Makers, tell: Callable[[str], None]) -> tuple[Learner, Pool]:
    """Learn until the time is over."""
    learner = Learner(order.task, order.seed)
    if order.begins_with:
        learner.highest_rate *= BEGUN_SHARE
    family = family_of(order.task)
    held = POOLED_EACH * order.images * max(1, family.views_each // SEEN_AGAIN)
    size = max(learner.scale.first_views, min(learner.scale.held_views, held))
    pool = Pool(size, learner.device, (family.channels, family.view_px))
    clock.began -= learner.go_on(order)
    tell(
        f"{clock.gone():6.0f} s  {learner.parameters} weights on {learner.kind}, {order.workers} workers simulate"
        + (f", from step {learner.steps}" if learner.steps else "")
    )
    told = kept = clock.gone()
    sums: dict[str, torch.Tensor] = {}
    since, drawn = 0, 0.0
    while time.monotonic() < clock.learning_ends:
        for view in makers.views(learner.scale.at_once):
            pool.add(view)
        if len(pool) < learner.scale.first_views:
            view = makers.wait(1.0)
            if view is not None:
                pool.add(view)
        else:
            if order.begins_with and not learner.steps:
                learner.begin_with(order.begins_with, pool)
            parts = learner.step(pool, clock.share())
            sums = {name: sums.get(name, torch.zeros_like(value)) + value for name, value in parts.items()}
            since += 1
        if clock.gone() - told >= TELL_EVERY_S:
            losses = ", ".join(f"{name} {float(value) / since:.3f}" for name, value in sums.items())
            drawn = since * learner.scale.batch / (clock.gone() - told)
            tell(
                f"{clock.gone():6.0f} s  step {learner.steps}, {makers.made.value} images, {pool.arrived} views, "
                f"{drawn:.0f} crops/s  {losses}"
            )
            told, sums, since = clock.gone(), {}, 0
        if clock.gone() - kept >= KEEP_EVERY_S:
            learner.keep(order, clock.gone())
            kept = clock.gone()
    if not learner.steps:
        raise KermaError(f"{makers.refused.value} scenes could not be simulated in time: give more --minutes")
    learner.keep(order, clock.gone())
    return learner, pool
