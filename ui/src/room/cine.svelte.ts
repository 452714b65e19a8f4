/** Running through the planes of a stack by itself; slower while movement is reduced. */
import { lessMotion } from "./comparison.svelte";

export const RATES = [1, 2, 5, 10, 15, 25] as const;
const CALM = 1;

export class Cine {
  on = $state(false);
  rate = $state<number>(10);
  #timer = 0;

  constructor(private readonly step: () => void) {}

  toggle(): void {
    this.on ? this.stop() : this.start();
  }

  faster(by: 1 | -1): void {
    const at = RATES.findIndex((rate) => rate >= this.rate);
    this.rate = RATES[Math.max(0, Math.min(RATES.length - 1, at + by))]!;
    if (this.on) this.start();
  }

  start(): void {
    clearInterval(this.#timer);
    this.on = true;
    this.#timer = window.setInterval(this.step, 1000 / (lessMotion() ? CALM : this.rate));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.on = false;
  }
}
