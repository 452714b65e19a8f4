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
  /** A learned model's weights have a SHA-256. */
  by: { kind: string; name: string; version: string; model_sha256?: string };
  measurements: { name: string; value: number | null }[];
  note?: string;
  /** Other marks of the same flaw, as their own sources made them. */
  also?: Found[];
  severity?: string;
  /** How sure the person is, 0 to 1. */
  confidence?: number;
  /** When a person recorded it. */
  at?: string;
  /** Id of the finding it was changed from. */
  replaces?: string;
  /** Who took it out and why; it is then not judged. */
  dismissed?: { reason: string; by_name: string; at: string };
  /** Who agrees with the software. */
  accepted?: { by_name: string; at: string };
}

/** How sure a person may say to be. */
export const CONFIDENCES: [value: number, word: string][] = [[0.2, "Hardly"], [0.4, "Rather not"], [0.6, "Rather"], [0.8, "Quite"], [1, "Certain"]];

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
  asked?: "at most" | "at least";
}

/** What may be done about findings, who decides it, and by when. */
export interface Disposition {
  category: string;
  labels: string[];
  finding_ids: string[];
  dispositions: string[];
  decides: string;
  may_operator_clear: boolean;
  extra_search: string;
  deadline_minutes: number;
  next_step: string;
  escalation: { step: number; who: string; within_minutes: number; what: string }[];
}

/** One figure of a load against what its declared goods can have. */
export interface Compared {
  quantity: string;
  answer: "agrees" | "contradicts" | "cannot-be-told";
  value: number | null;
  least: number | null;
  most: number | null;
  reason: string;
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
  /** SHA-256 of the images that were analysed with this one as the energies of one view, itself among them. */
  paired?: string[];
  /** Only where a load is declared. */
  declared?: Compared[];
  warnings: string[];
}

export interface Document {
  subject: string;
  acquired_at: string;
  machine: Record<string, string>;
  technique: Record<string, number | string>;
  images: AnalysedImage[];
  verdicts: Judged[];
  quality?: Judged[];
  dispositions?: Disposition[];
  judgement?: { id: number | null; version: number; at: string; reason: string; by_name: string; pack: { title: string; edition: string; status: string } | null };
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

/** All findings of the exam; a finding's number is its id, the same in picture, table, verdicts and report. */
export function numbered(all: Sheet[]): Numbered[] {
  return all.flatMap((sheet, index) =>
    (sheet.analysed?.findings ?? []).map((found) => ({ number: Number(found.id), sheet: index, found })),
  );
}

/** The findings of one image as marks; energies show the same place, so a mark of one stands on all of them. */
export function marksOf(findings: Numbered[], index: number, all: Sheet[]): Mark[] {
  const analysed = all[index]?.analysed;
  const everywhere = analysed?.plane_kind === "energy";
  const isHere = (at: number) => at === index || !!analysed?.paired?.includes(all[at]?.row.sha256 ?? "");
  return findings
    .filter((one) => isHere(one.sheet) && !one.found.dismissed)
    .map(({ number, found }) => ({
      id: found.id,
      number,
      label: spell(found.label),
      plane: everywhere ? null : found.plane,
      box: found.box,
      outline: found.polygon ?? [],
    }));
}
