import { readFileSync } from 'node:fs';
import type { RobotConfig } from '../../src/core/config-schema.ts';
import { clamp } from '../../src/core/geometry.ts';
import { Physics } from './mujoco.ts';

/** Bandwidth of the servo, rad/s; critically damped. That of a robot's own position loop: tens of hertz. */
const BANDWIDTH = 150;

/**
 * The arm alone, with neither contacts nor the joint stops of the model, under a computed-torque servo as a robot's own
 * (τ = M·(ω²·e + 2ω·ė) + bias): the command is a velocity, integrated into a desired position, or a position. For the
 * question whether what the safety layer sends keeps joints with inertia and lag inside their limits.
 */
export class JointArm {
  readonly #physics: Physics;
  readonly #effort: Float64Array;
  readonly #desired: Float64Array;
  readonly #velocity: Float64Array;
  readonly #acceleration: Float64Array;
  readonly #torque: Float64Array;
  /** s for which the velocity in force goes on. */
  #left = 0;

  private constructor(physics: Physics, robot: RobotConfig) {
    this.#physics = physics;
    this.#effort = Float64Array.from(robot.joints, (j) => j.effort);
    this.#desired = new Float64Array(physics.joints);
    this.#velocity = new Float64Array(physics.joints);
    this.#acceleration = new Float64Array(physics.joints);
    this.#torque = new Float64Array(physics.joints);
  }

  /** `modelFile`: MJCF with the joints of `robot`, in order; `timestep` in s. */
  static async load(robot: RobotConfig, modelFile: string, timestep = 0.002): Promise<JointArm> {
    const physics = await Physics.load(readFileSync(modelFile, 'utf8'), timestep);
    physics.withoutContactsAndLimits();
    return new JointArm(physics, robot);
  }

  /** At rest at `position`, rad. */
  reset(position: Float64Array): void {
    this.#physics.resetData();
    this.#physics.qpos.set(position);
    this.#physics.forward();
    this.#desired.set(position);
    this.#velocity.fill(0);
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

  /** Lets at least `seconds` pass, in whole steps of the physics; returns what did pass. */
  move(seconds: number): number {
    const p = this.#physics;
    const n = p.joints;
    const steps = Math.max(1, Math.round(seconds / p.timestep));
    for (let s = 0; s < steps; s++) {
      const share = clamp(this.#left / p.timestep, 0, 1);
      this.#left -= p.timestep;
      p.step1();
      const { qpos, qvel } = p;
      for (let j = 0; j < n; j++) {
        const velocity = this.#velocity[j]! * share;
        this.#desired[j] = this.#desired[j]! + velocity * p.timestep;
        this.#acceleration[j] = BANDWIDTH ** 2 * (this.#desired[j]! - qpos[j]!) + 2 * BANDWIDTH * (velocity - qvel[j]!);
      }
      p.inertiaTimes(this.#acceleration, this.#torque);
      const { bias, applied } = p;
      for (let j = 0; j < n; j++) {
        const wanted = this.#torque[j]! + bias[j]!;
        applied[j] = clamp(wanted, -this.#effort[j]!, this.#effort[j]!);
      }
      p.step2();
    }
    return steps * p.timestep;
  }

  read(position: Float64Array, velocity: Float64Array): void {
    position.set(this.#physics.qpos);
    velocity.set(this.#physics.qvel);
  }

  dispose(): void {
    this.#physics.dispose();
  }
}
