/** How measures of pace are written. */
import type { Schemas } from "../../parts/client";
import { percent } from "./peer";

type Measured = Schemas["PaceMeasured"];

export const MEASURES: Record<Measured["measure"], string> = { "exams-per-hour": "Exams an hour", "retake-share": "Images refused", "reading-minutes": "Minutes an exam" };
export const STANDS: Record<Measured["stands"], { tone: string; label: string }> = {
  below: { tone: "attention", label: "Below" },
  within: { tone: "calm", label: "As usual" },
  above: { tone: "attention", label: "Above" },
  perhaps: { tone: "", label: "Perhaps" },
  "too-few": { tone: "", label: "Too few" },
  "no-target": { tone: "", label: "No range" },
};

const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0));

/** 12.4, or 3 % for a share. */
export function written(measure: Measured["measure"], value: number | null): string {
  if (value === null) return "–";
  return measure === "retake-share" ? percent(value) : number(value);
}

/** (10.1 to 15.0): the interval of a measure. */
export function between(one: Measured): string {
  return one.interval ? `(${one.interval.map((each) => written(one.measure, each)).join(" to ")})` : "";
}

/** 8 to 20: what is usual. */
export function range(one: Pick<Measured, "measure" | "low" | "high">): string {
  return one.low === null || one.high === null ? "" : `${written(one.measure, one.low)} to ${written(one.measure, one.high)}`;
}
