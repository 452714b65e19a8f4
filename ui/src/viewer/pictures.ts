/** Rendered pictures from the server, the last few kept, so that going back shows at once. */

export interface Window {
  center: number;
  width: number;
}

export interface Wanted {
  image_pk: number;
  plane: number;
  window: Window | null;
  invert: boolean;
}

export interface Drawn {
  bitmap: ImageBitmap;
  /** The window the server used; null where the picture has none (colour). */
  window: Window | null;
}

const KEPT = 24;
const kept = new Map<string, Promise<Drawn>>();

/** The address of one rendered picture. */
export function address(wanted: Wanted, longest = 0): string {
  const asked = new URLSearchParams();
  if (wanted.plane) asked.set("plane", String(wanted.plane));
  if (wanted.window) {
    asked.set("center", String(wanted.window.center));
    asked.set("width", String(wanted.window.width));
  }
  if (wanted.invert) asked.set("invert", "true");
  if (longest) asked.set("longest", String(longest));
  return `/api/v1/images/${wanted.image_pk}/rendered.png${asked.size ? `?${asked}` : ""}`;
}

async function fetched(url: string): Promise<Drawn> {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Error(told.detail ?? `the picture could not be made (${answer.status})`);
  }
  const [center, width] = ["Kerma-Window-Center", "Kerma-Window-Width"].map((name) => answer.headers.get(name));
  return {
    bitmap: await createImageBitmap(await answer.blob()),
    window: center && width ? { center: Number(center), width: Number(width) } : null,
  };
}

/** A picture as a bitmap, from memory when it was shown lately. */
export function picture(wanted: Wanted): Promise<Drawn> {
  const url = address(wanted);
  const known = kept.get(url);
  const found = known ?? fetched(url);
  kept.delete(url);
  kept.set(url, found);
  found.catch(() => kept.delete(url));
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
  return found;
}
