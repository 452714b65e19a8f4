/**
 * What a step of the enhancement chain is: its numbers, its passes on the graphics card, its table from the CPU.
 *
 * Every step is defined by its reference in `kerma.science.imaging.enhance`; a test holds the two together. A step
 * keeps the scale of its values: what comes out is still in the unit of the image, so that its window still fits.
 *
 * Lengths in parameters are level-0 pixels; `scale` is level-0 pixels per pixel of the level at hand (1, 2, 4, …).
 *
 * In GLSL a pixel is `ivec2(column, row)` counted from the corner of the whole level, not of the tile. Every sampler
 * goes on with the nearest pixel beyond the border of the whole picture. A pass is the body of `vec4 run(ivec2 at)` and
 * may call
 *
 * - `vec4 texel(ivec2)`: the pass before, or the input of the step (`.r` is the value);
 * - `vec4 source(ivec2)`: the input of the step, in every pass;
 * - `vec4 other(ivec2)`: the second plane (steps of `energies` only);
 * - `vec4 <name>(ivec2)`: the pass that was kept under a name this pass `reads`;
 * - `float table(int)`: the table of the step;
 * - `size` (ivec2: columns and rows of the whole level), `scale` (float), and its own uniforms by name.
 */

import type { Energies } from "./energies";

export type Parameters = Record<string, number | number[] | string>;

/** What is known of the modality values of a plane, from the level at hand: `low` and `high` hold the middle 99 %. */
export interface Statistics {
  low: number;
  high: number;
  min: number;
  max: number;
  /** The value that a share (0 to 1) of the pixels lies below. */
  quantile(share: number): number;
  /** Whether the lowest value is shown white (MONOCHROME1). */
  isInverse?: boolean;
  /** What is known of the two energies, where the image has them. */
  energies?: Energies | null;
}

/** A whole coarse level on the CPU, for tables: after the steps before, not-a-number where a pixel carries no data. */
export interface Raster {
  rows: number;
  columns: number;
  values: Float32Array;
  /** Level-0 pixels per pixel of this raster; 1 if left out. */
  scale?: number;
}

export interface Pass {
  /** The body of `vec4 run(ivec2 at)`. */
  glsl: string;
  /** A number is a float, two to four numbers a vector, more an array of floats. */
  uniforms(p: Parameters, scale: number): Record<string, number | number[]>;
  /** The name under which the output stays readable for later passes of the step. */
  keep?: string;
  /** Names of kept outputs that this pass reads. */
  reads?: string[];
  /** How many pixels of the level make one of the output, each way; 1 if left out. */
  shrink?: number;
  /** Whether all four channels of the output are kept; only the first if left out. */
  isColour?: boolean;
}

export interface Step {
  name: string;
  version: number;
  label: string;
  planes: "one" | "energies";
  /** tone: each pixel by itself; area: with its neighbours; colour: gives red, green, blue (0 to 1), ends the chain. */
  kind: "tone" | "area" | "colour";
  /** How far around a pixel the step looks, in pixels of the level. */
  radius_px(p: Parameters, scale: number): number;
  defaults(s: Statistics): Parameters;
  passes(p: Parameters, scale: number): Pass[];
  table?(p: Parameters, whole: Raster): Float32Array;
}

/** One step as it stands in a chain. */
export interface ChainStep {
  name: string;
  version: number;
  parameters: Parameters;
}

export interface ChainWindow {
  center: number;
  width: number;
  function: "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
}

/** How an image is shown, in full: recorded with a decision and repeated by the server. */
export interface Chain {
  version: 1;
  steps: ChainStep[];
  /** null: the image's own. */
  window: ChainWindow | null;
  negative: boolean;
  /** "grey", or the name of a colour table. */
  colours: string;
}

/** The standard image: nothing switched on. */
export const STANDARD: Chain = { version: 1, steps: [], window: null, negative: false, colours: "grey" };

/** A parameter that is a number; an error says which step lacks it. */
export function number(p: Parameters, name: string): number {
  const value = p[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`the step needs a number for "${name}"`);
  return value;
}
