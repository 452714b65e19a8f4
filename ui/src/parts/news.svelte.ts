/** Live news from the server: ids only; whoever shows those things asks again for them. */
import { presence } from "./presence.svelte";

export interface Piece {
  action: string;
  exam_pk?: number;
  item_id?: number;
}

type Listener = (piece: Piece) => void;

const AGAIN_MS = 3000;
const MOST_AGE_S = 3600;
const AGE_SPARE_S = 0.25;

class News {
  connected = $state(false);
  /** When the connection was lost, in ms since the epoch; 0 while it stands. */
  lostAt = $state(0);
  private listeners = new Set<Listener>();
  private source: EventSource | null = null;
  private again = 0;
  private missed = false;

  constructor() {
    // Whoever comes back sees the present at once.
    $effect.root(() => {
      $effect(() => {
        if (!presence.away && this.missed) this.tell({ action: "resync" });
      });
    });
  }

  /**
   * Begins to listen, and hears of what has happened since a moment (of `performance.now()`) at which the page began to
   * load what it shows; `onrefused` is called when the server does not want to tell (any more).
   */
  start(since_ms: number, onrefused: () => void): void {
    if (this.source) return;
    const age_s = Math.min(MOST_AGE_S, (performance.now() - since_ms) / 1000 + AGE_SPARE_S);
    const source = new EventSource(`/api/v1/news?age_s=${age_s.toFixed(3)}`);
    source.onopen = () => {
      if (this.lostAt) this.tell({ action: "resync" });
      this.connected = true;
      this.lostAt = 0;
    };
    source.onerror = () => {
      if (!this.lostAt) this.lostAt = Date.now();
      this.connected = false;
      if (source.readyState !== EventSource.CLOSED) return;
      this.stop();
      onrefused();
      this.again = window.setTimeout(() => this.start(since_ms, onrefused), AGAIN_MS);
    };
    source.addEventListener("news", (event) => this.tell(JSON.parse(event.data) as Piece));
    source.addEventListener("resync", () => this.tell({ action: "resync" }));
    this.source = source;
  }

  stop(): void {
    clearTimeout(this.again);
    this.source?.close();
    this.source = null;
    this.connected = false;
  }

  /** Calls the listener for each piece of news until the returned function is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(piece: Piece): void {
    this.missed = presence.away;
    if (presence.away) return;
    for (const listener of this.listeners) listener(piece);
  }
}

export const news = new News();

/** Runs a call at most once per `pause_ms`, always once more after the last request. */
export function gently(call: () => void, pause_ms: number): () => void {
  let timer = 0;
  let again = false;
  const run = () => {
    timer = 0;
    if (!again) return;
    again = false;
    timer = window.setTimeout(run, pause_ms);
    call();
  };
  return () => {
    again = true;
    if (!timer) run();
  };
}

/** Runs a call gently for each piece of news that concerns it, until the returned function is called; then no more, also not the last one. */
export function heed(concerns: (piece: Piece) => boolean, call: () => void, pause_ms: number): () => void {
  let heeds = true;
  const ask = gently(() => heeds && call(), pause_ms);
  const unlisten = news.listen((piece) => concerns(piece) && ask());
  return () => {
    heeds = false;
    unlisten();
  };
}
