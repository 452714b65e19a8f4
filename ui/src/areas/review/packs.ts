/** What the pages about acceptance rules share: how far a pack is to be trusted, and its rows by their rule. */
import type { Schemas } from "../../parts/client";

export type PackDetail = Schemas["PackDetail"];
export type PackRule = Schemas["PackRule"];

/** How a status is shown: shape, word, and what follows from it. */
export const STATUSES: Record<string, { tone: string; label: string; means: string }> = {
  "public-law": { tone: "calm", label: "Public law", means: "Read in the published law or document; its verdicts bind." },
  verified: { tone: "calm", label: "Verified", means: "Compared with the published edition; its verdicts bind." },
  confirmed: { tone: "calm", label: "Confirmed", means: "A Level III has compared it with the published edition; its verdicts bind." },
  own: { tone: "calm", label: "Own", means: "Written by this site or by Kerma; its verdicts bind." },
  unverified: { tone: "attention", label: "Unverified", means: "Its numbers are from secondary sources; its verdicts advise until a Level III confirms it." },
};

export interface Group {
  rule: string;
  unit: string;
  rows: PackRule[];
  /** The rows that have a curve, each with its corners. */
  curves: [number, number][][];
}

/** The rows of a pack by their rule, in the order of the table. */
export function byRule(rules: PackRule[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rules) {
    const group = groups.get(row.rule) ?? { rule: row.rule, unit: row.unit, rows: [], curves: [] };
    group.rows.push(row);
    if (row.curve) group.curves.push(row.curve);
    groups.set(row.rule, group);
  }
  return [...groups.values()].map((group) => ({ ...group, curves: group.curves.some((one) => one[0]![1] !== one.at(-1)![1]) || group.curves.length > 1 ? group.curves : [] }));
}
