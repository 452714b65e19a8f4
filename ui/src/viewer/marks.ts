/** Findings on the image: what a mark is, and where its box and number stand on the screen. */
import { toFrame, type Size, type View } from "./view";

export interface Mark {
  id: string;
  /** Its number in the exam; a word while it has none. */
  number: number | string;
  label: string;
  /** The plane it is on; null where it is on every plane, because the planes show the same place (energies). */
  plane: number | null;
  /** row, column, height, width in image pixels */
  box: [number, number, number, number];
  /** The outline as (row, column) points, where the detector gives one. */
  outline: [number, number][];
}

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Placed {
  mark: Mark;
  box: Rectangle;
  /** Where the number stands; null where every place beside the box is taken by another number. */
  number: { x: number; y: number } | null;
}

/** Screen pixels between a finding and its box, and the least size of a box. */
const AROUND = 3;
const LEAST = 9;
const DIGIT = 8;
const LINE = 13;

/** Places every box, and the numbers so that none covers another; the chosen one goes first. */
export function placed(marks: Mark[], view: View, frame: Size, chosen: string): Placed[] {
  const taken: Rectangle[] = [];
  const first = [...marks].sort((one, other) => Number(other.id === chosen) - Number(one.id === chosen));
  const numbers = new Map(
    first.map((mark) => {
      const spot = spots(boxOf(mark, view, frame), String(mark.number).length * DIGIT).find(
        (one) => !taken.some((other) => overlap(one, other)),
      );
      if (spot) taken.push(spot);
      return [mark.id, spot ? { x: spot.x, y: spot.y + LINE - 3 } : null];
    }),
  );
  return marks.map((mark) => ({ mark, box: boxOf(mark, view, frame), number: numbers.get(mark.id) ?? null }));
}

function boxOf(mark: Mark, view: View, frame: Size): Rectangle {
  const [row, column, height, width] = mark.box;
  const [one, other] = [toFrame(view, frame, row, column), toFrame(view, frame, row + height, column + width)];
  const side = (from: number, to: number) => {
    const long = Math.max(LEAST, Math.abs(to - from)) + 2 * AROUND;
    return [(from + to - long) / 2, long] as const;
  };
  const [[x, wide], [y, high]] = [side(one.x, other.x), side(one.y, other.y)];
  return { x, y, width: wide, height: high };
}

/** Right of the box, left of it, above, below. */
function spots(box: Rectangle, width: number): Rectangle[] {
  const size = { width, height: LINE };
  return [
    { x: box.x + box.width + 4, y: box.y - 2, ...size },
    { x: box.x - width - 4, y: box.y - 2, ...size },
    { x: box.x, y: box.y - LINE - 2, ...size },
    { x: box.x, y: box.y + box.height + 2, ...size },
  ];
}

const overlap = (one: Rectangle, other: Rectangle) =>
  one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
