"""What a model's card says, as a person reads it: its figures in sets, what it was trained on, its limits. Pure.

A brought card may hold anything; what has no form known here is left to the card itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kerma.areas.flagging.rules_models import is_number

WORDS = {
    "map50": "mAP50", "map30": "mAP30", "map": "mAP", "auc": "AUC of images", "ap50": "AP50", "ap30": "AP30",
    "ap_centre_any_label": "AP of places",
}  # fmt: skip
"""How figures are called; others are called as the card has them."""
SETS = {"test": "held-out test images", "shifted": "shifted images", "validation": "validation images"}
COUNTS = ("images", "groups", "flaws", "truths", "cases", "normal", "abnormal")
TRAINED = ("on", "images", "views", "seed", "simulator_version", "scenes", "command", "manifest_sha256")
MOST_FIGURES = 60


def figure_sets(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures of a card, one entry for each set of images they were found on.

    Each has ``name``, ``words``, ``counts``, ``figures`` (name, words, value, low, high; 0 to 1 or as the card has
    them), ``froc`` (false_per_image, sensitivity, low, high) and ``by_label`` (label, value).
    """
    metrics = _part(card, "metrics")
    own = {key: value for key, value in metrics.items() if not _is_set(value)}
    parts = {**({"": own} if any(_figures(own)) else {}), **{key: metrics[key] for key in metrics if key not in own}}
    return [
        {
            "name": name,
            "words": _words_of_set(name, card),
            "counts": {key: part[key] for key in COUNTS if isinstance(part.get(key), int)},
            "figures": list(_figures(part))[:MOST_FIGURES],
            "froc": list(_froc(part.get("froc"))),
            "by_label": list(_by_label(part)),
        }
        for name, part in parts.items()
    ]


def trained_on(card: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what a card says of its training, line by line, the most important first."""
    told = _part(card, "trained")
    known = [key for key in TRAINED if key in told]
    rest = [key for key in told if key not in known]
    return [{"name": key.replace("_", " "), "value": _text(told[key])} for key in (*known, *rest)]


def limits_of(card: Mapping[str, Any]) -> list[str]:
    """Return what a card says that the model cannot do; empty where it says nothing."""
    told = card.get("limits")
    return [str(one)[:1000] for one in told][:50] if isinstance(told, list) else []


def _words_of_set(name: str, card: Mapping[str, Any]) -> str:
    told = card.get(f"{name}_is") if name else None
    words = SETS.get(name, name.replace("_", " ")) or "as its card says"
    return f"{words}: {told}" if isinstance(told, str) else words


def _is_set(value: Any) -> bool:
    return isinstance(value, Mapping) and "value" not in value


def _figures(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what has a value; of a bare number that is no count there is no interval."""
    for name, told in part.items():
        value = told.get("value") if isinstance(told, Mapping) else None
        if not is_number(value):
            continue
        low, high = _pair(told.get("interval"))
        yield {"name": name, "words": WORDS.get(name, name.replace("_", " ")), "value": value, "low": low, "high": high}


def _froc(told: Any) -> Iterator[dict[str, Any]]:
    for one in told if isinstance(told, list) else ():
        if isinstance(one, Mapping) and all(is_number(one.get(key)) for key in ("false_per_image", "sensitivity")):
            low, high = _pair(one.get("interval"))
            yield {
                "false_per_image": one["false_per_image"],
                "sensitivity": one["sensitivity"],
                "low": low,
                "high": high,
            }


def _by_label(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = (_part(part, key) for key in ("ap50_by_label", "by_label"))
    told: Mapping[str, Any] = next((one for one in named if one), {})
    return ({"label": str(label), "value": value} for label, value in told.items() if is_number(value))


def _pair(told: Any) -> tuple[float | None, float | None]:
    is_pair = isinstance(told, list | tuple) and len(told) == 2 and all(is_number(one) for one in told)
    return (float(told[0]), float(told[1])) if is_pair else (None, None)


def _part(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = of.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    said = ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return said[:1000]
