/** From values to what the screen shows: VOI LUT or window, inverse, colours (PS3.3 C.11.2); the same as the server's. Pure. */
import { entriesOf, looked, modalityValues, rounded, type Descriptor, type Lut } from "./source";
import type { Chain, ChainWindow } from "./steps/step";

export type Voi = ChainWindow | Lut;

export const isLut = (voi: Voi): voi is Lut => "entries" in voi;

/** What the values of a plane are shown with: the chain's window, else the image's own VOI LUT, else its window. */
export function voiOf(descriptor: Descriptor, plane: number, chain: Chain): Voi {
  return chain.window ?? descriptor.voi_luts[0] ?? descriptor.default_windows[plane] ?? { center: 0.5, width: 1, function: "LINEAR_EXACT" };
}

/** The share of the output range, 0 to 1, of a value. */
export function shareOf(voi: Voi): (value: number) => number {
  if (isLut(voi)) {
    const entries = entriesOf(voi);
    const most = 2 ** voi.bits - 1;
    return (value) => Math.min(1, looked(entries, voi.first, value) / most);
  }
  const { center, width } = voi;
  if (voi.function === "SIGMOID") return (value) => 1 / (1 + Math.exp(Math.max(-700, Math.min(700, (-4 * (value - center)) / width))));
  const within = (share: number) => Math.min(1, Math.max(0, share));
  if (voi.function === "LINEAR_EXACT") return (value) => within((value - center) / width + 0.5);
  if (width <= 1) return (value) => (value > center - 0.5 ? 1 : 0);
  return (value) => within((value - (center - 0.5)) / (width - 1) + 0.5);
}

/** What the presentation makes of a share: a table over the whole range, or inversion (PS3.3 C.11.4, C.11.6). */
function presentationOf({ presentation_lut, is_inverse }: Descriptor): (share: number) => number {
  if (!presentation_lut) return is_inverse ? (share) => 1 - share : (share) => share;
  const entries = entriesOf(presentation_lut);
  const most = 2 ** presentation_lut.bits - 1;
  return (share) => Math.min(1, looked(entries, 0, share * (entries.length - 1)) / most);
}

/** 256 colours, red first, as the bytes of a texture; null stands for grey. */
export type Colours = Uint8Array | null;

/** What every wire value is shown as: red, green, blue and 255, as the bytes of a texture. */
export function displayTable(descriptor: Descriptor, voi: Voi, negative: boolean, colours: Colours): Uint8Array {
  const values = modalityValues(descriptor);
  const made = new Uint32Array(values.length);
  const share = shareOf(voi);
  const palette = packed(colours);
  const presented = presentationOf(descriptor);
  for (let wire = 0; wire < made.length; wire++) {
    const level = rounded(presented(share(values[wire] as number)) * 255);
    made[wire] = palette[negative ? 255 - level : level] as number;
  }
  return new Uint8Array(made.buffer);
}

/** Colours with their bytes in the order of a texture, whichever way round the machine keeps numbers. */
function packed(colours: Colours): Uint32Array {
  const bytes = new Uint8Array(1024).fill(255);
  for (let level = 0; level < 256; level++) {
    for (let part = 0; part < 3; part++) bytes[4 * level + part] = colours ? (colours[3 * level + part] as number) : level;
  }
  return new Uint32Array(bytes.buffer);
}
