/**
 * What two energies tell of a pixel: the passes' common part, and the lookups they read the effective number from.
 *
 * The reference is `kerma.science.imaging.enhance.energy_rays` and `number_lookup`; the constants are theirs.
 */
import { number, type Parameters, type Statistics } from "./step";

/** A grid of effective numbers as the server sends it: base64 of little-endian 32-bit reals, row by row. */
export interface LookupDocument {
  name: string;
  words: string;
  sha256: string;
  rows: number;
  columns: number;
  grid: string;
}

/** `energies` of an image's descriptor: where both are (image null: this one), open beams, noise, and the lookup. */
export interface Energies {
  low_image: number | null;
  low_plane: number;
  high_image: number | null;
  high_plane: number;
  z_image: number | null;
  z_plane: number | null;
  blank_low: number;
  blank_high: number;
  snr_low: number;
  snr_high: number;
  lookup: LookupDocument | null;
  /** machine: agrees with the machine's own numbers; default: of a usual detector; none: colours are not possible. */
  calibration: "machine" | "default" | "none";
  warnings: string[];
}

const ROWS = 40;
const COLUMNS = 48;
/** Elements of the areal densities that follow the numbers: 3 to 34. */
const ELEMENTS = 32;
const GREATEST = 8;
const grids = new Map<string, Float32Array>();

/** Keep the grid of a lookup, so that steps which name it can run. */
export function remember(lookup: LookupDocument | null): void {
  if (!lookup || grids.has(lookup.sha256)) return;
  const bytes = Uint8Array.from(atob(lookup.grid), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const grid = Float32Array.from({ length: bytes.length >> 2 }, (_, index) => view.getFloat32(4 * index, true));
  if (grid.length !== ROWS * (COLUMNS + 2 + ELEMENTS)) throw new Error(`the dual-energy lookup "${lookup.name}" has another size`);
  grids.set(lookup.sha256, grid);
}

/** The grid that parameters name. */
export function gridOf(p: Parameters): Float32Array {
  const grid = grids.get(String(p.lookup_sha256));
  if (!grid) throw new Error(`the dual-energy lookup "${String(p.lookup)}" is not at hand: open the image again`);
  return grid;
}

/** Open beam, noise and lookup of the two energies, as a step is switched on with. */
export function energyDefaults(s: Statistics): Parameters {
  const energies = s.energies;
  if (!energies) throw new Error("the image has not both energies");
  if (!energies.lookup) throw new Error(energies.warnings.at(-1) ?? "there is no dual-energy lookup for this machine");
  remember(energies.lookup);
  return { ...blanks(energies), snr_low: energies.snr_low, snr_high: energies.snr_high, ...named(energies.lookup) };
}

const named = (lookup: LookupDocument): Parameters => ({ lookup: lookup.name, lookup_sha256: lookup.sha256 });

export const blanks = (energies: Energies): Parameters => ({
  blank_low: energies.blank_low,
  blank_high: energies.blank_high,
});

/** How far like neighbours are looked for, in pixels of the level. */
export const radiusPx = (p: Parameters, scale: number) => Math.floor(number(p, "smoothing_px") / scale + 0.5);

export function energyUniforms(p: Parameters, scale: number): Record<string, number | number[]> {
  return {
    blank: [number(p, "blank_low"), number(p, "blank_high")],
    snr: [number(p, "snr_low") * scale, number(p, "snr_high") * scale],
    radius: radiusPx(p, scale),
    blackFrom: number(p, "black_from"),
    sharpen: number(p, "sharpen"),
  };
}

/** Attenuation of a pixel that got nothing. */
export const MOST_ATTENUATION = 12;
const LEAST = Math.exp(-MOST_ATTENUATION).toExponential(9);

/** Declares `aHigh`, `bright` (the same sharpened), `found` (the number), `sigma` (its uncertainty), `certain` (0 to 1, opaque pixels 0). */
export const RAYS = `
  const float LEAST = ${LEAST};
  #define NEAR(p) (vec2(source(p).r, other(p).r) / blank)
  #define ALONG(c) mix(table(upper + (c)), table(lower + (c)), part)
  vec2 sharp = max(NEAR(at), vec2(LEAST));
  float aHigh = -log(sharp.y);
  float width2 = 2.0 * (0.0025 + 6.25 / (sharp.y * snr.y * snr.y));
  float total = 0.0, squares = 0.0, plain = 0.0;
  vec2 sum = vec2(0.0);
  int reach = int(radius);
  for (int down = -reach; down <= reach; ++down) {
    for (int over = -reach; over <= reach; ++over) {
      vec2 near = NEAR(at + ivec2(over, down));
      float away = (near.y - sharp.y) / sharp.y;
      float weight = exp(-away * away / width2);
      total += weight;
      squares += weight * weight;
      sum += weight * near;
      plain += near.y;
    }
  }
  vec2 mean = -log(max(sum / total, vec2(LEAST)));
  float count = total * total / squares;
  float high = max(mean.y, 1e-3);
  float ratio = mean.x / high;
  float downward = sqrt(clamp(mean.y / ${GREATEST}.0, 0.0, 1.0)) * ${ROWS - 1}.0;
  int row = min(int(downward), ${ROWS - 2});
  float part = downward - float(row);
  int upper = row * ${COLUMNS + 2}, lower = upper + ${COLUMNS + 2};
  float lightest = ALONG(0), heaviest = ALONG(1);
  float across = sqrt(clamp((ratio - lightest) / (heaviest - lightest), 0.0, 1.0)) * ${COLUMNS - 1}.0;
  int column = min(int(across), ${COLUMNS - 2});
  float left = ALONG(column + 2), right = ALONG(column + 3);
  float found = left + (right - left) * (across - float(column));
  float slope = (right - left) / (float(2 * column + 1) / ${(COLUMNS - 1) ** 2}.0 * (heaviest - lightest));
  float noise = exp(mean.x) / (snr.x * snr.x) + ratio * ratio * exp(mean.y) / (snr.y * snr.y);
  float sigma = slope * sqrt(noise / count) / high;
  float certain = max(clamp(2.5 - sigma, 0.0, 1.0), clamp((found - 18.0) / max(sigma, 1e-6) - 1.5, 0.0, 1.0));
  certain *= clamp(mean.y / 0.03 - 0.5, 0.0, 1.0) * clamp(8.1 - mean.x, 0.0, 1.0);
  certain *= 1.0 - clamp((aHigh - blackFrom + 0.5) / 0.5, 0.0, 1.0);
  float around = -log(max(plain / float((2 * reach + 1) * (2 * reach + 1)), LEAST));
  float bright = aHigh >= blackFrom ? aHigh : max(aHigh + sharpen * (aHigh - around), 0.0);
`;

/** Declares `areal`, the areal density in g/cm² of the element that has the number found. */
export const AREAL = `
  float sharpDown = sqrt(clamp(aHigh / ${GREATEST}.0, 0.0, 1.0)) * ${ROWS - 1}.0;
  int above = min(int(sharpDown), ${ROWS - 2});
  float place = clamp(found - 3.0, 0.0, ${ELEMENTS - 1}.0);
  int element = min(int(place), ${ELEMENTS - 2});
  int first = ${ROWS * (COLUMNS + 2)} + above * ${ELEMENTS} + element;
  vec2 pair = mix(vec2(table(first), table(first + 1)), vec2(table(first + ${ELEMENTS}), table(first + ${ELEMENTS + 1})), sharpDown - float(above));
  float areal = mix(pair.x, pair.y, place - float(element)) * aHigh;
`;

/** Declares `dark` of a `depth`, and gives back the hue made paler or darker with it. */
export const TONED = `
  float dark = pow(clamp(depth / blackFrom, 0.0, 1.0), 0.55);
  float light = clamp(dark / 0.42, 0.0, 1.0), deep = clamp((dark - 0.42) / 0.58, 0.0, 1.0);
  return vec4(mix(vec3(1.0), hue, light) * (1.0 - deep), 1.0);
`;
