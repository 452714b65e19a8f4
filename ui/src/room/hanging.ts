/** How a viewport is dressed when it is hung: the function, window and turn that a protocol asks for. */
import { switchedOn } from "../viewer/steps";
import { STANDARD, type Chain } from "../viewer/steps/step";
import { mirrored, rotated } from "../viewer/view";
import type { Viewport } from "../viewer/viewport.svelte";
import { functionsOf } from "./functions.svelte";
import shipped from "./protocols.json";
import { faults, type Hung, type Protocol } from "./protocol";

export const SHIPPED = shipped as unknown as Protocol[];

/** A person's own protocols as they are kept; what is none is left out. */
export function ownProtocols(kept: unknown): Protocol[] {
  return Array.isArray(kept) ? (kept as Protocol[]).filter((one) => !faults(one).length).map((one) => ({ ...one, own: true })) : [];
}

/** The chain of a function for the image in a viewport; null where it does not fit the image. */
async function chainOf(viewport: Viewport, industry: string, name: string): Promise<Chain | null> {
  const wanted = (await functionsOf(industry)).find((one) => one.name === name);
  const { source } = viewport;
  if (!wanted || !source || source.descriptor.is_colour || (wanted.needs_energies && !viewport.energies)) return null;
  const statistics = wanted.steps.length ? await viewport.statistics() : null;
  const steps = wanted.steps.map((step) => switchedOn(step.name, statistics!, step.parameters));
  return { ...STANDARD, steps, negative: wanted.negative, colours: wanted.colours };
}

/** Dresses a viewport that has its image and its frame. */
export async function dress(viewport: Viewport, industry: string, hung: Hung): Promise<void> {
  const { source } = viewport;
  if (hung.flipped) viewport.view = mirrored(viewport.view);
  for (let turned = 0; turned < (hung.rotation ?? 0); turned += 90) viewport.view = rotated(viewport.view, 90);
  if (hung.flipped || hung.rotation) viewport.fit();
  // what the console of the industry shows first is for the first plane; another one is seen as it is
  const name = hung.function ?? (viewport.plane === 0 ? "standard" : "");
  if (hung.function) viewport.dressed = source;
  const chain = name ? await chainOf(viewport, industry, name).catch(() => null) : null;
  if (viewport.source !== source) return; // another image came meanwhile
  if (chain) viewport.standard = viewport.chain = chain;
  if (hung.window) viewport.window = { ...hung.window, function: viewport.ownWindow?.function ?? "LINEAR" };
}
