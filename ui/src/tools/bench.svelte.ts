/** The tools of one page at work: which one is taken, what it draws, and what it still has to be told. */
import { commands, type Command } from "../parts/commands.svelte";
import { active } from "../viewer/acts.svelte";
import type { Viewport } from "../viewer/viewport.svelte";
import { Drawing, type Drawn } from "./drawing.svelte";
import type { Dot } from "./geometry";
import type { Marking } from "./marking.svelte";
import { toolsOf, type Tool } from "./registry";
import { onScreen } from "./shapes";

export interface Asking {
  viewport: Viewport;
  at: Dot;
  label: string;
  unit: string;
  /** Takes what was written; says in words what is wrong with it. */
  give(text: string): string;
  drop(): void;
}

/** Farther than any image is wide. */
const EDGE_PX = 1e6;
const UNNUMBERED = "Give a number above 0.";

export class Bench {
  drawing = $state.raw<Drawing | null>(null);
  asking = $state.raw<Asking | null>(null);
  /** Draws something that is no mark: a finding's outline. */
  /** The viewport that keys draw on. */
  viewport = $state.raw<Viewport | null>(null);
  private stop = () => {};
  private taken: ((drawn: Drawn) => void) | null = null;

  constructor(readonly marking: Marking, readonly industry: () => string) {}

  get tools(): Tool[] {
    return toolsOf(this.industry());
  }

  /** Takes a tool up, or lays it down when it is at work already. */
  take(tool: Tool, viewport: Viewport, byKeys: boolean, into: ((drawn: Drawn) => void) | null = null): void {
    const same = this.drawing?.tool === tool && !into;
    this.lay();
    if (same || !viewport.source || (!this.marking.mayDraw && !into)) return;
    this.taken = into;
    const brushed = () => (into ? [] : (this.marking.marks.find((one) => one.id === this.marking.chosen)?.runs ?? []));
    const drawing = new Drawing(tool, viewport, (drawn) => this.done(tool, viewport, drawn), () => this.lay(), brushed);
    if (byKeys) drawing.startByKeys();
    this.drawing = drawing;
    viewport.pointer = drawing;
    // offered last, so that its keys go before all others
    this.stop = commands.offer(this.whileDrawing(drawing));
  }

  lay(): void {
    const { drawing } = this;
    if (drawing && drawing.viewport.pointer === drawing) drawing.viewport.pointer = null;
    drawing?.end();
    this.stop();
    this.stop = () => {};
    this.drawing = null;
    this.taken = null;
  }

  private done(tool: Tool, viewport: Viewport, drawn: Drawn): void {
    const { marking, taken } = this;
    if (taken) {
      this.lay();
      taken(drawn);
      return;
    }
    if (tool.shape === "brush") {
      const chosen = marking.marks.find((one) => one.id === marking.chosen);
      if (chosen?.shape === "brush") marking.change(chosen.id, { runs: drawn.runs }, "stroke of");
      else marking.add({ shape: "brush", points: [], runs: drawn.runs, text: "", measurement: "", options: {} });
      return;
    }
    this.lay();
    if (tool.makes !== "mark") this.ask(viewport, drawn.points.at(-1)!, tool.makes === "length" ? "Known length" : "Known thickness", "mm", (text) => this.calibrated(tool, drawn, text));
    else if (tool.shape === "text" || tool.shape === "arrow") this.ask(viewport, drawn.points.at(-1)!, tool.shape === "text" ? "Text" : "What it points at", "", (text) => this.written(tool, drawn, text));
    else marking.add({ shape: tool.shape, points: drawn.points, runs: [], text: "", measurement: tool.measurement ?? "", options: {} });
  }

  private ask(viewport: Viewport, at: Dot, label: string, unit: string, give: (text: string) => string): void {
    const drop = () => (this.asking = null);
    this.asking = {
      viewport,
      at,
      label,
      unit,
      drop,
      give: (text) => {
        const problem = give(text);
        if (!problem) drop();
        return problem;
      },
    };
  }

  private calibrated(tool: Tool, drawn: Drawn, text: string): string {
    const known_mm = Number(text.replace(",", "."));
    if (!text || !Number.isFinite(known_mm) || known_mm <= 0) return UNNUMBERED;
    if (tool.makes !== "mark") this.marking.calibrate(tool.makes, drawn.points, known_mm);
    return "";
  }

  private written(tool: Tool, drawn: Drawn, text: string): string {
    if (!text && tool.shape === "text") return "Write something, or cancel.";
    this.marking.add({ shape: tool.shape, points: drawn.points, runs: [], text, measurement: "", options: {} });
    return "";
  }

  /** Offers every tool and undo until the returned function is called. */
  offer(viewport: Viewport): () => void {
    this.viewport = viewport;
    const here = () => active.is(viewport);
    const tools = this.tools.map((tool): Command => ({
      id: `tools.${tool.name}`,
      label: tool.label,
      group: "Tools",
      keys: [`t ${tool.key.toLowerCase()}`],
      run: () => this.take(tool, viewport, true),
      when: () => here() && this.marking.mayDraw,
    }));
    const marking = this.marking;
    return commands.offer([
      ...tools,
      { id: "tools.hide", label: "Show or hide the marks", group: "Tools", keys: ["t o"], run: () => (marking.hidden = !marking.hidden), when: here },
      { id: "tools.undo", label: "Undo", group: "Tools", keys: ["Ctrl+Z"], run: () => marking.undo(), when: here },
      { id: "tools.redo", label: "Redo", group: "Tools", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], run: () => marking.redo(), when: here },
      { id: "tools.delete", label: "Delete the chosen mark", group: "Tools", keys: ["Delete"], run: () => marking.drop(marking.chosen), when: () => here() && !!marking.chosen },
    ]);
  }

  private whileDrawing(drawing: Drawing): Command[] {
    const can = (id: string, label: string, keys: string[], run: () => void): Command => ({ id: `drawing.${id}`, label, group: "While drawing", keys, mode: true, run });
    const arrow = (name: string, across: number, down: number) =>
      [1, 10].map((px) => can(`${name}-${px}`, `${name} ${px} px`, [px === 1 ? `Arrow${name}` : `Shift+Arrow${name}`], () => drawing.nudge(onScreen(drawing.viewport.view, across * px, down * px))));
    const edge = (name: string, key: string, across: number, down: number) => can(`edge-${name}`, `To the ${name} edge of the image`, [key], () => drawing.nudge(onScreen(drawing.viewport.view, across * EDGE_PX, down * EDGE_PX)));
    return [
      can("set", "Set the point; twice on one place: finish", ["Enter"], () => drawing.enter()),
      can("back", "Take the last point back", ["Backspace"], () => drawing.back()),
      can("leave", "Lay the tool down", ["Escape"], () => drawing.escape()),
      can("larger", "Larger brush", ["+"], () => drawing.resize(1)),
      can("smaller", "Smaller brush", ["-"], () => drawing.resize(-1)),
      ...arrow("Up", 0, -1),
      ...arrow("Down", 0, 1),
      ...arrow("Left", -1, 0),
      ...arrow("Right", 1, 0),
      edge("left", "Home", -1, 0),
      edge("right", "End", 1, 0),
      edge("upper", "PageUp", 0, -1),
      edge("lower", "PageDown", 0, 1),
    ];
  }
}
