/** Marks in colour over the grey picture: see `science/imaging/enhance/highlight.py`, which defines them. */

import { number, type Step } from "./step";

const HUES: Record<string, number[]> = { amber: [1, 0.62, 0], cyan: [0, 0.78, 0.9], magenta: [0.95, 0.2, 0.75] };
const DIMMEST = 0.35;

const densityHighlight: Step = {
  name: "density_highlight",
  version: 1,
  label: "Density highlight",
  planes: "one",
  kind: "colour",
  radius_px: () => 0,
  defaults: (s) => ({
    from_value: s.quantile(0.02),
    to_value: s.quantile(0.12),
    black: s.isInverse ? s.high : s.low,
    white: s.isInverse ? s.low : s.high,
    colour: "amber",
  }),
  passes: () => [
    {
      glsl: `
  float value = texel(at).r;
  float grey = clamp((value - black) / (white == black ? 1.0 : white - black), 0.0, 1.0);
  bool within = value >= least && value <= most;
  return vec4(within ? hue * (${DIMMEST} + ${1 - DIMMEST} * grey) : vec3(grey), 1.0);`,
      uniforms: (p) => ({
        black: number(p, "black"),
        white: number(p, "white"),
        least: number(p, "from_value"),
        most: number(p, "to_value"),
        hue: HUES[String(p.colour)] ?? HUES.amber!,
      }),
      isColour: true,
    },
  ],
};

export const STEPS: Step[] = [densityHighlight];
