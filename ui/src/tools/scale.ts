/** Where the millimetres of an image come from, and how a length is written: never in mm without a scale. Pure. */
import { figure, size } from "../parts/quantity";
import { distance, type Dot, type Step } from "./geometry";

export interface Known {
  id: string;
  kind: string;
  image_sha256: string;
  plane: number;
  points: [number, number][];
  known_mm: number;
  text: string;
  at: string;
}

/** What the image itself says, as its descriptor has it. */
export interface Spacing {
  row_mm: number | null;
  column_mm: number | null;
  label: string;
}

export interface Scale {
  step: Step;
  /** Where it comes from, as it stands behind every length. */
  label: string;
  /** Id of the calibration; "" where the image says it. */
  calibration: string;
}

/** Pixels of known and measured length are counted to half a pixel at each end. */
const ENDS_PX = Math.SQRT1_2;

/**
 * The scale of an image: the newest known length on it goes before what the file says; null without either.
 * A calibration keeps the file's proportion of row to column.
 */
export function scaleOf(spacing: Spacing | undefined, calibrations: Known[], image_sha256: string, whose: string): Scale | null {
  const own: Step | null = spacing?.row_mm && spacing.column_mm ? [spacing.row_mm, spacing.column_mm] : null;
  const known = calibrations.filter((one) => one.kind === "length" && one.image_sha256 === image_sha256).at(-1);
  if (known) {
    const shape: Step = own ?? [1, 1];
    const factor = known.known_mm / distance(known.points[0]!, known.points[1]!, shape);
    return { step: [shape[0] * factor, shape[1] * factor], label: `calibrated by known length ${figure(known.known_mm)}\u2009mm${whose ? `, ${whose}` : ""}`, calibration: known.id };
  }
  return own && spacing ? { step: own, label: spacing.label, calibration: "" } : null;
}

/** The standard uncertainty of a calibrated scale as a share, from half a pixel at each end of the known length. */
export const calibrationShare = (known: Known) => ENDS_PX / Math.max(1, distance(known.points[0] as Dot, known.points[1] as Dot, [1, 1]));

/** A length or an area with its unit: mm where a scale is known, else px. */
/** Decimals of a length: as fine as a pixel, one at least. */
const places = (scale: Scale | null) => (scale ? Math.max(1, Math.min(3, Math.round(-Math.log10(Math.min(...scale.step))))) : 1);
export const lengthText = (length: number, scale: Scale | null) => (length < 1000 ? `${length.toFixed(places(scale))}\u2009${scale ? "mm" : "px"}` : `${size(length)}\u2009${scale ? "mm" : "px"}`);
export const areaText = (area: number, scale: Scale | null) => `${figure(area)}\u2009${scale ? "mm²" : "px²"}`;

/** The thickness at a value, from areas of known thickness: linear between the logarithms; null outside them. */
export function thicknessAt(value: number, steps: { value: number; thickness_mm: number }[]): number | null {
  const sorted = [...steps].filter((one) => one.value > 0).sort((one, other) => one.value - other.value);
  if (sorted.length < 2 || value <= 0) return null;
  const index = sorted.findIndex((one, at) => at > 0 && sorted[at - 1]!.value <= value && value <= one.value);
  if (index < 0) return null;
  const [low, high] = [sorted[index - 1]!, sorted[index]!];
  if (low.value === high.value) return null;
  const share = (Math.log(value) - Math.log(low.value)) / (Math.log(high.value) - Math.log(low.value));
  return low.thickness_mm + share * (high.thickness_mm - low.thickness_mm);
}
