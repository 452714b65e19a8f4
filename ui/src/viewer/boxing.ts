/** The tool that gives a place: a drag tells a box in whole pixels, on the image and at least one pixel large. */
import type { Place, PointerTool } from "./pointing";
import type { Viewport } from "./viewport.svelte";

type Given = (box: [row: number, column: number, height: number, width: number]) => void;

export function boxing(viewport: Viewport, given: Given): PointerTool {
  let from: Place | null = null;
  return {
    name: "box",
    down: (place) => (from = place),
    move: (place) => {
      const image = viewport.source?.descriptor;
      if (!from || !image) return;
      const [top, bottom] = ordered(from.row, place.row, image.rows);
      const [left, right] = ordered(from.column, place.column, image.columns);
      given([Math.min(top, image.rows - 1), Math.min(left, image.columns - 1), Math.max(1, bottom - top), Math.max(1, right - left)]);
    },
    up: () => (from = null),
    cancel: () => (from = null),
  };
}

function ordered(one: number, other: number, most: number): [number, number] {
  const clamped = [one, other].map((value) => Math.max(0, Math.min(most, Math.round(value))));
  return [Math.min(...clamped), Math.max(...clamped)];
}
