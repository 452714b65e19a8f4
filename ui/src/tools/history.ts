/** Unlimited undo and redo over states that never change: each step knows what it was called and what stood before. Pure. */

interface Entry<T> {
  label: string;
  state: T;
  /** Steps of the same run (typing in one field) are one. */
  run: string;
}

export class History<T> {
  private past: Entry<T>[] = [];
  private future: Entry<T>[] = [];

  /** Notes that something of this name is about to change the state. */
  step(label: string, before: T, run = ""): void {
    if (!run || this.past.at(-1)?.run !== run || this.future.length) this.past.push({ label, state: before, run });
    this.future = [];
  }

  /** The state before the last step, and what that step was; null when there is none. */
  undo(now: T): { label: string; state: T } | null {
    return this.move(this.past, this.future, now);
  }

  redo(now: T): { label: string; state: T } | null {
    return this.move(this.future, this.past, now);
  }

  private move(from: Entry<T>[], to: Entry<T>[], now: T): { label: string; state: T } | null {
    const entry = from.pop();
    if (!entry) return null;
    to.push({ ...entry, state: now });
    return entry;
  }

  /** Takes something out of every state: what cannot come back. */
  forget(without: (state: T) => T): void {
    const kept = (entries: Entry<T>[]) => entries.map((one) => ({ ...one, state: without(one.state) }));
    [this.past, this.future] = [kept(this.past), kept(this.future)];
  }

  /** What would be undone and redone next; "" for nothing. */
  get next(): { undo: string; redo: string } {
    return { undo: this.past.at(-1)?.label ?? "", redo: this.future.at(-1)?.label ?? "" };
  }
}
