"""Things people travel with, each a few primitives of the right material and thickness."""

from __future__ import annotations

import numpy as np

from kerma.science.simulate.bag_box import COLUMNS, PIXEL_MM, ROWS, Bag, Spot
from kerma.science.simulate.solids import Field, bar, disc, joined, raised, rectangle, ring, rod, tube
from kerma.science.simulate.texture import smooth_field, smooth_line

Place = tuple[float, float]
MIDDLE = (0.0, 0.0)


def slab(spot: Spot, material: str, *, center: Place, size: Place, thickness_mm: float, corner: float = 1.5) -> None:
    """Lay a flat plate with an edge about a pixel soft."""
    shape = rectangle(spot.row, spot.column, center=center, size=size, corner=corner)
    spot.add(material, raised(shape, height=thickness_mm, edge=1.2 * PIXEL_MM))


def suitcase(bag: Bag, generator: np.random.Generator) -> None:
    """Lay a hard-shell case: two walls, the side wall seen on edge, zip, handle rods and wheels."""
    spot = bag.at(MIDDLE, 420.0)
    outer = rectangle(spot.row, spot.column, center=MIDDLE, size=(408.0, 560.0), corner=52.0)
    spot.add("abs", raised(outer, height=5.0, edge=7.0))
    spot.add("abs", 34.0 * np.exp(-((outer + 4.0) / 3.4) ** 2))
    spot.add("polyethylene", 4.0 * np.exp(-((outer + 11.0) / 2.2) ** 2))
    teeth = 0.55 + 0.45 * np.sin(np.arctan2(spot.row, spot.column) * 900.0)
    spot.add("brass", 1.1 * np.exp(-((outer + 9.0) / 1.1) ** 2) * teeth)
    for offset in (-150.0, -75.0, 75.0, 150.0):
        ridge = np.exp(-((spot.row - offset) / 5.0) ** 2) * (outer < -9.0)
        spot.add("abs", 0.8 * ridge)
    for row in (-46.0, 46.0):
        rods = bar(spot.row, spot.column, start=(row, -262.0), end=(row, 236.0), width=13.0)
        spot.add("aluminium", tube(rods, radius=6.5, wall=1.1))
        inner = bar(spot.row, spot.column, start=(row, -262.0), end=(row, 60.0), width=9.5)
        spot.add("aluminium", tube(inner, radius=4.75, wall=0.9))
    grip = bar(spot.row, spot.column, start=(-46.0, -266.0), end=(46.0, -266.0), width=17.0)
    spot.add("abs", 0.8 * rod(grip, radius=8.5))
    spot.add("iron", tube(grip, radius=3.0, wall=0.5))
    for row in (-158.0, 158.0):
        _wheel(bag, (row, 262.0))


def _wheel(bag: Bag, place: Place) -> None:
    spot = bag.at(place, 40.0)
    slab(spot, "abs", center=(0.0, 2.0), size=(56.0, 40.0), thickness_mm=5.0, corner=9.0)
    slab(spot, "rubber", center=(0.0, 6.0), size=(17.0, 44.0), thickness_mm=26.0, corner=8.0)
    axle = bar(spot.row, spot.column, start=(-15.0, 6.0), end=(15.0, 6.0), width=6.0)
    spot.add("iron", rod(axle, radius=2.6))


def clothes(bag: Bag, generator: np.random.Generator) -> None:
    """Fill the case with folded and rumpled cloth."""
    spot = bag.at(MIDDLE, 420.0)
    shape = spot.row.shape[0], spot.column.shape[1]
    walls = rectangle(spot.row, spot.column, center=MIDDLE, size=(382.0, 534.0), corner=46.0)
    inside = raised(walls, height=1.0, edge=26.0)
    rumpled = 1.0 + 0.25 * smooth_field(generator, (ROWS, COLUMNS), 190.0)[: shape[0], : shape[1]]
    creases = np.abs(smooth_field(generator, (ROWS, COLUMNS), 60.0, 2.2)[: shape[0], : shape[1]])
    weave = smooth_field(generator, (ROWS, COLUMNS), 5.0)[: shape[0], : shape[1]]
    cloth = 11.0 * rumpled + 2.2 * np.exp(-((creases / 0.12) ** 2)) + 0.18 * weave
    spot.add("cotton", np.maximum(0.0, inside * cloth))
    for _ in range(11):
        place = (float(generator.uniform(-130.0, 130.0)), float(generator.uniform(-205.0, 205.0)))
        _garment(bag, generator, place, float(generator.uniform(-35.0, 35.0)))
    spot.bag.map_of("cotton")[spot.window] *= np.clip(-walls / 6.0, 0.0, 1.0)


def _garment(bag: Bag, generator: np.random.Generator, place: Place, turn_deg: float) -> None:
    height, width = float(generator.uniform(90.0, 160.0)), float(generator.uniform(110.0, 190.0))
    spot = bag.at(place, 130.0, turn_deg)
    folds = 7.0 * np.sin(spot.column / 31.0 + float(generator.uniform(0.0, 6.0))) + 4.0 * np.sin(spot.row / 17.0)
    edge = rectangle(spot.row, spot.column, center=MIDDLE, size=(height, width), corner=18.0) + folds
    height_mm = float(generator.uniform(2.0, 5.0))
    spot.add("cotton", raised(edge, height=height_mm, edge=5.0))
    seam = np.exp(-((edge + 9.0) / 1.3) ** 2)
    spot.add("cotton", 1.8 * seam)


def laptop(bag: Bag, place: Place, turn_deg: float, generator: np.random.Generator) -> None:
    """Lay a laptop: case, screen, six cells, boards with chips, fan, heat pipe, hinges, screws."""
    spot = bag.at(place, 205.0, turn_deg)
    slab(spot, "aluminium", center=MIDDLE, size=(222.0, 318.0), thickness_mm=1.5, corner=9.0)
    slab(spot, "abs", center=MIDDLE, size=(220.0, 316.0), thickness_mm=2.5, corner=9.0)
    slab(spot, "glass", center=(-2.0, 0.0), size=(196.0, 304.0), thickness_mm=0.8)
    for number in range(6):
        center = (74.0, -125.0 + 50.0 * number)
        slab(spot, "cell", center=center, size=(60.0, 46.0), thickness_mm=4.6, corner=3.0)
        slab(spot, "aluminium", center=center, size=(61.0, 47.0), thickness_mm=0.4, corner=3.0)
    slab(spot, "board", center=(-48.0, 40.0), size=(98.0, 196.0), thickness_mm=1.5)
    slab(spot, "board", center=(-30.0, -118.0), size=(66.0, 62.0), thickness_mm=1.5)
    slab(spot, "board", center=(12.0, -20.0), size=(22.0, 80.0), thickness_mm=3.0)
    for _ in range(70):
        center = (float(generator.uniform(-92.0, -6.0)), float(generator.uniform(-50.0, 132.0)))
        size = (float(generator.uniform(2.0, 11.0)), float(generator.uniform(2.0, 13.0)))
        slab(spot, "board", center=center, size=size, thickness_mm=float(generator.uniform(0.8, 2.6)), corner=0.5)
    slab(spot, "copper", center=(-58.0, 8.0), size=(34.0, 34.0), thickness_mm=0.8)
    pipe = bar(spot.row, spot.column, start=(-58.0, 8.0), end=(-72.0, 118.0), width=7.0)
    spot.add("copper", raised(pipe, height=1.0, edge=2.0))
    fan = ring(spot.row, spot.column, center=(-64.0, 120.0), radius=19.0, width=3.0)
    spot.add("abs", raised(fan, height=6.0, edge=1.0))
    spot.add("copper", raised(disc(spot.row, spot.column, center=(-64.0, 120.0), radius=7.0), height=1.3, edge=1.0))
    for column in (-112.0, 112.0):
        hinge = bar(spot.row, spot.column, start=(-106.0, column - 20.0), end=(-106.0, column + 20.0), width=6.0)
        spot.add("iron", rod(hinge, radius=1.6))
    for row in (-100.0, 6.0, 104.0):
        for column in (-150.0, -52.0, 52.0, 150.0):
            screw = disc(spot.row, spot.column, center=(row, column), radius=1.7)
            spot.add("iron", raised(screw, height=2.2, edge=0.8))


def shoes(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a pair of shoes, soles down: tread, upper, shank, heel nails and eyelets."""
    for side, offset in ((-1.0, -46.0), (1.0, 46.0)):
        angle = np.deg2rad(turn_deg)
        middle = (place[0] + offset * np.cos(angle), place[1] + offset * np.sin(angle))
        spot = bag.at((float(middle[0]), float(middle[1])), 165.0, turn_deg + 4.0 * side)
        _shoe(spot, side)


def _shoe(spot: Spot, side: float) -> None:
    heel = disc(spot.row, spot.column, center=(0.0, -104.0), radius=33.0)
    ball = disc(spot.row, spot.column, center=(3.0 * side, 62.0), radius=44.0)
    waist = bar(spot.row, spot.column, start=(0.0, -104.0), end=(2.0 * side, 62.0), width=60.0)
    sole = joined(joined(heel, waist, 26.0), ball, 26.0)
    tread = 1.0 + 0.22 * np.sign(np.sin(spot.column / 1.9)) * (sole < -6.0)
    spot.add("rubber", raised(sole, height=12.0, edge=3.0) * tread)
    spot.add("leather", 9.0 * np.exp(-((sole + 4.0) / 3.2) ** 2))
    slab(spot, "rubber", center=(0.0, -104.0), size=(54.0, 52.0), thickness_mm=13.0, corner=22.0)
    slab(spot, "iron", center=(0.0, -30.0), size=(13.0, 104.0), thickness_mm=0.9, corner=6.0)
    for number in range(6):
        for row in (-15.0, 15.0):
            hole = ring(spot.row, spot.column, center=(row, 0.0 + 11.0 * number), radius=2.6, width=1.8)
            spot.add("brass", raised(hole, height=1.4, edge=0.7))


def bottle(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a bottle of water, three quarters full."""
    spot = bag.at(place, 130.0, turn_deg)
    body = bar(spot.row, spot.column, start=(0.0, -72.0), end=(0.0, 52.0), width=66.0)
    spot.add("polyethylene", tube(body, radius=33.0, wall=0.7))
    inside = bar(spot.row, spot.column, start=(0.0, -70.0), end=(0.0, 50.0), width=64.0)
    spot.add("water", 0.82 * rod(inside, radius=32.0))
    neck = bar(spot.row, spot.column, start=(0.0, 84.0), end=(0.0, 100.0), width=26.0)
    spot.add("polyethylene", tube(neck, radius=13.0, wall=2.8))
    ribs = 0.5 + 0.5 * np.cos(spot.column / 8.0)
    spot.add("polyethylene", 0.5 * ribs * (body < -1.0))


def phone(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a phone."""
    spot = bag.at(place, 90.0, turn_deg)
    slab(spot, "aluminium", center=MIDDLE, size=(72.0, 150.0), thickness_mm=0.8, corner=10.0)
    slab(spot, "glass", center=MIDDLE, size=(70.0, 148.0), thickness_mm=1.4, corner=10.0)
    slab(spot, "cell", center=(-8.0, 12.0), size=(44.0, 92.0), thickness_mm=4.0, corner=3.0)
    slab(spot, "board", center=(24.0, 6.0), size=(16.0, 120.0), thickness_mm=2.2)
    slab(spot, "copper", center=(22.0, -30.0), size=(12.0, 26.0), thickness_mm=0.5)
    camera = ring(spot.row, spot.column, center=(-18.0, -56.0), radius=8.0, width=3.0)
    spot.add("iron", raised(camera, height=1.5, edge=1.0))


def charger(bag: Bag, place: Place, turn_deg: float, generator: np.random.Generator) -> None:
    """Lay a power supply with its coiled cable and plug."""
    spot = bag.at(place, 110.0, turn_deg)
    slab(spot, "abs", center=(-34.0, -30.0), size=(46.0, 100.0), thickness_mm=5.0, corner=7.0)
    slab(spot, "board", center=(-34.0, -30.0), size=(38.0, 90.0), thickness_mm=1.6)
    slab(spot, "iron", center=(-36.0, -22.0), size=(24.0, 24.0), thickness_mm=4.5, corner=2.0)
    slab(spot, "copper", center=(-36.0, -22.0), size=(18.0, 18.0), thickness_mm=2.0, corner=5.0)
    for column in (-66.0, -52.0, 6.0):
        can = disc(spot.row, spot.column, center=(-34.0, column), radius=6.5)
        spot.add("aluminium", raised(can, height=9.0, edge=2.0))
    angle = np.linspace(0.0, 9.4 * np.pi, 900)
    radius = 27.0 + 5.0 * np.sin(angle * 0.37) + 2.0 * smooth_line(generator, 900, 140.0)
    path = np.stack([28.0 + radius * np.sin(angle), 26.0 + 1.25 * radius * np.cos(angle)], axis=1)
    cable(spot, path, radius_mm=1.9)


def cable(spot: Spot, path_mm: Field, *, radius_mm: float) -> None:
    """Lay a cable along a path: copper strands in a plastic jacket."""
    copper, jacket = np.zeros(spot.row.shape), np.zeros(spot.row.shape)
    for start, end in zip(path_mm[:-1], path_mm[1:], strict=True):
        low, high = np.minimum(start, end) - radius_mm - 1.0, np.maximum(start, end) + radius_mm + 1.0
        near = (spot.row > low[0]) & (spot.row < high[0]) & (spot.column > low[1]) & (spot.column < high[1])
        away = bar(spot.row[near], spot.column[near], start=tuple(start), end=tuple(end), width=0.0)
        jacket[near] = np.maximum(jacket[near], rod(away - radius_mm, radius=radius_mm))
        copper[near] = np.maximum(copper[near], rod(away - 0.5 * radius_mm, radius=0.5 * radius_mm))
    spot.add("polyethylene", jacket)
    spot.add("copper", 0.6 * copper)


def keys(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a ring with four keys."""
    spot = bag.at(place, 75.0, turn_deg)
    wire = ring(spot.row, spot.column, center=MIDDLE, radius=13.0, width=3.0)
    spot.add("iron", rod(wire, radius=1.5))
    for number, turn in enumerate((-1.1, -0.45, 0.15, 0.7)):
        down, right = float(np.sin(turn)), float(np.cos(turn))
        head = ring(spot.row, spot.column, center=(24.0 * down, 24.0 * right), radius=8.5, width=8.0)
        tip = (54.0 * down, 54.0 * right) if number % 2 else (49.0 * down, 49.0 * right)
        blade = bar(spot.row, spot.column, start=(32.0 * down, 32.0 * right), end=tip, width=7.5)
        teeth = 0.9 * (1.0 + np.sin((spot.row * down + spot.column * right) / 0.8))
        notch = teeth * (spot.row * right > spot.column * down)
        spot.add("brass", raised(head, height=2.2, edge=0.9) + raised(blade + notch, height=2.0, edge=0.9))


def book(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a paperback: even paper, denser at the spine."""
    spot = bag.at(place, 120.0, turn_deg)
    slab(spot, "cotton", center=MIDDLE, size=(128.0, 192.0), thickness_mm=15.0, corner=1.0)
    slab(spot, "cotton", center=(-62.0, 0.0), size=(5.0, 192.0), thickness_mm=3.0, corner=1.0)


def wash_bag(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a wash bag: soap, a tube, a glass flask with a metal cap, a razor."""
    spot = bag.at(place, 120.0, turn_deg)
    shape = rectangle(spot.row, spot.column, center=MIDDLE, size=(112.0, 176.0), corner=26.0)
    spot.add("polyethylene", raised(shape, height=1.2, edge=4.0) + 4.0 * np.exp(-((shape + 3.0) / 1.6) ** 2))
    bar_of_soap = rectangle(spot.row, spot.column, center=(-22.0, -46.0), size=(50.0, 72.0), corner=16.0)
    spot.add("soap", raised(bar_of_soap, height=24.0, edge=14.0))
    paste = bar(spot.row, spot.column, start=(30.0, -66.0), end=(30.0, 44.0), width=34.0)
    spot.add("soap", 0.85 * rod(paste, radius=17.0))
    flask = rectangle(spot.row, spot.column, center=(-20.0, 34.0), size=(40.0, 54.0), corner=5.0)
    spot.add("glass", raised(flask, height=6.0, edge=1.5) + 16.0 * np.exp(-((flask + 2.2) / 1.8) ** 2))
    spot.add("water", raised(flask + 5.0, height=15.0, edge=2.0))
    cap = bar(spot.row, spot.column, start=(-20.0, 66.0), end=(-20.0, 76.0), width=15.0)
    spot.add("brass", tube(cap, radius=7.5, wall=0.7))
    handle = bar(spot.row, spot.column, start=(2.0, -20.0), end=(6.0, 66.0), width=8.0)
    spot.add("abs", rod(handle, radius=4.0))
    slab(spot, "iron", center=(2.0, -26.0), size=(36.0, 4.0), thickness_mm=0.8, corner=0.5)


def belt(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay a rolled belt with its buckle."""
    spot = bag.at(place, 70.0, turn_deg)
    away, angle = np.hypot(spot.row, spot.column), np.arctan2(spot.row, spot.column)
    turns = (away - 14.0) / 4.6 - angle / (2 * np.pi)
    rolled = np.exp(-(((turns - np.floor(turns) - 0.5) / 0.28) ** 2)) * ((away > 14.0) & (away < 44.0))
    spot.add("leather", 22.0 * rolled)
    frame = np.abs(rectangle(spot.row, spot.column, center=(0.0, 47.0), size=(38.0, 30.0), corner=4.0)) - 2.2
    spot.add("brass", raised(frame, height=3.0, edge=1.2))
    prong = bar(spot.row, spot.column, start=(0.0, 34.0), end=(0.0, 61.0), width=3.4)
    spot.add("iron", rod(prong, radius=1.5))


def coins(bag: Bag, place: Place, generator: np.random.Generator) -> None:
    """Scatter a handful of coins."""
    spot = bag.at(place, 80.0)
    for _ in range(7):
        center = (float(generator.uniform(-24.0, 24.0)), float(generator.uniform(-34.0, 34.0)))
        radius = float(generator.choice([8.0, 9.6, 11.2, 12.2]))
        spot.add("brass", raised(disc(spot.row, spot.column, center=center, radius=radius), height=1.9, edge=0.8))


def headphones(bag: Bag, place: Place, turn_deg: float) -> None:
    """Lay headphones: two cups with magnets, a sprung band."""
    spot = bag.at(place, 110.0, turn_deg)
    for row in (-62.0, 62.0):
        cup = disc(spot.row, spot.column, center=(row, 34.0), radius=33.0)
        spot.add("abs", raised(cup, height=9.0, edge=9.0) + 7.0 * np.exp(-((cup + 4.0) / 3.0) ** 2))
        spot.add("iron", raised(disc(spot.row, spot.column, center=(row, 34.0), radius=9.0), height=4.2, edge=1.5))
        coil = ring(spot.row, spot.column, center=(row, 34.0), radius=11.5, width=3.0)
        spot.add("copper", raised(coil, height=1.6, edge=0.8))
    band = ring(spot.row, spot.column, center=(0.0, 22.0), radius=64.0, width=11.0)
    arc = (spot.column < 26.0) * raised(band, height=1.0, edge=2.0)
    spot.add("abs", 5.0 * arc)
    spring = ring(spot.row, spot.column, center=(0.0, 22.0), radius=64.0, width=5.0)
    spot.add("iron", (spot.column < 26.0) * raised(spring, height=0.7, edge=0.8))
