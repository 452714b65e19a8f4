/** Windows to choose from: the image's own ones, and some relative to its usual window. Pure. */
import type { Descriptor } from "./source";
import type { ChainWindow } from "./steps/step";

export interface Preset {
  id: string;
  label: string;
  /** null: the image as it came. */
  window: ChainWindow | null;
}

/** Relative to the usual window: shift of the level and factor of the width, in widths. */
const RELATIVE: [id: string, label: string, shift: number, factor: number][] = [
  ["narrow", "High contrast", 0, 0.4],
  ["wide", "Wide", 0, 2],
  ["low", "Low values", -0.3, 0.4],
  ["high", "High values", 0.3, 0.4],
];

export function presets(image: Descriptor, plane: number): Preset[] {
  const usual = image.default_windows[plane];
  const made: Preset[] = [{ id: "own", label: image.voi_luts.length ? "Default table" : "Default window", window: null }];
  if (!usual) return made;
  const named = image.voi_luts.length ? image.windows : image.windows.slice(1);
  named.forEach(({ explanation, ...window }, index) => made.push({ id: `own-${index}`, label: explanation || `Window ${index + 2}`, window }));
  for (const [id, label, shift, factor] of RELATIVE) {
    made.push({ id, label, window: { center: usual.center + shift * usual.width, width: usual.width * factor, function: usual.function } });
  }
  return made;
}

const near = (one: number, other: number, width: number) => Math.abs(one - other) < 0.002 * width;

/** The preset that a window is; undefined where it is a person's own. */
export function presetOf(all: Preset[], window: ChainWindow | null): Preset | undefined {
  return all.find((one) =>
    window && one.window
      ? one.window.function === window.function && near(one.window.center, window.center, window.width) && near(one.window.width, window.width, window.width)
      : one.window === window,
  );
}
