"""The evaluation of a detector on images whose truth is known: every figure with its interval, groups kept whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.observer import average_precision as ap
from kerma.science.observer import bootstrap, calibration, froc, pod, proportion, risk_control, roc_curve
from kerma.science.observer.cases import Case, Floats, labels_of
from kerma.science.observer.confusion import Confusion, confusion
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import SIZE_BANDS, Pool, pool, pool_by_label

LOOSE = 0.3
"""The overlap of AP30: boxes of flaws of a few pixels overlap badly and still show the right place."""
OVERLAPS = (LOOSE, *ap.OVERLAPS)
POD_QUANTITIES = ("detectability", "cnr", "length_mm", "diameter_mm")
"""Quantities of a truth that a probability of detection is drawn over, where every truth has them."""
SIZE_PX = "size_px"
"""The root of the box's area, which every truth has."""

Interval = tuple[float, float] | None
Tick = Callable[[], None]


@dataclass(frozen=True)
class Options:
    """What an evaluation may be asked."""

    criterion: Criterion = Criterion()
    is_class_aware: bool = True
    threshold: float | None = None
    """The score from which marks count for POD, confusion, misses; None: the highest sensitivity at the rate below."""
    false_per_image: float = 0.5
    miss_rate: float = 0.1
    """What conformal risk control is to promise."""
    resamples: int = bootstrap.RESAMPLES
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.miss_rate < 1:
            raise WrongUsage(f"a miss rate of {self.miss_rate:g} cannot be promised; give one between 0 and 1")
        if self.resamples < 1 or not self.false_per_image >= 0:
            raise WrongUsage("resamples are 1 or more, false marks per image 0 or more")


USUAL = Options()


@dataclass(frozen=True)
class LabelFigures:
    """One label: its truths and marks, average precisions, and the share found at the threshold with its interval."""

    label: str
    truths: int
    marks: int
    ap30: float | None
    ap50: float | None
    ap: float | None
    ap50_interval: Interval
    found: int
    sensitivity_interval: Interval


@dataclass(frozen=True)
class SizeFigures:
    """One band of sizes: truths, AP50 over the labels, and the share found at the threshold with its interval."""

    band: str
    truths: int
    map50: float | None
    found: int
    sensitivity_interval: Interval


@dataclass(frozen=True)
class Pod:
    """Probability of detection over one quantity."""

    by: str
    bands: tuple[pod.PodBand, ...]
    curve: pod.PodCurve | None


@dataclass(frozen=True)
class Evaluation:
    """Every figure of one detector on one set of images; None where it does not exist."""

    cases: tuple[Case, ...]
    options: Options
    pooled: Pool
    map30: float | None
    map50: float | None
    map: float | None
    intervals: dict[str, Interval]
    froc_sensitivity: Floats
    froc_intervals: tuple[Interval, ...]
    auc: roc_curve.Auc | None
    operating: froc.Operating | None
    labels: tuple[LabelFigures, ...]
    sizes: tuple[SizeFigures, ...]
    pods: tuple[Pod, ...]
    confusion: Confusion
    reliability: calibration.Reliability | None
    temperature: float | None
    risk: risk_control.Spread | None


def evaluate(cases: Sequence[Case], options: Options = USUAL, tick: Tick = lambda: None) -> Evaluation:
    """Evaluate a detector.

    Parameters
    ----------
    tick : called once for every resample, for a progress bar

    Raises
    ------
    WrongUsage
        There is no image.

    Notes
    -----
    Average precision is COCO's and always by overlap; FROC, POD and confusion use the criterion asked for. POD and
    confusion compare places, not labels: a flaw found under another name is found. The threshold is chosen on these
    same images unless it is given, so figures at it are somewhat too good on few images.
    """
    if not cases:
        raise WrongUsage("there is no image to evaluate on")
    labels: list[str | None] = [*labels_of(cases)] if options.is_class_aware else [None]
    pools = [[pool(cases, Criterion("iou", least), label) for least in OVERLAPS] for label in labels]
    by_place = pool(cases, options.criterion, None)
    pooled = pool_by_label(cases, options.criterion) if options.is_class_aware else by_place
    operating = _operating(pooled, options)
    threshold = operating.threshold if operating else float("inf")
    is_share = bool(((pooled.scores >= 0) & (pooled.scores <= 1)).all())
    groups = [case.group for case in cases]
    holding = len({case.group for case in cases if case.truths})
    drawn = _resampled(pools, pooled, cases, options, tick)
    table = _table(pools, None)
    return Evaluation(
        cases=tuple(cases),
        options=options,
        pooled=pooled,
        map30=_mean(table[:, 0]),
        map50=_mean(table[:, 1]),
        map=_mean(table[:, 1:].mean(axis=1)),
        intervals={name: bootstrap.share_interval(values, holding) for name, values in drawn.means.items()},
        froc_sensitivity=froc.sensitivity_at(pooled),
        froc_intervals=tuple(bootstrap.share_interval(column, holding) for column in drawn.froc.T),
        auc=image_auc(cases),
        operating=operating,
        labels=tuple(
            _label(cases, options, row, threshold) for row in zip(labels, pools, table, drawn.ap50.T, strict=True)
        ),
        sizes=_sizes(cases, labels, by_place, threshold),
        pods=_pods(cases, by_place, threshold),
        confusion=confusion(cases, options.criterion, threshold),
        reliability=calibration.reliability(pooled.scores, pooled.is_true) if is_share else None,
        temperature=calibration.temperature(pooled.scores, pooled.is_true) if is_share else None,
        risk=risk_control.spread(risk_control.misses(pooled, groups), options.miss_rate, seed=options.seed),
    )


def image_auc(cases: Sequence[Case]) -> roc_curve.Auc | None:
    """Return the area under the ROC curve of whole images: those with a truth against those without."""
    return roc_curve.auc(*ratings_of(cases))


def ratings_of(cases: Sequence[Case]) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return the rating of every image, and whether it has a truth."""
    return np.array([case.rating for case in cases]), np.array([bool(case.truths) for case in cases])


@dataclass(frozen=True)
class _Drawn:
    """Figures of every resample: means by name, FROC of shape (resample, rate), AP50 of shape (resample, label)."""

    means: dict[str, Floats]
    froc: Floats
    ap50: Floats


def _table(pools: Sequence[Sequence[Pool]], weights: Floats | None) -> Floats:
    """Return average precisions of shape (label, overlap); NaN where there is nothing to find."""
    found = [[ap.average_precision(one, weights) for one in row] for row in pools]
    return np.array([[np.nan if value is None else value for value in row] for row in found]).reshape(-1, len(OVERLAPS))


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _resampled(
    pools: Sequence[Sequence[Pool]], pooled: Pool, cases: Sequence[Case], options: Options, tick: Tick
) -> _Drawn:
    tables, curves = [], []
    for weights in bootstrap.group_weights([case.group for case in cases], options.resamples, options.seed):
        tables.append(_table(pools, weights))
        curves.append(froc.sensitivity_at(pooled, weights=weights))
        tick()
    stacked = np.stack(tables)

    def means(values: Floats) -> Floats:
        return np.array([np.nan if (mean := _mean(row)) is None else mean for row in values])

    named = {"map30": stacked[:, :, 0], "map50": stacked[:, :, 1], "map": stacked[:, :, 1:].mean(axis=2)}
    return _Drawn({name: means(values) for name, values in named.items()}, np.stack(curves), stacked[:, :, 1])


def _operating(pooled: Pool, options: Options) -> froc.Operating | None:
    if options.threshold is None and pooled.truths:
        return froc.operating_point(pooled, options.false_per_image)
    least = options.threshold
    if least is None:  # nothing is to be found: every mark the detector makes is false
        least = float(pooled.scores.min(initial=1.0))
    counts = pooled.scores >= least
    false = float((counts & ~pooled.is_true).sum()) / max(pooled.images, 1)
    found = float((pooled.found_at >= least).mean()) if pooled.truths else float("nan")
    return froc.Operating(least, false, found)


def _label(
    cases: Sequence[Case], options: Options, row: tuple[str | None, Sequence[Pool], Floats, Floats], threshold: float
) -> LabelFigures:
    label, _, values, drawn = row
    pooled = pool(cases, options.criterion, label)
    found = int((pooled.found_at >= threshold).sum())
    ap30, ap50, whole = (None if np.isnan(one) else float(one) for one in (values[0], values[1], values[1:].mean()))
    return LabelFigures(
        label=label or "any",
        truths=pooled.truths,
        marks=int(pooled.scores.size),
        ap30=ap30,
        ap50=ap50,
        ap=whole,
        ap50_interval=bootstrap.share_interval(drawn, len({cases[image].group for image in pooled.truth_at[:, 0]})),
        found=found,
        sensitivity_interval=_share(found, pooled.truths),
    )


def _sizes(
    cases: Sequence[Case], labels: Sequence[str | None], by_place: Pool, threshold: float
) -> tuple[SizeFigures, ...]:
    sizes = _quantity(cases, by_place, SIZE_PX)
    told = []
    for band in SIZE_BANDS:
        inside = (sizes**2 >= band.from_px2) & (sizes**2 < band.below_px2)
        truths, found = int(inside.sum()), int((by_place.found_at[inside] >= threshold).sum())
        value = ap.mean_average_precision(ap.pools_of(cases, labels, (0.5,), band)) if truths else None
        told.append(SizeFigures(band.name, truths, value, found, _share(found, truths)))
    return tuple(told)


def _pods(cases: Sequence[Case], by_place: Pool, threshold: float) -> tuple[Pod, ...]:
    is_found = by_place.found_at >= threshold
    told = []
    for name in (*POD_QUANTITIES, SIZE_PX):
        sizes = _quantity(cases, by_place, name)
        known = np.isfinite(sizes) & (sizes > 0)
        if known.any() and known.all():
            told.append(Pod(name, pod.bands(sizes, is_found, pod.doubling(sizes)), pod.curve(sizes, is_found)))
    return tuple(told)


def _quantity(cases: Sequence[Case], pooled: Pool, name: str) -> Floats:
    """Return a quantity of every truth, NaN where a truth does not have it."""
    truths = [cases[image].truths[place] for image, place in pooled.truth_at]
    if name == SIZE_PX:
        return np.array([(one.box.height * one.box.width) ** 0.5 for one in truths])
    return np.array([one.measurements.get(name, np.nan) for one in truths], dtype=np.float64)


def _share(found: int, truths: int) -> Interval:
    return proportion.interval(found, truths) if truths else None
