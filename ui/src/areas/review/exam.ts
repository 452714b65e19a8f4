/** What the exam page shows: the archive's rows joined with the analysis document. */
import type { Schemas } from "../../parts/client";
import { spell } from "../../parts/quantity";
import type { Mark } from "../../viewer/marks";
import type { Shown } from "../../viewer/Viewer.svelte";

export type Analysis = Schemas["Analysis"];
export type ExamRow = Schemas["ExamDetail"];
export type ImageRow = ExamRow["images"][number];

/** One element of `values` and friends, as `result.json` has it. */
export interface Measured {
  name: string;
  method: string;
  inputs: Record<string, unknown>;
  values: Record<string, unknown>;
  uncertainties: Record<string, number>;
  warnings: string[];
  not_measurable?: string;
  source: { standard: string; edition: string; clause: string } | null;
}

export interface Found {
  id: string;
  code: string;
  label: string;
  box: [number, number, number, number];
  polygon?: [number, number][];
  plane: number;
  score?: number | null;
  by: { kind: string; name: string; version: string };
  measurements: { name: string; value: number | null }[];
}

export interface Judged {
  rule: string;
  outcome: "pass" | "fail" | "advisory" | "not-judged";
  standard: string;
  edition: string;
  clause: string;
  status: string;
  limit: number | null;
  measured: number | null;
  margin: number | null;
  unit: string;
  finding_ids: string[];
  reason: string;
  action: string;
}

export interface AnalysedImage {
  sha256: string;
  rows: number;
  columns: number;
  planes: number;
  plane_kind: string;
  plane_labels: string[];
  bits: number;
  format: string;
  modality: string;
  meaning: string;
  body_part: string;
  view: string;
  spacing_mm: [number, number] | null;
  spacing_source: string;
  measurements: Measured[];
  findings: Found[];
  warnings: string[];
}

export interface Document {
  subject: string;
  acquired_at: string;
  machine: Record<string, string>;
  technique: Record<string, number | string>;
  images: AnalysedImage[];
  verdicts: Judged[];
  decision_proposed: string;
  decision_reason: string;
  warnings: string[];
}

/** One image of the exam with what the analysis knows about it (null while it is not analysed). */
export interface Sheet {
  row: ImageRow;
  analysed: AnalysedImage | null;
  shown: Shown;
}

/** A finding with the image it is on and its number in the exam. */
export interface Numbered {
  number: number;
  sheet: number;
  found: Found;
}

const SCALES: Record<string, string> = {
  detector: "at detector",
  calibrated: "calibrated",
  geometry: "from geometry",
  none: "no scale",
};

/** The exam's images in reading order; objects without pixels are not among them. */
export function sheets(exam: ExamRow, document: Document | null): Sheet[] {
  return exam.images
    .filter((row) => row.kind === "image")
    .map((row) => {
      const analysed = document?.images.find((one) => one.sha256 === row.sha256) ?? null;
      return { row, analysed, shown: shown(row, analysed) };
    });
}

function shown(row: ImageRow, analysed: AnalysedImage | null): Shown {
  return {
    image_pk: row.id,
    rows: analysed?.rows ?? row.rows ?? 1,
    columns: analysed?.columns ?? row.columns ?? 1,
    planes: analysed?.planes ?? row.planes ?? 1,
    plane_labels: analysed?.plane_labels ?? [],
    column_spacing_mm: analysed?.spacing_mm?.[1] ?? null,
    spacing_label: SCALES[analysed?.spacing_source ?? "none"] ?? "",
  };
}

/** All findings of the exam, numbered through. */
export function numbered(all: Sheet[]): Numbered[] {
  let number = 0;
  return all.flatMap((sheet, index) =>
    (sheet.analysed?.findings ?? []).map((found) => ({ number: ++number, sheet: index, found })),
  );
}

/** The findings of one image as marks; energies show the same place, so a mark of one stands on all of them. */
export function marksOf(findings: Numbered[], index: number, sheet: Sheet): Mark[] {
  const everywhere = sheet.analysed?.plane_kind === "energy";
  return findings
    .filter((one) => one.sheet === index)
    .map(({ number, found }) => ({
      id: found.id,
      number,
      label: spell(found.label),
      plane: everywhere ? null : found.plane,
      box: found.box,
      outline: found.polygon ?? [],
    }));
}
