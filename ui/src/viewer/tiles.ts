/** Levels and tiles of an image: which are needed for a view, and what they are called. Pure. */
import type { Descriptor, Level } from "./source";
import { visible, type Size, type View } from "./view";

export interface Tile {
  plane: number;
  level: number;
  row: number;
  column: number;
}

/** A box of pixels of a level: from (top, left) to before (bottom, right). */
export interface Box {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** The name of a tile: of one image's content, so equal files share their tiles. */
export const nameOf = (descriptor: Descriptor, { plane, level, row, column }: Tile) =>
  `${descriptor.tag}/${plane}/${level}/${row}/${column}`;

export const levelOf = (descriptor: Descriptor, level: number): Level => descriptor.levels[level] as Level;

export const coarsest = (descriptor: Descriptor) => descriptor.levels.length - 1;

/** The one tile that shows the whole image. */
export const overview = (descriptor: Descriptor, plane: number): Tile => ({ plane, level: coarsest(descriptor), row: 0, column: 0 });

/** Screen pixels per pixel of the level stay above one half: an image is never made smaller by more than two in drawing. */
export function levelFor(descriptor: Descriptor, zoom: number, pixelRatio: number): number {
  const level = Math.floor(-Math.log2(zoom * pixelRatio) + 1e-6);
  return Math.max(0, Math.min(coarsest(descriptor), level));
}

/** The part of its level that a tile covers. */
export function boxOf(descriptor: Descriptor, tile: Pick<Tile, "level" | "row" | "column">): Box {
  const { rows, columns } = levelOf(descriptor, tile.level);
  const side = descriptor.tile_px;
  const [top, left] = [tile.row * side, tile.column * side];
  return { top, left, bottom: Math.min(rows, top + side), right: Math.min(columns, left + side) };
}

/** The tiles of a level that hold any pixel of a box. */
export function tilesIn(descriptor: Descriptor, plane: number, level: number, box: Box): Tile[] {
  const { tile_rows, tile_columns } = levelOf(descriptor, level);
  const side = descriptor.tile_px;
  const range = (low: number, high: number, count: number) => {
    const first = Math.max(0, Math.min(count - 1, Math.floor(low / side)));
    const last = Math.max(first, Math.min(count - 1, Math.ceil(high / side) - 1));
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  };
  const columns = range(box.left, box.right, tile_columns);
  return range(box.top, box.bottom, tile_rows).flatMap((row) => columns.map((column) => ({ plane, level, row, column })));
}

/** The tiles of a level that a frame shows, those near its middle first. */
export function tilesShown(descriptor: Descriptor, plane: number, level: number, view: View, frame: Size): Tile[] {
  const scale = 2 ** level;
  const part = visible(view, frame, descriptor);
  const box = { top: part.top / scale, left: part.left / scale, bottom: part.bottom / scale, right: part.right / scale };
  if (box.bottom <= box.top || box.right <= box.left) return [];
  const [row, column] = [view.row / scale, view.column / scale];
  const far = (tile: Tile) => {
    const own = boxOf(descriptor, tile);
    return Math.hypot((own.top + own.bottom) / 2 - row, (own.left + own.right) / 2 - column);
  };
  return tilesIn(descriptor, plane, level, box).sort((one, other) => far(one) - far(other));
}
