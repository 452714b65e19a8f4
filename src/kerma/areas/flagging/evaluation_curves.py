"""Which curves an evaluation is shown by, from its figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kerma.areas.flagging.evaluation_charts import Axis, Line, Point, chart, doubling_axis, legend, share_axis
from kerma.science.observer import froc, roc_curve
from kerma.science.observer.average_precision import precision_recall
from kerma.science.observer.evaluation import Evaluation, Pod, ratings_of
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool

Figure = tuple[str, str, str]
"""Heading, SVG with its legend, and what to see in it."""
MOST_LINES = 8
CURVE_POINTS = 60
WORDS = {
    "detectability": "detectability",
    "cnr": "contrast to noise",
    "length_mm": "length in mm",
    "diameter_mm": "diameter in mm",
    "size_px": "root of the box's area in pixels",
}


def figures(told: Evaluation) -> list[Figure]:
    """Return the charts that exist for an evaluation."""
    found = [_froc(told), _precision(told)] if told.pooled.truths else []
    found += [_roc(told)] if told.auc is not None else []
    found += [_pod(one) for one in told.pods]
    return found + ([_reliability(told)] if told.reliability is not None else [])


def _froc(told: Evaluation) -> Figure:
    curve = froc.froc(told.pooled)
    least, most = froc.RATES[0], froc.RATES[-1]
    points = _stairs([(least, float(told.froc_sensitivity[0]))], curve, least, most)
    known = zip(froc.RATES, told.froc_intervals, strict=True)
    bars = [(rate, *interval) for rate, interval in known if interval is not None]
    axis = Axis("false marks per image", least, most, froc.RATES, True)
    svg = chart("FROC curve", axis, share_axis("share of truths found"), [Line("", points, bars)])
    return "Found, over false marks per image (FROC)", svg, "Bars: 95 % interval, whole groups drawn again."


def _stairs(begin: list[Point], curve: froc.Froc, least: float, most: float) -> list[Point]:
    points = begin
    for rate, found in zip(curve.false_per_image.tolist(), curve.sensitivity.tolist(), strict=True):
        if least < rate <= most:
            points += [(rate, points[-1][1]), (rate, found)]
        elif rate <= least:
            points = [(least, found)]
    return [*points, (most, points[-1][1])]


def _precision(told: Evaluation) -> Figure:
    lines = []
    for row in sorted(told.labels, key=lambda one: -one.truths)[:MOST_LINES]:
        label = row.label if told.options.is_class_aware else None
        recall, precision = precision_recall(pool(told.cases, Criterion("iou", 0.5), label))
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        ap50 = "-" if row.ap50 is None else f"{row.ap50:.3f}"
        begin = (0.0, float(envelope[0]) if envelope.size else 0.0)
        points = [begin, *zip(recall.tolist(), envelope.tolist(), strict=True)]
        lines.append(Line(f"{row.label} (AP50 {ap50})", _thin(points)))
    axes = share_axis("recall: share of truths found"), share_axis("precision: share of marks that are true")
    note = "At an overlap of 0.5, the envelope that AP50 is the mean of."
    return "Precision over recall", chart("Precision over recall", *axes, lines) + legend(lines), note


def _roc(told: Evaluation) -> Figure:
    false, true = roc_curve.roc_curve(*ratings_of(told.cases))
    auc = told.auc
    assert auc is not None
    lines = [Line("", _thin(list(zip(false.tolist(), true.tolist(), strict=True))))]
    axes = share_axis("share of images without anything, rated higher"), share_axis("share of images with something")
    interval = f"95 %: {auc.low:.3f} to {auc.high:.3f}, DeLong"
    note = f"Area {auc.value:.3f} ({interval}); {auc.positives} images with something, {auc.negatives} without."
    return "Whole images (ROC)", chart("ROC curve", *axes, lines, diagonal=True), note


def _pod(one: Pod) -> Figure:
    middles = [math.sqrt(max(band.from_size, 1e-9) * band.below_size) for band in one.bands]
    shares = [band.found / band.truths for band in one.bands]
    bars = [(at, band.low, band.high) for at, band in zip(middles, one.bands, strict=True)]
    axis = doubling_axis(WORDS[one.by], one.bands[0].from_size, one.bands[-1].below_size)
    lines = [Line("bands", list(zip(middles, shares, strict=True)), bars, has_dots=True, is_line=False)]
    note = "Dots: share found in each band with its exact 95 % interval."
    if one.curve is not None:
        curve = one.curve
        at = np.geomspace(axis.low, axis.high, CURVE_POINTS).tolist()
        lines.append(Line("hit/miss curve", [(size, curve.at(size)) for size in at]))
        sizes = (("a50", curve.a50), ("a90", curve.a90), ("a90/95", curve.a90_95))
        ends = one.bands[0].from_size, one.bands[-1].below_size
        known = [f"{name} {size:.3g}" for name, size in sizes if size is not None and ends[0] <= size <= ends[1]]
        note += f" Curve: {', '.join(known) or 'a50 and a90 lie beyond the sizes that were tried'}."
    heading = f"Probability of detection by {WORDS[one.by]}"
    return heading, chart(heading, axis, share_axis("share of truths found"), lines), note


def _reliability(told: Evaluation) -> Figure:
    found = told.reliability
    assert found is not None
    points = [(one.mean_score, one.right_share) for one in found.bins]
    lines = [Line("", points, has_dots=True)]
    axes = share_axis("score"), share_axis("share of marks that are true")
    note = f"On the diagonal a score means what it says. Expected calibration error {found.ece:.3f}."
    return "What the scores mean", chart("Reliability of scores", *axes, lines, diagonal=True), note


def _thin(points: Sequence[Point], most: int = 400) -> list[Point]:
    """Return points without those that nobody could see apart."""
    if len(points) <= most:
        return list(points)
    kept = np.unique(np.linspace(0, len(points) - 1, most).astype(int))
    return [points[number] for number in kept]
