/** Begun before anything is drawn: who is signed in and, where the address is an exam, its first image and what shows it. */
import { ask } from "./parts/early";
import type { Schemas } from "./parts/client";
import { prefetch } from "./viewer/ahead";
import { warm } from "./viewer/decoders";
import { painter } from "./viewer/painter";

/** What stands around the image, about: enough to know how large it will be shown. */
const BESIDE_PX = 480;
const ABOVE_PX = 220;

async function firstImage(exam_pk: string): Promise<void> {
  void ask(`/api/v1/exams/${exam_pk}/analysis`).catch(() => {});
  const exam = await ask<Schemas["ExamDetail"]>(`/api/v1/exams/${exam_pk}`);
  const image = exam.images.find(({ kind }) => kind === "image");
  if (!image) return;
  const frame = { width: Math.max(300, innerWidth - BESIDE_PX), height: Math.max(300, innerHeight - ABOVE_PX) };
  await prefetch(image.id, frame, devicePixelRatio);
}

export function begin(): void {
  const session = ask("/api/v1/session");
  void ask("/api/v1/industries").catch(() => {});
  session.catch(() => {});
  const exam_pk = /^\/exams\/(\d+)$/.exec(location.pathname)?.[1];
  if (!exam_pk) return;
  // nobody asks for an exam before it is known that somebody is signed in; what fails is asked for again by the page
  session.then(() => firstImage(exam_pk)).catch(() => {});
  warm();
  try {
    painter().warm();
  } catch {
    // a browser that cannot draw is told of where the image would be
  }
}
