/** Tiles on the graphics card: each with a border of one pixel of its neighbours, so that interpolation knows no seams. */
import type { Pixels } from "./decoders";
import type { Descriptor } from "./source";
import { store } from "./store";
import { levelOf, nameOf, type Tile } from "./tiles";

/** Pixels of border on every side. */
export const BORDER = 1;

export interface TileTexture {
  texture: WebGLTexture;
  bytes: number;
  /** Neighbours whose pixels were not there yet; until they come the edge goes on. */
  lacking: [down: number, right: number][];
}

const SIDES = [-1, 0, 1];
const AROUND = SIDES.flatMap((down) => SIDES.map((right): [number, number] => [down, right])).filter(([down, right]) => down || right);

export class TileTextures {
  /** The longest unused first. */
  #held = new Map<string, TileTexture>();
  bytes = 0;

  constructor(
    private gl: WebGL2RenderingContext,
    private budget_bytes: number,
  ) {}

  /** The texture of a tile; null while its pixels are not in memory. */
  get(descriptor: Descriptor, tile: Tile): WebGLTexture | null {
    const name = nameOf(descriptor, tile);
    const known = this.#held.get(name);
    if (known) {
      this.#held.delete(name);
      this.#held.set(name, known);
      if (known.lacking.length) this.#edge(known, descriptor, tile, known.lacking);
      return known.texture;
    }
    const pixels = store.get(name);
    return pixels ? this.#made(name, descriptor, tile, pixels) : null;
  }

  has = (name: string) => this.#held.has(name);

  #made(name: string, descriptor: Descriptor, tile: Tile, pixels: Pixels): WebGLTexture {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const inner = pixels.components === 3 ? gl.RGB8 : gl.R16UI;
    gl.texStorage2D(gl.TEXTURE_2D, 1, inner, pixels.columns + 2 * BORDER, pixels.rows + 2 * BORDER);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
    const made: TileTexture = { texture, bytes: pixels.data.byteLength, lacking: [] };
    this.#put(pixels, BORDER, BORDER, 0, 0, pixels.columns, pixels.rows);
    this.#edge(made, descriptor, tile, AROUND);
    this.#held.set(name, made);
    this.bytes += made.bytes;
    return texture;
  }

  /** Fills parts of the border from the neighbours there, and where an image or a neighbour ends, from the nearest pixel. */
  #edge(made: TileTexture, descriptor: Descriptor, tile: Tile, parts: [number, number][]): void {
    const own = store.get(nameOf(descriptor, tile));
    if (!own) return;
    this.gl.bindTexture(this.gl.TEXTURE_2D, made.texture);
    const { tile_rows, tile_columns } = levelOf(descriptor, tile.level);
    const exists = (at: number, count: number) => at >= 0 && at < count;
    made.lacking = parts.filter(([down, right]) => {
      const toRow = exists(tile.row + down, tile_rows) ? down : 0;
      const toColumn = exists(tile.column + right, tile_columns) ? right : 0;
      const there = toRow || toColumn ? store.peek(nameOf(descriptor, { ...tile, row: tile.row + toRow, column: tile.column + toColumn })) : own;
      const from = there ?? own;
      const [row, rows] = span(down, there ? toRow : 0, from.rows, own.rows);
      const [column, columns] = span(right, there ? toColumn : 0, from.columns, own.columns);
      this.#put(from, spot(right, own.columns), spot(down, own.rows), column, row, columns, rows);
      return !there;
    });
  }

  #put(from: Pixels, x: number, y: number, column: number, row: number, columns: number, rows: number): void {
    const gl = this.gl;
    const isColour = from.components === 3;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, isColour ? 1 : 2);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, from.columns);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, column);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, row);
    const [format, type] = isColour ? [gl.RGB, gl.UNSIGNED_BYTE] : [gl.RED_INTEGER, gl.UNSIGNED_SHORT];
    gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, columns, rows, format, type, from.data);
    for (const [name, value] of [[gl.UNPACK_ALIGNMENT, 4], [gl.UNPACK_ROW_LENGTH, 0], [gl.UNPACK_SKIP_PIXELS, 0], [gl.UNPACK_SKIP_ROWS, 0]] as const) {
      gl.pixelStorei(name, value);
    }
  }

  /** Lets go of the longest unused above the budget; call it after a frame, whose own tiles stay. */
  trim(used: Set<string>): void {
    for (const [name, one] of this.#held) {
      if (this.bytes <= this.budget_bytes) return;
      if (used.has(name)) continue;
      this.gl.deleteTexture(one.texture);
      this.#held.delete(name);
      this.bytes -= one.bytes;
    }
  }
}

/** Where a part of the border stands in the texture. */
const spot = (side: number, length: number) => (side < 0 ? 0 : side > 0 ? length + BORDER : BORDER);

/** First and count of the pixels that a part of the border takes from a tile `towards` that side. */
function span(side: number, towards: number, length: number, own: number): [first: number, count: number] {
  if (side === 0) return [0, own];
  return [(side < 0) === (towards !== 0) ? length - 1 : 0, 1];
}
