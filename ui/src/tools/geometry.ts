/** Lengths, angles and areas of points on an image: pure. Points are (row, column), continuous as in `viewer/view.ts`. */

export type Dot = [row: number, column: number];
/** Millimetres of a pixel down and across; 1, 1 where no scale is known. */
export type Step = [row: number, column: number];
export const PIXEL: Step = [1, 1];

/** The distance of two points. */
export const distance = ([r1, c1]: Dot, [r2, c2]: Dot, [row, column]: Step) => Math.hypot((r2 - r1) * row, (c2 - c1) * column);

/** The length of a line through points; closed: back to the first. */
export function pathLength(dots: Dot[], step: Step, closed = false): number {
  const all = closed && dots[0] ? [...dots, dots[0]] : dots;
  return all.slice(1).reduce((sum, dot, index) => sum + distance(all[index]!, dot, step), 0);
}

/** The angle at the middle one of three points in degrees, 0 to 180; null where two are the same. */
export function angle(dots: Dot[], [row, column]: Step): number | null {
  const [first, corner, last] = dots as [Dot, Dot, Dot];
  const arm = (dot: Dot) => [(dot[0] - corner[0]) * row, (dot[1] - corner[1]) * column] as const;
  const [one, other] = [arm(first), arm(last)];
  if (!Math.hypot(...one) || !Math.hypot(...other)) return null;
  const cross = one[0] * other[1] - one[1] * other[0];
  const along = one[0] * other[0] + one[1] * other[1];
  return (Math.atan2(Math.abs(cross), along) * 180) / Math.PI;
}

/** The area inside a closed line (it must not cross itself). */
export function polygonArea(dots: Dot[], [row, column]: Step): number {
  const twice = dots.reduce((sum, [r, c], index) => {
    const [nextR, nextC] = dots[(index + 1) % dots.length]!;
    return sum + c * nextR - nextC * r;
  }, 0);
  return (Math.abs(twice) / 2) * row * column;
}

/** Whether a closed line crosses itself: its area would then be none. */
export function crossesItself(dots: Dot[]): boolean {
  const sides = dots.map((dot, index) => [dot, dots[(index + 1) % dots.length]!] as const);
  return sides.some(([a, b], index) =>
    sides.slice(index + 2).some(([c, d], later) => !(index === 0 && index + 2 + later === sides.length - 1) && cross(a, b, c, d)),
  );
}

const side = (a: Dot, b: Dot, p: Dot) => Math.sign((b[1] - a[1]) * (p[0] - a[0]) - (b[0] - a[0]) * (p[1] - a[1]));
const cross = (a: Dot, b: Dot, c: Dot, d: Dot) => side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;

export interface Bounds {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** The box around points. */
export function bounds(dots: Dot[]): Bounds {
  const rows = dots.map(([row]) => row);
  const columns = dots.map(([, column]) => column);
  return { top: Math.min(...rows), left: Math.min(...columns), bottom: Math.max(...rows), right: Math.max(...columns) };
}

/** The axes of the ellipse between two corners, the longer first. */
export function axes(dots: Dot[], [row, column]: Step): [number, number] {
  const { top, left, bottom, right } = bounds(dots);
  return [(bottom - top) * row, (right - left) * column].sort((one, other) => other - one) as [number, number];
}

export const ellipseArea = (dots: Dot[], step: Step) => axes(dots, step).reduce((product, axis) => product * axis, Math.PI / 4);

const OUTLINE_POINTS = 48;

/** The outline of the ellipse between two corners. */
export function ellipseOutline(dots: Dot[], points = OUTLINE_POINTS): Dot[] {
  const { top, left, bottom, right } = bounds(dots);
  return Array.from({ length: points }, (_, index) => {
    const turn = (2 * Math.PI * index) / points;
    return [(top + bottom) / 2 - (Math.cos(turn) * (bottom - top)) / 2, (left + right) / 2 + (Math.sin(turn) * (right - left)) / 2];
  });
}

/** The corners of the rectangle between two of them, around it. */
export function corners(dots: Dot[]): Dot[] {
  const { top, left, bottom, right } = bounds(dots);
  return [[top, left], [top, right], [bottom, right], [bottom, left]];
}

/** The smallest and largest extent of a closed shape: its length, and its width across that (rotating callipers). */
export function extents(dots: Dot[], [row, column]: Step): { length: number; width: number } {
  const scaled = dots.map(([r, c]) => [r * row, c * column] as const);
  const across = (turn: number) => {
    const places = scaled.map(([y, x]) => x * Math.cos(turn) + y * Math.sin(turn));
    return Math.max(...places) - Math.min(...places);
  };
  let best = { length: 0, turn: 0 };
  for (const [index, [y1, x1]] of scaled.entries()) {
    for (const [y2, x2] of scaled.slice(index + 1)) {
      const length = Math.hypot(y2 - y1, x2 - x1);
      if (length > best.length) best = { length, turn: Math.atan2(y2 - y1, x2 - x1) };
    }
  }
  return { length: best.length, width: across(best.turn + Math.PI / 2) };
}

/** Moves points, all by the same, so that none leaves the image. */
export function moved(dots: Dot[], by: Dot, size: { rows: number; columns: number }): Dot[] {
  if (!dots.length) return dots;
  const { top, left, bottom, right } = bounds(dots);
  const kept = (step: number, low: number, high: number, most: number) => Math.max(-low, Math.min(most - high, step));
  const [row, column] = [kept(by[0], top, bottom, size.rows), kept(by[1], left, right, size.columns)];
  return dots.map(([r, c]) => [r + row, c + column]);
}

/** A point on the image, to the tenth of a pixel. */
export function onImage({ row, column }: { row: number; column: number }, size: { rows: number; columns: number }): Dot {
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, Math.round(value * 10) / 10));
  return [clamp(row, size.rows), clamp(column, size.columns)];
}
