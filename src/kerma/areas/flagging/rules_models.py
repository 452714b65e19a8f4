"""Rules of the registry: names, versions, which state follows which, and on what an approval may rest. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerma.areas.flagging.detecting import ALSO_CALLED
from kerma.areas.flagging.model import ACTIVE, CANDIDATE, RETIRED, SHADOW, SHIPPED, ModelRow
from kerma.errors import Conflict, WrongUsage
from kerma.science.detect import DETECTORS
from kerma.science.detect.onnx_file import LARGEST_BYTES

NAME = re.compile(r"[a-z0-9-]{1,64}")
VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z.-]{1,12}))?")
MOST_LETTERS = 1000
MOST_WEIGHTS_BYTES = LARGEST_BYTES
MOST_CARD_BYTES = 256 << 10
MOST_EVALUATION_BYTES = 8 << 20
MACHINE_LETTERS = 128
LARGEST_NUMBER = 1e15

CARD = ("name", "version", "sha256", "kind", "labels", "thresholds")
"""What the card of any model must say; the rest is asked by its kind."""
TAKEN = frozenset({*DETECTORS, *ALSO_CALLED})
"""Names of detectors without weights: no model may be mistaken for one."""

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    CANDIDATE: (SHADOW, ACTIVE, RETIRED),
    SHADOW: (ACTIVE, RETIRED),
    ACTIVE: (SHADOW, RETIRED),
    RETIRED: (SHADOW, ACTIVE),
}
"""Which states may follow which. What was retired may come back: a new version can turn out worse than the old one."""

FIGURES = {
    "map50": "mAP50",
    "map30": "mAP30",
    "map": "mAP",
    "auc": "AUC of images",
}
"""Single figures of an evaluation that have an interval, and how they are called."""


def split_name(name: str) -> tuple[str, str]:
    """Return name and version of NAME@VERSION; the version is empty where none is named."""
    bare, _, version = name.partition("@")
    return bare, version


def order_of(version: str) -> tuple[int, int, int, int, str]:
    """Return what versions are sorted by: 1.10.0 comes after 1.9.0, and 1.0.0-rc before 1.0.0."""
    found = VERSION.fullmatch(version)
    if found is None:
        return (-1, 0, 0, 0, version)
    major, minor, patch, mark = found.groups()
    return (int(major), int(minor), int(patch), 0 if mark else 1, mark or "")


def demand_card(told: Any) -> dict[str, Any]:
    """Return the card of a model to add, once it says what every card must.

    Raises
    ------
    WrongUsage
        It is no card, or lacks something; the message says what.
    """
    if not isinstance(told, Mapping):
        raise WrongUsage("the card of the model is no JSON object")
    card = {"kind": "detector", **told}
    missing = [key for key in CARD if key not in card]
    if missing:
        raise WrongUsage(f"the card of the model says no {missing[0]}; it must say {', '.join(CARD)}")
    texts = ("name", "version", "sha256", "kind")
    wrong = next((key for key in texts if not isinstance(card[key], str) or len(card[key]) > MOST_LETTERS), None)
    if wrong:
        raise WrongUsage(f"{wrong} in the card of the model must be text")
    labels = card["labels"]
    if not (isinstance(labels, list) and labels and all(isinstance(one, str) and one for one in labels)):
        raise WrongUsage("labels in the card of the model must be a list of words")
    demand_named(card["name"], card["version"])
    try:
        size = len(json.dumps(card, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise WrongUsage(f"the card of the model holds what is no JSON: {error}") from error
    if size > MOST_CARD_BYTES:
        raise WrongUsage(f"the card of the model has {size >> 10} kB; at most {MOST_CARD_BYTES >> 10} kB are taken")
    return card


def demand_free(name: str) -> None:
    """Refuse a name by which a detector without weights is known.

    Raises
    ------
    Conflict
        There is such a detector.
    """
    if name.replace("-", "_") in TAKEN:
        raise Conflict(f"'{name}' is a detector that comes with Kerma: give the model another name")


def demand_named(name: str, version: str) -> None:
    """Refuse a name or version that the registry does not take.

    Raises
    ------
    WrongUsage
        The message says what is taken.
    """
    if not NAME.fullmatch(name):
        raise WrongUsage(f"'{name[:80]}' names no model: a name is 1 to 64 small letters, digits and hyphens")
    if not VERSION.fullmatch(version):
        raise WrongUsage(f"'{version[:40]}' is no version: the card of a model needs one such as 1.0.0")


def demand_follows(row: ModelRow, state: str) -> None:
    """Refuse a change of state that makes no sense.

    Raises
    ------
    Conflict
        It is in that state already, or that state does not follow its own.
    """
    if row.state == state:
        raise Conflict(f"{row.name} {row.version} is {state} already")
    if state not in FOLLOWS[row.state]:
        after = " or ".join(FOLLOWS[row.state])
        raise Conflict(f"{row.name} {row.version} is {row.state}: after that comes {after}, not {state}")


def demand_reason(reason: str, what: str) -> str:
    """Return a reason without the space around it; refuse one that says nothing.

    Raises
    ------
    WrongUsage
        It is empty or far too long.
    """
    said = reason.strip()
    if not said:
        raise WrongUsage(f"say why: {what} needs a reason, which stays on record")
    if len(said) > MOST_LETTERS:
        raise WrongUsage(f"the reason has {len(said)} letters; keep it within {MOST_LETTERS}")
    if not all(letter.isprintable() or letter in "\r\n\t" for letter in said):
        raise WrongUsage("the reason holds characters that cannot be shown: write it anew")
    return said


def why_not_by(row: ModelRow, actor_kind: str, actor_key: str) -> str:
    """Return why this actor may not make a model active; empty where it may.

    What ships was tried by those who made Kerma. What somebody brought or made here is approved by a person, and by
    another than the one who added it.
    """
    if row.origin == SHIPPED:
        return ""
    if actor_kind != "person":
        return "only a person approves a model that was brought or made here: sign in (--login)"
    if actor_key == row.added_by:
        return f"who added {row.name} {row.version} cannot approve it: another person must"
    return ""


@dataclass(frozen=True)
class Evidence:
    """What an approval or a threshold rests on."""

    kind: str
    """``evaluation`` or ``pilot``."""
    sha256: str
    """Of the document as it was handed in."""
    figures: Mapping[str, Any]
    froc: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return what is kept with the approval."""
        return {
            "kind": self.kind,
            "sha256": self.sha256,
            **self.figures,
            "froc": [dict(one) for one in self.froc],
            "warnings": list(self.warnings),
        }


def read_evaluation(document: Any, sha256: str, row: ModelRow) -> Evidence:
    """Return what an evaluation (``kerma evaluate --json``) says of exactly this model.

    Raises
    ------
    WrongUsage
        It is no evaluation, one of another model or of other weights, or one without anything to find.
    """
    refused = "this is no evaluation: give what `kerma evaluate --json` printed"
    if not isinstance(document, Mapping) or document.get("name") != "evaluate":
        raise WrongUsage(refused)
    detector, values = document.get("detector"), document.get("values")
    if not isinstance(detector, Mapping) or not isinstance(values, Mapping):
        raise WrongUsage(refused)
    told = f"{detector.get('name')} {detector.get('version')}"
    if (told, detector.get("model_sha256")) != (f"{row.name} {row.version}", row.sha256):
        raise WrongUsage(
            f"the evaluation is of {told[:80]}, weights {str(detector.get('model_sha256') or 'none')[:12]}; "
            f"this is {row.name} {row.version}, weights {row.sha256[:12]}: evaluate this version"
        )
    truths, images, groups = (_count(values, key) for key in ("truths", "images", "groups"))
    if not truths and not values.get("images_with_truth"):
        raise WrongUsage("the evaluation holds nothing to find: a model is approved on images whose truth is known")
    figures: dict[str, Any] = {"images": images, "groups": groups, "truths": truths}
    intervals = _part(values, "intervals")
    for key in FIGURES:
        if is_number(values.get(key)):
            figures[key] = {"value": values[key], "interval": _pair(intervals.get(key))}
    figures["operating_point"] = _point(values.get("operating_point"))
    figures["on"] = _said(_part(document, "inputs").get("images", ""))[-200:]
    rates = (_rate(one) for one in _listed(values, "froc") if isinstance(one, Mapping))
    froc = tuple(one for one in rates if one["false_per_image"] is not None)
    warnings = tuple(_said(one)[:500] for one in _listed(document, "warnings"))[:20]
    return Evidence("evaluation", sha256, figures, froc, warnings)


def point_at(evidence: Evidence, *, false_per_image: float | None, sensitivity: float | None) -> Mapping[str, Any]:
    """Return the point of an evaluation's FROC with a threshold: at most so many false marks, or at least so sensitive.

    Of a sensitivity, the point with the fewest false marks that reaches it.

    Raises
    ------
    WrongUsage
        Both or none is asked for, or no point of the evaluation fits; the message says which there are.
    """
    if (false_per_image is None) == (sensitivity is None):
        raise WrongUsage("choose the operating point by false marks per image or by sensitivity, one of both")
    points = [one for one in evidence.froc if one["threshold"] is not None and one["sensitivity"] is not None]
    if false_per_image is not None:
        fitting = [one for one in points if abs(one["false_per_image"] - false_per_image) < 1e-9]
    else:
        enough = [one for one in points if sensitivity is not None and one["sensitivity"] >= sensitivity]
        fitting = sorted(enough, key=lambda one: float(one["false_per_image"]))[:1]
    if fitting:
        return fitting[0]
    there = ", ".join(f"{one['sensitivity']:.3f} at {one['false_per_image']:g}" for one in points) or "none"
    raise WrongUsage(f"the evaluation has no such operating point; sensitivity at false marks per image: {there}")


def words_of(point: Mapping[str, Any]) -> str:
    """Return an operating point in words."""
    between = f" (95 % {point['low']:.3f} to {point['high']:.3f})" if point.get("low") is not None else ""
    return f"{point['false_per_image']:g} false marks per image, sensitivity {point['sensitivity']:.3f}{between}"


def _part(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = of.get(key)
    return found if isinstance(found, Mapping) else {}


def _rate(one: Mapping[str, Any]) -> dict[str, float | None]:
    keys = ("false_per_image", "sensitivity", "low", "high", "threshold")
    return {key: float(one[key]) if is_number(one.get(key)) else None for key in keys}


def _point(told: Any) -> dict[str, Any] | None:
    if not isinstance(told, Mapping):
        return None
    return _rate(told) | {"how": _said(told.get("how", ""))[:80]}


def _pair(told: Any) -> list[float] | None:
    is_pair = isinstance(told, list) and len(told) == 2 and all(is_number(one) for one in told)
    return [float(one) for one in told] if is_pair else None


def _count(values: Mapping[str, Any], key: str) -> int:
    value = values.get(key)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _listed(of: Mapping[str, Any], key: str) -> list[Any]:
    found = of.get(key)
    return found if isinstance(found, list) else []


def _said(value: Any) -> str:
    """Return text that can be written, whatever stood there."""
    return str(value).encode("utf-8", "replace").decode()


def is_number(value: Any) -> bool:
    """Return whether a value of a document is a number that can be reckoned with."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < LARGEST_NUMBER  # neither infinite, nor none, nor a whole number beyond every float
