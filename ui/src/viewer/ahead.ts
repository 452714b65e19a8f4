/** Loads images before they are asked for: what they are, and the tiles that a frame first shows of them. */
import { sourceOf } from "./source";
import { store, wish } from "./store";
import { coarsest, levelFor, overview, tilesShown } from "./tiles";
import { fit, type Size } from "./view";

const MOST = 8;
/** Of a stack only the first planes are loaded ahead. */
const PLANES = 3;
const UPRIGHT = { rotation: 0, flipped: false } as const;

export async function prefetch(image_pk: number, frame: Size, pixelRatio: number): Promise<void> {
  const source = await sourceOf(image_pk);
  const image = source.descriptor;
  const view = fit(image, frame, UPRIGHT);
  const level = levelFor(image, view.zoom, pixelRatio);
  for (let plane = 0; plane < Math.min(image.planes, PLANES); plane++) {
    const shown = level === coarsest(image) ? [] : tilesShown(image, plane, level, view, frame);
    await store.all([overview(image, plane), ...shown].map((tile) => wish(source, tile)), true);
  }
}

/** Loads one image after the other until the returned function is called. One that cannot be had is left out. */
export function loadAhead(image_pks: number[], frame: Size, pixelRatio: number): () => void {
  let isOver = false;
  void (async () => {
    for (const image_pk of image_pks.slice(0, MOST)) {
      if (isOver) return;
      await prefetch(image_pk, frame, pixelRatio).catch(() => {});
    }
  })();
  return () => (isOver = true);
}
