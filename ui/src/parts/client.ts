/** The one place that talks to the server. */
import type { components } from "../api/schema";

export type Schemas = components["schemas"];

/** What the server refused, in its own words (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title);
  }
}

const LOST = "The server does not answer. Check the connection; what you typed is kept.";

let onSignedOut = () => {};

/** Says what to do when the session has ended. */
export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}

async function ask<T>(method: string, path: string, body?: BodyInit, type?: string): Promise<T> {
  let answer: Response;
  try {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (type) headers["Content-Type"] = type;
    answer = await fetch(path, { method, headers, body: body ?? null, credentials: "same-origin" });
  } catch {
    throw new Problem(0, "No connection", LOST);
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 401) onSignedOut();
  throw new Problem(answer.status, told.title ?? answer.statusText, typeof told.detail === "string" ? told.detail : "");
}

export const get = <T>(path: string) => ask<T>("GET", path);
export const post = <T>(path: string, body?: unknown) =>
  ask<T>("POST", path, body === undefined ? undefined : JSON.stringify(body), body === undefined ? undefined : "application/json");
export const drop = (path: string) => ask<void>("DELETE", path);
export const send = <T>(path: string, form: FormData) => ask<T>("POST", path, form);

/** Builds a query string, leaving out what is empty. */
export function query(values: Record<string, string | number | undefined>): string {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return kept.length ? `?${new URLSearchParams(kept.map(([key, value]) => [key, String(value)]))}` : "";
}

/** What to tell the person about any error. */
export const words = (error: unknown) => (error instanceof Error ? error.message : String(error));
