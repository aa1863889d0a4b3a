import type { RobotConfig } from '../../src/core/config-schema.ts';

/** Ramps of acceleration within a stop, as multiples of A/J; as the joint limits reckon (controllers/safety/joint). */
const JERK_RAMPS = 2.5;

/**
 * How a trajectory of velocities ends when nothing more is said: each joint goes on for `hold` and then brakes to rest,
 * as fast as it may by itself. Per joint, so that a slow one is not carried along for as long as the fastest one brakes,
 * further than the gate judged it: its way is v·hold + v·t_stop/2, and v·τ + v²/(2·A_d) was judged.
 *
 *   t_stop = |v|/A_d + 2.5·A/J
 */
export class TrajectoryEnd {
  /** s; also within which the robot changes from the velocity before to this one. */
  readonly hold: number;
  readonly #deceleration: Float64Array;
  readonly #ramps: Float64Array;

  constructor(robot: RobotConfig) {
    const { trajectory } = robot.interface as { trajectory: { hold_ms: number; deceleration: number } };
    this.hold = trajectory.hold_ms / 1e3;
    this.#deceleration = Float64Array.from(robot.joints, (j) => trajectory.deceleration * j.acceleration);
    this.#ramps = Float64Array.from(robot.joints, (j) => (JERK_RAMPS * j.acceleration) / j.jerk);
  }

  /** s that joint `i` takes from velocity `v` to rest; 0 at rest. */
  stopSeconds(i: number, v: number): number {
    return v === 0 ? 0 : Math.abs(v) / this.#deceleration[i]! + this.#ramps[i]!;
  }

  /** Velocity of joint `i`, `seconds` after it began to brake from `v`. */
  velocity(i: number, v: number, seconds: number): number {
    const stop = this.stopSeconds(i, v);
    return seconds < stop ? v * (1 - seconds / stop) : 0;
  }

  /** Its way until then, rad: (v + velocity)/2 for as long as it moved. */
  way(i: number, v: number, seconds: number): number {
    const braked = Math.min(seconds, this.stopSeconds(i, v));
    return ((v + this.velocity(i, v, braked)) / 2) * braked;
  }
}
