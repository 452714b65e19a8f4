/** What a person draws on the images of one exam: marks, calibrations and the draft of a judgement, with undo and saving. */
import { session } from "../parts/session.svelte";
import { moved, type Dot } from "./geometry";
import { History } from "./history";
import { Keeping, listen } from "./keeping.svelte";
import { canonical } from "./keeping.svelte";
import { AREAS, markOf, newId, NOTHING_TOLD, POINTS, toldOf, type InSpace, type Mark, type Person, type SheetKept } from "./mark";
import { measured, needsValues, reckoned, signature, type Ground, type Measured } from "./measure";
import { toolOf } from "./registry";
import type { Known } from "./scale";

interface State {
  marks: Mark[];
  calibrations: Known[];
  spaces: InSpace[];
  draft: Record<string, unknown> | null;
}

/** A judgement that is being written, as far as undo and saving need it. */
export interface Drafted {
  /** Calls with the name of every change, and when the draft has been recorded. */
  listen(changed: (label: string, run: string) => void, recorded: () => void): void;
  snapshot(): Record<string, unknown> | null;
  restore(snapshot: Record<string, unknown> | null): void;
}

/** The image in view. */
export interface Here extends Omit<Ground, "calibrations" | "whose"> {
  image_sha256: string;
  plane: number;
  /** Whether all planes show the same place (energies), so that a mark of one stands on all. */
  isSamePlace: boolean;
}

export class Marking {
  marks = $state.raw<Mark[]>([]);
  calibrations = $state.raw<Known[]>([]);
  /** Measured in volumes of the exam. */
  spaces = $state.raw<InSpace[]>([]);
  chosen = $state("");
  /** What was just undone, redone or found again, for everybody to see. */
  said = $state("");
  told = $state.raw<Record<string, Measured>>({});
  hidden = $state(false);
  here = $state.raw<Here | null>(null);
  /** What undo and redo would do next. */
  next = $state.raw({ undo: "", redo: "" });
  readonly keeping: Keeping;
  private readonly history = new History<State>();
  private draft: Record<string, unknown> | null = null;
  private readonly known = new Map<string, string>();
  private times: Record<string, string> = {};
  private readonly deaf: () => void;

  /** `drafted` is the draft of a judgement whose changes are kept and undone with the marks. */
  constructor(
    readonly exam_pk: number,
    private readonly drafted: Drafted,
  ) {
    drafted.listen((label, run) => this.drew(label, run), () => this.endDraft());
    const held = { document: () => this.document(), apply: (document: SheetKept, label: string) => this.apply(document, label) };
    this.keeping = new Keeping(exam_pk, session.person?.id ?? "", held, session.may("review.mark"));
    this.deaf = listen(exam_pk, () => void this.keeping.heard());
    void this.keeping.load();
  }

  close(): void {
    this.deaf();
    this.keeping.close();
  }

  get mayDraw(): boolean {
    return session.may("review.mark");
  }

  private get state(): State {
    return { marks: this.marks, calibrations: this.calibrations, spaces: this.spaces, draft: this.draft };
  }

  private set state(state: State) {
    this.marks = state.marks;
    this.calibrations = state.calibrations;
    this.spaces = state.spaces;
    this.draft = state.draft;
    if (!this.marks.some((one) => one.id === this.chosen) && !this.calibrations.some((one) => one.id === this.chosen)) this.chosen = "";
    this.measureAll();
  }

  private document(): SheetKept {
    const kept = this.marks.map((mark) => {
      const { values, scale, source, reason } = this.told[mark.id] ?? NOTHING_TOLD;
      return { ...mark, values, scale, source, reason, at: "" };
    });
    return { marks: kept, calibrations: this.calibrations.map((one) => ({ ...one, at: "" })), spaces: this.spaces.map((one) => ({ ...one, at: "" })), draft: this.draft };
  }

  /** Puts a document on the page: what the server or this browser had. */
  private apply(document: SheetKept, label: string): void {
    if (label) this.history.step(label, this.state);
    for (const one of document.marks) if (!this.marks.some((mine) => mine.id === one.id && canonical(mine) === canonical(markOf(one)))) this.known.delete(one.id);
    this.told = Object.fromEntries(document.marks.map((one) => [one.id, this.told[one.id] && canonical(toldOf(one)) === canonical(toldOf({ ...one, ...this.told[one.id]! })) ? this.told[one.id]! : toldOf(one)]));
    this.times = Object.fromEntries([...document.marks, ...document.calibrations, ...document.spaces].map((one) => [one.id, one.at]));
    this.state = { marks: document.marks.map(markOf), calibrations: document.calibrations, spaces: document.spaces, draft: document.draft };
    if (label || document.draft) this.drafted.restore(this.draft);
    this.next = this.history.next;
  }

  since(id: string): string {
    return this.times[id] ?? "";
  }

  /** Changes something under a name that undo tells. */
  private step(label: string, change: Partial<State>, run = ""): void {
    this.history.step(label, this.state, run);
    this.state = { ...this.state, ...change };
    this.next = this.history.next;
    this.keeping.changed();
  }

  /** The judgement's draft has changed; typing in one field is one step. */
  drew(label: string, run = ""): void {
    const now = this.drafted.snapshot();
    if (canonical(now) !== canonical(this.draft)) this.step(label, { draft: now }, run);
  }

  /** A draft that was recorded: there is nothing left to keep of it. */
  endDraft(): void {
    if (this.draft === null) return;
    this.draft = null;
    this.history.forget((state) => ({ ...state, draft: null }));
    this.next = this.history.next;
    this.keeping.changed();
  }

  undo(): void {
    this.travel(this.history.undo(this.state), "Undone");
  }

  redo(): void {
    this.travel(this.history.redo(this.state), "Done again");
  }

  private travel(found: { label: string; state: State } | null, word: string): void {
    this.said = found ? `${word}: ${found.label}` : `Nothing to ${word === "Undone" ? "undo" : "do again"}`;
    if (!found) return;
    const isDraftOther = canonical(found.state.draft) !== canonical(this.draft);
    this.state = found.state;
    if (isDraftOther) this.drafted.restore(this.draft);
    this.next = this.history.next;
    this.keeping.changed();
  }

  /** Adds a mark; returns its id. */
  add(mark: Omit<Mark, "id" | "image_sha256" | "plane">): string {
    if (!this.here) return "";
    const made = { ...mark, id: newId(), image_sha256: this.here.image_sha256, plane: this.here.plane };
    this.step(toolOf(made).label, { marks: [...this.marks, made] });
    this.chosen = made.id;
    return made.id;
  }

  calibrate(kind: "length" | "thickness", points: Dot[], known_mm: number, text = ""): void {
    if (!this.here) return;
    const made: Known = { id: newId(), kind, image_sha256: this.here.image_sha256, plane: this.here.plane, points, known_mm, text, at: "" };
    this.step(kind === "length" ? "calibration by a known length" : "known thickness", { calibrations: [...this.calibrations, made] });
    this.said = kind === "length" ? `Calibrated: every length on this image now goes by ${known_mm}\u2009mm` : `Known thickness ${known_mm}\u2009mm noted`;
  }

  /** Keeps what was measured in a volume; returns its id. */
  measureInSpace(made: Omit<InSpace, "id" | "text" | "at">): string {
    const id = newId();
    this.step(`${made.kind} in the volume`, { spaces: [...this.spaces, { ...made, id, text: "", at: "" }] });
    return id;
  }

  dropInSpace(id: string): void {
    const found = this.spaces.find((one) => one.id === id);
    if (!found) return;
    this.step(`deletion of a ${found.kind} in the volume`, { spaces: this.spaces.filter((one) => one.id !== id) });
    this.said = "Deleted; Ctrl+Z brings it back";
  }

  /** Changes one mark; the moves of one run are one step. */
  change(id: string, to: Partial<Mark>, word = "change of", run = ""): void {
    const mark = this.marks.find((one) => one.id === id);
    if (!mark) return;
    const label = toolOf(mark).label;
    this.step(`${word} ${label.toLowerCase()}`, { marks: this.marks.map((one) => (one.id === id ? { ...one, ...to } : one)) }, run && `${run} ${id}`);
  }

  /** Moves a whole mark, or one of its points, by pixels. */
  nudge(id: string, by: Dot, point: number | null, run = ""): void {
    const mark = this.marks.find((one) => one.id === id);
    const size = this.here?.size;
    if (!mark || !size || !mark.points.length) return;
    const points = point === null ? moved(mark.points, by, size) : mark.points.map((dot, index) => (index === point ? moved([dot], by, size)[0]! : dot));
    this.change(id, { points }, "move of", `move ${point ?? ""} ${run}`);
  }

  drop(id: string): void {
    const mark = this.marks.find((one) => one.id === id);
    const known = this.calibrations.find((one) => one.id === id);
    if (mark) this.step(`deletion of ${toolOf(mark).label.toLowerCase()}`, { marks: this.marks.filter((one) => one.id !== id) });
    if (known) this.step(`deletion of a known ${known.kind}`, { calibrations: this.calibrations.filter((one) => one.id !== id) });
    if (mark || known) this.said = "Deleted; Ctrl+Z brings it back";
  }

  /** Whose calibration holds on an image: one's own, else the newest of others. */
  calibrationsOf(image_sha256: string): { calibrations: Known[]; whose: string } {
    const on = (list: Known[]) => list.filter((one) => one.image_sha256 === image_sha256);
    if (on(this.calibrations).length) return { calibrations: on(this.calibrations), whose: "" };
    const other = [...this.keeping.others].filter((one) => on(one.calibrations).length).sort((one, next) => (one.at < next.at ? 1 : -1))[0];
    return other ? { calibrations: on(other.calibrations), whose: `by ${other.by_name}` } : { calibrations: [], whose: "" };
  }

  /** What is known of the image in view, for a mark of mine or of somebody else. */
  ground(whose?: Person): Ground | null {
    if (!this.here) return null;
    const sha = this.here.image_sha256;
    const known = whose?.calibrations.some((one) => one.image_sha256 === sha) ? { calibrations: whose.calibrations.filter((one) => one.image_sha256 === sha), whose: `by ${whose.by_name}` } : this.calibrationsOf(sha);
    return { ...this.here, ...known };
  }

  /** Another image or plane is in view. */
  look(here: Here | null): void {
    this.here = here;
    this.measureAll();
  }

  /** Works out what is not known of the marks in view; what points alone tell is there at once. */
  private measureAll(): void {
    const ground = this.ground();
    if (!ground || !this.here) return;
    const mine = this.marks.filter((one) => one.image_sha256 === this.here!.image_sha256 && one.plane === this.here!.plane);
    const told = { ...this.told };
    for (const mark of mine) {
      const sign = signature(mark, ground);
      const before = told[mark.id];
      const was = this.known.get(mark.id);
      this.known.set(mark.id, sign);
      // What was kept holds until it is measured again here: a window that is opened changes nothing by that.
      if (before && (was === sign || !was)) told[mark.id] = scaled(before, mark, ground);
      else if (!mark.measurement) told[mark.id] = reckoned(mark, ground);
      else delete told[mark.id];
      if (before && was === sign) continue;
      if (needsValues(mark) && isComplete(mark)) void this.measure(mark, ground, sign);
    }
    this.told = told;
  }

  private async measure(mark: Mark, ground: Ground, sign: string): Promise<void> {
    const found = await measured(mark, ground);
    if (this.known.get(mark.id) !== sign || !this.marks.some((one) => one.id === mark.id)) return;
    this.told = { ...this.told, [mark.id]: found };
    this.keeping.changed();
  }
}

const isComplete = (mark: Mark) => (mark.shape === "brush" ? mark.runs.length > 0 : mark.points.length >= POINTS[mark.shape][0]);
/** What is known of a mark by the scale as it is now: lengths and areas go by it, the values of pixels stay. */
function scaled(before: Measured, mark: Mark, ground: Ground): Measured {
  if (mark.measurement || mark.shape === "point") return before;
  const { values, scale, reason } = reckoned(mark, ground);
  const ofPixels = before.values.filter(({ name }) => !/_(mm2?|px2?)$/.test(name) && !values.some((one) => one.name === name));
  return { ...before, values: [...values, ...ofPixels], scale, reason: AREAS.includes(mark.shape) ? before.reason : reason };
}
