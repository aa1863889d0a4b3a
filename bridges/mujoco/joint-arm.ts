import { readFileSync } from 'node:fs';
import type { RobotConfig } from '../../src/core/config-schema.ts';
import { JointReference } from './joint-reference.ts';
import { JointServo } from './joint-servo.ts';
import { Physics } from './mujoco.ts';

/**
 * The arm alone, with neither contacts nor the joint stops of the model, under a servo as a robot's own. For the question
 * whether what the safety layer sends keeps joints with inertia and lag inside their limits.
 */
export class JointArm {
  readonly #physics: Physics;
  readonly #servo: JointServo;
  readonly #reference: JointReference;
  /** The commands are positions. */
  #follows = false;

  private constructor(physics: Physics, robot: RobotConfig) {
    this.#physics = physics;
    this.#servo = new JointServo(Float64Array.from(robot.joints, (j) => j.effort));
    this.#reference = new JointReference(robot.joints.length);
  }

  /** `modelFile`: MJCF with the joints of `robot`, in order; `timestep` in s. */
  static async load(robot: RobotConfig, modelFile: string, timestep = 0.002): Promise<JointArm> {
    const physics = await Physics.load(readFileSync(modelFile, 'utf8'), timestep);
    physics.withoutContacts();
    physics.withoutLimits();
    physics.withoutAutoReset();
    return new JointArm(physics, robot);
  }

  /** At rest at `position`, rad. */
  reset(position: Float64Array): void {
    this.#physics.resetData();
    this.#physics.qpos.set(position);
    this.#physics.forward();
    this.#servo.reset(position);
    this.#reference.reset(position);
    this.#follows = false;
  }

  /** From now on: joint velocities, rad/s. */
  commandVelocity(velocity: Float64Array): void {
    this.#servo.commandVelocity(velocity);
  }

  /** From now on: joint positions, rad, followed on the arm's own clock (joint-reference.ts). Not after a velocity but by `reset`. */
  commandPosition(position: Float64Array): void {
    this.#follows = true;
    this.#reference.follow(position);
  }

  /** Lets at least `seconds` pass, in whole steps of the physics; returns what did pass. */
  move(seconds: number): number {
    const p = this.#physics;
    const steps = Math.max(1, Math.round(seconds / p.timestep));
    for (let s = 0; s < steps; s++) {
      p.step1();
      if (this.#follows) this.#track();
      else this.#servo.apply(p);
      p.step2();
    }
    return steps * p.timestep;
  }

  #track(): void {
    const r = this.#reference;
    r.step(this.#physics.timestep);
    this.#servo.track(this.#physics, r.position, r.velocity, r.acceleration);
  }

  read(position: Float64Array, velocity: Float64Array): void {
    position.set(this.#physics.qpos);
    velocity.set(this.#physics.qvel);
  }

  dispose(): void {
    this.#physics.dispose();
  }
}
