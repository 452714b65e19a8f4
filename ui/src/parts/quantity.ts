/** Numbers with their units as a person reads them; every quantity's name ends in its unit. */

const UNITS: Record<string, string> = {
  mm: "mm",
  mm2: "mm²",
  um: "µm",
  cm: "cm",
  m: "m",
  kv: "kV",
  kev: "keV",
  ma: "mA",
  mas: "mAs",
  uas: "µAs",
  ms: "ms",
  s: "s",
  percent: "%",
  db: "dB",
  px: "px",
  bits: "bit",
  deg: "°",
  usv: "µSv",
  mgy: "mGy",
  "lp_per_mm": "lp/mm",
};

/** Words written in their trade spelling rather than lower case. */
const SPELLED: Record<string, string> = {
  snr: "SNR",
  cnr: "CNR",
  isrb: "iSRb",
  srb: "SRb",
  iqi: "IQI",
  mtf: "MTF",
  roi: "ROI",
  sd: "SD",
  n: "N",
};

export interface Named {
  label: string;
  unit: string;
}

/** Splits `length_mm` into its label and unit. */
export function named(key: string): Named {
  const unit = Object.keys(UNITS)
    .filter((one) => key.endsWith(`_${one}`))
    .sort((one, other) => other.length - one.length)[0];
  const bare = unit ? key.slice(0, -unit.length - 1) : key;
  return { label: spell(bare), unit: unit ? (UNITS[unit] ?? "") : "" };
}

/** Turns a name such as `snr_n` or `small-flaws` into words. */
export function spell(name: string): string {
  const parts = name.split(/[_-]/).map((word) => SPELLED[word] ?? word);
  const text = parts.join(" ").replace("SNR N", "SNR_N");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Four significant digits, true minus, no exponent in the usual range. */
export function figure(value: unknown): string {
  if (value === null || value === undefined) return "not measurable";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return Array.isArray(value) ? value.map(figure).join(" × ") : String(value);
  if (Number.isInteger(value)) return group(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2).replace("-", "−");
  const places = Math.max(0, 3 - Math.floor(Math.log10(size || 1)));
  return value.toFixed(Math.min(places, 4)).replace("-", "−");
}

/** A number, a thin space and its unit. */
export function withUnit(value: unknown, unit: string): string {
  const shown = figure(value);
  return unit && typeof value === "number" ? `${shown}\u2009${unit}` : shown;
}

function group(value: number): string {
  const digits = String(Math.abs(value)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
  return (value < 0 ? "−" : "") + digits;
}

/** The first letters of a hash, enough to compare by eye. */
export const short = (sha256: string) => sha256.slice(0, 12);
