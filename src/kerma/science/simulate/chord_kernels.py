"""How far rays run inside bodies: the compiled loops.

A body is a row of ``numbers`` in its own frame, its kind first. A ray is (x, y, z) of the source and (x, y, z) of the
way from there to the pixel, so that 0 is the source and 1 the pixel. Before a quadratic is solved the origin is moved
to the ray's closest approach: at 700 mm from the source a 50 µm wire would otherwise drown in rounding.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled

Field = NDArray[np.float64]
Ray = tuple[float, float, float, float, float, float]
Span = tuple[float, float]

BOX, ELLIPSOID, FRUSTUM, TUBE, PRISM, STROKE = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0
NOTHING = (1.0, 0.0)
PARALLEL = 1e-14


@compiled
def slab_span(origin: float, way: float, half: float) -> Span:
    """Return where a ray runs between two parallel planes."""
    if way == 0.0:
        return (-math.inf, math.inf) if abs(origin) <= half else (1.0, 0.0)
    first, second = (-half - origin) / way, (half - origin) / way
    return (first, second) if first < second else (second, first)


@compiled
def box_span(ray: Ray, numbers: Field) -> Span:
    """Return where a ray runs in a box of half edges ``numbers[1:4]``."""
    first, last = slab_span(ray[0], ray[3], numbers[1])
    second = slab_span(ray[1], ray[4], numbers[2])
    third = slab_span(ray[2], ray[5], numbers[3])
    return max(first, second[0], third[0]), min(last, second[1], third[1])


@compiled
def ellipsoid_span(ray: Ray, numbers: Field) -> Span:
    """Return where a ray runs in an ellipsoid of radii ``numbers[1:4]``."""
    ox, oy, oz = ray[0] / numbers[1], ray[1] / numbers[2], ray[2] / numbers[3]
    dx, dy, dz = ray[3] / numbers[1], ray[4] / numbers[2], ray[5] / numbers[3]
    way = dx * dx + dy * dy + dz * dz
    middle = -(ox * dx + oy * dy + oz * dz) / way
    x, y, z = ox + middle * dx, oy + middle * dy, oz + middle * dz
    inside = 1.0 - (x * x + y * y + z * z)
    if inside <= 0.0:
        return 1.0, 0.0
    half = math.sqrt(inside / way)
    return middle - half, middle + half


@compiled
def cone_span(across: tuple[float, float, float], along: tuple[float, float], ends: Field) -> Span:
    """Return where a ray runs in a truncated cone whose axis is given by the ray's parts across and along it.

    ``across`` holds o·o, o·d and d·d of the parts across the axis, ``along`` o and d along it; ``ends`` are first and
    last height and the radii there.
    """
    slope = (ends[3] - ends[2]) / (ends[1] - ends[0])
    middle = 0.5 * (ends[0] + ends[1])
    first, last = slab_span(along[0] - middle, along[1], 0.5 * (ends[1] - ends[0]))
    radius = ends[2] + slope * (along[0] - ends[0])
    a = across[2] - (slope * along[1]) ** 2
    b = across[1] - radius * slope * along[1]
    c = across[0] - radius * radius
    if abs(a) <= PARALLEL * (across[2] + along[1] * along[1]):
        if abs(b) <= PARALLEL * abs(c) or b == 0.0:
            return (first, last) if c <= 0.0 else (1.0, 0.0)
        root = -0.5 * c / b
        return (first, min(last, root)) if b > 0.0 else (max(first, root), last)
    inside = b * b - a * c
    if inside <= 0.0:
        return (first, last) if a < 0.0 else (1.0, 0.0)
    way = math.sqrt(inside)
    low, high = min((-b - way) / a, (-b + way) / a), max((-b - way) / a, (-b + way) / a)
    if a > 0.0:
        return max(first, low), min(last, high)
    if min(last, low) - first >= last - max(first, high):
        return first, min(last, low)
    return max(first, high), last


@compiled
def frustum_span(ray: Ray, ends: Field) -> Span:
    """Return where a ray runs in a truncated cone about the z axis."""
    way = ray[3] * ray[3] + ray[4] * ray[4] + ray[5] * ray[5]
    middle = 0.5 * (ends[0] + ends[1])
    near = -(ray[0] * ray[3] + ray[1] * ray[4] + (ray[2] - middle) * ray[5]) / way
    x, y, z = ray[0] + near * ray[3], ray[1] + near * ray[4], ray[2] + near * ray[5]
    across = (x * x + y * y, x * ray[3] + y * ray[4], ray[3] * ray[3] + ray[4] * ray[4])
    span = cone_span(across, (z, ray[5]), ends)
    return span[0] + near, span[1] + near


@compiled
def clipped(span: Span) -> float:
    """Return how much of a span lies between source and pixel, as a share of that way."""
    return max(0.0, min(span[1], 1.0) - max(span[0], 0.0))


@compiled
def prism_share(ray: Ray, numbers: Field) -> float:
    """Return the share of a ray inside a prism: half height, then the corners of its outline, anticlockwise.

    Every crossing of the outline adds its place when the ray leaves and takes it away when the ray enters.
    """
    span = slab_span(ray[2], ray[5], numbers[1])
    first, last = max(span[0], 0.0), min(span[1], 1.0)
    if last <= first:
        return 0.0
    corners = (numbers.shape[0] - 2) // 2
    upright = ray[3] == 0.0 and ray[4] == 0.0
    total = 0.0
    x0, y0 = numbers[2 * corners] - ray[0], numbers[2 * corners + 1] - ray[1]
    side0 = ray[3] * y0 - ray[4] * x0 if not upright else y0
    for corner in range(corners):
        x1, y1 = numbers[2 + 2 * corner] - ray[0], numbers[3 + 2 * corner] - ray[1]
        side1 = ray[3] * y1 - ray[4] * x1 if not upright else y1
        if (side0 >= 0.0) != (side1 >= 0.0):
            share = side0 / (side0 - side1)
            x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
            sign = 1.0 if side1 >= 0.0 else -1.0
            if upright:
                total += sign * (last - first if x > 0.0 else 0.0)
            else:
                place = x / ray[3] if abs(ray[3]) >= abs(ray[4]) else y / ray[4]
                total += sign * min(max(place, first), last)
        x0, y0, side0 = x1, y1, side1
    return max(0.0, total)


@compiled
def ball_span(x: float, y: float, z: float, ray: Ray, radius: float) -> Span:
    """Return where a ray through (x, y, z) runs in a ball about the origin."""
    way = ray[3] * ray[3] + ray[4] * ray[4] + ray[5] * ray[5]
    near = -(x * ray[3] + y * ray[4] + z * ray[5]) / way
    cx, cy, cz = x + near * ray[3], y + near * ray[4], z + near * ray[5]
    inside = radius * radius - (cx * cx + cy * cy + cz * cz)
    if inside <= 0.0:
        return 1.0, 0.0
    half = math.sqrt(inside / way)
    return near - half, near + half


@compiled
def joined(first: Span, second: Span) -> Span:
    """Return the span from the start of one to the end of the other: the two belong to one convex body."""
    if first[1] <= first[0]:
        return second
    if second[1] <= second[0]:
        return first
    return min(first[0], second[0]), max(first[1], second[1])


@compiled
def limb_span(ray: Ray, limb: Field, ends: Field) -> Span:
    """Return where a ray runs in the hull of two balls; ``limb`` is x, y, z, radius of each."""
    wx, wy, wz = limb[4] - limb[0], limb[5] - limb[1], limb[6] - limb[2]
    length = math.sqrt(wx * wx + wy * wy + wz * wz)
    mx, my, mz = 0.5 * (limb[0] + limb[4]), 0.5 * (limb[1] + limb[5]), 0.5 * (limb[2] + limb[6])
    way = ray[3] * ray[3] + ray[4] * ray[4] + ray[5] * ray[5]
    near = -((ray[0] - mx) * ray[3] + (ray[1] - my) * ray[4] + (ray[2] - mz) * ray[5]) / way
    x, y, z = ray[0] + near * ray[3], ray[1] + near * ray[4], ray[2] + near * ray[5]
    reach = 0.5 * length + max(limb[3], limb[7])
    if (x - mx) ** 2 + (y - my) ** 2 + (z - mz) ** 2 >= reach * reach:
        return 1.0, 0.0
    span = joined(
        ball_span(x - limb[0], y - limb[1], z - limb[2], ray, limb[3]),
        ball_span(x - limb[4], y - limb[5], z - limb[6], ray, limb[7]),
    )
    if abs(limb[3] - limb[7]) < length:
        wx, wy, wz = wx / length, wy / length, wz / length
        sine = (limb[3] - limb[7]) / length
        cosine = math.sqrt(1.0 - sine * sine)
        ends[0], ends[1] = limb[3] * sine, length + limb[7] * sine
        ends[2], ends[3] = limb[3] * cosine, limb[7] * cosine
        vx, vy, vz = x - limb[0], y - limb[1], z - limb[2]
        o_along, d_along = vx * wx + vy * wy + vz * wz, ray[3] * wx + ray[4] * wy + ray[5] * wz
        px, py, pz = vx - o_along * wx, vy - o_along * wy, vz - o_along * wz
        qx, qy, qz = ray[3] - d_along * wx, ray[4] - d_along * wy, ray[5] - d_along * wz
        across = (px * px + py * py + pz * pz, px * qx + py * qy + pz * qz, qx * qx + qy * qy + qz * qz)
        span = joined(span, cone_span(across, (o_along, d_along), ends))
    return span[0] + near, span[1] + near


@compiled
def stroke_share(ray: Ray, numbers: Field, spans: Field) -> float:
    """Return the share of a ray inside a chain of round limbs; what two limbs share counts once."""
    count = 0
    for limb in range((numbers.shape[0] - 1) // 4 - 1):
        span = limb_span(ray, numbers[1 + 4 * limb : 9 + 4 * limb], spans[-1])
        first, last = max(span[0], 0.0), min(span[1], 1.0)
        if last > first:
            place = count
            while place > 0 and spans[place - 1, 0] > first:
                spans[place, 0], spans[place, 1] = spans[place - 1, 0], spans[place - 1, 1]
                place -= 1
            spans[place, 0], spans[place, 1] = first, last
            count += 1
    total, end = 0.0, 0.0
    for number in range(count):
        first, last = max(spans[number, 0], end), spans[number, 1]
        if last > first:
            total += last - first
            end = last
    return total


@compiled
def share(ray: Ray, numbers: Field, spans: Field) -> float:
    """Return the share of the way from source to pixel that lies inside a body."""
    kind = numbers[0]
    if kind == BOX:
        return clipped(box_span(ray, numbers))
    if kind == ELLIPSOID:
        return clipped(ellipsoid_span(ray, numbers))
    if kind == FRUSTUM:
        return clipped(frustum_span(ray, numbers[1:5]))
    if kind == TUBE:
        return clipped(frustum_span(ray, numbers[1:5])) - clipped(frustum_span(ray, numbers[5:9]))
    if kind == PRISM:
        return prism_share(ray, numbers)
    return stroke_share(ray, numbers, spans)


@compiled
def _ray(frame: Field, at: tuple[int, int], sample: tuple[int, int], rays: int) -> Ray:
    """Return origin and direction of one of a pixel's ``rays`` × ``rays`` rays, as far as the detector.

    A sheared grid: no two rays of a pixel share a row or a column, so that edges along the pixels are met as finely
    as slanted ones.
    """
    i, j = sample
    r = at[0] + ((i + (j + 0.5) / rays) / rays - 0.5)
    c = at[1] + ((j + (i + 0.5) / rays) / rays - 0.5)
    ox, oy = frame[0, 0] + r * frame[1, 0], frame[0, 1] + r * frame[1, 1]
    oz = frame[0, 2] + r * frame[1, 2]
    dx = frame[2, 0] + r * frame[3, 0] + c * frame[4, 0] - ox
    dy = frame[2, 1] + r * frame[3, 1] + c * frame[4, 1] - oy
    dz = frame[2, 2] + r * frame[3, 2] + c * frame[4, 2] - oz
    return ox, oy, oz, dx, dy, dz


@compiled
def chords(
    numbers: Field, frame: Field, rays: int, where: NDArray[np.bool_], out: Field, rows: tuple[int, int]
) -> None:
    """Write the mean chord in mm of ``rays`` × ``rays`` rays into each pixel of ``out`` that ``where`` marks."""
    spans = np.empty((numbers.shape[0] // 4 + 2, 4))
    for row in range(rows[0], rows[1]):
        for column in range(out.shape[1]):
            if where[row, column]:
                total = 0.0
                for i in range(rays):
                    for j in range(rays):
                        ox, oy, oz, dx, dy, dz = _ray(frame, (row, column), (i, j), rays)
                        part = share((ox, oy, oz, dx, dy, dz), numbers, spans)
                        if part > 0.0:
                            total += part * math.sqrt(dx * dx + dy * dy + dz * dz)
                out[row, column] = total / (rays * rays)


@compiled
def heights(relief: Field, grid: Field, frame: Field, rays: int, out: Field, rows: tuple[int, int]) -> None:
    """Write the mean chord of rays through a height map into ``out``.

    ``grid`` is x and y of the first sample and the step; between samples the height is interpolated, beyond the map
    it is zero.
    """
    for row in range(rows[0], rows[1]):
        for column in range(out.shape[1]):
            total = 0.0
            for i in range(rays):
                for j in range(rays):
                    ox, oy, oz, dx, dy, dz = _ray(frame, (row, column), (i, j), rays)
                    if dz != 0.0 and 0.0 < -oz / dz < 1.0:
                        x = (ox - oz / dz * dx - grid[0]) / grid[2]
                        y = (oy - oz / dz * dy - grid[1]) / grid[2]
                        total += between(relief, y, x) * math.sqrt(dx * dx + dy * dy + dz * dz) / abs(dz)
            out[row, column] = total / (rays * rays)


@compiled
def between(relief: Field, y: float, x: float) -> float:
    """Return the height at a place between samples; the outer half sample of the map is level."""
    rows, columns = relief.shape
    if not (-0.5 <= y <= rows - 0.5 and -0.5 <= x <= columns - 0.5):
        return 0.0
    y, x = min(max(y, 0.0), rows - 1.0), min(max(x, 0.0), columns - 1.0)
    row, column = min(int(y), max(rows - 2, 0)), min(int(x), max(columns - 2, 0))
    v, u = y - row, x - column
    below, right = min(row + 1, rows - 1), min(column + 1, columns - 1)
    upper: float = relief[row, column] * (1.0 - u) + relief[row, right] * u
    lower: float = relief[below, column] * (1.0 - u) + relief[below, right] * u
    height: float = upper * (1.0 - v) + lower * v
    return height
