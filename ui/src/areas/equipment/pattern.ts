/** The test pattern, drawn at one pixel to one pixel of the screen. After the sQC and pQC patterns (AAPM Report 270). */

const SQUARES = 18;
const PATCH_PX = 24;
const INSET_PX = 10;

const grey = (level: number) => `rgb(${level} ${level} ${level})`;
export const levelOf = (square: number) => Math.round((255 * square) / (SQUARES - 1));

/** Draws the whole pattern: frame, 18 squares with corner patches, ramp, line pairs in the middle and the corners. */
export function draw(canvas: HTMLCanvasElement, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.imageSmoothingEnabled = false;
  fill(pen, 0, 0, width, height, 128);
  pen.strokeStyle = grey(255);
  pen.lineWidth = 1;
  pen.strokeRect(2.5, 2.5, width - 5, height - 5);
  pen.strokeRect(6.5, 6.5, width - 13, height - 13);
  squares(pen, width, height);
  ramp(pen, width, height);
  for (const [x, y] of places(width, height)) lines(pen, x, y);
}

const fill = (pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, level: number) => {
  pen.fillStyle = grey(level);
  pen.fillRect(Math.round(x), Math.round(y), Math.round(width), Math.round(height));
};

/** 18 grey levels in three rows; each with two corner patches a little darker and lighter (3 levels at the ends, else 5). */
function squares(pen: CanvasRenderingContext2D, width: number, height: number): void {
  const size = Math.floor(Math.min((width - 120) / 6, (height * 0.62) / 3));
  const [left, top] = [Math.round((width - 6 * size) / 2), Math.round(height * 0.08)];
  for (let square = 0; square < SQUARES; square++) {
    const row = Math.floor(square / 6);
    const column = row % 2 ? 5 - (square % 6) : square % 6; // neighbours on the screen are neighbours in grey
    const [x, y] = [left + column * size, top + row * size];
    const level = levelOf(square);
    const by = square === 0 || square === SQUARES - 1 ? 3 : 5;
    fill(pen, x, y, size, size, level);
    fill(pen, x + INSET_PX, y + INSET_PX, PATCH_PX, PATCH_PX, Math.min(255, level + by));
    fill(pen, x + size - INSET_PX - PATCH_PX, y + size - INSET_PX - PATCH_PX, PATCH_PX, PATCH_PX, Math.max(0, level - by));
  }
}

function ramp(pen: CanvasRenderingContext2D, width: number, height: number): void {
  const step = Math.max(1, Math.floor((width - 240) / 256));
  const [left, top, tall] = [Math.round((width - 256 * step) / 2), Math.round(height * 0.74), Math.round(height * 0.07)];
  for (let level = 0; level < 256; level++) fill(pen, left + level * step, top, step, tall, level);
}

/** The middle below the ramp, and the four corners. */
function places(width: number, height: number): [number, number][] {
  const far = 100;
  return [
    [Math.round(width / 2 - 40), Math.round(height * 0.85)],
    [20, 20],
    [width - far, 20],
    [20, height - far],
    [width - far, height - far],
  ];
}

/** Upright and lying line pairs of one and of two pixels, at full and at low contrast. */
function lines(pen: CanvasRenderingContext2D, x: number, y: number): void {
  for (const [part, levels] of ([[0, 255], [123, 133]] as [number, number][]).entries())
    for (const [which, thick] of [1, 2].entries()) stripes(pen, x + which * 40, y + part * 40, thick, levels);
}

function stripes(pen: CanvasRenderingContext2D, x: number, y: number, thick: number, [dark, bright]: [number, number]): void {
  fill(pen, x, y, 38, 38, dark);
  for (let at = 0; at < 38; at += 2 * thick) {
    fill(pen, x + at, y, thick, 19, bright);
    if (at < 19) fill(pen, x, y + 19 + at, 38, thick, bright);
  }
}

/** One grey level over the whole screen with the patch in the middle: what a photometer reads. */
export function field(canvas: HTMLCanvasElement, width: number, height: number, square: number): void {
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  fill(pen, 0, 0, width, height, 51); // a fifth of white around the patch, as photometers are used to
  const size = Math.round(Math.min(width, height) * 0.45);
  fill(pen, (width - size) / 2, (height - size) / 2, size, size, levelOf(square));
}
