"""Figures of the detectors without weights, measured on simulated castings, bags and pallets: what the pages show.

Run ``python tools/flagging_figures.py [golden|bags|pallets|welds|speed ...]``; without a word all of them, in about ten
minutes on one core.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.detect import detect
from kerma.science.detect.part_reference import Reference, learn
from kerma.science.imaging.image import Image
from kerma.science.results import Box, Finding
from kerma.science.simulate import SCENES, casting
from kerma.science.simulate.part import Part
from kerma.science.simulate.scene import SimulatedImage

GOOD, SOUND, FLAWED = 8, 12, 12
"""Castings that teach, sound ones that must pass, and ones with flaws that must be found."""
FIRST_SOUND, FIRST_FLAWED = 500, 700
BAGS, PALLETS, FIRST_BAG = 12, 10, 19
WELDS = {"weld": 10, "weld-plate": 24, "film-weld": 24, "weld-pipe": 16}
FIRST_WELD, FALSE_RATE = 900, 0.5
BANDS = (0, 4, 8, 16, 32, 64, float("inf"))
"""Detectability, an ideal observer's."""


def placed_casting(seed: int, *, with_flaws: bool) -> SimulatedImage:
    """Return a casting put down up to 1 mm and 1 degree beside its place, with flaws or without."""
    import cv2

    random = np.random.default_rng(seed)
    cover = casting._cover(np.random.default_rng(seed))
    flaws = casting._flaws(random) if with_flaws else ()
    turn, (row, column) = random.uniform(-1, 1), random.uniform(-7, 7, 2)
    if not with_flaws:
        matrix = cv2.getRotationMatrix2D((casting.SIZE / 2, casting.SIZE / 2), turn, 1.0)
        matrix[:, 2] += column, row
        cover = cv2.warpAffine(cover, matrix, cover.shape[::-1], flags=cv2.INTER_LINEAR)
    part = Part({"aluminium": np.maximum(cover, 0.0)}, flaws)
    return part.picture(casting._exposure(seed), {})


def _shows(truth: Finding, found: Finding) -> bool:
    box, seen = truth.box, found.box
    row, column = seen.row + seen.height / 2, seen.column + seen.width / 2
    return box.row - 4 <= row <= box.row + box.height + 4 and box.column - 4 <= column <= box.column + box.width + 4


def _covered(truth: Finding, found: list[Finding]) -> bool:
    """Return whether a flaw is shown, or lies in something shown."""
    middle = Box(truth.box.row + truth.box.height / 2, truth.box.column + truth.box.width / 2, 0.0, 0.0)
    return any(_shows(truth, one) or _shows(one, dataclasses.replace(truth, box=middle)) for one in found)


def golden() -> Iterator[str]:
    """Golden part against small flaws, on castings with surface texture of their own, put down anew each time."""
    reference = learn([placed_casting(seed, with_flaws=False).image for seed in range(1, GOOD + 1)])
    sound = [placed_casting(FIRST_SOUND + seed, with_flaws=False).image for seed in range(SOUND)]
    flawed = [placed_casting(FIRST_FLAWED + seed, with_flaws=True) for seed in range(FLAWED)]
    looks: dict[str, Callable[[Image], tuple[Finding, ...]]] = {
        "golden_part": lambda image: detect("golden_part", image, reference=reference),
        "small_flaws": lambda image: detect("small_flaws", image),
    }
    for name, look in looks.items():
        alarms = [len(look(image)) for image in sound]
        yield f"{name}: {np.mean(alarms):.2f} false alarms per sound casting ({min(alarms)} to {max(alarms)})"
        seen: list[tuple[float, bool]] = []
        false = 0
        for made in flawed:
            found = list(look(made.image))
            seen += [(truth.measurements["detectability"], _covered(truth, found)) for truth in made.findings]
            false += sum(not any(_shows(truth, one) for truth in made.findings) for one in found)
        yield f"{name}: {false / len(flawed):.2f} marks per flawed casting beside a flaw"
        yield from (f"{name}: {words}" for words in _by_band(seen))


def _by_band(seen: list[tuple[float, bool]]) -> Iterator[str]:
    for low, high in zip(BANDS, BANDS[1:], strict=False):
        hits = [is_seen for strength, is_seen in seen if low <= strength < high]
        if hits:
            yield f"detectability {low:g} to {high:g}: {sum(hits)} of {len(hits)} found"


def _built(scene: str, count: int, **options: str) -> Iterator[tuple[SimulatedImage, ...]]:
    """Yield the views of so many scenes; a seed whose things cannot be packed is passed over, and said."""
    seed = FIRST_WELD if scene in WELDS else FIRST_BAG
    while count:
        seed += 1
        try:
            made = SCENES[scene].build(seed, **options)
        except WrongUsage as error:
            print(f"seed {seed} passed over: {error}", file=sys.stderr)
            continue
        count -= 1
        yield made


def bags() -> Iterator[str]:
    """Number window on both views of packed cabin bags: what it says of threats, and of everything else."""
    for threat in ("block-charge", "pistol", "none"):
        right: dict[str, int] = {}
        other: dict[str, int] = {}
        masses = []
        for views in _built("cabin-bag", BAGS, threat=threat):
            told: set[str] = set()
            for made in views:
                for one in detect("z_window", made.image):
                    if not any(_covered(truth, [one]) for truth in made.findings):
                        other[one.label] = other.get(one.label, 0) + 1
                        continue
                    told.add(one.label)
                    if one.label == "organic-bulk":
                        masses.append(one.measurements["mass_g"] / made.findings[0].measurements["mass_g"])
            for label in told:
                right[label] = right.get(label, 0) + 1
        yield from (f"{threat}: {label} in either view on {n} of {BAGS} bags" for label, n in sorted(right.items()))
        yield from (f"{threat}: {n / BAGS:.2f} other alarms of {label} per bag" for label, n in sorted(other.items()))
        if masses:
            yield f"{threat}: mass over the true mass {np.median(masses):.2f} (median)"


def pallets() -> Iterator[str]:
    """Manifest on pallets: a shielded box among goods declared as paper or food, and pallets without one."""
    for threat in ("shielded-box", "none"):
        seen, pieces = 0, 0
        for (made,) in _built("pallet", PALLETS, threat=threat):
            found = detect("manifest", made.image, declared="food", depth_mm=800, end_point_mev=9)
            dense = [one for one in found if one.label == "denser-piece"]
            hits = [one for one in dense if any(_shows(truth, one) for truth in made.findings)]
            seen += bool(hits)
            pieces += len(dense) - len(hits)
        yield f"pallets with {threat}: found on {seen} of {PALLETS}, {pieces / PALLETS:.1f} other dense pieces each"


def welds() -> Iterator[str]:
    """Small flaws on welds that nothing was set on: detectability 8 and more, at half a false mark a picture."""
    rest: list[tuple[float, set[str], bool]] = []
    total = pictures = 0
    for scene, count in WELDS.items():
        marks: list[tuple[float, set[str], bool]] = []
        planted = 0
        for number, (made,) in enumerate(_built(scene, count)):
            clear = [truth for truth in made.findings if truth.measurements["detectability"] >= BANDS[2]]
            planted += len(clear)
            for one in detect("small_flaws", made.image, threshold=4.0):
                shown = {f"{scene} {number} {truth.id}" for truth in clear if _shows(truth, one)}
                marks.append((one.score or 0.0, shown, not any(_shows(truth, one) for truth in made.findings)))
        yield f"{scene}: {_share(marks, count, planted):.3f} of {planted} at {FALSE_RATE} false marks"
        rest, total, pictures = [*rest, *marks], total + planted, pictures + count
    yield f"all: {_share(rest, pictures, total):.3f} of {total} at {FALSE_RATE} false marks, one threshold"


def _share(marks: list[tuple[float, set[str], bool]], pictures: int, planted: int) -> float:
    """Return the share of flaws shown by the strongest marks, down to the agreed number of false ones."""
    seen: set[str] = set()
    false = 0
    for _, shown, is_false in sorted(marks, key=lambda mark: -mark[0]):
        false += is_false
        if false > FALSE_RATE * pictures:
            break
        seen |= shown
    return len(seen) / planted


def speed() -> Iterator[str]:
    """Time of each detector on a picture of 2048 x 2500 pixels."""
    import cv2

    made = [placed_casting(seed, with_flaws=False).image for seed in range(1, 7)]
    large = [_enlarged(image, cv2) for image in made]
    began = time.perf_counter()
    reference = learn(large[:5])
    yield f"learn from 5 parts: {time.perf_counter() - began:.2f} s"
    dual = np.stack([large[0].pixels[0], large[1].pixels[0]])
    energies = dataclasses.replace(
        large[0], pixels=dual, plane_kind="energy", plane_labels=("low", "high"), technique={"tube_voltage_kv": 160.0}
    )
    for name, image, options in _timed(large[5], energies, reference):
        detect(name, image, **options)
        began = time.perf_counter()
        detect(name, image, **options)
        yield f"{name}: {time.perf_counter() - began:.2f} s"


def _timed(image: Image, energies: Image, reference: Reference) -> Iterator[tuple[str, Image, dict[str, object]]]:
    from kerma.science.detect.part_reference import with_regions
    from kerma.science.measure.region import Region

    yield "golden_part", image, {"reference": reference}
    yield "foreign_object", image, {"reference": reference}
    yield "completeness", image, {"reference": with_regions(reference, {"hub": Region(900, 1100, 300, 300)})}
    yield "image_quality_gate", image, {}
    yield "image_quality_gate", image, {"reference": reference}
    yield "z_window", energies, {}
    yield "manifest", energies, {"declared": "paper", "depth_mm": 100.0, "end_point_mev": 9.0}


def _enlarged(image: Image, cv2: object) -> Image:
    resized = cv2.resize(image.pixels[0], (2500, 2048), interpolation=cv2.INTER_LINEAR)  # type: ignore[attr-defined]
    noise = np.random.default_rng(1).normal(0, 60, resized.shape)
    stored = np.clip(np.rint(resized + noise), 0, 65_535).astype(np.uint16)
    spacing = dataclasses.replace(image.spacing, row_mm=0.075, column_mm=0.0614)
    return dataclasses.replace(image, pixels=stored[None], spacing=spacing)


ALL = {function.__name__: function for function in (golden, bags, pallets, welds, speed)}


def main(words: list[str]) -> int:
    """Print the figures named, or all."""
    for name in words or ALL:
        print(f"# {ALL[name].__doc__}")
        for line in ALL[name]():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
