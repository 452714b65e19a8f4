/** Tone steps: see `science/imaging/enhance/tone.py`, which defines them. */

import { number, type Parameters, type Statistics, type Step } from "./step";

/** Attenuation beyond which nothing is told apart. */
const DEEPEST = 12;
/** A default takes what is brighter than this share of blank as the open beam. */
const OPEN = 0.95;
const SMALLEST_SHARE = 0.02;

interface Ends {
  blank: number;
  dark: number;
}

function ends(s: Statistics): Ends {
  const blank = s.high > 0 ? s.high : 1;
  return { blank, dark: Math.min(Math.max(s.low, 0), 0.9 * blank) };
}

/** The attenuation that a share of the object's pixels lies below. */
function seen(s: Statistics, share: number): number {
  const { blank } = ends(s);
  let [least, most] = [0, 1];
  for (let round = 0; round < 20; round++) {
    const middle = (least + most) / 2;
    [least, most] = s.quantile(middle) < OPEN * blank ? [middle, most] : [least, middle];
  }
  const value = s.quantile(least > SMALLEST_SHARE ? least * (1 - share) : 1 - share);
  return Math.min(Math.max(Math.log(blank / Math.max(value, blank * Math.exp(-DEEPEST))), 0.05), DEEPEST);
}

function deepest(s: Statistics): number {
  const { blank } = ends(s);
  return Math.min(Math.max(Math.log(blank / Math.max(s.low, blank * Math.exp(-DEEPEST))), 0.3), DEEPEST);
}

const ATTENUATION = `
  float attenuation = -log(max(texel(at).r / blank, ${Math.exp(-DEEPEST)}));`;

/** A curve over attenuation: `darkness` is its GLSL, 0 at blank and 1 at dark. */
function curve(
  row: { name: string; label: string; darkness: string },
  uniforms: (p: Parameters) => Record<string, number>,
  defaults: (s: Statistics) => Parameters,
): Step {
  const glsl = `${ATTENUATION}
  float darkness = ${row.darkness};
  return vec4(blank - (blank - dark) * min(darkness, 1.0));`;
  const given = (p: Parameters) => ({ blank: number(p, "blank"), dark: number(p, "dark"), ...uniforms(p) });
  return {
    name: row.name,
    version: 1,
    label: row.label,
    planes: "one",
    kind: "tone",
    radius_px: () => 0,
    defaults: (s) => ({ ...ends(s), ...defaults(s) }),
    passes: () => [{ glsl, uniforms: given }],
  };
}

/** Two straight lines: to `part` at the attenuation `bend`, and to 1 at `end`. */
const BENT = "attenuation < bend ? attenuation * part / bend : part + (attenuation - bend) * (1.0 - part) / (end - bend)";

const gamma: Step = {
  name: "gamma",
  version: 1,
  label: "Gamma",
  planes: "one",
  kind: "tone",
  radius_px: () => 0,
  defaults: (s) => ({ gamma: 0.6, low: s.low, high: s.high }),
  passes: () => [
    {
      glsl: `
  float share = max((texel(at).r - low) / (high - low), 0.0);
  return vec4(low + (high - low) * (share > 0.0 ? pow(share, exponent) : 0.0));`,
      uniforms: (p) => ({ low: number(p, "low"), high: number(p, "high"), exponent: number(p, "gamma") }),
    },
  ],
};

const log = curve(
  { name: "log", label: "Attenuation (log)", darkness: "attenuation / deepest" },
  (p) => ({ deepest: number(p, "deepest_attenuation") }),
  (s) => ({ deepest_attenuation: deepest(s) }),
);

const highPenetration = curve(
  { name: "high_penetration", label: "High penetration", darkness: BENT },
  (p) => ({
    bend: number(p, "from_attenuation"),
    end: number(p, "to_attenuation"),
    part: number(p, "rest_share"),
  }),
  (s) => ({
    from_attenuation: Math.min(seen(s, 0.7), 0.8 * deepest(s)),
    to_attenuation: deepest(s),
    rest_share: 0.2,
  }),
);

const lowPenetration = curve(
  { name: "low_penetration", label: "Low penetration", darkness: BENT },
  (p) => ({
    bend: number(p, "to_attenuation"),
    end: number(p, "deepest_attenuation"),
    part: 1 - number(p, "rest_share"),
  }),
  (s) => ({
    to_attenuation: Math.min(seen(s, 0.5), 0.8 * deepest(s)),
    deepest_attenuation: deepest(s),
    rest_share: 0.2,
  }),
);

const variableAbsorption = curve(
  { name: "variable_absorption", label: "Variable absorption", darkness: "max((attenuation - start) / width, 0.0)" },
  (p) => ({
    start: number(p, "center_attenuation") - number(p, "width_attenuation") / 2,
    width: number(p, "width_attenuation"),
  }),
  (s) => ({
    center_attenuation: Math.min(Math.max(seen(s, 0.5), deepest(s) / 6), deepest(s)),
    width_attenuation: deepest(s) / 3,
  }),
);

export const STEPS: Step[] = [gamma, log, highPenetration, lowPenetration, variableAbsorption];
