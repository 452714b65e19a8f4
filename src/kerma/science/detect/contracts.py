"""What the card of a brought network declares: what it is fed and what its answers mean, read and checked.

Three kinds of brought network are known beside Kerma's own detector: ``boxes`` gives rectangles, ``classifier`` a share
for every class of a whole picture, ``segmenter`` a share for every class of every pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import Unreadable
from kerma.science.detect.learned_input import BANDS

KINDS = ("boxes", "classifier", "segmenter")
LAYOUTS = ("NCHW", "NHWC")
VALUES = ("unit", "byte", "log", "raw")
DENSE = ("bright", "dark", "as-shown")
RESIZES = ("fit", "stretch", "centre", "tiles")
FORMS = ("rows", "yolo-v5", "yolo-v8", "grid")
SIDES = ("rchw", "xyxy", "cxcywh")
UNITS = ("pixels", "shares")
SCORES = ("probabilities", "logits")
ACTIVATIONS = ("softmax", "sigmoid")
OWN_CHANNELS = "bands"
CHANNELS = ("1", "3", OWN_CHANNELS)
BAND_COUNT = len(BANDS)
ROWS_OUTPUTS = 3
"""Boxes, scores and labels come out apart."""
LARGEST_SIDE_PX = 4096
MOST_LABELS = 1000
NEEDED = ("name", "version", "sha256", "kind", "labels", "input", "output", "thresholds")
"""What the card of a brought network must say."""


@dataclass(frozen=True)
class Input:
    """What a network is fed. Rows and columns are None where the network takes any size."""

    layout: str
    channels: int
    is_bands: bool
    rows: int | None
    columns: int | None
    multiple_of: int
    longest_px: int
    values: str
    dense_is: str
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    resize: str
    overlap_px: int
    pad: float


@dataclass(frozen=True)
class Boxes:
    """How rectangles come out."""

    form: str
    sides: str
    unit: str
    scores: str
    names: tuple[str, ...]
    first_label: int
    nms_iou: float


@dataclass(frozen=True)
class Classes:
    """How shares of classes come out, for a picture or for each of its pixels."""

    scores: str
    activation: str
    classes: tuple[str, ...]
    score_class: str
    normal_class: str
    least_area_px: float


@dataclass(frozen=True)
class Contract:
    """The whole of it."""

    kind: str
    labels: tuple[str, ...]
    input: Input
    output: Boxes | Classes


class Part:
    """One object of a card; what it says is taken out key by key, and what nobody asked for is refused."""

    def __init__(self, card: Mapping[str, Any], name: str) -> None:
        told = card.get(name)
        if not isinstance(told, Mapping):
            raise Unreadable(f"the card of the model says no '{name}'; it must be an object")
        self._told, self._name, self._asked = told, name, set[str]()

    def choice(self, key: str, known: Sequence[str], default: str = "") -> str:
        """Return one of some words."""
        value = self._take(key, default or None)
        if not isinstance(value, str | int) or str(value) not in known:
            raise self._refused(key, value, " or ".join(known))
        return str(value)

    def number(self, key: str, limits: tuple[float, float], default: float | None = None) -> float:
        """Return a number within limits."""
        value = self._take(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not limits[0] <= value <= limits[1]:
            raise self._refused(key, value, f"a number from {limits[0]:g} to {limits[1]:g}")
        return float(value)

    def whole(self, key: str, limits: tuple[int, int], default: int | None = None) -> int:
        """Return a whole number within limits."""
        value = self.number(key, limits, default)
        if value != int(value):
            raise self._refused(key, value, "a whole number")
        return int(value)

    def numbers(self, key: str, count: int, default: float) -> tuple[float, ...]:
        """Return so many numbers; one number stands for all."""
        value = self._take(key, default)
        listed = value if isinstance(value, list) else [value] * count
        if len(listed) != count or not all(isinstance(one, int | float) and abs(one) < 1e6 for one in listed):
            raise self._refused(key, value, f"one number, or a list of {count}")
        return tuple(float(one) for one in listed)

    def words(self, key: str, default: Sequence[str]) -> tuple[str, ...]:
        """Return a list of words, no two alike."""
        value = self._take(key, list(default))
        is_words = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
        if not is_words or len(set(value)) != len(value) or len(value) > MOST_LABELS:
            raise self._refused(key, value, f"a list of at most {MOST_LABELS} words, no two alike")
        return tuple(value)

    def word(self, key: str) -> str:
        """Return a word, or an empty text where the card says none."""
        value = self._take(key, "")
        if not isinstance(value, str):
            raise self._refused(key, value, "a word")
        return value

    def has(self, key: str) -> bool:
        """Return whether the card says it."""
        self._asked.add(key)
        return self._told.get(key) is not None

    def end(self) -> None:
        """Refuse what nobody has asked for: a word misspelt would else be passed over."""
        unknown = sorted(set(self._told) - self._asked)
        if unknown:
            raise Unreadable(
                f"the card of the model says {self._name}.{unknown[0]}, which is not known here; known are "
                f"{', '.join(sorted(self._asked))}"
            )

    def _take(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._told.get(key)
        return default if value is None else value

    def _refused(self, key: str, value: Any, allowed: str) -> Unreadable:
        told = "is missing" if value is None else f"is {str(value)[:80]!r}"
        return Unreadable(f"{self._name}.{key} in the card of the model {told}; it must be {allowed}")


def contract_of(card: Mapping[str, Any]) -> Contract:
    """Return what a card declares.

    Raises
    ------
    Unreadable
        It lacks something, or says what makes no sense; the message names the place and what may stand there.
    """
    missing = [name for name in NEEDED if name not in card]
    if missing:
        raise Unreadable(f"the card of the model says no {missing[0]}; it must say {', '.join(NEEDED)}")
    kind = card["kind"]
    if kind not in KINDS:
        raise Unreadable(f"kind in the card of the model is {kind!r}; it must be detector, {', '.join(KINDS)}")
    listed = card["labels"]
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) and one for one in listed):
        raise Unreadable("the card of the model lists no labels")
    labels = tuple(listed)
    point = card["thresholds"].get("score") if isinstance(card["thresholds"], Mapping) else None
    if not isinstance(point, int | float) or isinstance(point, bool) or not 0 <= point <= 1:
        raise Unreadable("the card of the model gives no score from 0 to 1 from which it marks something")
    if "calibration" in card:
        how = Part(card, "calibration")
        how.number("temperature", (1e-3, 1e3), 1.0)
        how.number("shift", (-100.0, 100.0), 0.0)
    return Contract(kind, labels, _input(Part(card, "input")), _OUTPUTS[kind](Part(card, "output"), labels))


def _input(part: Part) -> Input:
    channels = part.choice("channels", CHANNELS, "1")
    is_bands = channels == OWN_CHANNELS
    count = BAND_COUNT if is_bands else int(channels)
    is_free = not part.has("rows") and not part.has("columns")
    rows, columns = (None if is_free else part.whole(key, (1, LARGEST_SIDE_PX)) for key in ("rows", "columns"))
    multiple_of = part.whole("multiple_of", (1, 256), 32)
    longest_px = part.whole("longest_px", (1, LARGEST_SIDE_PX), 1024)
    values = part.choice("values", VALUES, "raw" if is_bands else "unit")
    dense_is = part.choice("dense_is", DENSE, "as-shown")
    if values in ("log", "raw") and dense_is != "as-shown":
        raise Unreadable(f"input.dense_is in the card of the model goes with values unit or byte, not with {values}")
    if is_bands and values != "raw":
        raise Unreadable("input.values in the card of the model: the own channels (bands) are given as they are, raw")
    resize = part.choice("resize", RESIZES, "fit")
    if is_free and resize != "fit":
        raise Unreadable(
            f"input.resize in the card of the model is {resize}, which needs input.rows and input.columns; a network "
            "that takes any size is given the whole picture (fit)"
        )
    overlap_px = part.whole("overlap_px", (0, min(rows, columns) - 1 if rows and columns else 0), 0)
    made = Input(
        part.choice("layout", LAYOUTS, "NCHW"), count, is_bands, rows, columns, multiple_of, longest_px, values,
        dense_is, part.numbers("mean", count, 0.0), part.numbers("sd", count, 1.0), resize, overlap_px,
        part.number("pad", (-1e6, 1e6), 0.0),
    )  # fmt: skip
    if min(made.sd) <= 0:
        raise Unreadable("input.sd in the card of the model must be above 0: values are divided by it")
    part.end()
    return made


def _boxes(part: Part, _: tuple[str, ...]) -> Boxes:
    form = part.choice("form", FORMS)
    made = Boxes(
        form, part.choice("sides", SIDES, _USUAL_SIDES[form]), part.choice("unit", UNITS, "pixels"),
        part.choice("scores", SCORES, "probabilities"), part.words("names", ()), part.whole("first_label", (0, 1), 0),
        part.number("nms_iou", (0.0, 1.0), 0.5),
    )  # fmt: skip
    if form == "rows" and len(made.names) not in (0, ROWS_OUTPUTS):
        raise Unreadable("output.names in the card of the model must name boxes, scores and labels, in this order")
    part.end()
    return made


def _classes(part: Part, labels: tuple[str, ...]) -> Classes:
    scores = part.choice("scores", SCORES, "probabilities")
    made = Classes(
        scores, part.choice("activation", ACTIVATIONS) if scores == "logits" else "",
        part.words("classes", labels), part.word("score_class"), part.word("normal_class"),
        part.number("least_area_px", (0.0, 1e9), 0.0),
    )  # fmt: skip
    named = (*labels, *(word for word in (made.score_class, made.normal_class) if word))
    absent = [word for word in named if word not in made.classes]
    if absent:
        raise Unreadable(f"output.classes in the card of the model does not list {absent[0]!r}")
    if made.score_class and made.normal_class:
        raise Unreadable("the card of the model says output.score_class and output.normal_class: say one of them")
    part.end()
    return made


_USUAL_SIDES = {"rows": "xyxy", "yolo-v5": "cxcywh", "yolo-v8": "cxcywh", "grid": "cxcywh"}
_OUTPUTS: Mapping[str, Callable[[Part, tuple[str, ...]], Boxes | Classes]] = {
    "boxes": _boxes, "classifier": _classes, "segmenter": _classes,
}  # fmt: skip
