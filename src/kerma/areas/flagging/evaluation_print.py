"""An evaluation on the terminal: the figures that decide first, each with its interval, then the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from kerma.areas.flagging.evaluation_run import Done

NONE = "-"


def print_evaluation(done: Done) -> None:
    """Print the figures."""
    values = done.as_json()["values"]
    typer.echo(f"{done.model.name} {done.model.version} on {_stands_on(values)}\n")
    _print_rows(_head(values))
    typer.echo("\nsensitivity at false marks per image")
    rows = values["froc"]
    _print_rows(
        [
            ("", *(f"{row['false_per_image']:g}" for row in rows)),
            ("found", *(percent(row["sensitivity"]) for row in rows)),
            ("from", *(percent(row["low"]) for row in rows)),
            ("to", *(percent(row["high"]) for row in rows)),
        ]
    )
    typer.echo("\nby label")
    _print_rows(table_of_labels(values))
    typer.echo("\nby size of the box")
    _print_rows(table_of_sizes(values))
    for pod in values["pod"][:1]:
        told = [
            f"{name.replace('_', '/')} {pod[name]:.3g}" for name in ("a50", "a90", "a90_95") if pod[name] is not None
        ]
        typer.echo(f"\nprobability of detection by {pod['by']}{': ' + ', '.join(told) if told else ''}")
        _print_rows(table_of_pod(pod))
    for sentence in (*trust(values), *compared(values)):
        typer.echo(f"\n{sentence}")


def _stands_on(values: dict[str, Any]) -> str:
    return (
        f"{values['images']} images in {values['groups']} groups, {values['images_with_truth']} with something on "
        f"them, {values['truths']} truths, {values['marks']} marks"
    )


def _head(values: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [("", "figure", "95 % interval")]
    names = {"map50": "mAP50", "map30": "mAP30", "map": "mAP 50-95", "auc": "AUC of images"}
    rows += [(words, number(values[key]), pair(values["intervals"][key])) for key, words in names.items()]
    if values["pixels"] is not None:
        found = values["pixels"]
        up_to = f"AUPRO up to {100 * found['false_share_limit']:g} % false"
        for words, key in ((up_to, "aupro"), ("AUC of pixels", "auc")):
            rows.append((words, number(found[key]), pair(found["intervals"][key])))
    return [*rows, *((words, figure, "") for words, figure in at_the_score(values))]


def at_the_score(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the operating point in words and figures."""
    point = values["operating_point"]
    if point is None:
        return []
    return [
        (f"at score {point['threshold']:.4g} ({point['how']})", ""),
        ("  found", percent(point["sensitivity"])),
        ("  false per image", number(point["false_per_image"])),
        ("  missed, whatever the label", str(values["missed"])),
        ("  false", str(values["false"])),
    ]


def table_of_labels(values: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the table of the labels, its head first."""
    head = ("label", "truths", "marks", "AP30", "AP50", "95 %", "AP 50-95", "found", "95 %")
    return [
        head,
        *(
            (
                row["label"], str(row["truths"]), str(row["marks"]), number(row["ap30"]), number(row["ap50"]),
                pair(row["ap50_interval"]), number(row["ap"]), percent(row["sensitivity"]),
                pair(row["sensitivity_interval"]),
            )
            for row in values["classes"]
        ),
    ]  # fmt: skip


def table_of_sizes(values: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the table of the sizes, its head first."""
    return [
        ("size", "truths", "mAP50", "found", "95 %"),
        *(
            (
                row["band"], str(row["truths"]), number(row["map50"]), percent(row["sensitivity"]),
                pair(row["sensitivity_interval"]),
            )
            for row in values["sizes"]
        ),
    ]  # fmt: skip


def table_of_pod(pod: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the table of one probability of detection, its head first."""
    return [
        ("from", "below", "truths", "found", "share", "95 %"),
        *(
            (
                f"{row['from']:.4g}", f"{row['below']:.4g}", str(row["truths"]), str(row["found"]), percent(row["pod"]),
                pair(row["interval"]),
            )
            for row in pod["bands"]
        ),
    ]  # fmt: skip


def trust(values: dict[str, Any]) -> list[str]:
    """Return, in sentences, what the scores can be trusted for."""
    told = []
    risk, calibration = values["risk_control"], values["calibration"]
    if calibration is not None:
        heat = calibration["temperature"]
        words = (
            "" if heat is None else f"; temperature {heat:.2f} ({'too sure' if heat > 1 else 'too careful'} of itself)"
        )
        error, brier = calibration["ece"], calibration["brier"]
        told.append(f"scores: expected calibration error {error:.3f}, Brier score {brier:.3f}{words}")
    promised = "" if risk is None else f"at most {100 * risk['alpha']:g} %"
    if risk is not None and risk["threshold"] is not None:
        mean, sd = percent(risk["mean_miss_rate"]), percent(risk["sd_miss_rate"])
        told.append(
            f"from score {risk['threshold']:.4g} {promised} of the truths of a new group are missed on average "
            f"(conformal risk control); over {risk['splits']} splits in halves {mean} ± {sd} were. It holds only "
            "while new images are like these"
        )
    elif risk is not None:
        told.append(
            f"no score can promise that {promised} are missed: too few groups, or too many truths without a mark"
        )
    return told


def compared(values: dict[str, Any]) -> list[str]:
    """Return, in sentences, the comparison with another detector."""
    if "comparison" not in values:
        return []
    rows = dict(values["comparison"])
    other = rows.pop("with")
    names = {"map50": "mAP50", "map": "mAP 50-95", "auc": "AUC", "sensitivity": "sensitivity at the same false marks"}
    return [
        f"against {other}: {names[key]} {row['difference']:+.3f} "
        f"({row['interval'][0]:+.3f} to {row['interval'][1]:+.3f}), p {row['p']:.3g}"
        for key, row in rows.items()
    ]


def number(value: float | None) -> str:
    """Return a figure with three decimals."""
    return NONE if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    """Return a share as per cent."""
    return NONE if value is None else f"{100 * value:.1f} %"


def pair(interval: Sequence[float] | None) -> str:
    """Return an interval."""
    return NONE if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[number]) for row in rows if number < len(row)) for number in range(len(rows[0]))]
    for row in rows:
        first = f"{row[0]:{widths[0]}}"
        rest = (f"{word:>{width}}" for word, width in zip(row[1:], widths[1:], strict=False))
        typer.echo(f"  {'  '.join((first, *rest)).rstrip()}")
