/** With which presentation state a viewport shows its image: chosen by a person, shown as it is, never edited. */
import { isLooked, lookOf, plainChain, presentedOn, viewOf, type Presentation, type Presented } from "./presentation";
import type { Descriptor } from "./source";
import { STANDARD, type Chain } from "./steps/step";
import type { View } from "./view";
import type { Viewport } from "./viewport.svelte";

export class Presenting {
  /** Those of the exam. */
  all = $state.raw<Presentation[]>([]);
  #chosen = $state.raw<Presentation | null>(null);
  /** The view as the state had it laid. */
  #laid: View | null = null;

  constructor(private readonly viewport: Viewport) {}

  /** Those that can be applied to what is in view. */
  get offered(): Presentation[] {
    return this.all.filter((one) => !one.problem && this.#on(one));
  }

  /** The one that is shown; null where none is chosen, or the chosen one is not for what is in view. */
  get shown(): Presentation | null {
    return this.#chosen && this.#on(this.#chosen) ? this.#chosen : null;
  }

  /** What it says of what is in view. */
  get presented(): Presented | null {
    return this.#chosen && this.#on(this.#chosen);
  }

  #on(one: Presentation): Presented | null {
    const { source, plane } = this.viewport;
    return source && !source.made && !source.descriptor.is_colour ? presentedOn(one, source.image_pk, plane) : null;
  }

  /** The image's description as it is drawn: with the state's grey scale, or as it came. */
  get look(): Descriptor | null {
    const { source, plane, chainShown, compared } = this.viewport;
    const { presented } = this;
    if (!source || !presented || compared) return source?.descriptor ?? null;
    const look = lookOf(source.descriptor, presented, plane);
    return isLooked(chainShown, source.descriptor, look) ? look : source.descriptor;
  }

  /** Whether the image has the state's grey scale now. */
  get isLooked(): boolean {
    return !!this.presented && this.look !== this.viewport.source?.descriptor;
  }

  /** A chain as it would have to be without the state. */
  plain(chain: Chain): Chain {
    const { source, plane } = this.viewport;
    const { presented } = this;
    return source && presented ? plainChain(chain, source.descriptor, lookOf(source.descriptor, presented, plane), plane) : chain;
  }

  /** Shows the image so; null: as it came. */
  choose(presentation: Presentation | null): void {
    this.#chosen = presentation;
    this.viewport.reset();
  }

  next(): void {
    const { offered, shown } = this;
    const index = offered.findIndex(({ state_pk }) => state_pk === shown?.state_pk);
    if (offered.length) this.choose(offered[index + 1] ?? null);
  }

  /** Turns the image and shows the part of it as the state says. */
  lay(): void {
    const { viewport, presented } = this;
    const { source, plane, frame, pixelRatio } = viewport;
    if (!source || !presented || !frame.width) return;
    viewport.lay(viewOf(presented, source.descriptor, plane, frame, pixelRatio));
    this.#laid = viewport.view;
  }

  /** Whether the view is still as the state had it. */
  get isLaid(): boolean {
    return !!this.#laid && this.#laid === this.viewport.view;
  }

  /** What an image begins with: a state is seen without enhancements. */
  first(standard: Chain): Chain {
    return this.presented ? STANDARD : standard;
  }
}
