/** What a mark measures: from its points at once, from the raw values of its image, or by the server. */
import { post, words, type Schemas } from "../parts/client";
import { figure, named, withUncertainty, withUnit } from "../parts/quantity";
import type { Descriptor } from "../viewer/source";
import type { Region } from "../viewer/values";
import { angle, axes, bounds, crossesItself, distance, ellipseArea, pathLength, PIXEL, polygonArea, type Bounds, type Dot } from "./geometry";
import { NOTHING_TOLD, type Mark, type MarkValue, type Told } from "./mark";
import { around, count, ellipseRuns, polygonRuns, rectangleRuns, type Run, type Size } from "./masks";
import { toolOf } from "./registry";
import { areaText, lengthText, scaleOf, thicknessAt, type Known, type Scale } from "./scale";
import { histogram, inside, lineBox, profile, statistics, type Histogram, type Profile } from "./statistics";

/** Most pixels whose values are read for one mark. */
const MOST_PIXEL = 40_000_000;
/** How far the ends of a wall go to the strongest edge, and how many pixels are averaged across the line. */
const SNAP_PX = 12;
const ACROSS_PX = 5;

/** What is drawn as a curve beside a mark. */
export interface Plot {
  profile?: Profile;
  histogram?: Histogram;
}

export interface Measured extends Told {
  plot?: Plot;
}

/** What is known of the image a mark lies on. */
export interface Ground {
  image_pk: number;
  size: Size;
  spacing: Descriptor["spacing"] | undefined;
  unit: string;
  calibrations: Known[];
  /** Whose calibrations they are, where they are somebody else's. */
  whose: string;
  region(box: Bounds): Promise<Region>;
}

const value = (name: string, found: number | null, uncertainty: number | null = null): MarkValue => ({ name, value: found, uncertainty, word: "" });

export const scaleOn = (ground: Ground, mark: { image_sha256: string }) => scaleOf(ground.spacing, ground.calibrations, mark.image_sha256, ground.whose);

type Reckon = (mark: Mark, scale: Scale | null) => MarkValue[];

const length = (name: string, found: number, scale: Scale | null) => value(`${name}_${scale ? "mm" : "px"}`, found);
const area = (found: number, scale: Scale | null) => value(`area_${scale ? "mm2" : "px2"}`, found);
const step = (scale: Scale | null) => scale?.step ?? PIXEL;

/** What points alone tell, by shape. */
const RECKONED: Partial<Record<Mark["shape"], Reckon>> = {
  length: ({ points }, scale) => [length("length", distance(points[0]!, points[1]!, step(scale)), scale)],
  profile: ({ points }, scale) => [length("length", distance(points[0]!, points[1]!, step(scale)), scale)],
  polyline: ({ points }, scale) => [length("length", pathLength(points, step(scale)), scale)],
  angle: ({ points }, scale) => [value("angle_deg", angle(points, step(scale)))],
  rectangle: ({ points }, scale) => {
    const { top, left, bottom, right } = bounds(points);
    const [row, column] = step(scale);
    return [length("width", (right - left) * column, scale), length("height", (bottom - top) * row, scale), area((right - left) * column * (bottom - top) * row, scale)];
  },
  ellipse: ({ points }, scale) => {
    const [long, short] = axes(points, step(scale));
    return [length("length", long, scale), length("width", short, scale), area(ellipseArea(points, step(scale)), scale)];
  },
  polygon: ({ points }, scale) => [area(polygonArea(points, step(scale)), scale), length("circumference", pathLength(points, step(scale), true), scale)],
  brush: ({ runs }, scale) => [area(count(runs) * step(scale)[0] * step(scale)[1], scale)],
};

/** What the points of a mark tell, with the source of the scale. */
export function reckoned(mark: Mark, ground: Ground): Measured {
  if (mark.shape === "polygon" && crossesItself(mark.points)) return { ...NOTHING_TOLD, reason: "the outline crosses itself, so it has no area" };
  const scale = scaleOn(ground, mark);
  const values = mark.measurement ? [] : (RECKONED[mark.shape]?.(mark, scale) ?? []);
  const hasLength = values.some((one) => /_(mm2?|px2?)$/.test(one.name));
  return { ...NOTHING_TOLD, values, scale: hasLength ? (scale?.label ?? "no scale") : "" };
}

/** The pixels inside a mark. */
export function runsOf(mark: Mark, size: Size): Run[] {
  const made: Partial<Record<Mark["shape"], () => Run[]>> = {
    rectangle: () => rectangleRuns(mark.points, size),
    ellipse: () => ellipseRuns(mark.points, size),
    polygon: () => polygonRuns(mark.points, size),
    brush: () => mark.runs,
  };
  return made[mark.shape]?.() ?? [];
}

/** Whether something beyond its points is to be asked for. */
export const needsValues = (mark: Mark) => !!mark.measurement || ["rectangle", "ellipse", "polygon", "brush", "profile", "point"].includes(mark.shape);

/** What decides the values of a mark: while it stays, they hold. */
export const signature = (mark: Mark, ground: Ground) =>
  JSON.stringify([mark.shape, mark.image_sha256, mark.plane, mark.points, mark.runs, mark.measurement, mark.options, mark.measurement ? scaleOn(ground, mark)?.label : "", mark.shape === "point" ? ground.calibrations : ""]);

/** Everything a mark tells, values of the image included. */
export async function measured(mark: Mark, ground: Ground): Promise<Measured> {
  const own = reckoned(mark, ground);
  try {
    if (mark.measurement) return await asked(mark, ground);
    if (mark.shape === "point") return { ...own, ...(await atPoint(mark, ground)) };
    if (mark.shape === "profile") return { ...own, ...(await along(mark, ground, own.values)) };
    return { ...own, ...(await within(mark, ground, own)) };
  } catch (error) {
    return { ...own, reason: `not measured: ${words(error)}` };
  }
}

async function within(mark: Mark, ground: Ground, own: Measured): Promise<Partial<Measured>> {
  const runs = runsOf(mark, ground.size);
  const box = around(runs);
  if (!box) return { reason: "there is no whole pixel inside" };
  if ((box.bottom - box.top) * (box.right - box.left) > MOST_PIXEL) return { reason: "too large an area to read its values here" };
  const { values } = await ground.region(box);
  const found = inside(runs, { box, values });
  const told = statistics(found);
  if (!told) return { reason: "no pixel inside has data" };
  const unit = ending(ground.unit);
  const more = [value(`mean${unit}`, told.mean), value(`sd${unit}`, told.sd), value(`min${unit}`, told.min), value(`max${unit}`, told.max), value("pixels", told.n)];
  return { values: [...own.values, ...more], plot: { histogram: histogram(found) } };
}

/** The unit of the image's values as the end of a name; nothing where the image says none. */
const ending = (unit: string) => ({ HU: "_hu", OD: "", "": "_stored", US: "_stored" })[unit] ?? "_rescaled";

async function along(mark: Mark, ground: Ground, own: MarkValue[]): Promise<Partial<Measured>> {
  const box = lineBox(mark.points, ground.size);
  if ((box.bottom - box.top) * (box.right - box.left) > MOST_PIXEL) return { reason: "too long a line to read its values here" };
  const { values } = await ground.region(box);
  const found = profile(mark.points, { box, values });
  const told = statistics(Float64Array.from(found.values.filter((one) => !Number.isNaN(one))));
  const unit = ending(ground.unit);
  return { values: told ? [...own, value(`mean${unit}`, told.mean), value(`min${unit}`, told.min), value(`max${unit}`, told.max)] : own, plot: { profile: found } };
}

async function meanInside(known: Known, ground: Ground): Promise<number | null> {
  const runs = rectangleRuns(known.points, ground.size);
  const box = around(runs);
  if (!box) return null;
  const { values } = await ground.region(box);
  return statistics(inside(runs, { box, values }))?.mean ?? null;
}

async function atPoint(mark: Mark, ground: Ground): Promise<Partial<Measured>> {
  const [row, column] = mark.points[0]!.map(Math.floor) as Dot;
  const at = { top: Math.min(row, ground.size.rows - 1), left: Math.min(column, ground.size.columns - 1) };
  const found = (await ground.region({ ...at, bottom: at.top + 1, right: at.left + 1 })).values[0]!;
  if (Number.isNaN(found)) return { reason: "this pixel has no data" };
  const read = [value(`value${ending(ground.unit)}`, found)];
  const known = ground.calibrations.filter((one) => one.kind === "thickness" && one.image_sha256 === mark.image_sha256 && one.plane === mark.plane);
  const steps = (await Promise.all(known.map(async (one) => ({ value: await meanInside(one, ground), thickness_mm: one.known_mm })))).filter((one): one is { value: number; thickness_mm: number } => one.value !== null);
  if (steps.length < 2) return { values: read, reason: known.length === 1 ? "a second known thickness is needed to read thickness" : "" };
  const thickness = thicknessAt(found, steps);
  const range = `${figure(Math.min(...steps.map((one) => one.thickness_mm)))} to ${figure(Math.max(...steps.map((one) => one.thickness_mm)))}\u2009mm`;
  return thickness === null
    ? { values: read, reason: `thinner or thicker than the known thicknesses, ${range}` }
    : { values: [...read, value("thickness_mm", thickness)], source: `thickness between ${steps.length} known ones, ${range}, on the logarithm of the value` };
}

/** Points as the server counts them: the middle of the first pixel is 0, 0. */
const counted = (dots: Dot[], { rows, columns }: Size) =>
  dots.map(([row, column]) => `${clamp(row - 0.5, rows - 1)},${clamp(column - 0.5, columns - 1)}`).join(";");
const clamp = (found: number, most: number) => Math.max(0, Math.min(most, Math.round(found * 1000) / 1000));

/** The options of a measurement from where the mark stands. */
export function optionsOf(mark: Mark, ground: Ground): Record<string, string | number> {
  const known = ground.calibrations.filter((one) => one.kind === "length" && one.image_sha256 === mark.image_sha256).at(-1);
  const given = Object.fromEntries(Object.entries(mark.options).filter(([, text]) => text.trim()).map(([name, text]) => [name, text.trim()]));
  if (mark.measurement === "dimension") {
    const by: Record<string, string | number> = known ? { known_points: counted(known.points, ground.size), known_mm: known.known_mm } : {};
    return { ...given, plane: mark.plane, shape: "distance", points: counted(mark.points, ground.size), snap_px: SNAP_PX, width_px: ACROSS_PX, ...by };
  }
  const box = around(rectangleRuns(mark.points, ground.size));
  if (!box) throw new Error("the rectangle holds no whole pixel");
  const scale = known ? scaleOn(ground, mark) : null;
  const isSquare = scale && Math.abs(scale.step[0] - scale.step[1]) < 1e-9;
  return { ...given, plane: mark.plane, region: [box.top, box.left, box.bottom - box.top, box.right - box.left].join(","), ...(isSquare ? { spacing_mm: scale.step[0] } : {}) };
}

async function asked(mark: Mark, ground: Ground): Promise<Measured> {
  const found = await post<Schemas["Result"]>(`/api/v1/images/${ground.image_pk}/measurements/${mark.measurement}`, { options: optionsOf(mark, ground) });
  const scale = scaleOn(ground, mark)?.label ?? "no scale";
  const curve = mark.shape === "profile" ? await along(mark, ground, []) : {};
  if (found.not_measurable) return { ...NOTHING_TOLD, ...(curve.plot ? { plot: curve.plot } : {}), reason: `not measurable: ${found.not_measurable}` };
  const values = Object.entries(found.values)
    .filter(([, one]) => typeof one === "number" || typeof one === "string")
    .slice(0, 40)
    .map(([name, one]): MarkValue => ({ name, value: typeof one === "number" ? one : null, uncertainty: found.uncertainties[name] ?? null, word: typeof one === "string" ? one.slice(0, 200) : "" }));
  const source = found.source ? [found.source.standard, found.source.edition, found.source.clause].filter(Boolean).join(", ") : found.method;
  return { values, scale, source: source.slice(0, 400), reason: found.warnings.join("; ").slice(0, 400), ...(curve.plot ? { plot: curve.plot } : {}) };
}

/** What stands beside a mark on the image: at most two short lines. */
export function lines(mark: Mark, told: Told | undefined, pixel_mm = 0.1): string[] {
  const valueText = (one: MarkValue) => written(one, pixel_mm);
  if (mark.shape === "text" || mark.shape === "arrow") return [mark.text || (mark.shape === "text" ? "…" : "")].filter(Boolean);
  if (!told) return ["…"];
  const tool = toolOf(mark);
  const by = Object.fromEntries(told.values.map((one) => [one.name, one]));
  const shown = tool.shows ? tool.shows.flatMap((name) => (by[name] && (by[name].value !== null || by[name].word) ? [by[name]] : [])) : told.values;
  if (!shown.length) return [told.reason.startsWith("not") || !mark.measurement ? "not measured" : "…"];
  if (tool.shows) return [shown.map(valueText).join(" · ")];
  const main = ["length", "angle", "area", "value", "thickness"].flatMap((stem) => told.values.filter((one) => one.name.startsWith(`${stem}_`) || one.name === stem)).slice(0, 1 + Number(mark.shape === "point"));
  const first = (mark.shape === "rectangle" || mark.shape === "ellipse" ? told.values.filter((one) => one.name.startsWith("area")) : main).map(valueText).join(" · ");
  const [mean, sd] = ["mean", "sd"].map((stem) => told.values.find((one) => one.name.startsWith(stem)));
  return mean && sd && mark.shape !== "profile" ? [first, `mean ${figure(mean.value)}, SD ${figure(sd.value)}`] : [first];
}

/** The same for a mark that stands alone on the image: what no shape tells begins with its name. */
export function captioned(mark: Mark, told: Told | undefined, pixel_mm = 0.1): string[] {
  const [first = "", ...rest] = lines(mark, told, pixel_mm);
  return mark.measurement && mark.measurement !== "dimension" ? [`${toolOf(mark).label} ${first}`, ...rest] : [first, ...rest];
}

/** A value with its unit as it stands everywhere. */
export function written(one: MarkValue, pixel_mm = 0.1): string {
  if (one.word) return one.word;
  if (one.value === null) return "not measurable";
  const [, unit] = /_(mm2?|px2?)$/.exec(one.name) ?? [];
  if (one.uncertainty) return withUncertainty(one.value, one.uncertainty, named(one.name).unit);
  if (unit === "mm" || unit === "px") return lengthText(one.value, unit === "mm" ? { step: [pixel_mm, pixel_mm], label: "", calibration: "" } : null);
  if (unit) return areaText(one.value, unit === "mm2" ? { step: PIXEL, label: "", calibration: "" } : null);
  return withUnit(one.value, named(one.name).unit);
}

/** Everything a mark says, for who cannot see it. */
export function spoken(mark: Mark, told: Told | undefined, pixel_mm = 0.1): string {
  const text = lines(mark, told, pixel_mm).join(", ");
  return [`${toolOf(mark).label}${text ? ` ${text}` : ""}`, told?.scale, told?.reason].filter(Boolean).join(", ");
}

/** The limit of a standard beside a value, as the exam's image quality says it; "" where none is known. */
export function limitOf(mark: Mark, quality: { rule: string; limit: number | null; unit: string; asked?: string; standard: string; clause: string }[]): { text: string; limit: number; asked: string } | null {
  for (const rule of toolOf(mark).limits ?? []) {
    const row = quality.find((one) => one.rule === rule && one.limit !== null);
    if (row && row.limit !== null) return { text: `${row.asked === "at least" ? "at least" : "at most"} ${withUnit(row.limit, row.unit)}, ${[row.standard, row.clause].filter(Boolean).join(", ")}`, limit: row.limit, asked: row.asked ?? "at most" };
  }
  return null;
}

