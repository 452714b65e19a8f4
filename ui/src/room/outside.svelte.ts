/** Viewports in windows of their own, for another screen: they show what the room shows, and close with it. */
import { untrack } from "svelte";
import type { View } from "../viewer/view";
import type { Chain } from "../viewer/steps/step";
import type { Picture } from "./pictures";
import type { Cell, Room } from "./room.svelte";

/** What the windows of one exam tell each other. */
export type Message =
  | { kind: "ready"; cell: number }
  | { kind: "picture"; cell: number; picture: Picture; title: string; view: View; fitted: boolean; chain: Chain }
  | { kind: "view"; cell: number; from: "room" | "window"; view: View; fitted: boolean; chain: Chain }
  | { kind: "close" };

export const channelOf = (exam_pk: number) => new BroadcastChannel(`kerma-exam-${exam_pk}`);

/** Plain data: what stands in runes is no message. */
export const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export class Outside {
  problem = $state("");
  /** Which viewports have a window. */
  cells = $state.raw<Cell[]>([]);
  #channel: BroadcastChannel | null = null;
  #windows: Window[] = [];
  #stops: (() => void)[] = [];
  /** How a viewport was seen after it had followed its window: that is not told back. */
  #taken = new Map<Cell, string>();

  constructor(private readonly room: Room) {}

  open(cell: Cell): void {
    const { room } = this;
    this.#begin();
    const made = window.open(`/exams/${room.exam_pk}/view/${cell.id}`, `kerma-${room.exam_pk}-${cell.id}`, "popup,width=1200,height=900");
    if (!made) {
      this.problem = "The browser did not open a window: allow pop-ups for this address.";
      return;
    }
    this.problem = "";
    this.#windows.push(made);
    if (this.cells.includes(cell)) return;
    this.cells = [...this.cells, cell];
    this.#stops.push(
      $effect.root(() => {
        $effect(() => {
          const picture = cell.shown;
          if (picture) untrack(() => this.#tell(cell, picture));
        });
        $effect(() => {
          const { view, fitted, chain, source } = cell.viewport;
          if (source && !source.made && this.#taken.get(cell) !== stateOf(cell.viewport)) this.#send({ kind: "view", cell: cell.id, from: "room", view, fitted, chain });
        });
      }),
    );
  }

  #begin(): void {
    if (this.#channel) return;
    this.#channel = channelOf(this.room.exam_pk);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#heard(data);
    addEventListener("pagehide", this.close);
  }

  #heard(message: Message): void {
    if (message.kind === "close") return;
    const cell = this.room.cells.find(({ id }) => id === message.cell);
    if (!cell?.shown) return;
    if (message.kind === "ready") this.#tell(cell, cell.shown);
    else if (message.kind === "view" && message.from === "window") {
      seen(cell.viewport, message);
      this.#taken.set(cell, stateOf(cell.viewport));
    }
  }

  #tell(cell: Cell, picture: Picture): void {
    const { view, fitted, chain } = cell.viewport;
    const row = this.room.priors.find(({ id }) => id === picture.exam_pk);
    const title = [row ? `Prior ${row.exam_date || row.received_at.slice(0, 10)}` : "", picture.of === "reference" ? "Reference, not this exam" : "", picture.label].filter(Boolean).join(" · ");
    this.#send({ kind: "picture", cell: cell.id, picture, title, view, fitted, chain });
  }

  #send(message: Message): void {
    this.#channel?.postMessage(plain(message));
  }

  close = (): void => {
    this.#send({ kind: "close" });
    for (const one of this.#windows) one.close();
    for (const stop of this.#stops) stop();
    this.#channel?.close();
    this.#channel = null;
    this.#windows = [];
    this.#stops = [];
    this.cells = [];
    removeEventListener("pagehide", this.close);
  };
}

/** How a picture is seen, in one text. */
export const stateOf = ({ view, fitted, chain }: { view: View; fitted: boolean; chain: Chain }) =>
  JSON.stringify([fitted, view.rotation, view.flipped, fitted ? 0 : [view.zoom, view.row, view.column], chain]);

/** Takes over how another window sees the same picture; the size of the windows differs, so what is whole stays whole. */
export function seen(viewport: { view: View; fitted: boolean; chain: Chain; fit(): void }, told: { view: View; fitted: boolean; chain: Chain }): void {
  if (JSON.stringify(viewport.chain) !== JSON.stringify(told.chain)) viewport.chain = told.chain;
  if (told.fitted) {
    if (!viewport.fitted) viewport.fit();
    return;
  }
  const { view } = viewport;
  if (JSON.stringify(view) !== JSON.stringify(told.view)) viewport.view = told.view;
}
