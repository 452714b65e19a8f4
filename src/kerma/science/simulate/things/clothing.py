"""Clothes, shoes and what is worn: cloth in folds, leather, soles, buckles, zips."""

from __future__ import annotations

from kerma.science.simulate.document import Box, Cylinder, Ellipsoid, Prism, Stroke, Thing, Tube
from kerma.science.simulate.things.parts import (
    ALONG_X,
    ALONG_Y,
    Outline,
    Parts,
    Random,
    arc,
    folded,
    loop,
    plate,
    rounded,
)  # fmt: skip

SHIRTS, WOOL = 0.4, 0.28


def shirts(random: Random) -> Parts:
    """Return a stack of folded shirts."""
    size = float(random.uniform(210, 280)), float(random.uniform(170, 220))
    return folded(random, size, [float(random.uniform(3.5, 6)) for _ in range(int(random.integers(3, 6)))], SHIRTS)


def trousers(random: Random) -> Parts:
    """Return folded trousers with zip, button and rivets."""
    size = float(random.uniform(280, 340)), float(random.uniform(150, 190))
    parts = folded(random, size, [float(random.uniform(4.5, 7)) for _ in range(3)], SHIRTS)
    zip_teeth = Stroke(((-60, 20, 0), (-20, 24, 0), (40, 18, 0), (90, 22, 0)), 0.9)
    return [
        *parts,
        Thing("zip", zip_teeth, "brass", (0, 0, 9), density_g_cm3=4.5, inside="layer-2"),
        Thing("button", Cylinder(8, 2.2), "brass", (-72, 22, 9), inside="layer-2"),
        *(Thing(f"rivet-{n}", Cylinder(3.5, 3), "copper", (x, -30, 9), inside="layer-2")
          for n, x in ((1, -80.0), (2, -40.0), (3, 20.0))),
    ]  # fmt: skip


def pullover(random: Random) -> Parts:
    """Return a thick folded pullover."""
    size = float(random.uniform(230, 300)), float(random.uniform(190, 240))
    return folded(random, size, [float(random.uniform(6, 10)) for _ in range(3)], WOOL)


def towel(random: Random) -> Parts:
    """Return a folded towel: many even layers."""
    return folded(random, (float(random.uniform(220, 260)), float(random.uniform(130, 170))), [4.5] * 5, SHIRTS)


def jacket(random: Random) -> Parts:
    """Return a folded jacket: zip, press studs, thick seams."""
    parts = folded(random, (float(random.uniform(300, 360)), float(random.uniform(210, 250))), [6, 9, 7], WOOL)
    return [
        *parts,
        Thing("zip", Stroke(((-120, -30, 0), (-50, -20, 0), (40, -34, 0), (120, -22, 0)), 1.5), "brass",
              (0, 0, 12), density_g_cm3=4.5, inside="layer-2"),
        *(Thing(f"stud-{n}", Cylinder(6, 3), "brass", (-100.0 + 50 * n, 10, 12), inside="layer-2", density_g_cm3=5.0)
          for n in range(5)),
    ]  # fmt: skip


def socks(random: Random) -> Parts:
    """Return a rolled pair of socks."""
    return [
        Thing("roll", Ellipsoid((48, 34, 28)), "cloth", density_g_cm3=SHIRTS),
        Thing("turn", Stroke(arc(20, 0, 300, 10), 5), "cloth", inside="roll", density_g_cm3=0.4),
    ]


def _sole(length: float, width: float) -> Outline:
    half, wide = length / 2, width / 2
    right = ((-half, 0.45), (-0.9 * half, 0.66), (-0.5 * half, 0.68), (0.0, 0.62), (0.35 * half, 0.95),
             (0.7 * half, 0.88), (0.93 * half, 0.5))  # fmt: skip
    left = ((half, 0.05), (0.85 * half, -0.62), (0.45 * half, -0.98), (0.0, -0.68), (-0.5 * half, -0.66),
            (-0.92 * half, -0.6))  # fmt: skip
    return tuple((x, y * wide) for x, y in (*right, *left))


def shoe(random: Random) -> Parts:
    """Return one shoe on its sole: tread, heel, steel shank, leather upper with its cavity, eyelets."""
    outline = _sole(292, 102)
    inner = tuple((0.94 * x, 0.9 * y) for x, y in outline)
    return [
        Thing("sole", Prism(outline, 12), "rubber"),
        *(Thing(f"groove-{n}", Box((5, 76, 4)), None, (-110.0 + 20 * n, 0, -4), inside="sole") for n in range(12)),
        Thing("shank", plate(110, 13, 1.0), "steel", (-18, 0, 3.5), inside="sole"),
        Thing("heel", Prism(tuple((x, y) for x, y in rounded(74, 62, 24)), 14), "rubber", (-104, 0, -13)),
        *(Thing(f"nail-{n}", Cylinder(1.2, 12), "steel", (-104 + x, y, -13), inside="heel")
          for n, (x, y) in enumerate(((-22.0, 0.0), (0.0, 20.0), (0.0, -20.0), (20.0, 0.0)))),
        Thing("upper", Prism(outline, 62), "leather", (0, 0, 37), density_g_cm3=0.9),
        Thing("cavity", Prism(inner, 56), None, (0, 0, 38), inside="upper"),
        *(Thing(f"eyelet-{n}-{side}", Tube(3.2, 1.4, 4), "brass", (20.0 + 14 * n, 15.0 * side, 66), inside="upper")
          for n in range(4) for side in (-1, 1)),
    ]  # fmt: skip


def belt(random: Random) -> Parts:
    """Return a rolled belt standing on its edge: leather spiral, buckle, prong."""
    spiral = tuple((x, y, 0.0) for turn in range(4) for x, y, _ in arc(17.0 + 5.4 * turn, 0, 330, 11))
    parts: Parts = []
    for number, z in enumerate((-13.0, -6.5, 0.0, 6.5, 13.0)):
        parts.append(Thing(f"strap-{number + 1}", Stroke(spiral, 2.3), "leather", (0, 0, z), density_g_cm3=0.9))
    parts += [
        Thing("buckle", Stroke(loop(40, 44, 5), 2.3), "brass", (54, 0, 0), (90, 0, 90)),
        Thing("prong", Cylinder(1.7, 38), "steel", (58, 0, 0)),
    ]
    return parts


def wallet(random: Random) -> Parts:
    """Return a wallet: leather, cards, a few coins."""
    return [
        Thing("leather", plate(112, 92, 6, 5), "leather"),
        Thing("leather-2", plate(112, 92, 5, 5), "leather", (0, 0, 13)),
        Thing("cards", plate(86, 54, 6, 3), "pvc", (-6, 10, 6.5)),
        Thing("strip", Box((84, 8, 0.3)), "iron", (-6, 26, 6.5), inside="cards"),
        *(Thing(f"coin-{n}", Cylinder(float(random.uniform(9, 12.5)), 2), "brass", (x, -30, 6.5))
          for n, x in ((1, -34.0), (2, -6.0), (3, 24.0))),
    ]  # fmt: skip


def coins(random: Random) -> Parts:
    """Return a handful of coins side by side."""
    parts: Parts = []
    for number in range(int(random.integers(5, 11))):
        metal = ("brass", "copper", "nickel")[int(random.integers(0, 3))]
        x, y = 27.0 * (number % 4) + float(random.uniform(-1, 1)), 27.0 * (number // 4) + float(random.uniform(-1, 1))
        parts.append(Thing(f"coin-{number + 1}", Cylinder(float(random.uniform(8, 12.8)), 2.0), metal, (x, y, 0)))
    return parts


def keys(random: Random) -> Parts:
    """Return a ring with keys fanned out."""
    from kerma.science.simulate.bodies import moved

    parts: Parts = [Thing("ring", Stroke(arc(14, 0, 360, 20), 1.2), "steel")]
    for number, turn in enumerate((-64.0, -24.0, 14.0, 52.0)):
        name = f"key-{number + 1}"
        lift = 2.6 * (number + 1)
        key = [
            Thing(f"{name}-bow", Tube(11, 6, 2.2), "brass", (26, 0, lift)),
            Thing(f"{name}-blade", Box((float(random.uniform(26, 34)), 7, 2.0)), "brass", (50, 0, lift)),
            *(Thing(f"{name}-cut-{n}", Box((3, 3.0, 2.2)), None, (44.0 + 6 * n, 3.5, lift), inside=f"{name}-blade")
              for n in range(3)),
        ]  # fmt: skip
        parts += moved(key, at_mm=(0, 0, 0), turn_deg=(0, 0, turn))
    return parts


def jewellery(random: Random) -> Parts:
    """Return a box with a necklace, two rings and an earring."""
    return [
        Thing("box", plate(96, 76, 34, 6), "polystyrene"),
        Thing("room", plate(92, 72, 30, 5), None, inside="box"),
        Thing("lining", plate(92, 72, 14, 5), "polyurethane foam", (0, 0, -8), inside="room"),
        Thing("chain", Stroke(loop(64, 46, 18, 0), 0.9), "gold", density_g_cm3=9.0, inside="room"),
        Thing("ring-1", Stroke(arc(9.5, 0, 360, 16), 1.1), "gold", (-12, 6, 0), (60, 0, 20), "room"),
        Thing("ring-2", Stroke(arc(9.0, 0, 360, 16), 1.2), "silver", (14, -4, 0), (50, 0, 80), "room"),
    ]


def glasses(random: Random) -> Parts:
    """Return spectacles in their hard case."""
    return [
        Thing("case", plate(160, 62, 40, 18), "abs"),
        Thing("room", plate(156, 58, 36, 16), None, inside="case"),
        *(Thing(f"lens-{n}", Cylinder(23, 2.4), "polycarbonate", (x, 0, 0), (12, 0, 0), "room")
          for n, x in ((1, -34.0), (2, 34.0))),
        *(Thing(f"rim-{n}", Stroke(arc(24, 0, 360, 18), 1.3), "stainless steel 304", (x, 0, 0), (12, 0, 0), "room")
          for n, x in ((1, -34.0), (2, 34.0))),
        Thing("bridge", Cylinder(1.3, 20), "stainless steel 304", (0, 6, 2), ALONG_X, "room"),
        Thing("arm-1", Cylinder(1.4, 132), "stainless steel 304", (0, -14, 10), ALONG_X, "room"),
        Thing("arm-2", Cylinder(1.4, 132), "stainless steel 304", (4, 18, 10), ALONG_X, "room"),
    ]  # fmt: skip


def umbrella(random: Random) -> Parts:
    """Return a folding umbrella: steel shaft, ribs, cloth rolled about them, a plastic grip."""
    from kerma.science.simulate.arithmetic import sin_cos_deg

    ribs = [sin_cos_deg(45.0 * number) for number in range(8)]
    return [
        Thing("cloth", Cylinder(21, 180), "cloth", turn_deg=ALONG_X, density_g_cm3=0.4),
        Thing("shaft", Tube(5, 0.8, 190), "steel", turn_deg=ALONG_X, inside="cloth"),
        *(Thing(f"rib-{n}", Cylinder(1.3, 168), "steel", (0, 11 * c, 11 * s), ALONG_X, "cloth")
          for n, (s, c) in enumerate(ribs)),
        Thing("grip", Cylinder(16, 66), "abs", (125, 0, 0), ALONG_X),
        Thing("knob", Cylinder(7, 12), "brass", (-96.5, 0, 0), ALONG_X),
    ]  # fmt: skip


def toilet_bag(random: Random) -> Parts:
    """Return a small bag with soap, a brush and cotton wool."""
    return [
        Thing("soap", Ellipsoid((40, 26, 13)), "soap", (-48, 0, 0)),
        Thing("handle", Cylinder(5.5, 120), "polypropylene", (30, 42, -6), ALONG_X),
        Thing("bristles", Box((30, 12, 14)), "nylon", (76, 42, 6), density_g_cm3=0.5),
        Thing("wool", Ellipsoid((34, 30, 24)), "cotton", (44, -12, 8), density_g_cm3=0.12),
        Thing("zip", Cylinder(1.4, 190), "brass", (0, 58, 18), ALONG_X, density_g_cm3=4.5),
        Thing("pull", Box((12, 5, 2)), "brass", (98, 58, 18)),
        Thing("wall", Stroke(loop(206, 124, 20, 0), 1.6), "nylon"),
        Thing("file", Box((70, 9, 0.8)), "steel", (-40, 44, 0)),
        Thing("mirror", Cylinder(24, 2), "window glass", (-40, -42, -8), ALONG_Y),
    ]
