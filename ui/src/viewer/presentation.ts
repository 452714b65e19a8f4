/** Presentation states that came with an exam: what one says of a plane, as the engine takes it. Pure. */
import type { Schemas } from "../parts/client";
import { modalityValues, type Descriptor, type NamedWindow } from "./source";
import type { Chain } from "./steps/step";
import { toFrame, turned, type Picture, type Point, type Rotation, type Size, type View } from "./view";

export type Presentation = Schemas["PresentationRow"];
export type Presented = Schemas["PresentedRow"];
export type Graphic = Schemas["GraphicRow"];
export type Shutter = Schemas["ShutterRow"];
export type Units = Graphic["units"];

const isOn = (planes: number[], plane: number) => !planes.length || planes.includes(plane);

/** What a state says of a plane of an image; null where it is not for it. */
export function presentedOn(presentation: Presentation, image_pk: number, plane: number): Presented | null {
  return presentation.images.find((one) => one.image_pk === image_pk && isOn(one.planes, plane)) ?? null;
}

export const graphicsOn = ({ graphics }: Presented, plane: number): Graphic[] => graphics.filter(({ planes }) => isOn(planes, plane));

const looks = new WeakMap<Presented, Map<string, Descriptor>>();

/** The image's description as the state has it shown: its scale, window and presentation stand in for the image's own. */
export function lookOf(descriptor: Descriptor, presented: Presented, plane: number): Descriptor {
  const known = looks.get(presented) ?? new Map<string, Descriptor>();
  looks.set(presented, known);
  const name = `${descriptor.tag}/${plane}`;
  const made = known.get(name) ?? looked(descriptor, presented, plane);
  known.set(name, made);
  return made;
}

function looked(descriptor: Descriptor, presented: Presented, plane: number): Descriptor {
  const { slope, intercept, modality_lut, unit, is_inverse, presentation_lut } = presented;
  // The state speaks of stored values; where the wire carries others the image's own scale has to do.
  const scale = descriptor.is_exact ? { slope, intercept: intercept + slope * descriptor.wire_offset, modality_lut, unit } : {};
  const look = { ...descriptor, ...scale, is_inverse, presentation_lut };
  const voi = presented.vois.find(({ planes }) => isOn(planes, plane));
  const window = voi?.window ?? fullWindow(look);
  return { ...look, voi_luts: voi?.lut ? [voi.lut] : [], windows: [window], default_windows: descriptor.default_windows.map(() => window) };
}

/** All values that the bits of the image can hold: no VOI transformation (PS3.4 N.2.2). */
function fullWindow(look: Descriptor): NamedWindow {
  const { bits, wire_offset, modality_lut } = look;
  const lowest = wire_offset < 0 ? -(2 ** (bits - 1)) : 0;
  const values = modalityValues(look);
  const at = (stored: number) => values[stored - wire_offset] ?? 0;
  const ends = modality_lut ? [0, 2 ** modality_lut.bits - 1] : [at(lowest), at(lowest + 2 ** bits - 1)];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return { center: (low + high) / 2, width: high - low || 1, function: "LINEAR_EXACT", explanation: "All values" };
}

const sameScale = (one: Descriptor, other: Descriptor) =>
  one.slope === other.slope && one.intercept === other.intercept && JSON.stringify(one.modality_lut) === JSON.stringify(other.modality_lut);

/** Whether the state's grey scale is what shows a chain: enhancements, and windows of another scale, take the image as it came. */
export const isLooked = (chain: Chain, descriptor: Descriptor, look: Descriptor) => !chain.steps.length && (!chain.window || sameScale(descriptor, look));

/** The chain that shows the image as it is seen now without the state, where there is one: for the record of a reading. */
export function plainChain(chain: Chain, descriptor: Descriptor, look: Descriptor, plane: number): Chain {
  const own = look.voi_luts.length ? null : (look.default_windows[plane] ?? null);
  const window = chain.window ?? (own && { center: own.center, width: own.width, function: own.function });
  if (!window || look.presentation_lut || !sameScale(descriptor, look) || !isLooked(chain, descriptor, look)) return chain;
  return { ...chain, window, negative: chain.negative !== (descriptor.is_inverse !== look.is_inverse) };
}

/** How the state turns the image: it turns first and mirrors then, the view the other way round. */
export function turnOf({ rotation, is_flipped }: Presented): Pick<View, "rotation" | "flipped"> {
  return { flipped: is_flipped, rotation: (is_flipped ? (360 - rotation) % 360 : rotation) as Rotation };
}

export type Box = [top: number, left: number, bottom: number, right: number];

/** The part of the image that the state shows. */
export function boxShown(presented: Presented, picture: Picture, plane: number): Box {
  const area = presented.areas.find(({ planes }) => isOn(planes, plane));
  return (area?.box as Box | undefined) ?? [0, 0, picture.rows, picture.columns];
}

/** The view that the state asks for. */
export function viewOf(presented: Presented, picture: Picture, plane: number, frame: Size, pixelRatio: number): View {
  const [top, left, bottom, right] = boxShown(presented, picture, plane);
  const turn = turnOf(presented);
  const shown = turned({ rows: bottom - top, columns: right - left }, turn.rotation);
  const { magnification } = presented.areas.find(({ planes }) => isOn(planes, plane)) ?? { magnification: null };
  const fitted = Math.max(Math.min(frame.width / shown.columns, frame.height / shown.rows), 0.0005);
  return { ...turn, zoom: magnification ? magnification / pixelRatio : fitted, row: (top + bottom) / 2, column: (left + right) / 2 };
}

/** Where a place that the state names stands in the frame: of the image, or a share of the part shown. */
export function placer(view: View, frame: Size, box: Box): (units: Units, place: number[]) => Point {
  const [one, other] = [toFrame(view, frame, box[0], box[1]), toFrame(view, frame, box[2], box[3])];
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const [wide, high] = [Math.abs(other.x - one.x), Math.abs(other.y - one.y)];
  return (units, [down = 0, across = 0]) => (units === "PIXEL" ? toFrame(view, frame, down, across) : { x: x + across * wide, y: y + down * high });
}

const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
const between = (one: Point, other: Point) => Math.hypot(other.x - one.x, other.y - one.y);
const CROSS = 6;

/** The path of a shape through its points in the frame. */
export function pathOf(kind: Graphic["kind"], points: Point[], isFilled: boolean): string {
  const [a, b, c, d] = points;
  if (!a) return "";
  if (kind === "point") return `M${a.x - CROSS} ${a.y}H${a.x + CROSS}M${a.x} ${a.y - CROSS}V${a.y + CROSS}`;
  if (kind === "circle" && b) return ellipse({ x: 2 * a.x - b.x, y: 2 * a.y - b.y }, b, between(a, b));
  if (kind === "ellipse" && b && c && d) return ellipse(a, b, between(c, d) / 2);
  const line = kind === "interpolated" ? curve(points) : `M${points.map(at).join("L")}`;
  return isFilled ? `${line}Z` : line;
}

/** Around the line from one end of an axis to the other. */
function ellipse(from: Point, to: Point, other: number): string {
  const arc = `A${(between(from, to) / 2).toFixed(1)} ${other.toFixed(1)} ${((Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI).toFixed(2)} 0 1`;
  return `M${at(from)}${arc} ${at(to)}${arc} ${at(from)}Z`;
}

/** A smooth line through points: each piece leaves a point the way from the one before to the one after. */
function curve(points: Point[]): string {
  const near = (index: number) => points[Math.max(0, Math.min(points.length - 1, index))] as Point;
  const towards = (index: number, sign: number): Point => ({
    x: near(index).x + (sign * (near(index + 1).x - near(index - 1).x)) / 6,
    y: near(index).y + (sign * (near(index + 1).y - near(index - 1).y)) / 6,
  });
  const pieces = points.slice(1).map((point, index) => `C${at(towards(index, 1))} ${at(towards(index + 1, -1))} ${at(point)}`);
  return `M${at(near(0))}${pieces.join("")}`;
}

/** The paths of what is seen through each shape of a shutter. */
export function openings({ rectangle, circle, polygon }: Shutter, view: View, frame: Size): string[] {
  const to = (row: number, column: number) => toFrame(view, frame, row, column);
  const closed = (corners: Point[]) => `M${corners.map(at).join("L")}Z`;
  const found: string[] = [];
  if (rectangle) {
    const [top, left, bottom, right] = rectangle as Box;
    found.push(closed([to(top, left), to(top, right), to(bottom, right), to(bottom, left)]));
  }
  if (circle) {
    const [row, column, radius] = circle as [number, number, number];
    found.push(pathOf("circle", [to(row, column), to(row, column + radius)], true));
  }
  if (polygon.length) found.push(closed(polygon.map(([row = 0, column = 0]) => to(row, column))));
  return found;
}

const WORDS: Record<Graphic["kind"], string> = { point: "Point", polyline: "Line", interpolated: "Curve", circle: "Circle", ellipse: "Ellipse", text: "Text" };

/** A drawing in words. */
export function spoken({ kind, text, units, points, anchor, anchor_units, is_filled }: Graphic): string {
  const [place, of] = points[0] ? [points[0], units] : [anchor ?? [0, 0], anchor_units];
  const [down = 0, across = 0] = place;
  const where = of === "PIXEL" ? `row ${Math.round(down)}, column ${Math.round(across)}` : `${Math.round(100 * down)} % down, ${Math.round(100 * across)} % across`;
  const what = kind === "text" ? text.replace(/\s+/g, " ") : kind === "polyline" && is_filled ? "Area" : WORDS[kind];
  return `${what}, at ${where}`;
}
