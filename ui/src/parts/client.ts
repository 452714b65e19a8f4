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

const JSON_BODY = { "Content-Type": "application/json" };
const LOST = "The server does not answer. Check the connection; what you typed is kept.";

let onSignedOut = () => {};

/** Says what to do when the session has ended. */
export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}

async function reach(method: string, path: string, body?: BodyInit, more: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    const headers = { Accept: signal ? "*/*" : "application/json", ...more };
    answer = await fetch(path, { method, headers, body: body ?? null, credentials: "same-origin", signal: signal ?? null });
  } catch {
    throw new Problem(0, "No connection", LOST);
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 401) onSignedOut();
  throw new Problem(answer.status, told.title ?? answer.statusText, typeof told.detail === "string" ? told.detail : "");
}

/** Asks for bytes; whoever asks may give up with the signal. */
export async function bytes(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  try {
    return await (await reach("GET", path, undefined, {}, signal)).arrayBuffer();
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(0, "No connection", LOST);
  }
}

async function ask<T>(method: string, path: string, body?: BodyInit, headers?: Record<string, string>): Promise<T> {
  const answer = await reach(method, path, body, headers);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** Asks for a file and lets the browser save it under the name the server gives; returns the answer for its headers. */
export async function save(path: string, body?: unknown): Promise<Response> {
  const answer = await (body === undefined ? reach("GET", path) : reach("POST", path, JSON.stringify(body), JSON_BODY));
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "download";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
  return answer;
}

export const get = <T>(path: string) => ask<T>("GET", path);
export const post = <T>(path: string, body?: unknown, headers: Record<string, string> = {}) =>
  ask<T>("POST", path, body === undefined ? undefined : JSON.stringify(body), body === undefined ? headers : { ...JSON_BODY, ...headers });
export const put = <T>(path: string, body: unknown) => ask<T>("PUT", path, JSON.stringify(body), JSON_BODY);
export const patch = <T>(path: string, body: unknown) => ask<T>("PATCH", path, JSON.stringify(body), JSON_BODY);
export const drop = <T = void>(path: string) => ask<T>("DELETE", path);
export const send = <T>(path: string, form: FormData) => ask<T>("POST", path, form);

/** Builds a query string, leaving out what is empty. */
export function query(values: Record<string, string | number | undefined>): string {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return kept.length ? `?${new URLSearchParams(kept.map(([key, value]) => [key, String(value)]))}` : "";
}

/** What to tell the person about any error. */
export const words = (error: unknown) => (error instanceof Error ? error.message : String(error));
