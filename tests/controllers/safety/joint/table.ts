import type { JointLimits } from '../../../../controllers/safety/joint/limits.ts';
import { JointMotion } from '../../../../controllers/safety/joint/motion.ts';

/** ms in ns. */
export const MS = 1e6;

/**
 * Round limits at 100 Hz: 0.1 rad/s of acceleration a tick, jerk no matter; with A_d = 5 and τ = 0.1 s the bound is
 * v ≤ -0.5 + sqrt(0.25 + 10·d): 1 rad/s at 0.2 rad from the limit, 2 rad/s at 0.6 rad.
 */
export const limitsOf = (
  changes: Partial<Record<keyof JointLimits, number | number[] | boolean>> = {},
): JointLimits => {
  const one = {
    joints: 1,
    position: false,
    period: 0.01,
    min: [-1],
    max: [1],
    velocity: [2],
    acceleration: [10],
    jerk: [1e6],
    deceleration: [5],
    reaction: [0.1],
    delayNs: 20 * MS,
    reference: 0.05,
    away: [1],
    inward: 0.05,
    ...changes,
  };
  const vectors = Object.entries(one).map(([key, v]) => [key, Array.isArray(v) ? Float64Array.from(v) : v]);
  return Object.fromEntries(vectors) as JointLimits;
};

/** What one joint does: velocity and acceleration of its last setpoint, and where it may be by now. */
export interface Moving {
  v0?: number;
  a0?: number;
  highest?: number;
  lowest?: number;
}

export function motionOf(l: JointLimits, { v0 = 0, a0 = 0, highest = 0, lowest = highest }: Moving): JointMotion {
  const motion = new JointMotion(l);
  motion.velocity.fill(v0);
  motion.acceleration.fill(a0);
  motion.highest.fill(highest);
  motion.lowest.fill(lowest);
  return motion;
}
