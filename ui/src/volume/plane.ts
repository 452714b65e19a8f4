/** A plane through a volume, as a raster of square pixels that lies somewhere in space. Pure. */
import { add, cross, dot, sub, times, type Space, type Vec } from "./geometry";

export interface Plane {
  /** Where the middle of the raster lies. */
  center: Vec;
  right: Vec;
  down: Vec;
  pitch_mm: number;
  rows: number;
  columns: number;
}

export const toward = (plane: Pick<Plane, "right" | "down">): Vec => cross(plane.right, plane.down);

/** Where a place of the raster lies; (row, column) are continuous, pixel (r, c) covers r to r + 1 and c to c + 1. */
export function toSpace(plane: Plane, row: number, column: number): Vec {
  const right = (column - plane.columns / 2) * plane.pitch_mm;
  const down = (row - plane.rows / 2) * plane.pitch_mm;
  return add(plane.center, add(times(plane.right, right), times(plane.down, down)));
}

/** The place of the raster a point stands over, and how far behind the plane the point is. */
export function fromSpace(plane: Plane, point: Vec): { row: number; column: number; behind_mm: number } {
  const relative = sub(point, plane.center);
  return {
    row: dot(relative, plane.down) / plane.pitch_mm + plane.rows / 2,
    column: dot(relative, plane.right) / plane.pitch_mm + plane.columns / 2,
    behind_mm: dot(relative, toward(plane)),
  };
}

/** The plane through a point that shows all of the volume, its pixels as fine as the finest voxels. */
export function wholePlane(space: Space, through: Vec, right: Vec, down: Vec): Plane {
  const into = cross(right, down);
  const center = add(space.center, times(into, dot(sub(through, space.center), into)));
  const pitch_mm = space.finest_mm;
  const size = (direction: Vec) => Math.max(1, Math.ceil((2 * space.half(direction)) / pitch_mm));
  return { center, right, down, pitch_mm, rows: size(down), columns: size(right) };
}
