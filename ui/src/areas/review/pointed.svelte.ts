/** The place in the picture that a comment or a discrepancy is about: shown while it is looked at, or drawn for a new one. */
import type { Mark } from "../../viewer/marks";
import type { Place } from "./talk";

type Box = Mark["box"];
/** Of the mark in the picture. */
export const POINTED = "pointed";

class Pointed {
  /** What is looked at, and its name there. */
  place = $state.raw<Place | null>(null);
  name = $state("");
  /** Whether a drag in the picture makes the box of something new. */
  drawing = $state(false);
  box = $state.raw<Box | null>(null);

  look(place: Place, name: string): void {
    this.place = place.box ? place : null;
    this.name = name;
  }

  away(): void {
    this.place = null;
  }

  /** Begins to draw a box, or lets go of it. */
  draw(on: boolean): void {
    this.drawing = on;
    this.box = null;
  }

  /** What stands on a plane of an image now. */
  marks(sha256: string, isInView: boolean): Mark[] {
    const found: Mark[] = [];
    const { place } = this;
    if (place?.box && place.image_sha256 === sha256) found.push({ id: POINTED, number: this.name, label: this.name, plane: place.plane ?? 0, box: place.box as Box, outline: [] });
    if (this.drawing && this.box && isInView) found.push({ id: POINTED, number: "new", label: "the box being drawn", plane: null, box: this.box, outline: [] });
    return found;
  }
}

export const pointed = new Pointed();
