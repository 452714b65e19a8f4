"""Networks brought along: run as their card declares, and their answers made into findings and a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.science.detect import answers_boxes, answers_classes, answers_masks
from kerma.science.detect.contract_input import View, views
from kerma.science.detect.contracts import Boxes, Classes, Contract, contract_of
from kerma.science.detect.learned import Network, demand_plane
from kerma.science.detect.learned_finding import MOST_FINDINGS, Seen, finding_of
from kerma.science.detect.network_session import THREADS, refusals, session_of
from kerma.science.imaging.image import Image

RANK = 4
TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8,
}  # fmt: skip
"""Numbers a network may take."""


@dataclass(frozen=True)
class Brought(Network):
    """Weights ready to run, their card, and what it declares."""

    contract: Contract

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find."""
        return self.contract.labels

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what the network finds in one plane, most certain first, at most 100, and its score of the image.

        Parameters
        ----------
        image : the image; it is not changed
        threshold : least score of a finding, 0 to 1; default the operating point of the card
        plane : plane of the image, counted from 0

        Raises
        ------
        WrongUsage
            An image in which nothing can be looked for, or a plane that does not exist.
        Unreadable
            The network gave something else than its card declares.
        """
        demand_plane(image, self.card, plane)
        least = self.operating_point if threshold is None else threshold
        answered = ((view, self.run(view)) for view in views(image, self.contract.input, plane))
        marks, score = _READERS[self.contract.kind](answered, self.contract, self.card, least)
        limits = (float(image.rows), float(image.columns))
        kept = [mark.within(limits) for mark in marks if mark.score >= least][:MOST_FINDINGS]
        named = (self.by, self.labels)
        findings = tuple(finding_of(image, named, plane, (number, mark)) for number, mark in enumerate(kept, start=1))
        if self.contract.kind == "classifier":  # it marks what it looked at: that is no size of anything
            findings = tuple(replace(finding, measurements={}) for finding in findings)
        return Seen(findings, score)

    def run(self, view: View) -> list[NDArray[np.float32]]:
        """Return the answers of the network to one view, in the order its card or its file has them.

        Raises
        ------
        Unreadable
            It breaks off, or gives what is no number.
        """
        taken = self.session.get_inputs()[0]
        values = view.values
        kind = TYPES[taken.type]
        fed = np.clip(np.rint(values), 0, 255).astype(kind) if kind is np.uint8 else values.astype(kind)
        output = self.contract.output
        names = list(output.names) if isinstance(output, Boxes) and output.names else None
        try:
            given = self.session.run(names, {taken.name: fed})
        except refusals() as error:
            raise Unreadable(f"the network of '{self.card['name']}' broke off: {error}") from error
        answers = [np.asarray(each, dtype=np.float32) for each in given]
        if not all(np.isfinite(each).all() for each in answers):
            raise Unreadable(f"the network of '{self.card['name']}' gave values that are not finite")
        return answers


_READERS = {
    "boxes": answers_boxes.read, "classifier": answers_classes.read, "segmenter": answers_masks.read,
}  # fmt: skip


def load(content: bytes, card: Mapping[str, Any], *, threads: int = THREADS) -> Brought:
    """Return the network of an ONNX file and the card that declares what it takes and gives.

    Raises
    ------
    Altered
        The bytes are not those the card speaks of.
    Unreadable, TooLarge
        The card lacks something, the bytes are no network, or one that takes or gives something else.
    """
    contract = contract_of(card)
    session = session_of(content, card, threads=threads)
    _demand_input(session, contract, str(card["name"]))
    _demand_outputs(session, contract, str(card["name"]))
    return Brought(session, card, contract)


def _demand_input(session: Any, contract: Contract, name: str) -> None:
    """Refuse a network that does not take what the card says it is fed."""
    taken = session.get_inputs()
    if len(taken) != 1 or taken[0].type not in TYPES:
        told = ", ".join(f"{each.name} {each.type}" for each in taken)
        raise Unreadable(f"the network of '{name}' takes {told or 'nothing'}; it must take one picture of numbers")
    wanted, shape = contract.input, taken[0].shape
    size = [wanted.rows, wanted.columns]
    expected = [1, wanted.channels, *size] if wanted.layout == "NCHW" else [1, *size, wanted.channels]
    if len(shape) != RANK or any(not _may_be(have, want) for have, want in zip(shape, expected, strict=True)):
        raise Unreadable(
            f"the network of '{name}' takes {_told(shape)}; the card says {wanted.layout} {_told(expected)} "
            "(input.layout, channels, rows, columns)"
        )


def _may_be(have: Any, wanted: int | None) -> bool:
    """Return whether a side of the network's input can be what the card says; None: any size."""
    return not isinstance(have, int) or have == wanted


def _told(shape: Sequence[Any]) -> str:
    return "[" + ", ".join(str(side) if isinstance(side, int) else "any" for side in shape) + "]"


def _demand_outputs(session: Any, contract: Contract, name: str) -> None:
    """Refuse a network that lacks an output the card names, or gives too few."""
    given = [each.name for each in session.get_outputs()]
    output = contract.output
    if isinstance(output, Classes):
        return
    absent = [each for each in output.names if each not in given]
    if absent:
        raise Unreadable(f"the network of '{name}' gives {', '.join(given)}; the card names {absent[0]!r}")
    least = answers_boxes.OUTPUTS[output.form]
    if not output.names and len(given) < least:
        raise Unreadable(f"the network of '{name}' gives {len(given)} outputs; boxes as '{output.form}' take {least}")
