/** Local contrast and background: see `science/imaging/enhance/local.py`, which defines them and their tables. */

import { unsharpPasses, unsharpRadius } from "./detail";
import { blockPx, sigmaOfBlocks, taps } from "./smoothing";
import { number, type Parameters, type Pass, type Raster, type Statistics, type Step } from "./step";

const BINS = 256;
const CLAHE_HEAD = 5;
const FLATTEN_HEAD = 3;
const DARKEST = 1e-3;
const LEAST_WEIGHT = 1e-6;

const edgesOf = (side: number, parts: number) =>
  Array.from({ length: parts + 1 }, (_, at) => Math.floor((at * side) / parts));

/** Tiles down and across, rows, columns, scale, the middles of the tiles, and the points of each curve. */
function claheTable(p: Parameters, whole: Raster): Float32Array {
  const { rows, columns, values } = whole;
  const [low, high] = [number(p, "low"), number(p, "high")];
  const [down, across] = [Math.min(number(p, "tiles"), rows), Math.min(number(p, "tiles"), columns)];
  const [rowEdges, columnEdges] = [edgesOf(rows, down), edgesOf(columns, across)];
  const head = [down, across, rows, columns, whole.scale ?? 1];
  const table = new Float32Array(CLAHE_HEAD + down + across + down * across * (BINS + 1));
  table.set(head);
  for (let tile = 0; tile < down; tile++) table[CLAHE_HEAD + tile] = (rowEdges[tile]! + rowEdges[tile + 1]! - 1) / 2;
  for (let tile = 0; tile < across; tile++) {
    table[CLAHE_HEAD + down + tile] = (columnEdges[tile]! + columnEdges[tile + 1]! - 1) / 2;
  }
  let start = CLAHE_HEAD + down + across;
  for (let i = 0; i < down; i++) {
    for (let j = 0; j < across; j++) {
      const counts = new Float64Array(BINS);
      for (let row = rowEdges[i]!; row < rowEdges[i + 1]!; row++) {
        for (let at = row * columns + columnEdges[j]!; at < row * columns + columnEdges[j + 1]!; at++) {
          const place = ((values[at]! - low) * BINS) / (high - low);
          if (!Number.isNaN(place)) counts[Math.floor(Math.min(Math.max(place, 0), BINS - 1))]!++;
        }
      }
      pointsOf(counts, number(p, "clip_limit"), table.subarray(start, start + BINS + 1));
      start += BINS + 1;
    }
  }
  return table;
}

/** The points of a curve from the counts of a tile; a tile without any stays straight. */
function pointsOf(counts: Float64Array, clipLimit: number, points: Float32Array): void {
  let pixels = counts.reduce((sum, count) => sum + count, 0);
  if (pixels === 0) {
    counts.fill(1);
    pixels = BINS;
  }
  const most = (clipLimit * pixels) / BINS;
  const cut = counts.map((count) => Math.min(count, most));
  const shared = (pixels - cut.reduce((sum, count) => sum + count, 0)) / BINS;
  let sum = 0;
  for (let bin = 0; bin < BINS; bin++) {
    sum += cut[bin]! + shared;
    points[bin + 1] = sum / pixels;
  }
  points[0] = 0;
  points[BINS] = 1;
}

/** Between which tiles a row or column lies: about where, then to the side its middles say. */
const CLAHE = `
  ivec2 tiles = ivec2(table(1), table(0));
  vec2 whole = vec2(table(3), table(2));
  float down = table(0);
  vec2 here = (vec2(at) + 0.5) * (scale / table(4)) - 0.5;
  ivec2 before;
  vec2 share;
  for (int axis = 0; axis < 2; axis++) {
    int first = ${CLAHE_HEAD} + (axis == 0 ? int(down) : 0);
    int last = tiles[axis] - 2;
    int tile = int(floor((here[axis] + 0.5) * float(tiles[axis]) / whole[axis] - 0.5));
    tile = clamp(tile, 0, max(last, 0));
    if (tile > 0 && here[axis] < table(first + tile)) tile--;
    if (tile < last && here[axis] >= table(first + tile + 1)) tile++;
    float left = table(first + tile);
    float right = table(first + min(tile + 1, tiles[axis] - 1));
    before[axis] = tile;
    share[axis] = right > left ? clamp((here[axis] - left) / (right - left), 0.0, 1.0) : 0.0;
  }
  ivec2 after = min(before + 1, tiles - 1);
  float place = clamp((texel(at).r - low) * (${BINS}.0 / (high - low)), 0.0, ${BINS}.0);
  int bin = min(int(place), ${BINS - 1});
  float part = place - float(bin);
  int points = ${CLAHE_HEAD} + tiles.x + tiles.y + bin;
  vec4 found;
  for (int corner = 0; corner < 4; corner++) {
    int i = corner < 2 ? before.y : after.y;
    int j = (corner & 1) == 0 ? before.x : after.x;
    int from = points + (i * tiles.x + j) * ${BINS + 1};
    found[corner] = mix(table(from), table(from + 1), part);
  }
  float level = mix(mix(found.x, found.z, share.y), mix(found.y, found.w, share.y), share.x);
  return vec4(low + (high - low) * level);`;

const clahePass = (keep?: string): Pass => ({
  glsl: CLAHE,
  uniforms: (p) => ({ low: number(p, "low"), high: number(p, "high") }),
  ...(keep ? { keep } : {}),
});

const claheDefaults = (s: Statistics) => ({ tiles: 8, clip_limit: 2.5, low: s.low, high: s.high });

const clahe: Step = {
  name: "clahe",
  version: 1,
  label: "Local contrast (CLAHE)",
  planes: "one",
  kind: "area",
  radius_px: () => 0,
  defaults: claheDefaults,
  passes: () => [clahePass()],
  table: claheTable,
};

const superEnhance: Step = {
  name: "super_enhance",
  version: 1,
  label: "Super enhance",
  planes: "one",
  kind: "area",
  radius_px: unsharpRadius,
  defaults: (s) => ({
    ...claheDefaults(s),
    clip_limit: 2,
    finest_px: 1,
    fine_gain: 0.4,
    small_gain: 0.8,
    medium_gain: 0.6,
    large_gain: 0.2,
  }),
  passes: (p, scale) => [clahePass("evened"), ...unsharpPasses(p, scale, "evened")],
  table: claheTable,
};

/** A plane of sums and how many pixels of it carry data, both of blocks of pixels. */
interface Blocks {
  rows: number;
  columns: number;
  total: Float64Array;
  weight: Float64Array;
}

function blocksOf({ rows, columns, values }: Raster, side: number): Blocks {
  const [down, across] = [Math.ceil(rows / side), Math.ceil(columns / side)];
  const made = { rows: down, columns: across, total: new Float64Array(down * across), weight: new Float64Array(down * across) };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column]!;
      if (Number.isNaN(value)) continue;
      const block = Math.floor(row / side) * across + Math.floor(column / side);
      made.total[block]! += value;
      made.weight[block]! += 1;
    }
  }
  return made;
}

/** Values smoothed by taps across and down, nothing beyond the ends. */
function spread(values: Float64Array, rows: number, columns: number, half: number[]): Float64Array {
  const [across, both] = [new Float64Array(values.length), new Float64Array(values.length)];
  for (let tap = 1 - half.length; tap < half.length; tap++) {
    const weight = half[Math.abs(tap)]!;
    const [first, end] = [Math.max(0, -tap), Math.min(columns, columns - tap)];
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      for (let at = start + first; at < start + end; at++) across[at]! += weight * values[at + tap]!;
    }
  }
  for (let tap = 1 - half.length; tap < half.length; tap++) {
    const weight = half[Math.abs(tap)]!;
    const [first, end] = [Math.max(0, -tap), Math.min(rows, rows - tap)];
    for (let at = first * columns; at < end * columns; at++) both[at]! += weight * across[at + tap * columns]!;
  }
  return both;
}

/** Rows, columns, scale, and the mean of the surroundings: a Gaussian over the pixels with data, wide ones on blocks. */
function flattenTable(p: Parameters, whole: Raster): Float32Array {
  const scale = whole.scale ?? 1;
  const sigma_px = number(p, "sigma_px") / scale;
  const side = blockPx(sigma_px);
  const { rows, columns, ...sums } = blocksOf(whole, side);
  const half = taps(sigmaOfBlocks(sigma_px));
  const total = spread(sums.total, rows, columns, half);
  const weight = spread(sums.weight, rows, columns, half);
  const table = new Float32Array(FLATTEN_HEAD + total.length);
  table.set([rows, columns, scale * side]);
  const level = number(p, "level");
  for (let at = 0; at < total.length; at++) {
    table[FLATTEN_HEAD + at] = weight[at]! > LEAST_WEIGHT ? total[at]! / weight[at]! : level;
  }
  return table;
}

const FLATTEN = `
  ivec2 coarse = ivec2(table(1), table(0));
  vec2 here = clamp((vec2(at) + 0.5) * (scale / table(2)) - 0.5, vec2(0.0), vec2(coarse - 1));
  ivec2 first = clamp(ivec2(here), ivec2(0), max(coarse - 2, 0));
  ivec2 last = min(first + 1, coarse - 1);
  vec2 share = here - vec2(first);
  int above = ${FLATTEN_HEAD} + first.y * coarse.x, below = ${FLATTEN_HEAD} + last.y * coarse.x;
  float left = mix(table(above + first.x), table(below + first.x), share.y);
  float right = mix(table(above + last.x), table(below + last.x), share.y);
  float background = mix(left, right, share.x);
  float value = texel(at).r;
  if (subtracts > 0.5) return vec4(value - background + level);
  return vec4(value * (level / max(background, ${DARKEST} * abs(level))));`;

const flatten: Step = {
  name: "flatten",
  version: 1,
  label: "Flatten background",
  planes: "one",
  kind: "area",
  radius_px: () => 0,
  defaults: (s) => ({ mode: s.min >= 0 ? "divide" : "subtract", sigma_px: 60, level: s.quantile(0.5) }),
  passes: () => [
    {
      glsl: FLATTEN,
      uniforms: (p) => ({ level: number(p, "level"), subtracts: p.mode === "subtract" ? 1 : 0 }),
    },
  ],
  table: flattenTable,
};

export const STEPS: Step[] = [clahe, superEnhance, flatten];
