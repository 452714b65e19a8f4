/** Textures to draw into, kept for the next pass of the same size: making one costs more than drawing. */

export interface Target {
  texture: WebGLTexture;
  frame: WebGLFramebuffer;
  width: number;
  height: number;
  isColour: boolean;
}

/** Idle textures kept at most; what is beyond is given back to the card. */
const IDLE_BYTES = 192 << 20;

const bytesOf = (target: { width: number; height: number; isColour: boolean }) =>
  target.width * target.height * (target.isColour ? 16 : 4);

export class Targets {
  #idle: Target[] = [];
  /** Bytes on the card, in use or idle. */
  bytes = 0;

  constructor(private gl: WebGL2RenderingContext) {}

  take(width: number, height: number, isColour: boolean): Target {
    const fits = (one: Target) => one.width === width && one.height === height && one.isColour === isColour;
    const found = this.#idle.findIndex(fits);
    if (found >= 0) return this.#idle.splice(found, 1)[0]!;
    return this.#made(width, height, isColour);
  }

  give(target: Target): void {
    this.#idle.push(target);
    let idle = this.#idle.reduce((sum, one) => sum + bytesOf(one), 0);
    while (idle > IDLE_BYTES && this.#idle.length > 1) {
      const oldest = this.#idle.shift()!;
      idle -= bytesOf(oldest);
      this.#drop(oldest);
    }
  }

  dispose(): void {
    for (const target of this.#idle) this.#drop(target);
    this.#idle = [];
  }

  #made(width: number, height: number, isColour: boolean): Target {
    const gl = this.gl;
    const texture = floatTexture(gl, width, height, null, isColour);
    const frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) {
      throw new Error(`the graphics card cannot draw into a picture of ${width} x ${height} real numbers`);
    }
    const target = { texture, frame, width, height, isColour };
    this.bytes += bytesOf(target);
    return target;
  }

  #drop(target: Target): void {
    this.gl.deleteFramebuffer(target.frame);
    this.gl.deleteTexture(target.texture);
    this.bytes -= bytesOf(target);
  }
}

/** A texture of real numbers, one or four to a pixel, never interpolated by the card. */
export function floatTexture(
  gl: WebGL2RenderingContext,
  width: number,
  height: number,
  values: Float32Array | null,
  isColour = false,
): WebGLTexture {
  const most = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  if (width > most || height > most) {
    throw new Error(`a texture of ${width} x ${height} is more than this graphics card holds (${most}): use tiles`);
  }
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  const [inner, format] = isColour ? [gl.RGBA32F, gl.RGBA] : [gl.R32F, gl.RED];
  gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, gl.FLOAT, values);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  }
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  return texture;
}
