/** Measurements between points of space and on planes, from the voxels, in mm. Pure. */
import { add, cross, dot, norm, sub, times, unit, type Vec } from "./geometry";
import type { InSpace } from "../tools/mark";
import type { Voxels } from "./voxels";

export type Tool = "length" | "angle" | "ellipse";

export interface Measured {
  id: string;
  tool: Tool;
  points: Vec[];
  /** The plane it was drawn in. */
  right: Vec;
  down: Vec;
  /** In words, value with unit. */
  lines: string[];
  values: Record<string, number>;
}

export const POINTS: Record<Tool, number> = { length: 2, angle: 3, ellipse: 2 };
const SAMPLES_MAX = 250_000;

export function length_mm(points: readonly Vec[]): number {
  return points.slice(1).reduce((sum, point, number) => sum + norm(sub(point, points[number] as Vec)), 0);
}

/** The angle at the middle of three points. */
export function angle_deg([one, apex, other]: readonly Vec[]): number {
  const [a, b] = [sub(one as Vec, apex as Vec), sub(other as Vec, apex as Vec)];
  return (Math.atan2(norm(cross(a, b)), dot(a, b)) * 180) / Math.PI;
}

/** The ellipse in the box of two corners of a plane: its area, and the values in it, read as fine as the voxels. */
export function ellipse(voxels: Voxels, [one, other]: readonly Vec[], right: Vec, down: Vec): Record<string, number> {
  const middle = times(add(one as Vec, other as Vec), 0.5);
  const across = Math.abs(dot(sub(other as Vec, one as Vec), right)) / 2;
  const along = Math.abs(dot(sub(other as Vec, one as Vec), down)) / 2;
  const area_mm2 = Math.PI * across * along;
  const pitch = Math.max(voxels.space.finest_mm, Math.sqrt((4 * across * along) / SAMPLES_MAX));
  const [columns, rows] = [Math.floor(across / pitch), Math.floor(along / pitch)];
  let [count, sum, squares, lowest, highest] = [0, 0, 0, Infinity, -Infinity];
  for (let row = -rows; row <= rows; row++) {
    for (let column = -columns; column <= columns; column++) {
      if ((column * pitch) ** 2 / across ** 2 + (row * pitch) ** 2 / along ** 2 > 1) continue;
      const value = voxels.at(add(middle, add(times(right, column * pitch), times(down, row * pitch))));
      if (value === null) continue;
      count++;
      sum += value;
      squares += value * value;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean) * (count / Math.max(1, count - 1)));
  return count ? { area_mm2, mean, deviation, lowest, highest, count } : { area_mm2 };
}

/** The measurement of these points. */
export function measured(voxels: Voxels, tool: Tool, points: Vec[], right: Vec, down: Vec, valueUnit: string): Omit<Measured, "id"> {
  const about = { tool, points, right, down };
  if (tool === "length") {
    const found = length_mm(points);
    return { ...about, values: { length_mm: found }, lines: [`${mm(found)}\u2009mm`] };
  }
  if (tool === "angle") {
    const found = angle_deg(points);
    return { ...about, values: { angle_deg: found }, lines: [`${found.toFixed(1)}°`] };
  }
  const values = ellipse(voxels, points, right, down);
  const lines = [`${mm(values.area_mm2 ?? 0)}\u2009mm²`];
  if (values.count) {
    const shown = (name: string) => number(values[name] ?? 0);
    lines.push(`mean ${shown("mean")} ± ${shown("deviation")}${valueUnit ? `\u2009${valueUnit}` : ""}`, `${shown("lowest")} to ${shown("highest")}`);
  } else lines.push("no data here");
  return { ...about, values, lines };
}

/** What was kept of a measurement, as it is shown; lengths and angles follow from their points alone. */
export function shownAgain({ id, kind, points, right, down }: InSpace): Measured {
  const found = kind === "length" ? length_mm(points) : angle_deg(points);
  const lines = [kind === "length" ? `${mm(found)}\u2009mm` : `${found.toFixed(1)}°`];
  return { id, tool: kind, points, right, down, lines, values: { [kind === "length" ? "length_mm" : "angle_deg"]: found } };
}

export const mm = (value: number) => (value >= 100 ? value.toFixed(1) : value.toFixed(2));
export const number = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** How far a point lies from a plane through another. */
export const off_mm = (point: Vec, through: Vec, normal: Vec) => Math.abs(dot(sub(point, through), unit(normal)));
