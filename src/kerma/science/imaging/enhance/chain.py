"""The enhancement chain as a document: checked, written in one way only, and named by a digest.

``{"version": 1, "steps": [{"name", "version", "parameters"}], "window": {"center", "width", "function"} | null,
"negative": bool, "colours": "grey" | name}``. What was found from an image stands in the parameters as a number, so
that the chain gives the same picture wherever it is run.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance import colours
from kerma.science.imaging.enhance.registry import parameters_of, step_of
from kerma.science.imaging.enhance.step import Step
from kerma.science.imaging.image import Window

VERSION = 1
STEPS_MOST = 12
"""Most steps of a chain: more say nothing to an eye, and each costs the screen a frame."""
TEXT_MOST = 20_000
"""Longest chain as text."""
_KEYS = {"version", "steps", "window", "negative", "colours"}
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True)
class ChainStep:
    """One step with a value for each of its settings."""

    step: Step
    parameters: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.step.name, "version": self.step.version, "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class Chain:
    """How an image is shown: steps in their order, then window, negative, colours."""

    steps: tuple[ChainStep, ...] = ()
    window: Window | None = None
    """None: the image's own."""
    negative: bool = False
    colours: str = "grey"

    def as_json(self) -> dict[str, Any]:
        """Return the document."""
        window = self.window and {
            "center": self.window.center,
            "width": self.window.width,
            "function": self.window.function,
        }
        steps = [step.as_json() for step in self.steps]
        return {
            "version": VERSION, "steps": steps, "window": window, "negative": self.negative, "colours": self.colours,
        }  # fmt: skip

    def canonical(self) -> str:
        """Return the one way the document is written (RFC 8785, so a browser writes the same)."""
        return _written(self.as_json())

    def digest(self) -> str:
        """Return the SHA-256 of the canonical form."""
        return hashlib.sha256(self.canonical().encode("utf-8")).hexdigest()


STANDARD = Chain()
"""The standard image: nothing switched on."""


def parse(document: Any) -> Chain:
    """Return the chain of a document, given as an object or as JSON text.

    Raises
    ------
    WrongUsage
        It is none; the message names the step and the setting and says what is possible.
    """
    given = _object(document)
    unknown = sorted(str(key) for key in set(given) - _KEYS)
    if unknown:
        raise WrongUsage(f"an enhancement chain has no '{unknown[0]:.40}'; it has {', '.join(sorted(_KEYS))}")
    version = given.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise WrongUsage(f"this program knows version {VERSION} of the enhancement chain, not {version!r:.20}")
    steps = given.get("steps", [])
    if not isinstance(steps, list):
        raise WrongUsage(f"'steps' of an enhancement chain is a list, not {steps!r:.60}")
    if len(steps) > STEPS_MOST:
        raise WrongUsage(f"an enhancement chain has at most {STEPS_MOST} steps, not {len(steps)}")
    negative, name = given.get("negative", False), given.get("colours", "grey")
    if not isinstance(negative, bool):
        raise WrongUsage(f"'negative' of an enhancement chain is true or false, not {negative!r:.20}")
    if name not in colours.names():
        raise WrongUsage(f"there are no colours '{name!s:.40}'; there are {', '.join(colours.names())}")
    chain = Chain(tuple(_step(step) for step in steps), _window(given.get("window")), negative, name)
    _check_order(chain)
    return chain


def _object(document: Any) -> dict[str, Any]:
    if isinstance(document, str):
        if len(document) > TEXT_MOST:
            raise WrongUsage(f"an enhancement chain is at most {TEXT_MOST} characters long, not {len(document)}")
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            raise WrongUsage(f"an enhancement chain is a JSON object; '{document:.60}' is no JSON") from None
    if not isinstance(document, dict):
        raise WrongUsage(
            f"an enhancement chain is an object with steps, window, negative and colours, not {document!r:.60}"
        )
    return document


def _step(given: Any) -> ChainStep:
    if not isinstance(given, dict) or set(given) - {"name", "version", "parameters"}:
        raise WrongUsage(f"a step of an enhancement chain has name, version and parameters; this one is {given!r:.80}")
    step = step_of(given.get("name"), given.get("version"))
    return ChainStep(step, parameters_of(step, given.get("parameters", {})))


def _window(given: Any) -> Window | None:
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) - {"center", "width", "function"}:
        raise WrongUsage(f"the window of an enhancement chain has center, width and function, not {given!r:.80}")
    numbers = [given.get(name) for name in ("center", "width")]
    if any(isinstance(each, bool) or not isinstance(each, (int, float)) or not math.isfinite(each) for each in numbers):
        raise WrongUsage(f"center and width of a window are numbers, not {numbers!r:.80}")
    function = given.get("function", "LINEAR_EXACT")
    if function not in _FUNCTIONS:
        raise WrongUsage(f"the function of a window is one of {', '.join(_FUNCTIONS)}, not {function!r:.20}")
    center, width = (float(each) for each in numbers if each is not None)
    if not (width >= 1 or (width > 0 and function != "LINEAR")):
        raise WrongUsage(f"a {function} window {width:g} wide shows nothing")
    return Window(center, width, function, "asked for")


def _check_order(chain: Chain) -> None:
    """Refuse what cannot be run in this order."""
    of_energies = [index for index, one in enumerate(chain.steps) if one.step.planes == "energies"]
    if len(of_energies) > 1:
        first, second = (chain.steps[index].step.name for index in of_energies[:2])
        raise WrongUsage(f"'{first}' already makes one picture of both energies, so '{second}' cannot follow it")
    for index, one in enumerate(chain.steps):
        if one.step.kind == "colour" and index + 1 < len(chain.steps):
            raise WrongUsage(f"'{one.step.name}' gives colours: it can only be the last step of a chain")
        if one.step.table and of_energies and index < of_energies[0]:
            after = chain.steps[of_energies[0]].step.name
            raise WrongUsage(
                f"'{one.step.name}' changes the two energies differently: it can only come after '{after}'"
            )
    if chain.steps and chain.steps[-1].step.kind == "colour" and chain.colours != "grey":
        raise WrongUsage(
            f"'{chain.steps[-1].step.name}' has its own colours; '{chain.colours}' cannot be laid over them"
        )


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_written(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_written(one) for one in value) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(float(value))
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """Write a number as ECMAScript does, so that both sides of the wire hash the same text (RFC 8785, 3.2.2.3)."""
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(repr(value)), "f")
        return plain.removesuffix(".0")
    digits, _, exponent = repr(value).partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent):+d}"
