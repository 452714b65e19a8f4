/** Where an image stands on the screen: pure geometry; (row, column) in image pixels, (x, y) in screen pixels. */

export interface Size {
  width: number;
  height: number;
}

export interface Picture {
  rows: number;
  columns: number;
}

/** `zoom` is screen pixels per image pixel; row and column are what stands in the middle of the frame. */
export interface View {
  zoom: number;
  row: number;
  column: number;
}

export interface Point {
  x: number;
  y: number;
}

const MARGIN = 12;
const MAX_ZOOM = 40;

/** The whole picture inside the frame. */
export function fit(picture: Picture, frame: Size): View {
  const zoom = Math.min((frame.width - 2 * MARGIN) / picture.columns, (frame.height - 2 * MARGIN) / picture.rows);
  return { zoom: Math.max(zoom, 0.001), row: picture.rows / 2, column: picture.columns / 2 };
}

/** One image pixel on one pixel of the screen, around the same place. */
export function oneToOne(view: View, pixelRatio: number): View {
  return { ...view, zoom: 1 / pixelRatio };
}

/** Where an image point stands in the frame. */
export function toFrame(view: View, frame: Size, row: number, column: number): Point {
  return { x: (column - view.column) * view.zoom + frame.width / 2, y: (row - view.row) * view.zoom + frame.height / 2 };
}

/** Which image point stands at a place of the frame. */
export function toImage(view: View, frame: Size, point: Point): { row: number; column: number } {
  return {
    row: (point.y - frame.height / 2) / view.zoom + view.row,
    column: (point.x - frame.width / 2) / view.zoom + view.column,
  };
}

/** Zooms by a factor so that what is under the pointer stays there. */
export function zoomAt(view: View, frame: Size, point: Point, factor: number, picture: Picture): View {
  const smallest = Math.min(fit(picture, frame).zoom, 1) / 2;
  const zoom = Math.min(MAX_ZOOM, Math.max(smallest, view.zoom * factor));
  const under = toImage(view, frame, point);
  return {
    zoom,
    row: under.row - (point.y - frame.height / 2) / zoom,
    column: under.column - (point.x - frame.width / 2) / zoom,
  };
}

/** Moves the picture by screen pixels; its middle never leaves the picture. */
export function pan(view: View, by: Point, picture: Picture): View {
  return {
    zoom: view.zoom,
    row: Math.min(picture.rows, Math.max(0, view.row - by.y / view.zoom)),
    column: Math.min(picture.columns, Math.max(0, view.column - by.x / view.zoom)),
  };
}

/** A round length for the scale bar: at most `longest` screen pixels long. */
export function scaleBar(spacing_mm: number, zoom: number, longest: number): { length_mm: number; pixels: number } {
  const most_mm = (longest / zoom) * spacing_mm;
  const power = 10 ** Math.floor(Math.log10(most_mm));
  const step = [5, 2, 1].find((one) => one * power <= most_mm) ?? 1;
  return { length_mm: step * power, pixels: ((step * power) / spacing_mm) * zoom };
}
