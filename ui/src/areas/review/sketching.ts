/** A finding from what was drawn: its box, outline, and sizes in mm where the image has a scale. Pure. */
import { bounds, corners, ellipseOutline, extents, polygonArea, ellipseArea, type Dot } from "../../tools/geometry";
import type { Scale } from "../../tools/scale";
import type { Entry } from "./judging.svelte";

/** Ways to draw a finding: shapes of the tools. */
export const WAYS = [
  { value: "rectangle", words: "Box" },
  { value: "ellipse", words: "Ellipse" },
  { value: "polygon", words: "Polygon" },
] as const;
export type Way = (typeof WAYS)[number]["value"];

const MOST_POINTS = 500;
/** To a hundredth: a pixel is rarely finer, and a number is read more easily. */
const rounded = (value: number) => Math.round(value * 100) / 100;

/** Box and outline of what was drawn, in image pixels. */
export function placeOf(way: Way, points: Dot[]): { box: Entry["box"]; polygon: Entry["polygon"] } {
  const { top, left, bottom, right } = bounds(points);
  const box: Entry["box"] = [top, left, Math.max(1, bottom - top), Math.max(1, right - left)];
  const outline = { rectangle: () => [], ellipse: () => ellipseOutline(points), polygon: () => points }[way]();
  return { box, polygon: outline.slice(0, MOST_POINTS).map(([row, column]) => [rounded(row), rounded(column)]) };
}

/** Length, width and area in mm; nothing without a scale. */
export function sizesOf(way: Way, points: Dot[], scale: Scale | null): Record<string, number> {
  if (!scale) return {};
  const outline = way === "rectangle" ? corners(points) : way === "ellipse" ? ellipseOutline(points) : points;
  const { top, left, bottom, right } = bounds(points);
  const sides = [(bottom - top) * scale.step[0], (right - left) * scale.step[1]].sort((one, other) => other - one);
  const { length, width } = way === "polygon" ? extents(outline, scale.step) : { length: sides[0]!, width: sides[1]! };
  const area = way === "ellipse" ? ellipseArea(points, scale.step) : polygonArea(outline, scale.step);
  return { length_mm: rounded(length), width_mm: rounded(width), area_mm2: rounded(area) };
}
