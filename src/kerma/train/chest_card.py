"""The card of the chest classifier: choices come from patches held out, figures from the validation part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.learned_finding import calibrated
from kerma.science.observer import proportion
from kerma.science.observer.roc_curve import Auc, auc
from kerma.train.chest_patches import Data, declared

Logits = NDArray[np.float64]
Flags = NDArray[np.bool_]
SENSITIVITY = 0.95
"""Of the operating point, on the patches held out."""
NEWTON_STEPS = 50
ATTRIBUTION = (
    "MedMNIST v2, PneumoniaMNIST: J. Yang et al., Scientific Data 10 (2023) 41, CC BY 4.0; made from the chest "
    "radiographs of D. S. Kermany et al., Cell 172 (2018) 1122, CC BY 4.0; the patches were used to train and to "
    "measure this network and are not part of it"
)
INTENDED = (
    "a number to sort chest radiographs of children by, beside or after a person, in trials; not a diagnosis, and not "
    "for acceptance without a person"
)
LIMITS = (
    "28 x 28 patches of one paediatric source (children of one to five years, one hospital), all of the figures",
    "the file names no patients: images of one child may stand in both parts, which makes the figures look better",
    "sees the square in the middle of the displayed image at 28 x 28 pixels: nothing smaller than about 1 cm is in it",
    "not for adults: it marks simulated clear chests of adults too; whether it is right on real ones is not known",
    "calibrated for as many ill as well; it marks the whole square it looked at, never a place in it",
    "not a diagnosis; accept it on your own radiographs before you rely on it",
)


@dataclass(frozen=True)
class Figures:
    """What is needed for a card: the data, logits of patches held out in turn, and of the validation part."""

    data: Data
    held: Logits
    validation: Logits


def card_of(told: Figures, name: str, version: str, sha256: str) -> dict[str, Any]:
    """Return the card of weights, without how they were trained in detail."""
    data = told.data
    how = calibration_of(told.held, data.train.is_ill)
    score = least_score(told.held, data.train.is_ill, how)
    card = declared({
        "name": name, "version": version, "sha256": sha256,
        "calibration": how,
        "thresholds": {
            "operating_point": f"{SENSITIVITY:.0%} of the ill patches held out in training reach it", "score": score,
        },
        "trained": {
            "on": "PneumoniaMNIST, training part, without what the validation part holds too",
            "attribution": ATTRIBUTION, "images": len(data.train), "ill": int(data.train.is_ill.sum()),
            "data_sha256": data.sha256, "left_out_copies_of_validation": data.copies_of_validation,
            "left_out_repeated": data.repeated,
        },
        "metrics": {
            "held_out": {
                "images": len(data.train), "ill": int(data.train.is_ill.sum()),
                "chosen_here": "calibration and threshold", "auc": _auc(auc(told.held, data.train.is_ill)),
            },
            "validation": {
                "images": len(data.validation), "ill": int(data.validation.is_ill.sum()), "chosen_here": "nothing",
                "auc": _auc(auc(told.validation, data.validation.is_ill)),
                **at_score(told.validation, data.validation.is_ill, how, score),
            },
        },
        "intended_use": INTENDED,
        "limits": list(LIMITS),
    })  # fmt: skip
    order = ("name", "version", "sha256", "kind", "labels", "input", "output")
    return {key: card[key] for key in order} | {key: card[key] for key in card if key not in order}


def calibration_of(logits: Logits, is_ill: Flags) -> dict[str, float]:
    """Return temperature and shift of the logistic calibration, both kinds weighing the same in all (Newton's method).

    A logit is divided by the temperature, and the shift is added.
    """
    weights = np.where(is_ill, 0.5 / is_ill.sum(), 0.5 / (~is_ill).sum())
    columns = np.stack([logits, np.ones_like(logits)], axis=1)
    values = np.array([1.0, 0.0])
    for _ in range(NEWTON_STEPS):
        share = 1.0 / (1.0 + np.exp(-np.clip(columns @ values, -60, 60)))
        slope = columns.T @ (weights * (share - is_ill)) + 1e-4 * values
        curve = (columns * (weights * share * (1 - share))[:, None]).T @ columns + 1e-4 * np.eye(2)
        values = values - np.linalg.solve(curve, slope)
    return {"temperature": round(float(1.0 / values[0]), 4), "shift": round(float(values[1]), 4)}


def least_score(logits: Logits, is_ill: Flags, how: Mapping[str, float]) -> float:
    """Return the calibrated score that the stated share of the ill reaches."""
    return round(float(np.quantile(_scores(logits[is_ill], how), 1.0 - SENSITIVITY)), 4)


def at_score(logits: Logits, is_ill: Flags, how: Mapping[str, float], score: float) -> dict[str, Any]:
    """Return sensitivity and specificity at a score, with exact intervals."""
    is_marked = _scores(logits, how) >= score
    return {
        "sensitivity": _share(int((is_marked & is_ill).sum()), int(is_ill.sum())),
        "specificity": _share(int((~is_marked & ~is_ill).sum()), int((~is_ill).sum())),
    }


def _scores(logits: Logits, how: Mapping[str, float]) -> Logits:
    shares = 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))
    return np.array([calibrated(float(share), {"calibration": how}) for share in shares])


def _share(found: int, of: int) -> dict[str, Any]:
    low, high = proportion.interval(found, of)
    return {"value": round(found / of, 4), "interval": [round(low, 4), round(high, 4)]}


def _auc(found: Auc | None) -> dict[str, Any]:
    if found is None:
        return {"value": None, "interval": [None, None]}
    return {"value": round(found.value, 4), "interval": [round(found.low, 4), round(found.high, 4)]}
