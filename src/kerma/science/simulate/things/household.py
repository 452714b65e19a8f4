"""What else lies in bags: bottles and jars, food, books, pens, cutlery, tools, toys."""

from __future__ import annotations

from kerma.science.simulate.document import Box, Cylinder, Ellipsoid, Prism, Stroke, Thing, Tube
from kerma.science.simulate.things.parts import (
    ALONG_X,
    ALONG_Y,
    Parts,
    Random,
    arc,
    bottle,
    jar,
    loop,
    plate,
    rounded,
)  # fmt: skip


def water_bottle(random: Random) -> Parts:
    """Return half a litre of water in a plastic bottle."""
    return bottle(32, 170, 0.6, ("PET", "water", "polyethylene"), float(random.uniform(0.6, 0.93)))


def cola_bottle(random: Random) -> Parts:
    """Return half a litre of a sweet drink."""
    return bottle(33, 165, 0.7, ("PET", "lemonade", "polyethylene"), 0.9)


def shampoo(random: Random) -> Parts:
    """Return a bottle of shampoo."""
    return bottle(25, 130, 1.4, ("polyethylene", "shampoo", "polypropylene"), 0.86)


def perfume(random: Random) -> Parts:
    """Return a small glass flask with a metal cap."""
    return [
        Thing("glass", plate(58, 46, 26, 5), "window glass"),
        Thing("liquid", plate(46, 36, 18, 4), "spirits", (2, 0, 0), inside="glass"),
        Thing("neck", Cylinder(7, 8), "window glass", (33, 0, 0), ALONG_X),
        Thing("cap", Cylinder(11, 20), "aluminium", (47, 0, 0), ALONG_X),
        Thing("pump", Cylinder(5, 16), "polypropylene", (46, 0, 0), ALONG_X, "cap"),
    ]


def wine_bottle(random: Random) -> Parts:
    """Return a glass bottle of wine with its cork."""
    return [
        Thing("glass", Cylinder(37.5, 190), "window glass", (-40, 0, 0), ALONG_X),
        Thing("wine", Cylinder(33.5, 184), "wine", (-39, 0, 0), ALONG_X, "glass"),
        Thing("shoulder", Cylinder(37.5, 44, 15), "window glass", (77, 0, 0), ALONG_X),
        Thing("shoulder-wine", Cylinder(33.5, 44, 11), "wine", (77, 0, 0), ALONG_X, "shoulder"),
        Thing("neck", Cylinder(15, 70), "window glass", (134, 0, 0), ALONG_X),
        Thing("neck-air", Cylinder(10, 70), None, (134, 0, 0), ALONG_X, "neck"),
        Thing("cork", Cylinder(10, 40), "cork", (148, 0, 0), ALONG_X, "neck-air"),
    ]


def drink_can(random: Random) -> Parts:
    """Return an aluminium can of a drink, lying."""
    return [
        Thing("can", Cylinder(33, 118), "aluminium", turn_deg=ALONG_X),
        Thing("drink", Cylinder(32.6, 117), "lemonade", turn_deg=ALONG_X, inside="can"),
        Thing("air", Box((116, 38, 7)), None, (0, 0, 29), inside="drink"),
    ]


def spray_can(random: Random) -> Parts:
    """Return a deodorant spray: aluminium can two thirds full, dip tube, valve, cap."""
    return [
        Thing("can", Cylinder(22, 120), "aluminium", turn_deg=ALONG_X),
        Thing("gas", Cylinder(21.4, 118), None, turn_deg=ALONG_X, inside="can"),
        Thing("liquid", Cylinder(21.3, 70), "alcohol", (-23, 0, 0), ALONG_X, "gas"),
        Thing("tube", Cylinder(1.6, 104), "polypropylene", (0, 0, -4), ALONG_X, "can"),
        Thing("valve", Cylinder(8, 12), "brass", (66, 0, 0), ALONG_X, density_g_cm3=4.0),
        Thing("cap", Tube(20, 1.2, 34), "polypropylene", (77, 0, 0), ALONG_X),
    ]


def jam(random: Random) -> Parts:
    """Return a glass jar of jam with a tin lid."""
    return jar(34, 86, 3.0, ("window glass", "jam", "steel"))


def cream(random: Random) -> Parts:
    """Return a jar of cream."""
    return jar(32, 44, 2.5, ("polypropylene", "cream", "polypropylene"))


def food_tin(random: Random) -> Parts:
    """Return a tin of food."""
    return jar(37, 108, 0.25, ("steel", "meat", "steel"))


def toothpaste(random: Random) -> Parts:
    """Return a tube of toothpaste."""
    return [
        Thing("paste", Prism(rounded(130, 32, 15), 26), "toothpaste", turn_deg=(0, 0, 0)),
        Thing("crimp", Box((10, 42, 1.5)), "polyethylene", (-71, 0, 0)),
        Thing("cap", Cylinder(12, 26), "polypropylene", (79, 0, 0), ALONG_X),
    ]


def apple(random: Random) -> Parts:
    """Return an apple: flesh, core, pips."""
    size = float(random.uniform(33, 40))
    return [
        Thing("flesh", Ellipsoid((size, size, 0.92 * size)), "fruit"),
        Thing("core", Ellipsoid((9, 9, 13)), None, inside="flesh"),
        *(Thing(f"pip-{n}", Ellipsoid((2, 4, 2)), "cellulose", (5.0 * (n - 1), 3, 0), inside="core") for n in range(3)),
    ]


def banana(random: Random) -> Parts:
    """Return a bent fruit."""
    radii = (7.0, 13.0, 16.0, 17.0, 17.0, 17.0, 16.0, 13.0, 7.0)
    points = arc(95, 200, 300, 8)
    return [Thing("fruit", Stroke(points, radii), "fruit")]


def bread(random: Random) -> Parts:
    """Return a loaf."""
    return [
        Thing("crumb", Ellipsoid((95, 52, 40)), "flour", density_g_cm3=0.28),
        *(Thing(f"hole-{n}", Ellipsoid((7, 5, 5)), None,
                (float(random.uniform(-60, 60)), float(random.uniform(-20, 20)), float(random.uniform(-14, 14))),
                inside="crumb") for n in range(9)),
    ]  # fmt: skip


def chocolate(random: Random) -> Parts:
    """Return a stack of chocolate bars, grooved."""
    grooves = [Thing(f"groove-{n}", Box((3, 78, 4)), None, (-60.0 + 20 * n, 0, 6.5), inside="bar") for n in range(7)]
    return [
        Thing("bar", Box((160, 78, 17)), "chocolate"),
        *grooves,
        Thing("groove-l", Box((160, 3, 4)), None, (0, 0, 6.5), inside="bar"),
        Thing("foil", Box((162, 80, 0.05)), "aluminium", (0, 0, 8.8)),
    ]


def cheese(random: Random) -> Parts:
    """Return a block of cheese."""
    return [Thing("cheese", Prism(((0, 0), (130, -28), (130, 28)), 45), "cheese", (-65, 0, 0))]


def book(random: Random) -> Parts:
    """Return a hard-back: paper between boards, the spine."""
    length, width, thick = (float(random.uniform(*span)) for span in ((180, 240), (120, 165), (16, 42)))
    return [
        Thing("paper", Box((length, width, thick)), "paper"),
        Thing("board-1", Box((length + 6, width + 4, 2.4)), "cardboard", (0, 0, thick / 2 + 1.25)),
        Thing("board-2", Box((length + 6, width + 4, 2.4)), "cardboard", (0, 0, -thick / 2 - 1.25)),
        Thing("spine", Box((length + 6, 2.4, thick)), "cardboard", (0, width / 2 + 1.25, 0)),
    ]


def papers(random: Random) -> Parts:
    """Return a folder of papers with its clip and staples."""
    return [
        Thing("paper", Box((297, 210, float(random.uniform(4, 10)))), "paper"),
        Thing("clip", Stroke(loop(60, 12, 4), 1.0), "steel", (0, 96, 7)),
        *(Thing(f"staple-{n}", Cylinder(0.3, 12), "steel", (-130, -60.0 + 40 * n, 0), ALONG_Y, "paper")
          for n in range(4)),
    ]  # fmt: skip


def pens(random: Random) -> Parts:
    """Return three pens: plastic, refill with a brass tip, spring."""
    parts: Parts = []
    for number in range(3):
        name, y = f"pen-{number + 1}", 13.0 * number
        parts += [
            Thing(name, Cylinder(5, 138), "polystyrene", (0, y, 0), ALONG_X),
            Thing(f"{name}-room", Cylinder(3.6, 136), None, (0, y, 0), ALONG_X, name),
            Thing(f"{name}-refill", Cylinder(1.6, 100), "polypropylene", (0, y, 0), ALONG_X, f"{name}-room"),
            Thing(f"{name}-tip", Cylinder(2.2, 14), "brass", (62, y, 0), ALONG_X, f"{name}-room"),
            Thing(f"{name}-clip", Box((40, 3, 1)), "steel", (-44, y, 6)),
        ]
    return parts


def scissors(random: Random) -> Parts:
    """Return blunt paper scissors, closed."""
    blade = ((0.0, -5.0), (86.0, -5.0), (92.0, -1.0), (88.0, 4.0), (0.0, 6.0))
    return [
        Thing("blade-1", Prism(blade, 1.8), "stainless steel 304"),
        Thing("blade-2", Prism(tuple((x, -y) for x, y in blade), 1.8), "stainless steel 304", (0, 0, 1.9)),
        Thing("screw", Cylinder(3.5, 6), "steel", (14, 0, 1)),
        *(Thing(f"bow-{n}", Stroke(tuple((1.5 * x, y, z) for x, y, z in arc(15, 0, 360, 18)), 3.2), "abs",
                (-28, y, 1)) for n, y in ((1, -20.0), (2, 20.0))),
        *(Thing(f"tang-{n}", Stroke(((-8, y, 1), (6, 0.2 * y, 1)), 2.6), "steel") for n, y in ((1, -11.0), (2, 11.0))),
    ]  # fmt: skip


def cutlery(random: Random) -> Parts:
    """Return a spoon and a fork side by side."""
    return [
        Thing("spoon", Stroke(((-90, 0, 0), (30, 0, 0)), (3.4, 2.0)), "stainless steel 304"),
        Thing("bowl", Ellipsoid((28, 18, 1.6)), "stainless steel 304", (58, 0, 0)),
        Thing("fork", Stroke(((-90, 44, 0), (40, 44, 0)), (3.4, 2.0)), "stainless steel 304"),
        Thing("root", plate(24, 24, 2, 8), "stainless steel 304", (50, 44, 0)),
        *(Thing(f"tine-{n}", Cylinder(1.2, 42), "stainless steel 304", (82, 35.0 + 6 * n, 0), ALONG_X)
          for n in range(4)),
    ]  # fmt: skip


def thermos(random: Random) -> Parts:
    """Return a vacuum flask: two steel walls, tea, a plastic cup."""
    return [
        Thing("outer", Cylinder(38, 210), "stainless steel 304", turn_deg=ALONG_X),
        Thing("vacuum", Cylinder(37.4, 208), None, turn_deg=ALONG_X, inside="outer"),
        Thing("inner", Cylinder(33, 204), "stainless steel 304", (3, 0, 0), ALONG_X, "vacuum"),
        Thing("room", Cylinder(32.5, 203), None, (4, 0, 0), ALONG_X, "inner"),
        Thing("tea", Cylinder(32.4, 150), "water", (-22, 0, 0), ALONG_X, "room"),
        Thing("stopper", Cylinder(30, 30), "polypropylene", (88, 0, 0), ALONG_X, "room"),
        Thing("cup", Tube(36, 2.4, 56), "polypropylene", (134, 0, 0), ALONG_X),
        Thing("cup-end", Cylinder(36, 2.4), "polypropylene", (163.4, 0, 0), ALONG_X),
    ]


def mug(random: Random) -> Parts:
    """Return a china mug."""
    return [
        Thing("china", Cylinder(41, 94), "porcelain"),
        Thing("room", Cylinder(37, 90), None, (0, 0, 3), inside="china"),
        Thing("ear", Stroke(tuple((x, 0.0, z) for x, z, _ in arc(27, -80, 80)), 5), "porcelain", (44, 0, 0)),
    ]


def toy_car(random: Random) -> Parts:
    """Return a die-cast toy car: zinc body, axles, rubber tyres."""
    side = (
        (-38.0, -8.0),
        (38.0, -8.0),
        (38.0, 2.0),
        (22.0, 4.0),
        (12.0, 15.0),
        (-20.0, 15.0),
        (-28.0, 4.0),
        (-38.0, 3.0),
    )
    return [
        Thing("body", Prism(side, 32), "zamak", turn_deg=(90, 0, 0)),
        Thing("room", Box((70, 27, 16)), None, (0, 0, 0), inside="body"),
        *(Thing(f"axle-{n}", Cylinder(1.2, 38), "steel", (x, 0, -8), ALONG_Y) for n, x in ((1, -22.0), (2, 22.0))),
        *(Thing(f"wheel-{n}-{m}", Cylinder(7, 6), "rubber", (x, y, -8), ALONG_Y)
          for n, x in ((1, -22.0), (2, 22.0)) for m, y in ((1, -19.5), (2, 19.5))),
    ]  # fmt: skip


def doll(random: Random) -> Parts:
    """Return a stuffed animal with glass eyes."""
    return [
        Thing("body", Ellipsoid((70, 52, 44)), "polyurethane foam", density_g_cm3=0.07),
        Thing("head", Ellipsoid((40, 40, 38)), "polyurethane foam", (104, 0, 0), density_g_cm3=0.07),
        *(Thing(f"eye-{n}", Ellipsoid((5, 5, 5)), "window glass", (116, y, 24), inside="head")
          for n, y in ((1, -13.0), (2, 13.0))),
        Thing("squeaker", Cylinder(18, 14), "polypropylene", inside="body", density_g_cm3=0.5),
    ]  # fmt: skip


def spanner(random: Random) -> Parts:
    """Return a small screwdriver and a bit set, as many travellers carry."""
    return [
        Thing("case", plate(96, 52, 18, 3), "polypropylene"),
        Thing("room", plate(92, 48, 15, 3), None, inside="case"),
        *(Thing(f"bit-{n}", Cylinder(3.1, 25), "tool steel", (-34.0 + 10 * (n % 8), -10.0 + 20 * (n // 8), 0), ALONG_Y,
                "room") for n in range(12)),
    ]  # fmt: skip


def toothbrush(random: Random) -> Parts:
    """Return an electric toothbrush: motor, cell, coil, steel shaft."""
    return [
        Thing("case", Cylinder(14, 160), "abs", turn_deg=ALONG_X),
        Thing("room", Cylinder(12, 156), None, turn_deg=ALONG_X, inside="case"),
        Thing("cell", Cylinder(7.2, 50), "battery alkaline", (-34, 0, 0), ALONG_X, "room"),
        Thing("motor", Cylinder(9, 30), "iron", (26, 0, 0), ALONG_X, "room", density_g_cm3=5.0),
        Thing("coil", Tube(11, 2, 14), "copper", (-68, 0, 0), ALONG_X, "room", density_g_cm3=4.0),
        Thing("shaft", Cylinder(1.6, 76), "steel", (110, 0, 0), ALONG_X),
        Thing("neck", Tube(5, 1.6, 66), "polypropylene", (114, 0, 0), ALONG_X),
    ]


def medicine(random: Random) -> Parts:
    """Return blister packs of tablets in a carton."""
    parts: Parts = [
        Thing("carton", Box((98, 52, 22)), "cardboard"),
        Thing("room", Box((97, 51, 21)), None, inside="carton"),
    ]
    for number in range(20):
        at = (-38.0 + 19 * (number % 5), -18.0 + 18 * (number // 5 % 2) + 9, -4.0 + 8 * (number // 10))
        parts.append(Thing(f"tablet-{number + 1}", Cylinder(4.6, 3.4), "CaHPO4", at, inside="room", density_g_cm3=1.4))
    parts += [
        Thing(f"foil-{n}", Box((92, 46, 0.06)), "aluminium", (0, 0, z), inside="room") for n, z in ((1, -6.2), (2, 1.8))
    ]
    return parts


def tripod(random: Random) -> Parts:
    """Return a camera tripod, folded: three legs, a head."""
    return [
        *(Thing(f"leg-{n}", Tube(9, 1.2, 300), "aluminium", (0, y, z), ALONG_X)
          for n, (y, z) in enumerate(((-10.0, 0.0), (10.0, 0.0), (0.0, 17.5)))),
        *(Thing(f"inner-{n}", Tube(7, 1.0, 260), "aluminium", (0, y, z), ALONG_X)
          for n, (y, z) in enumerate(((-10.0, 0.0), (10.0, 0.0), (0.0, 17.5)))),
        Thing("head", Ellipsoid((30, 22, 20)), "aluminium", (178, 0, 8), density_g_cm3=1.6),
        Thing("screw", Cylinder(3.2, 16), "steel", (206, 0, 8), ALONG_X),
    ]  # fmt: skip
