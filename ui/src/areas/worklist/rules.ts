/** Item rules in words: when one is asked, what it asks, what comes out. */
import type { Schemas } from "../../parts/client";

export type Rule = Schemas["ItemRule"];

export const TRIGGER: Record<NonNullable<Rule["trigger"]>, string> = {
  exam: "an exam arrives",
  order: "an exam is ordered",
  score: "its analysis is finished",
  quality: "it is decided",
  prior: "it arrives, and an earlier one showed something",
};

/** The conditions that every rule may have, each with the word before its field. */
export const CONDITIONS = [
  ["site", "Site"],
  ["modality", "Modality"],
  ["kind", "Description or protocol"],
  ["part", "Part of the body, or number"],
  ["lane", "Lane"],
] as const;

export const EMPTY: Rule = {
  name: "", trigger: "exam", makes: true, industry: "", site: "", modality: "", kind: "", part: "", lane: "",
  score_at_least: "", score_at_most: "", share_permille: 1000, outcome: "", stage: "", urgency: "", skill: "", language: "",
};

/** Says which exams a rule takes. */
export function asked(rule: Rule, label: (industry: string) => string): string {
  const said: string[] = rule.industry ? [label(rule.industry)] : [];
  for (const [key, word] of CONDITIONS) if (rule[key]) said.push(`${word.toLowerCase()} ${rule[key]}`);
  if (rule.score_at_least) said.push(`score at least ${rule.score_at_least}`);
  if (rule.score_at_most) said.push(`score at most ${rule.score_at_most}`);
  if (rule.outcome) said.push(`decision ${rule.outcome}`);
  if ((rule.share_permille ?? 1000) < 1000) said.push(`${(rule.share_permille ?? 0) / 10} % of them, drawn`);
  return said.join(", ") || "all";
}

/** Says what becomes of them. */
export function becomes(rule: Rule): string {
  if (!rule.makes) return "left out";
  const said = [rule.trigger === "quality" ? "looked at again by somebody else" : "read"];
  if (rule.urgency) said.push(rule.urgency);
  if (rule.stage) said.push(`from ${rule.stage}`);
  if (rule.skill) said.push(`skill ${rule.skill}`);
  if (rule.language) said.push(`language ${rule.language}`);
  return said.join(", ");
}

const ROUND: Record<string, string> = { order: "exam", prior: "exam" };
const round = (rule: Rule) => ROUND[rule.trigger ?? "exam"] ?? rule.trigger ?? "exam";

/** Names a rule that takes every exam before a later one is asked; empty where there is none. */
export function hiddenBy(rules: Rule[], place: number): string {
  const later = rules[place]!;
  const takesAll = (one: Rule) =>
    !CONDITIONS.some(([key]) => one[key]) && !one.score_at_least && !one.score_at_most && !one.outcome && (one.share_permille ?? 1000) === 1000;
  const before = rules.slice(0, place).find(
    (one) => takesAll(one) && (!one.industry || one.industry === later.industry) && round(one) === round(later) && (one.trigger === "exam" || one.trigger === later.trigger),
  );
  return before?.name ?? "";
}
