/** Brings the slices of a volume: the overview first, then n/2, n/4, 3n/4 and so on, decoded beside the page. */
import { get, words, type Schemas } from "../parts/client";
import { decode } from "../viewer/decoders";
import { modalityValues, sourceOf, type Descriptor } from "../viewer/source";
import { Voxels, fitOf, reducedGeometry, type Fit, type Volume } from "./voxels";

const AT_ONCE = 4;
const LEVELS = 65_534;
const HEAD_BYTES = 16;
const WIRE_VALUES = 1 << 16;

/** The order in which the gaps of a volume close most evenly: the middle, the quarters, the eighths … */
export function order(count: number): number[] {
  const found: number[] = [];
  const seen = new Set<number>();
  const take = (number: number) => {
    if (number < count && !seen.has(number)) found.push(seen.add(number) && number);
  };
  for (let parts = 2; parts < 4 * count; parts *= 2) {
    for (let part = 1; part < parts; part += 2) take(Math.floor((part * count) / parts));
  }
  for (let number = 0; number < count; number++) take(number);
  return found;
}

export interface Hopes {
  onoverview: (voxels: Voxels) => void;
  onslice: (number: number) => void;
  onproblem: (problem: string) => void;
}

/** The loading of one volume. */
export class Loading {
  readonly fit: Fit;
  readonly numbers: number[];
  readonly fine: Voxels;
  loaded = 0;
  private stopped = false;
  private descriptors = new Map<number, Descriptor>();
  private tables = new Map<string, Uint16Array>();

  constructor(
    readonly volume: Volume,
    sideMax: number,
    private readonly hopes: Hopes,
  ) {
    const geometry = volume.geometry as Schemas["VolumeGeometry"];
    const count = volume.slices?.length ?? 0;
    this.fit = fitOf(count, geometry.rows, geometry.columns, sideMax);
    this.numbers = Array.from({ length: Math.ceil(count / this.fit.stride) }, (_, index) => index * this.fit.stride);
    this.fine = new Voxels(reducedGeometry(geometry, this.numbers, this.fit.block));
  }

  stop(): void {
    this.stopped = true;
  }

  async run(exam_pk: number): Promise<void> {
    try {
      await this.overview();
      await this.describe(exam_pk);
    } catch (error) {
      this.hopes.onproblem(words(error));
      return;
    }
    const waiting = order(this.numbers.length);
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(waiting)));
  }

  private async work(waiting: number[]): Promise<void> {
    for (let number = waiting.shift(); number !== undefined && !this.stopped; number = waiting.shift()) {
      try {
        this.fine.slices[number] = await this.slice(this.numbers[number] as number);
        if (this.stopped) return;
        this.loaded++;
        this.hopes.onslice(number);
      } catch (error) {
        this.hopes.onproblem(`Slice ${number + 1} is missing: ${words(error)}`);
      }
    }
  }

  private async overview(): Promise<void> {
    const told = this.volume.overview as Schemas["VolumeOverview"];
    const answer = await fetch(told.address, { credentials: "same-origin" });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? "the overview cannot be had");
    const content = await answer.arrayBuffer();
    if (this.stopped) return;
    const head = new DataView(content);
    const voxels = new Voxels(reducedGeometry(this.volume.geometry as Schemas["VolumeGeometry"], told.slices, told.block));
    [voxels.base, voxels.step] = [head.getFloat64(0, true), head.getFloat64(8, true)];
    const size = told.rows * told.columns;
    for (let number = 0; number < told.slices.length; number++) {
      voxels.slices[number] = new Uint16Array(content, HEAD_BYTES + number * size * 2, size);
    }
    this.hopes.onoverview(voxels);
  }

  /** Learns what the wire values of every image mean, and chooses what a voxel's number shall mean. */
  private async describe(exam_pk: number): Promise<void> {
    const { images } = await get<Schemas["ExamPixels"]>(`/api/v1/exams/${exam_pk}/pixels`);
    for (const { image_pk, pixels } of images) if (pixels) this.descriptors.set(image_pk, pixels as Descriptor);
    for (const { image_pk } of this.volume.slices ?? []) {
      if (!this.descriptors.has(image_pk)) this.descriptors.set(image_pk, (await sourceOf(image_pk)).descriptor);
    }
    const used = [...new Set((this.volume.slices ?? []).map(({ image_pk }) => this.descriptors.get(image_pk) as Descriptor))];
    const first = used[0] as Descriptor;
    const areAlike = used.every((one) => !one.modality_lut && one.slope === first.slope && one.intercept === first.intercept);
    if (areAlike && first.slope > 0) {
      [this.fine.base, this.fine.step] = [first.intercept, first.slope];
      return;
    }
    const ends = used.map((one) => {
      const values = modalityValues(one);
      return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)] as [number, number], [Infinity, -Infinity] as [number, number]);
    });
    const low = Math.min(...ends.map(([one]) => one));
    const high = Math.max(...ends.map(([, one]) => one));
    [this.fine.base, this.fine.step] = [low, high > low ? (high - low) / LEVELS : 1];
  }

  /** The voxel of every wire value of an image. */
  private table(descriptor: Descriptor): Uint16Array {
    const key = JSON.stringify([descriptor.slope, descriptor.intercept, descriptor.padding, descriptor.modality_lut]);
    const known = this.tables.get(key);
    if (known) return known;
    const values = modalityValues(descriptor);
    const { base, step } = this.fine;
    const made = Uint16Array.from({ length: WIRE_VALUES }, (_, wire) => Math.max(1, Math.min(65_535, Math.round(((values[wire] as number) - base) / step) + 1)));
    if (descriptor.padding !== null) made[descriptor.padding] = 0;
    this.tables.set(key, made);
    return made;
  }

  private async slice(number: number): Promise<Uint16Array> {
    const { image_pk, plane } = (this.volume.slices ?? [])[number] as Schemas["VolumeSlice"];
    const descriptor = this.descriptors.get(image_pk) as Descriptor;
    const table = this.table(descriptor);
    const { rows, columns, tile_rows, tile_columns } = descriptor.levels[0] as Descriptor["levels"][number];
    const whole = new Uint16Array(rows * columns);
    for (let row = 0; row < tile_rows; row++) {
      for (let column = 0; column < tile_columns; column++) {
        const address = `/api/v1/images/${image_pk}/tiles/${descriptor.tag}/${plane}/0/${row}/${column}`;
        const tile = await decode(await this.bytes(address));
        if (tile.components !== 1) throw new Error("it is in colour");
        const [top, left] = [row * descriptor.tile_px, column * descriptor.tile_px];
        for (let line = 0; line < tile.rows; line++) {
          const [from, to] = [line * tile.columns, (top + line) * columns + left];
          for (let at = 0; at < tile.columns; at++) whole[to + at] = table[tile.data[from + at] as number] as number;
        }
      }
    }
    return reduced(whole, rows, columns, this.fit.block);
  }

  /** The bytes of a tile; a server that is busy is asked again. */
  private async bytes(address: string): Promise<ArrayBuffer> {
    for (let turn = 0; ; turn++) {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (answer.ok) return answer.arrayBuffer();
      if (answer.status !== 429 || turn >= 20 || this.stopped) throw new Error((await answer.json().catch(() => ({}))).detail ?? `the server answers ${answer.status}`);
      await new Promise((done) => setTimeout(done, 250 * (turn + 1)));
    }
  }
}

/** The mean of every block of voxels; those without data take no part. */
export function reduced(whole: Uint16Array, rows: number, columns: number, block: number): Uint16Array {
  if (block === 1) return whole;
  const [height, width] = [Math.ceil(rows / block), Math.ceil(columns / block)];
  const small = new Uint16Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let [sum, count] = [0, 0];
      for (let r = row * block; r < Math.min(rows, (row + 1) * block); r++) {
        for (let c = column * block; c < Math.min(columns, (column + 1) * block); c++) {
          const voxel = whole[r * columns + c] as number;
          if (voxel > 0) [sum, count] = [sum + voxel, count + 1];
        }
      }
      small[row * width + column] = count ? Math.round(sum / count) : 0;
    }
  }
  return small;
}
