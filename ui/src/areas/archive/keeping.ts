/** Rows of keeping as the server tells them, and who the people in them are. */
import { get, type Schemas } from "../../parts/client";
import { session } from "../../parts/session.svelte";

export interface AlarmRow {
  id: number;
  kind: string;
  thing: string;
  detail: string;
  raised_at: string;
  acknowledged_at: string;
  acknowledged_by: string;
  note: string;
}

export interface HoldRow {
  id: number;
  target: "exam" | "subject" | "accession";
  thing: string;
  reason: string;
  placed_at: string;
  placed_by: string;
  lift_reason: string;
  lift_requested_at: string;
  lift_requested_by: string;
  lifted_at: string;
  lifted_by: string;
}

export interface RetentionRow {
  id: number;
  industry: string;
  subject_class: string;
  kept_days: number;
  counted_from: "arrival" | "exam" | "birth";
  source: string;
  state: "on" | "off";
}

export interface DueExam {
  exam_pk: number;
  industry: string;
  subject_id: string;
  exam_date: string;
  rule_id: number;
  source: string;
  due_since: string;
  image_count: number;
  size_bytes: number;
}

export interface ScrubRow {
  round: number;
  at: string;
}

/** The rows of one of the lists of keeping. */
export async function rowsOf<Row>(list: string): Promise<Row[]> {
  return (await get<{ rows: unknown[] }>(`/api/v1/keeping/${list}`)).rows as Row[];
}

/** Names by actor; whoever may not see the people gets none, and reads the numbers. */
export async function names(): Promise<Record<string, string>> {
  if (!session.may("people.view")) return {};
  const people = await get<Schemas["PersonRow"][]>("/api/v1/people");
  return Object.fromEntries(people.map((one) => [`person:${one.id}`, one.name]));
}

/** Actors that are no person, by how they are called. */
const SERVICES: Record<string, string> = { "service:cli": "command line" };

/** `person:7` as a person reads it. */
export const who = (key: string, known: Record<string, string>) => known[key] ?? SERVICES[key] ?? key.replace(":", " ");

/** The actor of whoever is signed in. */
export const own = () => `${session.person?.kind}:${session.person?.id}`;
