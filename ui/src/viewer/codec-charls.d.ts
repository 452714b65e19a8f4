/** The parts of CharLS that are used (JPEG-LS, compiled to WebAssembly). */
declare module "@cornerstonejs/codec-charls/decodewasmjs" {
  export interface Decoder {
    getEncodedBuffer(bytes: number): Uint8Array;
    decode(): void;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
    getInterleaveMode(): number;
    getDecodedBuffer(): Uint8Array;
    delete(): void;
  }
  interface Charls {
    JpegLSDecoder: new () => Decoder;
  }
  export default function load(options: { locateFile: (name: string) => string }): Promise<Charls>;
}

declare module "@cornerstonejs/codec-charls/decodewasm?url" {
  const address: string;
  export default address;
}
