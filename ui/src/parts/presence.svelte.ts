/** Whether somebody is there: a page that refreshes itself must not keep an abandoned session alive. */
import { clock } from "./clock.svelte";

const AWAY_MS = 10 * 60_000;

class Presence {
  private last = $state(Date.now());
  readonly away = $derived(clock.local - this.last > AWAY_MS);

  constructor() {
    for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
      addEventListener(kind, () => this.seen(), { passive: true });
    }
  }

  private seen(): void {
    if (Date.now() - this.last > 1000) this.last = Date.now();
  }
}

export const presence = new Presence();
