/** The reading room of one exam: what hangs in which viewport, and what the viewports have in common. */
import { get, words, type Schemas } from "../parts/client";
import { personName } from "../parts/quantity";
import { preferences } from "../parts/preferences.svelte";
import { active } from "../viewer/acts.svelte";
import { sourceOf, type Source } from "../viewer/source";
import { Viewport } from "../viewer/viewport.svelte";
import { cellsIn, written, type Restored } from "./address";
import { Comparison } from "./comparison.svelte";
import { ownProtocols, SHIPPED } from "./hanging";
import { linkOf, type Link } from "./linking";
import { isSame, picturesOf, viewsOf, type Picture } from "./pictures";
import { fitting, picked, TOGETHER, type Facts, type Hung, type Protocol, type Stage, type Together } from "./protocol";

type Row = Schemas["ExamRow"];
type Detail = Schemas["ExamDetail"];

/** A viewport of the room. */
export class Cell {
  readonly viewport = new Viewport();
  shown = $state.raw<Picture | null>(null);
  /** How many rows and columns of the layout it takes. */
  span = $state.raw({ rows: 1, columns: 1 });
  /** What is done to it as soon as its image is there. */
  hung: Hung | null = null;
  /** What brings back how it was shown before the page was loaded anew. */
  restore: (() => void) | null = null;
  /** The function it was hung with. */
  dressedAs = "";
  /** The image that was dressed last. */
  settled: Source | null = null;
  constructor(readonly id: number) {}
}

export interface Layout {
  name: string;
  label: string;
  rows: number;
  columns: number;
  /** Viewports; the first takes what the others leave. */
  count: number;
}

export const LAYOUTS: Layout[] = [
  { name: "1", label: "One", rows: 1, columns: 1, count: 1 },
  { name: "2", label: "Two beside each other", rows: 1, columns: 2, count: 2 },
  { name: "2r", label: "Two below each other", rows: 2, columns: 1, count: 2 },
  { name: "3", label: "Three beside each other", rows: 1, columns: 3, count: 3 },
  { name: "1+2", label: "One large, two small", rows: 2, columns: 2, count: 3 },
  { name: "4", label: "Two by two", rows: 2, columns: 2, count: 4 },
];

/** With more images than these, nothing is asked of each before it is shown. */
const FEW = 16;

export class Room {
  cells = $state.raw<Cell[]>([new Cell(0)]);
  rows = $state(1);
  columns = $state(1);
  maximised = $state(false);
  together = $state.raw<Together[]>([]);
  protocol = $state.raw<Protocol | null>(null);
  /** Which stage of it hangs; -1: a layout of the person's own. */
  stage = $state(0);
  pictures = $state.raw<Picture[]>([]);
  priors = $state.raw<Row[]>([]);
  reference = $state.raw<Picture | null>(null);
  problem = $state("");
  /** Whether all is known that a hanging goes by. */
  ready = $state(false);
  /** Whether it has been hung; from then on it stays as the person arranges it. */
  isHung = false;
  /** Whether the first hanging stands: what was asked for before would be hung over. */
  stands = $state(false);
  industry = "";
  exam_date = "";
  readonly comparison = new Comparison(this);
  #facts: Omit<Facts, "pictures" | "has_prior" | "has_reference"> = { industry: "", description: "" };
  #last = 0;
  #known = "";

  constructor(readonly exam_pk: number) {}

  /** The viewport that keys and tools work on. */
  get active(): Cell {
    return this.cells.find(({ viewport }) => active.is(viewport)) ?? (this.cells[0] as Cell);
  }

  get several(): boolean {
    return this.cells.length > 1;
  }

  readonly protocols = $derived.by(() => {
    const own = ownProtocols(preferences.get<unknown>("hanging", []));
    const all = [...own, ...SHIPPED.filter((one) => !own.some(({ name }) => name === one.name))];
    return fitting(all, this.facts);
  });

  get facts(): Facts {
    return { ...this.#facts, pictures: this.pictures.filter(({ of }) => of === "exam"), has_prior: this.priors.length > 0, has_reference: !!this.reference };
  }

  /** Takes what is known of the exam; hangs it the first time. */
  async take(exam: Detail, identity: string, views: Map<number, string>): Promise<void> {
    const images = exam.images.filter(({ kind }) => kind === "image");
    const known = images.map(({ id }) => `${id}${views.get(id) ?? ""}`).join(" ");
    if (!images.length || known === this.#known) return;
    const isFirst = !this.#known;
    this.#known = known;
    this.industry = exam.industry;
    this.exam_date = exam.exam_date;
    this.#facts = { industry: exam.industry, description: exam.description };
    if (isFirst) this.cells[0]!.shown ??= { ...picturesOf(exam.id, "exam", identity, images.slice(0, 1), new Map(), views)[0]! };
    const [sources, priors] = await Promise.all([sourcesOf(images), isFirst ? get<Row[]>(`/api/v1/exams/${exam.id}/others`).catch(() => []) : null]);
    if (known !== this.#known && !isFirst) return; // more came meanwhile
    const was = this.views;
    const isUntouched = this.isHung && written(this) === "";
    if (priors) this.priors = priors;
    this.pictures = [...picturesOf(exam.id, "exam", identity, images, sources, views), ...this.pictures.filter(({ of, exam_pk }) => of !== "exam" || exam_pk !== exam.id)];
    for (const cell of this.cells) cell.shown = this.pictures.find((one) => isSame(one, cell.shown)) ?? cell.shown;
    if (priors?.[0]) await this.fetchPrior(priors[0]);
    if (isFirst) this.ready = true;
    // a view that comes late is hung with the others, unless somebody has arranged the room meanwhile
    else if (isUntouched && this.views !== was) this.hangBest();
  }

  /** The pictures of a prior, asked for once. */
  async fetchPrior(row: Row): Promise<Picture[]> {
    const known = this.pictures.filter(({ exam_pk }) => exam_pk === row.id);
    if (known.length) return known;
    try {
      const exam = await get<Detail>(`/api/v1/exams/${row.id}`);
      const images = exam.images.filter(({ kind }) => kind === "image");
      const found = picturesOf(row.id, "prior", identityOf(row), images, await sourcesOf(images), new Map());
      // the newest first, as the server lists them
      const order = this.priors.map(({ id }) => id);
      const priors = [...this.pictures.filter(({ of }) => of === "prior"), ...found].sort((one, other) => order.indexOf(one.exam_pk) - order.indexOf(other.exam_pk));
      this.pictures = [...this.pictures.filter(({ of }) => of !== "prior"), ...priors];
      return found;
    } catch (error) {
      this.problem = `The prior cannot be shown: ${words(error)}`;
      return [];
    }
  }

  /** Hangs a stage of a protocol. */
  hang(protocol: Protocol, index = 0): void {
    const stage = protocol.stages[index];
    if (!stage) return;
    const wanted = stage.viewports.map((hung) => ({ hung, picture: picked(hung.select, this.#all) })).filter(({ picture }) => picture !== null);
    if (!wanted.length) return;
    this.protocol = protocol;
    this.stage = index;
    this.#lay(wanted.length === 1 ? { rows: 1, columns: 1 } : stage, wanted.length);
    wanted.forEach(({ hung, picture }, at) => {
      const cell = this.cells[at]!;
      this.comparison.end(cell);
      cell.span = wanted.length === 1 ? { rows: 1, columns: 1 } : { rows: hung.rows ?? 1, columns: hung.columns ?? 1 };
      cell.hung = hung;
      cell.shown = picture;
    });
    this.together = stage.sync ?? [];
  }

  hangBest(): void {
    const best = this.protocols[0];
    if (best) this.hang(best);
  }

  /** The stages that can be hung: those of which something is there. */
  get stages(): { stage: Stage; index: number }[] {
    return (this.protocol?.stages ?? []).map((stage, index) => ({ stage, index })).filter(({ stage }) => stage.viewports.every(({ select }) => (select.of ?? "exam") === "exam" || picked(select, this.#all)));
  }

  toStage(by: number): void {
    const { stages, protocol } = this;
    if (!protocol || !stages.length) return;
    const at = stages.findIndex(({ index }) => index === this.stage);
    const to = stages[(at + by + stages.length) % stages.length];
    if (to) this.hang(protocol, to.index);
  }

  get #all(): Picture[] {
    return this.reference ? [...this.pictures, this.reference] : this.pictures;
  }

  /** A layout of the person's own: what hangs stays, new viewports take what does not hang yet. */
  lay(layout: Layout): void {
    this.stage = -1;
    const first = this.active;
    if (layout.count === 1) this.cells = [first, ...this.cells.filter((one) => one !== first)];
    this.#lay(layout, layout.count);
    this.cells.forEach((cell, at) => (cell.span = { rows: at === 0 && layout.name === "1+2" ? 2 : 1, columns: 1 }));
    const views = this.pictures.filter((one, at, all) => all.findIndex((other) => other.exam_pk === one.exam_pk && other.view === one.view) === at);
    for (const cell of this.cells) cell.shown ??= [...views, ...this.pictures].find((one) => !this.cells.some(({ shown }) => isSame(shown, one))) ?? this.pictures[0] ?? null;
  }

  #lay({ rows, columns }: { rows: number; columns: number }, count: number): void {
    this.maximised = false;
    this.rows = rows;
    this.columns = columns;
    for (const cell of this.cells.slice(count)) this.comparison.end(cell);
    const kept = this.cells.slice(0, count);
    while (kept.length < count) kept.push(new Cell(++this.#last));
    this.cells = kept;
  }

  /** Hangs what an address says; false where it says nothing that is there. */
  async restore(asked: URLSearchParams): Promise<boolean> {
    const told = cellsIn(asked);
    for (const prior of this.priors.filter(({ id }) => told.some(({ exam_pk }) => exam_pk === id))) await this.fetchPrior(prior);
    const found = told.flatMap((one) => {
      const picture = this.#all.find(({ image_pk }) => image_pk === one.image_pk);
      return picture ? [{ ...one, picture: this.#all.find((each) => each.image_pk === one.image_pk && each.plane === one.plane) ?? { ...picture, plane: one.plane } }] : [];
    });
    const [rows = 0, columns = 0] = (asked.get("layout") ?? "").split("x").map(Number);
    if (!found.length || found.length !== told.length || !(rows * columns >= found.length && rows * columns <= 16)) return false;
    this.protocol = this.protocols.find(({ name }) => name === asked.get("hang")) ?? this.protocols[0] ?? null;
    this.stage = asked.get("stage") ? Number(asked.get("stage")) - 1 : -1;
    this.#lay({ rows, columns }, found.length);
    found.forEach(({ picture, span, view, window }, at) => {
      const cell = this.cells[at]!;
      const hung = this.protocol?.stages[this.stage]?.viewports[at];
      cell.span = span;
      cell.shown = picture;
      cell.hung = hung ?? { select: {} };
      cell.restore = () => restored(cell, view, window);
    });
    this.together = (asked.get("together") ?? "").split(",").filter((one): one is Together => TOGETHER.includes(one as Together));
    this.maximised = asked.get("large") === "1" && found.length > 1;
    const taken = this.cells[Number(asked.get("active")) - 1];
    if (taken) setTimeout(() => this.activate(taken));
    return true;
  }

  /** The room as it is now, as a protocol of the person's own. */
  asProtocol(name: string): Protocol {
    const first = this.cells.find(({ shown }) => shown?.of === "exam")?.shown;
    const viewports = this.cells.flatMap((cell): Hung[] => {
      const { shown, span, viewport } = cell;
      if (!shown) return [];
      const { window, view } = viewport;
      const { of, view: number, energy } = shown;
      const prior = [...new Set(this.pictures.filter((one) => one.of === "prior").map(({ exam_pk }) => exam_pk))].indexOf(shown.exam_pk) + 1;
      return [{
        select: { ...(of === "exam" ? {} : { of }), ...(of === "reference" ? {} : { view: number }), ...(energy ? { energy } : {}), ...(of === "prior" && prior > 1 ? { prior } : {}) },
        ...(cell.dressedAs && viewport.chain.steps === viewport.standard.steps ? { function: cell.dressedAs } : {}),
        ...(window ? { window: { center: window.center, width: window.width } } : {}),
        ...(view.rotation ? { rotation: view.rotation } : {}),
        ...(view.flipped ? { flipped: true } : {}),
        ...(span.rows > 1 ? { rows: span.rows } : {}),
        ...(span.columns > 1 ? { columns: span.columns } : {}),
      }];
    });
    const match = { industry: this.industry, ...(first?.modality ? { modality: first.modality } : {}), images: [this.views, this.views] as [number, number], ...(this.cells.some(({ shown }) => shown?.of === "prior") ? { has_prior: true } : {}) };
    return { name, match, stages: [{ name: "As saved", rows: this.rows, columns: this.columns, sync: this.together, viewports }] };
  }

  /** Shows a picture: where it hangs already, that viewport is taken; else it comes into the active one. */
  show(picture: Picture): void {
    const there = this.cells.find(({ shown }) => isSame(shown, picture));
    const into = there ?? (this.active.shown?.of === "exam" || picture.of !== "exam" ? this.active : (this.cells.find(({ shown }) => shown?.of === "exam") ?? this.active));
    this.comparison.end(into);
    if (!there) into.shown = picture;
    this.activate(into);
  }

  /** Puts a picture beside the active one. */
  beside(picture: Picture): void {
    if (this.cells.some(({ shown }) => isSame(shown, picture))) return;
    const current = this.active;
    if (this.cells.length === 1) this.#lay({ rows: 1, columns: 2 }, 2);
    const into = this.cells.find(({ shown }) => shown?.of === picture.of) ?? this.cells.find((one) => one !== current && !one.shown) ?? this.cells.at(-1)!;
    this.comparison.end(into);
    into.shown = picture;
    into.hung = null;
    this.stage = -1;
    this.together = picture.of === "prior" ? ["view", "cursor"] : this.together;
  }

  /** Takes the reference image away, or puts one beside the image. */
  refer(reference: Picture | null): void {
    const was = this.reference;
    this.reference = reference;
    if (reference) return this.beside(reference);
    const cells = this.cells.filter(({ shown }) => !isSame(shown, was));
    if (was && cells.length && cells.length < this.cells.length) {
      this.cells = cells;
      this.#lay(cells.length === 1 ? { rows: 1, columns: 1 } : { rows: this.rows, columns: this.columns }, cells.length);
    }
  }

  /** The keys and tools go to a viewport. */
  activate(cell: Cell): void {
    active.take(cell.viewport);
  }

  step(by: number): void {
    const at = this.cells.indexOf(this.active);
    this.activate(this.cells[(at + by + this.cells.length) % this.cells.length]!);
  }

  toggle(what: Together): void {
    this.together = this.together.includes(what) ? this.together.filter((one) => one !== what) : [...this.together, what];
  }

  link(from: Cell, to: Cell): Link | null {
    if (!from.shown || !to.shown) return null;
    return linkOf({ picture: from.shown, viewport: from.viewport }, { picture: to.shown, viewport: to.viewport }, this.industry, this.comparison.registered);
  }

  /** The picture of the newest prior, or of one, that shows what a picture shows. */
  counterpart(picture: Picture, exam_pk = this.priors[0]?.id ?? 0): Picture | null {
    const there = this.pictures.filter((one) => one.exam_pk === exam_pk);
    const alike = there.filter((one) => one.projection === picture.projection && one.energy === picture.energy);
    return alike.find((one) => one.view === picture.view) ?? alike[0] ?? there.find((one) => one.view === picture.view) ?? there[0] ?? null;
  }

  get views(): number {
    return viewsOf(this.facts.pictures);
  }
}

function restored({ viewport }: Cell, view: Restored["view"], window: Restored["window"]): void {
  if (view?.zoom) viewport.view = { ...view, zoom: view.zoom };
  else if (view) {
    viewport.view = { ...viewport.view, rotation: view.rotation, flipped: view.flipped };
    viewport.fit();
  }
  if (window) viewport.window = window;
}

export const dated = (row: Pick<Row, "exam_date" | "received_at">) => row.exam_date || row.received_at.slice(0, 10);

export const identityOf = (row: Row) => [row.subject_id, personName(row.subject_name)].filter(Boolean).join(" · ");

async function sourcesOf(images: { id: number; tag: string }[]): Promise<Map<number, Source>> {
  if (images.length > FEW) return new Map();
  const found = await Promise.all(images.map(({ id, tag }) => sourceOf(id, tag).then((source) => [id, source] as const, () => null)));
  return new Map(found.filter((one) => one !== null));
}
