/**
 * The forward pass of dense layers in WebAssembly SIMD. AssemblyScript, not TypeScript: built by `asc` into
 * dist/policies/kernels/dense.wasm, called by ../simd.ts, which lays out the memory. It allocates nothing.
 *
 * Weights lie in tiles of 16 units: `[tile][input][16]`, so that the loops below read them in order. Rows have a
 * stride of whole tiles; what is beyond the last unit has zero weights.
 */

/** First byte that is free for the caller. */
export const heap: usize = __heap_base;

/** A layer of so many units or fewer has `[unit][input]` weights instead: most of a tile would be padding. */
const NARROW: i32 = 4;
const TILE_BYTES: usize = 64;
/** Bytes of a layer in the table: eight i32, see `forward`. */
const LAYER_BYTES: usize = 32;

const RELU: i32 = 1;
const TANH: i32 = 2;
const SIGMOID: i32 = 3;

/** As tf.layers.layerNormalization has it. */
const NORM_EPSILON: f32 = 1e-3;

/**
 * Runs `rows` rows at `x` (stride in bytes) through `layers` layers of the table; `a` and `b` are scratch, the last
 * layer writes to `out`. A layer: weight, bias, scale or 0, offset, inputs, units, tiles, activation.
 */
export function forward(table: usize, layers: i32, x: usize, stride: usize, rows: i32, a: usize, b: usize, out: usize): void {
  let from = x;
  let step = stride;
  for (let l = 0; l < layers; l++) {
    const at = table + <usize>l * LAYER_BYTES;
    const inputs = load<i32>(at, 16);
    const tiles = load<i32>(at, 24);
    const into = l == layers - 1 ? out : l % 2 == 0 ? a : b;
    const width = <usize>tiles * TILE_BYTES;
    const units = load<i32>(at, 20);
    if (units <= NARROW) narrow(load<u32>(at, 0), load<u32>(at, 4), inputs, units, from, step, rows, into, width);
    else dense(load<u32>(at, 0), load<u32>(at, 4), inputs, tiles, from, step, rows, into, width);
    const scale: usize = load<u32>(at, 8);
    if (scale != 0) for (let r = 0; r < rows; r++) normalise(into + <usize>r * width, units, tiles, scale, load<u32>(at, 12));
    activate(load<i32>(at, 28), into, <usize>rows * width, units, width);
    from = into;
    step = width;
  }
}

function dense(w: usize, bias: usize, inputs: i32, tiles: i32, x: usize, xStep: usize, rows: i32, y: usize, yStep: usize): void {
  const tileBytes = <usize>inputs * TILE_BYTES;
  let r = 0;
  for (; r + 2 <= rows; r += 2) {
    for (let t = 0; t < tiles; t++) twoRows(w + <usize>t * tileBytes, bias + <usize>t * TILE_BYTES, inputs, x, x + xStep, y + <usize>t * TILE_BYTES, yStep);
    x += 2 * xStep;
    y += 2 * yStep;
  }
  if (r < rows) for (let t = 0; t < tiles; t++) oneRow(w + <usize>t * tileBytes, bias + <usize>t * TILE_BYTES, inputs, x, y + <usize>t * TILE_BYTES);
}

/**
 * Two rows of one tile: eight sums at once hide the latency of the addition. No more, and no more than four weights
 * beside them: the sixteen registers are full then, and a sum that is spilled waits for memory at every input.
 */
// @ts-ignore: AssemblyScript's decorator
@inline
function twoRows(w: usize, bias: usize, inputs: i32, p: usize, q: usize, y: usize, yStep: usize): void {
  let p0 = v128.load(bias, 0), p1 = v128.load(bias, 16), p2 = v128.load(bias, 32), p3 = v128.load(bias, 48);
  let q0 = p0, q1 = p1, q2 = p2, q3 = p3;
  const end = p + (<usize>inputs << 2);
  while (p < end) {
    const u = v128.load32_splat(p), v = v128.load32_splat(q);
    const w0 = v128.load(w, 0), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
    p0 = f32x4.add(p0, f32x4.mul(u, w0));
    p1 = f32x4.add(p1, f32x4.mul(u, w1));
    p2 = f32x4.add(p2, f32x4.mul(u, w2));
    p3 = f32x4.add(p3, f32x4.mul(u, w3));
    q0 = f32x4.add(q0, f32x4.mul(v, w0));
    q1 = f32x4.add(q1, f32x4.mul(v, w1));
    q2 = f32x4.add(q2, f32x4.mul(v, w2));
    q3 = f32x4.add(q3, f32x4.mul(v, w3));
    p += 4;
    q += 4;
    w += TILE_BYTES;
  }
  v128.store(y, p0, 0), v128.store(y, p1, 16), v128.store(y, p2, 32), v128.store(y, p3, 48);
  const z = y + yStep;
  v128.store(z, q0, 0), v128.store(z, q1, 16), v128.store(z, q2, 32), v128.store(z, q3, 48);
}

/** One row of one tile: two inputs at once, added before they go to the sum, hide the latency with four sums. */
// @ts-ignore: AssemblyScript's decorator
@inline
function oneRow(w: usize, bias: usize, inputs: i32, x: usize, y: usize): void {
  let a0 = v128.load(bias, 0), a1 = v128.load(bias, 16), a2 = v128.load(bias, 32), a3 = v128.load(bias, 48);
  const end = x + (<usize>(inputs & ~1) << 2);
  while (x < end) {
    const u = v128.load32_splat(x), v = v128.load32_splat(x, 4);
    a0 = f32x4.add(a0, f32x4.add(f32x4.mul(u, v128.load(w, 0)), f32x4.mul(v, v128.load(w, 64))));
    a1 = f32x4.add(a1, f32x4.add(f32x4.mul(u, v128.load(w, 16)), f32x4.mul(v, v128.load(w, 80))));
    a2 = f32x4.add(a2, f32x4.add(f32x4.mul(u, v128.load(w, 32)), f32x4.mul(v, v128.load(w, 96))));
    a3 = f32x4.add(a3, f32x4.add(f32x4.mul(u, v128.load(w, 48)), f32x4.mul(v, v128.load(w, 112))));
    x += 8;
    w += 2 * TILE_BYTES;
  }
  if (inputs & 1) {
    const u = v128.load32_splat(x);
    a0 = f32x4.add(a0, f32x4.mul(u, v128.load(w, 0)));
    a1 = f32x4.add(a1, f32x4.mul(u, v128.load(w, 16)));
    a2 = f32x4.add(a2, f32x4.mul(u, v128.load(w, 32)));
    a3 = f32x4.add(a3, f32x4.mul(u, v128.load(w, 48)));
  }
  v128.store(y, a0, 0), v128.store(y, a1, 16), v128.store(y, a2, 32), v128.store(y, a3, 48);
}

/** A layer of few units: one dot product for each, its weights in one line. */
function narrow(w: usize, bias: usize, inputs: i32, units: i32, x: usize, xStep: usize, rows: i32, y: usize, yStep: usize): void {
  for (let r = 0; r < rows; r++) {
    let p = w;
    for (let u = 0; u < units; u++) {
      store<f32>(y + (<usize>u << 2), load<f32>(bias + (<usize>u << 2)) + dot(p, x, inputs));
      p += <usize>inputs << 2;
    }
    x += xStep;
    y += yStep;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function dot(w: usize, x: usize, inputs: i32): f32 {
  let a = f32x4.splat(0), b = f32x4.splat(0), c = f32x4.splat(0), d = f32x4.splat(0);
  let i = 0;
  for (; i + 16 <= inputs; i += 16) {
    a = f32x4.add(a, f32x4.mul(v128.load(x, 0), v128.load(w, 0)));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(w, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(w, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(x, 48), v128.load(w, 48)));
    x += 64;
    w += 64;
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  let sum = f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
  for (; i < inputs; i++) {
    sum += load<f32>(x) * load<f32>(w);
    x += 4;
    w += 4;
  }
  return sum;
}

/** LayerNorm over the real units; scale and offset are zero beyond them. */
function normalise(y: usize, units: i32, tiles: i32, scale: usize, offset: usize): void {
  const end = y + (<usize>units << 2);
  let sum: f64 = 0;
  for (let p = y; p < end; p += 4) sum += load<f32>(p);
  const mean = sum / units;
  let square: f64 = 0;
  for (let p = y; p < end; p += 4) {
    const d = <f64>load<f32>(p) - mean;
    square += d * d;
  }
  const inverse = f32x4.splat(<f32>(1 / Math.sqrt(square / units + NORM_EPSILON)));
  const centre = f32x4.splat(<f32>mean);
  const last = y + <usize>tiles * TILE_BYTES;
  for (let p = y; p < last; p += 16) {
    const n = f32x4.mul(f32x4.sub(v128.load(p), centre), inverse);
    v128.store(p, f32x4.add(f32x4.mul(n, v128.load(scale)), v128.load(offset)));
    scale += 16;
    offset += 16;
  }
}

/** In place. NaN stays NaN: f32x4.max propagates it. */
function activate(kind: i32, y: usize, bytes: usize, units: i32, width: usize): void {
  if (kind == RELU) {
    const zero = f32x4.splat(0);
    for (let p = y; p < y + bytes; p += 16) v128.store(p, f32x4.max(v128.load(p), zero));
  } else if (kind == TANH || kind == SIGMOID) {
    for (let row = y; row < y + bytes; row += width) {
      const end = row + (<usize>units << 2);
      for (let p = row; p < end; p += 4) {
        const v = load<f32>(p);
        store<f32>(p, kind == TANH ? Mathf.tanh(v) : 1 / (1 + Mathf.exp(-v)));
      }
    }
  }
}
