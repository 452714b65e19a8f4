/** Numbers with their units as a person reads them; every quantity's name ends in its unit. */
import { UNITS } from "../api/units";

/** Units that say in what the numbers are, and would only be noise behind each of them. */
const SILENT = ["stored", "rescaled"];

/** Words written in their trade spelling rather than lower case. */
const SPELLED: Record<string, string> = {
  snr: "SNR",
  sd: "SD",
  cnr: "CNR",
  isrb: "iSRb",
  srb: "SRb",
  iqi: "IQI",
  mtf: "MTF",
  roi: "ROI",
  hvl: "HVL",
  qvl: "QVL",
  tvl: "TVL",
  eps: "EPS",
  kvp: "kVp",
  zeff: "Zeff",
  dqe: "DQE",
  nps: "NPS",
};

export interface Named {
  label: string;
  unit: string;
}

/** Splits `length_mm` into its label and unit. */
export function named(key: string): Named {
  const unit = Object.keys(UNITS)
    .filter((one) => key.endsWith(`_${one}`) && !key.endsWith(`_per_${one}`))
    .sort((one, other) => other.length - one.length)[0];
  const bare = unit && unit !== "share" ? key.slice(0, -unit.length - 1) : key;
  return { label: spell(bare), unit: unit && !SILENT.includes(unit) ? (UNITS[unit] ?? "") : "" };
}

/** Turns a name such as `small_flaws` or `elongated-cavity` into words. */
export function spell(name: string): string {
  if (name === "snr_n") return "SNR_N";
  const text = name
    .split(/[_-]/)
    .map((word) => SPELLED[word] ?? word)
    .join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Four significant digits, digits in threes, true minus, no exponent in the usual range. */
export function figure(value: unknown): string {
  if (value === null || value === undefined) return "not measurable";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return Array.isArray(value) ? value.map(figure).join(" × ") : String(value);
  if (Number.isInteger(value)) return grouped(value.toFixed(0));
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2).replaceAll("-", "−");
  const places = Math.max(0, 3 - Math.floor(Math.log10(size || 1)));
  return grouped(value.toFixed(places));
}

/** A size on an image: to the tenth, since a pixel is no finer. */
export const size = (value: number) => (Math.abs(value) >= 1000 ? figure(Math.round(value)) : grouped(value.toFixed(1)));

/** A number, a thin space and its unit. */
export function withUnit(value: unknown, unit: string): string {
  const shown = figure(value);
  return unit && typeof value === "number" ? `${shown}\u2009${unit}` : shown;
}

/** A value and its uncertainty, both to the second digit of the uncertainty. */
export function withUncertainty(value: unknown, uncertainty: number | undefined, unit: string): string {
  if (typeof value !== "number" || !uncertainty) return withUnit(value, unit);
  const places = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(uncertainty))));
  const behind = unit ? `\u2009${unit}` : "";
  return `${grouped(value.toFixed(places))} ± ${grouped(uncertainty.toFixed(places))}${behind}`;
}

function grouped(written: string): string {
  const [whole = "", rest] = written.replace("-", "").split(".");
  const threes = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009") : whole;
  return (written.startsWith("-") ? "−" : "") + threes + (rest ? `.${rest}` : "");
}

/** Numbers that are compared with each other, all with the same decimals; whole ones stay whole. */
export function alike(values: (number | null)[], unit: string): string[] {
  const known = values.filter((value) => value !== null);
  const largest = Math.max(...known.map(Math.abs), 0);
  const places = known.every(Number.isInteger) ? 0 : largest >= 100 ? 1 : 2;
  const behind = unit ? `\u2009${unit}` : "";
  return values.map((value) => (value === null ? "" : grouped(value.toFixed(places)) + behind));
}

/** The first letters of a hash, enough to compare by eye. */
export const short = (sha256: string) => sha256.slice(0, 12);

/** A name as it is said: DICOM's `Family^Given^Middle` becomes `Family, Given Middle`. */
export function personName(written: string): string {
  const [family = "", ...given] = (written.split("=")[0] ?? "").split("^");
  const rest = given.filter(Boolean).join(" ");
  return rest ? `${family}, ${rest}` : family;
}

/** 1 exam, 2 exams. */
export const counted = (count: number, word: string) => `${grouped(String(count))} ${word}${count === 1 ? "" : "s"}`;

const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];

/** 12.3 MB: an amount of bytes in powers of a thousand. */
export function amount(bytes: number): string {
  const power = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)}\u2009${SIZES[power]}`;
}
