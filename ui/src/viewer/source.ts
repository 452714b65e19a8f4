/** What the server says of an image's pixels, and what a wire value means. */
import { get } from "../parts/client";
import { remember, type Energies } from "./steps/energies";
import type { Pixels } from "./decoders";
import type { ChainWindow } from "./steps/step";
import type { Tile } from "./tiles";
import type { Picture } from "./view";

export interface Lut {
  first: number;
  bits: number;
  /** base64 of little-endian unsigned 16-bit numbers */
  entries: string;
  explanation?: string;
}

export interface NamedWindow extends ChainWindow {
  explanation: string;
}

export interface Level extends Picture {
  tile_rows: number;
  tile_columns: number;
}

/** The answer of `/api/v1/images/{image_pk}/pixels`. */
export interface Descriptor {
  rows: number;
  columns: number;
  planes: number;
  plane_kind: string;
  plane_labels: string[];
  is_colour: boolean;
  bits: number;
  meaning: string;
  rises_with_dose: boolean | null;
  /** stored value = wire value + wire_offset */
  wire_offset: number;
  /** modality value = wire value * slope + intercept, unless there is a modality_lut (indexed by the stored value) */
  slope: number;
  intercept: number;
  is_exact: boolean;
  unit: string;
  modality_lut: Lut | null;
  voi_luts: Lut[];
  windows: NamedWindow[];
  /** One for each plane. */
  default_windows: NamedWindow[];
  is_inverse: boolean;
  /** Of a presentation state: from the whole range of the VOI output to the greys, instead of inversion. */
  presentation_lut?: Lut | null;
  /** The wire value of pixels that carry no data. */
  padding: number | null;
  spacing: { row_mm: number | null; column_mm: number | null; source: string; label: string };
  tile_px: number;
  levels: Level[];
  tag: string;
  energies: Energies | null;
  warnings: string[];
}

export interface Source {
  image_pk: number;
  /** Its tiles are asked for below this address. */
  address: string;
  descriptor: Descriptor;
  /** What it is where it is not an image as it came: how it is shown is then not recorded for an image. */
  made?: string;
  /** Makes a tile out of others, where the server has none. */
  make?: (tile: Tile) => Promise<Pixels>;
}

const KEPT = 64;
const kept = new Map<string, Promise<Source>>();

/** A plane of an image. */
export interface Plane {
  source: Source;
  plane: number;
}

/** Asks what an image is; remembered, so that an image asked for before is there at once, unless its tag is another now. */
export async function sourceOf(image_pk: number, tag = ""): Promise<Source> {
  const address = `/api/v1/images/${image_pk}`;
  const found = await sourceAt(address, { image_pk });
  if (!tag || found.descriptor.tag === tag) return found;
  kept.delete(address);
  return sourceAt(address, { image_pk });
}

/** As sourceOf, for a picture that the server makes of images, with an address of its own. */
export function sourceAt(address: string, told: Pick<Source, "image_pk" | "made">): Promise<Source> {
  const known = kept.get(address);
  if (known) return known;
  const asked = get<Descriptor>(`${address}/pixels`).then((descriptor) => {
    remember(descriptor.energies?.lookup ?? null);
    return { ...told, address, descriptor };
  });
  kept.set(address, asked);
  asked.catch(() => kept.delete(address));
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
  return asked;
}

/** The low and the high energy of what an image shows, which may be two images; null where it has not both. */
export async function energiesOf(source: Source): Promise<[low: Plane, high: Plane] | null> {
  const { energies } = source.descriptor;
  if (!energies) return null;
  const one = (image: number | null) => (image === null ? source : sourceOf(image));
  const [low, high] = await Promise.all([one(energies.low_image), one(energies.high_image)]);
  return [
    { source: low, plane: energies.low_plane },
    { source: high, plane: energies.high_plane },
  ];
}

/** The entries of a look-up table. */
export function entriesOf(lut: Lut): Uint16Array {
  const bytes = Uint8Array.from(atob(lut.entries), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Uint16Array.from({ length: bytes.length >> 1 }, (_, index) => view.getUint16(2 * index, true));
}

/** How many entries a look-up table has. */
export const countOf = ({ entries }: Lut) => ((entries.length / 4) * 3 - (entries.match(/=*$/)?.[0].length ?? 0)) / 2;

const WIRE_VALUES = 1 << 16;
const tables = new WeakMap<Descriptor, Float64Array>();

/** The modality value of every wire value (PS3.3 C.11.1). */
export function modalityValues(descriptor: Descriptor): Float64Array {
  const known = tables.get(descriptor);
  if (known) return known;
  const { slope, intercept, wire_offset, modality_lut } = descriptor;
  const made = new Float64Array(WIRE_VALUES);
  if (modality_lut) {
    const entries = entriesOf(modality_lut);
    for (let wire = 0; wire < WIRE_VALUES; wire++) made[wire] = looked(entries, modality_lut.first, wire + wire_offset);
  } else {
    for (let wire = 0; wire < WIRE_VALUES; wire++) made[wire] = wire * slope + intercept;
  }
  tables.set(descriptor, made);
  return made;
}

/** Values before the first or after the last take the first or last entry (PS3.3 C.11.1.1). */
export function looked(entries: Uint16Array, first: number, value: number): number {
  return entries[Math.max(0, Math.min(entries.length - 1, rounded(value) - first))] ?? 0;
}

/** Half to even, as the server rounds. */
export function rounded(value: number): number {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 ? near - 1 : near;
}
