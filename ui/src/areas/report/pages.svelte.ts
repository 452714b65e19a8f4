/** The pages of a report as they would be printed now, renewed a moment after the last key; one request at a time. */
import { post, words, type Schemas } from "../../parts/client";
import type { Form } from "./writing.svelte";

type Preview = Schemas["PreviewState"];

export interface Page {
  sha256: string;
  /** The page as a picture. */
  url: string;
}

const PAUSE_MS = 250;

export class Pages {
  shown = $state.raw<Page[]>([]);
  missing = $state.raw<string[]>([]);
  unready = $state("");
  changes = $state.raw<string[]>([]);
  problem = $state("");
  /** Whether what is shown is not yet what was written. */
  isBehind = $state(false);

  private wanted: Form | null = null;
  private timer = 0;
  private running = false;
  private closed = false;

  constructor(private readonly exam_pk: number) {}

  /** Asks for the pages of a form; of several asked for in a row only the last is laid out. */
  want(form: Form, pause_ms = PAUSE_MS): void {
    this.wanted = form;
    this.isBehind = true;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.run(), pause_ms);
  }

  private async run(): Promise<void> {
    if (this.running || !this.wanted || this.closed) return;
    this.running = true;
    const form = this.wanted;
    this.wanted = null;
    try {
      const known = this.shown.map((page) => page.sha256);
      const found = await post<Preview>(`/api/v1/exams/${this.exam_pk}/report/preview`, { ...form, known });
      const at_hand = new Map(this.shown.map((page) => [page.sha256, page.url]));
      const pages = found.pages.map(({ sha256, png }) => ({ sha256, url: png ? `data:image/png;base64,${png}` : (at_hand.get(sha256) ?? "") }));
      await Promise.all(pages.map(({ url }) => decoded(url))); // so that no page is blank while the next one comes
      this.shown = pages;
      [this.missing, this.unready, this.changes, this.problem] = [found.missing, found.unready, found.changes, ""];
    } catch (error) {
      this.problem = words(error);
    }
    this.running = false;
    this.isBehind = !!this.wanted;
    if (this.wanted) void this.run();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }
}

async function decoded(url: string): Promise<void> {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {});
}
