"""One evaluation from start to end: images, truth, one or two detectors, figures, and what must be said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kerma.areas.flagging.detecting import Looker, Model
from kerma.areas.flagging.evaluating import MOST_COMPARED, Gathered, gather, look, prints_of
from kerma.areas.flagging.evaluation_truth import read_truth
from kerma.areas.flagging.registry import Lookup, nothing
from kerma.errors import WrongUsage
from kerma.formats.guard import GuardedReader
from kerma.science.observer.cases import Case
from kerma.science.observer.comparison import Comparison, compare
from kerma.science.observer.evaluation import Evaluation, Options, evaluate
from kerma.science.observer.evaluation_values import comparison_values, pixel_values, values_of, warnings_of
from kerma.science.observer.near_duplicates import refuse
from kerma.science.observer.region_overlap import Overlap, RegionFigures, region_figures
from kerma.science.results import Finding

Through = Callable[[Iterable[Any], str], Iterable[Any]]
VERSION = "1.0.0"
OWN, GIVEN, HERE = "its own", "given", "chosen on these images"
FEWEST_SCORES = 0.05
"""Learned models are asked for marks down to this score, so that the curves do not end at their operating point."""


@dataclass(frozen=True)
class Asked:
    """What is to be evaluated, on what, and how."""

    images: Path
    truth: Path
    form: str
    model: str
    against: str = ""
    detector: Mapping[str, Any] = field(default_factory=dict)
    """Options of the detector itself, by name."""
    group: str = "exam"
    words: tuple[str, ...] = ()
    same: Mapping[str, str] = field(default_factory=dict)
    apart_from: tuple[Path, ...] = ()
    at_own_score: bool = True
    """Judge misses at the score from which the detector marks of itself."""
    has_pixels: bool = False
    """Hold the values of pixels against the regions of the truth, too."""
    options: Options = Options()

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as they are printed."""
        options = self.options
        detector = {key: _plain(value) for key, value in self.detector.items()}
        return {
            "images": str(self.images), "truth": str(self.truth), "format": self.form, "model": self.model,
            "against": self.against or None, "detector_options": detector, "group": self.group,
            "class_agnostic": not options.is_class_aware, "match": options.criterion.how,
            "iou": options.criterion.least, "at_score": options.threshold, "false_per_image": options.false_per_image,
            "miss_rate": options.miss_rate, "resamples": options.resamples, "seed": options.seed,
            "pixels": self.has_pixels, "same": dict(self.same), "apart_from": [str(path) for path in self.apart_from],
        }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return an option as it is printed: of a file that was read its SHA-256."""
    return f"sha256:{hashlib.sha256(value).hexdigest()}" if isinstance(value, bytes) else value


@dataclass(frozen=True)
class Done:
    """What came of it; ``paths`` leads from the name of an image to its file."""

    asked: Asked
    model: Model
    told: Evaluation
    paths: Mapping[str, Path]
    warnings: tuple[str, ...]
    refused: tuple[Mapping[str, str], ...]
    other: Model | None = None
    comparison: Comparison | None = None
    pixels: RegionFigures | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the document that is printed."""
        values = {**values_of(self.told), "pixels": None if self.pixels is None else pixel_values(self.pixels)}
        if values["operating_point"] is not None:
            is_own = self.asked.at_own_score
            values["operating_point"]["how"] = (
                OWN if is_own else GIVEN if self.told.options.threshold is not None else HERE
            )
        if self.comparison is not None and self.other is not None:
            values["comparison"] = {"with": self.other.name, **comparison_values(self.comparison)}
        detector = {"name": self.model.name, "version": self.model.version}
        detector |= {"model_sha256": self.model.sha256} if self.model.sha256 else {}
        return {
            "name": "evaluate",
            "version": VERSION,
            "inputs": self.asked.as_json(),
            "detector": detector,
            "values": values,
            "missed": [self._told(*place) for place in self.told.confusion.missed],
            "false": [self._told(*place) for place in self.told.confusion.false],
            "source": None,
            "warnings": list(self.warnings),
            "refused": [dict(row) for row in self.refused],
        }

    def _told(self, image: str, finding: Finding) -> dict[str, Any]:
        score = {} if finding.score is None else {"score": finding.score}
        return {"path": str(self.paths[image]), "label": finding.label, "box": finding.box.as_json(), **score}


def run(asked: Asked, through: Through, lookup: Lookup = nothing) -> Done:
    """Evaluate; ``lookup`` knows the models of the registry.

    Raises
    ------
    WrongUsage
        No such detector, no image, no truth for them, or images that stand in a set to be kept apart from.
    Unreadable
        The truth makes no sense.
    """
    lookers = [_looker(name, asked, lookup) for name in (asked.model, asked.against) if name]
    with GuardedReader() as reader:
        gathered = gather(asked.images, reader, asked.group, through)
        truth = read_truth(asked.truth, asked.form, [one.place for one in gathered.found], asked.words, asked.same)
        _keep_apart(gathered, asked, reader, through)
        looked = [
            look(looker, gathered, truth, reader, through, pixels=asked.has_pixels and looker is lookers[0])
            for looker in lookers
        ]
    unread = len(gathered.refused)
    if not looked[0].cases:
        reason = gathered.refused[0]["reason"] if gathered.refused else "the folder holds none the truth speaks of"
        raise WrongUsage(f"none of the images could be looked at: {reason}")
    options, words = _comparable(asked.options, lookers[0].model, looked[0].cases)
    if asked.at_own_score:
        options = replace(options, threshold=lookers[0].own_score)
    asked = replace(asked, options=options)
    cases, copies = looked[0].joined()
    told = evaluate(cases, options, _ticks(options, through))
    notes = (*truth.warnings, *words, *_of_copies(copies, len(gathered.found)), *warnings_of(told))
    if unread:
        notes = (f"{unread} files could not be read or looked at and are not in the figures", *notes)
    done = Done(asked, lookers[0].model, told, looked[0].paths, notes, tuple(gathered.refused))
    if asked.has_pixels:
        done = replace(done, pixels=_of_pixels(looked[0].overlaps, cases, options))
    if len(lookers) == 1:
        return done
    return replace(done, other=lookers[1].model, comparison=_compared(cases, looked[1].cases, options))


def _of_pixels(overlaps: Sequence[Overlap], cases: Sequence[Case], options: Options) -> RegionFigures:
    """Return how pixels cover regions, in the groups of the cases."""
    grouped = [replace(one, group=case.group) for one, case in zip(overlaps, cases, strict=True)]
    return region_figures(grouped, resamples=options.resamples, seed=options.seed)


def _looker(name: str, asked: Asked, lookup: Lookup) -> Looker:
    """Make a detector ready; the options are those of the first, not of the one it is compared with."""
    given = asked.detector if name == asked.model else {}
    looker = Looker(name, given, lookup)
    if looker.model.kind == "learned" and "threshold" not in given:
        return Looker(name, {**given, "threshold": str(FEWEST_SCORES)}, lookup)
    return looker


def _keep_apart(gathered: Gathered, asked: Asked, reader: GuardedReader, through: Through) -> None:
    """Refuse images that stand in a set they are to be kept apart from."""
    if not asked.apart_from:
        return
    ours = prints_of(gathered, reader, through)
    for folder in asked.apart_from:
        theirs = prints_of(gather(folder, reader, asked.group, through), reader, through)
        refuse(ours, theirs, (str(asked.images), str(folder)))


def _comparable(options: Options, model: Model, cases: tuple[Case, ...]) -> tuple[Options, tuple[str, ...]]:
    """Compare places alone where truth and detector have no word in common: every label would be wrong."""
    theirs = {truth.label for case in cases for truth in case.truths}
    ours = set(model.labels) | {mark.label for case in cases for mark in case.marks}
    if not options.is_class_aware or not theirs or not ours or theirs & ours:
        return options, ()
    words = (
        f"the truth ({', '.join(sorted(theirs)[:4])}) and {model.name} ({', '.join(sorted(ours)[:4])}) have no word in "
        "common: places alone were compared; --same says which words are the same",
    )
    return replace(options, is_class_aware=False), words


def _of_copies(moved: int, images: int) -> tuple[str, ...]:
    if images > MOST_COMPARED:
        return (f"copies are not looked for among more than {MOST_COMPARED} images: name groups with --group",)
    words = f"{moved} images are copies of others, changed or not: they count as one group with them"
    return (words,) if moved else ()


def _compared(one: Sequence[Case], other: Sequence[Case], options: Options) -> Comparison:
    """Compare two detectors on the images both could look at, in the groups of the first."""
    by_name = {case.name: case for case in other}
    both = [(case, replace(by_name[case.name], group=case.group)) for case in one if case.name in by_name]
    return compare([first for first, _ in both], [second for _, second in both], options)


def _ticks(options: Options, through: Through) -> Callable[[], None]:
    ticks = iter(through(range(options.resamples), "Drawing groups for the intervals"))
    return lambda: next(ticks, None)
