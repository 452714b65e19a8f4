"""What is asked of a technique sheet, and the lines it answers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.physics.nuclides import nuclide_named
from kerma.science.physics.source_distance import CLASSES, GEOMETRIES, edge_gap_mm, object_detector_mm
from kerma.science.physics.table_rows import positive
from kerma.standards import table

XRAY = "x-ray"
DETECTORS = ("film", "cr", "dda")
DOUBLE_IMAGE = ("double-wall-elliptical", "double-wall-superimposed")
ONE_WALL = ("single-wall", "single-wall-source-inside", "panoramic")
DETECTOR_OUTSIDE = ("single-wall-source-inside", "panoramic", "double-wall-single-image")
"""Geometries in which a flat detector stands off the outside of the pipe at its edges."""
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "at least": lambda given, limit: given >= limit - 1e-9 * abs(limit),
    "at most": lambda given, limit: given <= limit + 1e-9 * abs(limit),
}


@dataclass(frozen=True)
class Line:
    """One line of a technique sheet: what the standard asks for, and how the given value stands to it."""

    line: str
    key: str
    """The name of the value in ``values``, ending in its unit."""
    value: float | int | str | bool
    unit: str
    clause: str
    status: str
    """Status of the table it comes from; *own* for what follows from geometry alone."""
    given: float | str | None = None
    asked: str = ""
    """A key of :data:`COMPARISONS`: how a given value must stand to ``value``."""
    note: str = ""
    table: str = ""
    """The name of the table it comes from; empty for what follows from geometry alone."""

    @property
    def outcome(self) -> str:
        """*kept*, *broken*, or empty where there is nothing to compare."""
        if self.asked not in COMPARISONS or not isinstance(self.given, int | float) or isinstance(self.value, str):
            return ""
        return "kept" if COMPARISONS[self.asked](self.given, self.value) else "broken"

    def comparison(self) -> str:
        """Return given value and limit as words."""
        given = f"{self.given:.4g}" if isinstance(self.given, int | float) else self.given
        value = f"{self.value:.4g}" if isinstance(self.value, int | float) else self.value
        return f"{given} {self.unit} given, {self.asked} {value} {self.unit} asked".replace("  ", " ").replace(
            " ,", ","
        )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        shown = {
            "line": self.line,
            "value": self.value,
            "unit": self.unit,
            "clause": self.clause,
            "status": self.status,
        }
        return shown | {"given": self.given, "outcome": self.outcome, "note": self.note}


def tabled(line: str, key: str, value: float | int | str, unit: str, name: str, **more: Any) -> Line:
    """Return a line that comes from a table; its clause is the table's unless given."""
    read = table(name)
    clause = f"{read.title}, {more.pop('clause', read.clause)}"
    return Line(line, key, value, unit, clause, read.status, table=name, **more)


def derived(line: str, key: str, value: float | int | str | bool, unit: str, **more: Any) -> Line:
    """Return a line that follows from geometry alone."""
    return Line(line, key, value, unit, more.pop("clause", "geometry"), "own", **more)


@dataclass(frozen=True)
class Shot:
    """One radiograph as planned: object, source, geometry, detector; None where it is not known yet."""

    thickness_mm: float
    testing_class: str
    source: str
    focal_spot_mm: float
    material: str = "steel"
    object_detector_mm: float | None = None
    source_detector_mm: float | None = None
    geometry: str = "single-wall"
    outer_diameter_mm: float | None = None
    detector: str = "dda"
    indicator_side: str | None = None
    tube_voltage_kv: float | None = None
    srb_um: float | None = None
    snr_n: float | None = None
    density: float | None = None
    weld_width_mm: float | None = None
    gap_mm: float = 0.0
    detector_diagonal_mm: float | None = None
    penetrated_thickness_mm: float | None = None
    exposures: int | None = None

    def __post_init__(self) -> None:
        for key, value in vars(self).items():
            if isinstance(value, int | float) and not (key == "gap_mm" and value == 0):
                positive(key.replace("_", "-"), value)
        for key, known in (("testing_class", CLASSES), ("geometry", GEOMETRIES), ("detector", DETECTORS)):
            if getattr(self, key) not in known:
                raise WrongUsage(f"{key.replace('_', ' ')} must be {' or '.join(known)}; '{getattr(self, key)}' is not")
        is_xray = self.source.lower().replace("-", "").replace(" ", "") == "xray"
        object.__setattr__(self, "source", XRAY if is_xray else nuclide_named(self.source))
        self._check_pipe()

    def _check_pipe(self) -> None:
        if self.outer_diameter_mm is None:
            if self.geometry != "single-wall":
                raise WrongUsage(f"geometry {self.geometry} is about a pipe: give outer-diameter-mm")
        elif self.outer_diameter_mm <= 2 * self.thickness_mm:
            raise WrongUsage(
                f"a wall of {self.thickness_mm:g} mm does not fit outer-diameter-mm {self.outer_diameter_mm:g}"
            )

    @property
    def is_gamma(self) -> bool:
        """Whether the source is a nuclide."""
        return self.source != XRAY

    @property
    def is_double_image(self) -> bool:
        """Whether both walls are examined in one image."""
        return self.geometry in DOUBLE_IMAGE

    @property
    def w_mm(self) -> float:
        """The penetrated thickness w: t through one wall, 2 t through two."""
        if self.penetrated_thickness_mm is not None:
            return self.penetrated_thickness_mm
        return self.thickness_mm * (1 if self.geometry in ONE_WALL else 2)

    @property
    def indicator_thickness_mm(self) -> float:
        """The thickness that indicators go by: t where one wall is imaged, w where two are."""
        return self.w_mm if self.is_double_image else self.thickness_mm

    @property
    def side(self) -> str:
        """The side of the indicators; behind two walls a single image can only have them at the detector."""
        return self.indicator_side or ("detector" if self.geometry == "double-wall-single-image" else "source")

    @property
    def is_planar(self) -> bool:
        """Whether the detector is flat and rigid."""
        return self.detector == "dda"

    @property
    def edge_gap_mm(self) -> float:
        """How far a flat detector stands off the pipe at the edge of its section, where the exposures are planned."""
        sections = self.exposures or 0
        if not (self.is_planar and self.outer_diameter_mm and sections > 1 and self.geometry in DETECTOR_OUTSIDE):
            return 0.0
        return edge_gap_mm(outer_diameter_mm=self.outer_diameter_mm, exposures=sections)

    @property
    def b_mm(self) -> float:
        """The distance b from the object's source side to the detector, as given or from the wall."""
        if self.object_detector_mm is not None:
            return self.object_detector_mm
        return object_detector_mm(
            thickness_mm=self.thickness_mm, testing_class=self.testing_class, gap_mm=self.gap_mm + self.edge_gap_mm,
            geometry=self.geometry, outer_diameter_mm=self.outer_diameter_mm, is_planar=self.is_planar,
        )  # fmt: skip

    @property
    def f_mm(self) -> float | None:
        """The distance f from the source to the object, as planned."""
        if self.source_detector_mm is None:
            return None
        if self.source_detector_mm <= self.b_mm:
            raise WrongUsage(
                f"the source must stand outside the object: source-detector-mm {self.source_detector_mm:g} "
                f"is not above b = {self.b_mm:g} mm"
            )
        return self.source_detector_mm - self.b_mm
