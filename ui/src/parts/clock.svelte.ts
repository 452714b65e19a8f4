/** The present moment, second by second: this computer's, and the server's. */

class Clock {
  /** On this computer's clock, in ms since the epoch. */
  local = $state(Date.now());
  private ahead_ms = $state(0);
  /** On the server's clock: what due times are compared with. */
  readonly now = $derived(this.local + this.ahead_ms);

  constructor() {
    setInterval(() => (this.local = Date.now()), 1000);
  }

  /** Sets the server's clock by a time it has just sent. */
  set(server: string): void {
    this.local = Date.now();
    this.ahead_ms = new Date(server).getTime() - this.local;
  }
}

export const clock = new Clock();
