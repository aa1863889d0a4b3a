import { readFileSync } from 'node:fs';
import type { RobotConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import type { RobotState } from '../../src/core/signals.ts';
import { ImpedanceController } from './controller.ts';
import { JointServo } from './joint-servo.ts';
import { requireJoints } from './joints.ts';
import { readPose } from './kinematics.ts';
import { Physics } from './mujoco.ts';
import { FORCE_FILTER_HZ, WristSensor } from './wrench.ts';

/** The robot's servo in a rollout, as the kind of its setpoints needs it. */
interface Servo {
  /** Goes on from a measured state. `last`: the setpoint in force. */
  begin(state: RobotState, last: Float64Array): void;
  /** From now on, to be reached within so many s where that says something. */
  command(setpoint: Float64Array, within: number): void;
  /** Writes the torques of one step, between its two halves. */
  apply(pose: Float64Array): void;
}

/**
 * The near future of a robot, on a model of its own: joints as measured, the robot's servo, and the physics. One step is
 * one step of the physics; whoever commands decides what is asked in between.
 *
 * The model holds the robot's joints, in its order, and the sites `tip` and `ft`, the body `tool` and a force and a torque
 * sensor (bridges/mujoco/wrench.ts). What is moved by hand in it (mocap) is put where the task's target is estimated: the
 * model knows the hole no better than the policy does (see `begin`). Joint stops are off, so that a joint is seen to go past its limit.
 */
export class Rollout {
  /** Tip pose `[x y z qx qy qz qw]`, that of the last step's beginning. */
  readonly pose = new Float64Array(7);
  /** s */
  readonly timestep: number;
  readonly #physics: Physics;
  readonly #servo: Servo;
  readonly #sensor: WristSensor;
  readonly #tip: number;
  readonly #targetError: number;

  private constructor(physics: Physics, robot: RobotConfig, targetError: number) {
    const effort = Float64Array.from(robot.joints, (j) => j.effort);
    this.#physics = physics;
    this.timestep = physics.timestep;
    this.#targetError = targetError;
    this.#tip = physics.id('site', 'tip');
    this.#sensor = new WristSensor(physics, FORCE_FILTER_HZ);
    this.#servo =
      robot.interface.type === 'cartesian_impedance'
        ? impedance(physics, effort, this.#tip)
        : joints(physics, effort, robot.interface.type === 'joint_position');
  }

  /**
   * @param timestep s
   * @param targetError m below the estimated mouth of the hole from which on the tip is inside
   * @throws ReflexArcError RA_WORLD when the model cannot be used, RA_JOINT_NAMES when it is not of this robot
   */
  static async load(robot: RobotConfig, modelFile: string, timestep: number, targetError: number): Promise<Rollout> {
    let physics: Physics | null = null;
    try {
      physics = await Physics.load(readFileSync(modelFile, 'utf8'), timestep);
      requireJoints(physics, robot, modelFile);
      physics.withoutLimits();
      physics.withoutAutoReset();
      return new Rollout(physics, robot, targetError);
    } catch (cause) {
      physics?.dispose();
      if (cause instanceof ReflexArcError) throw cause;
      throw new ReflexArcError('RA_WORLD', {
        seen: `${modelFile}: ${(cause as Error).message}`,
        allowed: 'an MJCF model of this robot with sites `tip` and `ft`, a body `tool`, a force and a torque sensor',
        next: 'Mend the model, or leave `safety.guard` out.',
        cause,
      });
    }
  }

  /**
   * Begins at a measured state. `last`: setpoint in force; `target`: pose of the task's target, NaN while not known.
   *
   * The estimate may be wrong by some millimetres, the measured tip is not, and where the tip is nothing solid is. So a tip
   * below the mouth is inside if it is there by more than `targetError`, and then the hole is around it; else it lies on a
   * fixture that is a little lower than was thought.
   */
  begin(state: RobotState, last: Float64Array, target: Float64Array): void {
    // REAL-TIME: once a check. MuJoCo's arrays are read anew at each use: that allocates a view, and must.
    const p = this.#physics;
    p.resetData();
    p.qpos.set(state.position);
    p.qvel.set(state.velocity);
    if (p.mocapCount > 0 && Number.isFinite(target[0]!)) {
      const tip = state.pose;
      const depth = target[2]! - tip[2]!;
      const inside = depth > this.#targetError;
      const fixture = p.mocapPosition;
      fixture[0] = inside ? tip[0]! : target[0]!;
      fixture[1] = inside ? tip[1]! : target[1]!;
      fixture[2] = inside || depth < 0 ? target[2]! : tip[2]!;
    }
    this.#sensor.resume(state.wrench);
    this.#servo.begin(state, last);
    this.pose.set(state.pose);
  }

  command(setpoint: Float64Array, within: number): void {
    this.#servo.command(setpoint, within);
  }

  step(): void {
    // REAL-TIME: every step of a check.
    const p = this.#physics;
    p.step1();
    readPose(p, this.#tip, this.pose);
    this.#servo.apply(this.pose);
    p.step2();
    this.#sensor.update(p);
  }

  /** rad; a fresh view, valid until the next step. */
  get position(): Float64Array {
    return this.#physics.qpos;
  }

  /** Of the fastest joint, rad/s. */
  get speed(): number {
    const velocity = this.#physics.qvel;
    let fastest = 0;
    for (let j = 0; j < velocity.length; j++) fastest = Math.max(fastest, Math.abs(velocity[j]!));
    return fastest;
  }

  /** Norm of the external force on the tool, low-passed as the robot does, N. */
  get force(): number {
    return this.#sensor.force;
  }

  dispose(): void {
    this.#physics.dispose();
  }
}

/** The posture that the null space prefers is not known here: it is taken to be the present one. */
function impedance(physics: Physics, effort: Float64Array, tip: number): Servo {
  const rest = new Float64Array(effort.length);
  const controller = new ImpedanceController(effort, rest);
  return {
    begin(state) {
      rest.set(state.position);
      controller.resume(state.effort);
    },
    command: (setpoint) => controller.setpoint.set(setpoint),
    apply: (pose) => controller.apply(physics, tip, pose),
  };
}

function joints(physics: Physics, effort: Float64Array, position: boolean): Servo {
  const servo = new JointServo(effort);
  return {
    begin: (state, last) => servo.reset(position ? last : state.position),
    command(setpoint, within) {
      if (position) servo.commandPosition(setpoint, within);
      else servo.commandVelocity(setpoint);
    },
    apply: () => servo.apply(physics),
  };
}
