/** Secondary screening as the server tells it, and the words that stay the same while the page is open. */
import { get, type Schemas } from "../../parts/client";

export type Order = Schemas["SearchRow"];
export type Detail = Schemas["SearchShown"];
export type SearchWords = Schemas["SearchWords"];
export type Card = Schemas["CardShown"];

export const STATES: Record<string, string> = { ordered: "ordered", started: "under way", done: "done", canceled: "canceled", linked: "custody record linked" };

let asked: Promise<SearchWords> | null = null;

/** Codes with their words; asked once, and again after the setting was changed. */
export function searchWords(again = false): Promise<SearchWords> {
  if (again) asked = null;
  return (asked ??= get<SearchWords>("/api/v1/searches/words").catch((error: unknown) => {
    asked = null;
    throw error;
  }));
}

export const address = (id: number) => `/searches/${id}`;
