/** Programs of passes: the GLSL around a pass, compiled once for each text. */

export type Uniforms = Record<string, number | number[]>;

export interface Program {
  program: WebGLProgram;
  places: Map<string, WebGLUniformLocation | null>;
}

/** A full-screen triangle without any buffer. */
const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

/** A texture and where it lies: `grid` is its corner in the whole, and the size of the whole. */
const sampler = (name: string) => `
uniform sampler2D ${name}Texture;
uniform ivec4 ${name}Grid;
vec4 ${name}(ivec2 at) {
  ivec2 inside = clamp(at, ivec2(0), ${name}Grid.zw - 1) - ${name}Grid.xy;
  return texelFetch(${name}Texture, clamp(inside, ivec2(0), textureSize(${name}Texture, 0) - 1), 0);
}`;

export const TABLE_SIDE = 1024;
const TABLE = `
uniform sampler2D tableTexture;
float table(int index) { return texelFetch(tableTexture, ivec2(index % ${TABLE_SIDE}, index / ${TABLE_SIDE}), 0).r; }`;

function declaration(name: string, value: number | number[]): string {
  if (!Array.isArray(value)) return `uniform float ${name};`;
  return value.length >= 2 && value.length <= 4
    ? `uniform vec${value.length} ${name};`
    : `uniform float ${name}[${value.length}];`;
}

export function fragment(body: string, samplers: string[], uniforms: Uniforms): string {
  return `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform ivec2 size;
uniform float scale;
uniform ivec4 outGrid;
out vec4 outValue;
${Object.entries(uniforms).map(([name, value]) => declaration(name, value)).join("\n")}
${samplers.map(sampler).join("\n")}
${TABLE}
vec4 run(ivec2 at) {
${body}
}
void main() { outValue = run(ivec2(gl_FragCoord.xy) + outGrid.xy); }`;
}

export class Programs {
  #known = new Map<string, Program>();
  #vertex: WebGLShader | null = null;

  constructor(private gl: WebGL2RenderingContext) {}

  get(source: string, whose: string): Program {
    const known = this.#known.get(source);
    if (known) return known;
    const gl = this.gl;
    this.#vertex ??= this.#compiled(gl.VERTEX_SHADER, VERTEX, whose);
    const shader = this.#compiled(gl.FRAGMENT_SHADER, source, whose);
    const program = gl.createProgram();
    gl.attachShader(program, this.#vertex);
    gl.attachShader(program, shader);
    gl.linkProgram(program);
    gl.deleteShader(shader);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`the pass of "${whose}" does not link: ${gl.getProgramInfoLog(program) ?? "no reason given"}`);
    }
    const made = { program, places: new Map<string, WebGLUniformLocation | null>() };
    this.#known.set(source, made);
    return made;
  }

  place(program: Program, name: string): WebGLUniformLocation | null {
    let place = program.places.get(name);
    if (place === undefined) {
      place = this.gl.getUniformLocation(program.program, name);
      program.places.set(name, place);
    }
    return place;
  }

  dispose(): void {
    for (const { program } of this.#known.values()) this.gl.deleteProgram(program);
    this.#known.clear();
    if (this.#vertex) this.gl.deleteShader(this.#vertex);
    this.#vertex = null;
  }

  #compiled(kind: number, source: string, whose: string): WebGLShader {
    const gl = this.gl;
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("the graphics card has gone away");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      const told = gl.getShaderInfoLog(shader) ?? "no reason given";
      const line = Number(/ERROR: \d+:(\d+)/.exec(told)?.[1] ?? 0);
      const text = line ? ` in: ${source.split("\n")[line - 1]?.trim()}` : "";
      throw new Error(`the pass of "${whose}" does not compile: ${told.trim().slice(0, 400)}${text}`);
    }
    return shader;
  }
}
