/** How a plane stands in its pane on the screen. Pure. */
import { add, cross, dot, sub, times, type Vec } from "./geometry";
import type { Plane } from "./plane";

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** A plane through a point, seen in a pane: what stands in the middle, and how large a mm is. */
export interface Frame {
  center: Vec;
  right: Vec;
  down: Vec;
  /** CSS pixels per mm. */
  zoom: number;
  size: Size;
}

/** The frame whose plane goes through a point; the anchor is moved straight onto it. */
export function frameOf(through: Vec, anchor: Vec, right: Vec, down: Vec, zoom: number, size: Size): Frame {
  const into = cross(right, down);
  return { center: add(anchor, times(into, dot(sub(through, anchor), into))), right, down, zoom, size };
}

export const toScreen = ({ center, right, down, zoom, size }: Frame, point: Vec): Point => {
  const relative = sub(point, center);
  return { x: size.width / 2 + dot(relative, right) * zoom, y: size.height / 2 + dot(relative, down) * zoom };
};

export const toSpace = ({ center, right, down, zoom, size }: Frame, { x, y }: Point): Vec =>
  add(center, add(times(right, (x - size.width / 2) / zoom), times(down, (y - size.height / 2) / zoom)));

/** The raster of the screen's own pixels. */
export function raster(frame: Frame, ratio: number, columns: number, rows: number): Plane {
  return { center: frame.center, right: frame.right, down: frame.down, pitch_mm: 1 / (frame.zoom * ratio), rows, columns };
}
