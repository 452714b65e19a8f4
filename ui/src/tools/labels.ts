/** Where the words of marks stand: beside their mark, inside the frame, none over another. Pure. */
import type { Rectangle } from "../viewer/marks";
import type { Size } from "../viewer/view";

export interface Wanted {
  id: string;
  lines: string[];
  /** What the words belong to, in the frame. */
  box: Rectangle;
}

export interface Label {
  id: string;
  lines: string[];
  at: Rectangle;
  /** From the words to their mark, where they had to go far. */
  leader: { x1: number; y1: number; x2: number; y2: number } | null;
}

export const LINE_PX = 15;
const LETTER_PX = 6.9;
const GAP_PX = 6;
const PAD_PX = 4;
const RINGS = 5;

/**
 * Places words in order; those that find no room anywhere near are left out, and stand in the list only. They keep off
 * `lines`, which are drawn, where there is other room.
 */
export function labelled(wanted: Wanted[], frame: Size, lines: Rectangle[] = []): Label[] {
  const full: Rectangle[] = [];
  return wanted.flatMap(({ id, lines: words, box }) => {
    const shown = words.filter(Boolean);
    if (!shown.length || box.x > frame.width || box.y > frame.height || box.x + box.width < 0 || box.y + box.height < 0) return [];
    const size = { width: Math.max(...shown.map((line) => line.length)) * LETTER_PX + 2 * PAD_PX, height: shown.length * LINE_PX + 2 };
    const free = spots(box, size).filter((one) => inFrame(one, frame) && !full.some((other) => overlap(one, other)));
    const at = free.find((one) => !lines.some((other) => overlap(one, other))) ?? free[0];
    if (!at) return [];
    full.push(at);
    return [{ id, lines: shown, at, leader: leaderOf(at, box) }];
  });
}

/** Right, left, above and below, then farther out. */
function spots(box: Rectangle, { width, height }: { width: number; height: number }): Rectangle[] {
  const middle = box.y + box.height / 2 - height / 2;
  const centre = box.x + box.width / 2 - width / 2;
  return Array.from({ length: RINGS }, (_, ring) => {
    const gap = GAP_PX + ring * (LINE_PX + 6);
    const [right, left, above, below] = [box.x + box.width + gap, box.x - width - gap, box.y - height - gap, box.y + box.height + gap];
    return [
      { x: right, y: middle },
      { x: left, y: middle },
      { x: centre, y: above },
      { x: centre, y: below },
      { x: right, y: above },
      { x: right, y: below },
      { x: left, y: below },
      { x: left, y: above },
    ].map((one) => ({ ...one, width, height }));
  }).flat();
}

const inFrame = (one: Rectangle, frame: Size) => one.x >= 2 && one.y >= 2 && one.x + one.width <= frame.width - 2 && one.y + one.height <= frame.height - 2;
const overlap = (one: Rectangle, other: Rectangle) =>
  one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;

function leaderOf(at: Rectangle, box: Rectangle): Label["leader"] {
  const near = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  const x1 = near(box.x + box.width / 2, at.x, at.x + at.width);
  const y1 = near(box.y + box.height / 2, at.y, at.y + at.height);
  const [x2, y2] = [near(x1, box.x, box.x + box.width), near(y1, box.y, box.y + box.height)];
  return Math.hypot(x2 - x1, y2 - y1) > GAP_PX + LINE_PX ? { x1, y1, x2, y2 } : null;
}
