/** What is drawn where: the parts of an image that a rectangle of the screen shows, and how each lies in it. Pure. */
import type { Plane, Source } from "./source";
import { stepOf } from "./steps";
import type { Chain } from "./steps/step";
import { boxOf, coarsest, levelFor, overview, tilesShown, type Tile } from "./tiles";
import { toFrame, turn, type Size, type View } from "./view";

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An image seen through a view in a rectangle (CSS pixels of the frame). The view's frame is that rectangle. */
export interface Scene {
  source: Source;
  plane: number;
  chain: Chain;
  /** Both energies of the image, where it has them. */
  energies: [low: Plane, high: Plane] | null;
  view: View;
  place: Place;
  /** Only the one tile of the whole image, as on the overview map. */
  isOverview?: boolean;
}

/** The planes that a chain works on: both energies where a step takes them, else the plane shown. */
export function planesOf({ source, plane, chain, energies }: Pick<Scene, "source" | "plane" | "chain" | "energies">): Plane[] {
  const takesBoth = chain.steps.some(({ name, version }) => stepOf(name, version).planes === "energies");
  if (!takesBoth) return [{ source, plane }];
  if (!energies) throw new Error("this enhancement needs both energies of the image");
  return energies;
}

/** How a tile lies in the target, for the shader: pixels of the target count from its lower left corner. */
export interface Lie {
  corner: [number, number];
  right: [number, number];
  up: [number, number];
  extent: [number, number];
  scissor: [x: number, y: number, width: number, height: number];
  isSmooth: boolean;
}

/** Screen pixels per image pixel from which pixels are shown as squares. */
const SQUARES_FROM = 3;

const frameOf = (scene: Scene): Size => ({ width: scene.place.width, height: scene.place.height });

/** Levels to draw, the finest last; the coarser ones stand in where the finest is not there yet. */
export function levels(scene: Scene, ratio: number): number[] {
  const { descriptor } = scene.source;
  const finest = scene.isOverview ? coarsest(descriptor) : levelFor(descriptor, scene.view.zoom, ratio);
  return Array.from({ length: coarsest(descriptor) - finest + 1 }, (_, index) => coarsest(descriptor) - index);
}

export function tilesOf(scene: Scene, level: number): Tile[] {
  const { descriptor } = scene.source;
  if (level === coarsest(descriptor)) return [overview(descriptor, scene.plane)];
  return tilesShown(descriptor, scene.plane, level, scene.view, frameOf(scene));
}

/** Where a tile falls; `target` is the size of what is drawn into, `ratio` its pixels per CSS pixel. */
export function lieOf(scene: Scene, tile: Tile, target: Size, ratio: number): Lie | null {
  const { view, place } = scene;
  const frame = frameOf(scene);
  const box = boxOf(scene.source.descriptor, tile);
  const level = 2 ** tile.level;
  const { xColumn, xRow, yColumn, yRow } = turn(view);
  const step = 1 / (view.zoom * ratio * level);
  // The lower left corner of the target in CSS pixels of the place, from its middle.
  const x = -place.x - frame.width / 2;
  const y = target.height / ratio - place.y - frame.height / 2;
  const scissor = scissorOf(scene, tile, target, ratio);
  if (!scissor) return null;
  return {
    corner: [
      (view.column + (xColumn * x + yColumn * y) / view.zoom) / level - box.left,
      (view.row + (xRow * x + yRow * y) / view.zoom) / level - box.top,
    ],
    right: [xColumn * step, xRow * step],
    up: [-yColumn * step, -yRow * step],
    extent: [box.right - box.left, box.bottom - box.top],
    scissor,
    isSmooth: 1 / step < SQUARES_FROM && Math.abs(step - 1) > 1e-6,
  };
}

/** The pixels of the target that may show the tile, within its place. */
function scissorOf(scene: Scene, tile: Tile, target: Size, ratio: number): Lie["scissor"] | null {
  const { descriptor } = scene.source;
  const { place } = scene;
  const box = boxOf(descriptor, tile);
  const level = 2 ** tile.level;
  const corners = [
    toFrame(scene.view, frameOf(scene), box.top * level, box.left * level),
    toFrame(scene.view, frameOf(scene), Math.min(descriptor.rows, box.bottom * level), Math.min(descriptor.columns, box.right * level)),
  ];
  const xs = corners.map(({ x }) => x);
  const ys = corners.map(({ y }) => y);
  const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
  const side = (values: number[], from: number, length: number, most: number): [number, number] => [
    clamp(Math.floor((from + clamp(Math.min(...values), 0, length)) * ratio), 0, most),
    clamp(Math.ceil((from + clamp(Math.max(...values), 0, length)) * ratio), 0, most),
  ];
  const [left, right] = side(xs, place.x, place.width, target.width);
  const [top, bottom] = side(ys, place.y, place.height, target.height);
  return right > left && bottom > top ? [left, target.height - bottom, right - left, bottom - top] : null;
}
