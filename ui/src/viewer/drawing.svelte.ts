/** When a viewport is drawn: once a frame at most, coarser while it moves on a slow machine, again in full when it rests. */
import { hook } from "./hooks";
import type { Inset } from "./insets";
import { painter } from "./painter";
import type { Scene } from "./scene";
import { store } from "./store";
import type { Size } from "./view";
import type { Viewport } from "./viewport.svelte";

const SLOW_MS = 30;
const REST_MS = 160;
const COARSER = 2;

/** Says a thing of a canvas, for tests and measurements; once, not with every frame. */
function told(canvas: HTMLCanvasElement, name: string, value: string): void {
  if (canvas.dataset[name] !== value) canvas.dataset[name] = value;
}

export class Drawing {
  #canvas: HTMLCanvasElement | null = null;
  #ink: ImageBitmapRenderingContext | null = null;
  #insets = new Map<HTMLCanvasElement, { scene: () => Partial<Scene> & Inset; drawn: string }>();
  #due = 0;
  #refine = 0;
  #isSlow = false;
  /** Until when the image is taken to move. */
  #moves_ms = 0;

  constructor(readonly viewport: Viewport) {}

  begin(canvas: HTMLCanvasElement): () => void {
    this.#canvas = canvas;
    this.#ink = canvas.getContext("bitmaprenderer", { alpha: false });
    const { viewport } = this;
    const deaf = [hook(this), store.listen(() => viewport.came++), painter().listen(() => viewport.came++)];
    const stop = $effect.root(() => {
      $effect(() => {
        void [viewport.source, viewport.plane, viewport.chainShown, viewport.look, viewport.energies, viewport.view, viewport.frame, viewport.pixelRatio, viewport.came];
        this.#soon();
      });
    });
    return () => {
      stop();
      deaf.forEach((one) => one());
      cancelAnimationFrame(this.#due);
      clearTimeout(this.#refine);
      this.#canvas = null;
    };
  }

  /** A small picture with a canvas of its own above the image: drawn with it until the returned function is called. */
  inset(canvas: HTMLCanvasElement, scene: () => Partial<Scene> & Inset): () => void {
    this.#insets.set(canvas, { scene, drawn: "" });
    this.#soon();
    return () => this.#insets.delete(canvas);
  }

  /** Whether nothing has changed since the last frame. */
  get isDrawn(): boolean {
    return !this.#due;
  }

  /** Draws again with the next frame. */
  again = () => this.#soon();

  /** The image is being moved, or its window: for a moment a slow machine draws it coarser. */
  touch(): void {
    this.#moves_ms = performance.now() + REST_MS;
  }

  #soon(): void {
    this.#due ||= requestAnimationFrame(() => {
      this.#due = 0;
      this.#frame();
    });
  }

  #frame(): void {
    const { viewport } = this;
    const canvas = this.#canvas;
    if (!canvas || !viewport.frame.width || !viewport.frame.height) return;
    viewport.wishAll();
    const begun = performance.now();
    const isMoving = begun < this.#moves_ms;
    const isCoarse = isMoving && this.#isSlow;
    const drawn = this.paint(isCoarse ? viewport.pixelRatio / COARSER : viewport.pixelRatio);
    if (painter().isLost) return;
    this.#told();
    this.#ink?.transferFromImageBitmap(painter().canvas.transferToImageBitmap());
    // as large as the frame it was drawn for: until the next drawing a changed frame shows it unstretched
    Object.assign(canvas.style, { width: `${viewport.frame.width}px`, height: `${viewport.frame.height}px` });
    told(canvas, "size", `${drawn.width}x${drawn.height}`);
    if (isMoving) this.#measure(begun, isCoarse ? COARSER ** 2 : 1);
    if (isCoarse) this.#later();
    for (const [inset, one] of this.#insets) one.drawn = this.#drawInset(inset, one.scene(), one.drawn);
  }

  /** What the drawing says of itself. */
  #told(): void {
    const { viewport } = this;
    const { problem, isUnfinished, bytes } = painter();
    viewport.bytes = store.bytes + bytes;
    if (problem) viewport.problem = problem;
    if (isUnfinished) this.#soon();
    else if (viewport.source && viewport.pending === 0 && this.#canvas) told(this.#canvas, "ready", `${viewport.source.image_pk}/${viewport.plane}`);
  }

  /** Draws a small picture unless it is as it was; returns what it shows. */
  #drawInset(canvas: HTMLCanvasElement, { place, ...scene }: Partial<Scene> & Inset, drawn: string): string {
    const main = this.scene();
    if (!main || painter().isLost) return "";
    const { pixelRatio, came } = this.viewport;
    const { width, height } = place;
    const shown = JSON.stringify([main.source.image_pk, main.plane, this.viewport.presenting.isLooked && this.viewport.presenting.shown?.state_pk, main.chain, scene.view, width, height, pixelRatio, came]);
    if (shown === drawn) return drawn;
    const size = { width: Math.max(1, Math.round(width * pixelRatio)), height: Math.max(1, Math.round(height * pixelRatio)) };
    painter().draw([{ ...main, ...scene, place: { x: 0, y: 0, width, height } }], size, pixelRatio);
    canvas.getContext("bitmaprenderer", { alpha: false })?.transferFromImageBitmap(painter().canvas.transferToImageBitmap());
    if (!painter().isUnfinished) return shown;
    this.#soon();
    return "";
  }

  /** Draws into the painter's canvas; returns its size in pixels. */
  paint(ratio: number): Size {
    const { frame } = this.viewport;
    const size = { width: Math.max(1, Math.round(frame.width * ratio)), height: Math.max(1, Math.round(frame.height * ratio)) };
    const scene = this.scene();
    painter().draw(scene ? [scene] : [], size, ratio);
    return size;
  }

  scene(): Scene | null {
    const { source, look, plane, chainShown: chain, energies, view, frame } = this.viewport;
    const drawn = look && source && (look === source.descriptor ? source : { ...source, descriptor: look });
    return drawn && { source: drawn, plane, chain, energies, view, place: { x: 0, y: 0, ...frame } };
  }

  /** How long the card took; a machine that draws in software is found out by it. */
  #measure(begun: number, times: number): void {
    const { gl } = painter();
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    const look = () => {
      if (!fence || gl.isContextLost()) return;
      const took = performance.now() - begun;
      if (gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.SIGNALED || took > 4 * SLOW_MS) {
        gl.deleteSync(fence);
        this.#isSlow = took * times > SLOW_MS;
        painter().makes = this.#isSlow ? 1 : 8;
      } else setTimeout(look, 4);
    };
    setTimeout(look, 0);
  }

  /** In full as soon as it rests. */
  #later(): void {
    clearTimeout(this.#refine);
    this.#refine = window.setTimeout(() => this.#soon(), REST_MS);
  }
}
