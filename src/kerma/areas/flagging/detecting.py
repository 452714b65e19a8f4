"""What can look for something, by the name a user gives: the detectors without weights, and learned models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.flagging.registry import Lookup, nothing
from kerma.errors import KermaError, NotFound, Unreadable, WrongUsage

if TYPE_CHECKING:
    from kerma.science.detect.learned_finding import Seen
    from kerma.science.imaging.image import Image
    from kerma.science.results import Finding

ALSO_CALLED = {"matched_filter": "small_flaws"}
"""Names by which a detector is known beside its own."""
LEARNED_OPTIONS = ("plane", "threshold")
ANOMALY = "anomaly:"
"""Before the name or the file of a model that ``kerma teach --anomaly`` made."""


@dataclass(frozen=True)
class Model:
    """One detector: its name and version, what it takes, and what it is."""

    name: str
    version: str
    kind: str
    """``classic`` needs no weights, ``learned`` has some."""
    summary: str
    option_names: tuple[str, ...]
    labels: tuple[str, ...] = ()
    sha256: str = ""
    card: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; of a learned model with its whole card."""
        told: dict[str, Any] = {
            "name": self.name, "version": self.version, "kind": self.kind, "summary": self.summary,
            "also_called": [also.replace("_", "-") for also, name in ALSO_CALLED.items() if name == self.name],
            "options": list(self.option_names), "labels": list(self.labels),
        }  # fmt: skip
        return told | ({"sha256": self.sha256, "card": dict(self.card)} if self.card is not None else {})


class Looker:
    """A detector made ready once, to look at any number of images; ``lookup`` knows the models of the registry.

    Raises
    ------
    WrongUsage, NotFound
        There is no such detector or model, or it does not take an option that was given.
    Unreadable, Altered
        The weights or their card are damaged.
    """

    def __init__(self, name: str, options: Mapping[str, Any], lookup: Lookup = nothing) -> None:
        self._options = {key: value for key, value in options.items() if value is not None}
        self._network: Any = None
        self._set_score: float | None = None
        is_anomaly, own = name.startswith(ANOMALY), name.removeprefix(ANOMALY)
        is_file = name.endswith((".onnx", ".npz")) or (is_anomaly and Path(own).is_file())
        registered = None if is_file else lookup(own)
        if is_file:
            self._network = _brought(Path(own)) if own.endswith(".onnx") else _taught(Path(own))
            self.model = _learned(self._network.card)
        elif registered is not None:
            if is_anomaly and registered.card.get("kind") != "anomaly":
                raise WrongUsage(f"'{own}' is no anomaly model: ask for it by its name alone")
            self._network = _made_ready(registered.content, registered.card)
            self.model = _learned(registered.card)
            self._set_score = registered.threshold
        elif is_anomaly:
            raise NotFound(f"there is no file and no registered model '{own}'; `kerma teach --anomaly` makes one")
        else:
            self.model = model_named(name)
            if self.model.kind == "learned":
                from kerma.science.detect import learned

                self._network = learned.of(self.model.name)
        unknown = sorted(set(self._options) - set(self.model.option_names))
        if unknown:
            takes = ", ".join(self.model.option_names)
            raise WrongUsage(f"'{self.model.name}' has no option '{unknown[0]}'; it takes {takes}")
        if self._network is not None:
            self._options = _parsed(self._options)
            if self._set_score is not None:
                self._options.setdefault("threshold", self._set_score)

    def find(self, image: Image) -> tuple[Finding, ...]:
        """Return what it finds in an image."""
        return self.look(image).findings

    def look(self, image: Image) -> Seen:
        """Return what it finds in an image, and the score of the whole image where the model has one."""
        from kerma.science.detect.learned_finding import Seen
        from kerma.science.detect.purpose import demand_not_another

        if self._network is None:
            from kerma.science.detect import detect

            return Seen(detect(self.model.name, image, **self._options))
        demand_not_another(image, self._network.card)
        if image.plane_kind == "view" and "plane" not in self._options:
            return self._look_at_views(image)
        seen: Seen = self._network.look(image, **self._options)
        return seen

    def _look_at_views(self, image: Image) -> Seen:
        """Return what it finds in all views of an image, scored together where the model knows how."""
        from kerma.science.detect.learned_finding import Seen
        from kerma.science.detect.view_agreement import agreement_of, find_views, views_of

        views = views_of(image)
        if agreement_of(self._network.card) is None:
            looked = [self._network.look(view, **self._options) for view in views]
            marks = [replace(mark, plane=plane) for plane, one in enumerate(looked) for mark in one.findings]
            return Seen(tuple(marks), max((one.score for one in looked if one.score is not None), default=None))
        seen = find_views(views, self._network, planes=(0,) * len(views), **self._options)
        found = [replace(one, plane=plane) for plane, marks in enumerate(seen) for one in marks]
        return Seen(tuple(found), max((one.score or 0.0 for one in found), default=None))

    def pixel_scores(self, image: Image) -> Any:
        """Return a value from 0 to 1 for every pixel (row, column) of the plane that is looked at.

        Raises
        ------
        WrongUsage
            A detector without weights, or a model that gives none.
        """
        from kerma.areas.flagging.trial import IsolatedNetwork
        from kerma.science.detect.score_maps import score_map

        if self._network is None or isinstance(self._network, IsolatedNetwork):
            raise WrongUsage(f"'{self.model.name}' gives no value for every pixel: regions cannot be compared with it")
        return score_map(image, self._network, plane=int(self._options.get("plane", 0)))

    def explain(self, image: Image, finding: Finding) -> bytes:
        """Return a PNG of the heat that a finding was picked from.

        Raises
        ------
        WrongUsage
            A detector without weights, or a network that gives no heat.
        NotFound
            It does not mark this place.
        """
        if self._network is None:
            raise WrongUsage(f"'{self.model.name}' has no weights and so no heat; docs/science tells how it marks")
        from kerma.areas.flagging.looking import explained

        return explained(image, self._network, finding)

    @property
    def own_score(self) -> float:
        """The score from which it marks something when nobody says otherwise; 0 where all its marks count."""
        if self._set_score is not None:
            return self._set_score
        return 0.0 if self._network is None else float(self._network.operating_point)


def models() -> tuple[Model, ...]:
    """Return everything that can look for something: classic detectors, then the models that ship."""
    return (*classic(), *(_learned(_card(path)) for path in _shipped().values()))


def classic() -> tuple[Model, ...]:
    """Return the detectors without weights."""
    from kerma.science.detect import DETECTORS

    return tuple(
        Model(entry.name, entry.load().VERSION, "classic", entry.summary, entry.option_names)
        for entry in DETECTORS.values()
    )


def model_named(name: str) -> Model:
    """Return the row of a name; hyphens and underscores are the same.

    Raises
    ------
    WrongUsage
        There is none; the message lists those there are.
    """
    from kerma.science.detect import DETECTORS

    plain = name.replace("-", "_")
    plain = ALSO_CALLED.get(plain, plain)
    if plain in DETECTORS:
        entry = DETECTORS[plain]
        return Model(entry.name, entry.load().VERSION, "classic", entry.summary, entry.option_names)
    shipped = {key.replace("-", "_"): path for key, path in _shipped().items()}
    if plain in shipped:
        return _learned(_card(shipped[plain]))
    known = ", ".join([*ALSO_CALLED, *DETECTORS, *shipped]).replace("_", "-")
    own = "or give an .onnx with its card, or an .npz that was taught"
    raise WrongUsage(f"there is no detector or model '{name}'; there are {known}, {own}")


def _learned(card: Mapping[str, Any]) -> Model:
    labels = tuple(str(label) for label in card.get("labels", ()))
    summary = str(card.get("intended_use") or f"finds {', '.join(labels)}")
    name, version = str(card.get("name", "")), str(card.get("version", ""))
    return Model(name, version, "learned", summary, LEARNED_OPTIONS, labels, str(card.get("sha256", "")), card)


def _shipped() -> Mapping[str, Path]:
    from kerma.science.detect import learned

    return learned.shipped()


def _card(path: Path) -> Mapping[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"the card {path.name} of the model cannot be read: {error}") from error
    if not isinstance(card, dict):
        raise Unreadable(f"the card {path.name} of the model is no JSON object")
    return card


def _taught(file: Path) -> Any:
    """Return what `kerma teach` has made, with the card within its file."""
    from kerma.science.detect import taught

    try:
        return taught.load(file.read_bytes())
    except OSError as error:
        raise NotFound(f"the model {file} cannot be read: {error.strerror}; `kerma teach` makes one") from None


def _brought(weights: Path) -> Any:
    """Return a network from a file of one's own and the card beside it."""
    card = weights.with_suffix(".json")
    for path in (weights, card):
        if not path.is_file():
            raise NotFound(f"there is no file {path}: a model is two files, NAME.onnx and its card NAME.json")
    return _made_ready(weights.read_bytes(), _card(card))


def _made_ready(content: bytes, card: Mapping[str, Any]) -> Any:
    """Return a model ready to look: a network of strangers in a process of its own."""
    from kerma.areas.flagging.trial import IsolatedNetwork, is_brought
    from kerma.science.detect import learned

    return IsolatedNetwork(content, card).begun() if is_brought(card) else learned.load(content, card)


def _parsed(options: Mapping[str, Any]) -> dict[str, Any]:
    from kerma.science.detect import OPTIONS
    from kerma.science.options import parse

    return {key: parse(OPTIONS[key], value) for key, value in options.items()}


def refused_of(error: KermaError | OSError, path: Path) -> dict[str, str]:
    """Return the row of a file that could not be read or looked at."""
    return {"path": str(path), "reason": str(error)}
