/** Threat projection at the exam: what the reader is told of their answer, and the way back to the images as they came. */
import { get, type Schemas } from "../../parts/client";
import { session } from "../../parts/session.svelte";
import type { Mark } from "../../viewer/marks";
import { draftOf } from "./decision";
import type { Analysis, ExamRow } from "./exam";

export type Told = Schemas["Told"];

/** Nothing that is remembered of the images holds any more, nor what was picked on them: the page is made anew. */
export function unveil(exam_pk: number): void {
  draftOf(exam_pk).clear();
  window.location.reload();
}

/** Whether other pixels stand behind an image than when the exam was loaded before: what is on screen must not be decided on. */
export const areOthers = (before: ExamRow | null, now: ExamRow): boolean =>
  now.images.some(({ id, tag }) => before?.images.some((one) => one.id === id && one.tag !== tag));

/** What the person answered; null where nothing was projected, and once the exam itself is decided. */
export async function toldOf(exam: ExamRow, analysis: Analysis): Promise<Told | null> {
  if (exam.industry !== "security" || session.may("review.see_all") || analysis.decisions.length) return null;
  try {
    return (await get<Schemas["Projection"]>(`/api/v1/exams/${exam.id}/projection`)).told;
  } catch {
    return null; // no reader waits for it
  }
}

/** Where the threat was on an image. */
export function projectedOn(told: Told | null, image_pk: number): Mark[] {
  const here = told?.places.filter((one) => one.image_pks.includes(image_pk)) ?? [];
  return here.map(({ box }) => ({ id: "projected", number: "TIP", label: "was projected here", plane: null, box, outline: [] }));
}
