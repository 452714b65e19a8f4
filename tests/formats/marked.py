"""What two persons have drawn and measured on an image of 200 rows and 300 columns, as an exam's document has it."""

from __future__ import annotations

from typing import Any

ADA = {"kind": "person", "key": "person:7", "name": "Ada Lovelace"}
BO = {"kind": "person", "key": "person:8", "name": "山田 太郎"}
KNOWN = "calibrated by known length 20\u2009mm"


def mark(name: str, shape: str, points: list[list[float]], *values: tuple, **given: Any) -> dict[str, Any]:
    told = [
        {"name": one[0], "value": one[1], "uncertainty": one[2] if len(one) > 2 else None, "word": ""} for one in values
    ]
    return {
        "id": name, "by": ADA, "shape": shape, "measurement": "", "points": points, "runs": [], "plane": 0, "text": "",
        "values": told, "scale": "", "source": "", "reason": "", "at": "2026-03-02T11:00:00Z",
    } | given  # fmt: skip


MARKS = [
    mark("a", "length", [[20, 20], [60, 120]], ("length_mm", 12.345678, 0.21), scale=KNOWN),
    mark("b", "angle", [[100, 50], [150, 50], [150, 100]], ("angle_deg", 90.0), by=BO),
    mark("c", "ellipse", [[30, 150], [90, 220]], ("area_mm2", 55.5), ("mean_stored", 100.25), scale="at detector"),
    mark("d", "arrow", [[120, 200], [160, 250]], text="crack ü?"),
    mark("e", "brush", [], ("area_px2", 12.0), runs=[[150, 150, 20], [151, 150, 5], [151, 160, 10], [152, 150, 20]],
         scale="no scale"),
    mark("f", "polyline", [[10, 250], [30, 280], [60, 260]], ("length_px", 70.5), scale="no scale"),
    mark("g", "text", [[180, 30]], text="look here"),
    mark("h", "rectangle", [[110, 120], [140, 180]], ("snr", 120.5, 3.1), measurement="snr", source="Standard, 1"),
    mark("i", "point", [[5.5, 5.5]], ("value_stored", 77.0), by=BO),
    mark("j", "profile", [[70, 10], [70, 40]], reason="not measurable: there is no edge", measurement="dimension"),
    mark("k", "polygon", [[160, 100], [190, 120], [190, 90]], ("area_mm2", 3.25), ("circumference_mm", 7.5)),
]  # fmt: skip
SPACES = [
    mark("s1", "space-length", [[-12.5, 3.25, 40.0], [8.0, 3.25, 41.5]], ("length_mm", 20.5548),
         scale="from the geometry of the slices", series_uid="2.25.4712"),
    mark("s2", "space-angle", [[1, 0, 0], [0, 0, 0], [0, 1, 0]], ("angle_deg", 90.0), by=BO, series_uid="2.25.4712"),
]  # fmt: skip
CALIBRATION = {
    "id": "k1", "by": ADA, "kind": "length", "points": [[190, 20], [190, 120]], "plane": 0, "known_mm": 20.0,
    "text": "", "at": "2026-03-02T10:59:00Z",
}  # fmt: skip
