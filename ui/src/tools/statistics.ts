/** What the values inside an area, and along a line, say: pure. Values are modality values of level 0. */
import type { Bounds, Dot } from "./geometry";
import type { Run } from "./masks";

export interface Block {
  /** The box of whole pixels that the values fill, row by row. */
  box: Bounds;
  values: Float32Array;
}

export interface Statistics {
  n: number;
  mean: number;
  /** Of the sample (n - 1); 0 for one value. */
  sd: number;
  min: number;
  max: number;
}

/** The values of runs of pixels; those without data are left out. */
export function inside(runs: Run[], { box, values }: Block): Float64Array {
  const wide = box.right - box.left;
  const found = new Float64Array(runs.reduce((sum, [, , length]) => sum + length, 0));
  let many = 0;
  for (const [row, column, length] of runs) {
    const start = (row - box.top) * wide + column - box.left;
    for (let index = start; index < start + length; index++) {
      const value = values[index]!;
      if (!Number.isNaN(value)) found[many++] = value;
    }
  }
  return found.subarray(0, many);
}

/** Null where no pixel has data. */
export function statistics(values: Float64Array): Statistics | null {
  if (!values.length) return null;
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (const value of values) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / values.length;
  const squares = values.reduce((all, value) => all + (value - mean) ** 2, 0);
  return { n: values.length, mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0, min, max };
}

export interface Histogram {
  /** The lower end of the first bin, and the width of each. */
  from: number;
  width: number;
  counts: number[];
}

/** Counts in bins as wide as each other; whole values have bins of whole width, so that none stays empty by chance. */
export function histogram(values: Float64Array, most = 64): Histogram {
  const found = statistics(values);
  if (!found) return { from: 0, width: 1, counts: [] };
  const whole = values.every(Number.isInteger);
  const range = found.max - found.min;
  const width = whole ? Math.max(1, Math.ceil((range + 1) / most)) : range / most || 1;
  const bins = whole ? Math.ceil((range + 1) / width) : range ? most : 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - found.min) / width))]!++;
  return { from: found.min, width, counts };
}

export interface Profile {
  /** Distance of each sample from the first point in pixels. */
  along_px: number[];
  values: number[];
}

/** The box of pixels that sampling a line needs: its two points and one pixel around them. */
export function lineBox([one, other]: Dot[], size: { rows: number; columns: number }): Bounds {
  const [a, b] = [one!, other!];
  return {
    top: Math.max(0, Math.floor(Math.min(a[0], b[0]) - 1)),
    left: Math.max(0, Math.floor(Math.min(a[1], b[1]) - 1)),
    bottom: Math.min(size.rows, Math.ceil(Math.max(a[0], b[0]) + 1)),
    right: Math.min(size.columns, Math.ceil(Math.max(a[1], b[1]) + 1)),
  };
}

/** Values along a line, one a pixel of its length, between the pixels linearly (the middle of pixel r, c is r + 0.5, c + 0.5). */
export function profile([one, other]: Dot[], { box, values }: Block): Profile {
  const [a, b] = [one!, other!];
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const many = Math.max(2, Math.round(length) + 1);
  const [high, wide] = [box.bottom - box.top, box.right - box.left];
  const pixel = (row: number, column: number) => values[Math.min(high - 1, Math.max(0, row)) * wide + Math.min(wide - 1, Math.max(0, column))] ?? NaN;
  const along_px = Array.from({ length: many }, (_, index) => (length * index) / (many - 1));
  return {
    along_px,
    values: along_px.map((_, index) => {
      const share = index / (many - 1);
      const row = a[0] + (b[0] - a[0]) * share - 0.5 - box.top;
      const column = a[1] + (b[1] - a[1]) * share - 0.5 - box.left;
      const [r, c] = [Math.floor(row), Math.floor(column)];
      const [down, right] = [row - r, column - c];
      const upper = pixel(r, c) * (1 - right) + (right ? pixel(r, c + 1) * right : 0);
      return down ? upper * (1 - down) + (pixel(r + 1, c) * (1 - right) + (right ? pixel(r + 1, c + 1) * right : 0)) * down : upper;
    }),
  };
}
