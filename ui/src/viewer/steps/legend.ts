/** What the colours on the screen mean: the stops of a bar, its ticks, and colours that stand for something by themselves. Pure. */
import { coloursOf } from "./colours";
import type { Energies } from "./energies";
import { ALARM, PALETTES, UNDECIDED, WANTED } from "./palettes";
import { number, type Chain, type ChainStep, type ChainWindow } from "./step";

export interface Tick {
  /** Place along the bar, 0 to 1. */
  share: number;
  label: string;
}

export interface Legend {
  /** Colours along the bar, evenly spaced; none where chips say it all. */
  stops: string[];
  ticks: Tick[];
  chips: { colour: string; label: string }[];
  unit: string;
  /** What must be known of these colours; empty when nothing. */
  warning: string;
}

const STOPS = 33;
const [LEAST, MOST] = [4, 30];
const css = (colour: ArrayLike<number>) => `rgb(${colour[0]} ${colour[1]} ${colour[2]})`;

/** Grey or coloured values: from the lowest value of the window to the highest. */
export function valueLegend(chain: Chain, window: ChainWindow, unit: string, isInverse: boolean): Legend {
  const colours = coloursOf(chain.colours);
  const stops = Array.from({ length: STOPS }, (_, at) => {
    const share = at / (STOPS - 1);
    const shown = Math.round(255 * (isInverse ? 1 - share : share));
    const level = chain.negative ? 255 - shown : shown;
    return css(colours ? colours.subarray(3 * level, 3 * level + 3) : [level, level, level]);
  });
  const { center, width } = window;
  const about = window.function === "SIGMOID" ? "≈\u2009" : "";
  const ticks = [-0.5, 0, 0.5].map((side) => ({ share: side + 0.5, label: about + told(center + side * width) }));
  return { stops, ticks, chips: [], unit: unit === "US" ? "" : unit, warning: "" };
}

/** Colours by material, by effective number; null where a step's colours mean something else. */
export function materialLegend(step: ChainStep, energies: Energies | null, isNegative: boolean): Legend | null {
  const turned = (colour: ArrayLike<number>) => {
    const [red, green, blue] = [colour[0]!, colour[1]!, colour[2]!];
    const turn = isNegative ? 255 - Math.max(red, green, blue) - Math.min(red, green, blue) : 0;
    return css([red + turn, green + turn, blue + turn]);
  };
  const undecided = { colour: turned(UNDECIDED), label: "cannot be told" };
  const opaque = { colour: turned([0, 0, 0]), label: "opaque" };
  const p = step.parameters;
  const warning = energies?.calibration === "default" ? (energies.warnings.at(-1) ?? "") : "";
  const unit = "effective number";
  if (step.name === "opacity_alarm") {
    const label = `lets less than ${Number((100 * Math.exp(-number(p, "most_attenuation"))).toPrecision(2))}\u2009% through`;
    return { stops: [], ticks: [], chips: [{ colour: turned(ALARM), label }], unit: "", warning: "" };
  }
  if (step.name === "z_window") {
    const label = `${told(number(p, "lowest_number"))} to ${told(number(p, "highest_number"))}`;
    return { stops: [], ticks: [], chips: [{ colour: turned(WANTED), label }, opaque], unit, warning };
  }
  if (step.name === "areal_density") {
    const label = `${told(number(p, "least_areal_density_g_cm2"))} to ${told(number(p, "most_areal_density_g_cm2"))}\u2009g/cm²`;
    return { stops: [], ticks: [], chips: [{ colour: turned(WANTED), label }, opaque], unit: "areal density", warning };
  }
  const palette = PALETTES[String(p.palette)];
  if (!palette) return null;
  const stops = Array.from({ length: STOPS }, (_, at) => turned(hue(palette, LEAST + ((MOST - LEAST) * at) / (STOPS - 1))));
  const share = (at: number) => (at - LEAST) / (MOST - LEAST);
  const ticks = [
    { share: share(6.5), label: "organic" },
    { share: share(10), label: "10" },
    { share: share(14), label: "mixed" },
    { share: share(18), label: "18" },
    { share: share(25), label: "metal" },
  ];
  return { stops, ticks, chips: [undecided, opaque], unit, warning };
}

function hue(palette: [number, number, number, number][], at: number): number[] {
  const next = palette.findIndex(([place]) => place >= at);
  if (next < 0) return palette.at(-1)!.slice(1);
  const [to, from] = [palette[next]!, palette[Math.max(0, next - 1)]!];
  const part = to[0] > from[0] ? (at - from[0]) / (to[0] - from[0]) : 1;
  return [1, 2, 3].map((index) => Math.round(from[index]! + part * (to[index]! - from[index]!)));
}

/** A number with three digits that mean something, and no more. */
function told(value: number): string {
  const size = Math.abs(value);
  const shown = size >= 100 || value === 0 ? Math.round(value) : Number(value.toPrecision(size < 1 ? 2 : 3));
  return String(shown).replace("-", "−");
}
