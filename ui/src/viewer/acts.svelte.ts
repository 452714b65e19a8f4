/** What a person can do with the image in a viewer, by button and by key. */
import { commands, type Command } from "../parts/commands.svelte";
import { widened } from "./moving";
import type { Viewport } from "./viewport.svelte";

/** What a viewer shows beside its image, and which tool its first button has. */
export interface Setting {
  tool: "window" | "pan";
  marks: boolean;
  rulers: boolean;
  overview: boolean;
  magnified: boolean;
  enhancing: boolean;
}

export const START: Setting = { tool: "window", marks: true, rulers: false, overview: true, magnified: false, enhancing: false };

export interface Act {
  id: string;
  label: string;
  keys: string[];
  run: (viewport: Viewport, setting: Setting) => void;
}

const CLOSER = 1.25;
/** Share of the frame that an arrow key moves. */
const STEP = 0.2;
/** Steps of a window key, in CSS pixels of a drag. */
const WINDOW_STEP = 16;

const act = (id: string, label: string, run: Act["run"], ...keys: string[]): Act => ({ id: `image.${id}`, label, run, keys });
const pan = (across: number, down: number): Act["run"] => (viewport) =>
  viewport.panBy({ x: across * STEP * viewport.frame.width, y: down * STEP * viewport.frame.height });
const window = (wider: number, higher: number): Act["run"] => (viewport) => {
  if (viewport.windowUsed && !viewport.source?.descriptor.is_colour) viewport.window = widened(viewport, viewport.windowUsed, wider * WINDOW_STEP, higher * WINDOW_STEP);
};

export const ACTS: Act[] = [
  act("fit", "Whole image", (viewport) => viewport.fit(), "f", "="),
  act("one", "One image pixel on one screen pixel", (viewport) => viewport.oneToOne(viewport.at), "1"),
  act("closer", "Zoom in", (viewport) => viewport.zoomBy(CLOSER), "+"),
  act("farther", "Zoom out", (viewport) => viewport.zoomBy(1 / CLOSER), "-"),
  act("left", "Move left", pan(1, 0), "Shift+ArrowLeft"),
  act("right", "Move right", pan(-1, 0), "Shift+ArrowRight"),
  act("up", "Move up", pan(0, 1), "Shift+ArrowUp"),
  act("down", "Move down", pan(0, -1), "Shift+ArrowDown"),
  act("clockwise", "Turn clockwise", (viewport) => viewport.rotate(90), "r"),
  act("anticlockwise", "Turn anticlockwise", (viewport) => viewport.rotate(-90), "R"),
  act("flip", "Left and right exchanged", (viewport) => viewport.flip(), "v"),
  act("invert", "Negative", (viewport) => (viewport.chain = { ...viewport.chain, negative: !viewport.chain.negative }), "i"),
  act("narrower", "Narrower window", window(-1, 0), "Ctrl+ArrowLeft"),
  act("wider", "Wider window", window(1, 0), "Ctrl+ArrowRight"),
  act("higher", "Higher level", window(0, 1), "Ctrl+ArrowUp"),
  act("lower", "Lower level", window(0, -1), "Ctrl+ArrowDown"),
  act("standard", "Standard image: no enhancement", (viewport) => (viewport.chain = { ...viewport.standard, window: viewport.chain.window }), "0"),
  act("compare", "Standard image while held", (viewport) => (viewport.compared = true), "s"),
  act("enhance", "Show or hide the enhancements", (_, setting) => (setting.enhancing = !setting.enhancing), "c"),
  act("reset", "As at first", (viewport) => viewport.reset(), "Space"),
  act("window", "Drag changes the window", (_, setting) => (setting.tool = "window"), "w"),
  act("pan", "Drag moves the image", (_, setting) => (setting.tool = "pan"), "p"),
  act("presentation", "Next presentation state, then as it came", (viewport) => viewport.presenting.next(), "k"),
  act("marks", "Show or hide the findings", (_, setting) => (setting.marks = !setting.marks), "h"),
  act("rulers", "Show or hide the rulers", (_, setting) => (setting.rulers = !setting.rulers), "u"),
  act("overview", "Show or hide the map of a large image", (_, setting) => (setting.overview = !setting.overview), "o"),
  act("magnifier", "Magnifier while held", (_, setting) => (setting.magnified = true), "m"),
];

/** Through the planes of an image: the viewer says what they do. */
export const PLANES = [
  { id: "image.plane-before", label: "Plane before", keys: ["PageUp"], by: -1 },
  { id: "image.plane-after", label: "Plane after", keys: ["PageDown"], by: 1 },
];

/** The keys go to one viewer of a page: the one pointed at or focused last. */
class Active {
  #order = $state.raw<Viewport[]>([]);

  add(viewport: Viewport): void {
    this.#order = [viewport, ...this.#order];
  }

  take(viewport: Viewport): void {
    if (!this.is(viewport)) this.#order = [...this.#order.filter((one) => one !== viewport), viewport];
  }

  remove(viewport: Viewport): void {
    this.#order = this.#order.filter((one) => one !== viewport);
  }

  is = (viewport: Viewport) => this.#order.at(-1) === viewport;
}

export const active = new Active();

/** Offers the acts of a viewer to the keys until the returned function is called. */
export function offerActs(viewport: Viewport, setting: () => Setting, more: Command[]): () => void {
  const mine = ACTS.map(({ id, label, keys, run }): Command => ({
    id,
    label,
    group: "Image",
    keys,
    run: () => run(viewport, setting()),
    when: () => active.is(viewport),
  }));
  active.add(viewport);
  const stop = commands.offer([...mine, ...more.map((one) => ({ ...one, when: () => active.is(viewport) }))]);
  return () => {
    stop();
    active.remove(viewport);
  };
}
