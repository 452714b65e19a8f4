/** What colleagues want the person to know: asked for again when something happened that may be for them. */
import { get, post, type Schemas } from "./client";
import { gently, news } from "./news.svelte";

const PAUSE_MS = 1000;
const TELLING = /^(resync|worklist\.hand_over|review\.(comment|edit_comment|withdraw_comment|ask_consult|answer_consult|answer_as_guest|end_search|decide|independent_read|(record|answer|settle)_discrepancy|(claim|score|conclude)_review|open_review|finish_learning|see_learning|answer_feedback|(tell|notify|withdraw)_critical))$/;

class Inbox {
  entries = $state.raw<Schemas["InboxRow"][]>([]);
  unread = $state(0);
  loaded = $state(false);
  private deaf: (() => void) | null = null;

  start(may: boolean): void {
    if (this.deaf || !may) return;
    const again = gently(() => void this.load(), PAUSE_MS);
    this.deaf = news.listen((piece) => TELLING.test(piece.action) && again());
    void this.load();
  }

  stop(): void {
    this.deaf?.();
    this.deaf = null;
    this.entries = [];
    this.unread = 0;
    this.loaded = false;
  }

  async load(): Promise<void> {
    // what is not told now is told with the next news; the bar has no place for trouble
    await get<Schemas["Inbox"]>("/api/v1/inbox").then((told) => this.take(told), () => {});
  }

  async mark(entry_ids: number[], is_read: boolean): Promise<void> {
    this.take(await post<Schemas["Inbox"]>("/api/v1/inbox/read", { entry_ids, is_read }));
  }

  private take(told: Schemas["Inbox"]): void {
    if (!this.deaf) return;
    this.entries = told.entries;
    this.unread = told.unread;
    this.loaded = true;
  }
}

export const inbox = new Inbox();
