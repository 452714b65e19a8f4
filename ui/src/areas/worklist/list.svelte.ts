/** The worklist as the page holds it: pages loaded as they are looked at, single rows renewed when the server tells of a change. */
import { get, post, query, words, type Schemas } from "../../parts/client";
import { clock } from "../../parts/clock.svelte";
import { gently, news, type Piece } from "../../parts/news.svelte";

export type Item = Schemas["Item"];
type Items = Schemas["Items"];

export type ListView = "open" | "closed";

/** What the list is narrowed to; what is empty does not narrow. */
export interface Filter {
  view: ListView;
  industry: string;
  text: string;
  holder: "" | "me" | "nobody";
  priority: string;
  modality: string;
  late: string;
}
export const UNFILTERED: Filter = { view: "open", industry: "", text: "", holder: "", priority: "", modality: "", late: "" };

/** Actions that change the list; of one whose row is not loaded there is nothing to renew. */
const CONCERN = /^(archive|worklist|review)\./;
const REFRESH_MS = 300;
const PAGE = 200;
const LARGE_PAGE = 500;
/** More changed exams than this at once: the rows are asked for anew. */
const SINGLY = 50;

export class List {
  filter = $state<Filter>({ ...UNFILTERED });
  items = $state.raw<Item[]>([]);
  counts = $state.raw<Record<string, Record<string, number>>>({});
  nextAfter = $state("");
  loaded = $state(false);
  problem = $state("");
  /** Items marked for an action on several, by item. */
  marked = $state.raw<Set<number>>(new Set());
  private asked = 0;
  private latest: Promise<void> = Promise.resolve();
  private filterShown = "";
  private changed = new Set<number>();
  private all = false;
  private growing = false;

  private readonly refresh = gently(() => void this.renew(), REFRESH_MS);

  /** Follows the news until the returned function is called. */
  follow(): () => void {
    return news.listen((piece) => this.tell(piece));
  }

  private tell(piece: Piece): void {
    const exam_pk = piece.exam_pk ?? this.items.find((item) => item.item_id === piece.item_id)?.exam_pk;
    if (exam_pk) this.changed.add(exam_pk);
    else if (piece.action === "resync" || (!this.nextAfter && CONCERN.test(piece.action))) this.all = true;
    else return;
    this.refresh();
  }

  /** Asks for the rows; ends when the newest request has, whoever made it. */
  load(): Promise<void> {
    this.latest = this.take(++this.asked);
    return this.latest;
  }

  /** Waits for the rows of what the filter says now, unless they are shown; says whether they came. */
  async current(): Promise<boolean> {
    if (this.filterShown !== this.key()) await this.load();
    return this.filterShown === this.key();
  }

  private key(): string {
    return JSON.stringify(this.filter);
  }

  private async take(asked: number): Promise<void> {
    const key = this.key();
    const [changed, before] = [this.changed, this.all];
    this.changed = new Set();
    this.all = false;
    try {
      const same = key === this.filterShown;
      const wanted = same ? this.items.length : 0;
      let page = await this.page({ limit: wanted > PAGE ? LARGE_PAGE : PAGE });
      const items = page.items;
      while (items.length < wanted && page.next_after) {
        page = await this.page({ after: page.next_after, limit: LARGE_PAGE });
        items.push(...page.items);
      }
      if (asked !== this.asked) return this.latest;
      this.items = items;
      if (!same) this.marked = new Set();
      this.filterShown = key;
      this.nextAfter = page.next_after;
      this.told(page);
      this.problem = "";
    } catch (error) {
      if (asked !== this.asked) return this.latest;
      for (const exam_pk of changed) this.changed.add(exam_pk);
      this.all ||= before;
      this.problem = words(error);
    }
    this.loaded = true;
  }

  /** Renews what has changed: single rows where few have, else all. */
  private async renew(): Promise<void> {
    const some = [...this.changed];
    if (this.all || some.length > SINGLY || this.filterShown !== this.key()) return this.load();
    if (!some.length) return;
    this.changed = new Set();
    const { asked } = this;
    try {
      const page = await this.page({ only: some, limit: LARGE_PAGE });
      if (asked !== this.asked) return;
      this.items = merged(this.items, page.items, new Set(some), this.filter.view, !this.nextAfter);
      this.told(page);
    } catch (error) {
      for (const exam_pk of some) this.changed.add(exam_pk);
      this.problem = words(error);
    }
  }

  private told(page: Items): void {
    this.counts = page.counts;
    clock.set(page.now);
    if (this.marked.size) {
      const there = new Set(this.items.map((item) => item.item_id));
      this.marked = new Set([...this.marked].filter((id) => there.has(id)));
    }
  }

  /** Loads the next page, once at a time. */
  async more(): Promise<void> {
    if (this.growing || !this.nextAfter) return;
    this.growing = true;
    const { asked } = this;
    try {
      const page = await this.page({ after: this.nextAfter, limit: LARGE_PAGE });
      if (asked !== this.asked) return;
      const known = new Set(this.items.map((item) => item.item_id));
      this.items = [...this.items, ...page.items.filter((item) => !known.has(item.item_id))];
      this.nextAfter = page.next_after;
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.growing = false;
    }
  }

  /** Open and closed items of one industry, or of all. */
  count(industry = ""): { open: number; closed: number } {
    const rows = industry ? [this.counts[industry] ?? {}] : Object.values(this.counts);
    const sum = (state: string) => rows.reduce((total, row) => total + (row[state] ?? 0), 0);
    return { open: sum("waiting") + sum("claimed") + sum("held"), closed: sum("closed") };
  }

  mark(item_id: number, is = !this.marked.has(item_id)): void {
    const next = new Set(this.marked);
    if (is) next.add(item_id);
    else next.delete(item_id);
    this.marked = next;
  }

  /** Claims or releases all that are marked; says what could not be done, and does the rest. */
  async onMarked(act: (item_id: number) => Promise<unknown>): Promise<void> {
    const refused: string[] = [];
    for (const id of this.marked) await act(id).catch((error: unknown) => refused.push(words(error)));
    await this.load();
    this.problem = refused.length ? `${refused.length} of ${refused.length + this.marked.size} not done: ${refused[0]}` : "";
    if (!refused.length) this.marked = new Set();
  }

  private page(asked: { after?: string; limit: number; only?: number[] }): Promise<Items> {
    const { view, industry, text, holder, priority, modality, late } = this.filter;
    const { after, limit, only = [] } = asked;
    const plain = query({ view, industry, text, holder, priority, modality, late, after, limit });
    return get<Items>(`/api/v1/worklist${plain}${only.map((exam_pk) => `&only=${exam_pk}`).join("")}`);
  }
}

/** The order of the list, as the server has it. */
function order(view: ListView): (one: Item, other: Item) => number {
  const text = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
  return view === "closed"
    ? (one, other) => text(other.closed_at, one.closed_at) || other.item_id - one.item_id
    : (one, other) => one.priority - other.priority || text(one.due_at, other.due_at) || one.item_id - other.item_id;
}

/** Puts renewed rows where they belong; those that were asked for and did not come have left the list. */
export function merged(items: Item[], renewed: Item[], asked: Set<number>, view: ListView, whole: boolean): Item[] {
  const compare = order(view);
  const kept = items.filter((item) => !asked.has(item.exam_pk));
  const last = kept.at(-1);
  // beyond the end of what is loaded they come with their own page
  const within = renewed.filter((item) => whole || (last && compare(item, last) < 0));
  return within.length ? [...kept, ...within].sort(compare) : kept;
}

export const claim = (item_id: number) => post<Item>(`/api/v1/worklist/${item_id}/claim`);
export const release = (item_id: number) => post<Item>(`/api/v1/worklist/${item_id}/release`);
export const hold = (item_id: number, until: string, reason: string) => post<Item>(`/api/v1/worklist/${item_id}/hold`, { until, reason });
export const resume = (item_id: number) => post<Item>(`/api/v1/worklist/${item_id}/resume`);
export const assign = (item_id: number, person: string) => post<Item>(`/api/v1/worklist/${item_id}/assign`, { person });
/** Claims the most urgent exam that is one for the person; null where none waits for them. */
export const takeNext = async (industry: string) => (await post<Schemas["Next"]>("/api/v1/worklist/next", { industry })).item;
