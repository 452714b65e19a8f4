/** Which functions of the viewer were in use how long: recorded with a decision. Time is an argument. */
import type { Chain } from "./steps/step";

export interface Used {
  name: string;
  seconds: number;
}

/** What a chain has switched on, beside the standard image. */
export function functionsOf(chain: Chain): string[] {
  const names = chain.steps.map(({ name }) => name);
  if (chain.window) names.push("window");
  if (chain.negative) names.push("negative");
  if (chain.colours !== "grey") names.push(`colours:${chain.colours}`);
  return names.length ? [...new Set(names)] : ["standard"];
}

export class Usage {
  #seconds = new Map<string, number>();
  #now: string[] = [];
  #since_ms = 0;

  /** From now on these are in use; none while nobody looks. */
  turn(names: string[], now_ms: number): void {
    for (const name of this.#now) this.#seconds.set(name, (this.#seconds.get(name) ?? 0) + (now_ms - this.#since_ms) / 1000);
    this.#now = names;
    this.#since_ms = now_ms;
  }

  all(now_ms: number): Used[] {
    this.turn(this.#now, now_ms);
    return [...this.#seconds].filter(([, seconds]) => seconds > 0).map(([name, seconds]) => ({ name, seconds: Math.round(seconds * 10) / 10 }));
  }
}
