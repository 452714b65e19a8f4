"""The chest patches a classifier is trained on: read from MedMNIST's file, shown as at work, copies taken out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect.contract_input import fed
from kerma.science.detect.contracts import contract_of
from kerma.science.imaging.image import Image

SIDE_PX = 28
ARRAYS = ("train_images", "train_labels", "val_images", "val_labels")
INPUT: dict[str, Any] = {
    "layout": "NCHW", "channels": 1, "rows": SIDE_PX, "columns": SIDE_PX, "values": "unit", "dense_is": "bright",
    "mean": 0.5, "sd": 0.25, "resize": "centre",
}  # fmt: skip
"""What the network is fed, as its card declares it: the square in the middle of the displayed image, made small."""
LABELS = ["pneumonia"]
OUTPUT: dict[str, Any] = {
    "scores": "logits", "activation": "sigmoid", "classes": LABELS, "score_class": LABELS[0],
}  # fmt: skip

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Patches:
    """Images (number, row, column), normalised as the network is fed, and which show pneumonia."""

    images: Floats
    is_ill: Flags

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Data:
    """The parts of the file: one to learn from, one that only the last figures are computed on."""

    train: Patches
    validation: Patches
    sha256: str
    copies_of_validation: int
    """Images left out of the first part because the second holds the same."""
    repeated: int
    """Images left out because they stand in the first part twice."""


def read(path: Path) -> Data:
    """Read ``pneumoniamnist`` (arrays ``train_*`` and ``val_*`` of shape (n, 28, 28) and (n, 1)).

    Raises
    ------
    Unreadable
        Another file.
    """
    content = path.read_bytes()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in ARRAYS}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise Unreadable(f"{path.name} is no file of chest patches with {', '.join(ARRAYS)}: {error}") from error
    for part in ("train", "val"):
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if images.shape[1:] != (SIDE_PX, SIDE_PX) or images.dtype != np.uint8 or labels.size != len(images):
            raise Unreadable(f"{path.name}: {part}_images must be 8-bit patches of {SIDE_PX}², one label each")
    held = {patch.tobytes() for patch in arrays["val_images"]}
    kept, seen, copies = [], set[bytes](), 0
    for number, patch in enumerate(arrays["train_images"]):
        copies += patch.tobytes() in held
        if patch.tobytes() not in held | seen:
            kept.append(number)
        seen.add(patch.tobytes())
    train = patches(arrays["train_images"][kept], arrays["train_labels"].ravel()[kept] > 0)
    validation = patches(arrays["val_images"], arrays["val_labels"].ravel() > 0)
    repeated = len(arrays["train_images"]) - len(kept) - copies
    return Data(train, validation, hashlib.sha256(content).hexdigest(), copies, repeated)


def patches(stored: NDArray[np.uint8], is_ill: Flags) -> Patches:
    """Return stored patches as the network is fed: by the function that feeds it at work."""
    wanted = contract_of(declared({"name": "", "version": "", "sha256": "", "thresholds": {"score": 0}})).input
    images = np.stack([fed(Image(patch[None], 8), wanted)[0] for patch in stored])
    return Patches((images - np.float32(wanted.mean[0])) / np.float32(wanted.sd[0]), is_ill)


def declared(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card with what the network takes and gives."""
    return card | {"kind": "classifier", "labels": LABELS, "input": INPUT, "output": OUTPUT}


def folds(is_ill: Flags, count: int, seed: int) -> list[NDArray[np.int64]]:
    """Return numbers of images in so many parts, both kinds spread evenly: each part is held out once."""
    rng = np.random.default_rng(seed)
    kinds: Sequence[NDArray[np.int64]] = [rng.permutation(np.flatnonzero(is_ill == kind)) for kind in (True, False)]
    return [np.sort(np.concatenate([kind[start::count] for kind in kinds])) for start in range(count)]
