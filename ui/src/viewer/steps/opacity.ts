/** The dark alarm. The reference is `kerma.science.imaging.enhance.opacity_alarm`. */
import { MOST_ATTENUATION, TONED } from "./energies";
import { ALARM, UNDECIDED } from "./palettes";
import { number, type Parameters, type Raster, type Step } from "./step";

const HEAD = 3;
const LEAST = Math.exp(-MOST_ATTENUATION);
const parts = (colour: readonly number[]) => `vec3(${colour.map((part) => (part / 255).toFixed(7)).join(", ")})`;

/** Rows, columns and scale of the raster, then 1 for each pixel in a connected part that gives alarm, or beside one. */
export function opaqueParts(p: Parameters, whole: Raster): Float32Array {
  const { rows, columns, values } = whole;
  const scale = whole.scale ?? 1;
  const blank = number(p, "blank");
  const limit = number(p, "most_attenuation");
  const least = number(p, "least_area_px") / scale ** 2;
  const isDark = Uint8Array.from(values, (value) => (-Math.log(Math.max(value / blank, LEAST)) > limit ? 1 : 0));
  const seen = new Uint8Array(isDark.length);
  const table = new Float32Array(HEAD + isDark.length);
  table.set([rows, columns, scale]);
  const around = (at: number): number[] => {
    const row = Math.floor(at / columns);
    const column = at % columns;
    const found: number[] = [];
    for (let down = Math.max(0, row - 1); down <= Math.min(rows - 1, row + 1); down++) {
      for (let over = Math.max(0, column - 1); over <= Math.min(columns - 1, column + 1); over++) {
        found.push(down * columns + over);
      }
    }
    return found;
  };
  for (let start = 0; start < isDark.length; start++) {
    if (!isDark[start] || seen[start]) continue;
    seen[start] = 1;
    const part = [start];
    for (let index = 0; index < part.length; index++) {
      for (const next of around(part[index]!)) {
        if (!isDark[next] || seen[next]) continue;
        seen[next] = 1;
        part.push(next);
      }
    }
    if (part.length >= least) for (const one of part) for (const near of around(one)) table[HEAD + near] = 1;
  }
  return table;
}

export const STEPS: Step[] = [
  {
    name: "opacity_alarm",
    version: 1,
    label: "Dark alarm",
    planes: "one",
    kind: "colour",
    radius_px: () => 0,
    defaults: (s) => ({ blank: s.high, most_attenuation: 3, least_area_px: 400, black_from: 4.6 }),
    table: opaqueParts,
    passes: () => [
      {
        isColour: true,
        glsl: `
  float depth = -log(max(source(at).r / blank, ${LEAST.toExponential(9)}));
  ivec2 coarse = ivec2(vec2(at) * (scale / table(2)));
  coarse = min(coarse, ivec2(int(table(1)), int(table(0))) - 1);
  if (depth > most && table(${HEAD} + coarse.y * int(table(1)) + coarse.x) > 0.5) {
    return vec4(${parts(ALARM)} * (0.45 + 0.55 * exp(most - depth)), 1.0);
  }
  vec3 hue = ${parts(UNDECIDED)};
${TONED}`,
        uniforms: (p) => ({
          blank: number(p, "blank"),
          most: number(p, "most_attenuation"),
          blackFrom: number(p, "black_from"),
        }),
      },
    ],
  },
];
