/**
 * The forward pass of dense layers in WebAssembly SIMD. AssemblyScript, not TypeScript: built by `asc` into
 * dist/policies/kernels/dense.wasm, called by ../simd.ts, which lays out the memory. It allocates nothing.
 *
 * Weights lie in tiles of 32 units: `[tile][input][32]`, so that the loops below read them in order. Rows have a
 * stride of whole tiles; what is beyond the last unit has zero weights. Each sum begins at the bias and takes input
 * after input: a row has the same bits alone, in a batch, and with or without its zeros.
 */

/** First byte that is free for the caller. */
export const heap: usize = __heap_base;

/** A layer of so many units or fewer has `[unit][input]` weights instead: most of a tile would be padding. */
const NARROW: i32 = 4;
const TILE_BYTES: usize = 128;
const HALF: usize = 64;
/** Bytes of a layer in the table: nine i32, see `forward`. */
const LAYER_BYTES: usize = 36;
/** Bytes of an entry in a row's list: where the weights of an input begin in a tile, and the input. */
const ENTRY_BYTES: usize = 8;

const RELU: i32 = 1;
const TANH: i32 = 2;
const SIGMOID: i32 = 3;

/** As tf.layers.layerNormalization has it. */
const NORM_EPSILON: f32 = 1e-3;

/**
 * Runs `rows` rows at `x` (stride in bytes, of four inputs) through `layers` layers of the table; `a`, `b` and `list` are
 * scratch, the last layer writes to `out`. A layer: weight, bias, scale or 0, offset, inputs, units, tiles, activation,
 * and whether its inputs are rectified: then the ReLU of the layer before is done here, by leaving out what is not above 0.
 */
export function forward(
  table: usize, layers: i32, x: usize, stride: usize, rows: i32, a: usize, b: usize, list: usize, out: usize,
): void {
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
    else {
      const rectified = load<i32>(at, 32) != 0;
      const pairs = rectified ? 0 : rows & ~1;
      const w: usize = load<u32>(at, 0), bias: usize = load<u32>(at, 4);
      if (pairs > 0) dense(w, bias, inputs, tiles, from, step, pairs, into, width);
      if (pairs < rows) listed(w, bias, inputs, tiles, from + <usize>pairs * step, step, rows - pairs, list, rectified, into + <usize>pairs * width, width);
    }
    const scale: usize = load<u32>(at, 8);
    if (scale != 0) for (let r = 0; r < rows; r++) normalise(into + <usize>r * width, units, tiles, scale, load<u32>(at, 12));
    activate(load<i32>(at, 28), into, <usize>rows * width, units, width);
    from = into;
    step = width;
  }
}

function dense(w: usize, bias: usize, inputs: i32, tiles: i32, x: usize, xStep: usize, rows: i32, y: usize, yStep: usize): void {
  const tileBytes = <usize>inputs * TILE_BYTES;
  for (let r = 0; r < rows; r += 2) {
    for (let t = 0; t < tiles; t++) {
      const p = w + <usize>t * tileBytes, b = bias + <usize>t * TILE_BYTES, z = y + <usize>t * TILE_BYTES;
      twoRows(p, b, inputs, x, x + xStep, z, yStep);
      twoRows(p + HALF, b + HALF, inputs, x, x + xStep, z + HALF, yStep);
    }
    x += 2 * xStep;
    y += 2 * yStep;
  }
}

/**
 * Two rows of half a tile: eight sums at once hide the latency of the addition. No more, and no more than four weights
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

/**
 * Row by row, from a list of its inputs. Behind a ReLU half of them or more are zero: they are not listed, since a sum
 * to which 0 · w is added is the same bits as before (w finite, the bias not −0).
 */
function listed(
  w: usize, bias: usize, inputs: i32, tiles: i32, x: usize, xStep: usize, rows: i32, list: usize, rectified: bool, y: usize, yStep: usize,
): void {
  // The list of row r begins at list + r · room: where it ends, then its entries; `compact` writes up to three beyond.
  const room = (<usize>inputs + 4) * ENTRY_BYTES;
  for (let r = 0; r < rows; r++) compact(x + <usize>r * xStep, inputs, rectified ? 0 : 15, list + <usize>r * room);
  const tileBytes = <usize>inputs * TILE_BYTES;
  for (let t = 0; t < tiles; t++) {
    for (let r = 0; r < rows; r++) oneRow(w, bias, list + <usize>r * room, w + tileBytes, y + <usize>r * yStep);
    w += tileBytes;
    bias += TILE_BYTES;
    y += TILE_BYTES;
  }
}

/** Byte orders that bring the lanes of a mask of four to the front. */
const FRONT: usize = memory.data<u32>([
  0, 0, 0, 0, 0x03020100, 0, 0, 0, 0x07060504, 0, 0, 0, 0x03020100, 0x07060504, 0, 0,
  0x0b0a0908, 0, 0, 0, 0x03020100, 0x0b0a0908, 0, 0, 0x07060504, 0x0b0a0908, 0, 0, 0x03020100, 0x07060504, 0x0b0a0908, 0,
  0x0f0e0d0c, 0, 0, 0, 0x03020100, 0x0f0e0d0c, 0, 0, 0x07060504, 0x0f0e0d0c, 0, 0, 0x03020100, 0x07060504, 0x0f0e0d0c, 0,
  0x0b0a0908, 0x0f0e0d0c, 0, 0, 0x03020100, 0x0b0a0908, 0x0f0e0d0c, 0, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0,
  0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
], 16);

/** Lists the inputs of a row that are not 0 or below (NaN is not), and those of the mask `always`. */
// @ts-ignore: AssemblyScript's decorator
@inline
function compact(x: usize, inputs: i32, always: i32, to: usize): void {
  let p = to + ENTRY_BYTES;
  let at = i32x4(0, <i32>TILE_BYTES, 2 * <i32>TILE_BYTES, 3 * <i32>TILE_BYTES);
  for (let i = 0; i < inputs; i += 4) {
    const v = v128.load(x);
    let mask = (i32x4.bitmask(f32x4.le(v, f32x4.splat(0))) ^ 15) | always;
    // Padding is no input: 0 · ∞ may have made it NaN.
    if (i + 4 > inputs) mask &= (1 << (inputs - i)) - 1;
    const order = v128.load(FRONT + (<usize>mask << 4));
    const offset = i8x16.swizzle(at, order), value = i8x16.swizzle(v, order);
    v128.store(p, v128.shuffle<i32>(offset, value, 0, 4, 1, 5));
    v128.store(p, v128.shuffle<i32>(offset, value, 2, 6, 3, 7), 16);
    p += <usize>popcnt<i32>(mask) * ENTRY_BYTES;
    at = i32x4.add(at, i32x4.splat(4 * <i32>TILE_BYTES));
    x += 16;
  }
  store<u32>(to, <u32>p);
}

/**
 * One row of one tile. The way out in the middle is never taken (`end` is behind the tile's last weight): it keeps the
 * compiler from loading all eight weights at once, which spills a sum.
 */
// @ts-ignore: AssemblyScript's decorator
@inline
function oneRow(w: usize, bias: usize, list: usize, end: usize, y: usize): void {
  let a0 = v128.load(bias, 0), a1 = v128.load(bias, 16), a2 = v128.load(bias, 32), a3 = v128.load(bias, 48);
  let b0 = v128.load(bias, 64), b1 = v128.load(bias, 80), b2 = v128.load(bias, 96), b3 = v128.load(bias, 112);
  const last: usize = load<u32>(list);
  for (let p = list + ENTRY_BYTES; p < last; p += ENTRY_BYTES) {
    const u = v128.load32_splat(p, 4);
    const at = w + <usize>load<u32>(p);
    a0 = f32x4.add(a0, f32x4.mul(u, v128.load(at, 0)));
    a1 = f32x4.add(a1, f32x4.mul(u, v128.load(at, 16)));
    a2 = f32x4.add(a2, f32x4.mul(u, v128.load(at, 32)));
    a3 = f32x4.add(a3, f32x4.mul(u, v128.load(at, 48)));
    if (at >= end) break;
    b0 = f32x4.add(b0, f32x4.mul(u, v128.load(at, 64)));
    b1 = f32x4.add(b1, f32x4.mul(u, v128.load(at, 80)));
    b2 = f32x4.add(b2, f32x4.mul(u, v128.load(at, 96)));
    b3 = f32x4.add(b3, f32x4.mul(u, v128.load(at, 112)));
  }
  v128.store(y, a0, 0), v128.store(y, a1, 16), v128.store(y, a2, 32), v128.store(y, a3, 48);
  v128.store(y, b0, 64), v128.store(y, b1, 80), v128.store(y, b2, 96), v128.store(y, b3, 112);
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
