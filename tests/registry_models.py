"""Models to add to the registry, and evaluations of them, for tests: the weld weights that ship under other cards."""

from __future__ import annotations

import json
from typing import Any

from kerma.science.detect import learned

FROC = ((0.125, 0.62, 0.41), (0.5, 0.78, 0.22), (2.0, 0.91, 0.08))


def weights(name: str = "weld") -> bytes:
    """Return the weights of a model that ships."""
    return learned.shipped()[name].with_suffix(".onnx").read_bytes()


def card(name: str = "yard-weld", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """Return a card for the weights of the weld model."""
    told = json.loads(learned.shipped()["weld"].read_text(encoding="utf-8"))
    return told | {"name": name, "version": version} | more


def evaluation(sha256: str, *, of: str = "yard-weld@1.0.0", **changes: Any) -> bytes:
    """Return what `kerma evaluate --json` prints, in its form, of a model with these weights."""
    froc = [
        {"false_per_image": rate, "sensitivity": found, "low": found - 0.1, "high": found + 0.05, "threshold": score}
        for rate, found, score in FROC
    ]
    values = {
        "images": 60, "groups": 40, "images_with_truth": 30, "truths": 75, "marks": 140, "map50": 0.61, "map30": 0.7,
        "map": 0.4, "auc": 0.93, "froc": froc,
        "intervals": {"map50": [0.5, 0.71], "map30": [0.6, 0.8], "map": [0.3, 0.5], "auc": [0.85, 0.99]},
        "operating_point": {
            "threshold": 0.22, "false_per_image": 0.48, "sensitivity": 0.78, "how": "its own"
        },
    } | changes.pop("values", {})  # fmt: skip
    name, _, version = of.partition("@")
    document = {
        "name": "evaluate", "version": "1.0.0", "inputs": {"images": "blind-set"},
        "detector": {"name": name, "version": version, "model_sha256": sha256}, "values": values,
        "warnings": ["a warning of the evaluation"],
    } | changes  # fmt: skip
    return json.dumps(document).encode()
