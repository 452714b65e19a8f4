"""Prohibited articles as generic training shapes: silhouettes and materials as public test images show them, no more.

Nothing here is a plan of anything: a firearm is a few blocks of steel of the right outline, an explosive simulant a
block of the right number and density beside a battery, wires and a metal tube.
"""

from __future__ import annotations

from kerma.science.simulate.arithmetic import sin_cos_deg
from kerma.science.simulate.document import Box, Cylinder, Ellipsoid, Point, Prism, Stroke, Thing, Tube
from kerma.science.simulate.things.parts import (
    ALONG_X,
    ALONG_Y,
    Parts,
    Random,
    arc,
    bottle,
    plate,
    rounded,
)  # fmt: skip

SIMULANTS = ("c4", "tnt", "semtex", "dynamite", "ammonium nitrate")


def _rounds(count: int, at: Point, step: tuple[float, float], inside: str = "") -> Parts:
    """Return cartridges side by side: brass case, lead bullet."""
    parts: Parts = []
    for number in range(count):
        x, y = at[0] + step[0] * number, at[1] + step[1] * number
        parts += [
            Thing(f"case-{number + 1}", Cylinder(4.9, 19), "brass", (x, y, at[2]), ALONG_X, inside, 5.0),
            Thing(f"bullet-{number + 1}", Ellipsoid((7, 4.4, 4.4)), "lead", (x + 12, y, at[2]), inside=inside),
        ]
    return parts


def pistol(random: Random) -> Parts:
    """Return a pistol on its side: slide with bore, frame, grip with magazine, trigger and its guard."""
    steel = ("steel", "steel", "stainless steel 304")[int(random.integers(0, 3))]
    grip = ((-26.0, 0.0), (18.0, 0.0), (2.0, -92.0), (-46.0, -88.0))
    return [
        Thing("slide", Box((182, 26, 25)), steel, (0, 13, 0)),
        Thing("bore", Cylinder(4.6, 116), None, (33, 12, 0), ALONG_X, "slide"),
        Thing("chamber", Box((60, 12, 15)), None, (-52, 10, 0), inside="slide"),
        Thing("bolt", Cylinder(4.5, 54), "steel", (-54, 10, 0), ALONG_X, "chamber"),
        Thing("frame", Box((150, 17, 22)), "aluminium", (-4, -8.5, 0)),
        Thing("spring", Tube(4.6, 1.2, 86), "steel", (26, -7, 0), ALONG_X, "frame"),
        Thing("grip", Prism(grip, 29), "nylon", (-46, -17, 0)),
        Thing("well", Prism(tuple((0.72 * x - 3, 0.94 * y - 3) for x, y in grip), 21), None, (-46, -17, 0),
              inside="grip"),
        Thing("magazine", Prism(tuple((0.7 * x - 3, 0.92 * y - 4) for x, y in grip), 19), "steel", (-46, -17, 0),
              density_g_cm3=3.2, inside="well"),
        *_rounds(6, (-52, -30, 0), (-3.0, -11.0), "magazine"),
        Thing("guard", Stroke(arc(19, 170, 370, 14), 3), "aluminium", (2, -22, 0)),
        Thing("trigger", Stroke(((2, -18, 0), (-1, -28, 0), (3, -36, 0)), 2.6), "steel"),
        Thing("sight", Box((8, 4, 4)), "steel", (84, 28, 0)),
    ]  # fmt: skip


def revolver(random: Random) -> Parts:
    """Return a revolver on its side: barrel, cylinder with chambers, frame, grip, hammer."""
    chambers = [sin_cos_deg(60.0 * number) for number in range(6)]
    return [
        Thing("barrel", Tube(9.5, 4.8, 108), "steel", (92, 14, 0), ALONG_X),
        Thing("rib", Box((106, 8, 8)), "steel", (92, 28, 0)),
        Thing("frame", Box((112, 16, 16)), "steel", (-6, -10, 0)),
        Thing("strap", Box((86, 7, 15)), "steel", (-6, 29, 0)),
        Thing("drum", Cylinder(19, 40), "steel", (6, 10, 0), ALONG_X),
        *(Thing(f"chamber-{n}", Cylinder(4.9, 40), None, (6, 10 + 12 * s, 12 * c), ALONG_X, "drum")
          for n, (s, c) in enumerate(chambers)),
        *(Thing(f"case-{n}", Cylinder(4.7, 30), "brass", (4, 10 + 12 * s, 12 * c), ALONG_X, f"chamber-{n}", 4.5)
          for n, (s, c) in enumerate(chambers)),
        Thing("back", Box((20, 40, 15)), "steel", (-46, 6, 0)),
        Thing("grip", Prism(((-14, 0), (26, 0), (4, -84), (-44, -80)), 30), "hardwood", (-56, -18, 0)),
        Thing("tang", Prism(((-2, 0), (10, 0), (-8, -72), (-22, -70)), 8), "steel", (-56, -18, 0), inside="grip"),
        Thing("hammer", Stroke(((-46, 22, 0), (-60, 36, 0), (-68, 34, 0)), 4), "steel"),
        Thing("guard", Stroke(arc(17, 170, 370, 14), 3), "steel", (-8, -22, 0)),
        Thing("trigger", Stroke(((-10, -18, 0), (-14, -26, 0), (-10, -34, 0)), 2.6), "steel"),
    ]  # fmt: skip


def rifle_parts(random: Random) -> Parts:
    """Return parts of a taken-down long gun: barrel, receiver, stock end."""
    return [
        Thing("barrel", Tube(9, 5.0, 330), "steel", (0, 0, 0), ALONG_X),
        Thing("collar", Tube(14, 4.5, 26), "steel", (-120, 0, 0), ALONG_X),
        Thing("receiver", Box((190, 44, 30)), "steel", (-50, -46, 0)),
        Thing("channel", Box((170, 24, 20)), None, (-48, -42, 0), inside="receiver"),
        Thing("bolt", Cylinder(8, 110), "steel", (-30, -42, 0), ALONG_X, "channel"),
        Thing("guard", Stroke(arc(20, 180, 360, 12), 3), "steel", (-80, -72, 0)),
        Thing("stock", Prism(((0, -20), (110, -34), (110, 28), (0, 12)), 30), "hardwood", (62, -48, 0)),
    ]


def magazine(random: Random) -> Parts:
    """Return a loaded magazine on its side: sheet-steel box, rounds, spring."""
    return [
        Thing("box", plate(150, 40, 23, 3), "steel"),
        Thing("room", plate(147, 37, 20, 2), None, inside="box"),
        *[part for part in _rounds(9, (-58, 0, 0), (11.0, 0.0), "room") if part.name.startswith("case")],
        *(Thing(f"tip-{n}", Ellipsoid((4.4, 7, 4.4)), "lead", (-58.0 + 11 * n, 13, 0), inside="room")
          for n in range(9)),
        Thing("spring", Stroke(tuple((46.0 + 3 * n, 13.0 * (-1) ** n, 0.0) for n in range(8)), 0.9), "steel",
              inside="room"),
    ]  # fmt: skip


def ammunition(random: Random) -> Parts:
    """Return a carton of cartridges standing in their tray."""
    parts: Parts = []
    for number in range(20):
        x, y = 14.0 * (number % 5), 14.0 * (number // 5)
        parts += [
            Thing(f"case-{number + 1}", Cylinder(4.9, 19), "brass", (x, y, 0), density_g_cm3=5.0),
            Thing(f"bullet-{number + 1}", Ellipsoid((4.4, 4.4, 7)), "lead", (x, y, 12)),
        ]
    return parts


def kitchen_knife(random: Random) -> Parts:
    """Return a kitchen knife: a tapering blade, a tang with rivets in its handle."""
    long = float(random.uniform(140, 190))
    blade = ((0.0, -16.0), (0.0, 12.0), (0.72 * long, 12.0), (long, 8.0), (0.8 * long, -8.0), (0.5 * long, -15.0))
    return [
        Thing("blade", Prism(blade, 2.6), "stainless steel 304"),
        Thing("bolster", Box((9, 24, 14)), "stainless steel 304", (-4, 0, 0)),
        Thing("handle", plate(112, 25, 17, 8), "pom", (-65, 0, 0)),
        Thing("tang", plate(106, 15, 2.6, 4), "stainless steel 304", (-64, 0, 0), inside="handle"),
        *(Thing(f"rivet-{n}", Cylinder(3, 17), "brass", (x, 0, 0), inside="handle")
          for n, x in ((1, -100.0), (2, -66.0), (3, -32.0))),
    ]  # fmt: skip


def folding_knife(random: Random) -> Parts:
    """Return a folding knife, half open or closed: two scales with liners, blade, spring, pivot."""
    turn = (180.0, 120.0, 0.0)[int(random.integers(0, 3))]
    blade = ((0.0, -8.0), (0.0, 8.0), (60.0, 9.0), (88.0, 1.0), (70.0, -6.0))
    return [
        *(Thing(f"scale-{n}", plate(112, 24, 4, 9), "hardwood", (-46, 0, z)) for n, z in ((1, -5.6), (2, 5.6))),
        *(Thing(f"liner-{n}", plate(110, 22, 1.2, 8), "brass", (-46, 0, z)) for n, z in ((1, -2.8), (2, 2.8))),
        Thing("spring", Box((92, 4, 3)), "steel", (-48, 8, 0)),
        Thing("blade", Prism(blade, 2.8), "stainless steel 304", (0, 0, 0), (0, 0, turn)),
        Thing("pivot", Cylinder(3.6, 15), "brass", (0, 0, 0)),
        *(Thing(f"bolster-{n}", plate(18, 23, 4, 4), "stainless steel 304", (2, 0, z))
          for n, z in ((1, -9.7), (2, 9.7))),
    ]  # fmt: skip


def box_cutter(random: Random) -> Parts:
    """Return a box cutter: plastic body with a steel rail and a scored blade."""
    return [
        Thing("body", plate(142, 30, 14, 6), "abs"),
        Thing("rail", Box((126, 20, 6)), None, inside="body"),
        Thing("sheath", Tube(6, 0.8, 118), "steel", (2, 0, 0), ALONG_X, "rail", density_g_cm3=5.0),
        Thing("blade", Prism(((-52, -9), (66, -9), (84, 9), (-52, 9)), 0.9), "steel", (14, 0, 0)),
        Thing("slider", Box((22, 10, 6)), "abs", (-10, 0, 10)),
    ]


def axe(random: Random) -> Parts:
    """Return a hand axe: wedge of steel on a wooden shaft."""
    head = ((-6.0, 0.0), (58.0, -44.0), (66.0, 0.0), (58.0, 44.0), (-6.0, 18.0), (-30.0, 18.0), (-30.0, -18.0))
    return [
        Thing("shaft", Stroke(((0, -250, 0), (2, -120, 0), (0, 34, 0)), (13, 12, 14)), "hardwood"),
        Thing("head", Prism(head, 20), "steel"),
        Thing("eye", Cylinder(13, 90), "hardwood", (-2, 0, 0), ALONG_Y, "head"),
    ]


def _charge_kit(at: Point, random: Random) -> Parts:
    """Return what makes a block suspect on a screen: a battery, a switch, wires, and a metal tube in the block."""
    x, y, z = at
    wire = ((x, y + 14, z), (x - 22, y + 26, z), (x - 50, y + 12, z), (x - 64, y, z))
    return [
        Thing("battery", Cylinder(12.8, 46), "battery alkaline", (x + 30, y, z), ALONG_X),
        Thing("pole", Cylinder(4, 2.4), "steel", (x + 54.4, y, z), ALONG_X),
        Thing("switch", Box((22, 16, 12)), "circuit board", (x + 10, y + 28, z)),
        Thing("contact", Cylinder(3, 9), "brass", (x + 10, y + 28, z + 10.5)),
        Thing("wire-1", Stroke(wire, 0.8), "copper"),
        Thing("wire-2", Stroke(tuple((a + 3, b - 9, c) for a, b, c in wire), 0.8), "copper"),
    ]


def _tube(at: Point, host: str) -> Parts:
    """Return the silhouette of a detonator: a thin aluminium tube, filled."""
    return [
        Thing("tube", Cylinder(3.6, 52), "aluminium", at, ALONG_X, host),
        Thing("filling", Cylinder(3.0, 24), "lead azide", (at[0] - 12, at[1], at[2]), ALONG_X, "tube"),
    ]


def _simulant(random: Random) -> str:
    return SIMULANTS[int(random.integers(0, len(SIMULANTS)))]


def block_charge(random: Random) -> Parts:
    """Return a block of simulant with tube, battery, switch and wires."""
    return [
        Thing("charge", Box((150, 76, 40)), _simulant(random)),
        *_tube((44, 0, 0), "charge"),
        *_charge_kit((108, -10, 0), random),
    ]


def sheet_charge(random: Random) -> Parts:
    """Return a thin sheet of simulant with tube, battery, switch and wires."""
    return [
        Thing("charge", Box((220, 160, 8)), ("semtex", "c4", "petn")[int(random.integers(0, 3))]),
        *_tube((70, 30, 0), "charge"),
        *_charge_kit((142, -10, 0), random),
    ]


def pipe_charge(random: Random) -> Parts:
    """Return a capped steel pipe filled with simulant, and battery, switch and wires."""
    return [
        Thing("pipe", Cylinder(24, 190), "steel", turn_deg=ALONG_X),
        Thing("charge", Cylinder(20.5, 176), "black powder", turn_deg=ALONG_X, inside="pipe"),
        *(Thing(f"cap-{n}", Cylinder(30, 26), "cast iron", (x, 0, 0), ALONG_X) for n, x in ((1, -108.5), (2, 108.5))),
        *_tube((40, 0, 0), "charge"),
        *_charge_kit((150, -4, 0), random),
    ]  # fmt: skip


def bottle_charge(random: Random) -> Parts:
    """Return a bottle of a liquid simulant with tube, battery, switch and wires."""
    liquid = ("nitromethane", "hydrogen peroxide 70")[int(random.integers(0, 2))]
    parts = bottle(34, 170, 0.9, ("PET", liquid, "polyethylene"), 0.95)
    return [*parts, *_tube((40, 0, -4), "liquid"), *_charge_kit((150, -4, 0), random)]


def hammer(random: Random) -> Parts:
    """Return a hammer: steel head, wooden shaft."""
    return [
        Thing("shaft", Stroke(((0, -240, 0), (0, -100, 0), (0, 20, 0)), (13, 10, 11)), "hardwood"),
        Thing("head", Box((110, 28, 26)), "steel"),
        Thing("eye", Box((20, 28, 14)), "hardwood", inside="head"),
        Thing("face", Cylinder(16, 14), "steel", (62, 0, 0), ALONG_X),
    ]


def wrench(random: Random) -> Parts:
    """Return an open-end wrench."""
    jaw = (
        (-20.0, -22.0),
        (22.0, -24.0),
        (24.0, -10.0),
        (2.0, -9.0),
        (2.0, 9.0),
        (24.0, 10.0),
        (22.0, 24.0),
        (-20.0, 22.0),
    )
    return [
        Thing("shaft", plate(190, 20, 8, 5), "steel"),
        Thing("jaw-1", Prism(jaw, 11), "steel", (115.1, 0, 0)),
        Thing("jaw-2", Prism(tuple((-x, y) for x, y in jaw), 11), "steel", (-115.1, 0, 0)),
    ]


def bat(random: Random) -> Parts:
    """Return a short wooden bat."""
    path = ((-190.0, 0.0, 0.0), (-180.0, 0.0, 0.0), (-40.0, 0.0, 0.0), (80.0, 0.0, 0.0), (190.0, 0.0, 0.0))
    return [Thing("wood", Stroke(path, (18, 12, 14, 24, 26)), "hardwood")]


def large_liquid(random: Random) -> Parts:
    """Return a bottle of more than 100 ml."""
    liquid = ("water", "shampoo", "spirits", "olive oil")[int(random.integers(0, 4))]
    radius, length = float(random.uniform(28, 36)), float(random.uniform(140, 190))
    return bottle(radius, length, 1.0, ("PET", liquid, "polyethylene"), 0.9)


def spray(random: Random) -> Parts:
    """Return an incapacitating spray: small can, valve, safety cap."""
    return [
        Thing("can", Cylinder(18, 96), "aluminium", turn_deg=ALONG_X),
        Thing("gas", Cylinder(17.2, 94), None, turn_deg=ALONG_X, inside="can"),
        Thing("liquid", Cylinder(17.1, 60), "alcohol", (-16, 0, 0), ALONG_X, "gas"),
        Thing("valve", Cylinder(6, 14), "brass", (55, 0, 0), ALONG_X),
        Thing("cap", Tube(17, 2.2, 30), "abs", (63.2, 0, 0), ALONG_X),
        Thing("ring", Stroke(arc(11, 0, 360, 16), 1.0), "steel", (58, 27, 0)),
    ]


def lighter(random: Random) -> Parts:
    """Return a gas lighter: plastic tank, liquid gas, steel hood, wheel and flint."""
    return [
        Thing("tank", plate(62, 24, 12, 5), "pom"),
        Thing("room", plate(56, 20, 9, 4), None, inside="tank"),
        Thing("gas", plate(38, 20, 9, 4), "C4H10", (-8, 0, 0), density_g_cm3=0.58, inside="room"),
        Thing("hood", Box((16, 22, 12)), "steel", (39.2, 0, 0), density_g_cm3=2.2),
        Thing("wheel", Cylinder(4, 7), "steel", (44, 6, 0), inside="hood"),
        Thing("spring", Cylinder(1.6, 26), "steel", (12, 7, 0), ALONG_X, "room"),
    ]


def stun_device(random: Random) -> Parts:
    """Return a stunning device: plastic body, coil, cell, two electrodes."""
    return [
        Thing("body", plate(150, 48, 30, 8), "abs"),
        Thing("room", plate(146, 44, 26, 6), None, inside="body"),
        Thing("coil", Tube(12, 8, 36), "copper", (30, 0, 0), ALONG_X, "room", density_g_cm3=4.5),
        Thing("cell", Box((48, 26, 17)), "battery alkaline", (-40, 0, 0), inside="room"),
        Thing("board", Prism(rounded(60, 30, 2), 1.6), "circuit board", (4, 0, -10), inside="room"),
        *(Thing(f"pin-{n}", Cylinder(2, 16), "steel", (83, y, 0), ALONG_X) for n, y in ((1, -16.0), (2, 16.0))),
    ]  # fmt: skip


def knuckles(random: Random) -> Parts:
    """Return knuckledusters: four rings of metal and a bar."""
    return [
        Thing("plate", plate(104, 40, 8, 14), "brass"),
        *(Thing(f"hole-{n}", Cylinder(10.5, 8), None, (-37.5 + 25 * n, 5, 0), inside="plate") for n in range(4)),
        Thing("palm", plate(80, 14, 8, 5), "brass", (0, -33, 0)),
        *(Thing(f"post-{n}", Box((12, 8, 8)), "brass", (x, -22.9, 0)) for n, x in ((1, -24.0), (2, 24.0))),
    ]
