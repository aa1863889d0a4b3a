/** Unit quaternions `[x y z w]` and rotation vectors, on plain arrays at an offset, without allocation. */

type Vec = Float64Array;

/** Rotation vector (rad, base frame) that turns `from` into `to`: log(to · from⁻¹), the short way round. */
export function rotationBetween(from: Vec, fromAt: number, to: Vec, toAt: number, out: Vec, outAt: number): void {
  const ax = -from[fromAt]!;
  const ay = -from[fromAt + 1]!;
  const az = -from[fromAt + 2]!;
  const aw = from[fromAt + 3]!;
  const bx = to[toAt]!;
  const by = to[toAt + 1]!;
  const bz = to[toAt + 2]!;
  const bw = to[toAt + 3]!;
  let w = bw * aw - bx * ax - by * ay - bz * az;
  let x = bw * ax + bx * aw + by * az - bz * ay;
  let y = bw * ay - bx * az + by * aw + bz * ax;
  let z = bw * az + bx * ay - by * ax + bz * aw;
  if (w < 0) {
    w = -w;
    x = -x;
    y = -y;
    z = -z;
  }
  const s = Math.sqrt(x * x + y * y + z * z);
  const k = s < 1e-9 ? 2 : (2 * Math.atan2(s, w)) / s;
  out[outAt] = x * k;
  out[outAt + 1] = y * k;
  out[outAt + 2] = z * k;
}

/** out = exp(rotation vector r·scale) · q, normalised. `out` may be `q`. */
export function rotateBy(r: Vec, rAt: number, scale: number, q: Vec, qAt: number, out: Vec, outAt: number): void {
  const rx = r[rAt]! * scale;
  const ry = r[rAt + 1]! * scale;
  const rz = r[rAt + 2]! * scale;
  const angle = Math.sqrt(rx * rx + ry * ry + rz * rz);
  const k = angle < 1e-9 ? 0.5 : Math.sin(angle / 2) / angle;
  const ax = rx * k;
  const ay = ry * k;
  const az = rz * k;
  const aw = Math.cos(angle / 2);
  const bx = q[qAt]!;
  const by = q[qAt + 1]!;
  const bz = q[qAt + 2]!;
  const bw = q[qAt + 3]!;
  const x = aw * bx + ax * bw + ay * bz - az * by;
  const y = aw * by - ax * bz + ay * bw + az * bx;
  const z = aw * bz + ax * by - ay * bx + az * bw;
  const w = aw * bw - ax * bx - ay * by - az * bz;
  const n = 1 / Math.sqrt(x * x + y * y + z * z + w * w);
  out[outAt] = x * n;
  out[outAt + 1] = y * n;
  out[outAt + 2] = z * n;
  out[outAt + 3] = w * n;
}

/** out = a · b, Hamilton product of unit quaternions: b's rotation first. `out` may be either. */
export function multiply(a: Vec, aAt: number, b: Vec, bAt: number, out: Vec, outAt: number): void {
  const ax = a[aAt]!;
  const ay = a[aAt + 1]!;
  const az = a[aAt + 2]!;
  const aw = a[aAt + 3]!;
  const bx = b[bAt]!;
  const by = b[bAt + 1]!;
  const bz = b[bAt + 2]!;
  const bw = b[bAt + 3]!;
  out[outAt] = aw * bx + ax * bw + ay * bz - az * by;
  out[outAt + 1] = aw * by - ax * bz + ay * bw + az * bx;
  out[outAt + 2] = aw * bz + ax * by - ay * bx + az * bw;
  out[outAt + 3] = aw * bw - ax * bx - ay * by - az * bz;
}

/** Euclidean norm of three elements. */
export function norm3(v: Vec, at: number): number {
  return Math.sqrt(v[at]! * v[at]! + v[at + 1]! * v[at + 1]! + v[at + 2]! * v[at + 2]!);
}

/** `lo` if v < lo, `hi` if v > hi, else v. NaN stays NaN: test for finiteness first. */
export function clamp(v: number, lo: number, hi: number): number {
  return v < lo ? lo : v > hi ? hi : v;
}

/** True when the first `n` elements are all finite numbers. */
export function allFinite(v: ArrayLike<number>, n = v.length): boolean {
  for (let i = 0; i < n; i++) if (!Number.isFinite(v[i])) return false;
  return true;
}
