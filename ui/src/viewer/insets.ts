/** Where the small pictures inside a frame stand: the map of the whole image, and the magnifier. */
import type { Place } from "./scene";
import { mapOf, type Spot, type View } from "./view";
import type { Viewport } from "./viewport.svelte";

const LONGEST = 190;
const SHORTEST = 14;
const EDGE = 10;
const LENS = 240;
const CLOSER = 4;
/** A magnifier never shows less than this many CSS pixels for an image pixel. */
const LEAST_ZOOM = 2;

export interface Inset {
  place: Place;
  view: View;
}

/** The lower right corner. */
export function mapPlaceOf({ source, view, frame }: Viewport): Inset {
  const map = mapOf(source?.descriptor ?? { rows: 1, columns: 1 }, view, LONGEST, SHORTEST);
  const { width, height } = map.frame;
  return { view: map.view, place: { x: frame.width - width - EDGE, y: frame.height - height - EDGE, width, height } };
}

/** Around the point, moved into the frame where it would leave it; the point stays where it is. */
export function magnifierOf(viewport: Viewport, spot: Spot): Inset {
  const { view, frame } = viewport;
  const at = viewport.toFrame(spot.row, spot.column);
  const side = Math.min(LENS, frame.width, frame.height);
  const within = (value: number, most: number) => Math.min(most - side, Math.max(0, value - side / 2));
  const place = { x: within(at.x, frame.width), y: within(at.y, frame.height), width: side, height: side };
  return { place, view: { ...view, ...spot, zoom: Math.max(LEAST_ZOOM, view.zoom * CLOSER) } };
}
