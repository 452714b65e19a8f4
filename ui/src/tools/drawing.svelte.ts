/** A tool at work: points given by the pointer or by keys until the shape is complete. */
import type { Place, PointerTool } from "../viewer/pointing";
import type { Viewport } from "../viewer/viewport.svelte";
import { distance, moved, onImage, PIXEL, type Dot } from "./geometry";
import { CLOSED, POINTS } from "./mark";
import { joined, strokeRuns, without, type Run } from "./masks";
import type { Tool } from "./registry";

/** A press and release farther apart than this on the screen are a drag. */
const DRAG_PX = 5;
/** A click this near the first point closes a polygon; one on the last point ends a line. */
const NEAR_PX = 9;
const BRUSH_PX = 24;

export interface Drawn {
  points: Dot[];
  runs: Run[];
}

export class Drawing implements PointerTool {
  readonly name: string;
  readonly cursor = "crosshair";
  /** The points that are set. */
  points = $state.raw<Dot[]>([]);
  runs = $state.raw<Run[]>([]);
  /** Where the next point would be. */
  next = $state.raw<Dot | null>(null);
  /** Whether keys move the next point: then a cross shows it. */
  byKeys = $state(false);
  /** Radius of the brush in image pixels. */
  radius = $state(12);
  isDown = $state(false);
  isTaking = $state(false);
  private isOver = false;
  private from: { x: number; y: number } | null = null;

  constructor(
    readonly tool: Tool,
    readonly viewport: Viewport,
    private readonly done: (drawn: Drawn) => void,
    private readonly given_up: () => void,
    /** What the brush goes on from. */
    private readonly before: () => Run[] = () => [],
  ) {
    this.name = tool.name;
    this.runs = before();
    this.radius = Math.max(0.5, Math.round(BRUSH_PX / 2 / viewport.view.zoom));
  }

  private get size() {
    return this.viewport.source?.descriptor ?? { rows: 1, columns: 1 };
  }

  private get most(): number {
    return POINTS[this.tool.shape][1];
  }

  private get least(): number {
    return POINTS[this.tool.shape][0];
  }

  private isBrush = () => this.tool.shape === "brush";

  /** What would be drawn if the next point were set now. */
  get shown(): Dot[] {
    return this.next && this.points.length < this.most ? [...this.points, this.next] : this.points;
  }

  down(place: Place): void {
    if (this.isOver || place.event.button !== 0) return;
    const dot = onImage(place, this.size);
    this.byKeys = false;
    this.from = { x: place.x, y: place.y };
    this.next = dot;
    if (this.isBrush()) {
      this.isDown = true;
      this.isTaking = place.event.altKey;
      this.runs = this.before();
      this.paint(dot, dot);
      return;
    }
    if (this.endsAt(place)) this.finish();
    else this.put(dot, false);
  }

  move(place: Place): void {
    if (this.isOver) return;
    const dot = onImage(place, this.size);
    if (this.isBrush() && this.isDown && this.next) this.paint(this.next, dot);
    this.byKeys = false;
    this.next = dot;
  }

  up(place: Place): void {
    if (this.isOver) return;
    if (this.isBrush()) {
      this.isDown = false;
      if (this.runs.length) this.done({ points: [], runs: this.runs });
      return;
    }
    const isDrag = this.from && Math.hypot(place.x - this.from.x, place.y - this.from.y) > DRAG_PX;
    this.from = null;
    if (isDrag && this.points.length) this.put(onImage(place, this.size), true);
    else if (this.points.length >= this.most) this.finish();
  }

  cancel(): void {
    this.isDown = false;
    this.from = null;
  }

  /** Laid down: what the pointer still does is nothing to it. */
  end(): void {
    this.isOver = true;
  }

  /** Whether a click ends a line of several points: on its first point where it is closed, else on its last. */
  private endsAt({ x, y }: Place): boolean {
    const end = CLOSED.includes(this.tool.shape) ? this.points[0] : this.points.at(-1);
    if (this.most <= 3 || !end || this.points.length < this.least) return false;
    const at = this.viewport.toFrame(...end);
    return Math.hypot(at.x - x, at.y - y) < NEAR_PX;
  }

  private put(dot: Dot, isRelease: boolean): void {
    const last = this.points.at(-1);
    if (last && distance(last, dot, PIXEL) < 0.5) return;
    this.points = [...this.points, dot];
    if (this.points.length >= this.most && (isRelease || this.byKeys || this.most === 1)) this.finish();
  }

  private paint(from: Dot, to: Dot): void {
    const stroke = strokeRuns(from, to, this.radius, this.size);
    this.runs = this.isTaking ? without(this.runs, stroke) : joined([...this.runs, ...stroke]);
  }

  private finish(): void {
    if (this.points.length < this.least) return;
    this.done({ points: this.points, runs: [] });
  }

  /** Starts by keys in the middle of what is seen, or where the pointer is. */
  startByKeys(): void {
    const at = this.viewport.cursor ?? this.viewport.toImage(this.viewport.middle);
    const [row, column] = onImage(at, this.size);
    this.next = [Math.floor(row) + 0.5, Math.floor(column) + 0.5];
    this.byKeys = true;
  }

  /** Moves the next point by pixels of the image, as far as its edge; what is seen follows it. */
  nudge(by: Dot): void {
    if (!this.next) return;
    const before = this.next;
    this.byKeys = true;
    this.next = moved([before], by, this.size)[0]!;
    if (this.isBrush() && this.isDown) this.paint(before, this.next);
    this.follow(this.next);
  }

  /** Moves what is seen so that a point stays in it. */
  private follow(dot: Dot): void {
    const { frame } = this.viewport;
    const { x, y } = this.viewport.toFrame(...dot);
    const by = (at: number, size: number) => (at < 0 || at > size ? size / 2 - at : 0);
    const pan = { x: by(x, frame.width), y: by(y, frame.height) };
    if (pan.x || pan.y) this.viewport.panBy(pan);
  }

  /** Enter: sets the point; where nothing has moved since the last one, ends the line. */
  enter(): void {
    if (!this.next) return;
    if (this.isBrush()) {
      this.isDown = !this.isDown;
      if (this.isDown) this.runs = this.before();
      if (this.isDown) this.paint(this.next, this.next);
      else if (this.runs.length) this.done({ points: [], runs: this.runs });
      return;
    }
    const last = this.points.at(-1);
    if (last && distance(last, this.next, PIXEL) < 0.5) this.finish();
    else {
      this.byKeys = true;
      this.put(this.next, false);
    }
  }

  /** Backspace: takes the last point back. */
  back(): void {
    this.points = this.points.slice(0, -1);
  }

  escape(): void {
    if (this.points.length) this.points = [];
    else this.given_up();
  }

  resize(by: number): void {
    this.radius = Math.max(0.5, Math.min(500, by > 0 ? Math.ceil(this.radius * 1.25) : Math.floor(this.radius / 1.25) || 0.5));
  }
}
