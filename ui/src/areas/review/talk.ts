/** What people say about an exam, and whom they ask. */
import { get, type Schemas } from "../../parts/client";

export type Comment = Schemas["CommentRow"];
export type Consult = Schemas["ConsultRow"];
export type Place = Schemas["TalkPlace"];
export type ConsultWords = Schemas["ConsultWords"];
export type Colleague = Schemas["Colleague"];

export const ENTRIES: Record<string, string> = { mention: "Mention", "hand-off": "Given to you", consult: "Question", answer: "Answer", feedback: "What was found", discrepancy: "Discrepancy", "review-task": "To review", review: "Review", learning: "To learn", critical: "Critical result" };
/** Where an entry leads that is not about the exam's page. */
const ELSEWHERE: Record<string, string> = { "review-task": "/peer/cases", review: "/peer/feedback", learning: "/peer/feedback" };
export const leadsTo = (one: Schemas["InboxRow"]) => ELSEWHERE[one.kind] ?? `/exams/${one.exam_pk}`;
export const STATES: Record<string, string> = { open: "open", answered: "answered", withdrawn: "withdrawn" };

let asked: Promise<ConsultWords> | null = null;
let known: Promise<Colleague[]> | null = null;

/** The kinds of consult, asked once. */
export function consultWords(): Promise<ConsultWords> {
  return (asked ??= get<ConsultWords>("/api/v1/consults/words").catch((error: unknown) => {
    asked = null;
    throw error;
  }));
}

/** Who works here, asked once. */
export function colleagues(): Promise<Colleague[]> {
  return (known ??= get<Colleague[]>("/api/v1/colleagues").catch((error: unknown) => {
    known = null;
    throw error;
  }));
}

/** The clock field of a browser for a moment some hours from now. */
export function later(hours: number): string {
  const at = new Date(Date.now() + hours * 3_600_000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
