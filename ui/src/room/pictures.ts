/** The pictures of an exam: which of them are views, and which are the energies of one view. */
import type { Source } from "../viewer/source";

/** A plane of an image as it can be hung. */
export interface Picture {
  image_pk: number;
  plane: number;
  exam_pk: number;
  of: "exam" | "prior" | "reference";
  /** Which view of its exam it is, from 1; the energies of one scan are one view. */
  view: number;
  /** Which of the energies; empty where there is one only. */
  energy: string;
  plane_kind: string;
  /** What the source calls the projection, such as "PA". */
  projection: string;
  modality: string;
  body_part: string;
  label: string;
  /** Whose it is, in words. */
  words: string;
}

/** What of an image row is needed; both an exam's row and a reference have it. */
export interface ImageFacts {
  id: number;
  modality: string;
  body_part: string;
  series_description: string;
  planes: number | null;
}

const PROJECTIONS = /\b(AP|PA|LAT|LL|RL|LLO|RLO|RLD|LLD|CC|MLO|ML)\b/i;

/** A side view is called by its side; for hanging all are the side view. */
export function projectionOf(told: string, description: string): string {
  const found = (told || PROJECTIONS.exec(description)?.[1] || "").toUpperCase();
  return ["LL", "RL", "ML"].includes(found) ? "LAT" : found;
}

/** How the planes of one image are told apart. */
function planesOf(source: Source): { plane: number; energy: string; label: string }[] {
  const { planes, plane_kind, plane_labels } = source.descriptor;
  return Array.from({ length: plane_kind === "frame" ? 1 : planes }, (_, plane) => ({
    plane,
    energy: plane_kind === "energy" ? (plane_labels[plane] ?? "") : "",
    label: plane_labels[plane] ?? "",
  }));
}

/** Which scan an energy belongs to: the images that share both energies are one view. */
function scanOf({ image_pk, descriptor }: Source, plane: number): string {
  if (descriptor.plane_kind === "view") return `${image_pk}/${plane}`;
  const { energies } = descriptor;
  return energies?.low_image || energies?.high_image ? `${energies.low_image}+${energies.high_image}` : `${image_pk}`;
}

/** Every picture of an exam, view by view. */
export function picturesOf(exam_pk: number, of: Picture["of"], words: string, images: ImageFacts[], sources: Map<number, Source>, views: Map<number, string>): Picture[] {
  const scans: string[] = [];
  const found = images.flatMap((row) => {
    const source = sources.get(row.id);
    const projection = projectionOf(views.get(row.id) ?? "", row.series_description);
    const common = { image_pk: row.id, exam_pk, of, projection, modality: row.modality, body_part: row.body_part, words };
    if (!source) {
      scans.push(`${row.id}`);
      return [{ ...common, plane: 0, view: scans.length, energy: "", plane_kind: "frame", label: projection }];
    }
    return planesOf(source).map(({ plane, energy, label }) => {
      const scan = scanOf(source, plane);
      if (!scans.includes(scan)) scans.push(scan);
      return { ...common, plane, view: scans.indexOf(scan) + 1, energy, plane_kind: source.descriptor.plane_kind, label: [projection, label].filter(Boolean).join(" ") };
    });
  });
  return found.sort((one, other) => one.view - other.view);
}

export const isSame = (one: Picture | null, other: Picture | null) => !!one && !!other && one.image_pk === other.image_pk && one.plane === other.plane;
export const viewsOf = (pictures: Picture[]) => Math.max(0, ...pictures.map(({ view }) => view));
