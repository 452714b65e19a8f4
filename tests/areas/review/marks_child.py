"""Keeps marks on an exam without end and says each version that is durable; the test kills it."""

from __future__ import annotations

import sys

from kerma.app import open_kernel
from kerma.areas.review.actions_marks import keep_marks
from kerma.kernel.action import Actor


def main(exam_pk: int, sha256: str) -> None:
    """Draw one point more each time."""
    kernel = open_kernel()
    actor = Actor("person", "1", "Test Person", frozenset({"*"}))
    points: list[dict] = []
    version = None
    while True:
        points.append(
            {
                "id": f"m{len(points)}",
                "shape": "point",
                "image_sha256": sha256,
                "plane": 0,
                "points": [[1.0, 1.0]],
                "measurement": "",
                "options": {},
                "runs": [],
                "text": "",
                "values": [],
                "scale": "",
                "source": "",
                "at": "",
            }  # fmt: skip
        )
        document = {"marks": points, "calibrations": [], "draft": None}
        version = keep_marks(kernel, actor, exam_pk=exam_pk, document=document, supersedes=version)["version"]
        print(version, flush=True)


main(int(sys.argv[1]), sys.argv[2])
