/**
 * Decoded tiles in memory. Every viewer says which tiles it wishes, most wanted first; the store asks for them, a few at a
 * time, lets go of requests nobody wishes any more, and of the tiles that were not used for longest.
 */
import { bytes as fetched, Problem } from "../parts/client";
import { decode, type Pixels } from "./decoders";
import { nameOf, type Tile } from "./tiles";
import type { Source } from "./source";

/** What is wished: a tile of an image. */
export interface Wish {
  name: string;
  address: string;
  make?: () => Promise<Pixels>;
}

export function wish({ address, descriptor, make }: Source, tile: Tile): Wish {
  const { plane, level, row, column } = tile;
  const name = nameOf(descriptor, tile);
  return make ? { name, address, make: () => make(tile) } : { name, address: `${address}/tiles/${descriptor.tag}/${plane}/${level}/${row}/${column}` };
}

interface Wishes {
  list: Wish[];
  /** For later: only when nobody waits for anything else. */
  isAhead: boolean;
}

interface Failure {
  attempts: number;
  words: string;
  /** When to try again; Infinity where it would not help. */
  again_ms: number;
}

const AT_ONCE = 4;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** The server was not reached or is busy: the same request may succeed later. */
const PASSING = new Set([0, 408, 425, 429, 500, 502, 503, 504]);

export class TileStore {
  /** The longest unused first. */
  private held = new Map<string, Pixels>();
  private wishes = new Map<object, Wishes>();
  private running = new Map<string, AbortController>();
  /** How many are asked of the server; those made here wait for others, and keep none from being asked for. */
  private asked = 0;
  private failures = new Map<string, Failure>();
  private listeners = new Set<(name: string) => void>();
  private timer = 0;
  bytes = 0;

  constructor(private budget_bytes: number) {
    addEventListener("online", () => this.again());
  }

  get budget(): number {
    return this.budget_bytes;
  }

  set budget(most: number) {
    this.budget_bytes = most;
    this.evict();
  }

  /** A tile that is in memory. */
  get(name: string): Pixels | undefined {
    const pixels = this.held.get(name);
    if (pixels) {
      this.held.delete(name);
      this.held.set(name, pixels);
    }
    return pixels;
  }

  /** As get, but it does not count as use. */
  peek = (name: string) => this.held.get(name);

  /** All of some tiles, asked for after what others wish. */
  async all(wishes: Wish[], isAhead = false): Promise<Pixels[]> {
    const who = {};
    try {
      return await new Promise<Pixels[]>((done, failed) => {
        const look = () => {
          const found = wishes.map(({ name }) => this.held.get(name));
          const hopeless = wishes.find(({ name }) => this.failures.get(name)?.again_ms === Infinity && !this.held.has(name));
          if (found.every((pixels) => pixels !== undefined)) done(found as Pixels[]);
          else if (hopeless) failed(new Error(this.problem([hopeless.name])));
          else return;
          stop();
        };
        const stop = this.listen(look);
        this.want(who, wishes, isAhead);
        look();
      });
    } finally {
      this.want(who, []);
    }
  }

  has = (name: string) => this.held.has(name);

  /** Hears of every tile that came or could not be had. */
  listen(heard: (name: string) => void): () => void {
    this.listeners.add(heard);
    return () => this.listeners.delete(heard);
  }

  /** Says what somebody wishes now, most wanted first; an empty list: nothing any more. */
  want(who: object, list: Wish[], isAhead = false): void {
    if (list.length) this.wishes.set(who, { list, isAhead });
    else this.wishes.delete(who);
    const wanted = this.wanted();
    for (const [name, running] of this.running) {
      if (!wanted.has(name)) running.abort();
    }
    this.evict();
    this.next();
  }

  /** Why a tile is missing, in words; empty while nothing went wrong. */
  problem(names: Iterable<string>): string {
    for (const name of names) {
      const failure = this.failures.get(name);
      if (failure && !this.held.has(name)) return failure.words;
    }
    return "";
  }

  /** Tries at once what failed. */
  again(): void {
    this.failures.clear();
    this.next();
  }

  /** Everybody's first wish, then their second, so that two viewers side by side fill alike; then what is for later. */
  private wanted(): Map<string, Wish> {
    const wanted = new Map<string, Wish>();
    for (const later of [false, true]) {
      const lists = [...this.wishes.values()].filter(({ isAhead }) => isAhead === later).map(({ list }) => list);
      for (let place = 0; place < Math.max(0, ...lists.map((list) => list.length)); place++) {
        for (const list of lists) {
          const one = list[place];
          if (one && !wanted.has(one.name)) wanted.set(one.name, one);
        }
      }
    }
    return wanted;
  }

  private next(): void {
    let soonest = Infinity;
    for (const [name, one] of this.wanted()) {
      if (this.held.has(name) || this.running.has(name)) continue;
      if (!one.make && this.asked >= AT_ONCE) continue;
      const due = this.failures.get(name)?.again_ms ?? 0;
      if (due > performance.now()) soonest = Math.min(soonest, due);
      else void this.load(one);
    }
    clearTimeout(this.timer);
    if (soonest < Infinity) this.timer = window.setTimeout(() => this.next(), Math.max(50, soonest - performance.now()));
  }

  private async load({ name, address, make }: Wish): Promise<void> {
    const running = new AbortController();
    this.running.set(name, running);
    if (!make) this.asked++;
    try {
      this.keep(name, await (make ? make() : fetched(address, running.signal).then(decode)));
      this.failures.delete(name);
    } catch (error) {
      if (!running.signal.aborted) this.failed(name, error);
    }
    this.running.delete(name);
    if (!make) this.asked--;
    for (const heard of this.listeners) heard(name);
    this.next();
  }

  private failed(name: string, error: unknown): void {
    const attempts = (this.failures.get(name)?.attempts ?? 0) + 1;
    const status = error instanceof Problem ? error.status : -1;
    const wait_ms = PASSING.has(status) ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1)) : Infinity;
    const told = status === 0 ? "The server does not answer. What is loaded stays; the rest follows when it is back." : error instanceof Error ? error.message : String(error);
    this.failures.set(name, { attempts, words: told, again_ms: performance.now() + wait_ms });
  }

  private keep(name: string, pixels: Pixels): void {
    this.held.set(name, pixels);
    this.bytes += pixels.data.byteLength;
    this.evict();
  }

  private evict(): void {
    if (this.bytes <= this.budget_bytes) return;
    const wanted = this.wanted();
    for (const [name, pixels] of this.held) {
      if (this.bytes <= this.budget_bytes) return;
      if (wanted.has(name)) continue;
      this.held.delete(name);
      this.bytes -= pixels.data.byteLength;
    }
  }
}

/** What one page may hold, decoded and on the graphics card: 512 MB, or an eighth of a small machine's memory. */
export const BUDGET_BYTES = Math.min(512, (((navigator as { deviceMemory?: number }).deviceMemory ?? 8) * 1024) / 8) * 2 ** 20;
export const store = new TileStore(BUDGET_BYTES / 2);
