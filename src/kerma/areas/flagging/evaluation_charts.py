"""Curves of an evaluation as inline SVG: FROC, precision and recall, ROC, POD, reliability."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 14, 44
COLOURS = ("#1d5fa8", "#c2571a", "#2f7d4f", "#8a3fa0", "#a8861d", "#1d8a8a", "#a83250", "#555b66")
"""Told apart by everybody who sees blue and orange, and in grey by their dashes."""
DASHES = ("", "7 4", "2 3", "9 3 2 3", "1 3", "12 4", "5 2 1 2", "3 6")

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One axis: what it shows, its ends, the ticks with their words; ``is_log`` where it doubles."""

    words: str
    low: float
    high: float
    ticks: Sequence[float]
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low and 1 at the high end; beyond them it is at the end."""
        value = min(max(value, self.low), self.high)
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Line:
    """One curve, with its name; ``bars`` are intervals at its points: place, low, high."""

    name: str
    points: Sequence[Point]
    bars: Sequence[tuple[float, float, float]] = ()
    has_dots: bool = False
    is_line: bool = True


SHARE = Axis("", 0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))


def share_axis(words: str) -> Axis:
    """Return an axis from 0 to 1."""
    return Axis(words, SHARE.low, SHARE.high, SHARE.ticks)


def doubling_axis(words: str, low: float, high: float) -> Axis:
    """Return a logarithmic axis with ticks at powers of two."""
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    step = max(1, round((last - first) / 7))
    return Axis(words, 2.0**first, 2.0 ** max(last, first + 1), [2.0**n for n in range(first, last + 1, step)], True)


def chart(title: str, across: Axis, up: Axis, lines: Sequence[Line], *, diagonal: bool = False) -> str:
    """Return a chart as SVG; it has a title for those who do not see it."""
    place = _placed(across, up)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        *_grid(across, up, place),
    ]
    if diagonal:
        parts.append(_path("ideal", [place((across.low, up.low)), place((across.high, up.high))]))
    for number, line in enumerate(lines):
        parts += _drawn(line, number, place)
    parts.append("</svg>")
    return "".join(parts)


def legend(lines: Sequence[Line]) -> str:
    """Return the names of lines beside a piece of each, as HTML."""
    items = [
        f'<li><svg viewBox="0 0 30 8" width="30" height="8"><path d="M0 4H30" stroke="{_colour(number)}" '
        f'stroke-width="2.4" stroke-dasharray="{_dash(number)}"/></svg>{escape(line.name)}</li>'
        for number, line in enumerate(lines)
    ]
    return f'<ul class="legend">{"".join(items)}</ul>' if len(lines) > 1 else ""


def _placed(across: Axis, up: Axis) -> Callable[[Point], Point]:
    def place(point: Point) -> Point:
        x = LEFT + across.share(point[0]) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - up.share(point[1]) * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    return place


def _grid(across: Axis, up: Axis, place: Callable[[Point], Point]) -> list[str]:
    parts = []
    for tick in across.ticks:
        x, y = place((tick, up.low))
        parts.append(f'<path class="grid" d="M{x} {TOP}V{y}"/>')
        parts.append(f'<text x="{x}" y="{y + 16}" class="mid">{_shown(tick)}</text>')
    for tick in up.ticks:
        x, y = place((across.low, tick))
        parts.append(f'<path class="grid" d="M{x} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{x - 7}" y="{y + 4}" class="end">{_shown(tick)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" class="mid axis">{escape(across.words)}</text>')
    high = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text transform="translate(13 {high}) rotate(-90)" class="mid axis">{escape(up.words)}</text>')
    return parts


def _drawn(line: Line, number: int, place: Callable[[Point], Point]) -> list[str]:
    colour, parts = _colour(number), []
    for at, low, high in line.bars:
        (x, y_low), (_, y_high) = place((at, low)), place((at, high))
        parts.append(
            f'<path d="M{x} {y_low}V{y_high}M{x - 4} {y_low}H{x + 4}M{x - 4} {y_high}H{x + 4}" stroke="{colour}" '
            'stroke-width="1.3" opacity=".55" fill="none"/>'
        )
    points = [place(point) for point in line.points]
    if line.is_line and points:
        steps = "L".join(f"{x} {y}" for x, y in points)
        parts.append(
            f'<path d="M{steps}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{_dash(number)}" '
            'stroke-linejoin="round"/>'
        )
    if line.has_dots:
        parts += [f'<circle cx="{x}" cy="{y}" r="3.4" fill="{colour}"/>' for x, y in points]
    return parts


def _path(name: str, points: Sequence[Point]) -> str:
    return f'<path class="{name}" d="M{"L".join(f"{x} {y}" for x, y in points)}"/>'


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _dash(number: int) -> str:
    return DASHES[number % len(DASHES)]


def _shown(value: float) -> str:
    return f"{value:.4g}"
