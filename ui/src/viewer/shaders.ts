/** The drawing of one tile: where a screen pixel falls in it, its value there, and the colour that value is shown as. */

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
uniform vec2 corner;    // where the lower left of the target falls in the tile, in its pixels (column, row)
uniform vec2 right;     // the step of one screen pixel to the right
uniform vec2 up;        // and of one upwards
uniform vec2 extent;    // columns and rows of the tile
uniform ivec2 margin;   // pixels of the texture before the tile begins
uniform bool isSmooth;
out vec4 shown;
vec2 place() {
  vec2 at = corner + gl_FragCoord.x * right + gl_FragCoord.y * up;
  if (at.x < 0.0 || at.y < 0.0 || at.x >= extent.x || at.y >= extent.y) discard;
  return at;
}
`;

/** Wire values of 16 bits; the table says how each is shown. Between pixels the values are interpolated, not the greys. */
export const GREY = `${HEAD}
uniform usampler2D tile;
uniform sampler2D table;
uniform int padding;    // the value of pixels without data, or -1
int wire(ivec2 at) { return int(texelFetch(tile, at + margin, 0).r); }
vec4 look(int value) { return texelFetch(table, ivec2(value & 255, value >> 8), 0); }
void main() {
  vec2 at = place();
  if (!isSmooth) {
    shown = look(wire(ivec2(at)));
    return;
  }
  vec2 from = floor(at - 0.5);
  vec2 share = at - 0.5 - from;
  ivec2 first = ivec2(from);
  ivec4 four = ivec4(wire(first), wire(first + ivec2(1, 0)), wire(first + ivec2(0, 1)), wire(first + ivec2(1, 1)));
  if (any(equal(four, ivec4(padding)))) {
    ivec2 row = share.y < 0.5 ? four.xy : four.zw;
    shown = look(share.x < 0.5 ? row.x : row.y);
    return;
  }
  vec4 above = vec4(four - four.x);
  float value = mix(mix(above.x, above.y, share.x), mix(above.z, above.w, share.x), share.y);
  int low = four.x + int(floor(value));
  shown = mix(look(low), look(min(low + 1, 65535)), fract(value));
}`;

/** Red, green and blue, or shares of 0 to 1, as they are, or light and dark turned over: hues mean materials and stay. */
export const COLOUR = `${HEAD}
uniform sampler2D tile;
uniform bool isNegative;
vec4 texel(ivec2 at) { return texelFetch(tile, at + margin, 0); }
void main() {
  vec2 at = place();
  vec4 value = texel(ivec2(at));
  if (isSmooth) {
    vec2 from = floor(at - 0.5);
    vec2 share = at - 0.5 - from;
    ivec2 first = ivec2(from);
    value = mix(mix(texel(first), texel(first + ivec2(1, 0)), share.x), mix(texel(first + ivec2(0, 1)), texel(first + ivec2(1, 1)), share.x), share.y);
  }
  vec3 level = floor(clamp(value.rgb, 0.0, 1.0) * 255.0 + 0.5);
  float turn = 255.0 - max(max(level.r, level.g), level.b) - min(min(level.r, level.g), level.b);
  shown = vec4((isNegative ? level + turn : level) / 255.0, 1.0);
}`;

/** Modality values as real numbers, as the enhancement steps leave them: window or VOI LUT here, then colours. */
export const VALUES = `${HEAD}
uniform sampler2D tile;
uniform sampler2D colours;
uniform sampler2D lut;
uniform int kind;       // 0 LINEAR, 1 LINEAR_EXACT, 2 SIGMOID, 3 a table
uniform float centre;
uniform float width;
uniform vec3 lutRange;  // first value, number of entries, largest entry
uniform bool isInverse;
uniform bool isNegative;
float value(ivec2 at) { return texelFetch(tile, at + margin, 0).r; }
float share(float v) {
  if (kind == 3) {
    int index = int(clamp(floor(v + 0.5) - lutRange.x, 0.0, lutRange.y - 1.0));
    return min(1.0, texelFetch(lut, ivec2(index & 255, index >> 8), 0).r / lutRange.z);
  }
  if (kind == 2) return 1.0 / (1.0 + exp(clamp(-4.0 * (v - centre) / width, -80.0, 80.0)));
  if (kind == 1) return clamp((v - centre) / width + 0.5, 0.0, 1.0);
  if (width <= 1.0) return v > centre - 0.5 ? 1.0 : 0.0;
  return clamp((v - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0);
}
void main() {
  vec2 at = place();
  float v = value(ivec2(at));
  if (isSmooth) {
    vec2 from = floor(at - 0.5);
    vec2 part = at - 0.5 - from;
    ivec2 first = ivec2(from);
    v = mix(mix(value(first), value(first + ivec2(1, 0)), part.x), mix(value(first + ivec2(0, 1)), value(first + ivec2(1, 1)), part.x), part.y);
  }
  float s = share(v);
  int level = int(floor((isInverse ? 1.0 - s : s) * 255.0 + 0.5));
  shown = vec4(texelFetch(colours, ivec2(isNegative ? 255 - level : level, 0), 0).rgb, 1.0);
}`;

/** Wire values to modality values, for the enhancement steps. */
export const MODALITY = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
uniform usampler2D tile;
uniform sampler2D table;
uniform ivec2 shift;    // from pixels of the target to pixels of the texture
out vec4 outValue;
void main() {
  int wire = int(texelFetch(tile, ivec2(gl_FragCoord.xy) + shift, 0).r);
  outValue = vec4(texelFetch(table, ivec2(wire & 255, wire >> 8), 0).r);
}`;
