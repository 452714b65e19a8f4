/** What the pages about models share: how states are shown, and figures with their intervals. */
import type { Schemas } from "../../parts/client";

export type Listed = Schemas["ModelListed"];
export type Detail = Schemas["ModelDetail"];
export type State = Listed["state"];
export type Figure = Schemas["Figure"];
export type Rate = Schemas["Rate"];
export type Read = Schemas["EvaluationRead"];

/** Shape, word, and what follows from a state. */
export const STATES: Record<State, { tone: string; label: string; means: string }> = {
  active: { tone: "calm", label: "Active", means: "It looks at the exams of its industry; its marks are shown to the reader, who decides." },
  shadow: { tone: "attention", label: "Shadow", means: "It looks at exams, and nobody is shown its marks: a pilot compares them with what people found." },
  candidate: { tone: "", label: "Candidate", means: "It looks at no exam. It can be tried by name: kerma detect, kerma evaluate." },
  retired: { tone: "", label: "Retired", means: "It looks at nothing new; what it has marked stays." },
};

export const ORIGINS: Record<string, string> = {
  shipped: "comes with Kerma",
  brought: "brought by this site",
  site: "made here, of this site's own images",
};

/** What was seen when a model was tried, as far as its page shows it: of a network, or of good parts. */
export interface Trial {
  cpu_ms_per_tile?: number;
  peak_memory_mib?: number;
  good_parts?: number;
  rows?: number;
  columns?: number;
  named_features?: string[];
  cpu_ms_per_picture?: number;
}

/** Which images of an exam it looks at, where those are not all; empty where they are. */
export function purposeOf(model: Detail): string {
  const named = Object.entries((model.card.for ?? {}) as Record<string, string>).map(([what, name]) => `${what} ${name}`);
  if (named.length) return `It looks at images that say they show ${named.join(", ")}`;
  return model.kind === "reference" ? "It names no part: it looks at every image of its size, pixel size and kind of values" : "";
}

/** What is done to bring a model into a state: its words, its action, and its address. */
export const ACTS: Partial<Record<State, { verb: string; permission: string; path: string }>> = {
  shadow: { verb: "Put into shadow", permission: "flagging.shadow_model", path: "shadow" },
  active: { verb: "Approve", permission: "flagging.activate_model", path: "activation" },
  retired: { verb: "Retire", permission: "flagging.retire_model", path: "retirement" },
};

/** Whether figures are shares, so that they are drawn from 0 to 1. */
export const isShare = (one: { value: number; low: number | null; high: number | null }) => [one.value, one.low ?? 0, one.high ?? 0].every((value) => value >= 0 && value <= 1);

export const shown = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3));

/** Points of a curve as figures. */
export const rates = (froc: Rate[]): Figure[] =>
  froc.flatMap((one) => (one.sensitivity === null ? [] : [{ name: String(one.false_per_image), words: String(one.false_per_image), value: one.sensitivity, low: one.low, high: one.high }]));

/** What an approval or threshold was kept with, as figures. */
export function figuresOf(evidence: Record<string, unknown>): Figure[] {
  const words: Record<string, string> = { map50: "mAP50", map30: "mAP30", map: "mAP", auc: "AUC of images" };
  return Object.entries(words).flatMap(([name, said]) => {
    const told = evidence[name] as { value: number; interval: [number, number] | null } | undefined;
    return told ? [{ name, words: said, value: told.value, low: told.interval?.[0] ?? null, high: told.interval?.[1] ?? null }] : [];
  });
}
