/** What the pages of discrepancies share. */
import { get, type Schemas } from "../../parts/client";

export type Discrepancy = Schemas["DiscrepancyShown"];
export type DiscrepancyWords = Schemas["DiscrepancyWords"];

export const STATES: Record<string, { tone: string; label: string }> = {
  open: { tone: "alarm", label: "To be answered" },
  accepted: { tone: "attention", label: "Agreed" },
  disputed: { tone: "attention", label: "Disputed" },
  dismissed: { tone: "", label: "Not upheld" },
  closed: { tone: "calm", label: "Closed" },
  withdrawn: { tone: "", label: "Withdrawn" },
};
export const STEPS: Record<string, string> = {
  open: "recorded",
  accepted: "agreed",
  disputed: "disputed",
  dismissed: "not upheld",
  addendum: "addendum signed",
  closed: "closed",
  withdrawn: "withdrawn",
};

let asked: Promise<DiscrepancyWords> | null = null;

/** Severities, sources, remedies and outcomes; asked once. */
export function discrepancyWords(): Promise<DiscrepancyWords> {
  return (asked ??= get<DiscrepancyWords>("/api/v1/discrepancies/words").catch((error: unknown) => {
    asked = null;
    throw error;
  }));
}
