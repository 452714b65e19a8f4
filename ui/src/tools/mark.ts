/** What a mark is, on the page and on the server. */
import type { Vec } from "../volume/geometry";
import type { Dot } from "./geometry";
import type { Run } from "./masks";
import type { Known } from "./scale";

export type Shape = "point" | "text" | "length" | "arrow" | "profile" | "rectangle" | "ellipse" | "angle" | "polyline" | "polygon" | "brush";

/** The fewest and most points of each shape, as the server has them. */
export const POINTS: Record<Shape, [least: number, most: number]> = {
  point: [1, 1],
  text: [1, 1],
  length: [2, 2],
  arrow: [2, 2],
  profile: [2, 2],
  rectangle: [2, 2],
  ellipse: [2, 2],
  angle: [3, 3],
  polyline: [2, 500],
  polygon: [3, 500],
  brush: [0, 0],
};
export const AREAS: Shape[] = ["rectangle", "ellipse", "polygon", "brush"];
export const CLOSED: Shape[] = ["rectangle", "ellipse", "polygon"];

/** One value with its unit at the end of its name. */
export interface MarkValue {
  name: string;
  value: number | null;
  uncertainty: number | null;
  /** What was found where it is no number, such as the wire that is seen. */
  word: string;
}

export interface Mark {
  id: string;
  shape: Shape;
  image_sha256: string;
  plane: number;
  points: Dot[];
  runs: Run[];
  text: string;
  /** A measurement of the server that is made there; empty for what the shape itself tells. */
  measurement: string;
  options: Record<string, string>;
}

/** What a mark shows, and where it comes from. */
export interface Told {
  values: MarkValue[];
  scale: string;
  source: string;
  /** Why there is no value, or what to know of it. */
  reason: string;
}

export type Kept = Mark & Told & { at: string };

/** A length or an angle between points of a volume, in mm of its series' space. */
export interface InSpace {
  id: string;
  kind: "length" | "angle";
  series_uid: string;
  points: Vec[];
  /** The plane it was drawn in. */
  right: Vec;
  down: Vec;
  text: string;
  at: string;
}

/** What one person has drawn on an exam; the draft is that of a judgement. */
export interface Sheet {
  marks: Mark[];
  calibrations: Known[];
  spaces: InSpace[];
  draft: Record<string, unknown> | null;
}

export interface SheetKept {
  marks: Kept[];
  calibrations: Known[];
  spaces: InSpace[];
  draft: Record<string, unknown> | null;
}

/** One person's marks as the server tells them. */
export interface Person extends SheetKept {
  by: string;
  by_name: string;
  is_mine: boolean;
  version: number;
  at: string;
}

export const NOTHING_TOLD: Told = { values: [], scale: "", source: "", reason: "" };

/** A name that nothing else has. */
export const newId = () => crypto.randomUUID().slice(0, 13);

export const markOf = ({ id, shape, image_sha256, plane, points, runs, text, measurement, options }: Kept): Mark => ({ id, shape, image_sha256, plane, points, runs, text, measurement, options });
export const toldOf = ({ values, scale, source, reason }: Kept): Told => ({ values, scale, source, reason });
