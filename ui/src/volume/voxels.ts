/** The voxels of a volume in memory: filled slice by slice, read back in the true places of the slices. */
import type { Schemas } from "../parts/client";
import { Space, add, times, type Geometry, type Vec } from "./geometry";
import { toSpace, toward, type Plane } from "./plane";

export type Volume = Schemas["VolumeRow"];

/** Most bytes of voxels on the graphics card; as many again are held beside it, to read values from. */
export const BYTES_MAX = 2 ** 28;

export type Mode = "mean" | "highest" | "lowest";
export const MODES: Mode[] = ["mean", "highest", "lowest"];

/** What is left of a volume so that it fits: pixels per voxel each way, and every how manyth slice. */
export interface Fit {
  block: number;
  stride: number;
}

/** The least that must be left out. Slices are left out only where the card cannot take as many. */
export function fitOf(count: number, rows: number, columns: number, sideMax: number, bytesMax = BYTES_MAX): Fit {
  const stride = Math.ceil(count / sideMax);
  let block = 1;
  while (Math.max(rows, columns) > block * sideMax || bytes(count, rows, columns, { block, stride }) > bytesMax) block++;
  return { block, stride };
}

const bytes = (count: number, rows: number, columns: number, { block, stride }: Fit) =>
  Math.ceil(count / stride) * Math.ceil(rows / block) * Math.ceil(columns / block) * 2;

/** The geometry of every strideth slice, block by block of its pixels: a voxel lies in the middle of its pixels. */
export function reducedGeometry(geometry: Geometry, slices: readonly number[], block: number): Geometry {
  const first = slices[0] ?? 0;
  const offset = ((block - 1) / 2) as number;
  const space = new Space(geometry);
  const base = geometry.offsets_mm[first] ?? [0, 0];
  const at = geometry.distances_mm[first] ?? 0;
  const origin = space.at({ distance: at, down: (base[0] ?? 0) + offset * geometry.row_mm, across: (base[1] ?? 0) + offset * geometry.column_mm });
  return {
    ...geometry,
    rows: Math.ceil(geometry.rows / block),
    columns: Math.ceil(geometry.columns / block),
    row_mm: geometry.row_mm * block,
    column_mm: geometry.column_mm * block,
    origin_mm: [...origin],
    distances_mm: slices.map((slice) => (geometry.distances_mm[slice] ?? 0) - at),
    offsets_mm: slices.map((slice) => (geometry.offsets_mm[slice] ?? [0, 0]).map((one, which) => one - (base[which] ?? 0))),
  };
}

/** Voxels as they lie on the graphics card: value = base + step * (voxel - 1); 0 carries no data. */
export class Voxels {
  readonly space: Space;
  readonly slices: (Uint16Array | null)[];
  base = 0;
  step = 1;

  constructor(readonly geometry: Geometry) {
    this.space = new Space(geometry);
    this.slices = geometry.distances_mm.map(() => null);
  }

  get bytes(): number {
    return this.slices.reduce((sum, slice) => sum + (slice?.byteLength ?? 0), 0);
  }

  /** The value at a point of space; null where there is no data. As the server's `volume_planes.values_at`. */
  at(point: Vec): number | null {
    const { distance, down, across } = this.space.own(point);
    const { low, high } = this.space;
    if (distance < low.distance || distance > high.distance) return null;
    const { lower, share } = this.space.between(distance);
    const sum: [number, number] = [0, 0];
    for (const [number, weight] of [[lower, 1 - share], [lower + 1, share]] as const) {
      if (weight === 0) continue;
      if (!this.slices[number]) return null;
      this.add(number, down, across, weight, sum);
    }
    return sum[1] > 1e-6 ? this.base + this.step * (sum[0] / sum[1] - 1) : null;
  }

  private add(number: number, down: number, across: number, weight: number, sum: [number, number]): void {
    const slice = this.slices[number];
    const [ownDown = 0, ownAcross = 0] = this.geometry.offsets_mm[number] ?? [];
    const { rows, columns, row_mm, column_mm } = this.geometry;
    const [row, column] = [(down - ownDown) / row_mm, (across - ownAcross) / column_mm];
    if (!slice || row < -0.5 || column < -0.5 || row > rows - 0.5 || column > columns - 0.5) return;
    const [inRow, inColumn] = [Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column))];
    const [top, left] = [Math.min(Math.floor(inRow), Math.max(rows - 2, 0)), Math.min(Math.floor(inColumn), Math.max(columns - 2, 0))];
    for (const [below, rowWeight] of [[0, 1 - (inRow - top)], [1, inRow - top]] as const) {
      for (const [beside, columnWeight] of [[0, 1 - (inColumn - left)], [1, inColumn - left]] as const) {
        const voxel = slice[Math.min(top + below, rows - 1) * columns + Math.min(left + beside, columns - 1)] ?? 0;
        if (voxel === 0) continue;
        const part = weight * rowWeight * columnWeight;
        sum[0] += part * voxel;
        sum[1] += part;
      }
    }
  }

  /** The value of a slab at a point of its plane. */
  slab(point: Vec, into: Vec, thickness_mm: number, mode: Mode): number | null {
    const samples = this.space.samples(thickness_mm);
    if (samples <= 1) return this.at(point);
    const found: number[] = [];
    for (let number = 0; number < samples; number++) {
      const value = this.at(add(point, times(into, thickness_mm * (number / (samples - 1) - 0.5))));
      if (value !== null) found.push(value);
    }
    if (!found.length) return null;
    if (mode === "mean") return found.reduce((sum, one) => sum + one, 0) / found.length;
    return found.reduce((best, one) => (mode === "highest" ? Math.max(best, one) : Math.min(best, one)));
  }

  /** The values of a box of a plane's raster, row by row; not a number where there is no data. */
  region(plane: Plane, box: { row: number; column: number; rows: number; columns: number }): Float32Array {
    const into = toward(plane);
    const values = new Float32Array(box.rows * box.columns);
    for (let row = 0; row < box.rows; row++) {
      for (let column = 0; column < box.columns; column++) {
        const point = toSpace(plane, box.row + row + 0.5, box.column + column + 0.5);
        values[row * box.columns + column] = this.slab(point, into, 0, "mean") ?? NaN;
      }
    }
    return values;
  }
}
