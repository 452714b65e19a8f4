"""Slices from projections: filtered back-projection of parallel rays, and FDK of a cone of rays.

Both give the attenuation coefficient in 1/mm from line integrals, -ln(intensity / open beam). World coordinates are
those of the simulator: x along the detector's columns, y along its rows and along the axis of rotation, z towards the
source at angle 0; source and detector turn by the angle about y. A volume is (plane, row, column): planes along y,
columns along x, rows against z, so that the source at angle 0 stands above a slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.imaging.projection_filter import filtered

Floats = NDArray[np.float32]
MOST_VOXELS = 600_000_000
WIDEST_GAP = 2.5
"""A gap between angles of more than this many mean steps is a missing wedge."""


@dataclass(frozen=True)
class ConeBeam:
    """Where source, axis and detector stand; ``axis_*`` is the pixel that the ray through the axis' centre meets.

    ``axis_column`` and ``axis_row`` None are the middle of the detector.
    """

    source_object_mm: float
    source_detector_mm: float
    pitch_mm: float
    axis_column: float | None = None
    axis_row: float | None = None


def line_integrals(intensity: NDArray[Any], *, open_beam: float = 1.0) -> Floats:
    """Return -ln(intensity / open beam) of projections of any shape.

    Intensities at or below 0, as noise leaves them behind much material, count as the smallest one above 0.

    Raises
    ------
    WrongUsage
        The open beam is not above 0, or no intensity is.
    """
    if not open_beam > 0:
        raise WrongUsage(f"an open beam of {open_beam:g} cannot be: give the mean stored value beside the object")
    values = np.asarray(intensity, np.float32)
    lit = values > 0
    if not np.isfinite(values).all() or not lit.any():
        raise WrongUsage("projections need a number in every pixel, some of them above 0")
    least = values[lit].min()
    found: Floats = -np.log(np.maximum(values, least) / np.float32(open_beam))
    return found


def parallel_slices(
    projections: NDArray[Any],
    *,
    angles_deg: NDArray[Any],
    pixel_mm: float,
    axis_column: float | None = None,
    size: int | None = None,
    window: str = "ramp",
) -> Floats:
    """Return the slices (plane, row, column) of parallel-beam line integrals by filtered back-projection.

    Parameters
    ----------
    projections : (angle, row, column) line integrals
    angles_deg : of each projection, in any order, over 180° or more; opposite ones count as one direction
    pixel_mm : distance of pixels, and of voxels
    axis_column : column of the axis of rotation; default the middle
    size : voxels along each side of a slice; default the columns of the detector
    window : ramp, shepp-logan, cosine, hamming or hann

    Raises
    ------
    WrongUsage
        Shapes or angles that do not match, angles with a gap, or a volume too large.
    """
    views, weights = _checked(projections, angles_deg, 180.0)
    if not pixel_mm > 0:
        raise WrongUsage(f"a pixel of {pixel_mm:g} mm cannot be")
    size = size or views.shape[2]
    _check_volume((views.shape[1], size, size))
    axis = (views.shape[2] - 1) / 2 if axis_column is None else axis_column
    filtered_views = filtered(views, step_mm=pixel_mm, window=window)
    filtered_views *= (weights * np.pi / 180.0).astype(np.float32)[:, None, None]
    # Rows last: the inner loop of the back-projection runs over them.
    turned = np.ascontiguousarray(filtered_views.transpose(0, 2, 1))
    volume = np.zeros((size, size, views.shape[1]), np.float32)
    direction = _sines(angles_deg)

    from kerma.science.imaging.tomography_kernel import back_projected_parallel

    over_rows(size, lambda band: back_projected_parallel(turned, direction, axis, band, volume), band_rows=4)
    return np.ascontiguousarray(volume.transpose(2, 0, 1))


def cone_volume(
    projections: NDArray[Any],
    *,
    angles_deg: NDArray[Any],
    beam: ConeBeam,
    voxel_mm: float,
    shape: tuple[int, int, int],
    window: str = "ramp",
) -> Floats:
    """Return the volume (plane, row, column) of cone-beam line integrals by the method of Feldkamp, Davis and Kress.

    Parameters
    ----------
    projections : (angle, row, column) line integrals over a full turn
    angles_deg : of each projection, in any order
    beam : the geometry
    voxel_mm, shape : edge of a voxel, and how many along y, z and x, centred on the axis
    window : ramp, shepp-logan, cosine, hamming or hann

    Raises
    ------
    WrongUsage
        Shapes, angles or distances that do not match, angles with a gap, or a volume that is too large or reaches
        the source.
    """
    views, weights = _checked(projections, angles_deg, 360.0)
    _check_cone(beam, voxel_mm, shape)
    middle = ((views.shape[1] - 1) / 2, (views.shape[2] - 1) / 2)
    axis = (
        middle[0] if beam.axis_row is None else beam.axis_row,
        middle[1] if beam.axis_column is None else beam.axis_column,
    )
    step_mm = beam.pitch_mm * beam.source_object_mm / beam.source_detector_mm
    row_mm = (np.arange(views.shape[1]) - axis[0])[:, None] * step_mm
    column_mm = (np.arange(views.shape[2]) - axis[1])[None, :] * step_mm
    slant = beam.source_object_mm / np.sqrt(beam.source_object_mm**2 + row_mm**2 + column_mm**2)
    filtered_views = filtered(views * slant.astype(np.float32), step_mm=step_mm, window=window)
    filtered_views *= (weights * np.pi / 360.0).astype(np.float32)[:, None, None]
    turned = np.ascontiguousarray(filtered_views.transpose(0, 2, 1))
    volume = np.zeros((shape[1], shape[2], shape[0]), np.float32)
    direction = _sines(angles_deg)
    distances = (beam.source_object_mm, step_mm, voxel_mm)

    from kerma.science.imaging.tomography_kernel import back_projected_cone

    cone = (distances, axis)
    over_rows(shape[1], lambda band: back_projected_cone(turned, direction, cone, band, volume), band_rows=4)
    return np.ascontiguousarray(volume.transpose(2, 0, 1))


def _sines(angles_deg: NDArray[Any]) -> NDArray[np.float64]:
    radians = np.deg2rad(np.asarray(angles_deg, np.float64))
    return np.stack([np.sin(radians), np.cos(radians)], axis=1)


def _checked(
    projections: NDArray[Any], angles_deg: NDArray[Any], turn_deg: float
) -> tuple[Floats, NDArray[np.float64]]:
    """Return projections in single precision and the share of the turn, in degrees, that each stands for."""
    angles = np.asarray(angles_deg, np.float64)
    if projections.ndim != 3 or projections.size == 0 or angles.shape != projections.shape[:1]:
        raise WrongUsage(
            f"projections are (angle, row, column) with one angle each; these are {projections.shape} "
            f"with {angles.size} angles"
        )
    views = np.asarray(projections, np.float32)
    if not np.isfinite(views).all() or not np.isfinite(angles).all():
        raise WrongUsage("projections and angles need a number everywhere: correct bad pixels first")
    return views, shares(angles, turn_deg)


def shares(angles_deg: NDArray[np.float64], turn_deg: float) -> NDArray[np.float64]:
    """Return how many degrees of a turn each angle stands for: half the way to its neighbours on either side.

    Raises
    ------
    WrongUsage
        The angles leave a gap.
    """
    within = np.mod(angles_deg, turn_deg)
    order = np.argsort(within, kind="stable")
    gaps = np.diff(within[order], append=within[order[0]] + turn_deg)
    directions = int(np.count_nonzero(gaps > turn_deg * 1e-6))
    if directions < 2 or gaps.max() > WIDEST_GAP * turn_deg / directions:
        raise WrongUsage(
            f"the angles leave a gap of {gaps.max():.4g}° in a turn of {turn_deg:g}° with {directions} directions: "
            f"this reconstruction needs {turn_deg:g}° without a missing wedge"
        )
    found = np.empty(angles_deg.size)
    found[order] = (gaps + np.roll(gaps, 1)) / 2
    return found


def _check_volume(shape: tuple[int, int, int]) -> None:
    if min(shape) < 1 or np.prod(shape, dtype=np.int64) > MOST_VOXELS:
        raise WrongUsage(
            f"a volume of {shape[0]} × {shape[1]} × {shape[2]} voxels: at least 1, at most {MOST_VOXELS:,}"
        )


def _check_cone(beam: ConeBeam, voxel_mm: float, shape: tuple[int, int, int]) -> None:
    _check_volume(shape)
    if not 0 < beam.source_object_mm <= beam.source_detector_mm or not beam.pitch_mm > 0 or not voxel_mm > 0:
        raise WrongUsage(
            f"source to axis {beam.source_object_mm:g} mm, to detector {beam.source_detector_mm:g} mm, pixel "
            f"{beam.pitch_mm:g} mm, voxel {voxel_mm:g} mm: all above 0, the axis before the detector"
        )
    reach = voxel_mm * float(np.hypot(shape[1], shape[2])) / 2
    if reach >= beam.source_object_mm:
        raise WrongUsage(f"the volume reaches {reach:g} mm from the axis, where the source stands at "
                         f"{beam.source_object_mm:g} mm: make it smaller")  # fmt: skip
