/** Draws planes and rays of a volume with WebGL2, all panes into one canvas. */
import { dot, sub, times, type Vec } from "./geometry";
import { toward, type Plane } from "./plane";
import { BODY, RENDER, SHOW, VALUES, VERTEX } from "./shaders";
import { MODES, type Mode, type Voxels } from "./voxels";

export interface Window {
  center: number;
  width: number;
  function: "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
}

/** A part of the canvas in its pixels, counted from the lower left. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Slab {
  thickness_mm: number;
  mode: Mode;
}

export type Kind = "lit" | "highest" | "surface";
export const KINDS: Kind[] = ["lit", "highest", "surface"];

export interface Rendering {
  kind: Kind;
  /** 256 colours with their density, over the range. */
  look: Uint8Array;
  threshold: number;
  /** Factor of the look's densities. */
  density: number;
}

interface Stack {
  voxels: Voxels;
  texture: WebGLTexture;
  places: WebGLTexture;
}

interface Target {
  frame: WebGLFramebuffer;
  texture: WebGLTexture;
}

type Uniforms = Record<string, number | boolean | readonly number[]>;

const BODY_SIDE = 256;
const BODY_SIDE_SOFTWARE = 112;

export class Engine {
  readonly gl: WebGL2RenderingContext;
  readonly sideMax: number;
  readonly isSoftware: boolean;
  private programs = new Map<string, WebGLProgram>();
  private fine: Stack | null = null;
  private coarse: Stack | null = null;
  private body: { texture: WebGLTexture; size: Vec; cell: number } | null = null;
  /** How many bodies have been made: which one a picture was made of. */
  private bodies = 0;
  private kept: { key: string; target: Target } | null = null;
  private lookTexture: WebGLTexture;
  private range = { low: 0, high: 1 };
  private isComplete = false;

  constructor(readonly canvas: HTMLCanvasElement | OffscreenCanvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, preserveDrawingBuffer: false }) as WebGL2RenderingContext | null;
    if (!gl || !gl.getExtension("EXT_color_buffer_float")) throw new Error("This browser cannot draw volumes: it lacks WebGL 2 with float targets. Turn hardware acceleration on, or read slice by slice.");
    this.gl = gl;
    this.sideMax = gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number;
    const about = gl.getExtension("WEBGL_debug_renderer_info");
    this.isSoftware = /swiftshader|llvmpipe|software/i.test(about ? String(gl.getParameter(about.UNMASKED_RENDERER_WEBGL)) : "");
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.lookTexture = gl.createTexture();
    gl.bindVertexArray(gl.createVertexArray());
  }

  /** Bytes of textures held on the card. */
  get bytes(): number {
    const of = (stack: Stack | null) => (stack ? stack.voxels.geometry.rows * stack.voxels.geometry.columns * stack.voxels.slices.length * 2 : 0);
    return of(this.fine) + of(this.coarse) + (this.body ? this.body.size[0] * this.body.size[1] * this.body.size[2] * 2 : 0);
  }

  begin(coarse: Voxels, fine: Voxels, range: { low: number; high: number }): void {
    this.range = range.high > range.low ? range : { low: range.low, high: range.low + 1 };
    this.coarse = this.stack(coarse);
    this.fine = this.stack(fine);
    coarse.slices.forEach((_, number) => this.put(this.coarse as Stack, number));
    this.isComplete = false;
  }

  /** Takes a slice that has come. */
  slice(number: number): void {
    if (this.fine) this.put(this.fine, number);
  }

  complete(): void {
    this.isComplete = true;
    this.body = this.drop(this.body?.texture);
  }

  private drop(texture?: WebGLTexture): null {
    if (texture) this.gl.deleteTexture(texture);
    return null;
  }

  private stack(voxels: Voxels): Stack {
    const { gl } = this;
    const { rows, columns } = voxels.geometry;
    const texture = this.texture3(gl.R16UI, [columns, rows, voxels.slices.length], gl.NEAREST);
    const places = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, places);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, voxels.slices.length, 1);
    const numbers = new Float32Array(voxels.slices.length * 4);
    voxels.geometry.distances_mm.forEach((distance, number) => numbers.set([distance, ...(voxels.geometry.offsets_mm[number] as number[]), 0], number * 4));
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, voxels.slices.length, 1, gl.RGBA, gl.FLOAT, numbers);
    this.nearest(gl.TEXTURE_2D, gl.NEAREST);
    return { voxels, texture, places };
  }

  private texture3(format: number, size: readonly number[], filter: number): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_3D, texture);
    gl.texStorage3D(gl.TEXTURE_3D, 1, format, size[0] as number, size[1] as number, size[2] as number);
    this.nearest(gl.TEXTURE_3D, filter);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_WRAP_R, gl.CLAMP_TO_EDGE);
    if (gl.getError() !== gl.NO_ERROR) throw new Error("The graphics card has not enough memory for this volume; read slice by slice.");
    return texture;
  }

  private nearest(target: number, filter: number): void {
    const { gl } = this;
    for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, which, filter);
    for (const which of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(target, which, gl.CLAMP_TO_EDGE);
  }

  private put(stack: Stack, number: number): void {
    const { gl } = this;
    const slice = stack.voxels.slices[number];
    if (!slice) return;
    const { rows, columns, distances_mm, offsets_mm } = stack.voxels.geometry;
    gl.bindTexture(gl.TEXTURE_3D, stack.texture);
    gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, number, columns, rows, 1, gl.RED_INTEGER, gl.UNSIGNED_SHORT, slice);
    gl.bindTexture(gl.TEXTURE_2D, stack.places);
    const place = Float32Array.of(distances_mm[number] as number, ...(offsets_mm[number] as number[]), 1);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, number, 0, 1, 1, gl.RGBA, gl.FLOAT, place);
  }

  /** Draws a plane into a part of the canvas; one pixel of the plane is one of the canvas. */
  plane(part: Part, plane: Plane, slab: Slab, window: Window, isInverse: boolean): void {
    this.into(null, part);
    this.draw(SHOW, { ...this.slab(plane, slab), ...windowed(window), offset: [part.x, part.y], isInverse });
  }

  /** The values of a plane, row by row from the top; not a number where there is no data. */
  values(plane: Plane, slab: Slab): Float32Array {
    const { gl } = this;
    const target = this.target(gl.R32F, plane.columns, plane.rows);
    this.into(target.frame, { x: 0, y: 0, width: plane.columns, height: plane.rows });
    this.draw(VALUES, this.slab(plane, slab));
    const read = new Float32Array(plane.columns * plane.rows * 4);
    gl.readPixels(0, 0, plane.columns, plane.rows, gl.RGBA, gl.FLOAT, read);
    this.release(target);
    return Float32Array.from({ length: plane.columns * plane.rows }, (_, index) => {
      const row = plane.rows - 1 - Math.floor(index / plane.columns);
      const value = read[(row * plane.columns + (index % plane.columns)) * 4] as number;
      return value < -1e38 ? NaN : value;
    });
  }

  /** Draws the volume seen along a plane's direction, at a share of the resolution that is then enlarged. */
  render(part: Part, plane: Plane, how: Rendering, window: Window, isInverse: boolean, share: number): void {
    const { gl, fine } = this;
    if (!fine) return;
    this.body ??= this.made();
    const small = { x: 0, y: 0, width: Math.max(1, Math.round(part.width * share)), height: Math.max(1, Math.round(part.height * share)) };
    const pitch_mm = (plane.pitch_mm * part.width) / small.width;
    const rough = { ...plane, pitch_mm, rows: small.height, columns: small.width };
    const space = fine.voxels.space;
    const own = (direction: Vec): Vec => [dot(direction, space.alongRow), dot(direction, space.alongColumn), dot(direction, space.normal)];
    const steps = this.steps(rough);
    const place = space.own(steps.corner);
    const corner: Vec = [place.across - space.low.across, place.down - space.low.down, place.distance - space.low.distance];
    const { low, high } = this.range;
    const shown = windowed(window).window as [number, number];
    const uniforms = {
      corner,
      stepRight: own(steps.stepRight),
      stepUp: own(steps.stepUp),
      into: own(toward(plane)),
      extent: times(this.body.size, this.body.cell),
      stepLength: this.body.cell * (share < 1 ? 1.5 : 0.7),
      threshold: (how.threshold - low) / (high - low),
      kind: KINDS.indexOf(how.kind),
      density: how.density,
      window: [(shown[0] - low) / (high - low), shown[1] / (high - low)],
      isInverse,
      offset: [0, 0],
      look: 4,
      body: 5,
    };
    const target = this.rendered(small, uniforms, how.look);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, target.frame);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.blitFramebuffer(0, 0, small.width, small.height, part.x, part.y, part.x + part.width, part.y + part.height, gl.COLOR_BUFFER_BIT, gl.LINEAR);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /** The picture of the rays; kept while nothing of it changes, since planes move more often than the view from outside. */
  private rendered(part: Part, uniforms: Uniforms, look: Uint8Array): Target {
    const { gl } = this;
    const key = JSON.stringify([part, uniforms, this.bodies]) + look.join();
    if (this.kept?.key === key) return this.kept.target;
    if (this.kept) this.release(this.kept.target);
    gl.activeTexture(gl.TEXTURE4);
    gl.bindTexture(gl.TEXTURE_2D, this.lookTexture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, look);
    this.nearest(gl.TEXTURE_2D, gl.LINEAR);
    gl.activeTexture(gl.TEXTURE5);
    gl.bindTexture(gl.TEXTURE_3D, this.body?.texture ?? null);
    const target = this.target(gl.RGBA8, part.width, part.height);
    this.into(target.frame, part);
    this.draw(RENDER, uniforms);
    this.kept = { key, target };
    return target;
  }

  private release({ frame, texture }: Target): void {
    this.gl.deleteFramebuffer(frame);
    this.gl.deleteTexture(texture);
  }

  /** The volume on an even grid by its own axes, for rendering only. */
  private made(): { texture: WebGLTexture; size: Vec; cell: number } {
    const { gl } = this;
    const { low, high } = (this.fine as Stack).voxels.space;
    const extent = [high.across - low.across, high.down - low.down, high.distance - low.distance];
    const side = Math.min(this.isSoftware ? BODY_SIDE_SOFTWARE : BODY_SIDE, this.sideMax);
    const cell = Math.max(...extent) / side;
    const size = extent.map((one) => Math.max(1, Math.round(one / cell))) as unknown as Vec;
    const texture = this.texture3(gl.R16F, size, gl.LINEAR);
    const frame = gl.createFramebuffer();
    for (let layer = 0; layer < size[2]; layer++) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
      gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, texture, 0, layer);
      this.into(frame, { x: 0, y: 0, width: size[0], height: size[1] });
      this.draw(BODY, {
        ...this.grids(),
        low: [low.across, low.down, low.distance],
        cell: [cell, cell, cell],
        layer,
        range: [this.range.low, this.range.high],
      });
    }
    gl.deleteFramebuffer(frame);
    this.bodies++;
    return { texture, size, cell };
  }

  private target(format: number, width: number, height: number): Target {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE6);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
    const frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return { frame, texture };
  }

  private into(frame: WebGLFramebuffer | null, part: Part): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.viewport(part.x, part.y, part.width, part.height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(part.x, part.y, part.width, part.height);
  }

  /** `corner` is half a pixel outside the lower left pixel's middle, as gl_FragCoord counts. */
  private steps(plane: Plane): { corner: Vec; stepRight: Vec; stepUp: Vec } {
    const stepRight = times(plane.right, plane.pitch_mm);
    const stepUp = times(plane.down, -plane.pitch_mm);
    const corner = sub(sub(plane.center, times(stepRight, plane.columns / 2)), times(stepUp, plane.rows / 2));
    return { corner, stepRight, stepUp };
  }

  private slab(plane: Plane, { thickness_mm, mode }: Slab): Uniforms {
    const samples = (this.fine as Stack).voxels.space.samples(thickness_mm);
    return { ...this.grids(), ...this.steps(plane), into: toward(plane), thickness: thickness_mm, samples, mode: MODES.indexOf(mode) };
  }

  private grids(): Uniforms {
    const { gl } = this;
    const [fine, coarse] = [this.fine as Stack, this.coarse as Stack];
    [fine.texture, coarse.texture].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_3D, texture);
    });
    [fine.places, coarse.places].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE2 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    const space = fine.voxels.space;
    const shift = sub(coarse.voxels.space.origin, space.origin);
    if (Math.abs(dot(shift, space.normal)) > 1e-6) throw new Error("the overview does not begin at the first slice");
    const { origin, alongRow, alongColumn, normal } = space;
    return { fineVoxels: 0, coarseVoxels: 1, finePlaces: 2, coarsePlaces: 3, isComplete: this.isComplete, origin, alongRow, alongColumn, normal, ...gridOf("fine", fine), ...gridOf("coarse", coarse), coarseShift: [dot(shift, alongRow), dot(shift, alongColumn)] };
  }

  private draw(shader: string, uniforms: Uniforms): void {
    const { gl } = this;
    const program = this.program(shader);
    gl.useProgram(program);
    const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) as number;
    for (let index = 0; index < count; index++) {
      const { name, type } = gl.getActiveUniform(program, index) as WebGLActiveInfo;
      const value = uniforms[name];
      if (value === undefined) throw new Error(`the shader needs ${name}`);
      const at = gl.getUniformLocation(program, name);
      if (type === gl.FLOAT) gl.uniform1f(at, value as number);
      else if (type === gl.FLOAT_VEC2) gl.uniform2fv(at, value as number[]);
      else if (type === gl.FLOAT_VEC3) gl.uniform3fv(at, value as number[]);
      else if (type === gl.INT_VEC3) gl.uniform3iv(at, value as number[]);
      else gl.uniform1i(at, Number(value));
    }
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private program(shader: string): WebGLProgram {
    const known = this.programs.get(shader);
    if (known) return known;
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, shader]] as const) {
      const part = gl.createShader(type) as WebGLShader;
      gl.shaderSource(part, text);
      gl.compileShader(part);
      gl.attachShader(program, part);
      if (!gl.getShaderParameter(part, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(gl.getShaderInfoLog(part) ?? "the shader does not compile");
    }
    gl.linkProgram(program);
    this.programs.set(shader, program);
    return program;
  }
}

function gridOf(name: string, { voxels }: Stack): Uniforms {
  const { rows, columns, row_mm, column_mm, distances_mm, is_even } = voxels.geometry;
  const gaps = distances_mm.slice(1).map((place, number) => place - (distances_mm[number] as number));
  const even = is_even && Math.max(...gaps) - Math.min(...gaps) < 0.02 * Math.min(...gaps);
  return {
    [`${name}.size`]: [columns, rows, voxels.slices.length],
    [`${name}.pixel_mm`]: [column_mm, row_mm],
    [`${name}.even_mm`]: even ? (distances_mm.at(-1) as number) / gaps.length : 0,
    [`${name}.base`]: voxels.base,
    [`${name}.step`]: voxels.step,
  };
}

/** Middle and width of the linear ramp (PS3.3 C.11.2.1.2). */
function windowed({ center, width, function: kind }: Window): Uniforms {
  return { window: kind === "LINEAR" && width > 1 ? [center - 0.5, width - 1] : [center, Math.max(width, 1e-6)] };
}

