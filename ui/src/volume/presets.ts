/** Windows for values of CT, chosen by name: ours, in HU; where values have no fixed zero, relative to the range. */
import type { Window } from "./engine";
import type { Volume } from "./voxels";

export interface Preset {
  label: string;
  window: Window;
}

const CT: readonly [label: string, center: number, width: number][] = [
  ["Brain", 35, 80],
  ["Subdural", 75, 215],
  ["Soft tissue", 40, 400],
  ["Lung", -600, 1500],
  ["Bone", 400, 1800],
  ["Temporal bone", 700, 4000],
];

export function presets(volume: Volume, industry: string): Preset[] {
  const own: Preset[] = volume.window ? [{ label: "Default window", window: { ...volume.window } }] : [];
  const { low, high } = volume.range ?? { low: 0, high: 1 };
  const whole: Preset = { label: "All values", window: { center: (low + high) / 2, width: Math.max(high - low, 1e-6), function: "LINEAR_EXACT" } };
  const named = volume.unit === "HU" && industry === "medical" ? CT.map(([label, center, width]) => ({ label, window: { center, width, function: "LINEAR" as const } })) : [];
  return [...own, ...named, whole];
}

export const isSame = (one: Window, other: Window) => Math.abs(one.center - other.center) < 1e-6 && Math.abs(one.width - other.width) < 1e-6;
