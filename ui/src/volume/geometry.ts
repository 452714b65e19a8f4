/** Space in mm, and where the slices of a volume lie in it. Pure; the same as `kerma.science.imaging.volume`. */
import type { Schemas } from "../parts/client";

export type Vec = readonly [number, number, number];
export type Geometry = Schemas["VolumeGeometry"];

export const add = (a: Vec, b: Vec): Vec => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a: Vec, b: Vec): Vec => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a: Vec, k: number): Vec => [a[0] * k, a[1] * k, a[2] * k];
export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec, b: Vec): Vec => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const norm = (a: Vec): number => Math.hypot(a[0], a[1], a[2]);
export const unit = (a: Vec): Vec => times(a, 1 / (norm(a) || 1));
export const vec = (numbers: readonly number[]): Vec => [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];

/** Turns a vector about an axis of length 1 (right hand, radians). */
export function turned(a: Vec, axis: Vec, angle: number): Vec {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return add(add(times(a, cos), times(cross(axis, a), sin)), times(axis, dot(axis, a) * (1 - cos)));
}

/** A place by the volume's own axes, in mm: along the normal, along the columns, along the rows. */
export interface Own {
  distance: number;
  down: number;
  across: number;
}

/** The volume in space. */
export class Space {
  readonly origin: Vec;
  readonly alongRow: Vec;
  readonly alongColumn: Vec;
  readonly normal: Vec;
  /** Of the box that holds every voxel: lowest and highest place by the own axes. */
  readonly low: Own;
  readonly high: Own;
  /** The outer corners of the first and the last slice. */
  readonly corners: readonly Vec[];
  readonly center: Vec;
  readonly finest_mm: number;

  constructor(readonly geometry: Geometry) {
    this.origin = vec(geometry.origin_mm);
    this.alongRow = vec(geometry.along_row);
    this.alongColumn = vec(geometry.along_column);
    this.normal = cross(this.alongRow, this.alongColumn);
    const places = geometry.distances_mm;
    const gaps = places.slice(1).map((place, number) => place - (places[number] as number));
    const [downs, acrosses] = [0, 1].map((which) => geometry.offsets_mm.map((offset) => offset[which] ?? 0)) as [number[], number[]];
    const { row_mm, column_mm, rows, columns } = geometry;
    this.low = { distance: -(gaps[0] ?? 0) / 2, down: least(downs) - row_mm / 2, across: least(acrosses) - column_mm / 2 };
    this.high = {
      distance: (places.at(-1) ?? 0) + (gaps.at(-1) ?? 0) / 2,
      down: most(downs) + (rows - 0.5) * row_mm,
      across: most(acrosses) + (columns - 0.5) * column_mm,
    };
    this.corners = [0, places.length - 1].flatMap((slice) =>
      [-0.5, rows - 0.5].flatMap((row) =>
        [-0.5, columns - 0.5].map((column) =>
          this.at({
            distance: slice ? this.high.distance : this.low.distance,
            down: (downs[slice] as number) + row * row_mm,
            across: (acrosses[slice] as number) + column * column_mm,
          }),
        ),
      ),
    );
    this.center = times(this.corners.reduce(add), 1 / this.corners.length);
    this.finest_mm = Math.min(row_mm, column_mm, least(gaps));
  }

  at({ distance, down, across }: Own): Vec {
    return add(this.origin, add(times(this.normal, distance), add(times(this.alongColumn, down), times(this.alongRow, across))));
  }

  own(point: Vec): Own {
    const relative = sub(point, this.origin);
    return { distance: dot(relative, this.normal), down: dot(relative, this.alongColumn), across: dot(relative, this.alongRow) };
  }

  /** How far the volume reaches along a direction, in mm, from its middle both ways. */
  half(direction: Vec): number {
    return most(this.corners.map((corner) => dot(sub(corner, this.center), direction)));
  }

  /** Keeps a point inside the box. */
  within(point: Vec): Vec {
    const place = this.own(point);
    const clamp = (name: keyof Own) => Math.max(this.low[name], Math.min(this.high[name], place[name]));
    return this.at({ distance: clamp("distance"), down: clamp("down"), across: clamp("across") });
  }

  /** The slice below a distance and how far the point is to the next, 0 to 1. */
  between(distance: number): { lower: number; share: number } {
    const places = this.geometry.distances_mm;
    let [low, high] = [0, places.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((places[middle] as number) <= distance) low = middle;
      else high = middle;
    }
    const [below, above] = [places[low] as number, places[high] as number];
    return { lower: low, share: Math.max(0, Math.min(1, (distance - below) / (above - below))) };
  }

  /** Planes of a slab: one for each half of the smallest voxel side, as the reference has it. */
  samples(thickness_mm: number): number {
    return thickness_mm > 0 ? Math.ceil(thickness_mm / (this.finest_mm / 2)) + 1 : 1;
  }

  /** The next place along a direction: the next slice where the plane is one, else one voxel further. */
  step(point: Vec, direction: Vec, by: number): Vec {
    const along = dot(direction, this.normal);
    if (Math.abs(along) < 1 - 1e-4) return add(point, times(direction, by * this.pitch(direction)));
    const places = this.geometry.distances_mm;
    const here = this.own(point).distance;
    const nearest = places.reduce((best, place, number) => (Math.abs(place - here) < Math.abs((places[best] as number) - here) ? number : best), 0);
    const next = Math.max(0, Math.min(places.length - 1, nearest + by * Math.sign(along)));
    return add(point, times(this.normal, (places[next] as number) - here));
  }

  /** Length of a voxel along a direction. */
  pitch(direction: Vec): number {
    const { row_mm, column_mm, distances_mm } = this.geometry;
    const between_mm = (distances_mm.at(-1) ?? 1) / Math.max(1, distances_mm.length - 1);
    const [n, d, a] = [this.normal, this.alongColumn, this.alongRow].map((axis) => Math.abs(dot(direction, axis))) as [number, number, number];
    return 1 / Math.hypot(n / between_mm, d / row_mm, a / column_mm);
  }
}

/** Three directions at right angles: what is right, down and into the screen in the first of the three planes. */
export interface Axes {
  x: Vec;
  y: Vec;
  z: Vec;
}

/** The patient's axes: to the left, to the back, to the head (PS3.3 C.7.6.2.1.1). */
export const PATIENT: Axes = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };

const LETTERS: [Vec, string, string][] = [
  [[1, 0, 0], "L", "R"],
  [[0, 1, 0], "P", "A"],
  [[0, 0, 1], "H", "F"],
];
const SEEN = 0.2;

/** The letters of a direction in the patient, the strongest first: "L", "LA", "HLA". */
export function letters(direction: Vec): string {
  return LETTERS.map(([axis, plus, minus]) => ({ along: dot(direction, axis), plus, minus }))
    .filter(({ along }) => Math.abs(along) > SEEN)
    .sort((one, other) => Math.abs(other.along) - Math.abs(one.along))
    .map(({ along, plus, minus }) => (along > 0 ? plus : minus))
    .join("");
}

const least = (numbers: readonly number[]) => numbers.reduce((best, one) => Math.min(best, one), Infinity);
const most = (numbers: readonly number[]) => numbers.reduce((best, one) => Math.max(best, one), -Infinity);
