/** Pictures made of two images: another image laid on one, and the difference of both. */
import { get, type Schemas } from "../parts/client";
import { modalityValues, sourceAt, type Descriptor, type Source } from "../viewer/source";
import { store, wish } from "../viewer/store";
import { STANDARD, type Chain, type ChainWindow } from "../viewer/steps/step";
import { overview, type Tile } from "../viewer/tiles";

export type Registration = Schemas["Registration"];
/** A plane of an image, by its numbers. */
export interface Where {
  image_pk: number;
  plane: number;
}

export const LAID = "prior laid on";
export const DIFFERENCE = "difference to prior";

const addressOf = (one: Where, other: Where) => `/api/v1/images/${one.image_pk}/laid/${one.plane}/${other.image_pk}/${other.plane}`;

/** How the other lies on the one; a refusal in words where they are not alike. */
export const registrationOf = (one: Where, other: Where) => get<Registration>(`${addressOf(one, other)}/registration`);

export function laidOf(one: Where, other: Where): Promise<Source> {
  return sourceAt(addressOf(one, other), { image_pk: other.image_pk, made: LAID });
}

/** The laid picture is shown as the image is: with its window, or a window would hide what changed. */
export function laidChain(chain: Chain, own: ChainWindow | null, hasTable: boolean): Chain {
  return chain.window || hasTable || !own ? chain : { ...chain, window: { center: own.center, width: own.width, function: own.function } };
}

const MIDDLE = 32768;
/** Share of the pixels that the window of a difference holds. */
const SHARE = 0.99;
const CLOSER = 3;
const KEPT = 8;
const made = new Map<string, Promise<Source>>();

/** This image minus the prior laid on it, as a picture whose values are the differences, in the unit of the image. */
export function differenceOf(image: Source, plane: number, laid: Source): Promise<Source> {
  const name = `${image.address}/${plane}-${laid.address}`;
  const known = made.get(name);
  if (known) return known;
  const asked = difference(image, plane, laid);
  made.set(name, asked);
  asked.catch(() => made.delete(name));
  for (const oldest of [...made.keys()].slice(0, Math.max(0, made.size - KEPT))) made.delete(oldest);
  return asked;
}

async function difference(image: Source, plane: number, laid: Source): Promise<Source> {
  const tables = { one: modalityValues(image.descriptor), other: modalityValues(laid.descriptor) };
  const top = reach(tables.one, tables.other);
  const values = async (tile: Tile) => {
    const [one, other] = await store.all([wish(image, { ...tile, plane }), wish(laid, { ...tile, plane: 0 })]);
    if (!one || !other) throw new Error("a part of one of both is missing");
    return { one, other };
  };
  const none = (one: number, other: number) => one === image.descriptor.padding || other === laid.descriptor.padding;
  const whole = await values(overview(image.descriptor, plane));
  const sizes = Float32Array.from(whole.one.data, (wire, at) =>
    none(wire, whole.other.data[at] as number) ? 0 : Math.abs((tables.one[wire] as number) - (tables.other[whole.other.data[at] as number] as number)),
  ).sort();
  const half = Math.max(CLOSER * (sizes[Math.floor(SHARE * (sizes.length - 1))] ?? 0), top / MIDDLE);
  const step = top / (MIDDLE - 2);
  const window = { center: 0, width: 2 * half, function: "LINEAR_EXACT" as const, explanation: "" };
  const descriptor: Descriptor = {
    ...image.descriptor, planes: 1, plane_kind: "frame", plane_labels: [], meaning: DIFFERENCE, wire_offset: 0, slope: step, intercept: -(MIDDLE + 0.5) * step,
    is_exact: false, modality_lut: null, voi_luts: [], windows: [window], default_windows: [window], is_inverse: false, padding: MIDDLE, energies: null,
    tag: `difference-${image.descriptor.tag}-${plane}-${laid.descriptor.tag}`, warnings: [],
  };
  const make = async (tile: Tile) => {
    const { one, other } = await values(tile);
    const data = one.data.slice();
    for (let at = 0; at < data.length; at++) {
      const [a, b] = [one.data[at] as number, other.data[at] as number];
      const steps = ((tables.one[a] as number) - (tables.other[b] as number)) / step;
      // the middle is no value: where one of both has none, nothing is claimed to have changed
      data[at] = none(a, b) ? MIDDLE : steps >= 0 ? MIDDLE + 1 + Math.floor(steps) : MIDDLE + Math.min(-1, Math.ceil(steps));
    }
    return { ...one, data };
  };
  return { image_pk: 0, address: `${laid.address}/difference`, descriptor, made: DIFFERENCE, make };
}

/** The largest difference that values of both tables can have. */
function reach(one: Float64Array, other: Float64Array): number {
  let [low, high] = [Infinity, -Infinity];
  for (const table of [one, other]) for (const value of table) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return Math.max(high - low, Number.EPSILON);
}

/** Blue: less than in the prior; amber: more; black: as it was. */
export const DIFFERENCE_CHAIN: Chain = { ...STANDARD, colours: "signed-dark" };
