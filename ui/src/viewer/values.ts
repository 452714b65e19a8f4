/** Values of an image from its decoded tiles: never from what the screen shows. */
import { modalityValues, type Plane } from "./source";
import { store, wish } from "./store";
import { boxOf, nameOf, tilesIn, type Box, type Tile } from "./tiles";
import { isOn } from "./view";

/** A value of the image, and over how many pixels each way it is a mean (1: the pixel's own). */
export interface Reading {
  value: number;
  wire: number;
  over_px: number;
}

/** Modality values row by row; not-a-number where a pixel carries no data. */
export interface Region {
  rows: number;
  columns: number;
  values: Float32Array;
}

/** The value at a point of level 0 as a level has it; null while it is not in memory, outside, or of an image in colour. */
export function readingAt({ source, plane }: Plane, level: number, row: number, column: number): Reading | null {
  const image = source.descriptor;
  if (image.is_colour || !isOn(image, { row, column })) return null;
  const [down, right] = [Math.floor(row / 2 ** level), Math.floor(column / 2 ** level)];
  const tile = { plane, level, row: Math.floor(down / image.tile_px), column: Math.floor(right / image.tile_px) };
  const pixels = store.peek(nameOf(image, tile));
  if (!pixels) return null;
  const wire = pixels.data[(down - tile.row * image.tile_px) * pixels.columns + right - tile.column * image.tile_px] as number;
  return { value: modalityValues(image)[wire] as number, wire, over_px: 2 ** level };
}

export function finestReading(plane: Plane, row: number, column: number): Reading | null {
  for (let level = 0; level < plane.source.descriptor.levels.length; level++) {
    const found = readingAt(plane, level, row, column);
    if (found) return found;
  }
  return null;
}

/** The modality values of a box of level 0; waits until they are loaded. What lies outside the image is not-a-number. */
export async function regionOf({ source, plane }: Plane, box: Box): Promise<Region> {
  const image = source.descriptor;
  if (image.is_colour) throw new Error("an image in colour has no values to measure");
  const tiles = tilesIn(image, plane, 0, box);
  const table = modalityValues(image);
  const [rows, columns] = [box.bottom - box.top, box.right - box.left];
  const values = new Float32Array(rows * columns).fill(NaN);
  const all = await store.all(tiles.map((tile) => wish(source, tile)));
  for (const [index, pixels] of all.entries()) {
    const own = boxOf(image, tiles[index] as Tile);
    for (let row = Math.max(own.top, box.top); row < Math.min(own.bottom, box.bottom); row++) {
      for (let column = Math.max(own.left, box.left); column < Math.min(own.right, box.right); column++) {
        const wire = pixels.data[(row - own.top) * pixels.columns + column - own.left] as number;
        if (wire !== image.padding) values[(row - box.top) * columns + column - box.left] = table[wire] as number;
      }
    }
  }
  return { rows, columns, values };
}
