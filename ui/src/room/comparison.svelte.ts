/** Comparing with a prior in one viewport: the prior laid on the image, and the difference of both. */
import { words } from "../parts/client";
import { preferences } from "../parts/preferences.svelte";
import { store, wish } from "../viewer/store";
import { coarsest, overview, tilesShown } from "../viewer/tiles";
import { sourceOf, type Plane, type Source } from "../viewer/source";
import type { Chain } from "../viewer/steps/step";
import { DIFFERENCE_CHAIN, differenceOf, laidChain, laidOf, registrationOf, type Registration } from "./comparing";
import { isSame, type Picture } from "./pictures";
import type { Cell, Room } from "./room.svelte";

const FLICK_MS = 500;

interface Compared {
  cell: Cell;
  prior: Picture;
  /** What the viewport showed before. */
  source: Source;
  plane: number;
  chain: Chain;
  energies: [low: Plane, high: Plane] | null;
  laid: Source;
  found: Registration;
  /** The size of the prior: beyond it nothing is known. */
  size: { rows: number; columns: number };
}

const pair = (one: Picture, other: Picture) => `${one.image_pk}.${one.plane}-${other.image_pk}.${other.plane}`;

export const lessMotion = () => preferences.display.motion === "none" || matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Comparison {
  now = $state.raw<Compared | null>(null);
  /** What the viewport that compares shows. */
  mode = $state<"image" | "laid" | "difference">("image");
  flickers = $state(false);
  busy = $state(false);
  problem = $state("");
  #registrations = $state.raw<Record<string, Registration | string>>({});
  #timer = 0;

  constructor(readonly room: Room) {}

  /** How two pictures lie on each other, as far as it is known. */
  registered = (one: Picture, other: Picture): Registration | null => {
    const known = this.#registrations[pair(one, other)];
    return typeof known === "object" ? known : null;
  };

  /** Why two pictures cannot be laid on each other. */
  refusal = (one: Picture, other: Picture): string => {
    const known = this.#registrations[pair(one, other)];
    return typeof known === "string" ? known : "";
  };

  /** Finds out how two pictures lie on each other; null where they are not alike. */
  async register(one: Picture, other: Picture): Promise<Registration | null> {
    const name = pair(one, other);
    const known = this.#registrations[name];
    if (known !== undefined) return typeof known === "object" ? known : null;
    try {
      const found = await registrationOf(one, other);
      this.#registrations = { ...this.#registrations, [name]: found };
      return found;
    } catch (error) {
      this.#registrations = { ...this.#registrations, [name]: words(error) };
      return null;
    }
  }

  isIn = (cell: Cell) => this.now?.cell === cell;

  /** Lays the prior on the image in a viewport, or shows the difference; a second time: the image again. */
  async show(mode: "laid" | "difference", cell: Cell, prior: Picture | null): Promise<void> {
    if (this.isIn(cell) && this.mode === mode && !this.flickers && isSame(prior, this.now!.prior)) return this.end(cell);
    if (!(await this.begin(cell, prior))) return;
    this.stop();
    await this.#put(mode);
  }

  /** Changes between image and prior by itself, until it is called again. */
  async flicker(cell: Cell, prior: Picture | null): Promise<void> {
    if (this.flickers && this.isIn(cell)) return this.end(cell);
    if (lessMotion()) {
      this.problem = "It does not flicker by itself while movement is reduced: hold Z to change between both.";
      return;
    }
    if (!(await this.begin(cell, prior))) return;
    this.flickers = true;
    const turn = () => void this.#put(this.mode === "laid" ? "image" : "laid");
    turn();
    this.#timer = window.setInterval(turn, FLICK_MS);
  }

  /** Shows the prior while a key is held. */
  async hold(cell: Cell, prior: Picture | null): Promise<void> {
    if (this.mode === "laid" || !(await this.begin(cell, prior))) return;
    this.stop();
    await this.#put("laid");
  }

  released(): void {
    if (this.now && !this.flickers && this.mode === "laid") void this.#put("image");
  }

  private stop(): void {
    clearInterval(this.#timer);
    this.flickers = false;
  }

  /** The image alone again. */
  end(cell: Cell): void {
    if (!this.isIn(cell)) return;
    this.stop();
    void this.#put("image");
    this.now = null;
    this.problem = "";
  }

  private async begin(cell: Cell, prior: Picture | null): Promise<boolean> {
    const { viewport, shown } = cell;
    if (this.isIn(cell) && isSame(prior, this.now!.prior)) return true;
    if (this.now) this.end(this.now.cell);
    this.problem = "";
    if (!shown || shown.of !== "exam" || !viewport.source) this.problem = "Choose an image of this exam: it is compared with its prior.";
    else if (!prior) this.problem = "There is no other exam of this subject to compare with.";
    else if (viewport.source.descriptor.is_colour) this.problem = "Pictures in colour are compared side by side.";
    if (this.problem || !shown || !prior || !viewport.source) return false;
    this.busy = true;
    try {
      const { source, plane, chain, energies } = viewport;
      const found = await this.register(shown, prior);
      if (!found) throw new Error(this.refusal(shown, prior));
      const laid = await laidOf({ image_pk: source.image_pk, plane }, prior);
      const { rows, columns } = (await sourceOf(prior.image_pk)).descriptor;
      if (viewport.source !== source || cell.shown !== shown) return false;
      this.now = { cell, prior, source, plane, chain, energies, laid, found, size: { rows, columns } };
      this.mode = "image";
      await this.#fetch(laid);
      return true;
    } catch (error) {
      this.problem = words(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** So that the first change is at once. */
  async #fetch(laid: Source): Promise<void> {
    const { viewport } = this.now!.cell;
    const { descriptor } = laid;
    const level = Math.min(viewport.level, coarsest(descriptor));
    const tiles = level === coarsest(descriptor) ? [] : tilesShown(descriptor, 0, level, viewport.view, viewport.frame);
    await store.all([overview(descriptor, 0), ...tiles].map((tile) => wish(laid, tile)));
  }

  async #put(mode: "image" | "laid" | "difference"): Promise<void> {
    const { now } = this;
    if (!now) return;
    const { viewport } = now.cell;
    if (this.mode === "image") this.now = { ...now, chain: viewport.chain };
    const chain = this.mode === "image" ? viewport.chain : now.chain;
    this.mode = mode;
    if (mode === "image") {
      viewport.exchange(now.source, now.plane, chain, now.energies);
      return;
    }
    const own = now.source.descriptor.default_windows[now.plane] ?? null;
    if (mode === "laid") {
      viewport.exchange(now.laid, 0, laidChain(chain, own, now.source.descriptor.voi_luts.length > 0));
      return;
    }
    this.busy = true;
    try {
      const difference = await differenceOf(now.source, now.plane, now.laid);
      if (this.mode === "difference" && this.isIn(now.cell)) viewport.exchange(difference, 0, DIFFERENCE_CHAIN);
    } catch (error) {
      this.problem = words(error);
      this.mode = "image";
    } finally {
      this.busy = false;
    }
  }
}
