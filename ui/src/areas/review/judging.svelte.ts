/** A judgement while a person works on it: what is changed, and what it would say; nothing is recorded until asked. */
import { get, post, Problem, words, type Schemas } from "../../parts/client";
import { named, spell } from "../../parts/quantity";
import type { Document, Found } from "./exam";

export type Judging = Schemas["Judging"];
type NewFinding = Schemas["NewFinding"];
/** A finding as the form gives it: every part is said. */
export type Entry = Required<NewFinding>;

/** A grade as its fields hold it. */
export interface Grade {
  reference_id: number;
  found: string;
  allowed: string;
  alloy: string;
  cnr: string;
}

/** What stands in the form of a finding that is not given yet. */
export interface Typed {
  /** The finding that is changed; "" for a new one. */
  of: string;
  what: string;
  sizes: Record<string, string>;
  note: string;
  severity: string;
  confidence: string;
  /** Row, column, height, width; null where no number is written. */
  box: (number | null)[];
}

const WAIT_MS = 200;

/** A judgement while it is written, as it is kept and undone. */
interface Written {
  /** Id of the judgement in force that it goes on from. */
  base: number | null;
  pack: string;
  conditions: Record<string, string>;
  facts: Record<string, string>;
  quality: Record<string, string>;
  grades: Grade[];
  looked: boolean;
  reason: string;
  added: Entry[];
  dismissed: Record<string, string>;
  restored: string[];
  accepted: string[];
  typed: Typed | null;
}

export class Draft {
  open = $state(false);
  pack = $state("");
  conditions = $state<Record<string, string>>({});
  facts = $state<Record<string, string>>({});
  quality = $state<Record<string, string>>({});
  /** What was seen beside licensed reference images, one of a kind. */
  grades = $state.raw<Grade[]>([]);
  looked = $state(false);
  reason = $state("");
  /** What the site usually judges by, where nothing is chosen. */
  defaults = $state.raw<Record<string, string>>({});
  added = $state.raw<Entry[]>([]);
  dismissed = $state.raw<Record<string, string>>({});
  restored = $state.raw<string[]>([]);
  /** Findings of the software that the person agrees with. */
  accepted = $state.raw<string[]>([]);
  /** What the exam would look like; null until it was worked out. */
  preview = $state.raw<Document | null>(null);
  problem = $state("");
  busy = $state(false);
  /** The finding that is being edited, "" for a new one, null for none. */
  editing = $state<string | null>(null);
  /** What has been typed into its form; null while nothing was. */
  typed = $state.raw<Typed | null>(null);
  /** How often something was put back: a form that is open is then filled anew. */
  rounds = $state(0);
  /** Where the finding in the form lies: row, column, height, width in pixels of the image in view. */
  box = $state.raw<[number, number, number, number]>([0, 0, 1, 1]);

  /** Whether the form of rules and conditions was asked for, so that it takes the focus. */
  inForm = false;
  /** Somebody has judged since this draft was begun. */
  isOutdated = $state(false);

  private base: Judging | null = null;
  /** Id of the judgement that this draft goes on from. */
  private seen: number | null = null;
  private timer = 0;
  private asked = 0;
  private before: Written | null = null;
  private begun = "";
  private changed: (label: string, run: string) => void = () => {};
  private recorded: () => void = () => {};

  constructor(readonly exam_pk: number) {}

  listen(changed: (label: string, run: string) => void, recorded: () => void): void {
    this.changed = changed;
    this.recorded = recorded;
  }

  /** What is written now; null while nobody judges. */
  snapshot(): Record<string, unknown> | null {
    return this.open ? ({ ...this.written } as Record<string, unknown>) : null;
  }

  private get written(): Written {
    const { pack, conditions, facts, quality, grades, looked, reason, added, dismissed, restored, accepted, typed } = this;
    return $state.snapshot({ base: this.seen, pack, conditions, facts, quality, grades, looked, reason, added, dismissed, restored, accepted, typed }) as Written;
  }

  /** Puts back what was written; null: nobody judges. */
  restore(snapshot: Record<string, unknown> | null): void {
    clearTimeout(this.timer);
    this.asked++;
    this.editing = null;
    if (!snapshot) {
      this.clear();
      this.open = false;
      return;
    }
    const written = snapshot as unknown as Written;
    this.seen = written.base;
    Object.assign(this, { ...EMPTY, ...written, base: this.base });
    this.editing = this.typed?.of ?? null;
    this.rounds++;
    this.before = this.written;
    this.begun = "";
    this.inForm = false;
    this.open = true;
    void this.know().then((isKnown) => (isKnown ? this.check() : undefined));
  }

  /** What is on record now; false where it could not be read. */
  private async know(): Promise<boolean> {
    try {
      this.base = await get<Judging>(`/api/v1/exams/${this.exam_pk}/judgement`);
      this.defaults = this.base.defaults;
      this.isOutdated = this.open && this.base.judgement_id !== this.seen;
      return true;
    } catch (error) {
      this.problem = words(error);
      return false;
    }
  }

  /** Goes on from the judgement that somebody has recorded meanwhile. */
  goOn(): void {
    this.seen = this.base?.judgement_id ?? null;
    this.isOutdated = false;
    this.change();
  }

  /** Begins from what is known now; `inForm`: with the form of rules and conditions in focus. */
  async start(inForm = false): Promise<void> {
    this.inForm = inForm;
    if (!(await this.know()) || !this.base) return;
    this.seen = this.base.judgement_id;
    const before = this.base.judgements[0];
    const { facts, ...conditions } = text(before?.conditions ?? {});
    this.pack = this.base.pack;
    this.conditions = conditions;
    this.facts = Object.fromEntries((facts ?? "").split(/\s+/).filter(Boolean).map((word) => word.split("=") as [string, string]));
    this.quality = text(before?.quality_entries ?? {});
    this.grades = (before?.grades ?? []).map(({ given }) => gradeOf(given as Record<string, unknown>));
    this.looked = this.base.is_of_this_analysis && (before?.looked_at_all ?? false);
    this.clear();
    this.open = true;
    this.before = this.written;
    this.begun = JSON.stringify(this.before);
    this.isOutdated = false;
    this.change();
  }

  /** Takes the rules, the conditions and the class of a specification over into the form; the rest stays as it is. */
  async takeOver(asked: Schemas["SpecificationDocument"]): Promise<void> {
    if (!this.open) await this.start(true);
    if (!this.open) return;
    if (asked.pack) this.pack = asked.pack;
    this.conditions = { ...this.conditions, ...text(asked.conditions) };
    if (["A", "B"].includes(asked.quality_class)) this.quality = { ...this.quality, testing_class: asked.quality_class };
    this.change();
  }

  private clear(): void {
    this.added = [];
    this.dismissed = {};
    this.restored = [];
    this.accepted = [];
    this.reason = "";
    this.editing = null;
    this.typed = null;
    this.preview = null;
    this.problem = "";
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.asked++;
    const wasChanged = this.isChanged;
    this.clear();
    this.open = false;
    if (wasChanged) this.changed("dropping of the draft", "");
    else this.recorded();
  }

  /** Whether anything differs from what stood there at the beginning. */
  get isChanged(): boolean {
    return this.open && JSON.stringify(this.written) !== this.begun;
  }

  /** Something was written: kept at once, and what the judgement would say is worked out anew a moment later. */
  change(pause_ms = WAIT_MS): void {
    const { label, run } = told(this.before, this.written);
    this.before = this.written;
    this.changed(label, run);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.check(), pause_ms);
  }

  /** Something was typed into the form of a finding, or its place was drawn: kept, but no part of the judgement yet. */
  type(typed: Typed | null): void {
    this.typed = typed;
    const { label, run } = told(this.before, this.written);
    this.before = this.written;
    this.changed(label, run);
  }

  /** Closes the form; what was typed goes, and undo brings it back. */
  leaveForm(): void {
    this.editing = null;
    if (this.typed) this.type(null);
  }

  private async check(): Promise<void> {
    const number = ++this.asked;
    try {
      const found = await post<Document>(`/api/v1/exams/${this.exam_pk}/judgement/check`, this.body());
      if (number !== this.asked) return;
      this.preview = found;
      this.problem = "";
    } catch (error) {
      if (number !== this.asked) return;
      this.problem = words(error);
      if (error instanceof Problem && error.status === 409) await this.know();
    }
  }

  async record(): Promise<boolean> {
    clearTimeout(this.timer);
    this.busy = true;
    this.problem = "";
    try {
      await post(`/api/v1/exams/${this.exam_pk}/judgement`, this.body());
      this.clear();
      this.open = false;
      this.recorded();
    } catch (error) {
      this.problem = words(error);
      if (error instanceof Problem && error.status === 409) await this.know();
    }
    this.busy = false;
    return !this.problem;
  }

  private body(): Schemas["NewJudgement"] {
    const facts = Object.entries(this.facts)
      .filter(([, value]) => value)
      .map((fact) => fact.join("="))
      .join(" ");
    return {
      added: this.added,
      dismissed: this.dismissed,
      restored: this.restored,
      accepted: this.accepted,
      pack: this.pack,
      conditions: { ...values(this.conditions), ...(facts ? { facts } : {}) },
      quality: values(this.quality),
      grades: this.grades.filter((one) => one.found.trim() && one.allowed.trim()).map((one) => ({ ...one, found: Number(one.found), allowed: Number(one.allowed), cnr: one.cnr.trim() ? Number(one.cnr.replace(",", ".")) : null })),
      looked_at_all: this.looked,
      reason: this.reason,
      supersedes: this.seen,
    };
  }

  /** The number that the last finding added will have. */
  get newest(): string {
    return String(this.last + this.added.length);
  }

  private get last(): number {
    const known = this.base?.document as Document | null | undefined;
    return Math.max(0, ...(known?.images.flatMap((image) => image.findings.map((one) => Number(one.id) || 0)) ?? []));
  }

  /** Where in `added` a finding stands that is not recorded yet; -1 for all others. */
  place(found: Found): number {
    const place = Number(found.id) - this.last - 1;
    return place >= 0 && place < this.added.length ? place : -1;
  }

  put(entry: Entry, place: number): void {
    this.added = place < 0 ? [...this.added, entry] : this.added.map((one, index) => (index === place ? entry : one));
    this.editing = null;
    this.typed = null;
    this.change(0);
  }

  /** Agrees with a finding of the software, or takes that back. */
  accept(found: Found): void {
    if (found.dismissed || this.place(found) >= 0) return;
    this.accepted = this.accepted.includes(found.id) ? this.accepted.filter((id) => id !== found.id) : [...this.accepted, found.id];
    this.change(0);
  }

  /** Takes a finding out: one that is not recorded goes, all others stay to be seen with the reason. */
  dismiss(found: Found, reason: string): void {
    const place = this.place(found);
    if (place >= 0) this.added = this.added.filter((_, index) => index !== place);
    else if (this.restored.includes(found.id)) this.restored = this.restored.filter((id) => id !== found.id);
    else this.dismissed = { ...this.dismissed, [found.id]: reason };
    this.accepted = this.accepted.filter((id) => id !== found.id);
    this.change(0);
  }

  takeBack(found: Found): void {
    const { [found.id]: mine, ...others } = this.dismissed;
    const replacement = this.added.findIndex((one) => one.replaces === found.id);
    if (mine !== undefined) this.dismissed = others;
    else if (replacement >= 0) this.added = this.added.filter((_, index) => index !== replacement);
    else this.restored = [...this.restored, found.id];
    this.change(0);
  }
}

const EMPTY: Omit<Written, "base"> = { pack: "", conditions: {}, facts: {}, quality: {}, grades: [], looked: false, reason: "", added: [], dismissed: {}, restored: [], accepted: [], typed: null };

/** What was changed, in words, and where it was typed: the letters of one field are one step. */
function told(before: Written | null, now: Written): { label: string; run: string } {
  if (!before) return { label: "change of the judgement", run: "" };
  if (now.added.length > before.added.length) return { label: `finding: ${spell(now.added.at(-1)!.label)}`, run: "" };
  if (now.added.length < before.added.length) return { label: "removal of a finding", run: "" };
  if (JSON.stringify(now.added) !== JSON.stringify(before.added)) return { label: "change of a finding", run: "" };
  if (JSON.stringify(now.typed) !== JSON.stringify(before.typed)) return now.typed ? { label: "writing of a finding", run: "typed" } : { label: "closing of the form", run: "" };
  const lists = [["dismissed", "dismissal"], ["restored", "taking back in"], ["accepted", "acceptance"]] as const;
  for (const [name, word] of lists) {
    const [was, is] = [before[name], now[name]].map((one) => (Array.isArray(one) ? one : Object.keys(one))) as [string[], string[]];
    const other = [...is.filter((id) => !was.includes(id)), ...was.filter((id) => !is.includes(id))][0];
    if (other) return { label: `${word} of finding ${other}`, run: "" };
  }
  for (const group of ["conditions", "facts", "quality"] as const) {
    const field = Object.keys({ ...before[group], ...now[group] }).find((name) => (before[group][name] ?? "") !== (now[group][name] ?? ""));
    if (field) return { label: named(field).label.toLowerCase(), run: `${group}.${field}` };
  }
  if (now.pack !== before.pack) return { label: "choice of rules", run: "" };
  if (now.looked !== before.looked) return { label: "looked at every image", run: "" };
  return { label: now.reason !== before.reason ? "remark" : "change of the judgement", run: now.reason !== before.reason ? "reason" : "" };
}

const gradeOf = (given: Record<string, unknown>): Grade => ({
  reference_id: Number(given.reference_id),
  found: String(given.found),
  allowed: String(given.allowed),
  alloy: String(given.alloy),
  cnr: given.cnr === null ? "" : String(given.cnr),
});

/** Values for fields. */
const text = (given: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));

/** What was filled in: numbers as numbers, so that a slip is refused by name. */
function values(given: Record<string, string>): Record<string, string | number> {
  const filled = Object.entries(given).map(([name, value]) => [name, value.trim()] as const).filter(([, value]) => value);
  return Object.fromEntries(filled.map(([name, value]) => [name, Number.isFinite(Number(value.replace(",", "."))) ? Number(value.replace(",", ".")) : value]));
}
