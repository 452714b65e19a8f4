/** Areas as runs of whole pixels, row by row: what a brush paints, and which pixels lie inside a shape. Pure. */
import { bounds, type Bounds, type Dot } from "./geometry";

/** Row, first column and length; runs go down the rows, those of one row from left to right without touching. */
export type Run = [row: number, column: number, length: number];
export interface Size {
  rows: number;
  columns: number;
}

/** Pixels of the image whose middle lies between two columns of one row. */
function run(row: number, from: number, to: number, size: Size): Run[] {
  const first = Math.max(0, Math.ceil(from - 0.5));
  const last = Math.min(size.columns - 1, Math.ceil(to - 0.5) - 1);
  return row >= 0 && row < size.rows && last >= first ? [[row, first, last - first + 1]] : [];
}

/** The whole rows that an extent covers with the middle of their pixels. */
function rows(top: number, bottom: number, size: Size): number[] {
  const first = Math.max(0, Math.ceil(top - 0.5));
  const last = Math.min(size.rows - 1, Math.ceil(bottom - 0.5) - 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

export function rectangleRuns(dots: Dot[], size: Size): Run[] {
  const { top, left, bottom, right } = bounds(dots);
  return rows(top, bottom, size).flatMap((row) => run(row, left, right, size));
}

export function ellipseRuns(dots: Dot[], size: Size): Run[] {
  const { top, left, bottom, right } = bounds(dots);
  const [high, wide] = [(bottom - top) / 2, (right - left) / 2];
  return rows(top, bottom, size).flatMap((row) => {
    const down = (row + 0.5 - (top + bottom) / 2) / high;
    const half = wide * Math.sqrt(Math.max(0, 1 - down * down));
    return run(row, (left + right) / 2 - half, (left + right) / 2 + half, size);
  });
}

/** Inside by the even-odd rule. */
export function polygonRuns(dots: Dot[], size: Size): Run[] {
  const { top, bottom } = bounds(dots);
  return rows(top, bottom, size).flatMap((row) => {
    const middle = row + 0.5;
    const crossings = dots
      .map((dot, index) => [dot, dots[(index + 1) % dots.length]!] as const)
      .filter(([a, b]) => a[0] <= middle !== b[0] <= middle)
      .map(([a, b]) => a[1] + ((middle - a[0]) / (b[0] - a[0])) * (b[1] - a[1]))
      .sort((one, other) => one - other);
    return Array.from({ length: crossings.length >> 1 }, (_, pair) => run(row, crossings[2 * pair]!, crossings[2 * pair + 1]!, size)).flat();
  });
}

/** What a round brush covers on its way from one point to another. */
export function strokeRuns(from: Dot, to: Dot, radius: number, size: Size): Run[] {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / Math.max(1, radius / 3)));
  const discs = Array.from({ length: steps + 1 }, (_, index) => {
    const [row, column] = [from[0] + ((to[0] - from[0]) * index) / steps, from[1] + ((to[1] - from[1]) * index) / steps];
    return ellipseRuns([[row - radius, column - radius], [row + radius, column + radius]], size);
  });
  return joined(discs.flat());
}

/** Runs in order, those that touch as one. */
export function joined(runs: Run[]): Run[] {
  const sorted = [...runs].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const made: Run[] = [];
  for (const [row, column, length] of sorted) {
    const last = made.at(-1);
    if (last && last[0] === row && column <= last[1] + last[2]) last[2] = Math.max(last[2], column + length - last[1]);
    else made.push([row, column, length]);
  }
  return made;
}

/** What is left of runs when others are taken away. */
export function without(runs: Run[], taken: Run[]): Run[] {
  const away = new Map<number, Run[]>();
  for (const one of taken) away.set(one[0], [...(away.get(one[0]) ?? []), one]);
  return runs.flatMap(([row, column, length]) => {
    let parts: [number, number][] = [[column, column + length]];
    for (const [, first, many] of away.get(row) ?? []) {
      parts = parts.flatMap(([from, to]) => ([[from, Math.min(to, first)], [Math.max(from, first + many), to]] as [number, number][]).filter(([a, b]) => b > a));
    }
    return parts.map(([from, to]): Run => [row, from, to - from]);
  });
}

export const count = (runs: Run[]) => runs.reduce((sum, [, , length]) => sum + length, 0);

/** The box of whole pixels around runs; null where there are none. */
export function around(runs: Run[]): Bounds | null {
  if (!runs.length) return null;
  const columns = runs.map(([, column]) => column);
  const ends = runs.map(([, column, length]) => column + length);
  return { top: runs[0]![0], bottom: runs.at(-1)![0] + 1, left: Math.min(...columns), right: Math.max(...ends) };
}
