"""From a folder of images and their truth to cases: every image read once, looked at, and forgotten."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.flagging.detecting import refused_of
from kerma.areas.flagging.evaluation_classes import whole
from kerma.areas.flagging.evaluation_truth import Truth, plain_label
from kerma.errors import KermaError, WrongUsage
from kerma.formats.findings_found import ImagePlace
from kerma.science.observer.cases import score_of

if TYPE_CHECKING:
    from kerma.areas.flagging.detecting import Looker
    from kerma.formats.guard import GuardedReader
    from kerma.formats.header import Header
    from kerma.science.imaging.image import Image
    from kerma.science.observer.cases import Case
    from kerma.science.observer.near_duplicates import Fingerprint
    from kerma.science.observer.region_overlap import Overlap
    from kerma.science.results import Finding

NO_IMAGES = (".json", ".npz", ".csv", ".txt", ".xml", ".yaml", ".yml", ".names", ".md", ".html", ".pdf", ".mat")
"""Files that stand beside images: descriptions, truth, masks."""
MOST_COMPARED = 1500
BY_IMAGE, BY_FOLDER, BY_EXAM = "image", "folder", "exam"

Through = Callable[[Iterable[Any], str], Iterable[Any]]
"""Passes items on with a progress bar and its words."""


@dataclass(frozen=True)
class Found:
    """One image of the folder: its place as the truth may name it, and whose it is."""

    path: Path
    place: ImagePlace
    group: str


@dataclass
class Gathered:
    """The images of a folder, and what could not be read."""

    found: list[Found] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, row: dict[str, str]) -> None:
        """Name a file that could not be read or looked at, once."""
        if all(row["path"] != known["path"] for known in self.refused):
            self.refused.append(row)

    def kept(self, numbers: frozenset[int]) -> list[Found]:
        """Return the images with these numbers."""
        return [one for one in self.found if one.place.number in numbers]


@dataclass(frozen=True)
class Looked:
    """What came of looking: a case and a fingerprint for each image that could be looked at, and the file of each.

    ``overlaps`` are there where pixels were asked for: of each case how its regions are covered.

    There are no fingerprints of more than 1500 images: comparing each with each would take longer than looking.
    """

    cases: tuple[Case, ...]
    paths: Mapping[str, Path]
    prints: tuple[Fingerprint, ...]
    overlaps: tuple[Overlap, ...] = ()

    def joined(self) -> tuple[tuple[Case, ...], int]:
        """Return the cases with copies in one group, and how many images that took out of their own group."""
        from kerma.science.observer.near_duplicates import joined_groups

        if not self.prints:
            return self.cases, 0
        groups = joined_groups(self.prints)
        moved = sum(case.group != group for case, group in zip(self.cases, groups, strict=True))
        return tuple(replace(case, group=group) for case, group in zip(self.cases, groups, strict=True)), moved


def gather(folder: Path, reader: GuardedReader, by: str, through: Through) -> Gathered:
    """Find the images of a folder and those below it; size and group of each, no pixels.

    Parameters
    ----------
    by : what belongs together: ``exam`` (the subject or exam the file names, else the image), ``image``, ``folder``, or
        a regular expression whose first group, found in the file's name, names the group
    """
    gathered = Gathered()
    group_of = _grouping(by)
    paths = [path for path in sorted(folder.rglob("*")) if may_be_image(path, folder)]
    for path in through(paths, "Finding images"):
        try:
            data = path.read_bytes()
            header = reader.scan(data, path.name, sidecar=_beside(path))
        except (KermaError, OSError) as error:
            gathered.refused.append(refused_of(error, path))
            continue
        number = len(gathered.found) + 1
        sha256 = hashlib.sha256(data).hexdigest()
        place = ImagePlace(number, sha256, header.image_uid, path.name, header.rows, header.columns, header.planes)
        gathered.found.append(Found(path, place, group_of(path, header)))
    if not gathered.found:
        raise WrongUsage(f"{folder} holds no image that can be read")
    return gathered


def look(
    looker: Looker, gathered: Gathered, truth: Truth, reader: GuardedReader, through: Through, *, pixels: bool = False
) -> Looked:
    """Look at every image the truth speaks of with one detector; what cannot be looked at is added to the refused.

    ``pixels`` says whether the values of pixels are held against the regions of the truth too.
    """
    from kerma.science.observer.cases import Case
    from kerma.science.observer.near_duplicates import fingerprint

    cases, prints, paths, overlaps = [], [], {}, []
    for one in through(gathered.kept(truth.numbers), f"Looking with {looker.model.name}"):
        number, name = one.place.number, one.place.name
        try:
            image = read_image(reader, one.path)
            seen = looker.look(image)
            scores = looker.pixel_scores(image) if pixels else None
        except (KermaError, OSError) as error:
            gathered.refuse(refused_of(error, one.path))
            continue
        marks = tuple(replace(mark, label=plain_label(mark.label)) for mark in seen.findings)
        if truth.is_of_images:
            marks = _of_the_whole(one.place, marks)
        truths, ignored = truth.findings.get(number, ()), truth.ignored.get(number, ())
        cases.append(Case(name, one.group, truths, marks, ignored, seen.score))
        if scores is not None:
            overlaps.append(_overlap(scores, cases[-1]))
        if len(gathered.found) <= MOST_COMPARED:
            prints.append(fingerprint(first_plane(image), name, one.group))
        paths[name] = one.path
    return Looked(tuple(cases), paths, tuple(prints), tuple(overlaps))


def _overlap(scores: Any, case: Case) -> Overlap:
    """Return how the values of an image's pixels cover its regions: outlines where the truth has them, else boxes."""
    from kerma.science.observer.region_overlap import overlap

    flawed, left_out = (_pixels_of(findings, scores.shape) for findings in (case.truths, case.ignored))
    return overlap(scores, flawed, case.group, left_out=left_out & ~flawed)


def _pixels_of(findings: Iterable[Finding], shape: tuple[int, int]) -> Any:
    import numpy as np

    from kerma.science.imaging.finding_mask import mask_of

    whole = np.zeros(shape, dtype=bool)
    for one in findings:
        whole |= mask_of(one.box.as_json(), one.polygon, *shape).within(*shape)
    return whole


def _of_the_whole(place: ImagePlace, marks: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return one mark over the whole image for each label, with the score of its surest mark."""
    surest: dict[str, float | None] = {}
    for mark in sorted(marks, key=score_of):
        surest[mark.label] = mark.score
    return tuple(replace(one, by=marks[0].by) for one in whole(place, surest))


def prints_of(gathered: Gathered, reader: GuardedReader, through: Through) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of images, to keep two sets apart; what cannot be read is added to the refused."""
    from kerma.science.observer.near_duplicates import fingerprint

    told = []
    for one in through(gathered.found, "Looking for copies"):
        try:
            told.append(fingerprint(first_plane(read_image(reader, one.path)), one.place.name, one.group))
        except (KermaError, OSError) as error:
            gathered.refuse(refused_of(error, one.path))
    return tuple(told)


def read_image(reader: GuardedReader, path: Path) -> Image:
    """Read an image with the description beside it."""
    return reader.read(path.read_bytes(), path.name, sidecar=_beside(path))


def _beside(path: Path) -> bytes | None:
    from kerma.formats import sidecar_path

    beside = sidecar_path(path)
    return beside.read_bytes() if beside else None


def first_plane(image: Image) -> Any:
    """Return the first plane as grey values."""
    plane = image.pixels[0]
    return plane[..., 1] if plane.ndim == 3 else plane


def may_be_image(path: Path, folder: Path) -> bool:
    """Return whether a file in a folder may be an image: no hidden file, no description or truth beside one."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.lower() not in NO_IMAGES and path.is_file()


def _grouping(by: str) -> Callable[[Path, Header], str]:
    if by in (BY_IMAGE, BY_FOLDER, BY_EXAM):
        return {BY_IMAGE: _by_image, BY_FOLDER: _by_folder, BY_EXAM: _by_exam}[by]
    try:
        pattern = re.compile(by)
    except re.error as error:
        raise WrongUsage(f"--group '{by}' is no regular expression: {error}") from error
    if not pattern.groups:
        raise WrongUsage(f"--group '{by}' has no group in round brackets; write for example '(film[0-9]+)_'")

    def by_name(path: Path, _: Header) -> str:
        match = pattern.search(path.name)
        return match[1] if match and match[1] else path.name

    return by_name


def _by_image(path: Path, _: Header) -> str:
    return path.name


def _by_folder(path: Path, _: Header) -> str:
    return str(path.parent)


def _by_exam(path: Path, header: Header) -> str:
    if header.subject_id:
        return header.subject_id
    # an exam made up from the bytes of one file tells no more than the file
    return header.exam_uid if header.format.startswith("DI") else path.name
