/** Which display this browser window stands on: said once, kept in this browser, and told with every decision. */

const KEPT = "kerma-display-here";

export const displayHere = (): number => Number(localStorage.getItem(KEPT) ?? 0);

export function sayDisplay(id: number): void {
  localStorage.setItem(KEPT, String(id));
}

/** What the browser says of the screen. */
export const screenNow = () => ({
  width_px: Math.round(screen.width * devicePixelRatio),
  height_px: Math.round(screen.height * devicePixelRatio),
  pixel_ratio: devicePixelRatio,
  colour_depth: screen.colorDepth,
});
