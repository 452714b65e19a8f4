"""Is an image of one set, or a changed copy of it, also in another set? Then figures from the second are worthless."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage

Fine = NDArray[np.float32]

SIDE_PX = 128
BACKGROUND_PX = 3.0
"""What is smoother than this, in pixels of the fingerprint, does not count: all images of a kind share it."""
CLIPPED_AT = 4.0
"""Detail beyond so many robust standard deviations is cut: a letter must not outweigh the grain."""
LIKENESS = 0.82
"""Correlation of the fine detail from which two images are the same exposure. Measured on simulated films, welds,
castings and chests: copies from 0.88, other images up to 0.74; on real chests from 0.99 and up to 0.26."""


@dataclass(frozen=True)
class Fingerprint:
    """What an image is recognised by: name, group, and its fine detail of length 1."""

    name: str
    group: str
    detail: Fine


@dataclass(frozen=True)
class Duplicate:
    """Two images, one of each set, that are the same: or that belong to the same group (``likeness`` is then None)."""

    one: str
    other: str
    likeness: float | None


def fingerprint(pixels: NDArray[np.generic], name: str, group: str = "") -> Fingerprint:
    """Return the fingerprint of one plane, of shape (row, column).

    It does not change with gain, offset or inversion, and hardly with size, JPEG, 8 bit or gamma; flips and quarter
    turns are tried when two are compared. A crop, or a turn by some degrees, is not recognised.
    """
    import cv2

    if pixels.ndim != 2 or min(pixels.shape) < 2:
        raise WrongUsage("a fingerprint is taken of one plane of at least two rows and columns")
    small = cv2.resize(pixels.astype(np.float32), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    fine = small - cv2.GaussianBlur(small, (0, 0), BACKGROUND_PX)
    limit = CLIPPED_AT * float(np.median(np.abs(fine))) / 0.6745 or np.inf
    centred = np.clip(fine, -limit, limit)
    centred = centred - centred.mean()
    size = float(np.sqrt((centred**2).sum()))
    # rounding of an even plane is no detail
    is_even = size <= 1e-5 * SIDE_PX * float(np.abs(small).max())
    return Fingerprint(name, group, np.zeros_like(centred) if is_even else (centred / size).astype(np.float32))


def likenesses(one: Sequence[Fingerprint], other: Sequence[Fingerprint]) -> NDArray[np.float32]:
    """Return the largest correlation of the fine detail over the eight flips and turns, of shape (one, other).

    Its sign does not count, so that a negative is the same image: 0 to 1.
    """
    found = np.zeros((len(one), len(other)), dtype=np.float32)
    if not one or not other:
        return found
    straight = np.stack([image.detail.ravel() for image in one])
    details = np.stack([image.detail for image in other])
    for turned in _turns(details):
        np.maximum(found, np.abs(straight @ turned.reshape(len(other), -1).T), out=found)
    return found


def near_duplicates(one: Sequence[Fingerprint], other: Sequence[Fingerprint]) -> tuple[Duplicate, ...]:
    """Return every pair across two sets that is the same exposure, or whose groups are the same.

    A group without a name belongs to none.
    """
    alike = likenesses(one, other)
    found = []
    for row, first in enumerate(one):
        for column, second in enumerate(other):
            if first.group and first.group == second.group:
                found.append(Duplicate(first.name, second.name, None))
            elif alike[row, column] >= LIKENESS:
                found.append(Duplicate(first.name, second.name, float(alike[row, column])))
    return tuple(found)


def joined_groups(images: Sequence[Fingerprint]) -> tuple[str, ...]:
    """Return the group of each image of one set, the groups of two that are the same exposure made one."""
    group_of = {image.group: image.group for image in images}

    def first(group: str) -> str:
        while group_of[group] != group:
            group = group_of[group]
        return group

    alike = likenesses(images, images)
    for row, column in np.argwhere(np.triu(alike >= LIKENESS, 1)).tolist():
        one, other = sorted((first(images[row].group), first(images[column].group)))
        group_of[other] = one
    return tuple(first(image.group) for image in images)


def refuse(one: Sequence[Fingerprint], other: Sequence[Fingerprint], names: tuple[str, str]) -> None:
    """Refuse two sets that share an image or a group.

    Raises
    ------
    WrongUsage
        They do; the message names the first pairs.
    """
    pairs = near_duplicates(one, other)
    if not pairs:
        return
    told = "; ".join(_told(pair) for pair in pairs[:3]) + (f"; and {len(pairs) - 3} more" if len(pairs) > 3 else "")
    raise WrongUsage(
        f"{names[0]} and {names[1]} share images, so the figures would say nothing about new ones: {told}. "
        "Take them out of one of the two"
    )


def _told(pair: Duplicate) -> str:
    why = "same group" if pair.likeness is None else f"alike to {pair.likeness:.2f}"
    return f"{pair.one} and {pair.other} ({why})"


def _turns(details: Fine) -> Iterator[Fine]:
    """Yield planes of shape (image, row, column) in all eight flips and quarter turns."""
    for planes in (details, details.transpose(0, 2, 1)):
        for rows in (1, -1):
            yield from (planes[:, ::rows, ::columns] for columns in (1, -1))
