/** Saving by itself: at once in this browser, a moment later on the server; nothing is overwritten without being seen. */
import { get, Problem, put, words } from "../parts/client";
import { news } from "../parts/news.svelte";
import { Outbox } from "./outbox";
import type { Person, SheetKept } from "./mark";

const PAUSE_MS = 400;
const AGAIN_MS = [1000, 2000, 5000, 10_000];

type State = "saved" | "sending" | "away" | "conflict" | "refused";

export interface Held {
  /** What stands on the page now. */
  document(): SheetKept;
  /** Puts another document on the page; the label says what happened. */
  apply(document: SheetKept, label: string): void;
}

/** The same whatever the order of keys, and without the times that the server adds. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inside: unknown) =>
    key === "at" ? "" : inside && typeof inside === "object" && !Array.isArray(inside) ? Object.fromEntries(Object.entries(inside).sort(([one], [other]) => (one < other ? -1 : 1))) : inside,
  );
}

/** What this browser kept before there were measurements in volumes has none. */
const documentOf = ({ marks, calibrations, spaces, draft }: SheetKept): SheetKept => ({ marks, calibrations, spaces: spaces ?? [], draft });

export class Keeping {
  state = $state<State>("saved");
  /** What to know of saving. */
  told = $state("");
  others = $state.raw<Person[]>([]);
  /** What another window has saved meanwhile. */
  theirs = $state.raw<Person | null>(null);
  /** When the server took the last version. */
  at = $state("");
  known = $state(false);

  private version: number | null = null;
  private last = "";
  private timer = 0;
  private tries = 0;
  private sending = false;
  /** Something was heard at a time when it could not be looked at. */
  private unheard = false;
  private closed = false;
  private readonly outbox: Outbox<SheetKept>;
  private readonly path: string;
  private readonly back = () => this.state === "away" && void this.send();

  constructor(exam_pk: number, person: string, private readonly held: Held, private readonly mayWrite: boolean) {
    this.path = `/api/v1/exams/${exam_pk}/marks`;
    this.outbox = new Outbox(`${person}.${exam_pk}`);
    addEventListener("online", this.back);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.back);
    if (this.state === "sending") void this.send();
  }

  /** Begins from what the server has, and what this browser has kept beyond that. */
  async load(): Promise<void> {
    const waiting = this.outbox.read();
    if (waiting && !this.known) {
      this.version = waiting.supersedes;
      if (canonical(documentOf(waiting.document)) !== canonical(this.held.document())) this.put(documentOf(waiting.document), "What was not saved yet");
    }
    try {
      const own = await this.ask();
      this.known = true;
      if (!waiting) this.take(own);
      else this.compare(documentOf(waiting.document), waiting.supersedes, own);
      this.catchUp();
    } catch (error) {
      this.away(error);
    }
  }

  private async ask(): Promise<Person | null> {
    const { people } = await get<{ people: Person[] }>(this.path);
    this.others = people.filter((one) => !one.is_mine);
    return people.find((one) => one.is_mine) ?? null;
  }

  private take(own: Person | null): void {
    this.version = own?.version ?? null;
    this.at = own?.at ?? "";
    this.last = own ? canonical(documentOf(own)) : "";
    if (own) this.put(documentOf(own), "");
    this.state = "saved";
    this.told = "";
  }

  private put(document: SheetKept, label: string): void {
    this.held.apply(document, label);
  }

  private compare(mine: SheetKept, supersedes: number | null, own: Person | null): void {
    if (own && canonical(documentOf(own)) === canonical(mine)) {
      this.outbox.clear();
      this.take(own);
    } else if ((own?.version ?? null) === supersedes) {
      this.version = supersedes;
      this.told = "What had not been saved was found in this browser and is back.";
      void this.send();
    } else {
      this.version = supersedes;
      this.theirs = own;
      this.state = "conflict";
    }
  }

  /** Something has changed: kept here at once, sent a moment later. */
  changed(): void {
    if (!this.mayWrite) return;
    if (canonical(this.held.document()) === this.last && this.state === "saved") return;
    this.told = this.outbox.write({ document: this.held.document(), supersedes: this.version });
    if (this.state === "conflict") return;
    this.state = "sending";
    this.plan(PAUSE_MS);
  }

  private plan(pause_ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), pause_ms);
  }

  private async send(): Promise<void> {
    clearTimeout(this.timer);
    if (this.sending) return;
    this.sending = true;
    const document = this.held.document();
    const supersedes = this.version;
    try {
      const kept = await put<Person>(this.path, { ...document, supersedes });
      this.version = kept.version;
      this.at = kept.at;
      this.last = canonical(document);
      this.tries = 0;
      this.theirs = null;
      this.told = "";
      const isAll = canonical(this.held.document()) === this.last;
      if (isAll) this.outbox.clear();
      this.state = isAll ? "saved" : "sending";
      if (!isAll) {
        this.told = this.outbox.write({ document: this.held.document(), supersedes: this.version });
        if (!this.closed) this.plan(PAUSE_MS);
      }
    } catch (error) {
      await this.failed(error, document, supersedes);
    }
    this.sending = false;
    this.catchUp();
  }

  private catchUp(): void {
    if (this.unheard) void this.heard();
  }

  private async failed(error: unknown, document: SheetKept, supersedes: number | null): Promise<void> {
    const status = error instanceof Problem ? error.status : 0;
    if (status === 409) {
      await this.ask().then((own) => this.compare(document, supersedes, own)).catch((again: unknown) => this.away(again));
    } else if (status >= 400 && status < 500 && ![401, 408, 429].includes(status)) {
      this.state = "refused";
      this.told = words(error);
    } else {
      this.away(error);
    }
  }

  private away(error: unknown): void {
    this.state = "away";
    this.told = error instanceof Problem && error.status === 401 ? "Sign in again; what you drew is kept in this browser." : "The server does not answer; what you drew is kept in this browser and sent as soon as it does.";
    this.outbox.write({ document: this.held.document(), supersedes: this.version });
    if (this.closed) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void (this.known ? this.send() : this.load()), AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)]);
  }

  /** Another window or person has saved: theirs is shown; mine is never replaced while something waits. */
  async heard(): Promise<void> {
    this.unheard = !this.known || this.sending || this.state === "away";
    if (this.unheard) return;
    try {
      const own = await this.ask();
      if (own && own.version !== this.version && this.state === "saved" && !this.sending) {
        const isOther = canonical(documentOf(own)) !== this.last;
        this.version = own.version;
        this.at = own.at;
        this.last = canonical(documentOf(own));
        if (isOther) {
          this.put(documentOf(own), "What another window has saved");
          this.told = "Changed in another window; undo takes you back.";
        }
      }
    } catch {
      this.unheard = true; // the next news or change asks again
    }
  }

  /** How a conflict ends: with mine, with theirs, or with both side by side. */
  settle(how: "mine" | "theirs" | "both"): void {
    const theirs = this.theirs;
    if (!theirs) return;
    const mine = this.held.document();
    this.version = theirs.version;
    this.theirs = null;
    if (how === "theirs") this.put(documentOf(theirs), "What the other window had");
    if (how === "both") this.put(both(mine, documentOf(theirs)), "Both");
    this.state = "sending";
    this.last = "";
    this.outbox.write({ document: this.held.document(), supersedes: this.version });
    void this.send();
  }
}

/** Everything of mine, and of theirs what is not exactly so among mine; what differs has a name of its own. */
export function both(mine: SheetKept, theirs: SheetKept): SheetKept {
  const merged = <T extends { id: string }>(own: T[], other: T[]) => [
    ...own,
    ...other.filter((one) => !own.some((same) => canonical(same) === canonical(one))).map((one) => (own.some((same) => same.id === one.id) ? { ...one, id: `${one.id.slice(0, 40)}-2` } : one)),
  ];
  return { marks: merged(mine.marks, theirs.marks), calibrations: merged(theirs.calibrations, mine.calibrations), spaces: merged(mine.spaces, theirs.spaces), draft: mine.draft ?? theirs.draft };
}

/** Calls when the marks of an exam have changed on the server. */
export const listen = (exam_pk: number, call: () => void) =>
  news.listen((piece) => {
    if (piece.action === "resync" || (piece.exam_pk === exam_pk && piece.action === "review.mark")) call();
  });
