/** The worklist as the page holds it: loaded once, refreshed when the server tells of a change. */
import { get, post, query, words, type Schemas } from "../../parts/client";
import { clock } from "../../parts/clock.svelte";
import { gently, news } from "../../parts/news.svelte";

export type Item = Schemas["Item"];
type Items = Schemas["Items"];

export type ListView = "open" | "closed";

const REFRESH_MS = 300;
const PAGE = 200;

export class List {
  view = $state<ListView>("open");
  industry = $state("");
  text = $state("");
  items = $state<Item[]>([]);
  counts = $state<Record<string, Record<string, number>>>({});
  nextAfter = $state("");
  loaded = $state(false);
  problem = $state("");
  private asked = 0;

  readonly refresh = gently(() => void this.load(), REFRESH_MS);

  /** Follows the news until the returned function is called. */
  follow(): () => void {
    return news.listen(() => this.refresh());
  }

  async load(): Promise<void> {
    const asked = ++this.asked;
    try {
      const limit = Math.min(500, Math.max(PAGE, this.items.length));
      const page = await this.page("", limit);
      if (asked !== this.asked) return;
      this.items = page.items;
      this.nextAfter = page.next_after;
      this.counts = page.counts;
      this.problem = "";
      clock.set(page.now);
    } catch (error) {
      if (asked === this.asked) this.problem = words(error);
    }
    this.loaded = true;
  }

  async more(): Promise<void> {
    const page = await this.page(this.nextAfter, PAGE);
    this.items = [...this.items, ...page.items];
    this.nextAfter = page.next_after;
  }

  /** Open and closed items of one industry, or of all. */
  count(industry = ""): { open: number; closed: number } {
    const rows = industry ? [this.counts[industry] ?? {}] : Object.values(this.counts);
    const sum = (state: string) => rows.reduce((total, row) => total + (row[state] ?? 0), 0);
    return { open: sum("waiting") + sum("claimed"), closed: sum("closed") };
  }

  private page(after: string, limit: number): Promise<Items> {
    const { view, industry, text } = this;
    return get<Items>(`/api/v1/worklist${query({ view, industry, text, after, limit })}`);
  }
}

export const claim = (item_id: number) => post<Item>(`/api/v1/worklist/${item_id}/claim`);
export const release = (item_id: number) => post<Item>(`/api/v1/worklist/${item_id}/release`);
