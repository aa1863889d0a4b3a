import { rotateBy, rotationBetween } from '../../src/core/geometry.ts';
import { solveSymmetric } from './cholesky.ts';
import type { Physics } from './mujoco.ts';

const DAMPING = 1e-6;
const LONGEST_STEP = 0.2;
const ITERATIONS = 100;
const TOLERANCE = 1e-9;

/** Pose of a site, `[x y z qx qy qz qw]` in the world frame. */
export function readPose(physics: Physics, site: number, out: Float64Array): void {
  const position = physics.sitePosition;
  for (let i = 0; i < 3; i++) out[i] = position[3 * site + i]!;
  quaternionOf(physics.siteRotation, 9 * site, out, 3);
}

/**
 * Brings the joints from where they are to where `site` has the pose `target`, by damped least squares; `forward` has
 * been done on the posture it ends in.
 * @throws Error when no posture is found.
 */
export function reach(physics: Physics, site: number, target: Float64Array): void {
  const n = physics.joints;
  const pose = new Float64Array(7);
  const J = new Float64Array(6 * n);
  const error = new Float64Array(6);
  const gram = new Float64Array(36);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    physics.forward();
    readPose(physics, site, pose);
    for (let i = 0; i < 3; i++) error[i] = target[i]! - pose[i]!;
    rotationBetween(pose, 3, target, 3, error, 3);
    if (Math.hypot(...error) < TOLERANCE) return;
    physics.jacobian(site, J);
    for (let r = 0; r < 6; r++)
      for (let c = 0; c < 6; c++) {
        let s = r === c ? DAMPING : 0;
        for (let j = 0; j < n; j++) s += J[r * n + j]! * J[c * n + j]!;
        gram[r * 6 + c] = s;
      }
    solveSymmetric(gram, error, 6);
    const qpos = physics.qpos;
    for (let j = 0; j < n; j++) {
      let dq = 0;
      for (let r = 0; r < 6; r++) dq += J[r * n + j]! * error[r]!;
      qpos[j] = qpos[j]! + Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, dq));
    }
  }
  throw new Error(`no joint posture reaches ${Array.from(target.subarray(0, 3), (v) => v.toFixed(3)).join(', ')} m`);
}

/** Unit quaternion `[x y z w]` of a row-major rotation matrix (Shepperd's method). */
export function quaternionOf(R: Float64Array, at: number, out: Float64Array, to: number): void {
  const m00 = R[at]!;
  const m11 = R[at + 4]!;
  const m22 = R[at + 8]!;
  let x: number;
  let y: number;
  let z: number;
  let w: number;
  if (m00 + m11 + m22 > 0) {
    const s = 2 * Math.sqrt(1 + m00 + m11 + m22);
    w = s / 4;
    x = (R[at + 7]! - R[at + 5]!) / s;
    y = (R[at + 2]! - R[at + 6]!) / s;
    z = (R[at + 3]! - R[at + 1]!) / s;
  } else if (m00 > m11 && m00 > m22) {
    const s = 2 * Math.sqrt(1 + m00 - m11 - m22);
    w = (R[at + 7]! - R[at + 5]!) / s;
    x = s / 4;
    y = (R[at + 1]! + R[at + 3]!) / s;
    z = (R[at + 2]! + R[at + 6]!) / s;
  } else if (m11 > m22) {
    const s = 2 * Math.sqrt(1 + m11 - m00 - m22);
    w = (R[at + 2]! - R[at + 6]!) / s;
    x = (R[at + 1]! + R[at + 3]!) / s;
    y = s / 4;
    z = (R[at + 5]! + R[at + 7]!) / s;
  } else {
    const s = 2 * Math.sqrt(1 + m22 - m00 - m11);
    w = (R[at + 3]! - R[at + 1]!) / s;
    x = (R[at + 2]! + R[at + 6]!) / s;
    y = (R[at + 5]! + R[at + 7]!) / s;
    z = s / 4;
  }
  out[to] = x;
  out[to + 1] = y;
  out[to + 2] = z;
  out[to + 3] = w;
  rotateBy(ZERO, 0, 1, out, to, out, to);
}
const ZERO = new Float64Array(3);
