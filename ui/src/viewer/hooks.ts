/**
 * For tests and for finding faults: what the viewports of the page show, to be read and never to be set.
 * `window.__kerma.viewports` lists them, the one that was begun last at the end.
 */
import type { Drawing } from "./drawing.svelte";
import { painter, painterBytes } from "./painter";
import { BUDGET_BYTES, store } from "./store";
import type { Chain } from "./steps/step";
import type { Viewport } from "./viewport.svelte";

interface Seen {
  image_pk: number | null;
  plane: number;
  /** The presentation state that is shown. */
  presentation: number | null;
  level: number;
  zoom: number;
  chain: Chain;
  /** The chain as it goes into the record of the reading. */
  recorded: Chain | null;
  pixelRatio: number;
  isReady: boolean;
  pending: number;
  problem: string;
  bytes: number;
  bytesDrawn: number;
  bytesMost: number;
  toFrame(row: number, column: number): { x: number; y: number };
  toImage(x: number, y: number): { row: number; column: number };
  valueAt(row: number, column: number): number | null;
  region(top: number, left: number, rows: number, columns: number): Promise<Float32Array>;
  /** Red, green, blue, 255 from the top row down, as base64: what the pipeline draws now. */
  pixels(): { width: number; height: number; rgba: string };
}

const drawings = new Set<Drawing>();

export function hook(drawing: Drawing): () => void {
  drawings.add(drawing);
  return () => drawings.delete(drawing);
}

function base64(bytes: Uint8Array): string {
  const CHUNK = 0x8000;
  let text = "";
  for (let from = 0; from < bytes.length; from += CHUNK) text += String.fromCharCode(...bytes.subarray(from, from + CHUNK));
  return btoa(text);
}

const seen = (drawing: Drawing, viewport: Viewport): Seen => ({
  image_pk: viewport.source?.image_pk ?? null,
  plane: viewport.plane,
  presentation: viewport.presenting.shown?.state_pk ?? null,
  level: viewport.level,
  zoom: viewport.view.zoom,
  chain: viewport.chain,
  recorded: viewport.record().chains[viewport.source?.image_pk ?? -1] ?? null,
  pixelRatio: viewport.pixelRatio,
  isReady: drawing.isDrawn && !!viewport.source && viewport.pending === 0 && !painter().isUnfinished,
  pending: viewport.pending,
  problem: viewport.problem,
  bytes: store.bytes,
  bytesDrawn: painterBytes(),
  bytesMost: BUDGET_BYTES,
  toFrame: (row, column) => viewport.toFrame(row, column),
  toImage: (x, y) => viewport.toImage({ x, y }),
  valueAt: (row, column) => viewport.valueAt(row, column),
  region: async (top, left, rows, columns) => (await viewport.region({ top, left, bottom: top + rows, right: left + columns })).values,
  pixels() {
    const size = drawing.paint(viewport.pixelRatio);
    return { ...size, rgba: base64(painter().read(size)) };
  },
});

const hooks = {
  /** The volumes in view (`volume/hook.ts`). */
  volumes: [] as object[],
  get viewports(): Seen[] {
    return [...drawings].map((drawing) => seen(drawing, drawing.viewport));
  },
  /** The card goes away, or comes back, as it does when a driver is restarted. */
  card: () => painter().gl.getExtension("WEBGL_lose_context"),
};

Object.defineProperty(window, "__kerma", { value: Object.freeze(hooks), configurable: false, writable: false });
