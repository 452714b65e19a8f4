"""Image quality judged: what was planned against what was measured on the image or entered by a person.

One rule gives one verdict, with its clause. What was neither measured nor entered is *not-judged* and says how to
measure it: no verdict is made from silence.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.judge import quality_reading
from kerma.science.results import Measurement, NotMeasurable, Verdict

JUDGES: Mapping[str, str] = {"ndt": "quality_ndt", "medical": "quality_medical", "security": "quality_security"}
"""The module of this room that judges the quality of an industry's images, with ``judge``, ``sheet`` and,
where they are its own, ``entries``."""
THIRD_PAIR = "third-pair"
"""What the parties may have agreed: that three missing duplex pairs are made up for, not two (ISO 17636-2)."""
REDUCED_DISTANCE = "reduced-distance"
"""And that the source stands nearer, where the geometry lets the standard allow it."""
Readings = Sequence[Measurement | NotMeasurable]


@dataclass(frozen=True)
class QualityOrder:
    """What image quality was asked for.

    ``planned`` holds the options of the calculation ``technique`` (thickness_mm, class, source, focal_spot_mm …) as far
    as they are known; an image's own ``technique`` will do. ``standard`` is whose sheet: iso, asme or arrete-1978;
    empty where nobody has named one. ``agreed`` holds words such as :data:`THIRD_PAIR`. ``confirmed`` names the tables
    that this site's Level III has compared with the published edition: verdicts by them are binding.
    """

    industry: str = "ndt"
    standard: str = ""
    planned: Mapping[str, float | str] = field(default_factory=dict)
    agreed: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()


def judge_quality(order: QualityOrder, measured: Readings, entered: Mapping[str, float]) -> tuple[Verdict, ...]:
    """Judge the quality of one image, or of several taken as one: of each quantity the poorest reading counts.

    Parameters
    ----------
    order : what was asked for
    measured : measurements of the image, and those that could not be made
    entered : values a person has read, by the keys of ``kerma_quality/quantities`` (``wire``: 14 for W14); they go
        before what software measured

    Raises
    ------
    WrongUsage
        No such industry, an unknown key in ``entered``, or a value that makes no sense.
    """
    verdicts: tuple[Verdict, ...] = _judge_of(order).judge(order, measured, entered)
    return verdicts


def entries_of(industry: str) -> dict[str, str]:
    """Return what a person may enter of image quality in an industry: each key, and what it means."""
    known: dict[str, str] = getattr(_module(industry), "entries", quality_reading.entries)()
    return known


def reject_reasons_of(industry: str) -> dict[str, str]:
    """Return why an image of an industry may be rejected: each code, and its words; empty where no table says."""
    reasons: dict[str, str] = getattr(_module(industry), "reject_reasons", dict)()
    return reasons


def planned_sheet(order: QualityOrder) -> list[dict[str, Any]]:
    """Return the lines of the planned technique as JSON; empty where too little is known to plan by."""
    lines: list[dict[str, Any]] = _judge_of(order).sheet(order)
    return lines


def _judge_of(order: QualityOrder) -> Any:
    return _module(order.industry)


def _module(industry: str) -> Any:
    name = JUDGES.get(industry)
    if name is None:
        raise WrongUsage(f"image quality is judged for {', '.join(JUDGES)}; '{industry}' is none of them")
    return importlib.import_module(f"kerma.science.judge.{name}")
