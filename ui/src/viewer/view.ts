/**
 * Where an image stands in its frame: pure geometry.
 *
 * (row, column) are continuous image coordinates: pixel (r, c) covers r to r + 1 and c to c + 1. (x, y) are CSS pixels of
 * the frame from its top left corner. The image is flipped first (left to right), then turned clockwise.
 */

export interface Size {
  width: number;
  height: number;
}

export interface Picture {
  rows: number;
  columns: number;
}

export type Rotation = 0 | 90 | 180 | 270;

/** `zoom` is CSS pixels per image pixel; row and column are what stands in the middle of the frame. */
export interface View {
  zoom: number;
  row: number;
  column: number;
  rotation: Rotation;
  flipped: boolean;
}

export interface Point {
  x: number;
  y: number;
}

export interface Spot {
  row: number;
  column: number;
}

/** x = xColumn * column + xRow * row and so on: a turn and a flip, every number -1, 0 or 1. */
export interface Turn {
  xColumn: number;
  xRow: number;
  yColumn: number;
  yRow: number;
}

const MARGIN = 12;
const MAX_ZOOM = 64;
const COSINES: Record<Rotation, [cos: number, sin: number]> = { 0: [1, 0], 90: [0, 1], 180: [-1, 0], 270: [0, -1] };

/** How steps along columns and rows of the image become steps in the frame. */
export function turn(view: Pick<View, "rotation" | "flipped">): Turn {
  const [cos, sin] = COSINES[view.rotation];
  const across = view.flipped ? -1 : 1;
  return { xColumn: cos * across + 0, xRow: -sin + 0, yColumn: sin * across + 0, yRow: cos + 0 };
}

/** The image's size as it stands in the frame: a quarter turn exchanges its sides. */
export function turned(picture: Picture, rotation: Rotation): Picture {
  return rotation % 180 ? { rows: picture.columns, columns: picture.rows } : picture;
}

/** The whole image inside the frame; the turn and flip stay. */
export function fit(picture: Picture, frame: Size, view: Pick<View, "rotation" | "flipped">): View {
  const shown = turned(picture, view.rotation);
  const zoom = Math.min((frame.width - 2 * MARGIN) / shown.columns, (frame.height - 2 * MARGIN) / shown.rows);
  const { rotation, flipped } = view;
  return { zoom: Math.max(zoom, 0.0005), row: picture.rows / 2, column: picture.columns / 2, rotation, flipped };
}

/** Where an image point stands in the frame. */
export function toFrame(view: View, frame: Size, row: number, column: number): Point {
  const { xColumn, xRow, yColumn, yRow } = turn(view);
  const right = (column - view.column) * view.zoom;
  const down = (row - view.row) * view.zoom;
  return { x: frame.width / 2 + xColumn * right + xRow * down, y: frame.height / 2 + yColumn * right + yRow * down };
}

/** Which image point stands at a place of the frame. */
export function toImage(view: View, frame: Size, point: Point): Spot {
  const { xColumn, xRow, yColumn, yRow } = turn(view);
  const x = (point.x - frame.width / 2) / view.zoom;
  const y = (point.y - frame.height / 2) / view.zoom;
  return { row: view.row + xRow * x + yRow * y, column: view.column + xColumn * x + yColumn * y };
}

/** Whether a point is on the image. */
export const isOn = (picture: Picture, { row, column }: Spot) => row >= 0 && column >= 0 && row < picture.rows && column < picture.columns;

/** Zooms to a number of CSS pixels per image pixel so that what is under the point stays there. */
export function zoomTo(view: View, frame: Size, point: Point, zoom: number, picture: Picture): View {
  const smallest = Math.min(fit(picture, frame, view).zoom, 1) / 2;
  const reached = Math.min(MAX_ZOOM, Math.max(smallest, zoom));
  const under = toImage(view, frame, point);
  const now = toImage({ ...view, zoom: reached }, frame, point);
  return within({ ...view, zoom: reached, row: view.row + under.row - now.row, column: view.column + under.column - now.column }, picture);
}

/** Moves the image by CSS pixels. */
export function pan(view: View, by: Point, picture: Picture): View {
  const { xColumn, xRow, yColumn, yRow } = turn(view);
  const row = view.row - (xRow * by.x + yRow * by.y) / view.zoom;
  const column = view.column - (xColumn * by.x + yColumn * by.y) / view.zoom;
  return within({ ...view, row, column }, picture);
}

/** The middle of the frame never leaves the image. */
export function within(view: View, picture: Picture): View {
  const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
  return { ...view, row: clamp(view.row, picture.rows), column: clamp(view.column, picture.columns) };
}

/** A quarter turn as seen: what stands in the middle stays there. */
export function rotated(view: View, by: 90 | -90): View {
  return { ...view, rotation: ((view.rotation + by + 360) % 360) as Rotation };
}

/** Left and right exchanged as seen, however the image is turned: a mirror after a turn is the turn back after a mirror. */
export function mirrored(view: View): View {
  return { ...view, flipped: !view.flipped, rotation: ((360 - view.rotation) % 360) as Rotation };
}

/**
 * Moves the image by less than a screen pixel so that its pixels and the screen's coincide where the zoom is a whole
 * number of screen pixels: 1:1 then shows every image pixel as it is.
 */
export function snapped(view: View, frame: Size, pixelRatio: number): View {
  const scale = view.zoom * pixelRatio;
  if (scale < 0.999 || Math.abs(scale - Math.round(scale)) > 1e-6) return view;
  const corner = toFrame(view, frame, 0, 0);
  const off = (value: number) => Math.round(value * pixelRatio) / pixelRatio - value;
  const by = { x: off(corner.x), y: off(corner.y) };
  const { xColumn, xRow, yColumn, yRow } = turn(view);
  return {
    ...view,
    row: view.row - (xRow * by.x + yRow * by.y) / view.zoom,
    column: view.column - (xColumn * by.x + yColumn * by.y) / view.zoom,
  };
}

/** The part of the image inside the frame, as a box on the image: what a frame of this size shows of it. */
export function visible(view: View, frame: Size, picture: Picture): { top: number; left: number; bottom: number; right: number } {
  const corners = [toImage(view, frame, { x: 0, y: 0 }), toImage(view, frame, { x: frame.width, y: frame.height })];
  const rows = corners.map((corner) => corner.row);
  const columns = corners.map((corner) => corner.column);
  return {
    top: Math.max(0, Math.min(...rows)),
    left: Math.max(0, Math.min(...columns)),
    bottom: Math.min(picture.rows, Math.max(...rows)),
    right: Math.min(picture.columns, Math.max(...columns)),
  };
}

/** A small map of the whole image, turned as the view is: its size in CSS pixels and its own view. */
export function mapOf(picture: Picture, view: View, longest: number, shortest: number): { frame: Size; view: View } {
  const shown = turned(picture, view.rotation);
  const zoom = Math.min(longest / shown.columns, longest / shown.rows);
  const side = (length: number) => Math.max(shortest, Math.round(length * zoom));
  const { rotation, flipped } = view;
  return {
    frame: { width: side(shown.columns), height: side(shown.rows) },
    view: { zoom, row: picture.rows / 2, column: picture.columns / 2, rotation, flipped },
  };
}

/** A round length for the scale bar: at most `longest` CSS pixels long. */
export function scaleBar(spacing_mm: number, zoom: number, longest: number): { length_mm: number; pixels: number } {
  const length_mm = roundBelow((longest / zoom) * spacing_mm);
  return { length_mm, pixels: (length_mm / spacing_mm) * zoom };
}

/** The largest 1, 2 or 5 times a power of ten that is not above a length. */
export function roundBelow(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return ([5, 2, 1].find((one) => one * power <= most) ?? 1) * power;
}
