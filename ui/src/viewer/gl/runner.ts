/**
 * Runs enhancement steps on the graphics card: a padded tile of real numbers goes in, a texture comes out.
 *
 * It leaves its own program, framebuffer, viewport and bindings behind: whoever draws next sets theirs.
 */

import type { Parameters, Pass, Raster, Step } from "../steps/step";
import { fragment, Programs, TABLE_SIDE, type Program } from "./programs";
import { floatTexture, Targets, type Target } from "./targets";

/** Part of a level as a texture: its corner in the whole level, and how large the whole is (columns, rows). */
export interface Tile {
  texture: WebGLTexture;
  width: number;
  height: number;
  origin: [column: number, row: number];
  size: [columns: number, rows: number];
}

/** A step with its numbers, and its table where it needs one. */
export interface Ready {
  step: Step;
  parameters: Parameters;
  table?: Float32Array | undefined;
}

/** What came out, as large as what went in; give it back when it has been drawn. */
export interface Output extends Tile {
  /** Whether it holds red, green, blue (0 to 1) instead of values. */
  isColour: boolean;
  release(): void;
}

/** A texture within one run, and which pixels of which grid it holds. */
interface Held {
  texture: WebGLTexture;
  grid: [column: number, row: number, columns: number, rows: number];
  target?: Target;
}

/** The whole of a coarse level: its values as they are, and 0 where a pixel carries no data. */
export interface Whole extends Raster {
  scale: number;
  hasData?: Uint8Array | undefined;
}

const TABLES_KEPT = 12;

export class Runner {
  #programs: Programs;
  #targets: Targets;
  #tables = new Map<Float32Array, WebGLTexture>();
  #noBuffers: WebGLVertexArrayObject;

  constructor(private gl: WebGL2RenderingContext) {
    if (!gl.getExtension("EXT_color_buffer_float")) {
      throw new Error("this browser cannot draw real numbers (EXT_color_buffer_float): enhancements need them");
    }
    this.#programs = new Programs(gl);
    this.#targets = new Targets(gl);
    this.#noBuffers = gl.createVertexArray();
  }

  /** Bytes of textures this runner holds on the card. */
  get bytes(): number {
    return this.#targets.bytes;
  }

  /** Run steps over a tile; `second` is the other energy, of the same place and size. */
  run(steps: Ready[], input: Tile, scale: number, second?: Tile): Output {
    const held = (tile: Tile): Held => ({ texture: tile.texture, grid: [...tile.origin, ...tile.size] });
    let planes = second ? [held(input), held(second)] : [held(input)];
    let isColour = false;
    for (const ready of steps) {
      if (ready.step.planes === "energies") {
        if (planes.length < 2) throw new Error(`"${ready.step.label}" needs both energies of the image`);
        const made = this.#stepped(ready, planes[0]!, planes[1], input, scale);
        planes.forEach((plane) => this.#done(plane));
        planes = [made];
      } else {
        planes = planes.map((plane) => {
          const made = this.#stepped(ready, plane, undefined, input, scale);
          this.#done(plane);
          return made;
        });
      }
      isColour = ready.step.kind === "colour";
    }
    const [result, ...rest] = planes;
    rest.forEach((plane) => this.#done(plane));
    const { texture } = result!;
    return { ...input, texture, isColour, release: () => this.#done(result!) };
  }

  /**
   * The table of each step, made from a whole coarse level after the steps before, as the reference makes it;
   * undefined where a step needs none. They hold for every tile and level of the plane.
   */
  tables(steps: { step: Step; parameters: Parameters }[], whole: Whole, second?: Whole): (Float32Array | undefined)[] {
    const made: (Float32Array | undefined)[] = [];
    const size: [number, number] = [whole.columns, whole.rows];
    for (const [index, { step, parameters }] of steps.entries()) {
      if (!step.table) {
        made.push(undefined);
        continue;
      }
      const before = steps.slice(0, index).map((one, at) => ({ ...one, table: made[at] }));
      let values: Float32Array = whole.values.slice();
      if (before.length > 0) {
        const tiles = [whole, ...(second ? [second] : [])].map(
          (one): Tile => ({ texture: floatTexture(this.gl, ...size, one.values), width: size[0], height: size[1], origin: [0, 0], size }),
        );
        const output = this.run(before, tiles[0]!, whole.scale, tiles[1]);
        values = this.read(output);
        output.release();
        tiles.forEach(({ texture }) => this.gl.deleteTexture(texture));
      }
      whole.hasData?.forEach((has, at) => {
        if (!has) values[at] = NaN;
      });
      made.push(step.table(parameters, { ...whole, values }));
    }
    return made;
  }

  /** The numbers of an output: one to a pixel, or four in colour. */
  read(output: Output): Float32Array {
    const gl = this.gl;
    const frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, output.texture, 0);
    const four = new Float32Array(output.width * output.height * 4);
    gl.readPixels(0, 0, output.width, output.height, gl.RGBA, gl.FLOAT, four);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(frame);
    if (output.isColour) return four;
    const one = new Float32Array(output.width * output.height);
    for (let at = 0; at < one.length; at++) one[at] = four[at * 4]!;
    return one;
  }

  dispose(): void {
    this.#programs.dispose();
    this.#targets.dispose();
    for (const texture of this.#tables.values()) this.gl.deleteTexture(texture);
    this.#tables.clear();
    this.gl.deleteVertexArray(this.#noBuffers);
  }

  #done(held: Held): void {
    if (held.target) this.#targets.give(held.target);
    delete held.target;
  }

  #stepped(ready: Ready, source: Held, other: Held | undefined, tile: Tile, scale: number): Held {
    const kept = new Map<string, Held>();
    let last = source;
    for (const pass of ready.step.passes(ready.parameters, scale)) {
      const made = this.#passed(pass, ready, { texel: last, source, other, kept }, tile, scale);
      if (last !== source && ![...kept.values()].includes(last)) this.#done(last);
      if (pass.keep) kept.set(pass.keep, made);
      last = made;
    }
    for (const held of kept.values()) if (held !== last) this.#done(held);
    // A step without passes changes nothing; its output must still be one that can be given back.
    return last === source ? { ...this.#lent(source) } : last;
  }

  /** Hand a texture on as the output of a step: it is given back once only. */
  #lent(source: Held): Held {
    const lent = { ...source };
    delete source.target;
    return lent;
  }

  #passed(
    pass: Pass,
    ready: Ready,
    given: { texel: Held; source: Held; other: Held | undefined; kept: Map<string, Held> },
    tile: Tile,
    scale: number,
  ): Held {
    const inputs: Record<string, Held> = { texel: given.texel, source: given.source };
    if (given.other) inputs.other = given.other;
    for (const name of pass.reads ?? []) {
      const held = given.kept.get(name);
      if (!held) throw new Error(`"${ready.step.name}" reads "${name}", which no pass before has kept`);
      inputs[name] = held;
    }
    const uniforms = pass.uniforms(ready.parameters, scale);
    const source = fragment(pass.glsl, Object.keys(inputs), uniforms);
    const program = this.#programs.get(source, ready.step.name);
    const [grid, width, height] = gridOf(tile, pass.shrink ?? 1);
    const target = this.#targets.take(width, height, pass.isColour ?? false);
    this.gl.useProgram(program.program);
    this.#bind(program, inputs, ready.table);
    this.#set(program, { ...uniforms, scale });
    this.gl.uniform2i(this.#programs.place(program, "size"), ...tile.size);
    this.gl.uniform4i(this.#programs.place(program, "outGrid"), ...grid);
    this.#draw(target);
    return { texture: target.texture, grid, target };
  }

  #bind(program: Program, inputs: Record<string, Held>, table: Float32Array | undefined): void {
    const gl = this.gl;
    let unit = 0;
    const texture = (name: string, bound: WebGLTexture) => {
      const place = this.#programs.place(program, `${name}Texture`);
      if (!place) return;
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, bound);
      gl.uniform1i(place, unit++);
    };
    const values = table && this.#tableTexture(table);
    for (const [name, held] of Object.entries(inputs)) {
      texture(name, held.texture);
      gl.uniform4i(this.#programs.place(program, `${name}Grid`), ...held.grid);
    }
    if (values) texture("table", values);
  }

  #set(program: Program, uniforms: Record<string, number | number[]>): void {
    const gl = this.gl;
    for (const [name, value] of Object.entries(uniforms)) {
      const place = this.#programs.place(program, name);
      if (!Array.isArray(value)) gl.uniform1f(place, value);
      else if (value.length === 2) gl.uniform2fv(place, value);
      else if (value.length === 3) gl.uniform3fv(place, value);
      else if (value.length === 4) gl.uniform4fv(place, value);
      else gl.uniform1fv(place, value);
    }
  }

  #draw(target: Target): void {
    const gl = this.gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.frame);
    gl.viewport(0, 0, target.width, target.height);
    for (const off of [gl.BLEND, gl.SCISSOR_TEST, gl.DEPTH_TEST, gl.CULL_FACE, gl.STENCIL_TEST]) gl.disable(off);
    gl.colorMask(true, true, true, true);
    gl.bindVertexArray(this.#noBuffers);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.bindVertexArray(null);
  }

  #tableTexture(table: Float32Array): WebGLTexture {
    const known = this.#tables.get(table);
    if (known) return known;
    const rows = Math.max(1, Math.ceil(table.length / TABLE_SIDE));
    const padded = new Float32Array(rows * TABLE_SIDE);
    padded.set(table);
    const texture = floatTexture(this.gl, TABLE_SIDE, rows, padded);
    this.#tables.set(table, texture);
    if (this.#tables.size > TABLES_KEPT) {
      const [oldest, gone] = this.#tables.entries().next().value!;
      this.#tables.delete(oldest);
      this.gl.deleteTexture(gone);
    }
    return texture;
  }
}

/** The pixels of a level made smaller that a tile touches: grid, columns, rows. */
function gridOf(tile: Tile, shrink: number): [Held["grid"], number, number] {
  const first = tile.origin.map((side) => Math.floor(side / shrink));
  const end = [tile.origin[0] + tile.width, tile.origin[1] + tile.height].map((side) => Math.ceil(side / shrink));
  const whole = tile.size.map((side) => Math.ceil(side / shrink));
  return [[first[0]!, first[1]!, whole[0]!, whole[1]!], end[0]! - first[0]!, end[1]! - first[1]!];
}
