"""``make bench-detect``: every learned model that ships, on pictures it never saw, beside the matched filter.

Prints one JSON document: what was measured with its 95 % interval, what it was to reach, and by how much it missed.
``python -m bench.detect [weld|casting|bag|chest|speed ...] [--quick]``; quick is a trial of two minutes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.detect_pictures import REAL, SEED, cases_of, picture, real_pictures
from kerma.science.detect import detect, learned
from kerma.science.detect.learned_input import image_channels
from kerma.science.imaging.image import Image
from kerma.science.observer.average_precision import mean_average_precision, pools_of
from kerma.science.observer.bootstrap import group_weights, interval, resampled
from kerma.science.observer.cases import Case
from kerma.science.observer.froc import sensitivity_at
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool
from kerma.science.observer.risk_control import SPLITS, misses, spread
from kerma.science.observer.roc_curve import auc

CENTRE = Criterion("centre")
HALF = 0.5
ALPHAS = (0.05, 0.1, 0.2)
RESAMPLES = 200
FEWEST = 20
TARGETS: dict[str, dict[str, float]] = {
    "weld": {"map30": 0.92, "map50": 0.80, "sensitivity": 0.97, "points_above_matched_filter": 0.10},
    "casting": {"map50": 0.85},
    "bag": {"map50": 0.80},
    "chest": {"auc": 0.97},
}
CPU_MS, MODEL_BYTES, FILM_S = 60.0, 6_000_000, 3.0


@dataclass(frozen=True)
class Size:
    """How much is measured: pictures of each part, the longest time for a model's pictures, and real negatives."""

    numbers: dict[str, int]
    bags: dict[str, int]
    longest_s: float
    real: int
    rounds: int


FULL = Size({"test": 130, "shifted": 70}, {"test": 24, "shifted": 12}, 400.0, 48, 9)
QUICK = Size({"test": 14, "shifted": 8}, {"test": 2, "shifted": 1}, 60.0, 4, 3)


def detector(name: str, size: Size) -> dict[str, Any]:
    """Return the figures of a network that marks, on both parts, and what it misses of its targets."""
    from kerma.train.tasks import task_of

    task, parts = task_of(name), {}
    counts = size.bags if getattr(task, "family", "") else size.numbers
    for part, count in counts.items():
        share = count / sum(counts.values())
        pairs = cases_of(name, part, count, time.monotonic() + share * size.longest_s)
        parts[part] = _figures(task.labels, pairs)
    reached = {
        f"{part}, {key}": _against(parts[part].get(key), target)
        for part in parts
        for key, target in TARGETS[name].items()
    }
    return {"parts": parts, "targets": reached, "real_radiographs_without_any": _real(name, size)}


def _figures(labels: Sequence[str], pairs: Sequence[tuple[Case, Case | None]]) -> dict[str, Any]:
    """Return the figures of one part, with intervals from drawing whole groups again."""
    cases = [case for case, _ in pairs]
    told: dict[str, Any] = {"pictures": len(cases), "to_be_found": sum(len(case.truths) for case in cases)}
    if told["to_be_found"] < FEWEST:
        return told | {"not_measured": f"fewer than {FEWEST} things to be found were made in time"}
    weights = group_weights([case.group for case in cases], RESAMPLES)
    for name, least in (("map50", 0.5), ("map30", 0.3)):
        pools = pools_of(cases, labels, [least])

        def figure(row: Any, them: Any = pools) -> float | None:
            return mean_average_precision(them, row)

        told[name] = _told(figure(None), interval(resampled(figure, weights)))
    told["sensitivity"] = _sensitivity(cases)
    classic = [other for _, other in pairs if other is not None]
    if classic:
        told["matched_filter"] = _sensitivity(classic)
        told["points_above_matched_filter"] = _apart(cases, classic)
    return told | {"conformal": [_conformal(cases, alpha) for alpha in ALPHAS]}


def _sensitivity(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the share found by the middle of a mark at half a false mark per picture, whole groups drawn again."""
    pooled = pool(cases, CENTRE)

    def at(row: Any) -> float:
        return float(sensitivity_at(pooled, (HALF,), row)[0])

    return _told(at(None), interval(resampled(at, group_weights([case.group for case in cases], RESAMPLES))))


def _apart(cases: Sequence[Case], classic: Sequence[Case]) -> dict[str, Any]:
    """Return by how much the network finds more at half a false mark, on the same pictures drawn again."""
    one, other = pool(cases, CENTRE), pool(classic, CENTRE)

    def at(row: Any) -> float:
        return float(sensitivity_at(one, (HALF,), row)[0] - sensitivity_at(other, (HALF,), row)[0])

    return _told(at(None), interval(resampled(at, group_weights([case.group for case in cases], RESAMPLES))))


def _told(value: float | None, between: tuple[float, float] | None) -> dict[str, Any]:
    return {
        "value": None if value is None else round(value, 3),
        "interval": [round(one, 3) for one in between] if between else None,
    }


def _conformal(cases: Sequence[Case], alpha: float) -> dict[str, Any]:
    """Return the miss rate of halves that were held out, over 200 splits: to stay within alpha and twice its SD."""
    found = spread(misses(pool(cases, CENTRE), [case.group for case in cases]), alpha, splits=SPLITS)
    if found is None:
        return {"alpha": alpha, "not_measured": "too few groups with something to be found"}
    return {
        "alpha": alpha, "mean_miss_rate": round(found.mean_miss_rate, 4), "sd": round(found.sd_miss_rate, 4),
        "splits": found.splits, "splits_without_a_threshold": found.unreached,
        "reached": found.mean_miss_rate <= alpha + 2 * found.sd_miss_rate and found.unreached == 0,
    }  # fmt: skip


def _against(found: Any, target: float) -> dict[str, Any]:
    """Return a figure beside its target, and by how much it falls short of it."""
    value = found.get("value") if isinstance(found, dict) else None
    if value is None:
        return {"target": target, "reached": None}
    return {
        "value": value, "interval": found["interval"], "target": target, "reached": value >= target,
        "short_by": round(max(0.0, target - value), 3),
    }  # fmt: skip


def _real(name: str, size: Size) -> dict[str, Any]:
    """Return the marks on real radiographs at the operating point: every one is false."""
    from kerma.errors import WrongUsage

    pictures = real_pictures(size.real)
    if not pictures:
        return {"not_measured": f"there is no folder {REAL.name} with real radiographs beside the checkout"}
    network = learned.of(name)
    marks, classic, passed_over = [], [], 0
    for _, image in pictures:
        try:
            marks.append(len(network.look(image).findings))
            classic.append(len(detect("small_flaws", image)))
        except WrongUsage:
            passed_over += 1
    return {
        "pictures": len(marks), "passed_over": passed_over, "marks_per_picture": round(float(np.mean(marks)), 2),
        "most": max(marks), "matched_filter_marks_per_picture": round(float(np.mean(classic)), 2),
    }  # fmt: skip


def chest(size: Size) -> dict[str, Any]:
    """Return the AUC of the chest score on the validation part of the real patches, with DeLong's interval."""
    path = REAL / "pneumoniamnist" / "pneumoniamnist.npz"
    files = [path] if path.is_file() else sorted((REAL / "pneumoniamnist").glob("*.npz"))
    if not files:
        return {"not_measured": "the chest patches are not there"}
    with np.load(files[0], allow_pickle=False) as arrays:
        images, labels = arrays["val_images"], arrays["val_labels"].ravel() > 0
    step = 1 if size is FULL else 5
    network = learned.of("chest")
    scores = np.array([network.look(Image(one[None], 8)).score for one in images[::step]], dtype=np.float64)
    found = auc(scores, labels[::step])
    value = _told(found.value, (found.low, found.high)) if found else None
    return {"patches": len(scores), "auc": value, "targets": {"auc": _against(value, TARGETS["chest"]["auc"])}}


def _cpu_ms(work: Callable[[], Any], rounds: int) -> float:
    """Return the median processor time of all threads, in milliseconds."""
    work()
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return round(1000 * statistics.median(took), 1)


def speed(size: Size) -> dict[str, Any]:
    """Return processor time for a tile, time for a film, bytes, and whether two looks agree, of each model."""
    tile, film = picture(512, 512), picture(1300, 5000)
    told: dict[str, Any] = {"anomaly_layers": _layers(tile, size)}
    for name, card in learned.shipped().items():
        network = learned.of(name)
        one = _once(network, tile)
        began, cpu_s = time.perf_counter(), time.process_time()
        network.look(film)
        film_s, film_cpu_s = round(time.perf_counter() - began, 2), round(time.process_time() - cpu_s, 2)
        digests = [_digest(learned.of(name), tile) for _ in range(2)]
        is_same = digests[0] == digests[1]
        bytes_ = card.with_suffix(".onnx").stat().st_size
        told[name] = {
            "look_at_512_cpu_ms": _cpu_ms(lambda n=network: n.look(tile), size.rounds), "film_5000_x_1300_s": film_s,
            "film_5000_x_1300_cpu_s": film_cpu_s,
            "model_bytes": bytes_, "same_twice": is_same, "answer_sha256": digests[0],
            "reached": {
                "model_bytes": bytes_ <= MODEL_BYTES, "film_s": film_s <= FILM_S, "same_twice": is_same,
            },
        }  # fmt: skip
        if one is not None:
            told[name] |= {"tile_512_cpu_ms": _cpu_ms(one, size.rounds)}
            told[name]["reached"]["tile_512_cpu_ms"] = told[name]["tile_512_cpu_ms"] <= CPU_MS
    return {"models": told, "targets": {"tile_512_cpu_ms": CPU_MS, "model_bytes": MODEL_BYTES, "film_s": FILM_S}}


def _once(network: Any, tile: Image) -> Callable[[], Any] | None:
    """Return one run of a detector's network on the channels of a tile; None where it takes something else."""
    taken = network.session.get_inputs()[0]
    channels = image_channels(tile)
    shape = list(taken.shape)
    if len(shape) != 4 or isinstance(shape[2], int):
        return None
    if shape[1] != len(channels):
        channels = np.resize(channels, (int(shape[1]), *channels.shape[1:]))
    return lambda: network.session.run(None, {taken.name: channels[None]})


def _layers(tile: Image, size: Size) -> dict[str, Any]:
    """Return processor time of the layers that anomaly models compare, and of picking their answers apart."""
    from kerma.science.detect.anomaly_features import CHANNELS, FOLDER, backbone, features

    grey, chosen = tile.pixels[0].astype(np.float32), np.arange(0, sum(CHANNELS), 4)
    took = _cpu_ms(lambda: features(backbone(), grey, (2e4, 4e4), chosen), size.rounds)
    bytes_ = (FOLDER / "backbone.onnx").stat().st_size
    reached = {"tile_512_cpu_ms": took <= CPU_MS, "model_bytes": bytes_ <= MODEL_BYTES}
    return {"tile_512_cpu_ms": took, "model_bytes": bytes_, "reached": reached}


def _digest(network: Any, image: Image) -> str:
    seen = network.look(image, threshold=0.0)
    told = [[finding.as_json() for finding in seen.findings], seen.score]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def missed(figures: dict[str, Any], path: str = "") -> list[str]:
    """Return the names of all figures that were measured and not reached."""
    found = []
    for key, value in figures.items():
        here = f"{path}{key}"
        if isinstance(value, dict) and value.get("reached") is False:
            found.append(f"{here}: short by {value['short_by']}" if "short_by" in value else here)
        if isinstance(value, dict) and isinstance(value.get("reached"), dict):
            found += [f"{here}, {name}" for name, is_reached in value["reached"].items() if not is_reached]
        if isinstance(value, dict):
            found += missed(value, f"{here}: ")
        for one in value if isinstance(value, list) else ():
            if isinstance(one, dict) and one.get("reached") is False:
                found.append(f"{here}, {one.get('alpha', one.get('name', ''))}")
    return found


def main(words: Sequence[str]) -> None:
    """Measure the parts that are named, or all; progress goes to stderr."""
    size = QUICK if "--quick" in words else FULL
    chosen = [word for word in words if not word.startswith("-")]
    figures: dict[str, Any] = {}
    for name in chosen or ["speed", *(name for name in TARGETS if name in learned.shipped())]:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        if name == "speed":
            figures[name] = speed(size)
        elif name == "chest":
            figures[name] = chest(size)
        else:
            figures[name] = detector(name, size)
    document = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "size": "quick: a trial, no measurement" if size is QUICK else "full", "seed": SEED,
        "figures": figures, "missed": missed(figures),
    }  # fmt: skip
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
