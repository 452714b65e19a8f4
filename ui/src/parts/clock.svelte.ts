/** The present moment, second by second, on the server's clock. */

class Clock {
  now = $state(Date.now());
  private ahead_ms = 0;

  constructor() {
    setInterval(() => (this.now = Date.now() + this.ahead_ms), 1000);
  }

  /** Sets the clock by a time the server has just sent. */
  set(server: string): void {
    this.ahead_ms = new Date(server).getTime() - Date.now();
    this.now = Date.now() + this.ahead_ms;
  }
}

export const clock = new Clock();
