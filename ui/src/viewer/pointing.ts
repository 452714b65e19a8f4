/** Tools that the pointer works with: whoever sets one on a viewport hears where in the image it is pressed and moved. */

export interface Place {
  /** Continuous image coordinates: pixel (r, c) covers r to r + 1 and c to c + 1. */
  row: number;
  column: number;
  /** CSS pixels of the frame. */
  x: number;
  y: number;
  event: PointerEvent;
}

export interface PointerTool {
  name: string;
  /** A CSS cursor; crosshair where left out. */
  cursor?: string;
  down(place: Place): void;
  move(place: Place): void;
  up(place: Place): void;
  cancel(): void;
}
