"""Where the registry meets what runs: what ships, how a new network is tried, and which weights a name stands for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.errors import NotFound, Unreadable

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Registered:
    """A model of the registry, ready to be loaded."""

    card: Mapping[str, Any]
    content: bytes
    threshold: float | None
    """The score set for every machine of this site; None: the card's own."""


Lookup = Callable[[str], Registered | None]
"""From NAME or NAME@VERSION to the model; None where the name is none of the registry's."""


def nothing(_: str) -> None:
    """Know no model: where there is no home there is no registry."""


def home_is_there() -> bool:
    """Return whether there is an installation to ask; looking makes none."""
    from kerma.kernel.settings import Settings

    url = Settings.load().database_url
    return not url.startswith(SQLITE) or Path(url.removeprefix(SQLITE)).is_file()


def lookup_in(open_kernel: Callable[[], Kernel]) -> Lookup:
    """Return what finds models in the registry; it is opened when a name is first asked for, and only where it is."""

    def lookup(name: str) -> Registered | None:
        from kerma.areas.flagging import queries_models as queries
        from kerma.areas.flagging.rules_models import NAME, TAKEN, split_name

        bare, version = split_name(name)
        if not NAME.fullmatch(bare) or bare.replace("-", "_") in TAKEN:
            return None
        if not home_is_there():
            return _shipped(bare, version) if version else None
        kernel = open_kernel()
        with kernel.database.read() as connection:
            found = queries.versions_of(connection, bare)
            is_usable = bool(version) or any(row.state == "active" for row in found)
            if not is_usable and (not found or bare in _cards()):
                return None  # what ships may be tried by its name before anybody has approved it
            if not found and version:
                return _shipped(bare, version)
            row = queries.model_named(connection, name)
            settled = queries.threshold_of(connection, row.id, "")
        return Registered(row.card, queries.weights_of(kernel, row), settled["score"] if settled else None)

    return lookup


def lookup_of(wiring: Any) -> Lookup:
    """Return what finds models in the registry of a command's own wiring (``ctx.obj``)."""
    return nothing if wiring is None else lookup_in(wiring.kernel)


def shipped_cards() -> list[dict[str, Any]]:
    """Return the cards of the models that ship, each with the size of its weights (``size_bytes``)."""
    return [_read(path) | {"size_bytes": path.with_suffix(".onnx").stat().st_size} for path in _cards().values()]


def card_within(content: bytes) -> dict[str, Any]:
    """Return the card of what `kerma teach` has made, which lies within its file.

    Raises
    ------
    Unreadable
        It is no such file.
    """
    from kerma.science.detect import taught

    return dict(taught.load(content).card)


def tried(content: bytes, card: Mapping[str, Any]) -> dict[str, Any]:
    """Try a network in a process of its own and return what was seen: what it takes and gives, time, memory.

    Raises
    ------
    Unreadable
        It is no network, not the one its card speaks of, or goes beyond the limits; the message says which.
    """
    from kerma.science.detect import taught

    if taught.is_taught(card):
        return taught.tried(content, card)  # no network of a stranger: arrays, read within hard limits
    from kerma.areas.flagging.trial import try_network

    trial = try_network(content, card)
    if not trial.is_accepted:
        raise Unreadable(f"{card['name']} {card['version']} was tried and is not taken: {trial.reason}")
    return trial.as_json()


def _shipped(name: str, version: str) -> Registered:
    path = _cards().get(name)
    card = _read(path) if path else {}
    if path is None or card.get("version") != version:
        raise NotFound(f"there is no model {name} {version}; `kerma models list` shows those there are")
    return Registered(card, path.with_suffix(".onnx").read_bytes(), None)


def _cards() -> Mapping[str, Path]:
    from kerma.science.detect import learned

    return learned.shipped()


def _read(path: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"the card {path.name} of the model cannot be read: {error}") from error
    return card
