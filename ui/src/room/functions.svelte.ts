/** The functions of a console: named enhancement chains, switched by a key, held, or swept through a range. */
import { enhancements } from "../viewer/enhancements";
import { switchedOn } from "../viewer/steps";
import { STANDARD, type Chain, type Statistics } from "../viewer/steps/step";
import type { Viewport } from "../viewer/viewport.svelte";
import type { Schemas } from "../parts/client";

export type ConsoleFunction = Schemas["EnhancementFunctionRow"];

/** Which number a swept function moves, and between what ends. */
const SWEPT: Record<string, { parameter: string; from: number; to: number }> = {
  variable_absorption: { parameter: "center_attenuation", from: 0, to: 6 },
  log_subtraction: { parameter: "weight", from: 0, to: 3 },
};
const SWEEP_MS = 6000;

/** The functions of an industry, in the order of its console. */
export const functionsOf = async (industry: string): Promise<ConsoleFunction[]> => (await enhancements()).functions[industry] ?? [];

export class Functions {
  list = $state.raw<ConsoleFunction[]>([]);
  /** The function that is on; "" is the image as it was before. */
  on = $state("");
  problem = $state("");
  /** Where in its range a swept function stands, 0 to 1. */
  swept = $state(0.5);
  private statistics: { image_pk: number; plane: number; found: Statistics } | null = null;
  private held = "";
  private frame = 0;

  constructor(private readonly viewport: () => Viewport) {}

  async load(industry: string): Promise<void> {
    this.list = await functionsOf(industry).catch(() => []);
  }

  /** What can be used on the image that is shown. */
  fits(one: ConsoleFunction): boolean {
    const { source, energies } = this.viewport();
    return !!source && !source.descriptor.is_colour && (!one.needs_energies || !!energies);
  }

  /** Switches a function on, or back to what was before; a held one ends with its key. */
  async press(one: ConsoleFunction): Promise<void> {
    if (this.held === one.name) return; // the key repeats while it is held
    if (one.mode !== "momentary" && this.on === one.name) return this.off();
    if (one.mode === "momentary") this.held = one.name;
    try {
      const chain = await this.chainOf(one);
      if (one.mode === "momentary" && this.held !== one.name) return; // let go meanwhile
      this.on = one.name;
      this.swept = 0.5;
      this.viewport().chain = chain;
      this.problem = "";
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  /** The held function ends. */
  released(): void {
    if (!this.held) return;
    this.held = "";
    this.off();
  }

  off(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const viewport = this.viewport();
    if (this.on) viewport.chain = { ...viewport.standard, window: viewport.chain.window };
    this.on = "";
  }

  /** Shows the image as the console of the industry does first, unless somebody has changed it already. */
  async settle(): Promise<void> {
    const viewport = this.viewport();
    const { source, plane } = viewport;
    const first = this.list.find((one) => one.name === "standard");
    // another plane than the first was asked for to be seen as it is
    if (!first?.steps.length || !this.fits(first) || plane !== 0 || source?.made || viewport.dressed === source) return;
    try {
      const chain = await this.chainOf(first);
      if (viewport.source !== source || viewport.plane !== plane) return;
      viewport.standard = chain;
      if (!viewport.chain.steps.length && !viewport.chain.negative && viewport.chain.colours === "grey") viewport.chain = { ...chain, window: viewport.chain.window };
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  /** A plane that was asked for is seen as it is, not in the colours of both energies. */
  leavePlane(): void {
    const viewport = this.viewport();
    this.off();
    if (!viewport.standard.steps.length) return;
    viewport.standard = STANDARD;
    viewport.chain = { ...STANDARD, window: viewport.chain.window };
  }

  /** Moves what a swept function shows; 0 to 1. */
  sweepTo(share: number): void {
    this.swept = Math.max(0, Math.min(1, share));
    const chain = this.viewport().chain;
    this.viewport().chain = {
      ...chain,
      steps: chain.steps.map((step) => {
        const range = SWEPT[step.name];
        return range ? { ...step, parameters: { ...step.parameters, [range.parameter]: range.from + this.swept * (range.to - range.from) } } : step;
      }),
    };
  }

  /** Sweeps by itself, to and fro, until it is called again. */
  play(): void {
    if (this.frame) {
      cancelAnimationFrame(this.frame);
      this.frame = 0;
      return;
    }
    const begun = performance.now() - this.swept * SWEEP_MS;
    const step = (now: number) => {
      const turn = ((now - begun) / SWEEP_MS) % 2;
      this.sweepTo(turn < 1 ? turn : 2 - turn);
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  get isPlaying(): boolean {
    return this.frame !== 0;
  }

  private async chainOf(one: ConsoleFunction): Promise<Chain> {
    const statistics = one.steps.length ? await this.known() : null;
    const steps = one.steps.map((step) => switchedOn(step.name, statistics!, step.parameters));
    return { ...STANDARD, steps, window: null, negative: one.negative, colours: one.colours };
  }

  private async known(): Promise<Statistics> {
    const viewport = this.viewport();
    const { source, plane } = viewport;
    if (source && this.statistics?.image_pk === source.image_pk && this.statistics.plane === plane) return this.statistics.found;
    const found = await viewport.statistics();
    if (source) this.statistics = { image_pk: source.image_pk, plane, found };
    return found;
  }
}
