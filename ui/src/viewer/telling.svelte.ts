/**
 * What words and numbers beside an image say of it while it is dragged: a few times a second, for nobody reads faster, and
 * every letter that changes far from the image makes the browser put the whole window together anew with each frame.
 */
import { untrack } from "svelte";
import type { Viewport } from "./viewport.svelte";

const TOLD_MS = 500;

/** The same as `read`, at once; only during a drag no oftener than people read. For use while a component is made. */
export function slowly<T>(viewport: Viewport, read: () => T): () => T {
  let told = $state.raw<T>(untrack(read));
  $effect.pre(() => {
    if (!viewport.dragged) return;
    told = untrack(read);
    const timer = setInterval(() => (told = read()), TOLD_MS);
    return () => clearInterval(timer);
  });
  return () => (viewport.dragged ? told : read());
}
