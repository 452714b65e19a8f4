/** What a person writes for a report: undone and redone, kept in this browser at once and on the server a moment later. */
import { get, Problem, put, words, type Schemas } from "../../parts/client";
import { news } from "../../parts/news.svelte";
import { Outbox } from "../../tools/outbox";

export type Editor = Schemas["EditorState"];
export type Field = Schemas["FieldRow"];
export type Written = Schemas["ReportWritten"];

export interface Form {
  template: string;
  language: string;
  record: Record<string, unknown>;
}

type State = "saved" | "sending" | "away" | "conflict" | "refused";

const PAUSE_MS = 700;
const AGAIN_MS = [1000, 2000, 5000, 10_000];
/** Keys typed into one field within so long are undone together. */
const TOGETHER_MS = 900;
const MOST_STEPS = 200;

const same = (one: Form, other: Form) => canonical(one) === canonical(other);

/** The same whatever the order of the values; the empty and the absent are one. */
function canonical({ template, language, record }: Form): string {
  const given = Object.entries(record).filter(([, value]) => !isEmpty(value));
  return JSON.stringify([template, language, given.sort(([one], [other]) => (one < other ? -1 : 1))]);
}

export const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);

const formOf = ({ template, language, record }: Form): Form => ({ template, language, record });

export class Writing {
  form = $state.raw<Form>({ template: "", language: "en", record: {} });
  state = $state<State>("saved");
  told = $state("");
  /** Version of what the server has, 0 before anything was written. */
  version = $state(0);
  /** What somebody else has written meanwhile. */
  theirs = $state.raw<Written | null>(null);
  /** When the server took it, and from whom. */
  at = $state("");
  by = $state("");
  /** Whether this page has written something. */
  hasWritten = false;

  private past = $state.raw<Form[]>([]);
  private future = $state.raw<Form[]>([]);
  private last = "";
  private lastField = "";
  private lastTyped = 0;
  private timer = 0;
  private tries = 0;
  private sent: Promise<void> | null = null;
  private closed = false;
  private readonly outbox: Outbox<Form>;
  private readonly deaf: () => void;
  private readonly back = () => this.state === "away" && void this.send();

  constructor(private readonly exam_pk: number, person: string, private readonly mayWrite: boolean) {
    this.outbox = new Outbox<Form>(`report.${person}.${exam_pk}`);
    this.deaf = news.listen((piece) => {
      const isMine = piece.exam_pk === exam_pk && ["report.write", "report.draft"].includes(piece.action);
      if (isMine || piece.action === "resync") void this.heard();
    });
    addEventListener("online", this.back);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  get isSettled(): boolean {
    return this.state === "saved";
  }

  /** Begins from what the server has, and what this browser has kept beyond that. */
  begin(written: Written): void {
    this.take(written);
    const waiting = this.outbox.read();
    if (!waiting || same(waiting.document, this.form)) return this.outbox.clear();
    this.keepStep("");
    this.form = formOf(waiting.document);
    if ((waiting.supersedes ?? 0) === written.version) {
      this.told = "What had not been saved was found in this browser and is back.";
      this.changed();
    } else {
      this.theirs = written;
      this.state = "conflict";
    }
  }

  private take(written: Written): void {
    this.form = formOf(written);
    this.last = canonical(this.form);
    this.version = written.version;
    this.at = written.written_at;
    this.by = written.written_by_name;
    this.state = "saved";
    this.told = "";
  }

  set(name: string, value: unknown): void {
    const record = { ...this.form.record, [name]: value };
    if (isEmpty(value)) delete record[name];
    this.change({ ...this.form, record }, name);
  }

  /** Another kind takes those of the words that it knows; undo brings the others back. */
  choose(template: string, language: string, known: string[]): void {
    const record = Object.fromEntries(Object.entries(this.form.record).filter(([name]) => known.includes(name)));
    this.change({ template, language, record }, "");
  }

  private change(form: Form, field: string): void {
    if (!this.mayWrite) return;
    this.keepStep(field);
    this.form = form;
    this.changed();
  }

  private keepStep(field: string): void {
    const now = Date.now();
    const isTogether = !!field && field === this.lastField && now - this.lastTyped < TOGETHER_MS;
    [this.lastField, this.lastTyped] = [field, now];
    this.future = [];
    if (!isTogether) this.past = [...this.past.slice(-MOST_STEPS), this.form];
  }

  undo(): void {
    const form = this.past.at(-1);
    if (!form) return;
    this.past = this.past.slice(0, -1);
    this.future = [...this.future, this.form];
    this.stepped(form);
  }

  redo(): void {
    const form = this.future.at(-1);
    if (!form) return;
    this.future = this.future.slice(0, -1);
    this.past = [...this.past, this.form];
    this.stepped(form);
  }

  private stepped(form: Form): void {
    this.lastField = "";
    this.form = form;
    this.changed();
  }

  private changed(): void {
    this.told = this.outbox.write({ document: this.form, supersedes: this.version || null }) || this.told;
    if (this.state === "conflict") return;
    this.state = "sending";
    this.plan(PAUSE_MS);
  }

  private plan(pause_ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), pause_ms);
  }

  /** Saves now; resolves when the server has it, or has said why not. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await this.sent;
    if (this.state === "sending" || this.state === "away") await this.send();
  }

  private send(): Promise<void> {
    clearTimeout(this.timer);
    this.sent ??= this.sendNow().finally(() => (this.sent = null));
    return this.sent;
  }

  private async sendNow(): Promise<void> {
    const form = this.form;
    const supersedes = this.version || null;
    try {
      if (canonical(form) !== this.last) {
        const kept = await put<Written>(this.path, { ...form, supersedes });
        this.hasWritten = true;
        [this.version, this.at, this.by] = [kept.version, kept.written_at, kept.written_by_name];
        this.last = canonical(form);
      }
      this.tries = 0;
      this.told = "";
      const isAll = same(this.form, form);
      if (isAll) this.outbox.clear();
      else this.outbox.write({ document: this.form, supersedes: this.version || null });
      this.state = isAll ? "saved" : "sending";
      if (!isAll && !this.closed) this.plan(PAUSE_MS);
    } catch (error) {
      await this.failed(error);
    }
  }

  private get path(): string {
    return `/api/v1/exams/${this.exam_pk}/report/words`;
  }

  private async failed(error: unknown): Promise<void> {
    const status = error instanceof Problem ? error.status : 0;
    if (status === 409) {
      await this.ask().then((written) => this.compare(written)).catch(() => this.away(error));
    } else if (status >= 400 && status < 500 && ![401, 408, 429].includes(status)) {
      this.state = "refused";
      this.told = words(error);
    } else this.away(error);
  }

  private away(error: unknown): void {
    this.state = "away";
    const isSignedOut = error instanceof Problem && error.status === 401;
    this.told = isSignedOut ? "Sign in again; what you wrote is kept in this browser." : "The server does not answer; what you wrote is kept in this browser and sent as soon as it does.";
    if (!this.closed) this.plan(AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)] ?? 10_000);
  }

  private async ask(): Promise<Written> {
    return (await get<Editor>(`/api/v1/exams/${this.exam_pk}/report/editor`)).written;
  }

  /** Theirs against mine: the same words are no conflict. */
  private compare(written: Written): void {
    if (same(written, this.form)) {
      this.outbox.clear();
      this.take(written);
    } else if (written.version === this.version) {
      this.state = "refused";
      this.told = "The server could not take this; reload the page, what you wrote is kept in this browser.";
    } else {
      this.theirs = written;
      this.state = "conflict";
    }
  }

  /** Somebody has written: theirs is shown; mine is never replaced while something of it waits. */
  private async heard(): Promise<void> {
    if (this.closed || this.state !== "saved" || this.sent) return;
    const written = await this.ask().catch(() => null);
    if (!written || written.version <= this.version || this.state !== "saved") return;
    const isOther = !same(written, this.form);
    if (isOther) this.keepStep("");
    this.take(written);
    if (isOther) this.told = `Changed by ${written.written_by_name || "somebody"}; undo takes you back.`;
  }

  /** How a conflict ends: with my words, or with theirs. Undo brings mine back. */
  settle(how: "mine" | "theirs"): void {
    const theirs = this.theirs;
    if (!theirs) return;
    this.theirs = null;
    if (how === "theirs") {
      this.keepStep("");
      this.outbox.clear();
      this.take(theirs);
      return;
    }
    this.past = [...this.past, formOf(theirs)];
    this.version = theirs.version;
    this.last = canonical(theirs);
    this.state = "sending";
    this.changed();
  }

  /** Ends: what waits is sent; resolves when that is done. */
  async close(): Promise<void> {
    this.deaf();
    removeEventListener("online", this.back);
    await this.flush();
    this.closed = true;
    clearTimeout(this.timer);
  }
}
