"""``kerma train chest``: five small networks, each learning from four fifths of the patches, and the card of them all.

Everything that is chosen (calibration, threshold) is chosen on the fifth that a member has not learned from; the
validation part of the file is looked at once, at the end, for the figures of the card.
"""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from kerma.errors import KermaError, WrongUsage
from kerma.train.chest_card import Figures, card_of
from kerma.train.chest_net import Member, Together, varied
from kerma.train.chest_patches import SIDE_PX, Patches, folds, read

NAME, VERSION = "chest", "1.0.0"
MEMBERS, EPOCHS = 5, 16
BATCH_ILL, BATCH_WELL = 76, 52
"""Both kinds weigh about the same in what is learned: the file has nine ill for one that is not."""
HIGHEST_RATE, WEIGHT_DECAY, WARM_UP_SHARE, SMOOTHED = 4e-3, 0.05, 0.15, 0.02
OPSET = 17
LARGEST_DIFFERENCE = 1e-4
RESERVE_S = 5.0
LEAST_EPOCHS = 3
Tell = Callable[[str], None]
Logits = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """What is asked for; every figure depends on the seed and on how many epochs there was time for."""

    seed: int
    minutes: float
    out: Path
    data: Path


def train(order: Order, tell: Tell) -> dict[str, Any]:
    """Train, export, measure, write ``chest.onnx`` and ``chest.json`` and return the card.

    Raises
    ------
    Unreadable
        The data are no chest patches.
    WrongUsage
        Time is over before each member has seen the patches a few times.
    """
    began = time.monotonic()
    data = read(order.data)
    torch.set_num_threads(1)  # sums in one order: the same seed gives the same weights
    parts = folds(data.train.is_ill, MEMBERS, order.seed)
    held = np.zeros(len(data.train))
    members, epochs = [], EPOCHS
    for number, part in enumerate(parts):
        left_s = 60.0 * order.minutes - RESERVE_S - (time.monotonic() - began)
        member, epochs = _learned(_without(data.train, part), order.seed * MEMBERS + number, epochs,
                                  left_s / (MEMBERS - number))  # fmt: skip
        held[part] = logits(Together([member]), data.train.images[part])
        members.append(member)
        tell(f"member {number + 1} of {MEMBERS}: {epochs} epochs, {time.monotonic() - began:.0f} s")
    together = Together(members).eval()
    content = exported(together, order.out)
    figures = Figures(data, held, logits(together, data.validation.images))
    card = card_of(figures, NAME, VERSION, hashlib.sha256(content).hexdigest())
    card["trained"] |= {
        "seed": order.seed, "epochs": epochs, "members": MEMBERS, "minutes": round((time.monotonic() - began) / 60, 2),
        "parameters": sum(weight.numel() for weight in together.parameters()), "device": "cpu",
        "command": f"kerma train {NAME} --seed {order.seed} --minutes {order.minutes:g} --data FILE.npz",
    }  # fmt: skip
    (order.out / f"{NAME}.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def _without(patches: Patches, part: NDArray[np.int64]) -> Patches:
    kept = np.ones(len(patches), dtype=bool)
    kept[part] = False
    return Patches(patches.images[kept], patches.is_ill[kept])


def _learned(patches: Patches, seed: int, epochs: int, left_s: float) -> tuple[Member, int]:
    """Return one member, and how many epochs there was time for."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    images = torch.from_numpy(patches.images)[:, None]
    kinds = [(torch.from_numpy(np.flatnonzero(patches.is_ill == kind)), many)
             for kind, many in ((True, BATCH_ILL), (False, BATCH_WELL))]  # fmt: skip
    target = torch.cat([torch.full((BATCH_ILL, 1), 1.0 - SMOOTHED), torch.full((BATCH_WELL, 1), SMOOTHED)])
    member = Member().train()
    learner = torch.optim.AdamW(member.parameters(), HIGHEST_RATE, weight_decay=WEIGHT_DECAY)
    steps = len(patches) // (BATCH_ILL + BATCH_WELL)
    rate = torch.optim.lr_scheduler.OneCycleLR(
        learner, HIGHEST_RATE, total_steps=epochs * steps, pct_start=WARM_UP_SHARE
    )
    began = time.monotonic()
    for epoch in range(epochs):
        for _ in range(steps):
            drawn = torch.cat([which[torch.randint(len(which), (many,), generator=rng)] for which, many in kinds])
            loss = functional.binary_cross_entropy_with_logits(member(varied(images[drawn], rng)), target)
            learner.zero_grad()
            loss.backward()
            learner.step()
            rate.step()
        fits = left_s / max(time.monotonic() - began, 1e-6)
        if epoch == 0 and fits < epochs:
            if fits < LEAST_EPOCHS + 1:
                raise WrongUsage(f"that is too short: {MEMBERS} members of {LEAST_EPOCHS} epochs need more minutes")
            # The schedule of the rate belongs to the number of epochs: begin again with those there is time for.
            return _learned(patches, seed, int(fits) - 1, float("inf"))
    return member.eval(), epochs


def logits(network: torch.nn.Module, images: NDArray[np.float32]) -> Logits:
    """Return the logit of every patch."""
    with torch.no_grad():
        found = network.eval()(torch.from_numpy(images)[:, None])
    return np.asarray(found[:, 0], dtype=np.float64)


def exported(network: Together, out: Path) -> bytes:
    """Write the network as ONNX and return the bytes, held against PyTorch.

    Raises
    ------
    KermaError
        ONNX Runtime answers differently.
    """
    import onnxruntime

    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}.onnx"
    noise = torch.randn(1, 1, SIDE_PX, SIDE_PX, generator=torch.Generator().manual_seed(1))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (noise,), str(path), opset_version=OPSET, input_names=["patch"], output_names=["logit"],
            dynamo=False,
        )  # fmt: skip
        expected = network(noise).numpy()
    content = path.read_bytes()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    difference = float(np.abs(session.run(None, {"patch": noise.numpy()})[0] - expected).max())
    if difference > LARGEST_DIFFERENCE:
        raise KermaError(f"ONNX Runtime differs from PyTorch by {difference:.2g}, at most {LARGEST_DIFFERENCE:g}")
    return content
