/**
 * Draws scenes on the graphics card: one context for all viewers of the page, so that they share tiles, and a page may
 * have as many as it likes. What is drawn is handed to each viewer's own canvas as a picture.
 */
import { Card } from "./card";
import type { Program } from "./gl/programs";
import { isLut, voiOf } from "./greyscale";
import { levels, lieOf, tilesOf, type Lie, type Scene } from "./scene";
import { COLOUR, GREY, VALUES } from "./shaders";
import { countOf } from "./source";
import { nameOfStage, Stages, type Stage } from "./stages";
import { stepOf } from "./steps";
import { BUDGET_BYTES } from "./store";
import { BORDER } from "./textures";
import { coarsest, nameOf, type Tile } from "./tiles";
import type { Size } from "./view";

/** A tile that can be drawn now. */
interface Drawable extends Stage {
  tile: Tile;
}

/** Of what a page may hold on the card, a third is for tiles as they came, the rest for tiles with enhancements. */
const CARD_BYTES = BUDGET_BYTES / 2;
const KINDS: Record<string, number> = { LINEAR: 0, LINEAR_EXACT: 1, SIGMOID: 2 };
const TABLE = 3;

export class Painter {
  readonly canvas = new OffscreenCanvas(1, 1);
  readonly gl: WebGL2RenderingContext;
  /** Tiles with enhancements that one frame makes at most; the next frame makes more. */
  makes = 8;
  /** Whether the last drawing left tiles to be made by the next. */
  isUnfinished = false;
  /** Why an enhancement could not be drawn. */
  problem = "";
  #card: Card | null = null;
  #stages: Stages | null = null;
  #listeners = new Set<() => void>();

  constructor() {
    const gl = this.canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "high-performance" });
    if (!gl) throw new Error("this browser cannot show images: it has no WebGL2");
    this.gl = gl;
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#card = this.#stages = null;
      this.#tell();
    });
    this.canvas.addEventListener("webglcontextrestored", () => this.#tell());
  }

  get isLost(): boolean {
    return this.gl.isContextLost();
  }

  get bytes(): number {
    return (this.#card?.tiles.bytes ?? 0) + (this.#stages?.bytes ?? 0);
  }

  /** Hears when the card has gone away or come back. */
  listen(heard: () => void): () => void {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  #tell(): void {
    for (const heard of this.#listeners) heard();
  }

  /** Makes what draws plain images before there is one. */
  warm(): void {
    if (!this.isLost) (this.#card ??= new Card(this.gl, CARD_BYTES / 3)).programs.get(GREY, "display");
  }

  /** Draws scenes one over the other into the painter's canvas. */
  draw(scenes: Scene[], size: Size, ratio: number): void {
    if (this.isLost) return;
    const { gl, canvas } = this;
    const card = (this.#card ??= new Card(gl, CARD_BYTES / 3));
    const used = { tiles: new Set<string>(), left: this.makes };
    this.isUnfinished = false;
    this.problem = "";
    const layers = scenes.map((scene) => this.#drawables(card, scene, ratio, used));
    if (canvas.width !== size.width) canvas.width = size.width;
    if (canvas.height !== size.height) canvas.height = size.height;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, size.width, size.height);
    gl.clearColor(0, 0, 0, 1);
    gl.enable(gl.SCISSOR_TEST);
    if (!scenes.length) {
      gl.scissor(0, 0, size.width, size.height);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    scenes.forEach((scene, index) => this.#scene(card, scene, layers[index] ?? [], size, ratio));
    gl.disable(gl.SCISSOR_TEST);
    card.tiles.trim(used.tiles);
    this.#stages?.trim(used.tiles);
  }

  #scene(card: Card, scene: Scene, drawables: Drawable[], size: Size, ratio: number): void {
    const { gl } = this;
    const { place } = scene;
    const bottom = size.height - Math.round((place.y + place.height) * ratio);
    gl.scissor(Math.round(place.x * ratio), bottom, Math.round(place.width * ratio), Math.round(place.height * ratio));
    gl.clear(gl.COLOR_BUFFER_BIT);
    const program = this.#program(card, scene);
    for (const drawable of drawables) {
      const lie = lieOf(scene, drawable.tile, size, ratio);
      if (lie) this.#tile(card, program, drawable, lie);
    }
  }

  /** The tiles to draw, the coarsest first; coarser ones only where the finest are not all there. */
  #drawables(card: Card, scene: Scene, ratio: number, used: { tiles: Set<string>; left: number }): Drawable[] {
    const all = levels(scene, ratio).map((level) => tilesOf(scene, level));
    const one = (tile: Tile) => {
      used.tiles.add(nameOf(scene.source.descriptor, tile));
      if (!scene.chain.steps.length || scene.source.descriptor.is_colour) return this.#plain(card, scene, tile);
      used.tiles.add(nameOfStage(scene, tile));
      return this.#enhanced(card, scene, tile, all.at(-1)?.includes(tile) ?? false, used);
    };
    const found: Drawable[][] = [];
    for (const tiles of all) {
      const there = tiles.map(one).filter((drawable) => drawable !== null);
      if (there.length === tiles.length) found.length = 0;
      found.push(there);
    }
    return found.flat();
  }

  #plain(card: Card, scene: Scene, tile: Tile): Drawable | null {
    const texture = card.tiles.get(scene.source.descriptor, tile);
    return texture && { texture, margin: [BORDER, BORDER], tile };
  }

  /** A tile after the chain's steps: of the finest level and of the whole image it is made where need be. */
  #enhanced(card: Card, scene: Scene, tile: Tile, isFinest: boolean, used: { left: number }): Drawable | null {
    try {
      const stages = (this.#stages ??= new Stages(card, (CARD_BYTES * 2) / 3));
      const kept = stages.kept(scene, tile);
      if (kept) return { ...kept, tile };
      if (!isFinest && tile.level !== coarsest(scene.source.descriptor)) return null;
      if (used.left <= 0) {
        this.isUnfinished = true;
        return null;
      }
      const made = stages.make(scene, tile);
      if (made) used.left--;
      return made && { ...made, tile };
    } catch (error) {
      if (!this.isLost) this.problem = `The enhancement cannot be shown: ${error instanceof Error ? error.message : String(error)}.`;
      return null;
    }
  }

  /** The program for a scene with all that is the same for its tiles. */
  #program(card: Card, scene: Scene): Program {
    const { chain, source, plane } = scene;
    const { descriptor } = source;
    const lastStep = chain.steps.at(-1);
    const isColour = descriptor.is_colour || (!!lastStep && stepOf(lastStep.name, lastStep.version).kind === "colour");
    const program = card.programs.get(isColour ? COLOUR : chain.steps.length ? VALUES : GREY, "display");
    const { gl } = this;
    const place = (name: string) => card.programs.place(program, name);
    gl.useProgram(program.program);
    gl.uniform1i(place("tile"), 0);
    if (isColour) {
      gl.uniform1i(place("isNegative"), Number(chain.negative));
    } else if (chain.steps.length) {
      this.#window(card, scene, program);
    } else {
      const table = card.displayTable(descriptor, plane, chain);
      this.#bind(1, table);
      gl.uniform1i(place("table"), 1);
      gl.uniform1i(place("padding"), descriptor.padding ?? -1);
    }
    gl.activeTexture(gl.TEXTURE0);
    return program;
  }

  #window(card: Card, { chain, source, plane }: Scene, program: Program): void {
    const { gl } = this;
    const { descriptor } = source;
    const place = (name: string) => card.programs.place(program, name);
    const voi = voiOf(descriptor, plane, chain);
    const colours = card.colourTable(chain.colours);
    const lut = isLut(voi) ? card.lutTable(descriptor, voi) : colours;
    this.#bind(1, colours);
    this.#bind(2, lut);
    gl.uniform1i(place("colours"), 1);
    gl.uniform1i(place("lut"), 2);
    gl.uniform1i(place("kind"), isLut(voi) ? TABLE : (KINDS[voi.function] ?? 0));
    gl.uniform1f(place("centre"), isLut(voi) ? 0 : voi.center);
    gl.uniform1f(place("width"), isLut(voi) ? 1 : voi.width);
    if (isLut(voi)) gl.uniform3f(place("lutRange"), voi.first, countOf(voi), 2 ** voi.bits - 1);
    gl.uniform1i(place("isInverse"), Number(descriptor.is_inverse));
    gl.uniform1i(place("isNegative"), Number(chain.negative));
  }

  #bind(unit: number, texture: WebGLTexture): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, texture);
  }

  #tile(card: Card, program: Program, { texture, margin }: Drawable, lie: Lie): void {
    const { gl } = this;
    const place = (name: string) => card.programs.place(program, name);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.scissor(...lie.scissor);
    gl.uniform2i(place("margin"), ...margin);
    gl.uniform2f(place("corner"), ...lie.corner);
    gl.uniform2f(place("right"), ...lie.right);
    gl.uniform2f(place("up"), ...lie.up);
    gl.uniform2f(place("extent"), ...lie.extent);
    gl.uniform1i(place("isSmooth"), Number(lie.isSmooth));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** What was drawn, as red, green, blue, 255 from the top row down. */
  read({ width, height }: Size): Uint8Array {
    const { gl } = this;
    const upsideDown = new Uint8Array(width * height * 4);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upsideDown);
    const made = new Uint8Array(upsideDown.length);
    for (let row = 0; row < height; row++) made.set(upsideDown.subarray(row * width * 4, (row + 1) * width * 4), (height - 1 - row) * width * 4);
    return made;
  }
}

let made: Painter | null = null;

/** The page's painter; an error where the browser cannot draw. */
export function painter(): Painter {
  return (made ??= new Painter());
}

/** Bytes on the graphics card; 0 before anything was drawn. */
export const painterBytes = () => made?.bytes ?? 0;
