"""How exams are read, and what is hidden from whom until when: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kerma.areas.review.rules_findings import Document
from kerma.errors import WrongUsage
from kerma.kernel.sight import Sight
from kerma.science.judge.decide import NONE

CONCURRENT, SECOND_READER, OFF = ALGORITHMS = ("concurrent", "second-reader", "off")
"""What software found is shown at once, after the person's own first read, or not at all; the strictest is last."""
OPEN, BLIND, DOUBLE = READINGS = ("open", "blind", "double")
"""What others recorded is shown at once, after the person's own decision, or after two independent reads."""
ANYBODY, THIRD, CONSENSUS = DIFFERING = ("anybody", "third-reader", "consensus")
"""Who decides where two independent reads differ: anybody, only somebody who made neither; or the two, once they have
recorded the same conclusion again after seeing each other's, else a third."""
FIRST, INDEPENDENT, DECISION, AGAIN = KINDS = ("first", "independent", "decision", "consensus")
READERS_OF_DOUBLE = 2
FINDINGS, NO_FINDINGS = "findings", "no-findings"
"""What a first read concludes."""
AGREE, DISAGREE, WAITING = "agree", "disagree", "waiting"
"""How two independent reads stand to each other."""
CLASS_LETTERS = 16


@dataclass(frozen=True)
class Policy:
    """How an exam is read."""

    algorithm: str = CONCURRENT
    reading: str = OPEN
    differing: str = ANYBODY

    @property
    def hides(self) -> bool:
        """Whether anything may be hidden from anybody."""
        return (self.algorithm, self.reading) != (CONCURRENT, OPEN)


@dataclass(frozen=True)
class Read:
    """One recorded read, as far as it opens what is hidden."""

    person: str
    kind: str
    last_image_pk: int
    conclusion: str = ""


def checked_policy(algorithm: str, reading: str, exam_class: str, differing: str = ANYBODY) -> str:
    """Return the class as it is kept, once all of a policy makes sense.

    Raises
    ------
    WrongUsage
        A word is none of those there are, or the class is no modality.
    """
    of_policy = (("algorithm", algorithm, ALGORITHMS), ("reading", reading, READINGS))
    for name, value, words in (*of_policy, ("differing", differing, DIFFERING)):
        if value not in words:
            raise WrongUsage(f"{name} is '{value[:32]}'; it is {', '.join(words[:-1])} or {words[-1]}")
    return checked_class(exam_class)


def checked_class(exam_class: str) -> str:
    """Return an exam class as it is kept: a modality in capitals, or empty for all.

    Raises
    ------
    WrongUsage
        It is no modality.
    """
    written = exam_class.strip().upper()
    if written and not (written.isascii() and written.isalnum() and len(written) <= CLASS_LETTERS):
        raise WrongUsage(f"'{exam_class[:32]}' is no modality; an exam class is one, as CT, DX or MG, or empty for all")
    return written


def policy_for(industry: str, modalities: Collection[str], rows: Iterable[Mapping[str, Any]]) -> Policy:
    """Return how an exam is read: by the rows of its modalities, the strictest of several; else by its industry's.

    Parameters
    ----------
    rows : of the policy table, those in force: ``industry``, ``exam_class``, ``algorithm``, ``reading``
    """
    own = [row for row in rows if row["industry"] == industry]
    fitting = [row for row in own if row["exam_class"] in modalities] or [row for row in own if not row["exam_class"]]
    if not fitting:
        return Policy()
    return Policy(
        max((row["algorithm"] for row in fitting), key=ALGORITHMS.index),
        max((row["reading"] for row in fitting), key=READINGS.index),
        max((row["differing"] for row in fitting), key=DIFFERING.index),
    )


def sight_by(policy: Policy, reads: Iterable[Read], person: str, newest_image_pk: int) -> Sight:
    """Return what a reader may see of an exam.

    Only reads of all its images open anything: when further images come, everything is hidden again until they are
    read too.

    Parameters
    ----------
    reads : every read recorded of the exam, by anybody
    person : key of the reader, who holds no permission to see everything
    """
    holding = [one for one in reads if one.last_image_pk >= newest_image_pk]
    own = {one.kind for one in holding if one.person == person}
    algorithm = policy.algorithm == CONCURRENT or (policy.algorithm == SECOND_READER and bool(own))
    opened = {
        OPEN: True,
        BLIND: bool(own & {DECISION, INDEPENDENT}),
        DOUBLE: bool(outcome_of(holding, newest_image_pk)[0]),
    }
    return Sight(algorithm, opened[policy.reading], person, is_shared=policy.reading == DOUBLE)


def outcome_of(reads: Iterable[Read], newest_image_pk: int) -> tuple[bool, str]:
    """Return whether the two independent reads are there, and how they stand to each other."""
    found = {
        one.person: one.conclusion for one in reads if one.kind == INDEPENDENT and one.last_image_pk >= newest_image_pk
    }
    if len(found) < READERS_OF_DOUBLE:
        return False, WAITING
    return True, AGREE if len(set(found.values())) == 1 else DISAGREE


def consensus_of(reads: Iterable[Read], newest_image_pk: int) -> tuple[str, bool]:
    """Return the conclusion that both readers came to after seeing each other's, and whether both have said one."""
    said = {one.person: one.conclusion for one in reads if one.kind == AGAIN and one.last_image_pk >= newest_image_pk}
    is_complete = len(said) >= READERS_OF_DOUBLE
    return (next(iter(said.values())) if is_complete and len(set(said.values())) == 1 else "", is_complete)


def why_not_decide(policy: Policy, reads: Iterable[Read], person: str, newest_image_pk: int) -> str:
    """Return why a person does not decide where two reads differ; empty where they do.

    Parameters
    ----------
    reads : every read recorded of the exam
    person : key of who would decide
    """
    known = list(reads)
    outcome = outcome_of(known, newest_image_pk)[1]
    if policy.reading != DOUBLE or policy.differing == ANYBODY or outcome != DISAGREE:
        return ""
    readers = {one.person for one in known if one.kind == INDEPENDENT and one.last_image_pk >= newest_image_pk}
    if person not in readers or consensus_of(known, newest_image_pk)[0]:
        return ""
    if policy.differing == CONSENSUS and not consensus_of(known, newest_image_pk)[1]:
        return "the two reads differ: record what you conclude after seeing both; a third reader may decide too"
    return "the two reads differ: a third reader decides, who made neither of them"


def without_algorithm(document: Document) -> Document:
    """Return an analysis without what software found or proposed; what was measured of images stays.

    What stays is named here, so that what a later version adds is hidden until somebody has thought of it.
    """
    images = [
        {key: image[key] for key in KEPT_OF_IMAGE if key in image} | {"findings": []} for image in document["images"]
    ]
    notes = [note for image in images for note in image.get("warnings", ())]
    return {
        **{key: document[key] for key in KEPT if key in document},
        "images": images,
        "verdicts": [],
        "dispositions": [],
        "decision_proposed": NONE,
        "decision_reason": WITHHELD,
        "analysis": {"version": document["analysis"]["version"], "detectors": {}, "unsearched": []},
        "warnings": list(dict.fromkeys(notes)),
    }


def without_pixels(document: Document) -> Document:
    """Return an analysis without what was measured in the images as they came, where others are shown instead."""
    images = [{**image, "measurements": [], "warnings": []} for image in document["images"]]
    bare = {key: value for key, value in document.items() if key not in ("quality", "quality_sheet")}
    return {**bare, "images": images, "warnings": []}


WITHHELD = "What software finds in these images is not shown to you now."
KEPT = (
    "subject", "subject_name", "exam_uid", "modality", "acquired_at", "description", "machine", "technique",
    "quality", "quality_sheet",
)  # fmt: skip
KEPT_OF_IMAGE = (
    "path", "sha256", "image_uid", "series_uid", "sop_class_uid", "rows", "columns", "planes", "plane_kind",
    "plane_labels", "bits", "format", "modality", "meaning", "rises_with_dose", "body_part", "view", "acquired_at",
    "technique", "spacing_mm", "spacing_source", "measurements", "paired",
)  # fmt: skip


def wanted(policy: Policy, sight: Sight, own: Collection[str], sees_all: bool, outcome: str = "") -> str:
    """Return the kind of read a person is to record next, empty where they may decide."""
    if sees_all:
        return ""
    if policy.algorithm == SECOND_READER and not sight.algorithm:
        return FIRST
    if policy.reading == DOUBLE and not sight.people and INDEPENDENT not in own:
        return INDEPENDENT
    is_open = policy.reading == DOUBLE and policy.differing == CONSENSUS and outcome == DISAGREE
    if is_open and INDEPENDENT in own and AGAIN not in own:
        return AGAIN
    return ""


def words_of(policy: Policy, sight: Sight, own: Collection[str], outcome: str) -> str:
    """Return the state of a person's reading in a sentence, for the line above the decision; empty where it is plain.

    Parameters
    ----------
    own : kinds of the person's own reads that hold
    outcome : of two independent reads, as far as the person may know
    """
    if not sight.originals:
        return PROJECTING
    said = []
    if policy.algorithm == OFF:
        said.append("Software is off: nothing that it found is shown to readers.")
    elif policy.algorithm == SECOND_READER and not sight.algorithm:
        said.append("Second reader: record your read to see what the software found.")
    elif policy.algorithm == SECOND_READER:
        said.append("Second reader: what the software found is shown.")
    if policy.reading == BLIND:
        said.append("Blind: " + ("what others recorded is shown." if sight.people else BLINDED))
    if policy.reading == DOUBLE:
        said.append(_double(sight, own, outcome) + (DIFFER[policy.differing] if outcome == DISAGREE else ""))
    return " ".join(said)


PROJECTING = (
    "Threat projection runs: decide first. What software found is shown then, and findings, marks and comments are "
    "recorded then."
)
DIFFER = {
    ANYBODY: "",
    THIRD: " A third reader decides, with a reason.",
    CONSENSUS: " The two come to one conclusion, or a third reader decides, with a reason.",
}
BLINDED = "what others recorded is shown after your decision."


def _double(sight: Sight, own: Collection[str], outcome: str) -> str:
    if outcome in (AGREE, DISAGREE) and sight.people:
        return f"Double reading: the two reads {'agree' if outcome == AGREE else 'differ'}."
    if INDEPENDENT in own:
        return "Double reading: your read is recorded; both are shown when two are there."
    return "Double reading: record your own read; others see it, and you see theirs, when two are there."
