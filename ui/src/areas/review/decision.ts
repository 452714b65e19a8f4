/** A decision before it is made: what is written of it outlives the page, and however often it is asked for, it is made once. */
import { post, type Schemas } from "../../parts/client";
import { session } from "../../parts/session.svelte";
import { Outbox } from "../../tools/outbox";
import type { Analysis } from "./exam";

/** What a person has picked and written on an exam and not decided yet. */
export const draftOf = (exam_pk: number) => new Outbox<{ picked: string; reason: string; again: boolean }>(`decision.${session.person?.id}.${exam_pk}`);

/** Each decision has a key, under which the server knows it again. */
export class Once {
  #asked = "";
  #key = "";

  /** Asks for a decision; the same one, asked for again because no answer came, under the same key. */
  async decide(exam_pk: number, body: Schemas["NewDecision"]): Promise<Analysis> {
    const asked = JSON.stringify([exam_pk, { ...body, reading: null }]);
    if (asked !== this.#asked) [this.#asked, this.#key] = [asked, newKey()];
    const answer = await post<Analysis>(`/api/v1/exams/${exam_pk}/decisions`, body, { "Idempotency-Key": this.#key });
    this.#asked = "";
    return answer;
  }
}

/** 128 random bits; `crypto.randomUUID` is there on secure origins only. */
const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
