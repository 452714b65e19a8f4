/** Custody as the server tells it, and the words that stay the same while the page is open. */
import { get, send, type Schemas } from "../../parts/client";

export type Item = Schemas["ItemShown"];
export type ItemRow = Schemas["ItemRow"];
export type Entry = Schemas["EntryRow"];
export type Fault = Schemas["FaultRow"];
export type Step = Schemas["StepRow"];
export type Words = Schemas["CustodyWords"];

let asked: Promise<Words> | null = null;

/** Steps, kinds and states with their words; asked once. */
export function words(): Promise<Words> {
  asked ??= get<Words>("/api/v1/custody/words").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** Keeps a picture on the server and gives the name by which a step refers to it. */
export async function keepPicture(picture: Blob): Promise<string> {
  const form = new FormData();
  form.append("photo", picture, "picture");
  return (await send<Schemas["Kept"]>("/api/v1/custody/photos", form)).sha256;
}

export const address = (number: string) => `/custody/${encodeURIComponent(number)}`;
export const ofItem = (number: string, rest = "") => `/api/v1/custody/items/${encodeURIComponent(number)}${rest}`;

/** What the clock field of the browser says, as the server takes it; empty stays empty. */
export const stated = (local: string) => (local ? new Date(local).toISOString() : null);

export const LABELS: Record<string, string> = {
  place: "Place",
  seal_number: "Number on the seal",
  text: "What was done",
  reason: "Reason",
  receiver: "To whom",
};
