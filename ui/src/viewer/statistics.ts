/** What is known of the modality values of a plane, from its overview; the same as the server's. Pure. */
import { modalityValues, type Descriptor } from "./source";
import type { Statistics } from "./steps/step";

const LOW_SHARE = 0.005;
const HIGH_SHARE = 0.995;

export function statisticsOf(descriptor: Descriptor, wires: ArrayLike<number>): Statistics {
  const table = modalityValues(descriptor);
  const data = Array.from(wires).filter((wire) => wire !== descriptor.padding);
  const values = Float64Array.from(data.length ? data : [0], (wire) => table[wire] as number).sort();
  const [min, max] = [values[0] as number, values[values.length - 1] as number];
  /** Between the two values next to the share, as NumPy's quantile. */
  const quantile = (share: number) => {
    const at = share * (values.length - 1);
    const below = Math.floor(at);
    const low = values[below] as number;
    return low + (at - below) * ((values[Math.min(below + 1, values.length - 1)] as number) - low);
  };
  let [low, high] = [quantile(LOW_SHARE), quantile(HIGH_SHARE)];
  if (high <= low) [low, high] = [min, max];
  return { low, high: high > low ? high : low + 1, min, max, quantile, isInverse: descriptor.is_inverse, energies: descriptor.energies };
}
