import { chordAngle } from '../chord.ts';
import type { CartesianLimits } from './limits.ts';

/**
 * The post-check: is this setpoint inside every limit? Written apart from the filter, with none of its code and other
 * formulas where there are any (chord instead of logarithm), so that one mistake cannot be in both. What it refuses is
 * not sent, and the gate is at FAULT.
 *
 * Beyond the rate of the last sent setpoint only one movement is admissible: towards the measured pose, on an axis where
 * the robot moved so that the last setpoint breaks a limit itself. It lowers the pull of the spring (see filter.ts on
 * CONFLICT).
 *
 * Near the target estimate, or while there is none, only what goes towards the measured pose may be faster than the
 * approach: that is how brakes brake and limits are restored, and it asks for no motion of the robot.
 */
export const REFUSAL = [
  '',
  'not_finite',
  'not_unit_quaternion',
  'reference_limit',
  'pose_box',
  'target_box',
  'speed',
  'reference_limit_rotation',
  'tilt',
  'speed_rotation',
  'stiffness',
  'stiffness_rate',
  'force',
  'pushes_on',
  'workspace_plane',
  'approach',
] as const;

const METRE = 1e-9;
const RADIAN = 1e-7;
const SHARE = 1 + 1e-6;

/** What the setpoint is judged against, besides the limits. Everything is read, nothing is kept. */
export interface Judged {
  /** Last sent setpoint. */
  readonly last: Float64Array;
  readonly pose: Float64Array;
  readonly force: Float64Array;
  /** s since `last` was sent. */
  elapsed: number;
  /** The target estimate: centre of the target box and of the approach; NaN while it is not known. */
  readonly target: Float64Array;
  /** Quaternion of the tilt cone's axis. */
  readonly reference: Float64Array;
}

/** Index into REFUSAL of the first limit that is broken; 0 when the setpoint is admissible. */
export function admissible(s: Float64Array, by: Judged, limits: CartesianLimits): number {
  // REAL-TIME: every tick, after the filter; reads only.
  for (let i = 0; i < 9; i++) if (!Number.isFinite(s[i])) return 1;
  const { last, pose, force, target, reference } = by;
  const length = Math.sqrt(s[3]! ** 2 + s[4]! ** 2 + s[5]! ** 2 + s[6]! ** 2);
  if (!(Math.abs(length - 1) < 1e-6)) return 2;

  for (let k = 0; k < limits.planes.length; k++) if (pastPlane(s, pose, limits.planes[k]!, 2 * METRE)) return 14;

  const dt = by.elapsed > limits.period ? limits.period : by.elapsed > 0 ? by.elapsed : 0;
  let free = 0;
  let eager = 0;
  let distance = 0;
  let pull = 0;
  let onwards = 0;
  for (let i = 0; i < 3; i++) {
    const at = pose[i]!;
    const away = s[i]! - at;
    if (!(Math.abs(away) <= limits.reference + METRE)) return 3;
    if (outside(s[i]!, at, limits.boxMin[i]!, limits.boxMax[i]!)) return 4;
    if (limits.targetMin && limits.targetMax && Number.isFinite(target[i])) {
      if (outside(s[i]!, at, target[i]! + limits.targetMin[i]!, target[i]! + limits.targetMax[i]!)) return 5;
    }
    pull += away * away;
    const before = last[i]! - at;
    const step = s[i]! - last[i]!;
    const towards = away * before >= -METRE * METRE && Math.abs(away) <= Math.abs(before);
    if (!towards) {
      onwards += step * force[i]!;
      eager += step * step;
    }
    distance += (last[i]! - target[i]!) ** 2;
    if (!(towards && lost(i, by, limits))) free += step * step;
  }
  if (!(Math.sqrt(free) <= limits.speed * dt * SHARE + METRE)) return 6;
  const isAway = Math.sqrt(distance) >= limits.approachDistance - METRE;
  if (!isAway && !(Math.sqrt(eager) <= limits.approachSpeed * dt * SHARE + METRE)) return 15;

  if (!(widestTurn(pose, 3, s, 3) <= limits.referenceRotation + RADIAN)) return 7;
  const leaning = chordAngle(reference, 0, pose, 3);
  if (!(chordAngle(reference, 0, s, 3) <= Math.max(limits.tilt, leaning) + RADIAN)) return 8;
  const turned = chordAngle(last, 3, s, 3);
  if (turned > limits.speedRotation * dt * SHARE + RADIAN) {
    const lostTurn =
      widestTurn(pose, 3, last, 3) > limits.referenceRotation ||
      chordAngle(reference, 0, last, 3) > Math.max(limits.tilt, leaning);
    if (!(lostTurn && chordAngle(pose, 3, s, 3) < chordAngle(pose, 3, last, 3))) return 9;
  }

  const k = s[7]!;
  if (!(k >= limits.stiffnessMin - METRE && k <= limits.stiffnessMax + METRE)) return 10;
  if (!(s[8]! >= limits.rotationStiffnessMin - METRE && s[8]! <= limits.rotationStiffnessMax + METRE)) return 10;
  // Up to the floor it may always rise: below the floor there is no stiffness.
  if (k > last[7]! + limits.stiffnessRate * dt * SHARE + METRE && k > limits.stiffnessMin + METRE) return 11;
  if (!(k * Math.sqrt(pull) <= limits.forceLimit * SHARE)) return 12;

  const f = Math.sqrt(force[0]! ** 2 + force[1]! ** 2 + force[2]! ** 2);
  if (f > limits.forceSoft && !(onwards >= -METRE * f)) return 13;
  return 0;
}

/**
 * True when the last setpoint itself breaks Δ or a box on axis i, because the robot moved: it must be restored. Half-spaces
 * couple the axes: with them it may take every axis.
 */
function lost(i: number, by: Judged, limits: CartesianLimits): boolean {
  if (limits.planes.length === 0) return lostOn(i, by, limits);
  for (let k = 0; k < limits.planes.length; k++)
    if (pastPlane(by.last, by.pose, limits.planes[k]!, METRE / 2)) return true;
  return lostOn(0, by, limits) || lostOn(1, by, limits) || lostOn(2, by, limits);
}

function lostOn(i: number, by: Judged, limits: CartesianLimits): boolean {
  const at = by.pose[i]!;
  const was = by.last[i]!;
  const t = by.target[i]!;
  if (Math.abs(was - at) > limits.reference) return true;
  if (was < Math.min(limits.boxMin[i]!, at) || was > Math.max(limits.boxMax[i]!, at)) return true;
  if (!limits.targetMin || !limits.targetMax || !Number.isFinite(t)) return false;
  return was < Math.min(t + limits.targetMin[i]!, at) || was > Math.max(t + limits.targetMax[i]!, at);
}

/** Past a half-space, widened to the measured position, by more than `room`. */
function pastPlane(position: Float64Array, pose: Float64Array, plane: Float64Array, room: number): boolean {
  let at = 0;
  let measured = 0;
  for (let i = 0; i < 3; i++) {
    at += plane[i]! * position[i]!;
    measured += plane[i]! * pose[i]!;
  }
  return !(at <= plane[3]! + room || at <= measured + room);
}

/** Outside [min, max] widened to the measured value. */
const outside = (v: number, measured: number, min: number, max: number): boolean =>
  !(v >= min - METRE || v >= measured - METRE) || !(v <= max + METRE || v <= measured + METRE);

/** Largest component of the rotation vector from a to b: b·a* by its vector part v = axis·sin(θ/2). */
function widestTurn(a: Float64Array, aAt: number, b: Float64Array, bAt: number): number {
  const ax = a[aAt]!;
  const ay = a[aAt + 1]!;
  const az = a[aAt + 2]!;
  const aw = a[aAt + 3]!;
  const bx = b[bAt]!;
  const by = b[bAt + 1]!;
  const bz = b[bAt + 2]!;
  const bw = b[bAt + 3]!;
  const x = Math.abs(aw * bx - ax * bw + ay * bz - az * by);
  const y = Math.abs(aw * by - ay * bw + az * bx - ax * bz);
  const z = Math.abs(aw * bz - az * bw + ax * by - ay * bx);
  const sine = Math.hypot(x, y, z);
  return sine === 0 ? 0 : (Math.max(x, y, z) / sine) * chordAngle(a, aAt, b, bAt);
}
