"""Training of the chest score, on patches laid out by hand: it learns, and the same seed makes the same file."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.detect import learned
from kerma.science.imaging.image import Image

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("onnx", reason="the extra train is not installed")


def written(folder: Path) -> Path:
    """Write 400 noisy patches to learn from and 60 to validate with; the ill are bright in one lung."""
    rng = np.random.default_rng(7)
    arrays = {}
    for part, count in (("train", 400), ("val", 60)):
        is_ill = np.arange(count) % 2 > 0
        images = rng.integers(60, 120, (count, 28, 28))
        images[is_ill, 6:22, 4:12] += 60
        arrays |= {f"{part}_images": images.astype(np.uint8), f"{part}_labels": is_ill[:, None].astype(np.uint8)}
    path = folder / "patches.npz"
    np.savez(path, **arrays)
    return path


def test_it_learns_what_is_plain_and_the_same_seed_makes_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.train import chest

    monkeypatch.setattr(chest, "EPOCHS", 6)

    data = written(tmp_path)
    cards = [chest.train(chest.Order(3, 5.0, tmp_path / out, data), lambda _: None) for out in ("one", "two")]
    assert cards[0]["sha256"] == cards[1]["sha256"]
    card = cards[0]
    assert card["metrics"]["validation"]["auc"]["value"] > 0.95
    network = learned.load((tmp_path / "one" / "chest.onnx").read_bytes(), card)
    with np.load(data) as file:
        scores = [network.look(Image(patch[None], 8)).score or 0 for patch in file["val_images"][:20]]
    assert min(scores[1::2]) > max(scores[::2])


def test_with_less_time_there_are_fewer_epochs_and_with_next_to_none_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.train import chest
    from kerma.train.chest_patches import read

    patches = read(written(tmp_path)).train
    clock = itertools.count()
    monkeypatch.setattr(chest, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))  # a second at each look
    assert chest._learned(patches, 1, 4, 100.0)[1] == 4
    assert chest._learned(patches, 1, 9, 5.0)[1] == 4
    with pytest.raises(WrongUsage, match="too short"):
        chest._learned(patches, 1, 9, 3.0)
