/** The shaders of a volume. `sampled` is `volume_planes.values_at` of the server, number for number. */

export const VERTEX = `#version 300 es
void main() { vec2 at = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2); gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0); }`;

const HEAD = `#version 300 es
precision highp float; precision highp int; precision highp usampler3D; precision highp sampler3D; precision highp sampler2D;
const float NOTHING = -3.0e38;
`;

/** A volume by its slices: each has its place along the normal and its own offset; voxels that are 0 carry no data. */
const SAMPLE = `
struct Grid { ivec3 size; vec2 pixel_mm; float even_mm; float base; float step; };
uniform usampler3D fineVoxels, coarseVoxels;
uniform sampler2D finePlaces, coarsePlaces;
uniform Grid fine, coarse;
uniform bool isComplete;
uniform vec3 origin, alongRow, alongColumn, normal;
uniform vec2 coarseShift;

vec3 place(sampler2D places, int slice) { return texelFetch(places, ivec2(slice, 0), 0).xyz; }
bool isThere(sampler2D places, int slice) { return texelFetch(places, ivec2(slice, 0), 0).w > 0.5; }

int lower(sampler2D places, Grid grid, float distance) {
  int last = grid.size.z - 2, low = 0;
  if (grid.even_mm > 0.0) {
    low = clamp(int(floor(distance / grid.even_mm)), 0, last);
    for (int turn = 0; turn < 2; turn++) {
      if (low < last && place(places, low + 1).x <= distance) low++;
      else if (low > 0 && place(places, low).x > distance) low--;
    }
    return low;
  }
  int high = last + 1;
  for (int turn = 0; turn < 12 && high - low > 1; turn++) {
    int middle = (low + high) / 2;
    if (place(places, middle).x <= distance) low = middle; else high = middle;
  }
  return low;
}

void addSlice(usampler3D voxels, Grid grid, int slice, vec2 at, float weight, inout vec2 sum) {
  vec2 last = vec2(grid.size.xy) - 1.0;
  if (any(lessThan(at, vec2(-0.5))) || any(greaterThan(at, last + 0.5))) return;
  vec2 inside = clamp(at, vec2(0.0), last);
  ivec2 first = min(ivec2(inside), max(ivec2(last) - 1, 0));
  ivec2 next = min(first + 1, ivec2(last));
  vec2 part = inside - vec2(first);
  uint a = texelFetch(voxels, ivec3(first, slice), 0).r, b = texelFetch(voxels, ivec3(next.x, first.y, slice), 0).r;
  uint c = texelFetch(voxels, ivec3(first.x, next.y, slice), 0).r, d = texelFetch(voxels, ivec3(next, slice), 0).r;
  vec4 weights = weight * vec4((1.0 - part.x) * (1.0 - part.y), part.x * (1.0 - part.y), (1.0 - part.x) * part.y, part.x * part.y);
  weights *= vec4(a > 0u, b > 0u, c > 0u, d > 0u);
  sum += vec2(dot(weights, vec4(a, b, c, d)), dot(weights, vec4(1.0)));
}

/* Value at (across, down, distance) in mm by the volume's own axes; NOTHING where there is no data. */
float read(usampler3D voxels, sampler2D places, Grid grid, vec3 own, bool mustBeThere) {
  int slice = lower(places, grid, own.z);
  vec3 below = place(places, slice), above = place(places, slice + 1);
  float between = above.x - below.x;
  int last = grid.size.z - 1;
  float start = place(places, 0).x, end = place(places, last).x;
  if (own.z < start - (place(places, 1).x - start) / 2.0 || own.z > end + (end - place(places, last - 1).x) / 2.0) return NOTHING;
  float share = clamp((own.z - below.x) / between, 0.0, 1.0);
  if (mustBeThere && ((share < 1.0 && !isThere(places, slice)) || (share > 0.0 && !isThere(places, slice + 1)))) return NOTHING;
  vec2 sum = vec2(0.0);
  if (share < 1.0) addSlice(voxels, grid, slice, (own.xy - below.zy) / grid.pixel_mm, 1.0 - share, sum);
  if (share > 0.0) addSlice(voxels, grid, slice + 1, (own.xy - above.zy) / grid.pixel_mm, share, sum);
  return sum.y > 1e-6 ? grid.base + grid.step * (sum.x / sum.y - 1.0) : NOTHING;
}

float sampledOwn(vec3 own) {
  if (isComplete) return read(fineVoxels, finePlaces, fine, own, false);
  float value = read(fineVoxels, finePlaces, fine, own, true);
  return value > NOTHING ? value : read(coarseVoxels, coarsePlaces, coarse, vec3(own.xy - coarseShift, own.z), false);
}

float sampled(vec3 point) {
  vec3 relative = point - origin;
  return sampledOwn(vec3(dot(relative, alongRow), dot(relative, alongColumn), dot(relative, normal)));
}
`;

/** One plane or slab; `corner` is where the pixel (0, 0) of the picture lies, counted from its lower left. */
const SLAB = `
uniform vec3 corner, stepRight, stepUp, into;
uniform float thickness;
uniform int samples, mode;
float slab(vec2 at) {
  vec3 point = corner + at.x * stepRight + at.y * stepUp;
  if (samples <= 1) return sampled(point);
  float best = NOTHING, total = 0.0, count = 0.0;
  for (int number = 0; number < samples; number++) {
    float value = sampled(point + into * thickness * (float(number) / float(samples - 1) - 0.5));
    if (value <= NOTHING) continue;
    total += value;
    count += 1.0;
    best = best <= NOTHING ? value : mode == 2 ? min(best, value) : max(best, value);
  }
  return mode == 0 ? (count > 0.0 ? total / count : NOTHING) : best;
}
`;

/** Shown: window, inverse; what carries no data is black. */
export const SHOW = `${HEAD}${SAMPLE}${SLAB}
uniform vec2 window;
uniform vec2 offset;
uniform bool isInverse;
out vec4 colour;
void main() {
  float value = slab(gl_FragCoord.xy - offset);
  float share = clamp((value - window.x) / window.y + 0.5, 0.0, 1.0);
  if (isInverse) share = 1.0 - share;
  colour = vec4(value <= NOTHING ? vec3(0.0) : vec3(floor(share * 255.0 + 0.5) / 255.0), 1.0);
}`;

/** The values themselves, for reading back. */
export const VALUES = `${HEAD}${SAMPLE}${SLAB}
out vec4 value;
void main() { value = vec4(slab(gl_FragCoord.xy), 0.0, 0.0, 1.0); }`;

/** One layer of the body: the volume on an even grid by its own axes, 0 to 1 over the range, for rendering only. */
export const BODY = `${HEAD}${SAMPLE}
uniform vec3 low, cell;
uniform float layer;
uniform vec2 range;
out vec4 share;
void main() {
  float value = sampledOwn(low + cell * vec3(gl_FragCoord.xy, layer + 0.5));
  share = vec4(value <= NOTHING ? 0.0 : clamp((value - range.x) / (range.y - range.x), 0.0, 1.0), 0.0, 0.0, 1.0);
}`;

/** Rays through the body: 0 lit and see-through by a look, 1 highest value, 2 the surface of a threshold. */
export const RENDER = `${HEAD}
uniform sampler3D body;
uniform sampler2D look;
uniform vec3 corner, stepRight, stepUp, into;
uniform vec3 extent;
uniform float stepLength, threshold, density;
uniform int kind;
uniform vec2 window;
uniform bool isInverse;
uniform vec2 offset;
out vec4 colour;

float at(vec3 point) { return texture(body, point / extent).r; }
vec3 slope(vec3 point, float by) {
  vec2 e = vec2(by, 0.0);
  return vec3(at(point + e.xyy) - at(point - e.xyy), at(point + e.yxy) - at(point - e.yxy), at(point + e.yyx) - at(point - e.yyx));
}
float noise(vec2 seed) { return fract(sin(dot(seed, vec2(12.9898, 78.233))) * 43758.5453); }
vec3 lit(vec3 base, vec3 gradient) {
  float length_ = length(gradient);
  if (length_ < 1e-5) return base * 0.6;
  float facing = abs(dot(gradient / length_, into));
  return base * (0.2 + 0.72 * facing) + vec3(0.06) * pow(facing, 40.0);
}
void main() {
  vec2 pixel = gl_FragCoord.xy - offset;
  vec3 start = corner + pixel.x * stepRight + pixel.y * stepUp;
  vec3 inverse_ = 1.0 / (into + vec3(1e-9) * (vec3(1.0) - abs(sign(into))));
  vec3 one = -start * inverse_, other = (extent - start) * inverse_;
  vec3 near = min(one, other), far = max(one, other);
  float from = max(near.x, max(near.y, near.z)), to = min(far.x, min(far.y, far.z));
  vec3 found = vec3(0.0);
  float opacity = 0.0, best = 0.0, before = 0.0, cell = stepLength;
  if (to > from) {
    float along = from + stepLength * (kind == 0 ? noise(pixel) : 0.5);
    for (int number = 0; number < 2048 && along < to; number++, along += stepLength) {
      vec3 point = start + into * along;
      float value = at(point);
      if (kind == 1) { best = max(best, value); continue; }
      if (kind == 2) {
        if (value >= threshold) {
          float back = before < threshold ? (value - threshold) / max(value - before, 1e-6) : 0.0;
          vec3 hit = point - into * back * stepLength;
          float depth = (along - from) / max(to - from, 1e-6);
          found = lit(vec3(0.93, 0.9, 0.84), slope(hit, cell)) * (1.05 - 0.35 * depth);
          opacity = 1.0;
          break;
        }
        before = value;
        continue;
      }
      vec4 seen = textureLod(look, vec2(value, 0.5), 0.0);
      if (seen.a > 0.002) {
        float alpha = 1.0 - exp(-seen.a * seen.a * 4.0 * density * stepLength);
        found += (1.0 - opacity) * alpha * lit(seen.rgb, slope(point, cell));
        opacity += (1.0 - opacity) * alpha;
        if (opacity > 0.98) break;
      }
    }
  }
  if (kind == 1) {
    float share = clamp((best - window.x) / window.y + 0.5, 0.0, 1.0);
    found = vec3(to > from ? (isInverse ? 1.0 - share : share) : 0.0);
  }
  colour = vec4(found, 1.0);
}`;
