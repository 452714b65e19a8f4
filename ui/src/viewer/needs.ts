/** Which tiles a view needs, the most wanted first. */
import { planesOf, type Scene } from "./scene";
import type { Plane } from "./source";
import { haloOf } from "./stages";
import { wish, type Wish } from "./store";
import { coarsest, overview, tilesIn, tilesShown } from "./tiles";
import { isOn, type Size, type Spot } from "./view";

interface Asked extends Pick<Scene, "source" | "plane" | "chain" | "energies" | "view"> {
  frame: Size;
  level: number;
}

/** The overview, then what the frame shows of the level, and around it what the steps of the chain look at. */
export function needs(asked: Asked): Wish[] {
  const { source, chain, view, frame, level } = asked;
  const planes = planesOf(asked);
  const whole = planes.map((one) => wish(one.source, overview(one.source.descriptor, one.plane)));
  if (!frame.width || level === coarsest(source.descriptor)) return whole;
  const around_px = chain.steps.length ? haloOf(chain.steps, level) * 2 ** level * view.zoom : 0;
  const wider = { width: frame.width + 2 * around_px, height: frame.height + 2 * around_px };
  const shown = planes.map((one) => tilesShown(one.source.descriptor, one.plane, level, view, wider).map((tile) => wish(one.source, tile)));
  return [...whole, ...shown.flat()];
}

/** The tile of level 0 under a resting pointer, so that the pixel's own value can be told. */
export function under({ source, plane }: Plane, spot: Spot | null): Wish[] {
  if (!spot || !isOn(source.descriptor, spot) || source.descriptor.is_colour) return [];
  const [top, left] = [Math.floor(spot.row), Math.floor(spot.column)];
  return tilesIn(source.descriptor, plane, 0, { top, left, bottom: top + 1, right: left + 1 }).map((tile) => wish(source, tile));
}
