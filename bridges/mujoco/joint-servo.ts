import { clamp } from '../../src/core/geometry.ts';
import type { Physics } from './mujoco.ts';

/** Bandwidth of the servo, rad/s; critically damped. That of a robot's own position loop: tens of hertz. */
const BANDWIDTH = 150;

/**
 * A robot's own joint servo, by computed torque (τ = M·(ω²·e + 2ω·ė) + bias): the command is a velocity, integrated into
 * a desired position, or a position.
 */
export class JointServo {
  readonly #effort: Float64Array;
  readonly #desired: Float64Array;
  readonly #velocity: Float64Array;
  readonly #acceleration: Float64Array;
  readonly #torque: Float64Array;
  /** s for which the velocity in force goes on. */
  #left = 0;

  /** `effort`: largest joint torques, Nm. */
  constructor(effort: Float64Array) {
    const n = effort.length;
    this.#effort = effort;
    this.#desired = new Float64Array(n);
    this.#velocity = new Float64Array(n);
    this.#acceleration = new Float64Array(n);
    this.#torque = new Float64Array(n);
  }

  /** Wants `position`, rad, and no motion. */
  reset(position: Float64Array): void {
    this.#desired.set(position);
    this.#velocity.fill(0);
    this.#left = 0;
  }

  /** From now on: joint velocities, rad/s. */
  commandVelocity(velocity: Float64Array): void {
    this.#velocity.set(velocity);
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** From now on: joint positions, rad, to be reached in `within` s, and held. */
  commandPosition(position: Float64Array, within: number): void {
    for (let j = 0; j < position.length; j++) this.#velocity[j] = (position[j]! - this.#desired[j]!) / within;
    this.#left = within;
  }

  /** Writes the joint torques of one step of the physics, between its `step1` and `step2`. */
  apply(physics: Physics): void {
    const { timestep, qpos, qvel } = physics;
    const n = this.#effort.length;
    const share = clamp(this.#left / timestep, 0, 1);
    this.#left -= timestep;
    for (let j = 0; j < n; j++) {
      const velocity = this.#velocity[j]! * share;
      this.#desired[j] = this.#desired[j]! + velocity * timestep;
      this.#acceleration[j] = BANDWIDTH ** 2 * (this.#desired[j]! - qpos[j]!) + 2 * BANDWIDTH * (velocity - qvel[j]!);
    }
    physics.inertiaTimes(this.#acceleration, this.#torque);
    const { bias, applied } = physics;
    for (let j = 0; j < n; j++) {
      const wanted = this.#torque[j]! + bias[j]!;
      applied[j] = clamp(wanted, -this.#effort[j]!, this.#effort[j]!);
    }
  }
}
