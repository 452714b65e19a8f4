/** What can be done with a volume, by keys and by the toolbar's buttons: one row each. */
import type { Command } from "../parts/commands.svelte";
import type { PaneName, Reading, Shown } from "./reading.svelte";

export interface Hands {
  readonly reading: Reading;
  zoom: (factor: number) => void;
  turning: () => void;
  focus: (name: Shown) => void;
  cine: () => void;
  faster: (by: number) => void;
  close: () => void;
}

const ORBIT_PX = 12;
const STEPS_MAX = 5000;

export function commandsOf(hands: Hands): Command[] {
  const { reading } = hands;
  const plane = (): PaneName => (reading.active === "render" ? "first" : reading.active);
  const moved = (right: number, down: number) => () => {
    if (reading.active !== "render") return reading.nudge(reading.active, right, down);
    hands.turning();
    reading.orbit(right * ORBIT_PX, down * ORBIT_PX);
  };
  const tool = (name: Reading["tool"]) => () => {
    reading.drawing = [];
    reading.tool = reading.tool === name ? "cross" : name;
  };
  const show = (name: Shown) => () => {
    if (reading.active === name) reading.alone = reading.alone ? null : name;
    else if (reading.alone) reading.alone = name;
    reading.active = name;
    hands.focus(name);
  };
  const threshold = (by: number) => () => {
    const { low, high } = reading.range;
    reading.kind = "surface";
    reading.threshold = Math.max(low, Math.min(high, reading.threshold + (by * (high - low)) / 50));
  };
  const toEnd = (side: 1 | -1) => () => {
    for (let step = 0; step < STEPS_MAX; step++) {
      const before = reading.cross;
      reading.scroll(plane(), side);
      if (before.every((one, axis) => Math.abs(one - (reading.cross[axis] as number)) < 1e-6)) return;
    }
  };
  const escape = () => {
    if (reading.drawing.length) reading.drawing = [];
    else if (reading.alone) reading.alone = null;
    else hands.close();
  };
  const align = () => reading.align(reading.alignment === "patient" || !reading.isMedical ? "slices" : "patient");
  const row = (id: string, label: string, run: () => void, ...keys: string[]): Command => ({ id: `planes.${id}`, label, group: "Planes of a volume", keys, mode: true, run });
  return [
    row("cross", "Drag moves the cross", tool("cross"), "x"),
    row("window", "Drag changes the window", tool("window"), "w"),
    row("pan", "Drag moves the picture", tool("pan"), "p"),
    row("length", "Measure a length", tool("length"), "l"),
    row("angle", "Measure an angle", tool("angle"), "y"),
    row("ellipse", "Measure a region", tool("ellipse"), "e"),
    row("take", "Take the cross as a point of the measurement", () => reading.point(reading.cross, plane()), "Enter"),
    row("undo", "Take back the last point or measurement", () => reading.undo(), "Backspace"),
    row("before", "Slice before", () => reading.scroll(plane(), -1), "PageUp"),
    row("after", "Slice after", () => reading.scroll(plane(), 1), "PageDown"),
    row("first-slice", "First slice", toEnd(-1), "Home"),
    row("last-slice", "Last slice", toEnd(1), "End"),
    row("up", "Cross up, or turn the volume", moved(0, -1), "ArrowUp"),
    row("down", "Cross down, or turn the volume", moved(0, 1), "ArrowDown"),
    row("left", "Cross left, or turn the volume", moved(-1, 0), "ArrowLeft"),
    row("right", "Cross right, or turn the volume", moved(1, 0), "ArrowRight"),
    row("first", "First plane; twice: alone", show("first"), "1"),
    row("second", "Second plane; twice: alone", show("second"), "2"),
    row("third", "Third plane; twice: alone", show("third"), "3"),
    row("render", "Volume from outside; twice: alone", show("render"), "4"),
    row("all", "All four views", () => (reading.alone = null), "0"),
    row("thicker", "Thicker slab", () => reading.thicker(1), "s"),
    row("thinner", "Thinner slab", () => reading.thicker(-1), "S"),
    row("mode", "Slab shows highest, mean or lowest", reading.nextMode, "m"),
    row("align", "Along the patient or as taken", align, "a"),
    row("turn", "Turn the other planes clockwise", () => reading.turn(plane(), 1), "]"),
    row("turnback", "Turn the other planes anticlockwise", () => reading.turn(plane(), -1), "["),
    row("turn5", "Turn the other planes clockwise by 5°", () => reading.turn(plane(), 5), "}"),
    row("turnback5", "Turn the other planes anticlockwise by 5°", () => reading.turn(plane(), -5), "{"),
    row("invert", "Invert", () => (reading.isInverse = !reading.isInverse), "i"),
    row("kind", "Volume, highest value or threshold", reading.nextKind, "r"),
    row("look", "Next look of the volume", reading.nextLook, "o"),
    row("higher", "Threshold higher", threshold(1), "k"),
    row("lower", "Threshold lower", threshold(-1), "K"),
    row("cine", "Run through the slices, or stop", hands.cine, "c"),
    row("faster", "Run faster", () => hands.faster(2), ">"),
    row("slower", "Run slower", () => hands.faster(-2), "<"),
    row("closer", "Zoom in", () => hands.zoom(1.25), "+"),
    row("farther", "Zoom out", () => hands.zoom(0.8), "-"),
    row("fit", "Fit", () => (reading.fitted = true), "f"),
    row("reset", "As at first", () => reading.reset(), "Space"),
    row("close", "Back to the images", hands.close, "V"),
    row("escape", "One level back", escape, "Escape"),
  ];
}
