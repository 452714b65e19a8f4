/** Decodes JPEG-LS tiles beside the page, so that the page never waits. */
import load, { type Decoder } from "@cornerstonejs/codec-charls/decodewasmjs";
import wasm from "@cornerstonejs/codec-charls/decodewasm?url";

export interface Pixels {
  rows: number;
  columns: number;
  /** 1 (16-bit grey) or 3 (8-bit red, green, blue, pixel by pixel). */
  components: number;
  data: Uint16Array | Uint8Array;
}

export interface Job {
  number: number;
  encoded: ArrayBuffer;
}

export type Answer = { number: number; pixels: Pixels } | { number: number; problem: string };

const BY_PLANE = 0;
const codec = load({ locateFile: () => wasm });

function pixelsOf(decoder: Decoder, encoded: ArrayBuffer): Pixels {
  decoder.getEncodedBuffer(encoded.byteLength).set(new Uint8Array(encoded));
  decoder.decode();
  const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
  const bytes = decoder.getDecodedBuffer().slice();
  const about = { rows: height, columns: width, components: componentCount };
  if (componentCount > 1) return { ...about, data: decoder.getInterleaveMode() === BY_PLANE ? woven(bytes, componentCount) : bytes };
  return { ...about, data: bitsPerSample > 8 ? new Uint16Array(bytes.buffer) : Uint16Array.from(bytes) };
}

/** Whole planes of colour become colours of pixels. */
function woven(bytes: Uint8Array, components: number): Uint8Array {
  const count = bytes.length / components;
  return Uint8Array.from(bytes, (_, index) => bytes[(index % components) * count + Math.floor(index / components)] as number);
}

addEventListener("message", async ({ data: { number, encoded } }: MessageEvent<Job>) => {
  let answer: Answer;
  try {
    const decoder = new (await codec).JpegLSDecoder();
    try {
      answer = { number, pixels: pixelsOf(decoder, encoded) };
    } finally {
      decoder.delete();
    }
  } catch (error) {
    answer = { number, problem: `a part of the image could not be decoded (${error instanceof Error ? error.message : String(error)})` };
  }
  postMessage(answer, { transfer: "pixels" in answer ? [answer.pixels.data.buffer] : [] });
});
