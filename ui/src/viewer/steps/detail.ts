/** Sharpening, band-pass, edges, relief: see `science/imaging/enhance/detail.py`, which defines them. */

import { smoothing, smoothingRadius } from "./smoothing";
import { number, type Parameters, type Pass, type Statistics, type Step } from "./step";

const BANDS = ["fine_gain", "small_gain", "medium_gain", "large_gain"] as const;
const middle = (s: Statistics) => (s.low + s.high) / 2;

const sigmas = (p: Parameters, scale: number) => BANDS.map((_, at) => (number(p, "finest_px") * 2 ** at) / scale);

/** The multi-scale unsharp mask of what `from` gives; bands without a gain at the end need no Gaussian. */
export function unsharpPasses(p: Parameters, scale: number, from = "source"): Pass[] {
  const gains = BANDS.map((name) => number(p, name));
  const last = gains.reduce((found, gain, at) => (gain === 0 ? found : at + 1), 0);
  const names = Array.from({ length: last }, (_, at) => `blur${at + 1}`);
  const blurs = sigmas(p, scale).slice(0, last).flatMap((sigma_px, at) => smoothing(sigma_px, names[at]!, from));
  const value = (at: number) => `${at === 0 ? from : names[at - 1]}(at).r`;
  const bands = names.map((_, at) => `  found += gains[${at}] * (${value(at)} - ${value(at + 1)});`);
  const glsl = `
  float found = ${from}(at).r;
${bands.join("\n")}
  return vec4(found);`;
  const reads = from === "source" ? names : [from, ...names];
  // Five numbers, so that they are an array and no vector.
  return [...blurs, { glsl, uniforms: () => ({ gains: [...gains, 0] }), reads }];
}

export const unsharpRadius = (p: Parameters, scale: number) =>
  Math.max(...sigmas(p, scale).map((sigma_px) => smoothingRadius(sigma_px)));

const unsharp: Step = {
  name: "unsharp",
  version: 1,
  label: "Sharpen (multi-scale)",
  planes: "one",
  kind: "area",
  radius_px: unsharpRadius,
  defaults: () => ({ finest_px: 1, fine_gain: 0.5, small_gain: 1, medium_gain: 0.8, large_gain: 0.4 }),
  passes: (p, scale) => unsharpPasses(p, scale),
};

const bandPass: Step = {
  name: "band_pass",
  version: 1,
  label: "Band-pass",
  planes: "one",
  kind: "area",
  radius_px: (p, scale) =>
    Math.max(smoothingRadius(number(p, "fine_px") / scale), smoothingRadius(number(p, "coarse_px") / scale)),
  defaults: (s) => ({ fine_px: 1, coarse_px: 8, gain: 4, middle: middle(s) }),
  passes: (p, scale) => [
    ...smoothing(number(p, "fine_px") / scale, "fine"),
    ...smoothing(number(p, "coarse_px") / scale, "coarse"),
    {
      glsl: "return vec4(middle + gain * (fine(at).r - coarse(at).r));",
      uniforms: () => ({ middle: number(p, "middle"), gain: number(p, "gain") }),
      reads: ["fine", "coarse"],
    },
  ],
};

/** Scharr's operator: slopes down and to the right, in value per level-0 pixel. */
const SLOPES = `
  float up = 0.0, down = 0.0, left = 0.0, right = 0.0;
  for (int i = -1; i <= 1; i++) {
    float weight = i == 0 ? ${10 / 32} : ${3 / 32};
    up += weight * smoothed(at + ivec2(i, -1)).r;
    down += weight * smoothed(at + ivec2(i, 1)).r;
    left += weight * smoothed(at + ivec2(-1, i)).r;
    right += weight * smoothed(at + ivec2(1, i)).r;
  }
  vec2 slope = vec2(right - left, down - up) / scale;`;

function sloped(
  row: { name: string; label: string; found: string; ground: string },
  uniforms: (p: Parameters) => Record<string, number | number[]>,
  defaults: (s: Statistics) => Parameters,
): Step {
  const glsl = `${SLOPES}
  return vec4(keep * source(at).r + (1.0 - keep) * ground + amount * ${row.found});`;
  return {
    name: row.name,
    version: 1,
    label: row.label,
    planes: "one",
    kind: "area",
    radius_px: (p, scale) => smoothingRadius(number(p, "sigma_px") / scale) + 1,
    defaults,
    passes: (p, scale) => [
      ...smoothing(number(p, "sigma_px") / scale, "smoothed"),
      {
        glsl,
        uniforms: () => ({
          keep: number(p, "keep_share"),
          amount: number(p, "amount_px"),
          ground: number(p, row.ground),
          ...uniforms(p),
        }),
        reads: ["smoothed"],
      },
    ],
  };
}

const edge = sloped(
  { name: "edge", label: "Edges", found: "length(slope)", ground: "dark" },
  () => ({}),
  (s) => ({
    keep_share: 0,
    amount_px: s.isInverse ? -8 : 8,
    sigma_px: 1,
    dark: s.isInverse ? s.high : s.low,
  }),
);

const emboss = sloped(
  { name: "emboss", label: "Emboss", found: "dot(slope, direction)", ground: "middle" },
  (p) => {
    const angle = (number(p, "direction_deg") * Math.PI) / 180;
    return { direction: [Math.cos(angle), -Math.sin(angle)] };
  },
  (s) => ({ direction_deg: 135, keep_share: 0, amount_px: 8, sigma_px: 1, middle: middle(s) }),
);

export const STEPS: Step[] = [unsharp, bandPass, edge, emboss];
