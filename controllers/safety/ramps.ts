/** Ramps of acceleration within a stop, as multiples of A/J: from +A to -A, and the landing. */
export const JERK_RAMPS = 2.5;

/** Acceleration from which a change of `left` can still be landed on: each later step may lessen it by J·dt. */
export const landing = (left: number, jerk: number, dt: number): number =>
  jerk * (Math.sqrt(dt * dt + (2 * left) / jerk) - dt);
