/** Noise reduction: see `science/imaging/enhance/noise.py`, which defines it. */

import { number, type Parameters, type Step } from "./step";

const REACH_MOST_PX = 8;

const reachOf = (sigma_px: number) => Math.min(Math.floor(2 * sigma_px + 0.5), REACH_MOST_PX);

const bilateral: Step = {
  name: "bilateral",
  version: 1,
  label: "Noise reduction (bilateral)",
  planes: "one",
  kind: "area",
  radius_px: (p, scale) => reachOf(number(p, "sigma_px") / scale),
  defaults: (s) => ({ sigma_px: 1.5, sigma_value: 0.04 * (s.high - s.low) }),
  passes: (p, scale) => {
    const sigma_px = number(p, "sigma_px") / scale;
    return [
      {
        glsl: `
  float middle = texel(at).r;
  float total = 0.0, weights = 0.0;
  int most = int(reach);
  for (int row = -most; row <= most; row++)
    for (int column = -most; column <= most; column++) {
      float difference = texel(at + ivec2(column, row)).r - middle;
      float away = float(row * row + column * column);
      float weight = exp(away * byPlace + difference * difference * byValue);
      total += weight * difference;
      weights += weight;
    }
  return vec4(middle + total / weights);`,
        uniforms: () => ({
          reach: reachOf(sigma_px),
          byPlace: -0.5 / sigma_px ** 2,
          byValue: -0.5 / number(p, "sigma_value") ** 2,
        }),
      },
    ];
  },
};

const reachOfMedian = (p: Parameters, scale: number) => Math.floor((p.window_px === "5" ? 2 : 1) / scale);

/**
 * The middle of the values of a window: of a few more than half of them the least and the greatest are thrown out, one
 * more is taken in, and so on until one is left ("forgetful selection"): no sorting, no array addressed by a number.
 */
function medianGlsl(reach: number): string {
  if (reach === 0) return "return texel(at);";
  const places: string[] = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) places.push(`texel(at + ivec2(${column}, ${row})).r`);
  }
  const held = Math.floor(places.length / 2) + 2;
  const lines = [`  float low, ${places.slice(0, held).map((place, at) => `v${at} = ${place}`).join(", ")};`];
  const swap = (a: number, b: number) => `  low = min(v${a}, v${b}); v${b} = max(v${a}, v${b}); v${a} = low;`;
  const known = Array.from({ length: held }, (_, at) => at);
  let next = held;
  for (;;) {
    for (let at = 1; at < known.length; at++) lines.push(swap(known[0]!, known[at]!));
    for (let at = 1; at < known.length - 1; at++) lines.push(swap(known[at]!, known[known.length - 1]!));
    const [least, greatest] = [known.shift()!, known.pop()!];
    if (next >= places.length) break;
    lines.push(`  v${greatest} = ${places[next++]};`);
    known.push(greatest);
    void least;
  }
  lines.push(`  return vec4(v${known[0]});`);
  return lines.join("\n");
}

const median: Step = {
  name: "median",
  version: 1,
  label: "Noise reduction (median)",
  planes: "one",
  kind: "area",
  radius_px: reachOfMedian,
  defaults: () => ({ window_px: "3" }),
  passes: (p, scale) => [{ glsl: medianGlsl(reachOfMedian(p, scale)), uniforms: () => ({}) }],
};

export const STEPS: Step[] = [bilateral, median];
