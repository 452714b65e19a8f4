/** Weighted log subtraction. The reference is `kerma.science.imaging.enhance.subtraction`. */
import { blanks, MOST_ATTENUATION } from "./energies";
import { number, type Step } from "./step";

const LEAST = Math.exp(-MOST_ATTENUATION).toExponential(9);

export const STEPS: Step[] = [
  {
    name: "log_subtraction",
    version: 1,
    label: "Weighted subtraction",
    planes: "energies",
    kind: "tone",
    radius_px: () => 0,
    defaults: (s) => {
      if (!s.energies) throw new Error("the image has not both energies");
      return { ...blanks(s.energies), weight: 1.2, gain: 2 };
    },
    passes: () => [
      {
        glsl: `
  vec2 a = -log(max(vec2(source(at).r, other(at).r) / blank, vec2(${LEAST})));
  float left = clamp(gain * (a.x - weight * a.y), -1.0, ${MOST_ATTENUATION}.0);
  if (a.x > 7.6) left = ${MOST_ATTENUATION}.0;
  return vec4(blank.x * exp(-left));`,
        uniforms: (p) => ({
          blank: [number(p, "blank_low"), number(p, "blank_high")],
          weight: number(p, "weight"),
          gain: number(p, "gain"),
        }),
      },
    ],
  },
];
