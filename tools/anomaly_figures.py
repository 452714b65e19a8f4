"""Figures of anomaly models beside the detectors without weights, on simulated parts: what the page shows.

Run ``python tools/anomaly_figures.py [castings|welds|bags|speed ...]``; without a word all of them, in about 15 minutes
on one core. Good pictures, sound ones and ones with something in them are of other seeds each.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from flagging_figures import _covered, _shows, placed_casting

from kerma.errors import WrongUsage
from kerma.science.detect import anomaly, detect
from kerma.science.detect.anomaly_features import backbone, features
from kerma.science.detect.part_reference import Reference, learn
from kerma.science.detect.small_flaws import THRESHOLD
from kerma.science.detect.subtraction import difference, least_z
from kerma.science.imaging.image import Image, Spacing
from kerma.science.observer.roc_curve import auc
from kerma.science.results import Box, By, Finding
from kerma.science.simulate import SCENES, casting
from kerma.science.simulate.scene import SimulatedImage

GOOD, SOUND, FLAWED = 30, 20, 20
GOOD_BAGS, BAGS = 20, 10
MU_1_MM = 0.08
"""Attenuation of aluminium in the beam of the castings, about."""
FIRST_SOUND, FIRST_FLAWED = 500, 7000
LEAST_Z = 3.0


@dataclass(frozen=True)
class Seen:
    """What one way to look says of a picture: its rating, and the marks with which it alarms."""

    rating: float
    marks: tuple[Finding, ...]


Look = Callable[[Image], Seen]


def of_model(content: bytes) -> Look:
    """Return an anomaly model as a way to look."""
    model = anomaly.load(content, threads=1)

    def look(image: Image) -> Seen:
        seen = model.look(image)
        return Seen(float(seen.score or 0.0), seen.findings)

    return look


def of_detector(name: str, least: float, **options: object) -> Look:
    """Return a detector without weights, with the strength from which it alarms when nothing else is asked for."""

    def look(image: Image) -> Seen:
        weak = detect(name, image, threshold=LEAST_Z, **options)
        # The score of both is strength / (strength + threshold).
        strengths = [LEAST_Z * (one.score or 0.0) / (1.0 - (one.score or 0.0)) for one in weak]
        strong = tuple(one for one, strength in zip(weak, strengths, strict=True) if strength >= least)
        return Seen(max(strengths, default=0.0), strong)

    return look


def compared(name: str, on_sound: Sequence[Seen], on_flawed: Sequence[Seen], made: Sequence[SimulatedImage]) -> str:
    """Return AUROC of pictures with DeLong's interval, alarms on sound ones, and what was found."""
    ratings = np.array([one.rating for one in (*on_sound, *on_flawed)])
    found = auc(ratings, np.arange(len(ratings)) >= len(on_sound))
    words = f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})" if found else "none"
    pairs = list(zip(on_flawed, made, strict=True))
    hits = sum(_covered(truth, list(seen.marks)) for seen, one in pairs for truth in one.findings)
    beside = sum(
        not any(_shows(truth, mark) or _covered(truth, [mark]) for truth in one.findings)
        for seen, one in pairs
        for mark in seen.marks
    )
    return (
        f"{name}: AUROC {words}; alarms on {sum(bool(one.marks) for one in on_sound)} of {len(on_sound)} sound ones; "
        f"found {hits} of {sum(len(one.findings) for one in made)}, {beside / len(made):.2f} marks beside it a picture"
    )


def taught(images: Sequence[Image], how: str) -> tuple[bytes, float]:
    """Return a model of good pictures and the processor time it took, in seconds."""
    began = time.process_time()
    content = anomaly.teach(images, [str(number) for number in range(len(images))], anomaly.Asked("figures", how))
    return content, time.process_time() - began


def with_pore(sound: SimulatedImage, seed: int, radius_mm: float) -> SimulatedImage:
    """Return a sound casting with one gas pore planted somewhere in its ring of ribs, as wide as the picture blurs."""
    import cv2

    image, random = sound.image, np.random.default_rng(seed)
    away, angle = random.uniform(24, 46) / casting.PIXEL_MM, random.uniform(0, 2 * math.pi)
    middle = (casting.SIZE / 2 + away * math.sin(angle), casting.SIZE / 2 + away * math.cos(angle))
    row, column = np.mgrid[: image.rows, : image.columns]
    apart_mm = np.hypot(row - middle[0], column - middle[1]) * casting.PIXEL_MM
    chord_mm = 2 * np.sqrt(np.maximum(radius_mm**2 - apart_mm**2, 0.0)).astype(np.float32)
    chord_mm = cv2.GaussianBlur(chord_mm, (0, 0), casting.BLUR_MM / casting.PIXEL_MM)
    stored = np.clip(np.rint(image.pixels[0] * np.exp(MU_1_MM * chord_mm)), 0, 65_535).astype(image.pixels.dtype)
    radius = radius_mm / casting.PIXEL_MM
    box = Box(middle[0] - radius, middle[1] - radius, 2 * radius, 2 * radius)
    truth = Finding("pore", "", "gas", box, By("algorithm", "simulator"))
    return dataclasses.replace(sound, image=dataclasses.replace(image, pixels=stored[None]), findings=(truth,))


def castings() -> Iterator[str]:
    """Castings put down up to 1 mm and 1 degree off to teach; sound ones against ones with a single pore."""
    good = [placed_casting(seed, with_flaws=False).image for seed in range(1, GOOD + 1)]
    made = [placed_casting(FIRST_SOUND + number, with_flaws=False) for number in range(SOUND)]
    sound = [one.image for one in made]
    looks: dict[str, Look] = {}
    for how, count in (("aligned", GOOD), ("anywhere", GOOD)):
        content, cpu_s = taught(good[:count], how)
        yield f"{how}: taught from {count} pictures of 1024 x 1024 in {cpu_s:.0f} CPU-s, {len(content) / 1e6:.1f} MB"
        looks[f"anomaly, {how}, {count} pictures"] = of_model(content)
    reference = learn(good)
    looks["golden_part"] = of_detector("golden_part", _usual_z(sound[0], reference), reference=reference)
    looks["small_flaws"] = of_detector("small_flaws", THRESHOLD)
    on_sound = {name: [look(image) for image in sound] for name, look in looks.items()}
    for radius_mm in (0.2, 0.4):
        flawed = [with_pore(one, FIRST_FLAWED + number, radius_mm) for number, one in enumerate(made)]
        percent = 100 * math.expm1(MU_1_MM * 2 * radius_mm)
        yield f"pore of {2 * radius_mm:g} mm, {2 * radius_mm / casting.PIXEL_MM:.0f} pixels, {percent:.0f} % contrast:"
        for name, look in looks.items():
            yield compared(name, on_sound[name], [look(made.image) for made in flawed], flawed)


def _usual_z(image: Image, reference: Reference) -> float:
    """Return the strength from which golden part alarms by itself."""
    return least_z(difference(image, reference, 0))


def welds() -> Iterator[str]:
    """Welds of steel of 10 mm, digital, pixels of any size and not told: sound ones against ones with two flaws."""
    ask = {"size_px": 512, "thickness_mm": 10.0, "material": "steel", "look": "digital"}

    def build(seed: int, flaws: str) -> SimulatedImage:
        (made,) = SCENES["weld-plate"].build(seed, **ask, flaws=flaws)
        return dataclasses.replace(made, image=dataclasses.replace(made.image, spacing=Spacing()))

    good = [build(seed, "none").image for seed in range(1, GOOD + 1)]
    sound = [build(FIRST_SOUND + number, "none").image for number in range(SOUND)]
    flawed = [build(FIRST_FLAWED + number, "porosity,crack") for number in range(FLAWED)]
    looks = {"small_flaws": of_detector("small_flaws", THRESHOLD)}
    for how in ("aligned", "anywhere"):
        try:
            content, cpu_s = taught(good, how)
        except WrongUsage as error:
            yield f"{how}: refused: {error}"
            continue
        yield f"{how}: taught from {GOOD} pictures of 512 x 512 in {cpu_s:.0f} CPU-s, {len(content) / 1e6:.1f} MB"
        looks[f"anomaly, {how}"] = of_model(content)
    for name, look in looks.items():
        yield compared(name, [look(image) for image in sound], [look(made.image) for made in flawed], flawed)


def bags() -> Iterator[str]:
    """A lane: packed cabin bags without a threat to teach and to pass, and ones with a pistol or a block charge."""
    good = [one.image for one in _bags("none", 1, GOOD_BAGS)]
    sound = [one.image for one in _bags("none", FIRST_SOUND, BAGS)]
    content, cpu_s = taught(good, "anywhere")
    yield f"anywhere: taught from {GOOD_BAGS} bags in {cpu_s:.0f} CPU-s, {len(content) / 1e6:.1f} MB"
    look = of_model(content)
    on_sound = [look(image) for image in sound]
    for threat in ("pistol", "block-charge"):
        flawed = list(_bags(threat, FIRST_FLAWED, BAGS))
        yield compared(f"anomaly, anywhere, {threat}", on_sound, [look(made.image) for made in flawed], flawed)


def _bags(threat: str, seed: int, count: int) -> Iterator[SimulatedImage]:
    """Yield the first view of packed bags; how large a pixel is differs from bag to bag and is not told."""
    while count:
        seed += 1
        try:
            made = SCENES["cabin-bag"].build(seed, threat=threat, size_px=384)[0]
        except WrongUsage as error:
            print(f"seed {seed} passed over: {error}", file=sys.stderr)
            continue
        count -= 1
        yield dataclasses.replace(made, image=dataclasses.replace(made.image, spacing=Spacing()))


def speed() -> Iterator[str]:
    """CPU time for a tile of 512 x 512 pixels: the layers, and the distances behind them."""
    grey = np.random.default_rng(1).normal(size=(512, 512)).astype(np.float32)
    session = backbone(1)
    for how, count in (("aligned", 40), ("anywhere", 100)):
        chosen = np.arange(0, 176, 176 // count)[:count]
        answers = features(session, grey, (-3.0, 3.0), chosen)
        random = np.random.default_rng(2)
        many = [answers + random.normal(size=answers.shape).astype(np.float32) for _ in range(6)]
        good = anomaly.anomaly_model._learned(many, how, 1)
        good.distances(answers)
        layers_s, distances_s = (
            _cpu_s(lambda c=chosen: features(session, grey, (-3.0, 3.0), c)),
            _cpu_s(lambda g=good, a=answers: g.distances(a)),
        )
        yield f"{how}: layers {1000 * layers_s:.0f} CPU-ms, distances {1000 * distances_s:.0f} CPU-ms for a tile of 512"


def _cpu_s(work: Callable[[], object], times: int = 7) -> float:
    work()
    took = []
    for _ in range(times):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return float(np.median(took))


ALL = {function.__name__: function for function in (castings, welds, bags, speed)}


def main(words: list[str]) -> int:
    """Print the figures named, or all."""
    for name in words or ALL:
        print(f"# {ALL[name].__doc__}")
        for line in ALL[name]():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
