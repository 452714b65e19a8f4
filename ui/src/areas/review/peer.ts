/** Words and figures that the pages of peer review share. */
import { get, type Schemas } from "../../parts/client";
import { session } from "../../parts/session.svelte";

export type Kind = Schemas["NewReviewPlan"]["kind"];
export type Form = Schemas["PeerForm"];
type Share = Schemas["Share"];

export const KINDS: Record<Kind, string> = {
  random: "by chance",
  risk: "cleared against a grave proposal",
  person: "of one person",
  "new-person": "of new people",
  disagreement: "against the software",
};

export const COEFFICIENTS: Record<string, string> = { "cohen-kappa": "Cohen’s kappa", "gwet-ac": "Gwet’s AC1" };

let forms: Promise<Form[]> | null = null;

/** The review forms, asked for once. */
export function formsOnce(): Promise<Form[]> {
  forms ??= get<Form[]>("/api/v1/peer/forms").catch((error: unknown) => {
    forms = null;
    throw error;
  });
  return forms;
}

/** What a decision of an industry is called on its buttons. */
export function decisionWords(industry: string, code: string): string {
  return session.industry(industry)?.decisions.find((one) => one.code === code)?.label ?? code;
}

export const percent = (value: number) => `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)}\u2009%`;

/** 18 of 20: 90 % (68 to 99). */
export function told(share: Share): string {
  if (share.value === null || !share.interval) return "none yet";
  const [low, high] = share.interval.map((one) => (100 * one).toFixed(0));
  return `${share.count} of ${share.of}: ${percent(share.value)} (${low} to ${high})`;
}

/** 0.62 (0.41 to 0.83), with a true minus. */
export function coefficient(one: Schemas["PeerCoefficient"]): string {
  const written = (value: number) => value.toFixed(2).replace("-", "−");
  return one.value === null || !one.interval ? one.why_not : `${written(one.value)} (${written(one.interval[0])} to ${written(one.interval[1])})`;
}
