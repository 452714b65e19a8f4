"""Networks of strangers, run apart: tried before they are taken, and looked with in a process that can be lost.

A network that hangs, eats memory or crashes takes its process along, never the program. What comes back is believed
no further than a list of findings: labels of the card, boxes and scores.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import hashlib
import json
import math
import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

from kerma.errors import Altered, KermaError, TooLarge, Unreadable
from kerma.formats import guard_wire
from kerma.formats.guard_process import GuardProcess, error_told
from kerma.science.detect import learned, taught
from kerma.science.detect.learned_finding import Seen
from kerma.science.detect.onnx_file import demand_size
from kerma.science.imaging.image import Image
from kerma.science.results import Box, By, Finding

MEMORY_BYTES = 2 << 30
"""What a network may take beside the libraries it runs in."""
LOAD_S, TRY_S, LOOK_S = 60.0, 120.0, 60.0
"""Seconds of the clock to load a network, to try it, and to look at one image."""
START_S = 60.0
MIB = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n"
LONGEST_REASON = 600
_CODE = "import sys; from kerma.areas.flagging.trial_child import main; main(int(sys.argv[1]), int(sys.argv[2]))"
# No secrets of the environment, and one thread for the linear algebra.


@dataclass(frozen=True)
class Limits:
    """What a network may take: memory beside the libraries, and seconds of the clock."""

    memory_bytes: int = MEMORY_BYTES
    load_s: float = LOAD_S
    try_s: float = TRY_S
    look_s: float = LOOK_S


USUAL = Limits()


@dataclass(frozen=True)
class Trial:
    """What came of trying a network: taken or refused, with the reason in words."""

    is_accepted: bool
    reason: str = ""
    """Why it is refused; empty where it is not."""
    kind: str = ""
    takes: tuple[str, ...] = ()
    """Inputs as the file declares them: name, type, shape."""
    gives: tuple[str, ...] = ()
    cpu_ms_per_tile: float | None = None
    """Processor time to look at one picture of 512 x 512 pixels, the mean of some, in ms."""
    peak_memory_mib: float | None = None
    """Of the whole process, libraries included."""
    is_deterministic: bool | None = None
    """Whether looking at the same picture several times gave the same, to the last digit."""
    weights_bytes: int = 0
    limits: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def try_network(content: bytes, card: Mapping[str, Any], limits: Limits = USUAL) -> Trial:
    """Load a network in a process of its own and let it look at made-up pictures; nothing is raised.

    Parameters
    ----------
    content : the ONNX file
    card : its card; ``kind`` says by which contract it runs
    limits : memory and time it may take
    """
    known = Trial(
        False, kind=str(card.get("kind", "")), weights_bytes=len(content),
        limits={"memory_mib": limits.memory_bytes / MIB, "load_s": limits.load_s, "try_s": limits.try_s},
    )  # fmt: skip
    told: dict[str, Any] = {}
    try:
        with IsolatedNetwork(content, card, limits) as network:
            told = {key: tuple(network.told[key]) for key in ("takes", "gives")}
            seen = network.tried()
    except KermaError as error:
        return _with(known, reason=str(error)[:LONGEST_REASON], **told)
    told |= {
        "cpu_ms_per_tile": round(float(seen["cpu_ms"]), 2), "peak_memory_mib": round(seen["peak_bytes"] / MIB, 1),
        "is_deterministic": bool(seen["is_the_same"]),
    }  # fmt: skip
    if not told["is_deterministic"]:
        return _with(known, reason="the same picture gave different answers: a model here must be repeatable", **told)
    return _with(known, is_accepted=True, **told)


def _with(known: Trial, **more: Any) -> Trial:
    return Trial(**{**known.__dict__, **more})


def is_brought(card: Mapping[str, Any]) -> bool:
    """Return whether a model must run apart: any network but those that ship; what was taught here is none."""
    return not taught.is_taught(card) and card.get("sha256") not in _shipped()


@functools.cache
def _shipped() -> frozenset[str]:
    """Return the SHA-256 of the weights that ship."""
    cards = (json.loads(path.read_text(encoding="utf-8")) for path in learned.shipped().values())
    return frozenset(str(card["sha256"]) for card in cards)


class IsolatedNetwork:
    """A network that looks at images in a process of its own; safe to use from several threads, which take turns.

    It starts when it is first needed, and anew after an image that killed it.

    Raises
    ------
    Unreadable, Altered, TooLarge
        When it is first needed: it is no network, not that of its card, or it goes beyond the limits.
    """

    def __init__(self, content: bytes, card: Mapping[str, Any], limits: Limits = USUAL) -> None:
        self._child: _Child | None = None
        self.card = card
        self.told: Mapping[str, Any] = {}
        """What the file says it takes and gives; known once it has been loaded."""
        self._content, self._limits = content, limits
        self._lock = threading.Lock()

    def begun(self) -> Self:
        """Start it, so that what is wrong with it is told now."""
        with self._lock:
            self._started()
        return self

    def __enter__(self) -> Self:
        return self.begun()

    def __del__(self) -> None:
        if self._child is not None:
            self._child.end()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def by(self) -> By:
        """What findings are said to be by."""
        return By("algorithm", str(self.card["name"]), str(self.card["version"]), str(self.card["sha256"]))

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find."""
        return tuple(self.card["labels"])

    @property
    def operating_point(self) -> float:
        """The score from which it marks something, where no other threshold is asked for."""
        return float(self.card["thresholds"]["score"])

    def find(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> tuple[Finding, ...]:
        """Return what it finds in one plane of an image, most certain first."""
        return self.look(image, threshold=threshold, plane=plane).findings

    def look(self, image: Image, *, threshold: float | None = None, plane: int = 0) -> Seen:
        """Return what it finds in one plane of an image, and its score of the image.

        Raises
        ------
        Unreadable, TooLarge, WrongUsage
            It cannot look at this image, or went beyond its limits; the message says which.
        """
        request = {"what": "look", "image": guard_wire.pack_image(image), "threshold": threshold, "plane": plane}
        answer = self._ask(request, image.pixels, self._limits.look_s)
        try:
            score = None if answer["score"] is None else _share(answer["score"])
            return Seen(tuple(self._finding(row, plane) for row in answer["findings"]), score)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Unreadable(f"the network of '{self.card['name']}' answered nonsense ({error})") from error

    def explain(self, image: Image, finding: Finding) -> bytes:
        """Return the heat that a finding was picked from as a PNG; see :mod:`kerma.science.detect.explaining`.

        Raises
        ------
        WrongUsage, NotFound
            The network gives no heat, or does not mark this place.
        Unreadable, TooLarge
            It went beyond its limits.
        """
        request = {"what": "explain", "image": guard_wire.pack_image(image), "finding": finding.as_json()}
        answer = self._ask(request, image.pixels, self._limits.look_s)
        with contextlib.suppress(KeyError, TypeError, binascii.Error):
            picture = base64.b64decode(answer["png"], validate=True)
            if picture.startswith(PNG):
                return picture
        raise Unreadable(f"the network of '{self.card['name']}' answered nonsense")

    def tried(self) -> Mapping[str, Any]:
        """Let it look at made-up pictures and return what was measured; see :mod:`.trial_child`."""
        answer = self._ask({"what": "try"}, b"", self._limits.try_s)
        if not {"cpu_ms", "peak_bytes", "is_the_same"} <= set(answer):
            raise Unreadable(f"the network of '{self.card['name']}' answered nonsense")
        return answer

    def close(self) -> None:
        """End its process."""
        with self._lock:
            if self._child is not None:
                self._child.end()
            self._child = None

    def _ask(self, request: dict[str, Any], data: Any, limit_s: float) -> dict[str, Any]:
        with self._lock:
            child = self._started()
            try:
                return child.ask(request, data, limit_s)
            except _LostError as error:
                self._child = None
                raise self._refused(str(error)) from error

    def _started(self) -> _Child:
        if self._child is not None:
            return self._child
        # Only what costs nothing is looked at here; even reading what a stranger wrote is left to the process apart.
        found, told = hashlib.sha256(self._content).hexdigest(), self.card.get("sha256")
        if told not in (None, found):
            raise Altered(f"the weights have the SHA-256 {found}, their card says {told}: get the pair again")
        demand_size(self._content)
        child = _Child(self._limits)
        try:
            self.told = child.ask({"what": "load", "card": dict(self.card)}, self._content, self._limits.load_s)
        except _LostError as error:
            raise self._refused(str(error)) from error
        except KermaError:
            child.end()
            raise
        self._child = child
        return child

    def _refused(self, reason: str) -> KermaError:
        kind = TooLarge if _MEMORY in reason else Unreadable
        return kind(f"the network of '{self.card.get('name', '')}' {reason}; it ran apart and took nothing with it")

    def _finding(self, row: Mapping[str, Any], plane: int) -> Finding:
        """Return a finding of what the child says; only numbers and labels of the card are believed."""
        found = told_finding(row, self.by, plane)
        if found.label not in self.labels:
            raise ValueError(f"the label {found.label[:80]!r} is not in its card")
        return found


def told_finding(row: Mapping[str, Any], by: By, plane: int) -> Finding:
    """Return the finding of its JSON, said to be by somebody; numbers that are none raise ValueError."""
    box = Box(*(_number(side) for side in row["box"]))
    polygon = tuple((_number(point[0]), _number(point[1])) for point in row.get("polygon", ()))
    sizes = {str(one["name"]): _number(one["value"]) for one in row["measurements"]}
    names = (str(row["id"])[:200], str(row["code"])[:40], str(row["label"])[:200])
    return Finding(*names, box, by, _share(row["score"]), plane, polygon, sizes)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a place is no number")
    return number


def _share(value: Any) -> float:
    if not 0.0 <= float(value) <= 1.0:
        raise ValueError(f"the score {value} is not within 0 and 1")
    return float(value)


class _LostError(Exception):
    """The child is gone; the message says of what."""


_MEMORY = "memory"


class _Child(GuardProcess):
    """One process that runs networks."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(_CODE, limits.memory_bytes)
        self._limits = limits
        try:
            self._answer(START_S)
        except (EOFError, OSError, TimeoutError) as error:
            code = self.exit_code(timed_out=isinstance(error, TimeoutError))
            raise KermaError(f"the process for networks did not start (exit code {code}): `kerma doctor`") from error

    def ask(self, request: dict[str, Any], data: Any, limit_s: float) -> dict[str, Any]:
        """Send a request with its data and return the answer; an error it tells is raised as ours."""
        file = guard_wire.file_of(data)
        try:
            self.send(request | {"limit_s": limit_s}, file)
            answer = self._answer(limit_s)
        except (EOFError, OSError, TimeoutError) as error:
            raise _LostError(self._autopsy(limit_s, timed_out=isinstance(error, TimeoutError))) from error
        finally:
            os.close(file)
        if "error" in answer:
            raise error_told(answer)
        return answer

    def _answer(self, limit_s: float) -> dict[str, Any]:
        answer, files = self.receive(time.monotonic() + limit_s)
        for each in files:
            os.close(each)
        return answer

    def _autopsy(self, limit_s: float, *, timed_out: bool) -> str:
        """End the process and return what it died of."""
        code = self.exit_code(timed_out=timed_out)
        if timed_out or code == -signal.SIGXCPU:
            return f"took longer than {limit_s:g} s"
        if code in (-signal.SIGKILL, -signal.SIGABRT):
            return f"was ended, most likely for {_MEMORY} (at most {self._limits.memory_bytes // MIB} MiB)"
        return f"crashed (exit code {code})"
