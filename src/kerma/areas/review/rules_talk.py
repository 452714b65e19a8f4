"""What a comment, a mention and a hand-off may say: pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kerma.areas.review.rules_marks import UNSHOWN
from kerma.errors import WrongUsage

MAX_LETTERS = 4000
MENTION, HAND_OFF, CONSULT, ANSWER, FEEDBACK, DISCREPANCY, REVIEW_TASK, REVIEW, LEARNING, CRITICAL = ENTRIES = (
    "mention", "hand-off", "consult", "answer", "feedback", "discrepancy", "review-task", "review", "learning",
    "critical",
)  # fmt: skip
"""Kinds of entry of an inbox."""
AT_ONCE = (HAND_OFF, REVIEW_TASK)
"""Told at once, without words and names, where what others recorded is hidden: they ask for one's own read."""
MOST_MENTIONS = 20
_AT = re.compile(r"(?<![^\s(\[,;])@(\S{1,160})")
_BEHIND = ".,;:!?)]}'\"…"
"""What ends a sentence is no part of a login, unless somebody has just that login."""


def checked(written: str, what: str, longest: int = MAX_LETTERS) -> str:
    """Return a text that somebody wrote, without the space around it.

    Raises
    ------
    WrongUsage
        It is empty, too long, or has letters that cannot be shown or that turn others around.
    """
    text = optional(written, what, longest)
    if not text:
        raise WrongUsage(f"{what} is empty; write it in a sentence")
    return text


def optional(written: str, what: str, longest: int = MAX_LETTERS) -> str:
    """Return a text that may be left empty; else as :func:`checked`."""
    text = written.strip()
    if len(text) > longest:
        raise WrongUsage(f"{what} has {len(text)} letters; keep it within {longest}")
    if any(unicodedata.category(one) in UNSHOWN and one not in "\n\t" for one in text):
        raise WrongUsage(f"{what} has a letter that cannot be shown; write it anew")
    return text


def mentions(text: str) -> list[tuple[str, ...]]:
    """Return for each @mention the logins it may mean, the likeliest first: as written, and without what ends it.

    Raises
    ------
    WrongUsage
        More people are mentioned than one comment should call.
    """
    found = [_meant(written) for written in _AT.findall(text)]
    if len(found) > MOST_MENTIONS:
        raise WrongUsage(f"a comment mentions at most {MOST_MENTIONS} people, not {len(found)}")
    return found


def excerpt(text: str, longest: int = 280) -> str:
    """Return the beginning of a text, cut at a word."""
    if len(text) <= longest:
        return text
    return text[: longest - 2].rsplit(None, 1)[0] + " …"


def _meant(written: str) -> tuple[str, ...]:
    shorter = [written]
    while shorter[-1] and shorter[-1][-1] in _BEHIND:
        shorter.append(shorter[-1][:-1])
    return tuple(one for one in shorter if one)


def place_on(findings: Sequence[str], place: dict[str, object], images: dict[str, tuple[int, int, int]]) -> None:
    """Check that a place lies in the exam: a finding of it, or a box on a plane of one of its images.

    Parameters
    ----------
    findings : ids of the exam's findings that the writer sees
    place : as ``exam_comment.place``
    images : planes, rows and columns by SHA-256

    Raises
    ------
    WrongUsage
        It does not.
    """
    name = str(place.get("finding_id", ""))
    if name and name not in findings:
        raise WrongUsage(f"this exam has no finding '{name[:32]}'")
    image = str(place.get("image_sha256", ""))
    if not image:
        if not name and place:
            raise WrongUsage("a place is a finding, or a box on an image: say which image")
        return
    if image not in images:
        raise WrongUsage("the place lies on no image of this exam")
    planes, rows, columns = images[image]
    plane, box = place.get("plane", 0), place.get("box")
    if not isinstance(plane, int) or not 0 <= plane < planes:
        raise WrongUsage(f"the image has the planes 0 to {planes - 1}, not {plane}")
    if box is None:
        return
    row, column, height, width = box  # type: ignore[misc]  # four numbers, as the door has made sure
    if height <= 0 or width <= 0 or row < 0 or column < 0 or row + height > rows or column + width > columns:
        raise WrongUsage(f"the box (row, column, height, width) must lie on the image of {rows} x {columns} pixels")
