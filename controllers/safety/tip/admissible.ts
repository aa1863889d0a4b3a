import { multiply, norm3, rotateBy } from '../../../src/core/geometry.ts';
import { chordAngle } from '../chord.ts';
import { slowedTo } from '../slowed.ts';
import type { TipLimits, VectorLimits } from './limits.ts';
import type { TipMotion } from './motion.ts';
import type { TipWorkspace } from './workspace.ts';

/**
 * The post-check of tip twists: is this one inside every limit? Written apart from the filter, with none of its code: where
 * the filter solves for a share, this takes the tip to where it would stop, for every delay that the commands in flight
 * may have, and looks at each wall and at its orientation there.
 *
 * One thing is admissible beyond the limits: to brake. A translation or a rotation that is the last one slowed down may
 * exceed the jerk limit, and one that is slowed down at full acceleration may lead wherever it leads, for nothing better
 * exists.
 */
export const REFUSAL = [
  '',
  'not_finite',
  'speed',
  'speed_rotation',
  'acceleration',
  'acceleration_rotation',
  'jerk',
  'jerk_rotation',
  'pose_box',
  'workspace_plane',
  'target_box',
  'tilt',
] as const;
const POSE_BOX = 8;
const WALLS = { pose_box: POSE_BOX, workspace_plane: POSE_BOX + 1, target_box: POSE_BOX + 2 } as const;
const TILT = 11;

const SHARE = 1 + 1e-6;
/** Rounding of velocities, m/s or rad/s; of positions, m; of angles, rad. */
const ROOM = 1e-9;
const METRE = 1e-6;
const RADIAN = 1e-6;

const now = new Float64Array(4);
const then = new Float64Array(4);

/**
 * Index into REFUSAL of the first limit that is broken; 0 when the twist is admissible.
 * @param pose measured; `m` has predicted for this tick
 */
export function admissible(
  u: Float64Array,
  elapsed: number,
  pose: Float64Array,
  m: TipMotion,
  w: TipWorkspace,
  l: TipLimits,
): number {
  // REAL-TIME: every tick, after the filter; reads only.
  const dt = elapsed > l.period ? l.period : elapsed > 0 ? elapsed : 0;
  for (let i = 0; i < 6; i++) if (!Number.isFinite(u[i])) return 1;
  const linear = brokenRate(u, m, 0, dt, l.linear);
  const angular = brokenRate(u, m, 3, dt, l.angular);
  if (linear !== 0 || angular !== 0) {
    const first = angular === 0 || (linear !== 0 && linear <= angular) ? linear : angular;
    return 2 * first + (first === linear ? 0 : 1);
  }
  if (!brakesFully(u, m, 0, dt, l.linear)) {
    const wall = wallPassed(u, pose, m, w, l);
    if (wall !== 0) return wall;
  }
  if (brakesFully(u, m, 3, dt, l.angular)) return 0;
  return stopsTilted(u, pose, m, w, l) ? TILT : 0;
}

/** 1 for speed, 2 for acceleration, 3 for jerk; 0 for none. */
function brokenRate(u: Float64Array, m: TipMotion, at: number, dt: number, l: VectorLimits): number {
  if (!(norm3(u, at) <= l.speed * SHARE + ROOM)) return 1;
  let change = 0;
  let jerk = 0;
  for (let i = at; i < at + 3; i++) {
    const d = u[i]! - m.twist[i]!;
    change += d * d;
    jerk += (d - m.acceleration[i]! * dt) ** 2;
  }
  if (!(Math.sqrt(change) <= l.acceleration * dt * SHARE + ROOM)) return 2;
  if (slowedTo(u, m.twist, at, at + 3) >= 0) return 0;
  return Math.sqrt(jerk) <= l.jerk * dt * dt * SHARE + ROOM ? 0 : 3;
}

/** The last one slowed down, by all that the acceleration allows. */
function brakesFully(u: Float64Array, m: TipMotion, at: number, dt: number, l: VectorLimits): boolean {
  const was = norm3(m.twist, at);
  const kept = slowedTo(u, m.twist, at, at + 3);
  return kept >= 0 && kept * was <= Math.max(0, was - l.acceleration * dt) + ROOM;
}

/** Index into REFUSAL of a wall that the tip stops behind: further out than its way to there begins. */
function wallPassed(u: Float64Array, pose: Float64Array, m: TipMotion, w: TipWorkspace, l: TipLimits): number {
  const seconds = l.linear.reaction + norm3(u, 0) / l.linear.deceleration / 2;
  const lost = m.unknown * l.linear.speed;
  for (let k = 0; k < l.walls.length; k++) {
    const { normal: n, kind } = l.walls[k]!;
    const way = (n[0] * u[0]! + n[1] * u[1]! + n[2] * u[2]!) * seconds;
    for (let h = 0; h < m.count; h++) {
      let from = lost;
      for (let i = 0; i < 3; i++) from += n[i]! * (pose[i]! + m.moved[3 * h + i]!);
      if (!(from + way <= w.offsets[k]! + METRE || way <= METRE)) return WALLS[kind];
    }
  }
  return 0;
}

/** The tip stops outside the cone, and further out than its way to there begins. */
function stopsTilted(u: Float64Array, pose: Float64Array, m: TipMotion, w: TipWorkspace, l: TipLimits): boolean {
  const seconds = l.angular.reaction + norm3(u, 3) / l.angular.deceleration / 2;
  const lost = m.unknown * l.angular.speed;
  for (let h = 0; h < m.count; h++) {
    multiply(m.turned, 4 * h, pose, 3, now, 0);
    rotateBy(u, 3, seconds, now, 0, then, 0);
    const to = chordAngle(w.reference, 0, then, 0);
    if (!(to + lost <= l.tilt + RADIAN || to <= chordAngle(w.reference, 0, now, 0) + RADIAN)) return true;
  }
  return false;
}
