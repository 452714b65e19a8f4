/** Live news from the server: ids only; whoever shows those things asks again for them. */

export interface Piece {
  action: string;
  exam_pk?: number;
  item_id?: number;
}

type Listener = (piece: Piece) => void;

class News {
  connected = $state(false);
  /** When the connection was lost, in ms since the epoch; 0 while it stands. */
  lostAt = $state(0);
  private listeners = new Set<Listener>();
  private source: EventSource | null = null;

  start(): void {
    if (this.source) return;
    const source = new EventSource("/api/v1/news");
    source.onopen = () => {
      this.connected = true;
      this.lostAt = 0;
    };
    source.onerror = () => {
      if (this.connected || !this.lostAt) this.lostAt = Date.now();
      this.connected = false;
    };
    source.addEventListener("news", (event) => this.tell(JSON.parse(event.data) as Piece));
    source.addEventListener("resync", () => this.tell({ action: "resync" }));
    this.source = source;
  }

  stop(): void {
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
