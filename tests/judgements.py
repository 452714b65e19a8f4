"""An analysed exam as the review area keeps one, and packs of a site, for tests of judging."""

from __future__ import annotations

from typing import Any

from kerma.areas.review import actions, rules
from kerma.kernel.action import Actor, Kernel

SHA = "a" * 64
OTHER_SHA = "b" * 64

PACK = """\
# title: Yard rules for butt welds
# source: written for this test
# edition: 2024
# clause: all rows
# status: {status}
rule,kind,labels,measure,limit_absolute,unit,clause,action
pores,size,porosity,diameter_mm,{limit},mm,Y 1,repair
cracks,forbidden,crack,,,,Y 2,repair
"""


def pack(status: str = "own", limit: float = 2.0) -> str:
    """Return a site's pack: pores up to a limit in mm, and no cracks."""
    return PACK.format(status=status, limit=limit)


def finding(number: int, label: str = "porosity", **measurements: float) -> dict[str, Any]:
    """Return a detector's finding."""
    return {
        "id": str(number),
        "code": "2011",
        "label": label,
        "box": [10.0 * number, 10.0, 8.0, 8.0],
        "plane": 0,
        "by": {"kind": "algorithm", "name": "small_flaws", "version": "1"},
        "measurements": [{"name": name, "value": value} for name, value in measurements.items()],
        "score": 0.9,
    }


def image(sha256: str = SHA, *findings: dict[str, Any]) -> dict[str, Any]:
    """Return an image of an analysis: 100 x 200 pixels of 0.1 mm."""
    return {
        "path": "weld.dcm",
        "sha256": sha256,
        "rows": 100,
        "columns": 200,
        "planes": 1,
        "technique": {},
        "spacing_mm": [0.1, 0.1],
        "spacing_source": "calibrated",
        "measurements": [],
        "findings": list(findings),
        "warnings": [],
    }


def document(*images: dict[str, Any]) -> dict[str, Any]:
    """Return an analysis of an inspection, all of which a detector has searched."""
    return {
        "subject": "W-1",
        "technique": {},
        "images": list(images),
        "verdicts": [],
        "decision_proposed": "none",
        "decision_reason": "Nothing was judged.",
        "analysis": {"version": "1", "detectors": {"small_flaws": "1"}, "unsearched": []},
        "warnings": [],
    }


def analysed(kernel: Kernel, actor: Actor, exam_pk: int, given: dict[str, Any]) -> int | None:
    """Keep an analysis of an exam's images; None where they are not all of the exam's."""
    digest = rules.images_digest(one["sha256"] for one in given["images"])
    return actions.record_analysis(kernel, actor, exam_pk=exam_pk, images_digest=digest, document=given)
