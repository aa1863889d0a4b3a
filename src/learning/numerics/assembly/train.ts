/**
 * What training a small network needs, in WebAssembly SIMD: one matrix product for all three uses (forward, gradient of
 * the input, gradient of the weights), LayerNorm and activations with their gradients, AdamW, Polyak averaging.
 * AssemblyScript, not TypeScript: built by `asc` into dist/src/learning/numerics/train.wasm, called by ../kernel.ts,
 * which lays out the memory. It allocates nothing, and gives the same bits on every machine.
 *
 * Matrices are row-major float32; strides are in bytes. Columns are padded to a multiple of eight with zeros.
 */

/** First byte that is free for the caller. */
export const heap: usize = __heap_base;

/** Columns of a panel of B, and their bytes. */
const PANEL: i32 = 8;
const PANEL_BYTES: usize = 32;

const RELU: i32 = 1;
const TANH: i32 = 2;
const SIGMOID: i32 = 3;

/** As tf.layers.layerNormalization and policies/kernels have it. */
const NORM_EPSILON: f64 = 1e-3;

/** B `[k][n]` into panels `[n/8][k][8]`; `n` a multiple of eight. */
export function pack(from: usize, stride: usize, k: i32, n: i32, to: usize): void {
  for (let p = 0; p < n; p += PANEL) {
    let row = from + (<usize>p << 2);
    for (let i = 0; i < k; i++) {
      v128.store(to, v128.load(row), 0);
      v128.store(to, v128.load(row, 16), 16);
      row += stride;
      to += PANEL_BYTES;
    }
  }
}

/** Bᵀ of B `[n][k]` into panels `[⌈n/8⌉][k][8]`; columns beyond `n` are zero. */
export function packTransposed(from: usize, stride: usize, k: i32, n: i32, to: usize): void {
  for (let p = 0; p < n; p += PANEL) {
    for (let half = 0; half < 2; half++) {
      const first = p + 4 * half;
      const into = to + (<usize>half << 4);
      const row = from + <usize>first * stride;
      if (first + 4 <= n) transposeFour(row, stride, k, into);
      else for (let i = 0; i < k; i++) {
        for (let j = 0; j < 4; j++) {
          const value = first + j < n ? load<f32>(row + <usize>j * stride + (<usize>i << 2)) : <f32>0;
          store<f32>(into + <usize>i * PANEL_BYTES + (<usize>j << 2), value);
        }
      }
    }
    to += <usize>k * PANEL_BYTES;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function transposeFour(row: usize, stride: usize, k: i32, into: usize): void {
  const q = row + stride, r = q + stride, s = r + stride;
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    const at = <usize>i << 2;
    const a = v128.load(row + at), b = v128.load(q + at), c = v128.load(r + at), d = v128.load(s + at);
    const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    const o = into + <usize>i * PANEL_BYTES;
    v128.store(o, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5), 0);
    v128.store(o, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
    v128.store(o, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 64);
    v128.store(o, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 96);
  }
  for (; i < k; i++) {
    const at = <usize>i << 2;
    const o = into + <usize>i * PANEL_BYTES;
    store<f32>(o, load<f32>(row + at), 0);
    store<f32>(o, load<f32>(q + at), 4);
    store<f32>(o, load<f32>(r + at), 8);
    store<f32>(o, load<f32>(s + at), 12);
  }
}

/**
 * C `[m][n]` = A·B, plus `bias` of n numbers (0: none), or plus what C holds when `accumulate`. A's element (r, i) lies
 * at `a + r·rs + i·ks`, so that Aᵀ is read in place; B in panels. Four rows by eight columns at a time: eight sums at
 * once hide the latency of the addition, and with two weights and a splat beside them stay in the sixteen registers.
 */
export function gemm(
  a: usize, rs: usize, ks: usize, b: usize, c: usize, cs: usize, m: i32, k: i32, n: i32, bias: usize, accumulate: i32,
): void {
  for (let p = 0; p < n; p += PANEL) {
    let row = a;
    let out = c;
    let r = 0;
    const offset = bias != 0 ? bias + (<usize>p << 2) : 0;
    for (; r + 4 <= m; r += 4) {
      fourRows(row, rs, ks, b, k, out, cs, offset, accumulate);
      row += rs << 2;
      out += cs << 2;
    }
    for (; r < m; r++) {
      oneRow(row, ks, b, k, out, offset, accumulate);
      row += rs;
      out += cs;
    }
    b += <usize>k * PANEL_BYTES;
    c += PANEL_BYTES;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function fourRows(a: usize, rs: usize, ks: usize, b: usize, k: i32, c: usize, cs: usize, bias: usize, accumulate: i32): void {
  const d = c + cs, e = d + cs, f = e + cs;
  let c0 = f32x4.splat(0), c1 = c0, d0 = c0, d1 = c0, e0 = c0, e1 = c0, f0 = c0, f1 = c0;
  if (accumulate) {
    c0 = v128.load(c), c1 = v128.load(c, 16), d0 = v128.load(d), d1 = v128.load(d, 16);
    e0 = v128.load(e), e1 = v128.load(e, 16), f0 = v128.load(f), f1 = v128.load(f, 16);
  } else if (bias != 0) {
    c0 = v128.load(bias), c1 = v128.load(bias, 16);
    d0 = c0, d1 = c1, e0 = c0, e1 = c1, f0 = c0, f1 = c1;
  }
  let p = a, q = a + rs, r = q + rs, s = r + rs;
  const end = b + <usize>k * PANEL_BYTES;
  while (b < end) {
    const x = v128.load(b), y = v128.load(b, 16);
    let v = v128.load32_splat(p);
    c0 = f32x4.add(c0, f32x4.mul(v, x));
    c1 = f32x4.add(c1, f32x4.mul(v, y));
    v = v128.load32_splat(q);
    d0 = f32x4.add(d0, f32x4.mul(v, x));
    d1 = f32x4.add(d1, f32x4.mul(v, y));
    v = v128.load32_splat(r);
    e0 = f32x4.add(e0, f32x4.mul(v, x));
    e1 = f32x4.add(e1, f32x4.mul(v, y));
    v = v128.load32_splat(s);
    f0 = f32x4.add(f0, f32x4.mul(v, x));
    f1 = f32x4.add(f1, f32x4.mul(v, y));
    b += PANEL_BYTES;
    p += ks;
    q += ks;
    r += ks;
    s += ks;
  }
  v128.store(c, c0), v128.store(c, c1, 16), v128.store(d, d0), v128.store(d, d1, 16);
  v128.store(e, e0), v128.store(e, e1, 16), v128.store(f, f0), v128.store(f, f1, 16);
}

// @ts-ignore: AssemblyScript's decorator
@inline
function oneRow(a: usize, ks: usize, b: usize, k: i32, c: usize, bias: usize, accumulate: i32): void {
  let c0 = f32x4.splat(0), c1 = c0;
  if (accumulate) c0 = v128.load(c), c1 = v128.load(c, 16);
  else if (bias != 0) c0 = v128.load(bias), c1 = v128.load(bias, 16);
  const end = b + <usize>k * PANEL_BYTES;
  while (b < end) {
    const v = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(v, v128.load(b)));
    c1 = f32x4.add(c1, f32x4.mul(v, v128.load(b, 16)));
    b += PANEL_BYTES;
    a += ks;
  }
  v128.store(c, c0), v128.store(c, c1, 16);
}

/** `sum[n]` = column sums of Y `[m][n]`; `n` a multiple of four. */
export function columnSums(y: usize, stride: usize, m: i32, n: i32, sum: usize): void {
  for (let u = 0; u < n; u += 4) {
    let s = f32x4.splat(0);
    let at = y + (<usize>u << 2);
    for (let r = 0; r < m; r++) {
      s = f32x4.add(s, v128.load(at));
      at += stride;
    }
    v128.store(sum + (<usize>u << 2), s);
  }
}

/**
 * LayerNorm over the `units` real columns. Z becomes the normalised values (kept for the gradient), `inverse[m]` one over
 * the standard deviation, Y = normalised·scale + offset. Columns beyond `units` become zero.
 */
export function normalise(
  z: usize, stride: usize, m: i32, units: i32, scale: usize, offset: usize, inverse: usize, y: usize, yStride: usize,
): void {
  const bytes = <usize>units << 2;
  const whole = <usize>(units & ~3) << 2;
  const padded = <usize>((units + 7) & ~7) << 2;
  for (let r = 0; r < m; r++) {
    let lanes = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) lanes = f32x4.add(lanes, v128.load(z + i));
    let sum = lanesOf(lanes);
    for (let i = whole; i < bytes; i += 4) sum += load<f32>(z + i);
    const mean = <f32>(sum / units);
    const centre = f32x4.splat(mean);
    lanes = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const d = f32x4.sub(v128.load(z + i), centre);
      lanes = f32x4.add(lanes, f32x4.mul(d, d));
    }
    let square = lanesOf(lanes);
    for (let i = whole; i < bytes; i += 4) {
      const d = load<f32>(z + i) - mean;
      square += d * d;
    }
    const s = <f32>(1 / Math.sqrt(square / units + NORM_EPSILON));
    store<f32>(inverse, s);
    const by = f32x4.splat(s);
    for (let i: usize = 0; i < whole; i += 16) {
      const h = f32x4.mul(f32x4.sub(v128.load(z + i), centre), by);
      v128.store(z + i, h);
      v128.store(y + i, f32x4.add(f32x4.mul(h, v128.load(scale + i)), v128.load(offset + i)));
    }
    for (let i = whole; i < bytes; i += 4) {
      const h = (load<f32>(z + i) - mean) * s;
      store<f32>(z + i, h);
      store<f32>(y + i, h * load<f32>(scale + i) + load<f32>(offset + i));
    }
    for (let i = bytes; i < padded; i += 4) {
      store<f32>(z + i, 0);
      store<f32>(y + i, 0);
    }
    z += stride;
    y += yStride;
    inverse += 4;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function lanesOf(v: v128): f64 {
  return <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) + (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3));
}

/**
 * Gradient of `normalise`: D, the gradient of Y, becomes that of Z; `hat` and `inverse` as `normalise` left them.
 * dz = inverse·(g − mean(g) − hat·mean(g·hat)) with g = d·scale. Columns beyond `units` are zero in D and stay so.
 */
export function normaliseGradient(
  d: usize, stride: usize, m: i32, units: i32, hat: usize, hatStride: usize, inverse: usize, scale: usize,
): void {
  const padded = <usize>((units + 7) & ~7) << 2;
  const bytes = <usize>units << 2;
  for (let r = 0; r < m; r++) {
    let sums = f32x4.splat(0), products = f32x4.splat(0);
    // Beyond the real units all factors are zero.
    for (let i: usize = 0; i < padded; i += 16) {
      const g = f32x4.mul(v128.load(d + i), v128.load(scale + i));
      sums = f32x4.add(sums, g);
      products = f32x4.add(products, f32x4.mul(g, v128.load(hat + i)));
    }
    const mean = f32x4.splat(<f32>(lanesOf(sums) / units));
    const tilt = f32x4.splat(<f32>(lanesOf(products) / units));
    const by = v128.load32_splat(inverse);
    for (let i: usize = 0; i < padded; i += 16) {
      const g = f32x4.mul(v128.load(d + i), v128.load(scale + i));
      v128.store(d + i, f32x4.mul(by, f32x4.sub(f32x4.sub(g, mean), f32x4.mul(v128.load(hat + i), tilt))));
    }
    for (let i = bytes; i < padded; i += 4) store<f32>(d + i, 0);
    d += stride;
    hat += hatStride;
    inverse += 4;
  }
}

/** `sum[n]` = column sums of D∘H, both `[m][n]`: the gradient of LayerNorm's scale. */
export function columnProducts(d: usize, stride: usize, h: usize, hStride: usize, m: i32, n: i32, sum: usize): void {
  for (let u = 0; u < n; u += 4) {
    let s = f32x4.splat(0);
    const at = <usize>u << 2;
    for (let r = 0; r < m; r++) s = f32x4.add(s, f32x4.mul(v128.load(d + <usize>r * stride + at), v128.load(h + <usize>r * hStride + at)));
    v128.store(sum + at, s);
  }
}

/** In place. NaN stays NaN: f32x4.max propagates it. `n`: padded columns for ReLU, real ones else. */
export function activate(kind: i32, y: usize, stride: usize, m: i32, n: i32): void {
  const zero = f32x4.splat(0);
  for (let r = 0; r < m; r++) {
    const end = y + (<usize>n << 2);
    if (kind == RELU) for (let p = y; p < end; p += 16) v128.store(p, f32x4.max(v128.load(p), zero));
    else if (kind == TANH) for (let p = y; p < end; p += 4) store<f32>(p, Mathf.tanh(load<f32>(p)));
    else if (kind == SIGMOID) for (let p = y; p < end; p += 4) store<f32>(p, 1 / (1 + Mathf.exp(-load<f32>(p))));
    y += stride;
  }
}

/** D, the gradient of the activation's output Y, becomes that of its input. */
export function activateGradient(kind: i32, d: usize, stride: usize, y: usize, yStride: usize, m: i32, n: i32): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const bytes = <usize>n << 2;
  for (let r = 0; r < m; r++) {
    if (kind == RELU) for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, v128.and(v128.load(d + i), f32x4.gt(v128.load(y + i), zero)));
    else if (kind == TANH) for (let i: usize = 0; i < bytes; i += 16) {
      const v = v128.load(y + i);
      v128.store(d + i, f32x4.mul(v128.load(d + i), f32x4.sub(one, f32x4.mul(v, v))));
    } else if (kind == SIGMOID) for (let i: usize = 0; i < bytes; i += 16) {
      const v = v128.load(y + i);
      v128.store(d + i, f32x4.mul(v128.load(d + i), f32x4.mul(v, f32x4.sub(one, v))));
    }
    d += stride;
    y += yStride;
  }
}

/** Sum of squares of `count` numbers, a multiple of four. */
export function sumSquares(g: usize, count: i32): f64 {
  let total: f64 = 0;
  const end = g + (<usize>count << 2);
  while (g < end) {
    // Partial sums of at most 4096 numbers in float32, their sum in float64.
    const stop = g + 16384 < end ? g + 16384 : end;
    let s = f32x4.splat(0);
    for (; g < stop; g += 16) {
      const v = v128.load(g);
      s = f32x4.add(s, f32x4.mul(v, v));
    }
    total += lanesOf(s);
  }
  return total;
}

/**
 * One step of AdamW (Loshchilov 2019): m, v running means of g and g², both corrected by c1, c2 = 1/(1 − βᵗ);
 * p ← p − decay·p − rate·(m·c1)/(√(v·c2) + ε). `clip` multiplies g first. `count` a multiple of four.
 */
export function adam(
  p: usize, g: usize, m: usize, v: usize, count: i32,
  rate: f32, beta1: f32, beta2: f32, epsilon: f32, c1: f32, c2: f32, decay: f32, clip: f32,
): void {
  const b1 = f32x4.splat(beta1), b2 = f32x4.splat(beta2), n1 = f32x4.splat(1 - beta1), n2 = f32x4.splat(1 - beta2);
  const by = f32x4.splat(clip), eps = f32x4.splat(epsilon), keep = f32x4.splat(1 - decay);
  const step = f32x4.splat(rate * c1), k2 = f32x4.splat(c2);
  for (let i: usize = 0; i < <usize>count << 2; i += 16) {
    const d = f32x4.mul(v128.load(g + i), by);
    const a = f32x4.add(f32x4.mul(b1, v128.load(m + i)), f32x4.mul(n1, d));
    const b = f32x4.add(f32x4.mul(b2, v128.load(v + i)), f32x4.mul(n2, f32x4.mul(d, d)));
    v128.store(m + i, a);
    v128.store(v + i, b);
    const move = f32x4.div(f32x4.mul(step, a), f32x4.add(f32x4.sqrt(f32x4.mul(b, k2)), eps));
    v128.store(p + i, f32x4.sub(f32x4.mul(keep, v128.load(p + i)), move));
  }
}

/** Polyak averaging: t ← t + τ(p − t). `count` a multiple of four. */
export function polyak(t: usize, p: usize, count: i32, tau: f32): void {
  const by = f32x4.splat(tau);
  for (let i: usize = 0; i < <usize>count << 2; i += 16) {
    const old = v128.load(t + i);
    v128.store(t + i, f32x4.add(old, f32x4.mul(by, f32x4.sub(v128.load(p + i), old))));
  }
}
