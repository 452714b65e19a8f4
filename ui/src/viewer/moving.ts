/** What a drag on the image does when no measuring tool is chosen: it changes the window, moves the image, or zooms. */
import type { Place, PointerTool } from "./pointing";
import type { ChainWindow } from "./steps/step";
import type { Viewport } from "./viewport.svelte";

/** Share of the image's own width that one CSS pixel of a drag is worth. */
const DRAG_STEP = 1 / 400;
const LEAST_SHARE = 1 / 2000;
const ZOOM_STEP = 1 / 200;

/** Across: the width; down: the level. */
export function windowing(viewport: Viewport): PointerTool {
  let from: { place: Place; window: ChainWindow } | null = null;
  return {
    name: "window",
    down: (place) => {
      const window = viewport.windowUsed;
      from = window && !viewport.source?.descriptor.is_colour ? { place, window } : null;
    },
    move: (place) => {
      if (from) viewport.window = widened(viewport, from.window, place.x - from.place.x, place.y - from.place.y);
    },
    up: () => (from = null),
    cancel: () => (from = null),
  };
}

/** A window changed by steps of width and level, its numbers as exact as its range deserves. */
export function widened(viewport: Viewport, window: ChainWindow, wider: number, higher: number): ChainWindow {
  const whole = Math.max(viewport.ownWindow?.width ?? window.width, Number.MIN_VALUE);
  const step = 10 ** Math.floor(Math.log10(whole / 500));
  const tidy = (value: number) => Number((Math.round(value / step) * step).toPrecision(12));
  return {
    center: tidy(window.center + higher * whole * DRAG_STEP),
    width: Math.max(Number((whole * LEAST_SHARE).toPrecision(3)), tidy(window.width + wider * whole * DRAG_STEP)),
    function: window.function,
  };
}

export function panning(viewport: Viewport): PointerTool {
  let last: Place | null = null;
  return {
    name: "pan",
    cursor: "grab",
    down: (place) => (last = place),
    move: (place) => {
      if (last) viewport.panBy({ x: place.x - last.x, y: place.y - last.y });
      last = place;
    },
    up: () => (last = null),
    cancel: () => (last = null),
  };
}

/** Up: closer; around where the drag began. */
export function zooming(viewport: Viewport): PointerTool {
  let from: Place | null = null;
  let last = 0;
  return {
    name: "zoom",
    cursor: "zoom-in",
    down: (place) => {
      from = place;
      last = place.y;
    },
    move: (place) => {
      if (from) viewport.zoomBy(Math.exp((last - place.y) * ZOOM_STEP), from);
      last = place.y;
    },
    up: () => (from = null),
    cancel: () => (from = null),
  };
}
