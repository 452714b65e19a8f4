"""What good parts look like: the middle of several and, on every scale, how far they scatter about it.

Good parts differ: in noise, in the last tenth of a pixel of their place, in what may differ (serial numbers, weld
spatter). A difference counts only against that scatter, pixel by pixel and scale by scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect import npz_file
from kerma.science.detect.laying import Grey, comparable, is_logarithmic, laid_on, lay, limit
from kerma.science.imaging.image import Image, Spacing
from kerma.science.imaging.values import refusal
from kerma.science.measure.region import Region

VERSION = "1"
LEVELS = 5
"""Scales: single pixels, and four halvings."""
POOL_PX = 5
"""The spread of single pixels is pooled over this square: that of a few parts alone is too uncertain."""
AROUND_PX, AROUND_SHARE = 31, 0.8
"""... and never below this share of what it is around."""
TAIL_PX = 400_000
TAIL_ROWS = 64
"""How far good parts stray is looked at on about so many pixels of a level, in bands of so many rows."""
MEDIAN_OF_NORMAL = 0.6745
FEW_SAMPLES = {4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}
"""What the median absolute deviation of few normal values must be widened by (Croux and Rousseeuw 1992)."""
BLOCK_ROWS = 128
AIR_PERCENTILE = 99.5
"""The open beam, where there is any."""
SPACING_SHARE = 0.01
MOST_BYTES = 1 << 30
MOST_PARTS = LEVELS + 2
FORMAT = "kerma-part-reference"


@dataclass(frozen=True)
class Reference:
    """Good parts in one view: ``middle`` of shape (row, column), not-a-number where any of them was not in the view.

    ``spreads`` holds a standard deviation per level, each level half the size of the one before; ``regions`` are named
    places of features, in pixels of the middle.
    """

    middle: Grey
    spreads: tuple[Grey, ...]
    parts: int
    is_logarithmic: bool
    scatters: tuple[float, ...] = ()
    """How far the pixels of one good part scatter in units of the spread, per level: below 1, for edges add to it."""
    spacing: Spacing = field(default_factory=Spacing)
    regions: Mapping[str, Region] = field(default_factory=dict)
    edge_width_px: float | None = None
    """Width of the sharpest edges of the good parts: what a blurred picture is told by."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """True where every good part was in the view."""
        known: NDArray[np.bool_] = np.isfinite(self.middle)
        return known

    @property
    def is_part(self) -> NDArray[np.bool_]:
        """True where something lies in the beam; of pictures made for showing, everywhere that is known."""
        known = self.known
        if not self.is_logarithmic or not known.any():
            return known
        sample = self.middle[known][:: max(1, self.middle.size // 200_000)]
        is_part: NDArray[np.bool_] = known & (self.middle < np.percentile(sample, AIR_PERCENTILE) - limit("air_depth"))
        return is_part if is_part.any() else known

    def as_bytes(self, card: Mapping[str, Any] | None = None) -> bytes:
        """Return the reference as one NPZ file: the arrays, and a JSON document of the rest, with its card if given."""
        document = {
            "kind": FORMAT, "version": VERSION, "parts": self.parts,
            "is_logarithmic": self.is_logarithmic, "scatters": list(self.scatters), "edge_width_px": self.edge_width_px,
            "spacing_mm": self.spacing.as_json(), "spacing_source": self.spacing.source,
            "regions": {name: region.as_json() for name, region in self.regions.items()},
        }  # fmt: skip
        arrays = {f"spread_{level}": spread for level, spread in enumerate(self.spreads)}
        told = {} if card is None else {"card": dict(card)}
        return npz_file.written(document | told, {"middle": self.middle, **arrays})

    @classmethod
    def of(cls, content: bytes) -> Reference:
        """Read what :meth:`as_bytes` wrote.

        Raises
        ------
        WrongUsage
            The bytes are no reference of this version, or a damaged one.
        """
        return read(content)[0]


def read(content: bytes) -> tuple[Reference, dict[str, Any]]:
    """Return the reference of a file and its card, empty where it has none.

    Raises
    ------
    WrongUsage
        The bytes are no reference of this version, or a damaged one.
    """
    try:
        return _read(content)
    except npz_file.DAMAGES as error:
        raise WrongUsage(f"this is no reference of good parts ({error}): teach one from good pictures") from None


def learn(images: Sequence[Image], *, plane: int = 0, regions: Mapping[str, Region] | None = None) -> Reference:
    """Return the reference of good parts.

    Parameters
    ----------
    images : pictures of good parts in one view, all of one size, scale and kind; the first gives the place
    plane : which of their planes
    regions : named places of features (bolts, clips) in pixels of the first picture, for :mod:`.completeness`

    Raises
    ------
    WrongUsage
        Too few pictures, another size, scale or kind, one that cannot be laid on the first, or a place outside.
    """
    _must_fit(images, plane)
    first = comparable(images[0], plane)
    stack = [first]
    for number, image in enumerate(images[1:], start=2):
        try:
            picture = comparable(image, plane)
            stack.append(laid_on(first, picture, lay(first, picture)))
        except WrongUsage as error:
            raise WrongUsage(f"good part {number} of {len(images)}: {error}") from None
    whole = np.stack(stack)
    middle = _middle(whole)
    whole -= middle
    known = np.isfinite(middle)
    if known.mean() < limit("least_common_percent") / 100:
        raise WrongUsage(f"the good parts share only {100 * known.mean():.0f} % of the view: place them alike")
    np.nan_to_num(whole, copy=False)
    from kerma.science.detect.sharpness import edge_width_px

    spreads, scatters = _spreads(whole, middle, known)
    if not min(scatters) > 0:
        raise WrongUsage("the good parts do not differ at all, not even by noise: are they copies of one picture?")
    return Reference(
        middle, spreads, len(images), is_logarithmic(images[0]), scatters, images[0].spacing,
        _named(regions or {}, middle.shape), edge_width_px(middle),
    )  # fmt: skip


def with_regions(reference: Reference, regions: Mapping[str, Region]) -> Reference:
    """Return the reference with other named places."""
    return replace(reference, regions=_named(regions, reference.middle.shape))


def must_match(reference: Reference, image: Image, plane: int) -> None:
    """Refuse an image that cannot be compared with a reference: another size, scale or kind."""
    size = reference.middle.shape
    if (image.rows, image.columns) != size:
        raise WrongUsage(
            f"the picture has {image.rows} x {image.columns} pixels, the reference {size[0]} x {size[1]}: nothing was "
            "compared"
        )
    if is_logarithmic(image) != reference.is_logarithmic:
        raise WrongUsage("the picture and the reference are not of one kind (a signal, or made for showing)")
    if not same_scale(reference.spacing, image.spacing):
        raise WrongUsage(
            f"the pixels of the picture ({image.spacing.as_json()} mm) are not those of the reference "
            f"({reference.spacing.as_json()} mm): nothing was compared"
        )
    if plane >= image.planes:
        raise WrongUsage(f"plane {plane} does not exist: the image has {image.planes}, counted from 0")


def halved(values: Grey) -> Grey:
    """Return the next level."""
    import cv2

    return np.asarray(cv2.pyrDown(values))


def _must_fit(images: Sequence[Image], plane: int) -> None:
    fewest = int(limit("fewest_parts"))
    if len(images) < fewest:
        raise WrongUsage(f"{len(images)} good parts are too few: at least {fewest} tell how far good parts scatter")
    if len(images) > limit("most_parts"):
        raise WrongUsage(f"{len(images)} good parts are more than {limit('most_parts'):g}: choose some of them")
    first = images[0]
    for number, image in enumerate(images, start=1):
        reason = refusal(image)
        if reason:
            raise WrongUsage(f"good part {number}: {reason}")
        if plane >= image.planes:
            raise WrongUsage(f"good part {number}: plane {plane} does not exist, it has {image.planes}")
        if (image.rows, image.columns) != (first.rows, first.columns):
            raise WrongUsage(
                f"good part {number} has {image.rows} x {image.columns} pixels, the first {first.rows} x "
                f"{first.columns}: all must come from one set-up"
            )
        if not same_scale(first.spacing, image.spacing) or is_logarithmic(image) != is_logarithmic(first):
            raise WrongUsage(f"good part {number} has another pixel size or kind of values than the first")


def same_scale(one: Spacing, other: Spacing) -> bool:
    """Return whether pixels have the same size within 1 %, or neither picture says how large they are."""
    if one.row_mm is None or one.column_mm is None or other.row_mm is None or other.column_mm is None:
        return one.is_known == other.is_known
    ratios = np.array([other.row_mm / one.row_mm, other.column_mm / one.column_mm])
    return bool((np.abs(ratios - 1) <= SPACING_SHARE).all())


def _named(regions: Mapping[str, Region], shape: tuple[int, ...]) -> dict[str, Region]:
    for name, at in regions.items():
        is_inside = min(at.row, at.column) >= 0 and at.row + at.height <= shape[0] and at.column + at.width <= shape[1]
        if not is_inside or min(at.height, at.width) < 1:
            raise WrongUsage(f"the place '{name}' {at.as_json()} (row, column, height, width) does not lie in the view")
    return dict(regions)


def _middle(whole: Grey) -> Grey:
    """Return the median over the parts (part, row, column); not-a-number where any part has none."""
    middle = np.empty(whole.shape[1:], dtype=np.float32)
    for row in range(0, whole.shape[1], BLOCK_ROWS):
        # a sort puts not-a-number last: where there is any, the last one is
        ordered = np.sort(whole[:, row : row + BLOCK_ROWS], axis=0)
        half = len(ordered) // 2
        found = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / np.float32(2)
        middle[row : row + BLOCK_ROWS] = np.where(np.isfinite(ordered[-1]), found, np.float32(np.nan))
    return middle


def _spreads(whole: Grey, middle: Grey, known: NDArray[np.bool_]) -> tuple[tuple[Grey, ...], tuple[float, ...]]:
    """Return the standard deviation of the good parts, and how one of them scatters in its units, per level."""
    count = len(whole)
    # the middle itself is uncertain: the median of n normal values has pi / 2 n of their variance
    of_middle = (1 + np.pi / 2 / count) ** 0.5
    # a part that helped to make the middle lies nearer to it than another one will
    nearer = of_middle / (1 - 1 / count) ** 0.5
    slope = limit("edge_px") * _slope(middle, known)
    spreads, scatters = [], []
    for _ in range(LEVELS):
        spread = _spread(whole, slope) * np.float32(of_middle * _tail(whole, slope))
        spreads.append(spread)
        scatters.append(nearer * float(np.median([scatter(part / spread) for part in whole])))
        if min(whole.shape[1:]) < 2 * POOL_PX:
            break
        whole = np.stack([halved(part) for part in whole])
        slope = halved(slope)
    return tuple(spreads), tuple(scatters)


def _tail(whole: Grey, of_edges: Grey) -> float:
    """Return how much further good parts stray than normal noise would, each held against all others.

    A spread of few parts is uncertain, so that good parts stray far where it came out too small. The median over the
    parts is taken: a bad one among them does not widen it.
    """
    from scipy.special import ndtri

    step = max(1, whole[0].size // TAIL_PX)
    rows = np.arange(whole.shape[1]) // TAIL_ROWS % step == 0
    part_of, edges = whole[:, rows], of_edges[rows]
    usual = float(-ndtri((1 - 0.5 ** (1 / part_of[0].size)) / 2))
    of_middle = (1 + np.pi / 2 / (len(whole) - 1)) ** 0.5
    strays = []
    for number in range(len(whole)):
        others = np.delete(part_of, number, axis=0)
        away = np.abs(part_of[number] - np.median(others, axis=0))
        strays.append(float((away / (_spread(others, edges) * np.float32(of_middle))).max()))
    return max(1.0, float(np.median(strays)) / usual)


def scatter(level: Grey) -> float:
    """Return the robust standard deviation of a level in units of the spread, without what was not compared."""
    seen = level[::2, ::2]
    seen = np.abs(seen[seen != 0])
    return float(np.median(seen)) / MEDIAN_OF_NORMAL if seen.size else 0.0


def _spread(whole: Grey, of_edges: Grey) -> Grey:
    """Return the robust deviation over parts (part, row, column), pooled over neighbours, and at edges more."""
    import cv2

    widening = FEW_SAMPLES.get(len(whole), len(whole) / (len(whole) - 0.8)) / MEDIAN_OF_NORMAL
    own = np.empty(whole.shape[1:], dtype=np.float32)
    for row in range(0, whole.shape[1], BLOCK_ROWS):
        block = whole[:, row : row + BLOCK_ROWS]
        own[row : row + BLOCK_ROWS] = np.median(np.abs(block - np.median(block, axis=0)), axis=0)
    own *= np.float32(widening)
    pooled = cv2.blur(own * own, (POOL_PX, POOL_PX), borderType=cv2.BORDER_REPLICATE)
    around = np.float32(AROUND_SHARE) * cv2.blur(own, (AROUND_PX, AROUND_PX), borderType=cv2.BORDER_REPLICATE)
    spread: Grey = np.sqrt(np.maximum(pooled, around * around) + of_edges * of_edges + np.float32(1e-12))
    return spread.astype(np.float32)


def _slope(middle: Grey, known: NDArray[np.bool_]) -> Grey:
    """Return how much the middle changes from one pixel to the next; 0 beside what is not known."""
    import cv2

    filled = np.where(known, middle, np.float32(np.median(middle[known])))
    across, down = (cv2.Sobel(filled, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return np.asarray(cv2.magnitude(across, down) * inner.astype(np.float32))


def _read(content: bytes) -> tuple[Reference, dict[str, Any]]:
    arrays = npz_file.arrays_of(content, most_parts=MOST_PARTS, most_bytes=MOST_BYTES)
    document = npz_file.document_of(arrays)
    if document.get("kind") != FORMAT or document.get("version") != VERSION:
        raise ValueError("another kind or version")
    middle = np.asarray(arrays["middle"], dtype=np.float32)
    names = sorted(name for name in arrays if name.startswith("spread_"))
    spreads = tuple(np.asarray(arrays[name], dtype=np.float32) for name in names)
    size = middle.shape
    if middle.ndim != 2 or not np.isfinite(middle).any():
        raise ValueError("it holds no picture")
    for spread in spreads:
        if spread.shape != size or not ((spread > 0) & np.isfinite(spread)).all():
            raise ValueError("its spreads do not fit its middle")
        size = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    scatters = tuple(float(each) for each in document["scatters"])
    if not spreads or len(scatters) != len(spreads) or not min(scatters) > 0:
        raise ValueError("it holds no picture")
    card = document.get("card", {})
    if not isinstance(card, dict):
        raise ValueError("its card is none")
    steps = document["spacing_mm"] or (None, None)
    found = Reference(
        middle, spreads, int(document["parts"]), bool(document["is_logarithmic"]),
        scatters,
        Spacing(steps[0], steps[1], document["spacing_source"]),
        _named({name: Region(*map(int, at)) for name, at in document["regions"].items()}, middle.shape),
        document["edge_width_px"],
    )  # fmt: skip
    return found, card
