/** Steps that colour by material. The reference is `kerma.science.imaging.enhance.material_steps`. */
import { AREAL, energyDefaults, energyUniforms, gridOf, radiusPx, RAYS, TONED } from "./energies";
import { PALETTES, UNDECIDED, WANTED } from "./palettes";
import { number, type Parameters, type Step } from "./step";

const GREY = `vec3(${UNDECIDED.map((part) => (part / 255).toFixed(7)).join(", ")})`;
const MAGENTA = `vec3(${WANTED.map((part) => (part / 255).toFixed(7)).join(", ")})`;

/** Red, green, blue of the number, between the nodes of the palette. */
const HUE = `
  vec3 hue = vec3(nodes[1], nodes[2], nodes[3]);
  for (int k = 0; k + 4 < nodes.length(); k += 4) {
    vec3 from = vec3(nodes[k + 1], nodes[k + 2], nodes[k + 3]), to = vec3(nodes[k + 5], nodes[k + 6], nodes[k + 7]);
    if (found > nodes[k]) hue = mix(from, to, clamp((found - nodes[k]) / (nodes[k + 4] - nodes[k]), 0.0, 1.0));
  }
`;
const above = (edge: string) => `clamp(found - ${edge} + 0.5, 0.0, 1.0)`;

function nodes(p: Parameters): number[] {
  const palette = PALETTES[String(p.palette)];
  if (!palette) throw new Error(`there is no palette "${String(p.palette)}"`);
  return palette.flatMap(([at, ...colour]) => [at, ...colour.map((part) => part / 255)]);
}

const COMMON = { smoothing_px: 2, black_from: 4.6, sharpen: 0 };

function step(name: string, label: string, body: string, own: Parameters): Step {
  const names = Object.keys(own).filter((one) => one !== "palette");
  return {
    name,
    version: 1,
    label,
    planes: "energies",
    kind: "colour",
    radius_px: radiusPx,
    defaults: (s) => ({ ...COMMON, ...own, ...energyDefaults(s) }),
    table: gridOf,
    passes: () => [
      {
        glsl: `${RAYS}${body}${TONED}`,
        isColour: true,
        uniforms: (p, scale) => ({
          ...energyUniforms(p, scale),
          ...("palette" in own ? { nodes: nodes(p) } : {}),
          ...Object.fromEntries(names.map((one) => [one, number(p, one)])),
        }),
      },
    ],
  };
}

/** A step that leaves a share `keep` of every pixel in colour, and of the rest a shadow. */
const selecting = (name: string, label: string, keep: string, own: Parameters) =>
  step(
    name,
    label,
    `${HUE}
  float keep = ${keep};
  float stays = 1.0 - certain * (1.0 - keep);
  float depth = bright * (stays + ghost * (1.0 - stays));
  hue = mix(${GREY}, hue, certain * keep);`,
    { palette: "screening", ghost: 0.1, ...own },
  );

const ORGANIC = `(1.0 - ${above("organic_to")})`;
const METAL = above("metal_from");
const MIXED = `(${above("organic_to")} * (1.0 - ${METAL}))`;
const BORDERS = { organic_to: 10, metal_from: 18 };

export const STEPS: Step[] = [
  step("material_colour", "Material colour", `${HUE}
  float depth = bright;
  hue = mix(${GREY}, hue, certain);`, { palette: "screening" }),
  selecting("organic_only", "Organic only", ORGANIC, { organic_to: BORDERS.organic_to }),
  selecting("organic_strip", "Organic stripped", `(1.0 - ${ORGANIC})`, { organic_to: BORDERS.organic_to }),
  selecting("metal_only", "Metal only", METAL, { metal_from: BORDERS.metal_from }),
  selecting("metal_strip", "Metal stripped", `(1.0 - ${METAL})`, { metal_from: BORDERS.metal_from }),
  selecting("inorganic_strip", "Inorganic stripped", `(1.0 - ${MIXED})`, BORDERS),
  step("z_window", "Number window", `
  float inside = ${above("lowest_number")} * (1.0 - ${above("highest_number")});
  float depth = bright;
  vec3 hue = mix(${GREY}, ${MAGENTA}, inside * certain);`, { lowest_number: 7, highest_number: 9 }),
  step("areal_density", "Areal density", `${AREAL}
  float inside = areal >= least_areal_density_g_cm2 && areal <= most_areal_density_g_cm2 ? 1.0 - ${above("18.0")} : 0.0;
  float depth = bright;
  vec3 hue = mix(${GREY}, ${MAGENTA}, inside * certain);`, { least_areal_density_g_cm2: 8, most_areal_density_g_cm2: 20 }),
];
