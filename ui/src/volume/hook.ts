/** What tests may read of the volume in view; nothing here changes it. */
import type { Slab } from "./engine";
import type { Plane } from "./plane";
import type { Frame } from "./frame";
import type { PaneName, Reading, Shown } from "./reading.svelte";

export interface VolumeHook {
  readonly isComplete: boolean;
  readonly bytes: number;
  readonly cross: readonly number[];
  readonly measurements: Reading["measurements"];
  planeOf(pane: PaneName): Plane | null;
  /** How a pane stands on the screen. */
  frameOf(name: Shown): Frame;
  readonly threshold: number;
  /** What the shader computes, row by row; NaN where there is no data. */
  values(plane: Plane, slab: Slab): number[];
  /** What is read from the voxels in memory. */
  region(plane: Plane): number[];
}

/** Makes the volume known to tests; returns how to forget it. */
export function hook(reading: Reading, frameOf: (name: Shown) => Frame): () => void {
  const list = (window as unknown as { __kerma?: { volumes: VolumeHook[] } }).__kerma?.volumes ?? [];
  const one: VolumeHook = {
    get isComplete() {
      return reading.count > 0 && reading.loaded === reading.count;
    },
    get bytes() {
      return (reading.engine?.bytes ?? 0) + (reading.voxels?.bytes ?? 0);
    },
    get cross() {
      return reading.cross;
    },
    get measurements() {
      return reading.measurements;
    },
    get threshold() {
      return reading.threshold;
    },
    planeOf: (pane) => reading.planeOf(pane),
    frameOf,
    values: (plane, slab) => Array.from(reading.engine?.values(plane, slab) ?? []),
    region: (plane) => Array.from(reading.voxels?.region(plane, { row: 0, column: 0, rows: plane.rows, columns: plane.columns }) ?? []),
  };
  list.push(one);
  return () => void list.splice(list.indexOf(one), 1);
}
