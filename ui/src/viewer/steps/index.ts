/** Every enhancement in every version; how a chain becomes what the graphics card runs; how it is written. */

import type { Ready } from "../gl/runner";
import { STEPS as DETAIL } from "./detail";
import { STEPS as HIGHLIGHT } from "./highlight";
import { STEPS as LOCAL } from "./local";
import { STEPS as MATERIALS } from "./materials";
import { STEPS as NOISE } from "./noise";
import { STEPS as OPACITY } from "./opacity";
import type { Chain, ChainStep, Parameters, Statistics, Step } from "./step";
import { STEPS as SUBTRACTION } from "./subtraction";
import { STEPS as TONE } from "./tone";

export const STEPS: Step[] = [
  ...TONE,
  ...LOCAL,
  ...DETAIL,
  ...NOISE,
  ...HIGHLIGHT,
  ...MATERIALS,
  ...SUBTRACTION,
  ...OPACITY,
];

/** A step by name; without a version the newest. */
export function stepOf(name: string, version?: number): Step {
  const named = STEPS.filter((step) => step.name === name);
  const found =
    version === undefined
      ? named.reduce<Step | undefined>((newest, step) => (newest && newest.version > step.version ? newest : step), undefined)
      : named.find((step) => step.version === version);
  if (!found) throw new Error(`this workstation has no enhancement "${name}"${version ? ` version ${version}` : ""}`);
  return found;
}

/** A step as it stands in a chain when it is switched on for an image. */
export function switchedOn(name: string, statistics: Statistics, chosen: Parameters = {}): ChainStep {
  const step = stepOf(name);
  return { name, version: step.version, parameters: { ...step.defaults(statistics), ...chosen } };
}

/** The steps of a chain as the runner takes them; tables are those that `Runner.tables` made of the same steps. */
export function readySteps(steps: ChainStep[], tables: (Float32Array | undefined)[] = []): Ready[] {
  return steps.map(({ name, version, parameters }, at) => ({
    step: stepOf(name, version),
    parameters,
    table: tables[at],
  }));
}

/** How far around a tile its steps look, in pixels of the level: the halo it needs. */
export const radiusOf = (steps: ChainStep[], scale: number): number =>
  readySteps(steps).reduce((sum, { step, parameters }) => sum + Math.ceil(step.radius_px(parameters, scale)), 0);

/** Why steps cannot be run in this order; null where they can. The server refuses the same. */
export function refusalOf(steps: ChainStep[]): string | null {
  const all = readySteps(steps).map(({ step }) => step);
  const [first, second] = all.filter((step) => step.planes === "energies");
  if (first && second) return `"${first.label}" already makes one picture of both energies: "${second.label}" cannot follow it`;
  const colour = all.findIndex((step) => step.kind === "colour");
  if (colour >= 0 && colour < all.length - 1) return `"${all[colour]!.label}" gives colours: it can only be the last step`;
  const early = first && all.slice(0, all.indexOf(first)).find((step) => step.table);
  if (early) return `"${early.label}" changes the two energies differently: it can only come after "${first.label}"`;
  return null;
}

/** The one way a chain is written, as the server writes it: keys in order, no spaces (RFC 8785). */
export function canonical(chain: Chain): string {
  const written = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const object = value as Record<string, unknown>;
    const keys = Object.keys(object).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${written(object[key])}`).join(",")}}`;
  };
  return written(chain);
}
