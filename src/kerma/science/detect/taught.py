"""Models taught from a site's own good pictures: arrays and a card in one file, read within limits and never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerma.errors import Unreadable
from kerma.science.detect import npz_file
from kerma.science.detect.network_session import THREADS

if TYPE_CHECKING:
    from kerma.science.detect.learned import Network

KINDS = ("anomaly", "reference")


def is_taught(card: Any) -> bool:
    """Return whether a card is that of a model taught here, of no network of strangers."""
    return isinstance(card, Mapping) and card.get("kind") in KINDS


def load(content: bytes, card: Mapping[str, Any] | None = None, *, threads: int = THREADS) -> Network:
    """Return the model of a file, with the card within it or one that stands for it.

    Raises
    ------
    Unreadable
        The bytes are neither, or damaged.
    Altered
        The bytes are not those the card speaks of.
    """
    from kerma.science.detect import anomaly, reference_model

    kind = _kind_within(content) if card is None else card.get("kind")
    if kind == reference_model.KIND:
        return reference_model.load(content, card)
    return anomaly.load(content, card, threads=threads)


def tried(content: bytes, card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is seen when a model is tried; see :func:`load` for what it raises."""
    from kerma.science.detect import reference_model
    from kerma.science.detect.anomaly import Anomaly

    model = load(content, card)
    seen = {"is_accepted": True, "kind": card["kind"], "weights_bytes": len(content)}
    if isinstance(model, reference_model.PartModel):
        return seen | reference_model.tried(model)
    return seen | ({"how": model.taught.how} if isinstance(model, Anomaly) else {})


def _kind_within(content: bytes) -> str:
    from kerma.science.detect import anomaly_file, part_reference

    try:
        document = npz_file.read_document(content)
    except npz_file.DAMAGES as error:
        raise Unreadable(f"this is no file that `kerma teach` has made ({error}): teach it anew") from None
    kinds = {anomaly_file.FORMAT: "anomaly", part_reference.FORMAT: "reference"}
    found = kinds.get(str(document.get("format") or document.get("kind")))
    if found is None:
        raise Unreadable("this is no file that `kerma teach` has made: another kind or version")
    return found
