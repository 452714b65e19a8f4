"""What scanners and their screens make of a bag, drawn at random, and what the network is shown of it.

A picture is shown as raw energies, in the colours of a vendor's screen that nobody has seen before, or in grey; noisy,
sharpened, in 8 bits, through JPEG. The palettes that ship with the product are not among those drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.bag_channels import Reading, channels_of, extent_px, most_of, reading_of
from kerma.science.detect.learned_bag import EXTENT_PX
from kerma.science.detect.learned_input import Grey
from kerma.science.imaging.enhance.material_colours import BLACK_AT, grey, hues, toned
from kerma.science.imaging.image import Image
from kerma.science.simulate.line_scanner import OPEN_STORED, Z_SCALE, z_plane
from kerma.train.examples import Example
from kerma.train.views import STEPS, View, moved_flaw, truth_of

VIEW_PX = 192
SHOWN = ("energies", "colours", "grey")
SHARES = (0.3, 0.5, 0.2)
SMALLEST_ZOOM, LARGEST_ZOOM = 0.7, 1.5
"""Of the size at which a bag is looked at."""
LIGHTER_OR_HEAVIER = (-0.15, 0.30)
"""Log of how much more the solid parts of a bag attenuate: other bags are packed looser and tighter."""
NO_MATERIAL_SHARE = 0.08
NEAR_A_THREAT = 0.75
FAINTEST = 1e-4
SHIFTED_PALETTE = "six"


def shown(one: Example, rng: np.random.Generator, *, how: str = "") -> Image:
    """Return a picture of two energies as a scanner would hand it over.

    ``how`` is *energies*, *colours* or *grey*; empty draws one.
    """
    chosen = how or str(rng.choice(SHOWN, p=SHARES))
    low, high = _worn(one, rng)
    if chosen == "energies":
        return _energies(low, high, rng)
    if chosen == "colours":
        return Image(pixels=_coloured(low, high, rng)[None], bits=8, meaning="for-presentation")
    return _grey(low, high, rng)


def _worn(one: Example, rng: np.random.Generator) -> tuple[Grey, Grey]:
    """Return both attenuations, of another scanner's noise, sharpness and spectra."""
    import cv2

    planes = one.pixels.astype(np.float32)
    open_beam = [max(float(np.quantile(plane[::2, ::2], 0.995)), 1.0) for plane in planes]
    share = [np.maximum(plane / beam, FAINTEST) for plane, beam in zip(planes, open_beam, strict=True)]
    if rng.random() < 0.4:
        sigma = float(rng.uniform(0.3, 0.9))
        share = [cv2.GaussianBlur(each, (0, 0), sigma) for each in share]
    if rng.random() < 0.6:
        noise, floor = float(10 ** rng.uniform(-3.0, -1.9)), float(10 ** rng.uniform(-4.5, -3.0))
        share = [
            each + (noise * np.sqrt(each) + floor) * rng.standard_normal(each.shape, dtype=np.float32) for each in share
        ]
    low, high = (-np.log(np.maximum(each, FAINTEST)) for each in share)
    return low * np.float32(rng.uniform(0.92, 1.12)), high


def _energies(low: Grey, high: Grey, rng: np.random.Generator) -> Image:
    full = float(rng.uniform(3000, 65000))
    planes = np.stack([np.rint(np.exp(-each) * full) for each in (low, high)])
    stored = np.clip(planes, 0, 65535).astype(np.uint16)
    return Image(
        pixels=stored, bits=16, meaning="raw", rises_with_dose=True, plane_kind="energy", plane_labels=("low", "high")
    )


def _grey(low: Grey, high: Grey, rng: np.random.Generator) -> Image:
    """Return one plane: a straight detector's, or what a screen shows, of either polarity."""
    mix = float(rng.random())
    thick = np.maximum(mix * low + (1 - mix) * high, 0.0)
    if rng.random() < 0.3:
        stored = np.clip(np.rint(np.exp(-thick) * float(rng.uniform(2000, 65000))), 0, 65535).astype(np.uint16)
        return Image(pixels=stored[None], bits=16, meaning="raw", rises_with_dose=True)
    tone = _tone(thick, rng)
    is_inverse = rng.random() < 0.3
    share = tone if is_inverse else 1.0 - tone
    stored = _compressed(np.rint(255.0 * share).astype(np.uint8), rng)
    told = None if rng.random() < 0.7 else not is_inverse
    return Image(pixels=stored[None], bits=8, meaning="for-presentation", rises_with_dose=told)


def _tone(thick: Grey, rng: np.random.Generator) -> Grey:
    """Return how dark a screen shows what attenuates, 0 to 1."""
    black_at = float(rng.uniform(2.5, 6.5))
    found: Grey = np.clip(thick / black_at, 0.0, 1.0) ** np.float32(rng.uniform(0.4, 1.0))
    if rng.random() < 0.4:
        import cv2

        soft = cv2.GaussianBlur(found, (0, 0), float(rng.uniform(0.8, 2.5)))
        found = np.clip(found + float(rng.uniform(0.3, 1.2)) * (found - soft), 0.0, 1.0)
    return found


def _coloured(low: Grey, high: Grey, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture in the colours of a drawn vendor: organic about orange, inorganic green, metal blue."""
    import cv2

    seen = cv2.blur(low, (3, 3)) / np.maximum(cv2.blur(high, (3, 3)), 0.02)
    organic, metal = float(rng.uniform(1.12, 1.26)), float(rng.uniform(1.7, 2.3))
    kind = np.clip((seen - organic) / (metal - organic), 0.0, 1.0).astype(np.float32)
    if rng.random() < 0.4:
        sharp = float(rng.uniform(2.0, 8.0))
        steps = np.round(kind * 2.0) / 2.0
        kind = kind + np.clip(sharp / 8.0, 0.0, 1.0) * (steps - kind).astype(np.float32)
    hues = (float(rng.uniform(16, 44)), float(rng.uniform(85, 155)), float(rng.uniform(205, 250)))
    pure = rng.uniform(0.6, 1.0, 3)
    value = rng.uniform(0.55, 1.0, 3)
    nodes = np.array([[[hue, p, v]] for hue, p, v in zip(hues, pure, value, strict=True)], np.float32)
    colours = cv2.cvtColor(nodes, cv2.COLOR_HSV2RGB)[:, 0]
    inner = float(rng.uniform(0.3, 0.6))
    hue = np.stack([np.interp(kind, (0.0, inner, 1.0), colours[:, part]) for part in range(3)], axis=-1)
    unsure = np.clip(1.0 - high / float(rng.uniform(0.03, 0.15)), 0.0, 1.0)[..., None]
    hue = hue * (1 - 0.7 * unsure) + 0.5 * 0.7 * unsure
    dark = _tone(np.maximum(high, 0.0), rng)
    middle = float(rng.uniform(0.3, 0.6))
    light = np.clip(dark / middle, 0.0, 1.0)[..., None]
    deep = np.clip((dark - middle) / (1.0 - middle), 0.0, 1.0)[..., None]
    paper = np.float32(rng.uniform(0.9, 1.0))
    shown_as = (paper * (1 - light) + hue * light) * (1 - deep)
    if rng.random() < 0.08:
        # Some screens show bags light on black.
        shown_as = hue * np.clip(dark * float(rng.uniform(1.0, 1.6)), 0.0, 1.0)[..., None]
    return _compressed(np.rint(255.0 * np.clip(shown_as, 0.0, 1.0)).astype(np.uint8), rng)


def _compressed(stored: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[Any]:
    """Return a picture after JPEG, most of the time."""
    import cv2

    if rng.random() < 0.3:
        return stored
    quality = [int(cv2.IMWRITE_JPEG_QUALITY), int(rng.integers(55, 97))]
    _, packed = cv2.imencode(".jpg", np.ascontiguousarray(stored[..., ::-1]) if stored.ndim == 3 else stored, quality)
    back = np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED))
    return np.ascontiguousarray(back[..., ::-1]) if stored.ndim == 3 else back


def bag_view(one: Example, rng: np.random.Generator) -> View:
    """Return a view of a bag: shown by a drawn scanner, read as at work, then zoomed, turned and cut out."""
    import cv2

    reading = reading_of(shown(one, rng))
    most = most_of(reading.attenuation) * float(np.exp(rng.uniform(*LIGHTER_OR_HEAVIER)))
    zoom = float(np.exp(rng.uniform(np.log(SMALLEST_ZOOM), np.log(LARGEST_ZOOM))))
    zoom *= EXTENT_PX / extent_px(reading.attenuation)
    matrix = _matrix(one, zoom, rng)
    size = (VIEW_PX, VIEW_PX)
    parts = [reading.attenuation, reading.kind, reading.sure]
    if zoom < 0.95:
        sigma = 0.45 * (1.0 / zoom**2 - 1.0) ** 0.5 + 1e-3
        parts = [cv2.GaussianBlur(each, (0, 0), sigma) for each in parts]
    thick, kind, sure = (cv2.warpAffine(each, matrix, size, flags=cv2.INTER_LINEAR) for each in parts)
    if rng.random() < NO_MATERIAL_SHARE:
        sure = np.zeros_like(sure)
    found = channels_of(Reading(thick, kind, sure), most=most)
    flaws = [moved for flaw in one.flaws if (moved := moved_flaw(flaw, matrix, zoom, VIEW_PX)) is not None]
    there = Example(one.pixels, True, True, tuple(flaws), one.scene)
    boxes, cells = truth_of(there, VIEW_PX)
    return View(np.rint(found * STEPS).astype(np.int8), cells, boxes)


def _matrix(one: Example, zoom: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how a picture is turned and cut out, most often round a threat."""
    import cv2

    rows, columns = one.pixels.shape[1:]
    turn = float(rng.normal(0.0, 6.0)) if rng.random() < 0.5 else 0.0
    whole = np.array([columns, rows], dtype=np.float64)
    room = np.maximum(0.0, whole - VIEW_PX / zoom) / 2.0
    centre = whole / 2.0 + rng.uniform(-1.0, 1.0, 2) * room
    if one.flaws and rng.random() < NEAR_A_THREAT:
        top, left, bottom, right = one.flaws[int(rng.integers(len(one.flaws)))].box
        near = np.array([(left + right) / 2.0, (top + bottom) / 2.0]) + rng.normal(0.0, 40.0 / zoom, 2)
        centre = np.clip(near, whole / 2.0 - room, whole / 2.0 + room)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), turn, zoom)
    matrix[:, 2] += VIEW_PX / 2.0 - centre
    return np.asarray(matrix, dtype=np.float64)


def seen_as(one: Example, part: str, rng: np.random.Generator) -> Image:
    """Return a held-out picture: shown by a drawn scanner, those of the shifted part in a palette never drawn."""
    if part != "shifted":
        return shown(one, rng)
    low, high = _worn(one, rng)
    number = effective_numbers_of(low, high)
    depth = np.clip(high, 0.0, BLACK_AT).astype(np.float32)
    hue = np.where((number > 0)[..., None], hues(number, SHIFTED_PALETTE), grey())
    colours = np.rint(255.0 * np.clip(toned(depth, hue.astype(np.float32)), 0.0, 1.0)).astype(np.uint8)
    return Image(pixels=_compressed(colours, rng)[None], bits=8, meaning="for-presentation")


def effective_numbers_of(low: Grey, high: Grey) -> Grey:
    """Return the effective atomic number of each pixel of two attenuations of the simulated scanner; 0 undecided."""
    import cv2

    stored = [OPEN_STORED * np.exp(-cv2.blur(each, (3, 3))) for each in (low, high)]
    found: Grey = (z_plane(stored[0], stored[1]) / Z_SCALE).astype(np.float32)
    return found
