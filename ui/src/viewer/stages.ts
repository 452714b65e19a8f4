/** Tiles after the enhancement steps of a chain, kept until the chain or the tile changes. */
import type { Card } from "./card";
import { Runner, type Output, type Tile as RunnerTile } from "./gl/runner";
import { Targets, type Target } from "./gl/targets";
import { planesOf, type Scene } from "./scene";
import { MODALITY } from "./shaders";
import { modalityValues, type Plane } from "./source";
import { radiusOf, readySteps } from "./steps";
import type { ChainStep } from "./steps/step";
import { store } from "./store";
import { BORDER } from "./textures";
import { boxOf, levelOf, nameOf, overview, tilesIn, type Box, type Tile } from "./tiles";

export interface Stage {
  texture: WebGLTexture;
  /** Pixels of the texture before the tile begins. */
  margin: [column: number, row: number];
}

interface Kept extends Stage {
  output: Output;
  bytes: number;
}

type Tables = (Float32Array | undefined)[];

const TABLES_KEPT = 16;

/** Pixels of the level around a tile that the steps look at, and one more for interpolation. */
export const haloOf = (steps: ChainStep[], level: number) => radiusOf(steps, 2 ** level) + BORDER;

export class Stages {
  #kept = new Map<string, Kept>();
  #tables = new Map<string, Tables>();
  #runner: Runner;
  #targets: Targets;
  #bytes = 0;

  constructor(
    private card: Card,
    private budget_bytes: number,
  ) {
    this.#runner = new Runner(card.gl);
    this.#targets = new Targets(card.gl);
  }

  get bytes(): number {
    return this.#runner.bytes + this.#targets.bytes;
  }

  /** A tile that was made before. */
  kept(scene: Scene, tile: Tile): Stage | null {
    const name = nameOfStage(scene, tile);
    const known = this.#kept.get(name);
    if (!known) return null;
    this.#kept.delete(name);
    this.#kept.set(name, known);
    return known;
  }

  /** Makes a tile; null while pixels that it needs are not in memory. */
  make(scene: Scene, tile: Tile): Stage | null {
    const planes = planesOf(scene);
    const { steps } = scene.chain;
    const { descriptor } = scene.source;
    const level = levelOf(descriptor, tile.level);
    const box = boxOf(descriptor, tile);
    const wider = widened(box, haloOf(steps, tile.level), level);
    const tables = this.#tablesOf(planes, steps);
    const inputs = tables && this.#gathered(planes, tile.level, wider);
    if (!inputs) return null;
    const around = { width: wider.right - wider.left, height: wider.bottom - wider.top, origin: [wider.left, wider.top], size: [level.columns, level.rows] } as const;
    const given = inputs.map(({ texture }): RunnerTile => ({ ...around, texture, origin: [...around.origin], size: [...around.size] }));
    try {
      const output = this.#runner.run(readySteps(steps, tables), given[0] as RunnerTile, 2 ** tile.level, given[1]);
      const bytes = output.width * output.height * (output.isColour ? 16 : 4);
      const stage: Kept = { output, bytes, texture: output.texture, margin: [box.left - wider.left, box.top - wider.top] };
      this.#kept.set(nameOfStage(scene, tile), stage);
      this.#bytes += bytes;
      return stage;
    } finally {
      for (const input of inputs) this.#targets.give(input);
    }
  }

  /** Lets go of the longest unused above the budget; what a frame has used stays. */
  trim(used: Set<string>): void {
    for (const [name, one] of this.#kept) {
      if (this.#bytes <= this.budget_bytes) return;
      if (used.has(name)) continue;
      one.output.release();
      this.#kept.delete(name);
      this.#bytes -= one.bytes;
    }
  }

  /** The tables of the steps, made of the whole image at its coarsest; null until that is in memory. */
  #tablesOf(planes: Plane[], steps: ChainStep[]): Tables | null {
    const name = `${planes.map(({ source, plane }) => `${source.descriptor.tag}/${plane}`).join("+")}|${JSON.stringify(steps)}`;
    const known = this.#tables.get(name);
    if (known) return known;
    const wholes = planes.map(wholeOf);
    if (wholes.some((whole) => whole === null)) return null;
    const [first, second] = wholes as NonNullable<ReturnType<typeof wholeOf>>[];
    const made = this.#runner.tables(readySteps(steps), first as NonNullable<typeof first>, second);
    this.#tables.set(name, made);
    for (const oldest of [...this.#tables.keys()].slice(0, Math.max(0, this.#tables.size - TABLES_KEPT))) this.#tables.delete(oldest);
    return made;
  }

  /** The modality values of a box of a level, of every plane, as textures; null while tiles of it are missing. */
  #gathered(planes: Plane[], level: number, box: Box): Target[] | null {
    const parts = planes.map(({ source, plane }) => tilesIn(source.descriptor, plane, level, box).map((tile) => ({ tile, texture: this.card.tiles.get(source.descriptor, tile) })));
    if (parts.flat().some(({ texture }) => !texture)) return null;
    return planes.map((plane, index) => {
      const target = this.#targets.take(box.right - box.left, box.bottom - box.top, false);
      for (const { tile, texture } of parts[index] ?? []) this.#convert(plane, tile, texture as WebGLTexture, target, box);
      return target;
    });
  }

  #convert({ source }: Plane, tile: Tile, texture: WebGLTexture, target: Target, box: Box): void {
    const { gl, programs } = this.card;
    const own = boxOf(source.descriptor, tile);
    const [left, top] = [Math.max(own.left, box.left), Math.max(own.top, box.top)];
    const program = programs.get(MODALITY, "modality values");
    const table = this.card.modalityTable(source.descriptor);
    gl.useProgram(program.program);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, table);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniform1i(programs.place(program, "tile"), 0);
    gl.uniform1i(programs.place(program, "table"), 1);
    gl.uniform2i(programs.place(program, "shift"), box.left - own.left + BORDER, box.top - own.top + BORDER);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.frame);
    gl.viewport(0, 0, target.width, target.height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(left - box.left, top - box.top, Math.min(own.right, box.right) - left, Math.min(own.bottom, box.bottom) - top);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.SCISSOR_TEST);
  }
}

export const nameOfStage = (scene: Scene, tile: Tile) => `${nameOf(scene.source.descriptor, tile)}|${JSON.stringify(scene.chain.steps)}`;

function widened(box: Box, by: number, { rows, columns }: { rows: number; columns: number }): Box {
  return { top: Math.max(0, box.top - by), left: Math.max(0, box.left - by), bottom: Math.min(rows, box.bottom + by), right: Math.min(columns, box.right + by) };
}

/** The whole of a plane at its coarsest, on the CPU. */
function wholeOf({ source, plane }: Plane) {
  const { descriptor } = source;
  const tile = overview(descriptor, plane);
  const pixels = store.get(nameOf(descriptor, tile));
  if (!pixels) return null;
  const values = modalityValues(descriptor);
  const wires = pixels.data;
  return {
    rows: pixels.rows,
    columns: pixels.columns,
    scale: 2 ** tile.level,
    values: Float32Array.from(wires, (wire) => values[wire] as number),
    hasData: descriptor.padding === null ? undefined : Uint8Array.from(wires, (wire) => Number(wire !== descriptor.padding)),
  };
}
