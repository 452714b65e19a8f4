"""Packed baggage: cabin bag, hold bag and parcel, two views of low and high energy, with every threat's truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.simulate.containers import Container, carton, drape, wheeled_bag
from kerma.science.simulate.document import Point, Scene, Thing
from kerma.science.simulate.line_scanner import TUBE_KV, Tunnel, scanned, tunnel_of, with_z, z_plane
from kerma.science.simulate.packing import FLAT, SIDES
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.things import EVERYDAY, Article, Kind, kind_of, kinds, threat_kinds

THREAT_SHARE = 0.5
"""How many of the random bags hold a threat."""
MOST_SHARES = {"low": 0.6, "medium": 0.85, "high": 1.0}
"""How full a room is packed, by clutter."""
MOST_ARTICLES = {"low": 10, "medium": 26, "high": 60}
THREAT_KINDS_SMALL = (
    "folding-knife",
    "box-cutter",
    "magazine",
    "ammunition",
    "defence-spray",
    "lighter",
    "knuckleduster",
)
"""Threats that fit into a small bag."""
STOWED = frozenset(("shirts", "trousers", "pullover", "towel", "jacket"))
TILTED = frozenset(("laptop", "tablet", "book", "papers", "phone", "power-bank", "game-console"))
"""Flat things that also stand on edge."""
GIVEN_UP_AFTER = {"low": 8, "medium": 24, "high": 60}
"""So many things that find no room one ends the packing."""
DRAWS = 40


@dataclass(frozen=True)
class Packed:
    """An article where it lies; ``half_mm`` is its cuboid as it lies, before the turn about z."""

    name: str
    article: Article
    at_mm: Point
    turn_deg: Point
    half_mm: Point
    is_threat: bool


@dataclass(frozen=True)
class Load:
    """A container with everything in it."""

    container: Container
    packed: tuple[Packed, ...]
    filling: Thing | None

    def things(self, *, labels: str = "threats") -> tuple[Thing, ...]:
        """Return every body; ``labels`` says whether *threats* or *all* articles are part of the truth."""
        inner = [
            part
            for each in self.packed
            for part in each.article.placed(
                each.name, each.at_mm, each.turn_deg, is_labelled=each.is_threat or labels == "all"
            )
        ]
        return (*self.container.things, *((self.filling,) if self.filling else ()), *inner)

    def contents(self) -> list[dict[str, Any]]:
        """Return what lies in it: name, category, place, and the facts of every article."""
        return [
            {
                "name": each.name, "thing": each.article.kind.name, "words": each.article.kind.words,
                "category": each.article.kind.category, "is_threat": each.is_threat, "at_mm": list(each.at_mm),
                "turn_deg": list(each.turn_deg), **each.article.facts(),
            }
            for each in self.packed
        ]  # fmt: skip


Size = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
Make = Callable[[Point, np.random.Generator], Container]
CONTAINERS: dict[str, tuple[Make, Size]] = {
    "cabin-bag": (wheeled_bag, ((255.0, 275.0), (170.0, 200.0), (95.0, 115.0))),
    "hold-bag": (wheeled_bag, ((330.0, 375.0), (220.0, 255.0), (125.0, 150.0))),
    "parcel": (carton, ((140.0, 230.0), (110.0, 170.0), (60.0, 120.0))),
}
WORDS = {"cabin-bag": "Cabin bag", "hold-bag": "Hold bag", "parcel": "Parcel"}


def loaded(name: str, seed: int, *, threat: str = "random", count: int = 1, clutter: str = "medium") -> Load:
    """Return a packed container of a seed.

    Parameters
    ----------
    name : a key of :data:`CONTAINERS`
    threat : *none*, *random* (half of the bags), *any*, a category, or the name of a prohibited thing
    count : how many threats, where there is one
    clutter : *low*, *medium* or *high*
    """
    random = np.random.default_rng([seed, len(name)])
    make, ranges = CONTAINERS[name]
    x, y, z = (round(float(random.uniform(*span)), 1) for span in ranges)
    return packed_load(
        make((x, y, z), random), random, threats=(threat, count, ()), clutter=clutter, has_clothes=name != "parcel"
    )


def packed_load(
    container: Container, random: np.random.Generator, *, threats: tuple[str, int, Sequence[str]], clutter: str,
    has_clothes: bool = False,
) -> Load:  # fmt: skip
    """Return a container packed with everyday things and ``threats``: which, how many, and of which kinds at most.

    Raises
    ------
    WrongUsage
        The threats do not fit.
    """
    drawn = _threats(threats, container.room.half_mm, random)
    stowed = STOWED if has_clothes else frozenset()
    empty, state = container.room.heights.copy(), random.bit_generator.state
    packed = _pack(container, drawn, clutter, random, stowed)
    if sum(each.is_threat for each in packed) < len(drawn):
        container.room.heights = empty
        random.bit_generator.state = state
        packed = _pack(container, drawn, clutter, random, stowed, threats_first=True)
    missing = len(drawn) - sum(each.is_threat for each in packed)
    if missing:
        raise WrongUsage(
            f"no room for {missing} of the {len(drawn)} threats ({', '.join(each.kind.name for each in drawn)}); ask "
            "for fewer, for a smaller one, or for another seed"
        )
    density = round(float(random.uniform(0.15, 0.26)), 3)
    filling = (
        drape(container.room, random, density_g_cm3=density)
        if has_clothes
        else drape(container.room, random, density_g_cm3=0.02, material="polyethylene")
    )
    return Load(container, tuple(packed), filling)


def _threats(wanted: tuple[str, int, Sequence[str]], room_mm: Point, random: np.random.Generator) -> list[Article]:
    """Return the threats to pack; what chance chooses is drawn anew until it can lie in the room."""
    threat, count, among = wanted
    if threat == "none" or count == 0 or (threat == "random" and bool(random.integers(0, 2))):
        return []
    if threat in ("random", "any"):
        choice: Sequence[Kind] = [kind for kind in threat_kinds() if not among or kind.name in among]
    else:
        choice = [kind for kind in threat_kinds() if threat in (kind.name, kind.category)] or [_not_one(threat)]
    weights = np.array([kind.weight for kind in choice])
    drawn: list[Article] = []
    for _ in range(DRAWS * count):
        article = choice[int(random.choice(len(choice), p=weights / weights.sum()))].draw(random)
        if len(choice) == 1 or _can_lie(article, room_mm):
            drawn.append(article)
        if len(drawn) == count:
            break
    return drawn


def _can_lie(article: Article, room_mm: Point) -> bool:
    """Return whether an article fits into an empty room, along its walls."""
    pairs = zip(sorted(article.half_mm), sorted(room_mm), strict=True)
    return all(half + 4.0 <= edge for half, edge in pairs)


def _not_one(threat: str) -> Kind:
    found = kind_of(threat)
    raise WrongUsage(f"'{found.name}' is an everyday thing and no threat")


def _pack(
    container: Container, threats: list[Article], clutter: str, random: np.random.Generator, stowed: frozenset[str],
    *, threats_first: bool = False,
) -> list[Packed]:  # fmt: skip
    """Lay clothes first, then threats among everyday things, the larger ones first, until it is as full as asked."""
    everyday = [kind for kind in kinds([EVERYDAY]) if kind.name not in STOWED]
    cloth = [kind_of(name) for name in sorted(stowed)]
    queue = [(kind.draw(random), False) for kind in _picked(cloth, 2 if clutter == "low" else 3, random)]
    chosen = [(kind.draw(random), False) for kind in _picked(everyday, MOST_ARTICLES[clutter], random)]
    chosen = _larger_first(chosen, random)
    hidden = [(threat, True) for threat in threats]
    queue = hidden + queue + chosen if threats_first else queue + _mixed(chosen, hidden, random)
    packed: list[Packed] = []
    failed = 0
    for article, is_threat in queue:
        is_full = container.room.full() >= MOST_SHARES[clutter] or failed >= GIVEN_UP_AFTER[clutter]
        if is_full and not is_threat:
            continue
        place = container.room.put(
            article.half_mm, random, sides=SIDES[:2] if article.kind.name in TILTED else (FLAT,)
        ) or (container.room.put(article.half_mm, random, sides=SIDES) if is_threat else None)
        if place is None:
            failed += 1
            continue
        name = f"{article.kind.name}-{len(packed) + 1}"
        packed.append(Packed(name, article, place.at_mm, place.turn_deg, place.half_mm, is_threat))
    return packed


def _picked(choice: Sequence[Kind], count: int, random: np.random.Generator) -> list[Kind]:
    """Return kinds by their weights; no kind much more often than its weight says."""
    if not choice or count == 0:
        return []
    weights = np.array([kind.weight for kind in choice])
    keys = random.random(len(choice)) ** (1.0 / weights)
    order = np.argsort(-keys, kind="stable")
    return [choice[int(order[number % len(choice)])] for number in range(count)]


def _larger_first(chosen: list[tuple[Article, bool]], random: np.random.Generator) -> list[tuple[Article, bool]]:
    """Return the queue with large things more or less before small ones, as people pack."""
    areas = [article.half_mm[0] * article.half_mm[1] * float(random.uniform(0.3, 1.7)) for article, _ in chosen]
    return [chosen[number] for number in sorted(range(len(chosen)), key=lambda each: -areas[each])]


def _mixed(
    chosen: list[tuple[Article, bool]], threats: list[tuple[Article, bool]], random: np.random.Generator
) -> list[tuple[Article, bool]]:
    """Return the queue with the threats early in it, at random places: later they would find no room."""
    queue = list(chosen)
    for threat in threats:
        queue.insert(int(random.integers(0, max(1, len(queue) // 4))), threat)
    return queue


def scene_of(name: str, load: Load, seed: int, *, size_px: int | None, labels: str) -> tuple[Scene, Tunnel]:
    """Return the scene document of a packed container in the scanner."""
    tunnel = tunnel_of(load.container.half_mm, size_px=size_px)
    words = f"{WORDS[name]}, dual energy, simulated"
    return scanned(name, load.things(labels=labels), tunnel, seed=seed, words=words), tunnel


def pictures(name: str, load: Load, seed: int, *, size_px: int | None, labels: str) -> tuple[SimulatedImage, ...]:
    """Return the views of a packed container, each with planes low, high and z-effective, and the truth."""
    return tuple(finished(view) for view in exposed(name, load, seed, size_px=size_px, labels=labels))


def finished(view: SimulatedImage) -> SimulatedImage:
    """Return a view of low and high energy with its plane z-effective."""
    return with_z(view, z_plane(view.image.pixels[0], view.image.pixels[1]))


def exposed(name: str, load: Load, seed: int, *, size_px: int | None, labels: str) -> tuple[SimulatedImage, ...]:
    """Return the views of a packed container, each with planes low and high, and the truth."""
    from kerma.science.simulate.render import render_views

    scene, _ = scene_of(name, load, seed, size_px=size_px, labels=labels)
    contents = load.contents()
    truth = {
        "tube_voltage_kv": TUBE_KV, "threats": sum(each.is_threat for each in load.packed), "contents": contents,
        "open_stored": [channel.reference_stored for channel in scene.detector.channels],
    }  # fmt: skip
    return tuple(coded(dataclasses.replace(view, truth={**view.truth, **truth})) for view in render_views(scene))


def coded(view: SimulatedImage) -> SimulatedImage:
    """Return a view whose findings carry the category of their thing as their code."""
    codes = {kind.name: kind.category for kind in kinds()}
    findings = tuple(dataclasses.replace(each, code=codes.get(each.label, "")) for each in view.findings)
    return dataclasses.replace(view, findings=findings)


def cabin_bag(seed: int, **options: Any) -> tuple[SimulatedImage, ...]:
    """Return a cabin bag, 51 to 55 × 34 to 40 × 19 to 23 cm, from above and from the side."""
    return _build("cabin-bag", seed, **options)


def hold_bag(seed: int, **options: Any) -> tuple[SimulatedImage, ...]:
    """Return a suitcase for the hold."""
    return _build("hold-bag", seed, **options)


def parcel(seed: int, **options: Any) -> tuple[SimulatedImage, ...]:
    """Return a parcel."""
    return _build("parcel", seed, **options)


def _build(
    name: str, seed: int, *, labels: str = "threats", size_px: int | None = None, **packing: Any
) -> tuple[SimulatedImage, ...]:
    load = loaded(name, seed, **packing)
    return pictures(name, load, seed, size_px=size_px, labels=labels)
