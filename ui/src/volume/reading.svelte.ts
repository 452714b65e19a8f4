/** What a person looks at in a volume: place, directions, slab, window, rendering, measurements. */
import { Engine, KINDS, type Kind, type Rendering, type Window } from "./engine";
import { PATIENT, add, cross, dot, norm, sub, times, turned, unit, type Axes, type Vec } from "./geometry";
import { Loading } from "./loading";
import { densityOf, looksFor, table, type Look } from "./looks";
import { POINTS, measured, shownAgain, type Measured, type Tool } from "./measure";
import type { Marking } from "../tools/marking.svelte";
import { wholePlane, type Plane } from "./plane";
import { MODES, type Mode, type Volume, type Voxels } from "./voxels";

export const PANES = ["first", "second", "third"] as const;
export type PaneName = (typeof PANES)[number];
export type Shown = PaneName | "render";

/** Of each pane: which of the three directions go right and down, and the colour of its plane in the others. */
export const DIRECTIONS: Record<PaneName, { label: string; own: string; colour: string; right: (axes: Axes) => Vec; down: (axes: Axes) => Vec }> = {
  first: { label: "Axial", own: "Slices", colour: "#e9b44c", right: ({ x }) => x, down: ({ y }) => y },
  second: { label: "Coronal", own: "Front", colour: "#6cbcec", right: ({ x }) => x, down: ({ z }) => times(z, -1) },
  third: { label: "Sagittal", own: "Side", colour: "#4fc29f", right: ({ y }) => y, down: ({ z }) => times(z, -1) },
};

export type PointerTool = "cross" | "window" | "pan" | Tool;

interface View {
  /** CSS pixels per mm. */
  zoom: number;
  anchor: Vec;
}

const SLABS_MM = [0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100, 200, 500];
const TILT_MIN_DEG = 0.05;
const DRAWN_EVERY_MS = 300;

export class Reading {
  readonly isMedical: boolean;
  readonly looks: Look[];
  readonly volume: Volume;
  engine = $state.raw<Engine | null>(null);
  loading = $state.raw<Loading | null>(null);

  overview = $state.raw<Voxels | null>(null);
  problem = $state("");
  loaded = $state(0);
  count = $state(0);
  /** Counts up with everything that has come and is to be drawn. */
  drawn = $state(0);

  cross = $state.raw<Vec>([0, 0, 0]);
  axes = $state.raw<Axes>(PATIENT);
  alignment = $state<"patient" | "slices" | "oblique">("patient");
  views = $state.raw<Record<Shown, View>>({} as Record<Shown, View>);
  fitted = $state(true);
  active = $state<Shown>("first");
  alone = $state<Shown | null>(null);
  slab_mm = $state(0);
  mode = $state<Mode>("highest");
  window = $state.raw<Window>({ center: 0, width: 1, function: "LINEAR_EXACT" });
  isInverse = $state(false);
  tool = $state<PointerTool>("cross");
  kind = $state<Kind>("lit");
  look = $state.raw<Look>({} as Look);
  threshold = $state(0);
  camera = $state.raw<Axes>(PATIENT);
  /** Measured and not kept: what is read from the voxels. */
  private passing = $state.raw<Measured[]>([]);
  drawing = $state.raw<Vec[]>([]);
  hover = $state.raw<Vec | null>(null);
  private lastId = 0;
  /** Ids of what was measured here since the volume was opened; the last one is taken back first. */
  private made: string[] = [];
  private drawnAt = 0;

  /** `from` is the image, and the plane of it, that was in view. */
  constructor(
    volume: Volume,
    readonly industry: string,
    private readonly from: { image_pk: number; plane: number },
    private readonly marking: Marking | null = null,
  ) {
    this.volume = volume;
    this.isMedical = industry === "medical";
    this.looks = looksFor(industry, volume.unit ?? "");
    this.look = this.looks[0] as Look;
    this.reset();
  }

  /** Begins to draw into a canvas and to load. */
  start(canvas: HTMLCanvasElement, exam_pk: number): void {
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.revive(canvas));
    try {
      this.engine = new Engine(canvas);
      this.loading = new Loading(this.volume, this.engine.sideMax, {
        onoverview: (voxels) => {
          if (!this.loading || !this.engine) return;
          this.overview = voxels;
          this.begin();
          this.drawn++;
        },
        onslice: (number) => this.arrived(number),
        onproblem: (problem) => (this.problem = problem),
      });
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      return;
    }
    this.count = this.loading.numbers.length;
    this.reset();
    void this.loading.run(exam_pk);
  }

  stop(): void {
    this.loading?.stop();
    this.loading = null;
    this.engine?.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.engine = null;
  }

  private begun = $state(false);

  private begin(): void {
    if (this.begun || !this.overview || !this.loading || !this.engine) return;
    this.begun = true;
    this.engine.begin(this.overview, this.loading.fine, this.range);
  }

  /** The graphics card came back: what is held beside it is given to it again. */
  private revive(canvas: HTMLCanvasElement): void {
    if (!this.loading || !this.overview) return;
    this.engine = new Engine(canvas);
    this.engine.begin(this.overview, this.loading.fine, this.range);
    this.loading.fine.slices.forEach((slice, number) => slice && this.engine?.slice(number));
    if (this.loaded === this.count) this.engine.complete();
    this.drawn++;
  }

  private arrived(number: number): void {
    if (!this.engine || !this.loading) return;
    this.engine.slice(number);
    this.loaded = this.loading.loaded;
    if (this.loaded === this.count) this.engine.complete();
    // drawing costs more than a slice: while they come it is done now and then
    if (this.loaded < this.count && performance.now() - this.drawnAt < DRAWN_EVERY_MS) return;
    this.drawnAt = performance.now();
    this.drawn++;
  }

  get isReady(): boolean {
    return this.begun;
  }

  get range(): { low: number; high: number } {
    return this.volume.range ?? { low: 0, high: 1 };
  }

  get voxels(): Voxels | null {
    return this.loading?.fine ?? null;
  }

  get space() {
    return this.loading?.fine.space ?? null;
  }

  get hasTilt(): boolean {
    return (this.volume.geometry?.tilt_deg ?? 0) > TILT_MIN_DEG;
  }

  /** Everything as at first. */
  reset(): void {
    this.align(this.isMedical ? "patient" : "slices");
    this.camera = this.axes;
    this.cross = this.beginning();
    this.fitted = true;
    this.slab_mm = 0;
    this.mode = "highest";
    this.window = { ...(this.volume.window ?? { center: 0, width: 1, function: "LINEAR_EXACT" }) };
    this.isInverse = this.volume.is_inverse ?? false;
    this.kind = "lit";
    this.look = this.looks[0] as Look;
    this.threshold = this.volume.unit === "HU" ? (this.industry === "medical" ? 300 : 0) : (this.range.low + this.range.high) / 2;
    this.threshold = Math.max(this.range.low, Math.min(this.range.high, this.threshold));
  }

  /** The middle of the slice that was in view, else of the volume. */
  private beginning(): Vec {
    const space = this.space;
    if (!space || !this.loading) return [0, 0, 0];
    const { image_pk, plane } = this.from;
    const slice = (this.volume.slices ?? []).findIndex((one) => one.image_pk === image_pk && one.plane === plane);
    const distance = this.volume.geometry?.distances_mm[slice];
    const isFirst = (this.volume.slices ?? []).length > 1 && slice === 0;
    if (distance === undefined || isFirst) return space.center;
    return space.within(add(space.center, times(space.normal, distance - space.own(space.center).distance)));
  }

  /** The slice nearest to the cross. */
  nearest(): { image_pk: number; plane: number } | null {
    const distance = this.loading && this.space ? this.space.own(this.cross).distance : null;
    const places = this.volume.geometry?.distances_mm ?? [];
    if (distance === null) return null;
    const off = places.map((place) => Math.abs(place - distance));
    return this.volume.slices?.[off.indexOf(Math.min(...off))] ?? null;
  }

  align(to: "patient" | "slices"): void {
    this.alignment = to;
    const geometry = this.volume.geometry;
    if (to === "patient" || !geometry) {
      this.axes = PATIENT;
      return;
    }
    const [x, y] = [geometry.along_row, geometry.along_column] as unknown as [Vec, Vec];
    this.axes = { x, y, z: cross(x, y) };
  }

  /** Turns all planes about the direction into the screen of a pane: the planes of the other two become oblique. */
  turn(pane: PaneName, degrees: number): void {
    const into = this.into(pane);
    const angle = (degrees * Math.PI) / 180;
    const x = unit(turned(this.axes.x, into, angle));
    const rough = turned(this.axes.y, into, angle);
    const y = unit(sub(rough, times(x, dot(rough, x))));
    this.axes = { x, y, z: cross(x, y) };
    this.alignment = "oblique";
  }

  right = (pane: PaneName): Vec => DIRECTIONS[pane].right(this.axes);
  down = (pane: PaneName): Vec => DIRECTIONS[pane].down(this.axes);
  into = (pane: PaneName): Vec => cross(this.right(pane), this.down(pane));

  /** Turns the rendering as a ball under the hand, by CSS pixels. */
  orbit(right: number, down: number): void {
    const { x, y, z } = this.camera;
    const how = (axis: Vec) => turned(turned(axis, z, -right / 150), x, down / 150);
    this.camera = { x: unit(how(x)), y: unit(how(y)), z: unit(how(z)) };
  }

  scroll(pane: PaneName, by: number): void {
    const space = this.space;
    if (space) this.cross = space.within(space.step(this.cross, this.into(pane), by));
  }

  /** Moves the cross in the plane of a pane by voxels. */
  nudge(pane: PaneName, right: number, down: number): void {
    const space = this.space;
    if (!space) return;
    const along = add(times(this.right(pane), right * space.pitch(this.right(pane))), times(this.down(pane), down * space.pitch(this.down(pane))));
    this.cross = space.within(add(this.cross, along));
  }

  goTo(point: Vec): void {
    this.cross = this.space?.within(point) ?? point;
  }

  thicker(by: number): void {
    const at = SLABS_MM.findIndex((one) => one >= this.slab_mm - 1e-6);
    this.slab_mm = SLABS_MM[Math.max(0, Math.min(SLABS_MM.length - 1, at + by))] as number;
  }

  nextMode = () => (this.mode = MODES[(MODES.indexOf(this.mode) + 1) % MODES.length] as Mode);
  nextKind = () => (this.kind = KINDS[(KINDS.indexOf(this.kind) + 1) % KINDS.length] as Kind);
  nextLook = () => (this.look = this.looks[(this.looks.indexOf(this.look) + 1) % this.looks.length] as Look);

  /** How the volume is seen from outside. */
  get rendering(): Rendering {
    const space = this.space;
    const longest_mm = space ? 2 * Math.max(...[space.alongRow, space.alongColumn, space.normal].map((axis) => space.half(axis))) : 1;
    return { kind: this.kind, look: table(this.look, this.range), threshold: this.threshold, density: densityOf(this.look, longest_mm) };
  }

  /** The value at a point, from the voxels in memory; null where there is none or its slices have not come. */
  valueAt = (point: Vec): number | null => this.voxels?.at(point) ?? null;

  /** Everything that was measured in this volume, by anybody whose marks are shown. */
  get measurements(): Measured[] {
    const kept = this.marking ? [...this.marking.spaces, ...this.marking.keeping.others.flatMap(({ spaces }) => spaces ?? [])] : [];
    return [...kept.filter(({ series_uid }) => series_uid === this.volume.series_uid).map(shownAgain), ...this.passing];
  }

  /** A point of a measurement; when it is the last one, the measurement is made. */
  point(at: Vec, pane: PaneName): void {
    const tool = this.tool as Tool;
    if (!(tool in POINTS) || !this.voxels) return;
    const points = [...this.drawing, at];
    if (points.length < POINTS[tool]) {
      this.drawing = points;
      return;
    }
    this.drawing = [];
    if (points.some((one, number) => number > 0 && norm(sub(one, points[number - 1] as Vec)) < 1e-6)) return;
    const made = measured(this.voxels, tool, points, this.right(pane), this.down(pane), this.volume.unit ?? "");
    const [right, down] = [this.right(pane), this.down(pane)];
    if (tool !== "ellipse" && this.marking?.mayDraw) {
      this.made.push(this.marking.measureInSpace({ kind: tool, series_uid: this.volume.series_uid, points, right, down }));
      return;
    }
    const id = `passing-${++this.lastId}`;
    this.made.push(id);
    this.passing = [...this.passing, { ...made, id }];
  }

  undo(): void {
    if (this.drawing.length) this.drawing = this.drawing.slice(0, -1);
    else {
      const id = this.made.pop() ?? "";
      this.passing = this.passing.filter((one) => one.id !== id);
      this.marking?.dropInSpace(id);
    }
  }

  /** The whole plane of a pane through the cross, as tools and tests read it. */
  planeOf(pane: PaneName): Plane | null {
    return this.space ? wholePlane(this.space, this.cross, this.right(pane), this.down(pane)) : null;
  }
}
