/** Chains that a person has kept under a name: shown with the functions of the console, fitted to each image anew. */
import { preferences } from "../parts/preferences.svelte";
import { stepOf } from "../viewer/steps";
import type { Chain, Parameters, Statistics } from "../viewer/steps/step";
import type { ConsoleFunction } from "./functions.svelte";

interface Kept {
  industry: string;
  chain: ConsoleFunction;
}

const kept = (): Kept[] => preferences.get<Kept[]>("enhancements", []);

export const ownFunctions = (industry: string): ConsoleFunction[] => kept().filter((one) => one.industry === industry).map((one) => one.chain);

/** Keeps a chain; of its numbers only those that were set by hand, so that the others are found from the next image. */
export async function keepChain(industry: string, name: string, chain: Chain, statistics: Statistics): Promise<void> {
  const made: ConsoleFunction = {
    name: `own ${name}`,
    label: name,
    key: "",
    mode: "toggle",
    steps: chain.steps.map((step) => ({ name: step.name, version: step.version, parameters: chosen(step.parameters, stepOf(step.name, step.version).defaults(statistics)) })),
    negative: chain.negative,
    colours: chain.colours,
    vendor_names: [],
    purpose: "your own",
    needs_energies: chain.steps.some((step) => stepOf(step.name, step.version).planes === "energies"),
  };
  await preferences.set("enhancements", [...kept().filter((one) => one.industry !== industry || one.chain.name !== made.name), { industry, chain: made }]);
  if (preferences.problem) throw new Error(preferences.problem);
}

export const forgetChain = (industry: string, name: string): Promise<void> =>
  preferences.set("enhancements", kept().filter((one) => one.industry !== industry || one.chain.name !== name));

function chosen(given: Parameters, found: Parameters): Record<string, number | string> {
  const differs = ([name, value]: [string, Parameters[string]]) => JSON.stringify(value) !== JSON.stringify(found[name]);
  return Object.fromEntries(Object.entries(given).filter(differs)) as Record<string, number | string>;
}
