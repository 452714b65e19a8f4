/**
 * The enhancement steps on their own, for the test that holds them to the reference: rasters in, rasters out.
 *
 * It is built by itself and never shipped; see `tests/browser/test_steps.py`.
 */

import { mount } from "svelte";
import "../src/styles/tokens.css";
import "../src/styles/page.css";
import { Runner, type Output, type Tile, type Whole } from "../src/viewer/gl/runner";
import { floatTexture } from "../src/viewer/gl/targets";
import { COLOURS } from "../src/viewer/steps/colours";
import { remember, type LookupDocument } from "../src/viewer/steps/energies";
import { canonical, radiusOf, readySteps, STEPS } from "../src/viewer/steps/index";
import type { Chain, ChainStep, Statistics } from "../src/viewer/steps/step";
import EditorPage from "./EditorPage.svelte";

/** 32-bit reals as base64, row by row. */
type Packed = string;

interface Case {
  rows: number;
  columns: number;
  planes: Packed[];
  steps: ChainStep[];
  scale: number;
  /** The coarse picture for tables, one of each plane. */
  whole?: { rows: number; columns: number; scale: number; values: Packed; hasData?: number[] }[];
  /** Run on parts; what surrounds one is taken along as far as the steps look. */
  parts?: Part[];
}

interface Part {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

const partOf = (given: Case & { part: Part | null }): Part =>
  given.part ?? { row: 0, column: 0, rows: given.rows, columns: given.columns };

const unpacked = (packed: Packed) => new Float32Array(Uint8Array.from(atob(packed), (one) => one.charCodeAt(0)).buffer);

function packed(values: Float32Array): Packed {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

const gl = document.createElement("canvas").getContext("webgl2")!;
const runner = new Runner(gl);

/** The pixels of a part and of the halo around it, as far as the picture goes. */
function cut(values: Float32Array, given: Case & { part: Part | null }, halo: number): { values: Float32Array; tile: Omit<Tile, "texture"> } {
  const part = partOf(given);
  const [top, left] = [Math.max(part.row - halo, 0), Math.max(part.column - halo, 0)];
  const bottom = Math.min(part.row + part.rows + halo, given.rows);
  const right = Math.min(part.column + part.columns + halo, given.columns);
  const [width, height] = [right - left, bottom - top];
  const inner = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (top + row) * given.columns + left;
    inner.set(values.subarray(from, from + width), row * width);
  }
  return { values: inner, tile: { width, height, origin: [left, top], size: [given.columns, given.rows] } };
}

/** The part of an output that was asked for, without the halo. */
function inside(output: Output, given: Case & { part: Part | null }): Float32Array {
  const all = runner.read(output);
  const deep = output.isColour ? 4 : 1;
  const part = partOf(given);
  const found = new Float32Array(part.rows * part.columns * deep);
  for (let row = 0; row < part.rows; row++) {
    const from = ((part.row - output.origin[1] + row) * output.width + part.column - output.origin[0]) * deep;
    found.set(all.subarray(from, from + part.columns * deep), row * part.columns * deep);
  }
  return found;
}

function run(given: Case): { values: Packed[]; isColour: boolean } {
  let tables: (Float32Array | undefined)[] = [];
  if (given.whole) {
    const [first, second] = given.whole.map(({ values, hasData, ...rest }): Whole => {
      return { ...rest, values: unpacked(values), hasData: hasData && Uint8Array.from(hasData) };
    });
    tables = runner.tables(readySteps(given.steps), first!, second);
  }
  const found = (given.parts ?? [null]).map((part) => runPart({ ...given, part }, tables));
  if (gl.getError()) throw new Error("the graphics card reports an error");
  return { values: found.map(({ values }) => packed(values)), isColour: found[0]!.isColour };
}

function runPart(given: Case & { part: Part | null }, tables: (Float32Array | undefined)[]) {
  const halo = radiusOf(given.steps, given.scale);
  const tiles = given.planes.map((plane): Tile => {
    const { values, tile } = cut(unpacked(plane), given, halo);
    return { ...tile, texture: floatTexture(gl, tile.width, tile.height, values) };
  });
  const output = runner.run(readySteps(given.steps, tables), tiles[0]!, given.scale, tiles[1]);
  const values = inside(output, given);
  output.release();
  tiles.forEach((tile) => gl.deleteTexture(tile.texture));
  return { values, isColour: output.isColour };
}

/** What every step is switched on with, given sorted values. */
function defaults(sorted: number[], isInverse: boolean, energies: Statistics["energies"]) {
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const [before, after] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return before + (after - before) * (place - Math.floor(place));
  };
  const [min, max] = [sorted[0]!, sorted[sorted.length - 1]!];
  const statistics: Statistics = { low: quantile(0.005), high: quantile(0.995), min, max, quantile, isInverse };
  if (energies) statistics.energies = energies;
  return STEPS.filter((step) => step.planes === "one" || energies).map((step) => ({
    name: step.name,
    parameters: step.defaults(statistics),
  }));
}

const described = () => STEPS.map(({ name, version, label, kind, planes }) => ({ name, version, label, kind, planes }));

Object.assign(window, {
  __steps: {
    run,
    defaults,
    described,
    canonical: (chain: Chain) => canonical(chain),
    remember: (lookup: LookupDocument) => remember(lookup),
    colours: () => COLOURS,
    bytes: () => runner.bytes,
    edit: () => void mount(EditorPage, { target: document.body }),
  },
});
