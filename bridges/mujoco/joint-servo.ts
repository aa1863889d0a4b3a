import { clamp } from '../../src/core/geometry.ts';
import { withinEffort } from './joint-torque.ts';
import type { Physics } from './mujoco.ts';

/** Bandwidth of the servo, rad/s; critically damped. That of a robot's own position loop: tens of hertz. */
const BANDWIDTH = 150;

/**
 * A robot's own joint servo, by computed torque (τ = M·(ω²·e + 2ω·ė) + bias): the command is a velocity, integrated into
 * a desired position, or a position. A joint whose torque is at its end lags, and pushes no other about (joint-torque.ts).
 */
export class JointServo {
  readonly #effort: Float64Array;
  readonly #desired: Float64Array;
  readonly #velocity: Float64Array;
  /** Of the present step: the velocity to follow, and the acceleration to give. */
  readonly #wanted: Float64Array;
  readonly #acceleration: Float64Array;
  readonly #torque: Float64Array;
  readonly #reached: Float64Array;
  readonly #inverse: Float64Array;
  /** s for which the velocity in force goes on. */
  #left = 0;

  /** `effort`: largest joint torques, Nm. */
  constructor(effort: Float64Array) {
    const n = effort.length;
    this.#effort = effort;
    this.#desired = new Float64Array(n);
    this.#velocity = new Float64Array(n);
    this.#wanted = new Float64Array(n);
    this.#acceleration = new Float64Array(n);
    this.#torque = new Float64Array(n);
    this.#reached = new Float64Array(n);
    this.#inverse = new Float64Array(n * n);
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
    const { timestep } = physics;
    const share = clamp(this.#left / timestep, 0, 1);
    this.#left -= timestep;
    for (let j = 0; j < this.#effort.length; j++) {
      const velocity = this.#velocity[j]! * share;
      this.#desired[j] = this.#desired[j]! + velocity * timestep;
      this.#wanted[j] = velocity;
      this.#acceleration[j] = 0;
    }
    this.#drive(physics);
  }

  /** As `apply`, towards a reference that is given whole: rad, rad/s, rad/s². */
  track(physics: Physics, position: Float64Array, velocity: Float64Array, acceleration: Float64Array): void {
    this.#desired.set(position);
    this.#wanted.set(velocity);
    this.#acceleration.set(acceleration);
    this.#drive(physics);
  }

  #drive(physics: Physics): void {
    const { qpos, qvel } = physics;
    const n = this.#effort.length;
    for (let j = 0; j < n; j++)
      this.#acceleration[j] =
        this.#acceleration[j]! +
        BANDWIDTH ** 2 * (this.#desired[j]! - qpos[j]!) +
        2 * BANDWIDTH * (this.#wanted[j]! - qvel[j]!);
    physics.inertiaTimes(this.#acceleration, this.#torque);
    const { bias } = physics;
    let isShort = false;
    for (let j = 0; j < n; j++) {
      this.#torque[j] = this.#torque[j]! + bias[j]!;
      if (Math.abs(this.#torque[j]!) > this.#effort[j]!) isShort = true;
    }
    if (isShort) {
      physics.inverseInertia(this.#inverse);
      withinEffort(this.#torque, this.#effort, this.#inverse, physics.bias, this.#acceleration, this.#reached);
    }
    physics.applied.set(this.#torque);
  }
}
