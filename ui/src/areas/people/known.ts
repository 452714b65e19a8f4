/** Every command that has a key of its own on any page, for the page on which keys are chosen. */
import { commands, type Command } from "../../parts/commands.svelte";
import { KNOWN } from "../../parts/keymaps";
import { functionsOf } from "../../room/functions.svelte";
import { TOOLS } from "../../tools/registry";
import { commandsOf, type Hands } from "../../volume/keys";
import { ACTS, PLANES } from "../../viewer/acts.svelte";

const nothing = (): void => {};

const IMAGE: Command[] = [...ACTS, ...PLANES].map(({ id, label, keys }) => ({ id, label, group: "Image", keys, run: nothing }));
const TOOL: Command[] = TOOLS.map(({ name, label, key }) => ({ id: `tools.${name}`, label, group: "Tools", keys: [`t ${key.toLowerCase()}`], run: nothing }));
// what its hands do is never asked for here: nothing of it runs
const VOLUME: Command[] = commandsOf({ reading: {} } as Hands);

/** Which groups can be reached on one page; modes have keys of their own. */
const PAGES = [["Worklist"], ["Archive"], ["Custody"], ["Report"], ["Exam", "Findings", "Image", "Tools", "Reading room", "Functions"]];

/** The functions of the consoles, as commands of an industry. */
export async function functionsKnown(industry: string, label: string): Promise<Command[]> {
  const all = await functionsOf(industry);
  return all.map((one) => ({ id: `function.${industry}.${one.name}`, label: one.label, group: `Functions, ${label}`, keys: [`e ${one.key}`], run: nothing }));
}

export const known = (): Command[] => [...KNOWN, ...IMAGE, ...TOOL, ...VOLUME];

/** Keys that two commands of one page share, or that begin the sequence of another, in words. */
export function clashesOf(all: Command[]): string[] {
  const found = new Set<string>();
  const functions = [...new Set(all.map(({ group }) => group).filter((group) => group.startsWith("Functions")))];
  for (const page of PAGES) for (const which of functions.length ? functions : [""]) {
    const groups = ["Everywhere", ...page.map((group) => (group === "Functions" ? which : group))];
    const mine = all.filter((one) => groups.includes(one.group) && !one.mode).flatMap((one) => commands.keysOf(one).map((keys) => ({ keys, one })));
    for (const [place, first] of mine.entries()) for (const second of mine.slice(place + 1)) {
      const [short, long] = first.keys.length <= second.keys.length ? [first, second] : [second, first];
      if (first.one.id !== second.one.id && (short.keys === long.keys || long.keys.startsWith(`${short.keys} `))) found.add(`${short.keys}: ${short.one.label} and ${long.one.label}`);
    }
  }
  return [...found];
}
