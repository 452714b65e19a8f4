/** The Gaussian of the steps, wide ones on fewer pixels: see `science/imaging/enhance/smoothing.py`, which defines it. */

import type { Pass } from "./step";

const DIRECT_PX = 6;
const TRUNCATE = 4;
const ADDED_VARIANCE = 0.25;
/** Taps on one side of the middle: those of the widest direct Gaussian. */
const REACH_MOST = 24;

export function blockPx(sigma_px: number): number {
  return sigma_px <= DIRECT_PX ? 1 : 2 ** Math.ceil(Math.log2(sigma_px / DIRECT_PX));
}

export function sigmaOfBlocks(sigma_px: number): number {
  const block = blockPx(sigma_px);
  return block === 1 ? sigma_px : Math.sqrt((sigma_px / block) ** 2 - ADDED_VARIANCE);
}

const reachOf = (sigma_px: number) => Math.floor(TRUNCATE * sigma_px + 0.5);

/** How far around a pixel a Gaussian looks, in pixels of the level. */
export function smoothingRadius(sigma_px: number): number {
  const block = blockPx(sigma_px);
  const reach = reachOf(sigmaOfBlocks(sigma_px));
  return block === 1 ? reach : (reach + 2) * block;
}

/** The taps from the middle outwards, one more than the reach. */
export function taps(sigma_px: number): number[] {
  const half = Array.from({ length: reachOf(sigma_px) + 1 }, (_, at) =>
    at === 0 ? 1 : Math.exp(-0.5 * (at / sigma_px) ** 2),
  );
  const sum = half.reduce((total, tap, at) => total + (at === 0 ? tap : 2 * tap), 0);
  return half.map((tap) => tap / sum);
}

const blur = (from: string, step: string) => `
  float sum = taps[0] * ${from}(at).r;
  for (int i = 1; i <= ${REACH_MOST}; i++) {
    if (i > int(reach)) break;
    sum += taps[i] * (${from}(at + i * ${step}).r + ${from}(at - i * ${step}).r);
  }
  return vec4(sum);`;

const SHRINK = (from: string) => `
  int side = int(block);
  float sum = 0.0;
  for (int row = 0; row < side; row++)
    for (int column = 0; column < side; column++) sum += ${from}(at * side + ivec2(column, row)).r;
  return vec4(sum / (block * block));`;

const ENLARGE = `
  vec2 place = (vec2(at) + 0.5) / block - 0.5;
  ivec2 first = ivec2(floor(place));
  vec2 share = place - vec2(first);
  float above = mix(texel(first).r, texel(first + ivec2(1, 0)).r, share.x);
  float below = mix(texel(first + ivec2(0, 1)).r, texel(first + 1).r, share.x);
  return vec4(mix(above, below, share.y));`;

/** Passes that smooth what `from` gives and keep the result under a name. */
export function smoothing(sigma_px: number, keep: string, from = "source"): Pass[] {
  const block = blockPx(sigma_px);
  const half = taps(sigmaOfBlocks(sigma_px));
  const padded = [...half, ...new Array<number>(REACH_MOST + 1 - half.length).fill(0)];
  const uniforms = () => ({ taps: padded, reach: half.length - 1, block });
  const own = from === "source" || from === "texel" ? {} : { reads: [from] };
  if (block === 1) {
    return [
      { glsl: blur(from, "ivec2(1, 0)"), uniforms, ...own },
      { glsl: blur("texel", "ivec2(0, 1)"), uniforms, keep },
    ];
  }
  return [
    { glsl: SHRINK(from), uniforms, shrink: block, ...own },
    { glsl: blur("texel", "ivec2(1, 0)"), uniforms, shrink: block },
    { glsl: blur("texel", "ivec2(0, 1)"), uniforms, shrink: block },
    { glsl: ENLARGE, uniforms, keep },
  ];
}
