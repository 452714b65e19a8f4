/** What an enhancement chain can be made of, as the server lists it; asked for once. */
import { get, type Schemas } from "../parts/client";
import { refusalOf } from "./steps";
import type { ChainStep } from "./steps/step";

export type Enhancements = Schemas["Enhancements"];
export type EnhancementRow = Schemas["EnhancementRow"];
export type SettingRow = Schemas["EnhancementSettingRow"];

let asked: Promise<Enhancements> | null = null;

/** The list; one that could not be had is asked for again the next time. */
export function enhancements(): Promise<Enhancements> {
  asked ??= get<Enhancements>("/api/v1/enhancements").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** A step in an editor: one that is switched off keeps its place and its numbers. */
export interface EditedStep {
  id: number;
  step: ChainStep;
  isOn: boolean;
}

export const stepsOf = (rows: EditedStep[]): ChainStep[] => rows.filter((row) => row.isOn).map((row) => row.step);

/** Rows with one more step, as far down as it can stand; null where it can stand nowhere. */
export function withStep(rows: EditedStep[], added: EditedStep): EditedStep[] | null {
  for (let at = rows.length; at >= 0; at--) {
    const made = rows.toSpliced(at, 0, added);
    if (!refusalOf(stepsOf(made))) return made;
  }
  return null;
}

/** Rows with one moved up or down; null where it cannot go. */
export function withMoved(rows: EditedStep[], id: number, by: 1 | -1): EditedStep[] | null {
  const from = rows.findIndex((row) => row.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= rows.length) return null;
  const made = rows.toSpliced(from, 1).toSpliced(to, 0, rows[from]!);
  return refusalOf(stepsOf(made)) ? null : made;
}
