/** A few workers that decode tiles; each job goes to the one with the least to do. */
import address from "./decode.worker?worker&url";
import type { Answer, Job, Pixels } from "./decode.worker";

export type { Pixels };

interface Waiting {
  done: (pixels: Pixels) => void;
  failed: (error: Error) => void;
}

interface Hand {
  worker: Worker;
  jobs: Map<number, Waiting>;
}

const HANDS = Math.min(4, Math.max(2, (navigator.hardwareConcurrency || 2) - 1));

/** The page allows scripts only from addresses that passed here: this one, of our own build. */
const policy = (
  globalThis as unknown as {
    trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } };
  }
).trustedTypes?.createPolicy("kerma-decoder", {
  createScriptURL: (url) => {
    if (url !== address) throw new TypeError(`${url} is no part of Kerma`);
    return url;
  },
});

const hands: Hand[] = [];
let last = 0;

function hired(): Hand {
  const worker = new Worker(policy?.createScriptURL(address) ?? address, { type: "module", name: "decoder" });
  const hand: Hand = { worker, jobs: new Map() };
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    const waiting = hand.jobs.get(data.number);
    hand.jobs.delete(data.number);
    if ("pixels" in data) waiting?.done(data.pixels);
    else waiting?.failed(new Error(data.problem));
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    worker.terminate();
    hands.splice(hands.indexOf(hand), 1);
    for (const waiting of hand.jobs.values()) waiting.failed(new Error(`the decoder stopped (${event.message || "it could not be started"})`));
  });
  hands.push(hand);
  return hand;
}

/** Starts a worker before there is anything to decode. */
export function warm(): void {
  if (!hands.length) hired();
}

/** Decodes one JPEG-LS stream; its bytes are given away. */
export function decode(encoded: ArrayBuffer): Promise<Pixels> {
  const free = hands.reduce<Hand | null>((best, hand) => (best && best.jobs.size <= hand.jobs.size ? best : hand), null);
  const hand = free && (free.jobs.size === 0 || hands.length >= HANDS) ? free : hired();
  const number = ++last;
  return new Promise((done, failed) => {
    hand.jobs.set(number, { done, failed });
    hand.worker.postMessage({ number, encoded } satisfies Job, [encoded]);
  });
}
