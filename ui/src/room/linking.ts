/** Which point of one picture is which of another, and how one view follows another. Pure but for the viewports it moves. */
import type { Spot, View } from "../viewer/view";
import { fit } from "../viewer/view";
import type { Viewport } from "../viewer/viewport.svelte";
import type { Registration } from "./comparing";
import type { Picture } from "./pictures";

/** A point, or only its row: views of one scan along the belt share their rows. */
export interface Linked {
  row: number;
  column: number | null;
}

export type Link = (spot: Spot) => Linked;

const same: Link = (spot) => spot;
const alongBelt: Link = ({ row }) => ({ row, column: null });

export function through(matrix: number[][]): Link {
  const [x, y] = matrix as [[number, number, number], [number, number, number]];
  return ({ row, column }) => ({ column: x[0] * column + x[1] * row + x[2], row: y[0] * column + y[1] * row + y[2] });
}

export function back(matrix: number[][]): number[][] {
  const [[a, b, c], [d, e, f]] = matrix as [[number, number, number], [number, number, number]];
  const all = a * e - b * d;
  return [[e / all, -b / all, (b * f - c * e) / all], [-d / all, a / all, (c * d - a * f) / all]];
}

export interface End {
  picture: Picture;
  viewport: Viewport;
}

/** How points of one picture are found on another; null where nothing is known of it. */
export function linkOf(from: End, to: End, industry: string, registered: (one: Picture, other: Picture) => Registration | null): Link | null {
  const [one, other] = [from.picture, to.picture];
  if (one.exam_pk === other.exam_pk) {
    const [here, there] = [from.viewport.source?.descriptor, to.viewport.source?.descriptor];
    if (!here || !there || here.rows !== there.rows) return null;
    if (one.view === other.view && here.columns === there.columns) return same;
    return industry === "security" ? alongBelt : null;
  }
  const there = registered(one, other);
  if (there) return through(there.matrix);
  const here = registered(other, one);
  return here ? through(back(here.matrix)) : null;
}

/** How many pixels of the other one pixel is. */
const scaleOf = (link: Link) => {
  const [from, right] = [link({ row: 0, column: 0 }), link({ row: 0, column: 1 })];
  return from.column === null || right.column === null ? 1 : Math.hypot(right.column - from.column, right.row - from.row);
};

/** Shows in one viewport what another shows: the same place, as large; without a link the same part of the whole. */
export function follow(from: Viewport, to: Viewport, link: Link | null): void {
  if (!from.source || !to.source || !from.frame.width || !to.frame.width) return;
  if (from.fitted) {
    if (!to.fitted) to.fit();
    return;
  }
  const [one, other] = [from.source.descriptor, to.source.descriptor];
  const whole = (viewport: Viewport, image: typeof one) => fit(image, viewport.frame, viewport.view).zoom;
  const part = { row: (from.view.row / one.rows) * other.rows, column: (from.view.column / one.columns) * other.columns };
  const linked = link?.(from.view);
  const zoom = link ? from.view.zoom / scaleOf(link) : (from.view.zoom / whole(from, one)) * whole(to, other);
  const view: View = { ...to.view, zoom, row: linked?.row ?? part.row, column: linked ? (linked.column ?? to.view.column) : part.column };
  const now = to.view;
  const moved = Math.abs(view.row - now.row) + Math.abs(view.column - now.column) > 0.6 / view.zoom || Math.abs(view.zoom / now.zoom - 1) > 1e-4;
  if (moved) to.view = view;
}

/** Gives one viewport the window of another, where both show values of the same kind. */
export function sameWindow(from: Viewport, to: Viewport): void {
  const [one, other] = [from.source?.descriptor, to.source?.descriptor];
  if (!one || !other || one.is_colour || other.is_colour || one.unit !== other.unit || one.meaning !== other.meaning) return;
  const steps = (viewport: Viewport) => viewport.chain.steps.map(({ name }) => name).join();
  if (steps(from) !== steps(to) || JSON.stringify(from.window) === JSON.stringify(to.window)) return;
  to.window = from.window;
}
