/** One image in one frame: what is shown of it and how, where its points stand, and its values. */
import { words } from "../parts/client";
import { needs, under } from "./needs";
import type { PointerTool } from "./pointing";
import { Presenting } from "./presenting.svelte";
import { energiesOf, sourceOf, type Descriptor, type Plane, type Source } from "./source";
import { statisticsOf } from "./statistics";
import { STANDARD, type Chain, type ChainWindow, type Statistics } from "./steps/step";
import { store, wish } from "./store";
import { levelFor, overview, type Box } from "./tiles";
import { functionsOf, Usage, type Used } from "./usage";
import { finestReading, readingAt, regionOf, type Reading, type Region } from "./values";
import { fit, isOn, mirrored, pan, rotated, snapped, toFrame, toImage, within, zoomTo, type Point, type Size, type Spot, type View } from "./view";

export type { Reading, Region };

const START: View = { zoom: 1, row: 0, column: 0, rotation: 0, flipped: false };

export class Viewport {
  source = $state.raw<Source | null>(null);
  plane = $state(0);
  /** Whether the standard image is shown for a moment instead, to compare. */
  compared = $state(false);
  /** How an image is shown before anybody changes it: as it came, or as the industry's console shows it. */
  standard = $state.raw<Chain>(STANDARD);
  /** The image that a hanging protocol has dressed: nothing else decides how it is shown first. */
  dressed: Source | null = null;
  #chain = $state.raw<Chain>(STANDARD);
  /** How each image was shown last. */
  #chains = new Map<number, Chain>();
  /** The same in full, without the presentation state it was shown with. */
  #recorded = new Map<number, Chain>();
  readonly presenting = new Presenting(this);
  #usage = new Usage();
  /** Both energies of the image, which may be two images; null where it has not both. */
  energies = $state.raw<[low: Plane, high: Plane] | null>(null);
  /** Screen pixels per CSS pixel. */
  pixelRatio = $state(1);
  /** The image point under the pointer; null outside the image. */
  cursor = $state.raw<Spot | null>(null);
  /** The tool that the first button works with; null: the viewer's own. */
  pointer = $state.raw<PointerTool | null>(null);
  /** Whether a drag is going on in the frame. */
  dragged = $state(false);
  /** Whether the whole image is kept in the frame. */
  fitted = $state(true);
  /** Why the image, or a part of it, is not shown. */
  problem = $state("");
  /** Parts that the view still waits for. */
  pending = $state(0);
  /** Bytes of image parts that the page holds, decoded and on the graphics card. */
  bytes = $state(0);
  /** Goes up whenever parts came, so that whoever shows them draws again. */
  came = $state(0);
  #view = $state.raw<View>(START);
  #frame = $state.raw<Size>({ width: 0, height: 0 });
  #asked = 0;
  /** What was asked for last. */
  #wanted: [image_pk: number, plane: number] | null = null;
  #resting: Spot | null = null;

  /** How the image is shown; an image that comes back is shown as it was left. */
  get chain(): Chain {
    return this.#chain;
  }

  set chain(chain: Chain) {
    this.#chain = chain;
    if (this.source && !this.source.made) this.#chains.set(this.source.image_pk, chain);
    this.noteUse();
  }

  /** What is on the screen: the chain, or the standard image while it is compared. */
  get chainShown(): Chain {
    return this.compared ? this.standard : this.#chain;
  }

  /** Counts from now what is in use; nothing while the page is hidden. */
  noteUse(): void {
    const isLooked = !!this.source && document.visibilityState === "visible";
    const made = this.source?.made;
    const state = this.presenting.presented ? ["presentation state"] : [];
    this.#usage.turn(isLooked ? (made ? [made] : [...functionsOf(this.chainShown), ...state]) : [], performance.now());
    if (this.source && !made) this.#recorded.set(this.source.image_pk, this.presenting.plain(this.#chain));
  }

  /** For the record of a reading: how each image was shown last, and which function was in use how long. */
  record(): { chains: Record<number, Chain>; functions: Used[] } {
    return { chains: Object.fromEntries(this.#recorded), functions: this.#usage.all(performance.now()) };
  }

  get frame(): Size {
    return this.#frame;
  }

  /** A whole image stays whole when its frame changes. */
  set frame(frame: Size) {
    const { isLaid } = this.presenting;
    this.#frame = frame;
    if (isLaid) this.presenting.lay();
    else if (this.fitted) this.fit();
  }

  get view(): View {
    return this.#view;
  }

  set view(view: View) {
    this.fitted = false;
    this.#view = this.#settled(this.source ? within(view, this.source.descriptor) : view);
  }

  #settled = (view: View) => snapped(view, this.frame, this.pixelRatio);

  /** Shows an image; a page that asks for another meanwhile gets the other. */
  async load(image_pk: number, plane = 0): Promise<void> {
    if (this.source?.image_pk === image_pk && !this.source.made) {
      this.plane = plane;
      return;
    }
    const asked = ++this.#asked;
    this.#wanted = [image_pk, plane];
    try {
      const source = await sourceOf(image_pk);
      if (asked !== this.#asked) return;
      const energies = await energiesOf(source);
      if (asked !== this.#asked) return;
      const shownBefore = this.#chains.get(image_pk);
      this.standard = STANDARD;
      this.source = source;
      this.energies = energies;
      this.plane = Math.min(plane, source.descriptor.planes - 1);
      this.problem = "";
      this.reset();
      if (shownBefore) this.chain = shownBefore;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.source = null;
      this.problem = words(error);
    }
  }

  /** Puts another picture of the same place in place of this one: what is in view stays in view. */
  exchange(source: Source, plane: number, chain: Chain, energies: [low: Plane, high: Plane] | null = null): void {
    this.#asked++;
    this.source = source;
    this.energies = energies;
    this.plane = plane;
    this.problem = "";
    this.chain = chain;
  }

  /** As at first: the whole image, upright, with its own window and no enhancement; or as a presentation state has it. */
  reset(): void {
    if (!this.source?.made) this.chain = this.presenting.first(this.standard);
    this.#view = START;
    this.fit();
    this.presenting.lay();
  }

  /** Shows a part of the image that a presentation state asks for, wherever it lies. */
  lay(view: View): void {
    this.fitted = false;
    this.#view = this.#settled(view);
  }

  /** The image's description as it is drawn. */
  get look(): Descriptor | null {
    return this.presenting.look;
  }

  fit(): void {
    this.fitted = true;
    if (this.source && this.frame.width) this.#view = this.#settled(fit(this.source.descriptor, this.frame, this.#view));
  }

  /** One image pixel on one screen pixel, around a place of the frame. */
  oneToOne(at: Point = this.middle): void {
    if (this.source) this.view = zoomTo(this.#view, this.frame, at, 1 / this.pixelRatio, this.source.descriptor);
  }

  zoomBy(factor: number, at: Point = this.middle): void {
    if (this.source) this.view = zoomTo(this.#view, this.frame, at, this.#view.zoom * factor, this.source.descriptor);
  }

  panBy(by: Point): void {
    if (this.source) this.view = pan(this.#view, by, this.source.descriptor);
  }

  rotate(by: 90 | -90): void {
    this.#turn(rotated(this.#view, by));
  }

  flip(): void {
    this.#turn(mirrored(this.#view));
  }

  #turn(view: View): void {
    this.#view = this.#settled(view);
    if (this.fitted) this.fit();
  }

  get middle(): Point {
    return { x: this.frame.width / 2, y: this.frame.height / 2 };
  }

  /** Where the pointer is; the middle while it is elsewhere. */
  get at(): Point {
    return this.cursor ? this.toFrame(this.cursor.row, this.cursor.column) : this.middle;
  }

  /** Tries at once what could not be loaded. */
  again(): void {
    this.problem = "";
    if (this.source) store.again();
    else if (this.#wanted) void this.load(...this.#wanted);
    this.came++;
  }

  toFrame(row: number, column: number): Point {
    return toFrame(this.#view, this.frame, row, column);
  }

  toImage(point: Point): Spot {
    return toImage(this.#view, this.frame, point);
  }

  /** Whether a point is on the image. */
  isOn(spot: Spot): boolean {
    return !!this.source && isOn(this.source.descriptor, spot);
  }

  /** The window set by a person; null: the image's own window or VOI LUT. */
  get window(): ChainWindow | null {
    return this.chain.window;
  }

  set window(window: ChainWindow | null) {
    this.chain = { ...this.chain, window };
  }

  /** The window the image is shown with; where a VOI LUT is used, the one to start from instead. */
  get windowUsed(): ChainWindow | null {
    return this.chain.window ?? this.ownWindow;
  }

  get ownWindow(): ChainWindow | null {
    return this.look?.default_windows[this.plane] ?? null;
  }

  /** The level that the zoom asks for. */
  get level(): number {
    return this.source ? levelFor(this.source.descriptor, this.#view.zoom, this.pixelRatio) : 0;
  }

  /** The value of the pixel at a point, from level 0; null while it is not loaded, outside, or of an image in colour. */
  valueAt(row: number, column: number): number | null {
    const reading = this.source && readingAt({ source: this.source, plane: this.plane }, 0, row, column);
    return reading && reading.wire !== this.source?.descriptor.padding ? reading.value : null;
  }

  /** The value at a point from the finest level at hand. */
  reading(row: number, column: number): Reading | null {
    void this.came;
    return this.source && finestReading({ source: this.source, plane: this.plane }, row, column);
  }

  /** The modality values of a box of level 0; waits until they are loaded. Pixels without data are not-a-number. */
  async region(box: Box): Promise<Region> {
    if (!this.source) throw new Error("there is no image");
    return regionOf({ source: this.source, plane: this.plane }, box);
  }

  /** Tells the store what this view needs: the overview, what is in the frame, the pixel under a resting pointer. */
  wishAll(): void {
    const { source, plane, energies } = this;
    if (!source) {
      store.want(this, []);
      return;
    }
    try {
      const asked = { source, plane, energies, chain: this.chainShown, view: this.#view, frame: this.frame, level: this.level };
      const needed = needs(asked);
      const missing = needed.filter(({ name }) => !store.has(name));
      this.pending = missing.length;
      this.problem = store.problem(missing.map(({ name }) => name));
      store.want(this, [...needed, ...under({ source, plane }, this.#resting)]);
    } catch (error) {
      this.problem = words(error);
    }
  }

  /** What is known of the values of the plane, from its overview: what an enhancement is switched on with. */
  async statistics(): Promise<Statistics> {
    const { source, plane } = this;
    if (!source || source.descriptor.is_colour) throw new Error("there is no image in grey");
    const [pixels] = await store.all([wish(source, overview(source.descriptor, plane))]);
    if (!pixels) throw new Error("the image is not loaded");
    return statisticsOf(source.descriptor, pixels.data);
  }

  /** The pointer rests: the pixel under it is loaded, so that its own value can be told. */
  rest(spot: Spot | null): void {
    this.#resting = spot;
    this.came++;
  }

  /** Lets go of what was wished. */
  close(): void {
    this.source = null;
    this.dragged = false;
    this.noteUse();
    store.want(this, []);
  }
}
