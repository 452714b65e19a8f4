/** How the reading room looks to this person now: large decision keys, or nothing but the image. */
import { preferences } from "../parts/preferences.svelte";

class Screening {
  get on(): boolean {
    return preferences.get<{ screening?: boolean }>("tools", {}).screening ?? false;
  }

  turn(): void {
    void preferences.set("tools", { ...preferences.get<object>("tools", {}), screening: !this.on });
  }
}

class Quiet {
  on = $state(false);

  turn(): void {
    this.on = !this.on;
    document.documentElement.dataset.quiet = String(this.on);
  }
}

export const screening = new Screening();
export const quiet = new Quiet();
