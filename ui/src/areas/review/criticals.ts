/** What the page and the list of critical results share. */
import { get, type Schemas } from "../../parts/client";

export type Critical = Schemas["CriticalShown"];
export type CriticalTable = Schemas["CriticalTable"];

export const STATES: Record<string, { tone: string; label: string }> = {
  open: { tone: "alarm", label: "Not notified" },
  notified: { tone: "attention", label: "Notified, not acknowledged" },
  closed: { tone: "calm", label: "Acknowledged" },
  withdrawn: { tone: "", label: "Withdrawn" },
};
export const STEPS: Record<string, string> = {
  open: "recorded",
  attempt: "tried to reach",
  "wrong-read-back": "read back wrongly by",
  "read-back": "read back rightly by",
  acknowledged: "acknowledged",
  withdrawn: "withdrawn",
  warned: "the reader was told that it is nearly due",
  late: "the reader was told that it is late",
  escalated: "late: told to everybody in the role",
  answered: "what is done about the delay",
};

/** The name of a finding as a person reads it. */
export const plain = (code: string) => code.replaceAll("-", " ");

let asked: Promise<CriticalTable> | null = null;

/** Levels, findings and means; asked once. */
export function criticalTable(): Promise<CriticalTable> {
  return (asked ??= get<CriticalTable>("/api/v1/critical-results/table").catch((error: unknown) => {
    asked = null;
    throw error;
  }));
}
