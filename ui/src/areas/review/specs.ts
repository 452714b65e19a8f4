/** What the pages of specifications, non-conformances and recalls share. */
import { get, type Schemas } from "../../parts/client";

export type Spec = Schemas["SpecificationRow"];
export type SpecShown = Schemas["SpecificationShown"];
export type SpecDocument = Schemas["SpecificationDocument"];
export type Nonconformance = Schemas["NonconformanceRow"];
export type NonconformanceShown = Schemas["NonconformanceShown"];
export type Recall = Schemas["RecallRow"];

export const KINDS: Record<string, string> = { part: "Part number", route: "Route", examination: "Examination" };
export const STATES: Record<string, { tone: string; label: string }> = {
  draft: { tone: "", label: "Draft" },
  "in-review": { tone: "attention", label: "In review" },
  "in-force": { tone: "calm", label: "In force" },
  superseded: { tone: "", label: "Superseded" },
  withdrawn: { tone: "", label: "Withdrawn" },
  open: { tone: "alarm", label: "Open" },
  proposed: { tone: "attention", label: "Disposition proposed" },
  decided: { tone: "attention", label: "Disposition decided" },
  closed: { tone: "calm", label: "Closed" },
};
export const STEPS: Record<string, string> = {
  drafted: "drafted",
  changed: "written anew",
  attached: "file attached",
  detached: "file taken off",
  submitted: "handed to review",
  comment: "comment",
  returned: "given back",
  "approved-own": "approved for the house",
  "approved-customer": "approved for the customer",
  "in-force": "in force",
  superseded: "superseded",
  withdrawn: "withdrawn",
  open: "opened",
  proposed: "disposition proposed",
  decided: "disposition decided",
  followed: "exam after it linked",
  closed: "closed",
};
export const SIDES: Record<string, string> = { own: "The house", customer: "The customer" };
export const LOT_KINDS: Record<string, string> = { welder: "Welder", lot: "Batch or lot", owner: "Owner" };
/** The conditions that a specification may set, by industry. */
export const CONDITIONS: Record<string, string[]> = {
  ndt: ["thickness_mm", "weld_length_mm", "weld_width_mm", "outside_diameter_mm", "joint_coefficient"],
  security: ["regime", "place"],
  medical: [],
};

let asked: Promise<Schemas["NonconformanceWords"]> | null = null;

/** Dispositions with their words; asked once, and again after the setting was changed. */
export function dispositionWords(again = false): Promise<Schemas["NonconformanceWords"]> {
  if (again) asked = null;
  return (asked ??= get<Schemas["NonconformanceWords"]>("/api/v1/nonconformances/words").catch((error: unknown) => {
    asked = null;
    throw error;
  }));
}
