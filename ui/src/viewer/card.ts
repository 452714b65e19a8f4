/** What lives on the graphics card: programs, tiles, tables. All of it is made anew when the card had gone away. */
import { Programs } from "./gl/programs";
import { displayTable, isLut, voiOf } from "./greyscale";
import { entriesOf, modalityValues, type Descriptor, type Lut } from "./source";
import { coloursOf } from "./steps/colours";
import type { Chain } from "./steps/step";
import { TileTextures } from "./textures";

/** Side of the textures that hold a number for every wire value. */
const SIDE = 256;
const TABLES_KEPT = 16;

let last = 0;
const numbers = new WeakMap<Descriptor, number>();

function numberOf(descriptor: Descriptor): number {
  const known = numbers.get(descriptor) ?? ++last;
  numbers.set(descriptor, known);
  return known;
}

export class Card {
  readonly programs: Programs;
  readonly tiles: TileTextures;
  #tables = new Map<string, WebGLTexture>();

  constructor(
    readonly gl: WebGL2RenderingContext,
    budget_bytes: number,
  ) {
    this.programs = new Programs(gl);
    this.tiles = new TileTextures(gl, budget_bytes);
  }

  /** How every wire value is shown. */
  displayTable(descriptor: Descriptor, plane: number, chain: Chain): WebGLTexture {
    const voi = voiOf(descriptor, plane, chain);
    const told = isLut(voi) ? "lut" : `${voi.center}/${voi.width}/${voi.function}`;
    const name = `${numberOf(descriptor)}/${told}/${chain.negative}/${chain.colours}`;
    const { gl } = this;
    return this.#table(name, () =>
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, SIDE, SIDE, 0, gl.RGBA, gl.UNSIGNED_BYTE, displayTable(descriptor, voi, chain.negative, coloursOf(chain.colours))),
    );
  }

  /** The modality value of every wire value. */
  modalityTable(descriptor: Descriptor): WebGLTexture {
    const { gl } = this;
    return this.#table(`modality/${numberOf(descriptor)}`, () =>
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, SIDE, SIDE, 0, gl.RED, gl.FLOAT, Float32Array.from(modalityValues(descriptor))),
    );
  }

  /** The entries of a VOI LUT. */
  lutTable(descriptor: Descriptor, lut: Lut): WebGLTexture {
    const { gl } = this;
    return this.#table(`lut/${numberOf(descriptor)}`, () => {
      const entries = new Float32Array(SIDE * SIDE);
      entries.set(entriesOf(lut).subarray(0, entries.length));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, SIDE, SIDE, 0, gl.RED, gl.FLOAT, entries);
    });
  }

  /** The 256 colours of a name. */
  colourTable(name: string): WebGLTexture {
    const { gl } = this;
    return this.#table(`colours/${name}`, () => {
      const colours = coloursOf(name);
      const bytes = new Uint8Array(4 * SIDE).map((_, at) => (at % 4 === 3 ? 255 : colours ? (colours[3 * (at >> 2) + (at % 4)] as number) : at >> 2));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, SIDE, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    });
  }

  #table(name: string, fill: () => void): WebGLTexture {
    const { gl } = this;
    const known = this.#tables.get(name);
    if (known) {
      this.#tables.delete(name);
      this.#tables.set(name, known);
      return known;
    }
    const texture = this.#tables.size < TABLES_KEPT ? gl.createTexture() : this.#oldest();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    fill();
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
    this.#tables.set(name, texture);
    return texture;
  }

  #oldest(): WebGLTexture {
    const [name, texture] = this.#tables.entries().next().value as [string, WebGLTexture];
    this.#tables.delete(name);
    return texture;
  }
}
