/** Hanging protocols: for which exams, and in which stages what stands where. Data and pure decisions. */
import { viewsOf, type Picture } from "./pictures";

export interface Match {
  industry?: string;
  modality?: string;
  body_part?: string;
  /** One of the projections is this one, such as "PA". */
  view?: string;
  /** What the description of the exam holds. */
  part?: string;
  plane_kind?: string;
  /** How many views there are, at least and at most. */
  images?: [least: number, most: number];
  has_prior?: boolean;
  has_reference?: boolean;
}

/** Which picture stands in a viewport. */
export interface Select {
  of?: "exam" | "prior" | "reference";
  /** The number of the view, from 1, or the name of its projection. */
  view?: number | string;
  energy?: string;
  /** Which of the priors, 1 the newest. */
  prior?: number;
}

export interface Hung {
  select: Select;
  /** The name of a console function. */
  function?: string;
  window?: { center: number; width: number };
  rotation?: 0 | 90 | 180 | 270;
  flipped?: boolean;
  /** Rows and columns of the layout that it takes; 1 if left out. */
  rows?: number;
  columns?: number;
}

export const TOGETHER = ["view", "window", "cursor"] as const;
export type Together = (typeof TOGETHER)[number];

export interface Stage {
  name: string;
  rows: number;
  columns: number;
  viewports: Hung[];
  /** What the viewports have in common: place and zoom, the window, the pointer. */
  sync?: Together[];
}

export interface Protocol {
  name: string;
  match: Match;
  stages: Stage[];
  /** Whether a person made it. */
  own?: boolean;
}

export interface Facts {
  industry: string;
  description: string;
  pictures: Picture[];
  has_prior: boolean;
  has_reference: boolean;
}

/** How many conditions fit; null where one does not. */
export function score(match: Match, facts: Facts): number | null {
  const views = viewsOf(facts.pictures);
  const one = (name: "modality" | "body_part" | "plane_kind") => facts.pictures.some((picture) => picture[name].toLowerCase() === match[name]?.toLowerCase());
  const fits: Record<keyof Match, () => boolean> = {
    industry: () => facts.industry === match.industry,
    modality: () => one("modality"),
    body_part: () => one("body_part"),
    plane_kind: () => one("plane_kind"),
    view: () => facts.pictures.some(({ projection }) => projection === match.view?.toUpperCase()),
    part: () => facts.description.toLowerCase().includes(match.part?.toLowerCase() ?? ""),
    images: () => views >= (match.images?.[0] ?? 0) && views <= (match.images?.[1] ?? Infinity),
    has_prior: () => facts.has_prior === match.has_prior,
    has_reference: () => facts.has_reference === match.has_reference,
  };
  const asked = (Object.keys(fits) as (keyof Match)[]).filter((name) => match[name] !== undefined && match[name] !== "");
  return asked.every((name) => fits[name]()) ? asked.length : null;
}

/** The protocols that fit, the best first: a person's own before all others, then what asks for more. */
export function fitting(all: Protocol[], facts: Facts): Protocol[] {
  const rank = (one: Protocol) => (one.own ? 100 : 0) + (score(one.match, facts) ?? 0);
  return all.filter((one) => score(one.match, facts) !== null).sort((one, other) => rank(other) - rank(one));
}

/** Which of the pictures of the exam, the prior, or the reference is meant; null where there is none. */
export function picked(select: Select, pictures: Picture[]): Picture | null {
  const { of = "exam", view = 1, energy, prior = 1 } = select;
  const priors = [...new Set(pictures.filter((one) => one.of === "prior").map(({ exam_pk }) => exam_pk))];
  const mine = pictures.filter((one) => one.of === of && (of !== "prior" || one.exam_pk === priors[prior - 1]));
  if (of === "reference") return mine[0] ?? null;
  const seen = mine.filter((one) => (typeof view === "number" ? one.view === view : one.projection === view.toUpperCase()));
  return seen.find((one) => one.energy === energy) ?? seen[0] ?? null;
}

const MOST_SIDE = 4;
const KEYS: (keyof Match)[] = ["industry", "modality", "body_part", "view", "part", "plane_kind", "images", "has_prior", "has_reference"];
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isSide = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_SIDE;

/** What is wrong with a protocol, in words; empty where nothing is. */
export function faults(told: unknown): string[] {
  if (!isObject(told)) return ["A protocol is an object with name, match and stages."];
  const found: string[] = [];
  if (typeof told.name !== "string" || !told.name.trim()) found.push("It needs a name.");
  if (!isObject(told.match)) found.push("“match” says for which exams it is: an object, {} for all.");
  else {
    for (const key of Object.keys(told.match)) if (!KEYS.includes(key as keyof Match)) found.push(`“match” has no condition “${key}”; it can have ${KEYS.join(", ")}.`);
    const { images } = told.match;
    if (images !== undefined && !(Array.isArray(images) && images.length === 2 && images.every(Number.isInteger) && images[0] <= images[1])) found.push("“images” is two whole numbers: at least and at most.");
  }
  if (!Array.isArray(told.stages) || !told.stages.length) return [...found, "It needs at least one stage."];
  told.stages.forEach((stage, index) => found.push(...stageFaults(stage, `Stage ${index + 1}`)));
  return found;
}

function stageFaults(stage: unknown, called: string): string[] {
  if (!isObject(stage)) return [`${called} is an object with name, rows, columns and viewports.`];
  const found: string[] = [];
  if (!isSide(stage.rows) || !isSide(stage.columns)) found.push(`${called}: rows and columns are whole numbers from 1 to ${MOST_SIDE}.`);
  if (!Array.isArray(stage.viewports) || !stage.viewports.length) return [...found, `${called} needs at least one viewport.`];
  const places = stage.viewports.reduce((sum: number, one) => sum + (isObject(one) ? Number(one.rows ?? 1) * Number(one.columns ?? 1) : 1), 0);
  if (places > Number(stage.rows) * Number(stage.columns)) found.push(`${called}: ${places} places are asked for, ${Number(stage.rows) * Number(stage.columns)} are there.`);
  for (const one of stage.viewports) {
    if (!isObject(one) || !isObject(one.select)) found.push(`${called}: each viewport has a “select”, such as {"view": 1}.`);
    else if (!["exam", "prior", "reference", undefined].includes(one.select.of as string | undefined)) found.push(`${called}: “of” is exam, prior or reference.`);
    else if (one.rotation !== undefined && ![0, 90, 180, 270].includes(one.rotation as number)) found.push(`${called}: “rotation” is 0, 90, 180 or 270.`);
  }
  const sync = stage.sync ?? [];
  if (!Array.isArray(sync) || sync.some((one) => !TOGETHER.includes(one as Together))) found.push(`${called}: “sync” is a list of ${TOGETHER.join(", ")}.`);
  return found;
}
