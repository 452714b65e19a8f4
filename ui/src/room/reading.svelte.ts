/** The record of how an exam was read: when it was opened, how each image was shown last, which function was used how
 * long, and on which display. It goes with the decision. */
import { get, type Schemas } from "../parts/client";
import { session } from "../parts/session.svelte";
import { displayHere } from "../areas/equipment/screen";
import type { Viewport } from "../viewer/viewport.svelte";

type Told = Schemas["ReadingTold"];

class Reading {
  openedAt = $state("");
  /** What a reader is told of the display this window stands on. */
  displayWarning = $state("");
  private viewports = new Set<Viewport>();
  private digests = new Map<number, string>();
  private check: number | null = null;

  /** Begins with an exam; returns what ends it. */
  begin(images: { id: number; sha256: string }[]): () => void {
    this.openedAt = new Date().toISOString();
    this.digests = new Map(images.map((one) => [one.id, one.sha256]));
    void this.display();
    return () => {
      this.openedAt = "";
      this.viewports.clear();
    };
  }

  /** Counts a viewport until the returned function is called. */
  watch(viewport: Viewport): () => void {
    this.viewports.add(viewport);
    return () => this.viewports.delete(viewport);
  }

  /** The record as it stands now; none while no exam is open. */
  told(): Told | null {
    if (!this.openedAt) return null;
    const seconds = new Map<string, number>();
    const chains: Record<string, Record<string, unknown> | null> = {};
    for (const viewport of this.viewports) {
      const { chains: shown, functions } = viewport.record();
      for (const [image_pk, chain] of Object.entries(shown)) {
        const sha256 = this.digests.get(Number(image_pk));
        if (sha256) chains[sha256] = chain as unknown as Record<string, unknown>;
      }
      for (const one of functions) {
        const name = one.name.replace(/[^a-z0-9 _./-]/g, " ");
        seconds.set(name, (seconds.get(name) ?? 0) + one.seconds);
      }
    }
    const functions = [...seconds].map(([name, used]) => ({ name, seconds: Math.round(used * 10) / 10 }));
    return { opened_at: this.openedAt, chains, functions, display_check: this.check };
  }

  /** Looks whether the display of this window is in order. */
  private async display(): Promise<void> {
    this.displayWarning = "";
    this.check = null;
    if (!session.may("equipment.view")) return;
    try {
      const { displays } = await get<Schemas["Displays"]>("/api/v1/displays");
      if (!displays.length) return; // a site that names no displays is not asked for them
      const here = displays.find((one) => one.id === displayHere());
      if (!here) {
        this.displayWarning = "Nobody has said which display this is.";
        return;
      }
      this.displayWarning = here.warning;
      const [newest] = await get<Schemas["Check"][]>(`/api/v1/displays/${here.id}/checks`);
      this.check = newest?.id ?? null;
    } catch {
      // without an answer nothing is claimed of the display
    }
  }
}

export const reading = new Reading();
