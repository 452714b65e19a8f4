/** What a page asks for first, asked for while its letters and its code are still on their way; each answer is given once. */
import { get } from "./client";

const KEPT_MS = 10_000;
const asked = new Map<string, Promise<unknown>>();

export function ask<T>(path: string): Promise<T> {
  const coming = get<T>(path);
  const forget = () => asked.delete(path);
  asked.set(path, coming);
  coming.catch(forget); // whoever asks later asks anew
  setTimeout(forget, KEPT_MS);
  return coming;
}

/** The answer that is on its way, else it is asked for now. */
export function answer<T>(path: string): Promise<T> {
  const coming = asked.get(path) as Promise<T> | undefined;
  asked.delete(path);
  return coming ?? get<T>(path);
}
