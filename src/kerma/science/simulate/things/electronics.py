"""Electronics people travel with: cases, boards, cells, coils, cables."""

from __future__ import annotations

from kerma.science.simulate.document import Box, Cylinder, Ellipsoid, Prism, Stroke, Thing, Tube
from kerma.science.simulate.things.parts import (
    ALONG_X,
    ALONG_Y,
    Parts,
    Random,
    arc,
    cable,
    loop,
    plate,
    rounded,
)  # fmt: skip

BOARD, CELL = "circuit board", "battery lithium ion"


def chips(random: Random, host: str, count: int, area: tuple[float, float, float, float], z: float) -> Parts:
    """Return chips, coils and connectors on a board: ``area`` is x, y of its middle and its two sizes."""
    parts: Parts = []
    for number in range(count):
        size = (float(random.uniform(3, 13)), float(random.uniform(3, 12)), float(random.uniform(0.8, 2.4)))
        x = area[0] + float(random.uniform(-0.5, 0.5)) * (area[2] - size[0])
        y = area[1] + float(random.uniform(-0.5, 0.5)) * (area[3] - size[1])
        material = ("circuit board", "copper", "silicon", "alumina")[int(random.integers(0, 4))]
        height = size[2] if material != "copper" else 0.4
        parts.append(Thing(f"chip-{number + 1}", Box((size[0], size[1], height)), material, (x, y, z), inside=host))
    return parts


def laptop(random: Random) -> Parts:
    """Return a laptop: two aluminium shells, screen, cells, board with chips, fan, heat pipe, hinges."""
    parts = [
        Thing("case", plate(318, 222, 15, 9), "aluminium"),
        Thing("room", plate(315.6, 219.6, 12.6, 8), None, inside="case"),
        Thing("keys", plate(270, 92, 1.8, 2), "abs", (0, 30, 4.5), inside="room"),
        Thing("lid", plate(318, 222, 1.0, 9), "aluminium", (0, 0, 13.6)),
        Thing("screen", plate(304, 196, 1.4, 2), "window glass", (0, 2, 12.2)),
        Thing("diffuser", plate(304, 196, 3.0, 2), "pmma", (0, 2, 9.6)),
        Thing("board", plate(196, 92, 1.5, 2), BOARD, (32, 46, 0), inside="room"),
        Thing("board-2", plate(60, 66, 1.5, 2), BOARD, (-118, 40, 0), inside="room"),
        Thing("sink", plate(36, 36, 1.6, 1), "copper", (8, 56, -2.4), inside="room"),
        Thing("pipe", Stroke(((8, 56, -2.5), (60, 84, -2.5), (112, 78, -2.5)), 2.4), "copper", inside="room"),
        Thing("fan", Tube(21, 2.5, 6), "abs", (118, 66, -1), inside="room"),
        Thing("motor", Cylinder(8, 4), "copper", (118, 66, -1), inside="room", density_g_cm3=4.0),
        *chips(random, "room", 34, (32, 46, 190, 86), 1.8),
    ]
    for number in range(6):
        at = (-127.0 + 50.8 * number, -66.0, -1.0)
        parts.append(Thing(f"cell-{number + 1}", plate(47, 76, 6.2, 2), CELL, at, inside="room"))
    for number, x in enumerate((-112.0, 112.0)):
        parts.append(Thing(f"hinge-{number + 1}", Cylinder(2.6, 40), "steel", (x, 105, 6), ALONG_X, "case"))
    return parts


def tablet(random: Random) -> Parts:
    """Return a tablet: thin case, glass, two flat cells, a narrow board."""
    return [
        Thing("case", plate(244, 170, 6.6, 9), "aluminium"),
        Thing("room", plate(242, 168, 5.0, 8), None, inside="case"),
        Thing("cell-1", plate(96, 118, 3.2, 3), CELL, (-46, -8, -0.4), inside="room"),
        Thing("cell-2", plate(96, 118, 3.2, 3), CELL, (56, -8, -0.4), inside="room"),
        Thing("board", plate(200, 30, 1.2, 2), BOARD, (0, 66, 0), inside="room"),
        Thing("glass", plate(240, 166, 1.0, 8), "window glass", (0, 0, 3.9)),
        *chips(random, "room", 14, (0, 66, 196, 28), 1.5),
    ]


def phone(random: Random) -> Parts:
    """Return a phone: frame, glass on both sides, cell, board, camera."""
    return [
        Thing("frame", plate(148, 72, 6.0, 10), "aluminium"),
        Thing("room", plate(145, 69, 6.0, 9), None, inside="frame"),
        Thing("cell", plate(88, 40, 4.2, 3), CELL, (-22, -10, 0), inside="room"),
        Thing("board", plate(128, 18, 1.2, 2), BOARD, (-2, 22, 0), inside="room"),
        Thing("speaker", plate(14, 40, 3.4, 2), "steel", (-64, 0, 0), density_g_cm3=4.0, inside="room"),
        Thing("camera", Cylinder(6, 5), "glass", (58, 20, 0), inside="room"),
        Thing("front", plate(146, 70, 0.8, 9), "window glass", (0, 0, 3.4)),
        Thing("back", plate(146, 70, 0.8, 9), "window glass", (0, 0, -3.4)),
        *chips(random, "room", 12, (-2, 22, 124, 16), 1.3),
    ]


def charger(random: Random) -> Parts:
    """Return a power adapter: transformer, capacitors, board, plug pins, and its coiled cable."""
    x = float(random.uniform(-3, 3))
    return [
        Thing("case", plate(88, 42, 30, 6), "abs"),
        Thing("room", plate(84, 38, 26, 5), None, inside="case"),
        Thing("board", plate(80, 36, 1.6, 1), BOARD, (0, 0, -9), inside="room"),
        Thing("core", Box((24, 22, 17)), "iron", (8 + x, 0, 0), inside="room", density_g_cm3=4.8),
        Thing("winding", Tube(15, 5, 12), "copper", (8 + x, 0, 0), inside="room", density_g_cm3=4.0),
        Thing("capacitor", Cylinder(8, 20), "aluminium", (-22, 2, 2), ALONG_Y, "room", density_g_cm3=1.9),
        Thing("sink", Box((3, 30, 16)), "aluminium", (30, 0, 0), inside="room"),
        *(
            Thing(f"pin-{number}", Cylinder(2.3, 18), "brass", (-53, y, 4), ALONG_X)
            for number, y in ((1, -9.5), (2, 9.5))
        ),
        *_beside(cable(random, 46, 2.2), 84),
    ]  # fmt: skip


def _beside(parts: Parts, x: float) -> Parts:
    """Return a cable's loops moved along x, lying as low as the thing they belong to."""
    from kerma.science.simulate.bodies import moved

    return list(moved(parts, at_mm=(x, 0.0, -10.0)))


def power_bank(random: Random) -> Parts:
    """Return a power bank: two flat cells and a small board."""
    return [
        Thing("case", plate(136, 68, 15, 8), "aluminium"),
        Thing("room", plate(133, 65, 12.6, 7), None, inside="case"),
        Thing("cell-1", plate(104, 60, 5.4, 3), CELL, (-11, 0, -3), inside="room"),
        Thing("cell-2", plate(104, 60, 5.4, 3), CELL, (-11, 0, 3), inside="room"),
        Thing("board", plate(20, 58, 1.4, 1), BOARD, (53, 0, 0), inside="room"),
        *chips(random, "room", 7, (53, 0, 18, 54), 1.6),
    ]


def camera(random: Random) -> Parts:
    """Return a camera: body, lens of several glasses in a barrel, cell, board."""
    return [
        Thing("body", plate(124, 82, 44, 10), "abs"),
        Thing("room", plate(118, 76, 38, 8), None, inside="body"),
        Thing("cell", plate(36, 50, 16, 2), CELL, (42, -8, -6), inside="room"),
        Thing("board", plate(78, 62, 1.6, 1), BOARD, (-14, 2, -12), inside="room"),
        Thing("mount", Tube(31, 4, 6), "steel", (-14, 0, 15), inside="room"),
        Thing("barrel", Tube(31, 3, 46), "aluminium", (-14, 0, 45)),
        *(
            Thing(f"lens-{number}", Ellipsoid((25, 25, 4)), "glass", (-14, 0, z))
            for number, z in ((1, 30.0), (2, 44.0), (3, 60.0))
        ),
        *chips(random, "room", 12, (-14, 2, 74, 58), -10),
    ]  # fmt: skip


def headphones(random: Random) -> Parts:
    """Return headphones: two padded cups with magnet and coil, a sprung band."""
    parts: Parts = [
        Thing("band", Stroke(arc(86, 0, 180, 16), 5), "abs"),
        Thing("spring", Stroke(arc(86, 4, 176, 16), 1.2), "steel", inside="band"),
    ]
    for number, x in ((1, -86.0), (2, 86.0)):
        parts += [
            Thing(f"cup-{number}", Cylinder(36, 26), "abs", (x, -30, 0), density_g_cm3=0.5),
            Thing(f"pad-{number}", Tube(35, 12, 9), "polyurethane", (x, -30, 18), density_g_cm3=0.25),
            Thing(f"magnet-{number}", Cylinder(10, 6), "iron", (x, -30, 0), inside=f"cup-{number}"),
            Thing(f"coil-{number}", Tube(13, 2, 5), "copper", (x, -30, 0), inside=f"cup-{number}"),
        ]
    return parts


def cables(random: Random) -> Parts:
    """Return coiled cables with their plugs."""
    parts = cable(random, float(random.uniform(48, 62)), 1.9, 4)
    return [
        *parts,
        Thing("plug", plate(30, 13, 7, 2), "pvc", (70, 0, 4)),
        Thing("shell", plate(18, 11, 4.5, 1), "steel", (94, 0, 4), density_g_cm3=3.5),
    ]


def hairdryer(random: Random) -> Parts:
    """Return a hair dryer: housing with motor, fan and heating coil, a handle, a cable wound about it."""
    coil = tuple((14.0 + 1.6 * step, y, z) for step, (y, z, _) in enumerate(arc(18, 0, 360 * 4, 32)))
    return [
        Thing("barrel", Cylinder(34, 150, 25), "abs", turn_deg=ALONG_X),
        Thing("room", Cylinder(31.5, 146, 22.5), None, turn_deg=ALONG_X, inside="barrel"),
        Thing("motor", Cylinder(15, 36), "iron", (-34, 0, 0), ALONG_X, "room", density_g_cm3=5.0),
        Thing("winding", Tube(13, 5, 22), "copper", (-34, 0, 0), ALONG_X, "motor", density_g_cm3=5.5),
        Thing("heater", Stroke(coil, 0.6), "steel", inside="room"),
        Thing("mica", Box((64, 34, 1)), "pyrex", (46, 0, 0), inside="room"),
        Thing("handle", plate(34, 110, 30, 12), "abs", (-36, -86, 0), density_g_cm3=0.45),
        Thing("switch", Box((12, 26, 10)), "circuit board", (-36, -66, 0), inside="handle"),
    ]  # fmt: skip


def batteries(random: Random) -> Parts:
    """Return AA cells side by side in their film."""
    parts: Parts = []
    for number in range(int(random.integers(4, 9))):
        name, y = f"cell-{number + 1}", 14.8 * number
        parts += [
            Thing(name, Cylinder(7.1, 49), "steel", (0, y, 0), ALONG_X),
            Thing(f"{name}-mix", Cylinder(6.7, 47), "battery alkaline", (0, y, 0), ALONG_X, name),
            Thing(f"{name}-pin", Cylinder(2.6, 1.4), "steel", (25.2, y, 0), ALONG_X),
        ]
    return parts


def torch(random: Random) -> Parts:
    """Return a torch: aluminium tube with two cells, head with mirror and glass."""
    return [
        Thing("tube", Tube(17, 1.6, 110), "aluminium", turn_deg=ALONG_X),
        Thing("cell-1", Cylinder(15, 50), "battery alkaline", (-27, 0, 0), ALONG_X),
        Thing("cell-2", Cylinder(15, 50), "battery alkaline", (26, 0, 0), ALONG_X),
        Thing("head", Cylinder(17, 34, 27), "aluminium", (72, 0, 0), ALONG_X),
        Thing("mirror", Cylinder(7, 30, 24.5), None, (73.5, 0, 0), ALONG_X, "head"),
        Thing("glass", Cylinder(24, 3), "window glass", (90.6, 0, 0), ALONG_X),
        Thing("tail", Cylinder(17, 12), "aluminium", (-61, 0, 0), ALONG_X),
    ]


def watch(random: Random) -> Parts:
    """Return a wrist watch: steel case with its movement, glass, a link bracelet in a loop."""
    return [
        Thing("case", Cylinder(20, 10), "stainless steel 304", (0, 0, 27), density_g_cm3=5.5),
        Thing("movement", Cylinder(14, 4), "brass", (0, 0, 27), inside="case"),
        Thing("glass", Cylinder(17, 1.6), "window glass", (0, 0, 32.8)),
        *(
            Thing(f"bracelet-{number}", Stroke(tuple((x, y, z) for x, z, _ in points), 1.6), "stainless steel 304")
            for number, y, points in (
                (1, -6.0, arc(30, 130, 410)), (2, 0.0, arc(30, 130, 410)), (3, 6.0, arc(30, 130, 410)),
            )
        ),
    ]  # fmt: skip


def razor(random: Random) -> Parts:
    """Return an electric razor: motor, cell, board, steel foils."""
    return [
        Thing("case", plate(142, 52, 34, 12), "abs"),
        Thing("room", plate(138, 48, 30, 10), None, inside="case"),
        Thing("motor", Cylinder(11, 32), "iron", (36, 0, 0), ALONG_X, "room", density_g_cm3=5.0),
        Thing("cell", Cylinder(7.2, 50), "battery alkaline", (-36, 12, 0), ALONG_X, "room"),
        Thing("cell-2", Cylinder(7.2, 50), "battery alkaline", (-36, -8, 0), ALONG_X, "room"),
        Thing("board", plate(90, 20, 1.5, 1), BOARD, (-20, 0, -11), inside="room"),
        *(Thing(f"foil-{n}", Tube(8, 0.4, 42), "steel", (82, 0, z), ALONG_Y) for n, z in ((1, -9.0), (2, 9.0))),
        *chips(random, "room", 6, (-20, 0, 86, 18), -9.5),
    ]  # fmt: skip


def game_console(random: Random) -> Parts:
    """Return a hand-held game: screen, cell, board, sticks."""
    return [
        Thing("case", plate(236, 100, 14, 18), "abs"),
        Thing("room", plate(232, 96, 10.5, 16), None, inside="case"),
        Thing("screen", plate(140, 82, 1.6, 2), "window glass", (0, 0, 4), inside="room"),
        Thing("cell", plate(88, 46, 6, 3), CELL, (-14, -18, -1.5), inside="room"),
        Thing("board", plate(130, 40, 1.5, 2), BOARD, (8, 24, -1), inside="room"),
        Thing("fan", Tube(15, 2, 5), "abs", (56, -20, -1), inside="room"),
        *(Thing(f"stick-{n}", Cylinder(8, 5), "steel", (x, 16, 0), density_g_cm3=3.0, inside="room")
          for n, x in ((1, -94.0), (2, 94.0))),
        *(Thing(f"side-{n}", Prism(rounded(18, 60, 4), 1.5), BOARD, (x, -14, 0), inside="room")
          for n, x in ((1, -94.0), (2, 94.0))),
        *chips(random, "room", 14, (8, 24, 126, 38), 1),
    ]  # fmt: skip


def wire_ring(random: Random) -> Parts:
    """Return an extension lead: thick cable, plug, socket."""
    return [
        *cable(random, 74, 3.6, 4),
        Thing("plug", plate(46, 40, 34, 8), "pvc", (104, 0, 16)),
        Thing("pins", Cylinder(2.4, 18), "brass", (136, -9, 16), ALONG_X),
        Thing("pins-2", Cylinder(2.4, 18), "brass", (136, 9, 16), ALONG_X),
        Thing("contacts", Stroke(loop(30, 22, 4, 16), 1.6), "brass", (104, 0, 0), inside="plug"),
    ]
