"""The test object for cabin-baggage systems in a dual-energy line scanner; every feature is a labelled finding."""

from __future__ import annotations

from kerma.science.simulate.document import Box, Channel, Cylinder, Detector, Geometry, Scene, Stroke, Thing
from kerma.science.simulate.line_scanner import BLUR_SHARE, CHANNELS, SOURCE, tunnel_of
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exposing import check_size
from kerma.science.simulate.scenes.placing import moved, turned
from kerma.standards import table

SIZE_PX = 1000


def test_object_ctp(
    seed: int, *, size_px: int = SIZE_PX, snr: float = 300.0, turn_deg: float | None = None, face: str = "random"
) -> Scene:
    """Return the object of the table ``kerma_test_objects/ctp`` on the belt, turned and perhaps upside down."""
    check_size(size_px)
    dice = Dice(seed, "test-object-ctp")
    turn = dice.between(-8.0, 8.0) if turn_deg is None else turn_deg
    is_down = {"up": False, "down": True}.get(face, dice.happens(0.5))
    things = turned(object_things(), (0.0, 180.0 if is_down else 0.0, turn))
    tunnel = tunnel_of((175.0, 150.0, 20.0), size_px=size_px, angles_deg=(0.0,))
    pitch_mm, step_mm = tunnel.fan()
    channels = tuple(
        Channel(each.label, each.filters_mm, each.scintillator, each.scintillator_mm, snr, each.reference_stored)
        for each in CHANNELS
    )
    at = (dice.between(-3.0, 3.0), dice.between(-3.0, 3.0), 0.0)
    return Scene(
        "test-object-ctp", moved(things, at),
        Detector(size_px, size_px, pitch_mm, channels, blur_mm=round(BLUR_SHARE * pitch_mm, 4)), SOURCE,
        Geometry("fan", tunnel.source_detector_mm, tunnel.source_object_mm, step_mm, rays_per_pixel=4),
        seed=seed, industry="security", description="Test object for cabin baggage, simulated",
        technique={"test_object": "ctp", "turn_deg": turn, "face": "down" if is_down else "up"},
    )  # fmt: skip


def object_things(name: str = "ctp") -> tuple[Thing, ...]:
    """Return the bodies of a test object from its table; the sheet lies below z = 0, everything else on it."""
    things: list[Thing] = []
    rows = list(table(f"kerma_test_objects/{name}"))
    steps = {row["feature"]: f"{row['feature']}-step" for row in rows if row["kind"] == "step"}
    for number, row in enumerate(rows):
        is_step = row["kind"] == "step"
        called = steps[row["feature"]] if is_step else f"{row['feature']}-{row['kind']}-{number}"
        things += _bodies(called, row, "" if is_step else steps.get(row["feature"], ""))
    return tuple(things)


def _bodies(name: str, row: dict[str, str], inside: str) -> list[Thing]:
    """Return the bodies of one feature; what belongs to a step is let into its foot, where no parallax moves it."""
    x, y, width, height = (float(row[key]) for key in ("x_mm", "y_mm", "width_mm", "height_mm"))
    thick, material = float(row["thickness_mm"] or 0.0), row["material"]
    label = "" if row["kind"] in ("plate", "disc", "step") else row["feature"]
    if row["kind"] == "wire":
        radius = float(row["size_mm"]) / 2.0
        rod = Stroke(((x, y - height / 2, radius), (x, y + height / 2, radius)), radius)
        known = {"diameter_mm": 2 * radius, "length_mm": height}
        return [Thing(name, rod, material, inside=inside, label=label, measurements=known)]
    if row["kind"] == "disc":
        return [Thing(name, Cylinder(width / 2, thick), material, (x, y, thick / 2))]
    if row["kind"] == "grating":
        return _grating(name, row)
    z = -thick / 2 if row["kind"] == "plate" else thick / 2
    return [Thing(name, Box((width, height, thick)), material, (x, y, z), inside=inside, label=label)]


def _grating(name: str, row: dict[str, str]) -> list[Thing]:
    x, y, width, height, thick, period = (
        float(row[key]) for key in ("x_mm", "y_mm", "width_mm", "height_mm", "thickness_mm", "size_mm")
    )
    count = int(width / period)
    bars = [round(x + (bar - (count - 1) / 2) * period, 4) for bar in range(count)]
    return [
        Thing(
            f"{name}-{number}", Box((period / 2, height, thick)), row["material"], (at, y, thick / 2),
            label=row["feature"], group=name, measurements={"spacing_mm": period},
        )
        for number, at in enumerate(bars)
    ]  # fmt: skip
