/** Numbers of an image as text: as many digits as they deserve. Pure. */
import type { Descriptor } from "./source";
import type { ChainWindow } from "./steps/step";

const THIN = "\u2009";

/** A number with the digits that a range of this width deserves. */
export function short(value: number, range: number): string {
  const digits = Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(Math.max(range, 1e-9)))));
  return String(Number(value.toFixed(digits)));
}

export const windowText = ({ center, width }: ChainWindow) => `Window ${short(width, width)} · Level ${short(center, width)}`;

export function valueText(image: Descriptor, value: number, wire: number): string {
  const unit = image.unit ? `${THIN}${image.unit}` : "";
  const range = Math.abs(image.slope) < 1 ? Math.abs(image.slope) * 1000 : 1000;
  const told = `${short(value, image.modality_lut ? 1000 : range)}${unit}`;
  const stored = wire + image.wire_offset;
  if (!image.is_exact) return `${told} (16 bits of the stored value)`;
  return stored === value ? told : `${told} (stored ${stored})`;
}

export const bytesText = (bytes: number) => `${Math.round(bytes / (1 << 20))}${THIN}MB`;

export const percent = (share: number) => `${share >= 0.1 ? Math.round(share * 100) : Number((share * 100).toPrecision(2))}${THIN}%`;
