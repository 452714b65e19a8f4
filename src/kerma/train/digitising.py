"""What scanners, light boxes, files and people do to a radiograph before it reaches a detector, drawn at random.

Real film scans differ from simulated ones by uneven light, gamma curves, eight bits, JPEG, dust, scratches and what
is written on them. Training shows every simulated picture in many such disguises, so that none of it is learned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.train.examples import Example, with_pixels

Field = NDArray[np.float32]
EIGHT_BITS, SIXTEEN_BITS = 255.0, 65535.0


def disguised(one: Example, rng: np.random.Generator, *, strength: float = 1.0) -> Example:
    """Return the example as some other digitiser would have stored it; the flaws stay where they are.

    Parameters
    ----------
    one : the example
    rng : draws the disguise
    strength : share of the disguises that are put on; 0 leaves the picture as it is
    """
    if rng.random() > strength:
        return one
    values = _normal(one, rng)
    if rng.random() < 0.75:
        values = values + _uneven(rng, values.shape) * float(rng.uniform(0.05, 0.6))
    if rng.random() < 0.35:
        _writing(values, rng)
    if rng.random() < 0.3:
        _lines(values, rng)
    if rng.random() < 0.25:
        _borders(values, rng)
    values = _worn(values, rng)
    is_inverse = rng.random() < 0.5
    stored = _stored(-values if is_inverse else values, rng)
    return with_pixels(one, stored, rises_with_dose=is_inverse)


def _normal(one: Example, rng: np.random.Generator) -> Field:
    """Return values of about 0 to 1 that rise with material, on a drawn curve."""
    grey = one.pixels.astype(np.float32)
    low, high = (float(value) for value in np.quantile(grey[::4, ::4], (0.002, 0.998)))
    span = max(high - low, 1.0)
    if one.is_linear and rng.random() < 0.6:
        floor = max(low * float(rng.uniform(0.2, 1.0)), 0.002 * high, 1.0)
        values = -np.log(np.maximum(grey, floor) / max(high, 1.0)) / max(float(np.log(high / floor)), 0.1)
    else:
        values = np.clip((grey - low) / span, -0.5, 1.5)
        values = 1.0 - values if one.rises_with_dose else values
    gamma = float(np.exp(rng.uniform(-0.7, 0.7)))
    curved = np.sign(values) * np.abs(values) ** gamma
    return curved.astype(np.float32)


def _uneven(rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
    """Return a broad field within about ±1: a slope, a bulge or vignette, and clouds."""
    import cv2

    rows, columns = shape
    down = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, columns, dtype=np.float32)[None]
    turn, bulge = rng.uniform(0, 2 * np.pi), rng.normal(0.0, 0.5)
    centre = rng.uniform(-0.8, 0.8, 2)
    field = np.cos(turn) * down + np.sin(turn) * across
    field = field + bulge * ((down - centre[0]) ** 2 + (across - centre[1]) ** 2)
    cells = int(rng.integers(3, 9))
    clouds = rng.normal(0.0, 1.0, (cells, cells)).astype(np.float32)
    smooth = cv2.resize(clouds, (columns, rows), interpolation=cv2.INTER_CUBIC)
    field = field + float(rng.uniform(0.1, 0.8)) * smooth
    return (field / max(float(np.abs(field).max()), 1e-6)).astype(np.float32)


def _writing(values: Field, rng: np.random.Generator) -> None:
    """Write letters of lead, ink or light on the picture, in place."""
    import cv2

    rows, columns = values.shape
    for _ in range(int(rng.integers(1, 5))):
        count = int(rng.integers(1, 9))
        text = "".join(str(letter) for letter in rng.choice(list("ABCDEFGHKLMNPRSTUVWXYZ0123456789-/.+"), count))
        fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_PLAIN)
        size, thick = float(rng.uniform(0.4, 2.5)), int(rng.integers(1, 5))
        sheet = np.zeros((rows, columns), np.uint8)
        at = (int(rng.integers(0, max(1, columns - 20))), int(rng.integers(10, rows)))
        cv2.putText(sheet, text, at, fonts[int(rng.integers(len(fonts)))], size, 255, thick, cv2.LINE_AA)
        if rng.random() < 0.3:
            sheet = np.ascontiguousarray(np.rot90(sheet)) if rows == columns else sheet
        ink = cv2.GaussianBlur(sheet, (0, 0), float(rng.uniform(0.5, 1.5))).astype(np.float32) / EIGHT_BITS
        values += ink * float(rng.choice((1.0, 1.0, -1.0))) * float(rng.uniform(0.2, 1.0))


def _lines(values: Field, rng: np.random.Generator) -> None:
    """Draw long straight traces in place: wires, scratches, rulers, edges of tape."""
    import cv2

    rows, columns = values.shape
    for _ in range(int(rng.integers(1, 5))):
        sheet = np.zeros((rows, columns), np.uint8)
        start = rng.uniform(0, (columns, rows))
        turn, long = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.5) * columns
        end = start + long * np.array([np.cos(turn), np.sin(turn)])
        first, last = (tuple(int(v) for v in point) for point in (start, end))
        cv2.line(sheet, first, last, 255, int(rng.integers(1, 3)), cv2.LINE_AA)
        trace = cv2.GaussianBlur(sheet, (0, 0), float(rng.uniform(0.4, 1.2))).astype(np.float32) / EIGHT_BITS
        values += trace * float(rng.choice((-1.0, 1.0))) * float(rng.uniform(0.02, 0.2))


def _borders(values: Field, rng: np.random.Generator) -> None:
    """Cover up to two sides in place: the scanner's bed, the mask of the light box, a label."""
    rows, columns = values.shape
    level = float(rng.choice((-0.6, 1.6)))
    for _ in range(int(rng.integers(1, 3))):
        wide = int(rng.integers(4, max(5, columns // 7)))
        side = int(rng.integers(4))
        window = [values[:wide], values[rows - wide :], values[:, :wide], values[:, columns - wide :]][side]
        window[...] = level


def _worn(values: Field, rng: np.random.Generator) -> Field:
    """Return the picture blurred, grainy or dusty."""
    import cv2

    if rng.random() < 0.4:
        values = cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.3, 1.2)))
    if rng.random() < 0.4:
        fine = float(np.median(np.abs(values[1:] - values[:-1]))) / 0.954
        grain = rng.standard_normal(values.shape, dtype=np.float32)
        if rng.random() < 0.5:
            grain = 2.2 * cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.5, 1.2)))
        values = values + grain * float(rng.uniform(0.1, 0.8)) * fine
    if rng.random() < 0.2:
        specks = (rng.random(values.shape) < 10 ** rng.uniform(-5.5, -4.0)).astype(np.float32)
        values = values + cv2.GaussianBlur(specks, (0, 0), 0.7) * float(rng.choice((-1.0, 1.0)))
    return values.astype(np.float32)


def _stored(values: Field, rng: np.random.Generator) -> NDArray[Any]:
    """Return whole numbers as a file keeps them: a window of the values, 8 or 16 bits, some after JPEG."""
    import cv2

    shares = (float(rng.choice((0.0, 0.001, 0.01))), 1.0 - float(rng.choice((0.0, 0.001, 0.01))))
    low, high = (float(value) for value in np.quantile(values[::3, ::3], shares))
    spare = float(rng.uniform(0.0, 0.5)) * max(high - low, 1e-6)
    shift = float(rng.random())
    low, high = low - spare * shift, high + spare * (1.0 - shift) + 1e-6
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    if rng.random() < 0.25:
        return np.rint(share * SIXTEEN_BITS).astype(np.uint16)
    grey = np.rint(share * EIGHT_BITS).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(60, 97))
        _, packed = cv2.imencode(".jpg", grey, [int(cv2.IMWRITE_JPEG_QUALITY), quality])
        grey = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
    return grey
