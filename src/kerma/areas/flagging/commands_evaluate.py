"""``kerma evaluate``: how good a detector is on images whose truth is known, before anybody relies on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.kernel.progress import through

if TYPE_CHECKING:
    from kerma.areas.flagging.evaluation_run import Done

EXIT_REFUSED = 1


def register(cli: typer.Typer) -> None:
    """Add `kerma evaluate`."""
    cli.command("evaluate")(evaluate)


Option = typer.Option
Images = Annotated[Path, Option("--images", help="The folder of the images.", exists=True, file_okay=False)]
Truth = Annotated[
    Path, Option("--truth", help="The file of the truth; of yolo and voc the folder of files.", exists=True)
]
Model = Annotated[str, Option("--model", help="Which detector or model, NAME or NAME@VERSION.")]
Format = Annotated[str, Option("--format", help="coco, yolo, voc, gdxray; of whole images folders or csv.")]
Agnostic = Annotated[bool, Option("--class-agnostic", help="Compare places alone, whatever the labels.")]
Iou = Annotated[float, Option("--iou", help="Overlap from which a mark has found a truth: FROC, POD, confusion.")]
Match = Annotated[
    str, Option("--match", help="iou, or centre: the mark's centre lies in the truth's box (tiny flaws).")
]
Threshold = Annotated[float | None, Option("--threshold", help="The detector's own threshold, as for `kerma detect`.")]
Set = Annotated[
    list[str] | None, Option("--set", metavar="KEY=VALUE", help="An option of the detector, as for `kerma detect`.")
]
AtScore = Annotated[float | None, Option("--at-score", help="Judge misses and POD at this score ...")]
Rate = Annotated[
    float | None,
    Option(
        "--false-per-image",
        min=0.0,
        help="... or where no more false marks per image come. Default the detector's own.",
    ),
]
MissRate = Annotated[float, Option("--miss-rate", help="The share of missed truths that is to be promised.")]
Group = Annotated[
    str,
    Option("--group", help="What belongs together: exam, image, folder, or a pattern of file names, '(film[0-9]+)_'."),
]
Labels = Annotated[str, Option("--labels", help="Words of YOLO's classes in order, comma between.")]
Same = Annotated[
    list[str] | None, Option("--same", metavar="THEIRS=OURS", help="A word of the truth, and the detector's.")
]
Pixels = Annotated[
    bool, Option("--pixels", help="Hold a value for every pixel against the outlines too: AUPRO and AUC of pixels.")
]
Against = Annotated[str, Option("--against", help="Another detector to compare with, on the same images.")]
Apart = Annotated[
    list[Path] | None,
    Option(
        "--apart-from", exists=True, file_okay=False, help="A folder it was trained on: refuse if it shares images."
    ),
]
Resamples = Annotated[int, Option("--resamples", min=1, help="Resamples for the intervals.")]
Seed = Annotated[int, Option("--seed", min=0, help="Same seed, same intervals.")]
Report = Annotated[Path | None, Option("--report", help="Write a report as one HTML file.")]
Json = Annotated[bool, Option("--json", help="Print one JSON document on standard output.")]


def evaluate(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    images: Images,
    truth: Truth,
    model: Model,
    form: Format = "coco",
    class_agnostic: Agnostic = False,
    iou: Iou = 0.5,
    match: Match = "iou",
    threshold: Threshold = None,
    options: Set = None,
    at_score: AtScore = None,
    false_per_image: Rate = None,
    miss_rate: MissRate = 0.1,
    group: Group = "exam",
    labels: Labels = "",
    same: Same = None,
    against: Against = "",
    pixels: Pixels = False,
    apart_from: Apart = None,
    resamples: Resamples = 1000,
    seed: Seed = 1,
    report: Report = None,
    as_json: Json = False,
) -> int:
    """Evaluate a detector on images whose truth is known: AP, FROC, ROC, POD, confusion, with intervals by group."""
    from kerma.areas.flagging.evaluation_run import Asked, run
    from kerma.areas.flagging.registry import lookup_of
    from kerma.science.observer.evaluation import Options
    from kerma.science.observer.matching import Criterion

    how: Any = match
    rate = 0.5 if false_per_image is None else false_per_image
    asked = Asked(
        images, truth, form, model, against,
        detector=({} if threshold is None else {"threshold": str(threshold)}) | _options(options or []),
        group=group,
        words=tuple(word.strip() for word in labels.split(",") if word.strip()),
        same=_same(same or []),
        apart_from=tuple(apart_from or ()),
        at_own_score=at_score is None and false_per_image is None,
        has_pixels=pixels,
        options=Options(
            Criterion(how, iou), not class_agnostic, at_score, rate, miss_rate, resamples, seed
        ),
    )  # fmt: skip
    done = run(asked, through, lookup_of(ctx.obj))
    return _tell(done, report, as_json=as_json)


def _tell(done: Done, report: Path | None, *, as_json: bool) -> int:
    """Write the report and print the figures; the exit code says whether files were refused."""
    if report is not None:
        from kerma.areas.flagging.evaluation_report import write

        write(report, done)
    for sentence in done.warnings:
        typer.echo(f"kerma: {sentence}", err=True)
    for row in done.refused:
        typer.echo(f"refused: {row['path']}: {row['reason']}", err=True)
    if as_json:
        typer.echo(json.dumps(done.as_json(), allow_nan=False))
        return EXIT_REFUSED if done.refused else 0
    from kerma.areas.flagging.evaluation_print import print_evaluation

    print_evaluation(done)
    if report is not None:
        typer.echo(f"\nreport: {report}")
    return EXIT_REFUSED if done.refused else 0


def _same(given: Sequence[str]) -> Mapping[str, str]:
    from kerma.areas.flagging.evaluation_truth import plain_label

    return {plain_label(theirs): plain_label(ours) for theirs, ours in _pairs(given, "--same").items()}


def _options(given: Sequence[str]) -> dict[str, Any]:
    """Return options of the detector by name, with files read where an option is a file."""
    from kerma.kernel.command_options import taken
    from kerma.science.detect import OPTIONS

    pairs = _pairs(given, "--set")
    return {key: taken(OPTIONS[key], value) if key in OPTIONS else value for key, value in pairs.items()}


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    from kerma.errors import WrongUsage

    pairs = [words.partition("=") for words in given]
    for key, mark, value in pairs:
        if not (key and mark and value):
            raise WrongUsage(f"{option} takes two words with = between; '{key}{mark}{value}' is not that")
    return {key.strip().replace("-", "_"): value.strip() for key, _, value in pairs}
