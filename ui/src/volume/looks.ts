/** How values become colour and density in a rendering: tables, one row for each look. */

/**
 * Value (or share of the range, where values have no fixed zero), red, green, blue (0 to 255), and density: per mm; of a
 * share, per 250th of the volume's longest side, so that a small casting is seen through as a large bag is.
 */
type Stop = readonly [value: number, red: number, green: number, blue: number, density: number];

export interface Look {
  name: string;
  label: string;
  /** "HU": values are CT numbers; "share": 0 to 1 of the range found in the volume. */
  of: "HU" | "share";
  industries: readonly string[];
  stops: readonly Stop[];
}

const DENSITY_MAX = 4;
const SIDE_PARTS = 250;

/** The factor of a look's densities in a volume this long. */
export const densityOf = (look: Look, longest_mm: number) => (look.of === "HU" ? 1 : SIDE_PARTS / longest_mm);

export const LOOKS: readonly Look[] = [
  { name: "bone", label: "Bone", of: "HU", industries: ["medical"], stops: [[120, 120, 60, 40, 0], [250, 190, 140, 100, 0.08], [400, 235, 215, 180, 0.6], [1200, 255, 250, 240, 2]] },
  { name: "soft", label: "Soft tissue", of: "HU", industries: ["medical"], stops: [[-250, 160, 90, 70, 0], [-80, 220, 170, 130, 0.02], [20, 200, 110, 90, 0.12], [90, 190, 90, 75, 0.2], [250, 235, 215, 190, 0.5], [1000, 255, 250, 240, 2]] },
  { name: "skin", label: "Skin", of: "HU", industries: ["medical"], stops: [[-500, 200, 150, 120, 0], [-300, 225, 175, 145, 0.8], [200, 235, 190, 160, 2]] },
  { name: "lung", label: "Lung and airways", of: "HU", industries: ["medical"], stops: [[-980, 120, 170, 210, 0], [-900, 130, 180, 220, 0.01], [-700, 170, 190, 210, 0.03], [-500, 210, 120, 100, 0.08], [0, 150, 60, 50, 0.02], [300, 240, 225, 200, 0.4]] },
  { name: "metal", label: "Metal", of: "HU", industries: ["medical"], stops: [[1500, 90, 110, 130, 0], [2200, 150, 180, 210, 0.6], [3000, 235, 245, 255, 3]] },
  { name: "density", label: "Density colours", of: "share", industries: ["security"], stops: [[0.03, 255, 150, 40, 0], [0.1, 255, 150, 40, 0.03], [0.28, 245, 140, 30, 0.12], [0.38, 70, 190, 80, 0.2], [0.6, 60, 170, 90, 0.4], [0.75, 50, 110, 230, 1], [1, 20, 60, 200, 3]] },
  { name: "porosity", label: "Surfaces and pores", of: "share", industries: ["ndt"], stops: [[0.2, 240, 120, 60, 0], [0.4, 240, 130, 70, 0.35], [0.52, 235, 190, 150, 0.15], [0.65, 150, 165, 180, 0.004], [1, 170, 185, 200, 0.006]] },
  { name: "dense", label: "Dense only", of: "share", industries: ["security", "ndt"], stops: [[0.55, 70, 120, 200, 0], [0.7, 90, 150, 235, 0.6], [1, 220, 235, 255, 3]] },
  { name: "solid", label: "Solid", of: "share", industries: ["security", "ndt", "medical"], stops: [[0.3, 150, 160, 170, 0], [0.45, 190, 200, 210, 0.7], [1, 235, 240, 245, 3]] },
];

/** The looks that make sense for these values, those of the industry first. */
export function looksFor(industry: string, unit: string): Look[] {
  const fitting = LOOKS.filter((look) => look.of === "share" || unit === "HU");
  return [...fitting.filter(({ industries }) => industries.includes(industry)), ...fitting.filter(({ industries }) => !industries.includes(industry))];
}

/** 256 colours with their density over the range. */
export function table(look: Look, range: { low: number; high: number }): Uint8Array {
  const made = new Uint8Array(256 * 4);
  const span = range.high - range.low || 1;
  for (let index = 0; index < 256; index++) {
    const share = index / 255;
    const [red, green, blue, density] = mixed(look.stops, look.of === "HU" ? range.low + share * span : share);
    made.set([red, green, blue, 255 * Math.sqrt(Math.min(density, DENSITY_MAX) / DENSITY_MAX)], index * 4);
  }
  return made;
}

function mixed(stops: readonly Stop[], value: number): [number, number, number, number] {
  const [first, last] = [stops[0] as Stop, stops.at(-1) as Stop];
  if (value <= first[0]) return [first[1], first[2], first[3], 0];
  const above = stops.findIndex(([at]) => at >= value);
  if (above < 0) return [last[1], last[2], last[3], last[4]];
  const [low, high] = [stops[above - 1] as Stop, stops[above] as Stop];
  const part = (value - low[0]) / (high[0] - low[0] || 1);
  return [1, 2, 3, 4].map((which) => (low[which] as number) * (1 - part) + (high[which] as number) * part) as [number, number, number, number];
}
