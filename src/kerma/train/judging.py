"""What exported weights are worth: calibrated on one held-out part, judged on the others, written into their card."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerma.science.detect.learned_finding import calibrated
from kerma.science.observer.cases import Case
from kerma.train.agreement import fitted, gain, supported_cases
from kerma.train.evaluate import FALSE_PER_IMAGE, Asked, calibration, cases_of, metrics, threshold
from kerma.train.tasks import Task

GOOD_MAP50 = 0.8
"""Less than this on held-out images is said in the card, before anything else."""


@dataclass(frozen=True)
class Judging:
    """Which weights are judged, on what."""

    task: Task
    seed: int
    cache: Path
    model: Path
    workers: int
    held_out: tuple[tuple[str, int], ...]
    """Parts and how many numbers of each."""


def judged(what: Judging, card: dict[str, Any], until: float, tell: Callable[[str], None]) -> dict[str, Any]:
    """Calibrate on one part, judge on the others, and write the card with what was found by ``until``.

    Calibration comes first; the other parts alternate, so that a short time leaves some of each.
    """
    rest = sorted(
        (number / count, part, number)
        for part, count in what.held_out
        if part != "calibrate"
        for number in range(count)
    )
    numbers = [("calibrate", number) for number in range(dict(what.held_out)["calibrate"])]
    numbers += [(part, number) for _, part, number in rest]
    asked = [Asked(what.task.name, part, what.seed, number, what.cache, what.model) for part, number in numbers]
    cases = cases_of(asked, what.workers, until)
    parts = {part: [case for case in cases if case.name.startswith(f"{part}-")] for part, _ in what.held_out}
    tell("marked " + ", ".join(f"{len(found)} {part}" for part, found in parts.items()))
    if parts["calibrate"]:
        _calibrate(card, parts["calibrate"])
        write(card, what.model)
    judged_on = {part: found for part, found in parts.items() if part != "calibrate" and found}
    card["metrics"] = metrics(what.task, judged_on)
    if "agreement" in card:
        for part, found in judged_on.items():
            card["metrics"][part]["two_views"] = gain(supported_cases(found, card), card["agreement"])
    found = card["metrics"].get("test", {}).get("map50", {}).get("value")
    if found is not None and found < GOOD_MAP50:
        # The card is what is read before a model is used: what is weak says so there.
        card["limits"].insert(
            0,
            f"weak: mAP50 {found} on held-out images like those of training, where {GOOD_MAP50} is asked of it; "
            "use it to try things out, not to look for anything",
        )
    write(card, what.model)
    for part, figures in card["metrics"].items():
        froc = ", ".join(f"{row['sensitivity']} at {row['false_per_image']:g}" for row in figures["froc"])
        tell(
            f"{part}: {figures['images']} images, {figures['flaws']} flaws, mAP50 {figures['map50']['value']}, mAP30 "
            f"{figures['map30']['value']}, centre AP {figures['ap_centre_any_label']['value']}, found {froc} false per "
            "image"
        )
    return card


def _calibrate(card: dict[str, Any], cases: Sequence[Case]) -> None:
    """Set the card's calibration, its operating point, and how two views of one thing make one score."""
    card["calibration"] = calibration(cases)
    raw = threshold(cases)
    if raw is None:
        return
    card["thresholds"] = {
        "operating_point": f"{FALSE_PER_IMAGE:g} false marks per calibration image",
        "score": round(calibrated(raw, card), 4),
    }
    how = fitted(supported_cases(cases, card), FALSE_PER_IMAGE)
    if how is not None:
        card["agreement"] = how


def write(card: dict[str, Any], model: Path) -> None:
    """Write a card beside its weights."""
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    model.with_suffix(".json").write_text(text, encoding="utf-8")
