/** What a person has set for themselves: kept on the server, and at hand in this browser before anybody signs in. */
import { get, put } from "./client";

export type Theme = "dark" | "light" | "contrast";
export interface Display {
  theme: Theme;
  /** Brightness of text and controls beside the image, 40 to 100 percent; the image is never touched. */
  brightness: number;
  /** Movement: as the system says, or none. */
  motion: "system" | "none";
  /** Minutes at the screen before a break is suggested; 0 never. */
  break_after_min: number;
}
export type Values = Record<string, unknown>;

const AT_HAND = "kerma-display";
const USUAL: Display = { theme: "dark", brightness: 100, motion: "system", break_after_min: 0 };

class Preferences {
  display = $state<Display>({ ...USUAL, ...read() });
  values = $state.raw<Values>({});
  loaded = $state(false);
  /** Why the last setting was not kept on the server; it holds in this browser all the same. */
  problem = $state("");
  /** What was set on this page; it holds over an answer of the server that was asked for before. */
  private here: Values = {};
  /** Settings are kept one after the other, so that the last one said is the last one kept. */
  private keeping: Promise<void> = Promise.resolve();

  constructor() {
    this.show();
  }

  /** Takes what the server keeps for this person. */
  async load(): Promise<void> {
    const kept = await get<Values>("/api/v1/preferences").catch(() => ({}));
    this.values = { ...kept, ...this.here };
    if (typeof this.values.display === "object") this.display = { ...USUAL, ...(this.values.display as Display) };
    this.loaded = true;
    this.show();
    this.atHand();
  }

  /** Another person at this browser begins from what the browser shows. */
  forget(): void {
    this.values = {};
    this.here = {};
    this.loaded = false;
  }

  get<T>(name: string, usual: T): T {
    return (this.values[name] as T | undefined) ?? usual;
  }

  async set(name: string, value: unknown): Promise<void> {
    this.here[name] = value;
    this.values = { ...this.values, [name]: value };
    this.keeping = this.keeping.then(() => this.keep(name, value));
    await this.keeping;
  }

  private async keep(name: string, value: unknown): Promise<void> {
    try {
      await put(`/api/v1/preferences/${name}`, { value });
      this.problem = "";
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  async look(change: Partial<Display>): Promise<void> {
    this.display = { ...this.display, ...change };
    this.show();
    this.atHand();
    await this.set("display", this.display);
  }

  /** Applies theme, brightness and movement to the page. */
  private show(): void {
    const page = document.documentElement;
    page.dataset.theme = this.display.theme;
    page.dataset.motion = this.display.motion;
    page.style.setProperty("--brightness", `${Math.min(100, Math.max(40, this.display.brightness))}%`);
  }

  /** So that the next page begins in this theme, without a flash of another. */
  private atHand(): void {
    try {
      localStorage.setItem(AT_HAND, JSON.stringify(this.display));
    } catch {
      // a browser that keeps nothing shows the usual theme until somebody signs in
    }
  }
}

function read(): Partial<Display> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(AT_HAND) ?? "{}");
    return typeof kept === "object" && kept ? kept : {};
  } catch {
    return {};
  }
}

export const preferences = new Preferences();
