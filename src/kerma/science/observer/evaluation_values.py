"""An evaluation as plain values: what ``kerma evaluate --json`` prints under ``values``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerma.science.observer import froc
from kerma.science.observer.bootstrap import FEWEST_GROUPS
from kerma.science.observer.comparison import Comparison
from kerma.science.observer.evaluation import Evaluation, Interval, Pod
from kerma.science.observer.region_overlap import RegionFigures

FEW_TRUTHS = 30


def values_of(told: Evaluation) -> dict[str, Any]:
    """Return every figure; None where it does not exist, intervals as [low, high] of 95 %."""
    auc = told.auc
    return {
        **counts_of(told),
        "map50": told.map50,
        "map30": told.map30,
        "map": told.map,
        "auc": auc.value if auc else None,
        "froc": _froc(told),
        "froc_mean": _number(float(told.froc_sensitivity.mean())),
        "intervals": {
            **{name: _pair(found) for name, found in told.intervals.items()},
            "auc": [auc.low, auc.high] if auc else None,
            "froc": [_pair(found) for found in told.froc_intervals],
        },
        "operating_point": _operating(told),
        "classes": [
            {
                "label": one.label, "truths": one.truths, "marks": one.marks, "ap30": one.ap30, "ap50": one.ap50,
                "ap50_interval": _pair(one.ap50_interval), "ap": one.ap, "found": one.found,
                **_sensitivity(one.found, one.truths, one.sensitivity_interval),
            }
            for one in told.labels
        ],
        "sizes": [
            {
                "band": one.band, "truths": one.truths, "map50": one.map50, "found": one.found,
                **_sensitivity(one.found, one.truths, one.sensitivity_interval),
            }
            for one in told.sizes
        ],
        "pod": [_pod(one) for one in told.pods],
        "confusion": [
            {"truth": truth, "mark": mark, "count": count}
            for (truth, mark), count in sorted(told.confusion.taken_for.items())
        ],
        "missed": len(told.confusion.missed),
        "false": len(told.confusion.false),
        "calibration": _calibration(told),
        "risk_control": _risk(told),
    }  # fmt: skip


def counts_of(told: Evaluation) -> dict[str, int]:
    """Return how much the figures stand on."""
    return {
        "images": len(told.cases),
        "groups": len({case.group for case in told.cases}),
        "images_with_truth": sum(bool(case.truths) for case in told.cases),
        "truths": sum(len(case.truths) for case in told.cases),
        "marks": sum(len(case.marks) for case in told.cases),
    }


def warnings_of(told: Evaluation) -> tuple[str, ...]:
    """Return, in sentences, what a reader of the figures must know."""
    counts = counts_of(told)
    labels = {one.label for one in told.labels}
    others = sorted({mark.label for case in told.cases for mark in case.marks} - labels)
    aware = told.options.is_class_aware
    words = (
        (not counts["truths"], "there is no truth on any image: only false marks can be counted"),
        (
            counts["groups"] < FEWEST_GROUPS,
            f"{counts['groups']} groups (patients, films, parts, bags) are too few for intervals; have {FEWEST_GROUPS}",
        ),
        (
            0 < counts["truths"] < FEW_TRUTHS,
            f"{counts['truths']} truths are few: look at the intervals, not the figures",
        ),
        (
            told.auc is None,
            "no area under the ROC curve: it needs images with something on them and images without",
        ),
        (
            aware and bool(others) and bool(labels),
            f"labels that no truth has ({', '.join(others[:6])}) count as false; compare places alone with "
            "--class-agnostic, or say which words are the same with --same",
        ),
        (
            told.options.threshold is None and told.operating is None and bool(counts["truths"]),
            f"the marks are never as few as {told.options.false_per_image:g} false ones per image: misses and POD are "
            "those of no mark at all; allow more with --false-per-image",
        ),
    )
    return tuple(sentence for holds, sentence in words if holds)


def comparison_values(found: Comparison) -> dict[str, Any]:
    """Return the differences, first minus second."""
    differences = {
        name: {"difference": one.value, "interval": [one.low, one.high], "p": one.p}
        for name, one in found.differences.items()
    }
    if found.auc is None:
        return differences
    auc = {"difference": found.auc.value, "interval": [found.auc.low, found.auc.high], "p": found.auc.p}
    return differences | {"auc": auc}


def pixel_values(found: RegionFigures) -> dict[str, Any]:
    """Return how well the values of pixels cover the regions of the truth."""
    return {
        "regions": found.regions,
        "aupro": found.aupro,
        "false_share_limit": found.limit,
        "auc": found.pixel_auc,
        "intervals": {"aupro": _pair(found.aupro_interval), "auc": _pair(found.pixel_auc_interval)},
    }


def _froc(told: Evaluation) -> list[dict[str, Any]]:
    rows = zip(froc.RATES, told.froc_sensitivity.tolist(), told.froc_intervals, strict=True)
    points = [froc.operating_point(told.pooled, rate) for rate in froc.RATES]
    return [
        {
            "false_per_image": rate,
            "sensitivity": _number(found),
            "low": interval[0] if interval else None,
            "high": interval[1] if interval else None,
            "threshold": point.threshold if point else None,
        }
        for (rate, found, interval), point in zip(rows, points, strict=True)
    ]


def _operating(told: Evaluation) -> dict[str, Any] | None:
    point = told.operating
    if point is None:
        return None
    return {
        "threshold": point.threshold,
        "false_per_image": point.false_per_image,
        "sensitivity": _number(point.sensitivity),
    }


def _sensitivity(found: int, truths: int, interval: Interval) -> dict[str, Any]:
    return {"sensitivity": found / truths if truths else None, "sensitivity_interval": _pair(interval)}


def _pod(one: Pod) -> dict[str, Any]:
    curve, smallest, largest = one.curve, one.bands[0].from_size, one.bands[-1].below_size

    def within(size: float | None) -> float | None:
        # beyond what was tried nothing is known
        return size if size is not None and smallest <= size <= largest else None

    return {
        "by": one.by,
        "bands": [
            {
                "from": band.from_size, "below": band.below_size, "truths": band.truths, "found": band.found,
                "pod": band.found / band.truths, "interval": [band.low, band.high],
            }
            for band in one.bands
        ],
        "a50": within(curve.a50) if curve else None,
        "a90": within(curve.a90) if curve else None,
        "a90_95": within(curve.a90_95) if curve else None,
    }  # fmt: skip


def _calibration(told: Evaluation) -> dict[str, Any] | None:
    found = told.reliability
    if found is None:
        return None
    bins = [
        {
            "from": one.from_score, "below": one.below_score, "marks": one.marks, "score": one.mean_score,
            "right": one.right_share,
        }
        for one in found.bins
    ]  # fmt: skip
    return {"ece": found.ece, "brier": found.brier, "temperature": told.temperature, "bins": bins}


def _risk(told: Evaluation) -> dict[str, Any] | None:
    risk = told.risk
    if risk is None:
        return None
    return {
        "alpha": risk.alpha,
        "threshold": risk.threshold,
        "mean_miss_rate": risk.mean_miss_rate,
        "sd_miss_rate": risk.sd_miss_rate,
        "splits": risk.splits,
        "unreached": risk.unreached,
    }


def _pair(interval: Interval | Sequence[float]) -> list[float] | None:
    return [float(one) for one in interval] if interval is not None else None


def _number(value: float) -> float | None:
    return None if math.isnan(value) or np.isinf(value) else value
