import { norm3, rotateBy, rotationBetween } from '../../../src/core/geometry.ts';
import { admissible, REFUSAL } from './admissible.ts';
import { brakeTip } from './brake.ts';
import type { TipLimits, VectorLimits, Wall } from './limits.ts';
import { TipMotion } from './motion.ts';
import { TipWorkspace } from './workspace.ts';

type Direction = readonly [number, number, number];

const DIAGONAL = 1 / Math.sqrt(3);
const DIRECTIONS: readonly Direction[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [-1, 0, 0],
  [0, -1, 0],
  [0, 0, -1],
  [DIAGONAL, DIAGONAL, DIAGONAL],
];
/** Rounding, m and rad. */
const TINY = 1e-6;

/**
 * Runs the braking law from the fastest twists that the limits admit, each with a wall ahead as near as the stop needs and
 * as far tilted as it may be, and asks the post-check about each step: rest within V/A + τ, in front of the wall and inside
 * the cone. Empty when it keeps its word; else one sentence.
 *
 * @param law the one to run: the law itself, but where it is the self-test that is tested
 */
export function selfTest(limits: TipLimits, law = brakeTip): string {
  for (const direction of DIRECTIONS) {
    const found = stop(limits, direction, law);
    if (found !== '') return found;
  }
  return '';
}

/** From full speed and full turn in this direction. */
function stop(limits: TipLimits, direction: Direction, law: typeof brakeTip): string {
  const { period: dt, linear, angular, tilt } = limits;
  const v = linear.speed;
  // The cone may be narrower than a stop from full turn.
  const braked = angular.deceleration * angular.reaction;
  const w = Math.min(angular.speed, Math.sqrt(braked * braked + 2 * angular.deceleration * tilt) - braked);
  const wall: Wall = { kind: 'pose_box', normal: direction, offset: wayOf(v, linear) };
  const l = { ...limits, walls: [wall], delayNs: 0 };
  const motion = new TipMotion(l);
  const workspace = new TipWorkspace(l, motion);
  const pose = Float64Array.of(0, 0, 0, 0, 0, 0, 1);
  rotateBy(Float64Array.from(direction), 0, tilt - wayOf(w, angular), pose, 3, pose, 3);
  const u = Float64Array.from([...direction.map((n) => n * v), ...direction.map((n) => n * w)]);
  const seconds = Math.max(secondsOf(v, linear), secondsOf(w, angular));
  const steps = Math.ceil(seconds / dt) + 2;

  motion.sent(u, dt, 0);
  motion.acceleration.fill(0);
  for (let n = 1; n <= steps; n++) {
    // An ideal tip without delay: what was sent is what moved.
    for (let i = 0; i < 3; i++) pose[i] = pose[i]! + motion.twist[i]! * dt;
    rotateBy(motion.twist, 3, dt, pose, 3, pose, 3);
    motion.predict(0, 0);
    law(motion, l, true, dt, u);
    if (admissible(u, dt, pose, motion, workspace, l) !== 0) law(motion, l, false, dt, u);
    const refusal = admissible(u, dt, pose, motion, workspace, l);
    if (refusal !== 0) return `braking law breaks ${REFUSAL[refusal]} at step ${n}`;
    motion.sent(u, dt, 0);
  }
  if (motion.twist.some((x) => x !== 0))
    return `braking law leaves a twist of ${[...motion.twist]} after ${steps} steps`;
  const past = direction.reduce((sum, n, i) => sum + n * pose[i]!, 0) - wall.offset;
  if (!(past <= TINY)) return `braking law takes the tip ${past} m past its wall`;
  const tilted = new Float64Array(3);
  rotationBetween(workspace.reference, 0, pose, 3, tilted, 0);
  const over = norm3(tilted, 0) - tilt;
  return over <= TINY ? '' : `braking law tilts the tip ${over} rad past its cone`;
}

/** The way that stopping from this speed is reckoned with. */
const wayOf = (v: number, l: VectorLimits): number => v * (l.reaction + v / l.deceleration / 2);

const secondsOf = (v: number, l: VectorLimits): number => v / l.acceleration + l.reaction + l.ramp;
