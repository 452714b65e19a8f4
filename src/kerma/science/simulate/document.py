"""The scene document: what stands in the beam, what shines on it, what sees it, and from where.

A scene is small and declarative. It is written and read as JSON (``scene_json.py``), validated, and versioned; the same
scene and seed give the same bytes. World coordinates are in mm with the origin in the object: x along the detector's
columns, y along its rows, z towards the source. A thing's own frame has its origin at ``at_mm`` and is turned by
``turn_deg`` about x, then y, then z.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

VERSION = 1
Point = tuple[float, float, float]
ORIGIN: Point = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Box:
    """A cuboid of the given edge lengths, centred."""

    size_mm: Point


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid of the given radii, centred: pore, inclusion, fruit; three equal radii are a sphere."""

    radii_mm: Point


@dataclass(frozen=True)
class Cylinder:
    """A cylinder or truncated cone along the local z axis, centred; ``top_radius_mm`` None is a cylinder."""

    radius_mm: float
    length_mm: float
    top_radius_mm: float | None = None


@dataclass(frozen=True)
class Tube:
    """A hollow cylinder along the local z axis, open at both ends: pipe, bottle wall, barrel."""

    outer_radius_mm: float
    wall_mm: float
    length_mm: float


@dataclass(frozen=True)
class Prism:
    """A polygon (x, y points, simple, either sense) extruded along the local z axis, centred in z."""

    outline_mm: tuple[tuple[float, float], ...]
    height_mm: float


@dataclass(frozen=True)
class Stroke:
    """A round rod through points, of one radius or one per point: wire, cable, handle, worm hole."""

    points_mm: tuple[Point, ...]
    radius_mm: float | tuple[float, ...]


@dataclass(frozen=True)
class Sheet:
    """A thin sheet along a polyline in the local xy plane: crack or lack of fusion.

    ``opening_mm`` wide across the line (one value, or one per point), ``depth_mm`` deep along the local z axis,
    thinning to nothing at both ends when ``is_tapered``.
    """

    points_mm: tuple[tuple[float, float], ...]
    opening_mm: float | tuple[float, ...]
    depth_mm: float
    is_tapered: bool = True


@dataclass(frozen=True)
class Relief:
    """A height over the local xy plane, made by a named generator from parameters: weld bead, rough skin, pits, cloth.

    The chord is the height where the ray meets the plane, over the cosine of its slope: right for reliefs that are low
    against their width. ``kind`` is a key of ``reliefs.RELIEFS``; ``size_mm`` its extent along x and y, ``step_mm``
    the sampling. ``seed`` is added to the scene's. Negative heights take material away.
    """

    kind: str
    size_mm: tuple[float, float]
    step_mm: float = 0.1
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mesh:
    """A closed triangle mesh: a file (STL, OBJ, PLY) beside the document, or vertices and faces."""

    file: str = ""
    scale: float = 1.0
    vertices_mm: tuple[Point, ...] = ()
    faces: tuple[tuple[int, int, int], ...] = ()


Shape = Box | Ellipsoid | Cylinder | Tube | Prism | Stroke | Sheet | Relief | Mesh


@dataclass(frozen=True)
class Thing:
    """One body of a scene.

    ``material`` None is a void. ``inside`` names the thing whose material it displaces (a pore in a plate): along each
    ray that thing loses what this one fills, never more than it has. ``label`` not empty makes it part of the truth;
    things of one ``group`` are one finding (a cluster of pores, a pistol of many parts), and ``group`` is otherwise the
    name. ``measurements`` are its true sizes, with the names of a finding (``length_mm`` …).
    """

    name: str
    shape: Shape
    material: str | None
    at_mm: Point = ORIGIN
    turn_deg: Point = ORIGIN
    inside: str = ""
    density_g_cm3: float | None = None
    label: str = ""
    group: str = ""
    measurements: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """What shines: an X-ray tube, a gamma source, a linear accelerator, or one energy.

    *tube* needs ``tube_voltage_kv`` (10 to 500) and ``target`` (W, Mo, Rh); *isotope* a ``nuclide``; *linac*
    ``end_point_mev``; *monochromatic* ``energy_kev``. ``filters_mm`` lie before the object.
    """

    kind: Literal["tube", "isotope", "linac", "monochromatic"] = "tube"
    tube_voltage_kv: float = 160.0
    target: str = "W"
    nuclide: str = ""
    end_point_mev: float = 0.0
    energy_kev: float = 0.0
    filters_mm: Mapping[str, float] = field(default_factory=dict)
    focal_spot_mm: float = 0.0


@dataclass(frozen=True)
class Channel:
    """One energy channel of a detector: what lies before it and what absorbs; a dual-energy detector has two."""

    label: str = ""
    filters_mm: Mapping[str, float] = field(default_factory=dict)
    scintillator: str = "csi"
    scintillator_mm: float = 0.5
    snr: float = 200.0
    """Signal-to-noise ratio of the finished picture behind the reference, blur included; 0 is no noise."""
    reference_stored: float = 40000.0
    """Mean stored value behind the reference."""


@dataclass(frozen=True)
class Detector:
    """A flat panel, or for a fan scan a line of ``columns`` elements read ``rows`` times.

    ``reference_mm`` is what lies before the detector where SNR and stored value hold; empty is the open beam.
    ``blur_mm`` is the standard deviation of its Gaussian blur, in its own plane; it comes after the noise.
    """

    rows: int
    columns: int
    pitch_mm: float
    channels: tuple[Channel, ...] = (Channel(),)
    reference_mm: Mapping[str, float] = field(default_factory=dict)
    blur_mm: float = 0.0
    electronic_noise_stored: float = 0.0
    fixed_pattern_percent: float = 0.0
    bad_pixels: int = 0
    lag_percent: float = 0.0
    bits: int = 16


@dataclass(frozen=True)
class Geometry:
    """Where source and detector stand.

    *cone*: a point source and a flat panel. *fan*: a line scanner; the belt moves the object along y by
    ``belt_step_mm`` a row. The origin lies ``source_object_mm`` from the source on the central ray, which meets the
    detector's middle moved by ``offset_mm`` (x, y). ``angles_deg`` turns source and detector about the y axis, one view
    each.
    """

    kind: Literal["cone", "fan"] = "cone"
    source_detector_mm: float = 1000.0
    source_object_mm: float = 900.0
    belt_step_mm: float = 1.0
    offset_mm: tuple[float, float] = (0.0, 0.0)
    angles_deg: tuple[float, ...] = (0.0,)
    rays_per_pixel: int = 2
    """Edges and bodies thin against a pixel are sampled with this many rays (or more) along each side of a pixel."""
    subpixels: int = 1
    """Every pixel is the mean of this many parts along each side: exact at opaque edges, slower by its square."""


@dataclass(frozen=True)
class Scatter:
    """Scattered radiation as a wide, smooth addition: a share of the primary spread over ``reach_mm`` (sigma)."""

    ratio: float = 0.0
    reach_mm: float = 12.0
    grid_primary_share: float = 1.0
    """What an anti-scatter grid lets through of the primary; 1 is no grid."""
    grid_scatter_share: float = 1.0


@dataclass(frozen=True)
class Film:
    """The look of a digitised film: density curve, grain, and the depth of the scanner."""

    gamma: float = 4.0
    density_reference: float = 2.5
    fog_density: float = 0.25
    grain_density: float = 0.02
    grain_um: float = 25.0
    highest_density: float = 4.0
    bits: int = 8


@dataclass(frozen=True)
class Scene:
    """A whole scene; ``words`` goes to the image (description, technique, industry …)."""

    name: str
    things: tuple[Thing, ...]
    detector: Detector
    source: Source = field(default_factory=Source)
    geometry: Geometry = field(default_factory=Geometry)
    scatter: Scatter = field(default_factory=Scatter)
    film: Film | None = None
    seed: int = 0
    industry: str = "ndt"
    description: str = ""
    technique: Mapping[str, float | str] = field(default_factory=dict)
    is_inverse: bool = False
    """Presentation: True shows the lowest value white, as a film does."""
    version: int = VERSION
