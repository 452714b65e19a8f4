"""The image-quality step of the road: what an image says of its technique becomes an order, gauges and entries.

A gauge is read only where somebody has said where it lies: searching whole pictures is slow, and what is found by
chance is no indicator. The same functions serve the first analysis and a person's judgement afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerma.errors import KermaError
from kerma.science.imaging.image import Image
from kerma.science.judge.corrective import advised
from kerma.science.judge.exam import SEVERITY
from kerma.science.judge.published import settled
from kerma.science.judge.quality import QualityOrder, judge_quality, planned_sheet
from kerma.science.judge.quality_reading import QUANTITIES, read
from kerma.science.measure import MEASURES, run
from kerma.science.results import Citation, Measurement, NotMeasurable, Verdict
from kerma.standards import table

SHEETS = "kerma_quality/sheets"
GAUGES = "kerma_quality/gauges"
READ = "read_"
"""In a technique, what a person has read on it stands under this prefix: ``read_wire`` 14, ``read_snr_n`` 130."""
Technique = Mapping[str, Any]
Measured = Sequence[Measurement | NotMeasurable]


@dataclass(frozen=True)
class Quality:
    """The quality verdicts of an exam, of each rule the gravest, and the sheet they go by."""

    verdicts: tuple[Verdict, ...] = ()
    standard: str = ""
    sheet: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> list[dict[str, Any]]:
        """Return the verdicts as they stand under ``quality`` in an exam's document."""
        return [verdict.as_json() for verdict in self.verdicts]

    def sheet_json(self) -> dict[str, Any]:
        """Return the planned sheet as it stands under ``quality_sheet``: whose it is, and its lines."""
        return {"standard": self.standard, "lines": [dict(line) for line in self.sheet]}


def order_for(
    technique: Technique, *, industry: str, pack: str | None = None, confirmed: Collection[str] = ()
) -> QualityOrder:
    """Return what image quality a technique asks for.

    The standard is the one named (``technique_standard``), else ISO 17636 where a testing class is named, else the
    sheet that goes with the acceptance pack. ``agreed`` in the technique lists what the parties have agreed, in words.
    """
    standard = str(technique.get("technique_standard") or "")
    if not standard and (technique.get("testing_class") or technique.get("class")):
        standard = "iso"
    if not standard:
        standard = next((row["standard"] for row in table(SHEETS) if (pack or "").startswith(row["pack"])), "")
    agreed = tuple(str(technique.get("agreed") or "").split())
    return QualityOrder(industry, standard, dict(technique), agreed, tuple(confirmed))


def entries_in(technique: Technique, standard: str = "") -> tuple[dict[str, float], list[str]]:
    """Return what a technique says a person has read on the image, and what of it makes no sense, and why."""
    found: dict[str, float] = {}
    strange: list[str] = []
    for key, value in technique.items():
        if not key.startswith(READ):
            continue
        entry = {key.removeprefix(READ): value}
        try:
            read((), entry, standard=standard)
        except KermaError as error:
            strange.append(f"{key}: {error}")
        else:
            found |= entry
    return found, strange


def measured_gauges(image: Image, plane: int) -> tuple[list[Measurement | NotMeasurable], Image]:
    """Measure the gauges whose place the technique names; return them, and the image with the SRb they give."""
    found = [_measured(row, image, plane) for row in table(GAUGES) if image.technique.get(row["key"])]
    srb = [one.values["isrb_um"] for one in found if isinstance(one, Measurement) and "isrb_um" in one.values]
    if not srb or not isinstance(srb[0], float):
        return found, image
    return found, replace(image, technique={**image.technique, "srb_image_um": srb[0]})


def _measured(row: Mapping[str, str], image: Image, plane: int) -> Measurement | NotMeasurable:
    name = row["measurement"]
    pairs = (pair.split("=") for pair in row["options"].split())
    options = {option: image.technique.get(key) for option, key in pairs}
    if "plane" in MEASURES[name].option_names:
        options["plane"] = plane
    try:
        return run(name, image, **options)
    except KermaError as error:
        return NotMeasurable(name, "", f"as the technique says ({row['key']}): {error}", {row["key"]: str(options)})


def judged_quality(
    images: Sequence[tuple[Technique, Measured]], *, industry: str, pack: str | None = None,
    entered: Mapping[str, float] | None = None, confirmed: Collection[str] = (),
) -> Quality:  # fmt: skip
    """Judge the quality of an exam's images, each by itself, and take of each rule the gravest verdict.

    Parameters
    ----------
    images : of each image its technique and what was measured on it
    entered : what a person has read, for all images; it goes before what their techniques say
    confirmed : the tables that a Level III has compared with the published edition; verdicts by them bind where all
        that they rest on is settled too
    """
    by_rule: dict[str, list[Verdict]] = {}
    confirmed = settled(confirmed)
    standard = ""
    sheet: tuple[Mapping[str, Any], ...] = ()
    for number, (technique, measured) in enumerate(images, start=1):
        order = order_for(technique, industry=industry, pack=pack, confirmed=confirmed)
        standard = standard or order.standard
        sheet = sheet or tuple(planned_sheet(order))
        said, strange = entries_in(technique, order.standard)
        verdicts = (*judge_quality(order, measured, {**said, **(entered or {})}), *_strange(strange))
        for verdict in advised(verdicts, technique):
            told = replace(verdict, reason=f"Image {number}: {verdict.reason}") if len(images) > 1 else verdict
            by_rule.setdefault(verdict.rule, []).append(told)
    return Quality(tuple(min(verdicts, key=_gravity) for verdicts in by_rule.values()), standard, sheet)


def _strange(reasons: Sequence[str]) -> tuple[Verdict, ...]:
    """Return one verdict, *not-judged*, where the technique holds readings that make no sense; none otherwise."""
    if not reasons:
        return ()
    source = Citation.of(table(QUANTITIES))
    return (Verdict("readings of the technique", "not-judged", source, f"Not judged: {'; '.join(reasons)}."),)


def _gravity(verdict: Verdict) -> tuple[int, float]:
    return SEVERITY.index(verdict.outcome), verdict.margin if verdict.margin is not None else float("inf")
