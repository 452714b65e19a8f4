/** The lines of marks in the frame: pure; points go through the viewport's own mapping, turn and mirror included. */
import type { Rectangle } from "../viewer/marks";
import { turn, type Point, type View } from "../viewer/view";
import { corners, ellipseOutline, type Dot } from "./geometry";
import type { Mark } from "./mark";
import type { Run } from "./masks";

export type ToFrame = (row: number, column: number) => Point;

const path = (points: Point[], closed: boolean) => (points.length ? `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}` : "");

/** The middle of the outline: what is drawn of a shape. */
export function outline(mark: Pick<Mark, "shape" | "points" | "runs">, to: ToFrame): string {
  const at = (dots: Dot[]) => dots.map((dot) => to(...dot));
  const { shape, points, runs } = mark;
  if (shape === "brush") return brushed(runs, to);
  if (shape === "rectangle") return points.length > 1 ? path(at(corners(points)), true) : "";
  if (shape === "ellipse") return points.length > 1 ? path(at(ellipseOutline(points)), true) : "";
  if (shape === "polygon") return path(at(points), points.length > 2);
  if (shape === "arrow") return arrow(at(points));
  if (shape === "point") return at(points).map(({ x, y }) => `M${x - 8} ${y}h5m6 0h5M${x} ${y - 8}v5m0 6v5`).join("");
  if (shape === "text") return at(points).map(({ x, y }) => `M${x - 3} ${y}h6M${x} ${y - 3}v6`).join("");
  const line = path(at(points), false);
  return shape === "length" || shape === "profile" ? line + at(points).map((_, index, all) => cap(all, index)).join("") : line;
}

/** A short stroke across the end of a length. */
function cap(all: Point[], index: number): string {
  if (all.length < 2) return "";
  const [one, other] = [all[index]!, all[1 - index]!];
  const long = Math.hypot(other.x - one.x, other.y - one.y) || 1;
  const [x, y] = [(-(other.y - one.y) / long) * 5, ((other.x - one.x) / long) * 5];
  return `M${(one.x + x).toFixed(1)} ${(one.y + y).toFixed(1)}L${(one.x - x).toFixed(1)} ${(one.y - y).toFixed(1)}`;
}

/** From its words at the second point to what it points at, the first. */
function arrow(points: Point[]): string {
  const [to, from] = points;
  if (!from || !to) return "";
  const turn = Math.atan2(to.y - from.y, to.x - from.x);
  const barb = (by: number) => `M${to.x.toFixed(1)} ${to.y.toFixed(1)}L${(to.x - 11 * Math.cos(turn + by)).toFixed(1)} ${(to.y - 11 * Math.sin(turn + by)).toFixed(1)}`;
  return path([from, to], false) + barb(0.42) + barb(-0.42);
}

/** Every run as a bar of one pixel; neighbours below each other with the same columns as one. */
function brushed(runs: Run[], to: ToFrame): string {
  const bars: [row: number, column: number, length: number, rows: number][] = [];
  const open = new Map<string, [number, number, number, number]>();
  for (const [row, column, length] of runs) {
    const above = open.get(`${column} ${length}`);
    if (above && above[0] + above[3] === row) above[3]++;
    else {
      const bar: [number, number, number, number] = [row, column, length, 1];
      bars.push(bar);
      open.set(`${column} ${length}`, bar);
    }
  }
  return bars.map(([row, column, length, rows]) => path([to(row, column), to(row, column + length), to(row + rows, column + length), to(row + rows, column)], true)).join("");
}

/** The box around a mark in the frame. */
export function boxInFrame(mark: Pick<Mark, "shape" | "points" | "runs">, to: ToFrame): Rectangle | null {
  const dots: Dot[] = mark.shape === "brush" ? mark.runs.flatMap(([row, column, length]): Dot[] => [[row, column], [row + 1, column + length]]) : mark.shape === "arrow" ? mark.points.slice(-1) : mark.points;
  if (!dots.length) return null;
  const at = dots.map((dot) => to(...dot));
  const x = Math.min(...at.map((one) => one.x));
  const y = Math.min(...at.map((one) => one.y));
  return { x, y, width: Math.max(...at.map((one) => one.x)) - x, height: Math.max(...at.map((one) => one.y)) - y };
}

const TRAIL_PX = 8;

/** Small boxes along the lines of a mark: what words keep off. */
export function trail(mark: Pick<Mark, "shape" | "points">, to: ToFrame): Rectangle[] {
  const closed: Partial<Record<Mark["shape"], (dots: Dot[]) => Dot[]>> = { rectangle: corners, ellipse: ellipseOutline, polygon: (dots) => dots };
  if (mark.points.length < 2) return [];
  const shape = closed[mark.shape];
  const at = (shape?.(mark.points) ?? mark.points).map((dot) => to(...dot));
  return at.slice(shape ? 0 : 1).flatMap((point, index) => {
    const before = shape ? at[(index + at.length - 1) % at.length]! : at[index]!;
    const steps = Math.min(200, Math.ceil(Math.hypot(point.x - before.x, point.y - before.y) / TRAIL_PX));
    return Array.from({ length: steps }, (_, step) => ({ x: before.x + ((point.x - before.x) * step) / steps - 2, y: before.y + ((point.y - before.y) * step) / steps - 2, width: 4, height: 4 }));
  });
}

/** A step on the screen as a step on the image, however it is turned and mirrored. */
export function onScreen(view: View, across: number, down: number): Dot {
  const { xColumn, xRow, yColumn, yRow } = turn(view);
  return [xRow * across + yRow * down, xColumn * across + yColumn * down];
}
