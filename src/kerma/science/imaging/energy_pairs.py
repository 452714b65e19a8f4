"""Energies of one view that came as images of their own, put together for an analysis; what may not belong stays apart.

What the files say only rules out: size, scale, kind of values, machine, view, acquisition, time. What belongs together
is told by the contents (:mod:`enhance.pairing`), since a scan of several views may say the same of all its images.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerma.science.imaging.enhance.pairing import Values, numbers_of, same_view, sampled
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import penetrating_plane

LOW, HIGH, NUMBER = "low", "high", "z-effective"
NAMES = {LOW: "low energy", HIGH: "high energy"}
OTHER = {LOW: HIGH, HIGH: LOW}
MOST_APART_MS = 10_000
"""Both energies of a view are taken together; what was taken further apart is another view."""
LINEAR = ("raw", "for-processing")
LEAST_VOLTAGE_RATIO = 1.2
"""Voltages of two energies differ at least so; closer ones are corrections of an exposure."""
MOST_IMAGES = 64
"""Images of one energy in an exam that are looked through for their other energy."""
MACHINE = ("manufacturer", "model", "serial_number", "station", "detector_id")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)")
PAIRED = "{} were analysed together as the energies of one view; findings lie on the {}"


@dataclass(frozen=True)
class View:
    """What is looked at as one image, and which of an exam's images its planes are."""

    image: Image
    parts: tuple[int, ...]
    """Places in the exam of the images that the planes come from; one place where the image is as it came."""
    note: str = ""
    """That images were put together, or why one stays apart; empty where there is nothing to say."""

    @property
    def is_joined(self) -> bool:
        """Whether it was put together of several images."""
        return len(self.parts) > 1

    @property
    def home(self) -> int:
        """The place in the exam of the image on which findings lie: the one that penetrates most."""
        return self.parts[penetrating_plane(self.image)] if self.is_joined else self.parts[0]


def views_of(images: Sequence[Image]) -> tuple[View, ...]:
    """Return the images of an exam as views, in their order: energies of one view as one image, low first.

    Parameters
    ----------
    images : the exam's images in reading order; an image of one plane whose label is an energy may be joined, and where
        no image says which energy it holds, one that :func:`named_by_voltage` names

    An energy whose other one is missing, differs in what its file says, or is not told by the contents alone stays an
    image of its own, with a note that says why.
    """
    came, images = images, named_by_voltage(images)
    of = {label: [at for at, image in enumerate(images) if _energy(image) == label] for label in (LOW, HIGH, NUMBER)}
    if len(of[LOW]) + len(of[HIGH]) > MOST_IMAGES:
        why = f"more than {MOST_IMAGES} images of one energy are in this exam: none were put together"
        return tuple(View(image, (at,), why if _energy(image) in OTHER else "") for at, image in enumerate(came))
    seen = {at: sampled(images[at].pixels[0]).astype(np.float64) for places in of.values() for at in places}
    found = _pairs(images, of, seen)
    taken = {place for parts in found for place in parts}
    views = [View(together([images[at] for at in parts]), parts, _paired_note(images, parts)) for parts in found]
    views += [View(image, (at,), _why_alone(came, at, of)) for at, image in enumerate(came) if at not in taken]
    return tuple(sorted(views, key=lambda view: min(view.parts)))


def named_by_voltage(images: Sequence[Image]) -> Sequence[Image]:
    """Return images with their energies named after two tube voltages, where no image says which energy it holds.

    Only images of one plane of raw values count that tell voltage and time; all of them must be of one of two voltages
    that differ by a fifth; what belongs together is told as of any energies. Otherwise they come back as they are.
    """
    voltage = {at: _voltage(image) for at, image in enumerate(images)}
    found = sorted({value for value in voltage.values() if value is not None})
    if any(map(_energy, images)) or len(found) != 2 or found[1] < LEAST_VOLTAGE_RATIO * found[0]:
        return images
    label = {found[0]: LOW, found[1]: HIGH}
    return [
        image if (value := voltage[at]) is None else replace(image, plane_kind="energy", plane_labels=(label[value],))
        for at, image in enumerate(images)
    ]


def _voltage(image: Image) -> float | None:
    """Return the tube voltage of an image that may be one energy of a view; None where it may not."""
    value = image.technique.get("tube_voltage_kv")
    is_plain = not image.is_colour and image.planes == 1 and image.plane_kind == "frame"
    may_be = is_plain and image.meaning in LINEAR and _moment(image) is not None
    return float(value) if may_be and isinstance(value, int | float) and value > 0 else None


def together(images: Sequence[Image]) -> Image:
    """Return images of one energy each as one image whose planes they are.

    The rest is as the most penetrating one says it. Where two tube voltages made the energies, the lower one is told
    as ``tube_voltage_low_kv``; the scale of a picture of numbers is told as ``z_effective_per_stored``.
    """
    images = named_by_voltage(images)
    labels = tuple(image.plane_labels[0] for image in images)
    lowered = [label.lower() for label in labels]
    main = images[lowered.index(HIGH)] if HIGH in lowered else images[0]
    technique = {key: value for key, value in main.technique.items() if key != "energy"}
    voltages = [image.technique.get("tube_voltage_kv") for image in images if image is not main][:1]
    if voltages and voltages[0] is not None and voltages[0] != technique.get("tube_voltage_kv"):
        technique["tube_voltage_low_kv"] = voltages[0]
    slope = images[-1].grey.slope
    if lowered[-1] == NUMBER and slope != 1.0:
        technique["z_effective_per_stored"] = slope
    warnings = tuple(dict.fromkeys(warning for image in images for warning in image.warnings))
    pixels = np.stack([image.pixels[0] for image in images])
    return replace(main, pixels=pixels, plane_labels=labels, technique=technique, warnings=warnings)


def _pairs(images: Sequence[Image], of: Mapping[str, list[int]], seen: Mapping[int, Values]) -> list[tuple[int, ...]]:
    """Return low and high, and the picture of numbers where there is one, of every view that is told for sure."""
    found: list[tuple[int, ...]] = []
    for low in of[LOW]:
        high = _match(images, low, of[HIGH], seen)
        if high is None or _match(images, high, of[LOW], seen) != low:
            continue
        numbers = [at for at in of[NUMBER] if not _differences(images[high], images[at], _OF_PLACE)]
        number = numbers_of(seen[high], [seen[at] for at in numbers])
        found.append((low, high) if number is None else (low, high, numbers[number]))
    return found


def _match(images: Sequence[Image], at: int, others: Sequence[int], seen: Mapping[int, Values]) -> int | None:
    fitting = [other for other in others if not _differences(images[at], images[other])]
    match = same_view(seen[at], [seen[other] for other in fitting])
    return None if match is None else fitting[match]


def _energy(image: Image) -> str:
    """Return which energy an image of one energy holds; empty where it holds none, or several."""
    is_one = not image.is_colour and image.planes == 1 and image.plane_kind == "energy" and len(image.plane_labels) == 1
    return image.plane_labels[0].lower() if is_one else ""


def _why_alone(images: Sequence[Image], at: int, of: Mapping[str, list[int]]) -> str:
    """Return why an energy was not put together with another image; empty of an image that is no energy."""
    energy = _energy(images[at])
    if energy not in OTHER:
        return ""
    other = NAMES[OTHER[energy]]
    told = [_differences(images[at], images[each]) for each in of[OTHER[energy]]]
    if not told:
        why = f"no image of its {other} is in this exam"
    elif all(told):
        why = f"the {other} has {' and '.join(sorted(told, key=len)[0])}"
    elif sum(not one for one in told) == 1:
        why = f"the image of the {other} does not show the same place for place"
    else:
        why = f"which of several images of the {other} belongs to it is not told by what they show"
    return f"this image of the {NAMES[energy]} was analysed alone: {why}"


def _paired_note(images: Sequence[Image], parts: Sequence[int]) -> str:
    names = [f"image {at + 1} ({NAMES.get(_energy(images[at]), 'effective numbers')})" for at in parts]
    return PAIRED.format(" and ".join([", ".join(names[:-1]), names[-1]]), NAMES[HIGH])


def _differences(one: Image, other: Image, facts: Sequence[tuple[str, Callable[[Image], Any]]] = ()) -> list[str]:
    """Return in words what two files say differently; what one of them does not say is no difference."""
    return [words for words, fact in facts or _FACTS if fact(one) and fact(other) and _differ(fact(one), fact(other))]


def _differ(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping):
        return any(one[key] != other.get(key, one[key]) for key in one)
    if isinstance(one, np.datetime64):
        return bool(abs(one - other) > np.timedelta64(MOST_APART_MS, "ms"))
    return bool(one != other)


def _moment(image: Image) -> np.datetime64 | None:
    """Return when an image was taken; the zone is left out, since both energies are taken in one."""
    found = _MOMENT.match(image.acquired_at)
    try:
        return np.datetime64(f"{found[1]}T{found[2]}", "us") if found else None
    except ValueError:  # the thirteenth month, the twenty-fifth hour
        return None


_OF_PLACE: tuple[tuple[str, Callable[[Image], Any]], ...] = (
    ("another size", lambda image: (image.rows, image.columns)),
    ("another machine", lambda image: {key: image.machine[key] for key in MACHINE if image.machine.get(key)}),
    ("another view", lambda image: image.view),
    ("another acquisition", lambda image: image.acquisition),
    (f"a time more than {MOST_APART_MS / 1000:g} s away", _moment),
)
_FACTS = (
    *_OF_PLACE,
    ("another scale", lambda image: image.spacing.as_json()),
    (
        "another kind of values",
        lambda image: (image.meaning, image.rises_with_dose, image.grey.slope, image.grey.intercept),
    ),
)
"""What must not differ between the energies of a view, in words; of a picture of numbers only the place."""
