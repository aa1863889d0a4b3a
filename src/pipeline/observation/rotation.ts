import type { RotationForm } from '../../core/observation-schema.ts';

/**
 * A unit quaternion `[x y z w]` in the forms that policies are trained on. R turns vectors of the body into the frame
 * that the quaternion is given in. All on plain arrays at an offset, without allocation.
 *
 * - `quat_xyzw`, `quat_wxyz`: as ROS, and as MuJoCo and most of Python write them.
 * - `rot6d`: first and second *column* of R (Zhou et al. 2019, eq. 12).
 * - `rot6d_rows`: first and second *row* of R, as pytorch3d's `matrix_to_rotation_6d` and diffusion_policy have it.
 * - `axis_angle`: unit axis × angle, rad, the short way round.
 * - `euler_rpy`: roll, pitch, yaw about the fixed axes x, y, z (URDF, REP 103): R = Rz(yaw) Ry(pitch) Rx(roll), rad. At
 *   pitch ±90° roll is 0 and yaw takes the rest.
 */
type Vec = Float64Array;

export const ROTATION_SIZE: Readonly<Record<RotationForm, number>> = {
  quat_xyzw: 4,
  quat_wxyz: 4,
  rot6d: 6,
  rot6d_rows: 6,
  axis_angle: 3,
  euler_rpy: 3,
};

/** A norm further from 1 than this is no rotation but a message that was never filled in. */
const NORM_TOLERANCE = 0.01;
/** cos(pitch) below which yaw and roll turn about one axis. */
const LOCKED = 1e-6;

/** Makes the norm 1. False, and untouched, when it is no rotation; NaN is none. */
export function makeUnit(q: Vec, at: number): boolean {
  let square = 0;
  for (let i = 0; i < 4; i++) square += q[at + i]! * q[at + i]!;
  const norm = Math.sqrt(square);
  if (!(Math.abs(norm - 1) <= NORM_TOLERANCE)) return false;
  for (let i = 0; i < 4; i++) q[at + i] = q[at + i]! / norm;
  return true;
}

/** q ← q · reference⁻¹: what turns `reference` into `q`, seen from the frame that both are given in. */
export function relativeTo(reference: Vec, refAt: number, q: Vec, at: number): void {
  const ax = -reference[refAt]!;
  const ay = -reference[refAt + 1]!;
  const az = -reference[refAt + 2]!;
  const aw = reference[refAt + 3]!;
  const x = q[at]!;
  const y = q[at + 1]!;
  const z = q[at + 2]!;
  const w = q[at + 3]!;
  q[at] = w * ax + x * aw + y * az - z * ay;
  q[at + 1] = w * ay - x * az + y * aw + z * ax;
  q[at + 2] = w * az + x * ay - y * ax + z * aw;
  q[at + 3] = w * aw - x * ax - y * ay - z * az;
}

/** The rotation between `a` (t = 0) and `b` (t = 1), the short way round (Shoemake 1985); has the sign of `a`. */
export function slerp(a: Vec, aAt: number, b: Vec, bAt: number, t: number, out: Vec, outAt: number): void {
  let dot = 0;
  for (let i = 0; i < 4; i++) dot += a[aAt + i]! * b[bAt + i]!;
  const sign = dot < 0 ? -1 : 1;
  const angle = Math.acos(Math.min(1, dot * sign));
  const s = Math.sin(angle);
  // Close together, the chord is the arc.
  const ka = s < 1e-9 ? 1 - t : Math.sin((1 - t) * angle) / s;
  const kb = sign * (s < 1e-9 ? t : Math.sin(t * angle) / s);
  for (let i = 0; i < 4; i++) out[outAt + i] = ka * a[aAt + i]! + kb * b[bAt + i]!;
}

/** Writes unit quaternion `q` in `form`: ROTATION_SIZE[form] numbers. */
export function writeRotation(form: RotationForm, q: Vec, at: number, out: Vec, outAt: number): void {
  const x = q[at]!;
  const y = q[at + 1]!;
  const z = q[at + 2]!;
  const w = q[at + 3]!;
  switch (form) {
    case 'quat_xyzw':
      out[outAt] = x;
      out[outAt + 1] = y;
      out[outAt + 2] = z;
      out[outAt + 3] = w;
      return;
    case 'quat_wxyz':
      out[outAt] = w;
      out[outAt + 1] = x;
      out[outAt + 2] = y;
      out[outAt + 3] = z;
      return;
    case 'rot6d':
      out[outAt] = 1 - 2 * (y * y + z * z);
      out[outAt + 1] = 2 * (x * y + z * w);
      out[outAt + 2] = 2 * (x * z - y * w);
      out[outAt + 3] = 2 * (x * y - z * w);
      out[outAt + 4] = 1 - 2 * (x * x + z * z);
      out[outAt + 5] = 2 * (y * z + x * w);
      return;
    case 'rot6d_rows':
      out[outAt] = 1 - 2 * (y * y + z * z);
      out[outAt + 1] = 2 * (x * y - z * w);
      out[outAt + 2] = 2 * (x * z + y * w);
      out[outAt + 3] = 2 * (x * y + z * w);
      out[outAt + 4] = 1 - 2 * (x * x + z * z);
      out[outAt + 5] = 2 * (y * z - x * w);
      return;
    case 'axis_angle': {
      const s = Math.sqrt(x * x + y * y + z * z);
      // Of q and −q the one with w ≥ 0 turns the short way.
      const k = s < 1e-9 ? (w < 0 ? -2 : 2) : (2 * (w < 0 ? Math.atan2(-s, -w) : Math.atan2(s, w))) / s;
      out[outAt] = x * k;
      out[outAt + 1] = y * k;
      out[outAt + 2] = z * k;
      return;
    }
    case 'euler_rpy': {
      // Of R = Rz Ry Rx: R20 = −sin p, R21 and R22 hold r, R10 and R00 hold y.
      const r20 = 2 * (x * z - y * w);
      const r00 = 1 - 2 * (y * y + z * z);
      const r10 = 2 * (x * y + z * w);
      const flat = Math.sqrt(r00 * r00 + r10 * r10);
      out[outAt + 1] = Math.atan2(-r20, flat);
      if (flat > LOCKED) {
        out[outAt] = Math.atan2(2 * (y * z + x * w), 1 - 2 * (x * x + y * y));
        out[outAt + 2] = Math.atan2(r10, r00);
      } else {
        out[outAt] = 0;
        out[outAt + 2] = Math.atan2(-2 * (x * y - z * w), 1 - 2 * (x * x + z * z));
      }
    }
  }
}
