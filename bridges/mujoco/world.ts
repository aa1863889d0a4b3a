import { readFileSync } from 'node:fs';
import type { RobotConfig, TaskConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { type InterfaceConfig, interfaceOf } from '../../src/core/robot-interface.ts';
import type { RobotState } from '../../src/core/signals.ts';
import { worldOf } from '../../src/core/task-world.ts';
import {
  type EpisodeStatus,
  type EquilibriumCommand,
  type RobotStatus,
  type Stop,
  timeFromNs,
} from '../messages/messages.ts';
import { ImpedanceController } from './controller.ts';
import { EpisodeScore } from './episode.ts';
import { requireJoints } from './joints.ts';
import { reach, readPose } from './kinematics.ts';
import { Physics } from './mujoco.ts';
import { Receiver } from './receiver.ts';
import { FORCE_FILTER_HZ, WristSensor } from './wrench.ts';

/** Where the tip starts: so far above the estimate, and so far to its sides, m. */
const START_ABOVE = [0.03, 0.05] as const;
const START_SIDE = 0.01;
/** Clearance that the model file is drawn with, m per side. */
const DRAWN_CLEARANCE = 0.0005;
/** Tool pointing down, turned so that peg and hole are parallel. */
const DOWN = [1, 0, 0, 0] as const;
/** Posture to start inverse kinematics from, and that the null space prefers: inside the rectangular limits. */
const HOME = Float64Array.of(0, 0.1, 0, -2.0, 0, 2.1, 0.7854);

/** What of a world may be changed while it stands. See `task.world`. */
export interface Dynamics {
  /** Of peg and fixture. */
  readonly friction: number;
  /** Nm s/rad and Nm, of every joint. */
  readonly joint_damping: number;
  readonly joint_friction: number;
  /** kg at the tool. */
  readonly payload: number;
}

/**
 * The simulated robot and its task, in-process: an arm with a peg, a hole whose pose is known only by a noisy estimate,
 * the robot's own impedance servo and its receiver with the deadman. Deterministic: one seed, the same bits.
 */
export class PegWorld {
  readonly robot: RobotConfig;
  readonly task: TaskConfig;
  /** Pose of the hole as the robot is told it, `[x y z qx qy qz qw]`; the orientation is the tool's when inserted. */
  readonly estimate = Float64Array.of(0, 0, 0, ...DOWN);
  /** The true pose of the hole; nobody but a demonstrator may look. */
  readonly holePose = Float64Array.of(0, 0, 0, ...DOWN);
  readonly receiver: Receiver;
  /** Time of one `advance`, ns: a whole number of physics steps. */
  readonly periodNs: number;
  readonly #physics: Physics;
  readonly #controller: ImpedanceController;
  readonly #sensor: WristSensor;
  readonly #score: EpisodeScore;
  readonly #tip: number;
  readonly #stepNs: number;
  readonly #stepsPerState: number;
  /** Stiffness with which the robot holds by itself. */
  readonly #nominal: InterfaceConfig<'cartesian_impedance'>;
  readonly #pose = new Float64Array(7);
  readonly #tool: number;
  #dynamics: Dynamics;
  #timeNs = 0;
  #episode = -1;
  #seed = 0;

  private constructor(robot: RobotConfig, task: TaskConfig, physics: Physics) {
    this.robot = robot;
    this.task = task;
    this.#physics = physics;
    this.#nominal = interfaceOf(robot, 'cartesian_impedance');
    this.#tip = physics.id('site', 'tip');
    this.#tool = physics.id('body', 'tool');
    const world = worldOf(task);
    // The model's own, where the config says nothing: those of its first joint.
    const { joint_damping = physics.jointDamping[0]!, joint_friction = physics.jointFriction[0]! } = world;
    this.#dynamics = { friction: world.friction, joint_damping, joint_friction, payload: world.payload ?? 0 };
    if (world.joint_damping !== undefined) physics.jointDamping.fill(joint_damping);
    if (world.joint_friction !== undefined) physics.jointFriction.fill(joint_friction);
    this.#stepNs = world.timestep_us * 1000;
    this.#stepsPerState = Math.max(1, Math.round(1e9 / world.state_hz / this.#stepNs));
    this.periodNs = this.#stepsPerState * this.#stepNs;
    this.#controller = new ImpedanceController(
      Float64Array.from(robot.joints, (j) => j.effort),
      HOME,
    );
    this.#sensor = new WristSensor(physics, FORCE_FILTER_HZ);
    this.#score = new EpisodeScore(world.violation_force, (task.horizon_steps / task.decision_hz) * 1e9);
    this.receiver = new Receiver(world.deadman_ms);
    this.reset(0);
  }

  /**
   * @throws ReflexArcError RA_WORLD when the model cannot be read, RA_JOINT_NAMES when it is not of this robot,
   * RA_CONFIG_INVALID when the task has no world
   */
  static async load(robot: RobotConfig, task: TaskConfig, modelFile: string): Promise<PegWorld> {
    let physics: Physics | null = null;
    const { timestep_us, friction, clearance } = worldOf(task);
    try {
      physics = await Physics.load(readFileSync(modelFile, 'utf8'), timestep_us / 1e6);
      requireJoints(physics, robot, modelFile);
      parametrise(physics, friction, clearance);
      return new PegWorld(robot, task, physics);
    } catch (cause) {
      physics?.dispose();
      if (cause instanceof ReflexArcError) throw cause;
      throw new ReflexArcError('RA_WORLD', {
        seen: `${modelFile}: ${(cause as Error).message}`,
        allowed: 'an MJCF model of this robot and task',
        cause,
      });
    }
  }

  get dynamics(): Dynamics {
    return this.#dynamics;
  }

  /** Another friction, damping or load from now on; what is as it was is left alone. A load shows from the next reset on. */
  tune(dynamics: Dynamics): void {
    const physics = this.#physics;
    const { friction, joint_damping, joint_friction } = this.#dynamics;
    this.#dynamics = { ...dynamics };
    if (dynamics.friction !== friction) setFriction(physics, dynamics.friction);
    if (dynamics.joint_damping !== joint_damping) physics.jointDamping.fill(dynamics.joint_damping);
    if (dynamics.joint_friction !== joint_friction) physics.jointFriction.fill(dynamics.joint_friction);
  }

  get timeNs(): number {
    return this.#timeNs;
  }

  /** Measured tip pose `[x y z qx qy qz qw]`, valid until the next `advance`. */
  get pose(): Float64Array {
    return this.#pose;
  }

  /**
   * A new episode: hole, estimate and start drawn from `seed`. Time goes on; the receiver holds, and keeps its epoch.
   * @throws ReflexArcError RA_WORLD when the arm cannot reach the start.
   */
  reset(seed: number): void {
    const physics = this.#physics;
    const { hole_nominal: nominal, hole_range: range, estimate_error: error } = worldOf(this.task);
    const random = new SeededRandom(seed).fork('peg');
    const spread = (half: number) => random.range(-half, half);
    for (let i = 0; i < 3; i++) this.holePose[i] = nominal[i]! + (i < 2 ? spread(range[i]!) : 0);
    for (let i = 0; i < 3; i++) this.estimate[i] = this.holePose[i]! + spread(error[i]!);
    const start = Float64Array.from(this.estimate);
    start[0] = start[0]! + spread(START_SIDE);
    start[1] = start[1]! + spread(START_SIDE);
    start[2] = start[2]! + random.range(...START_ABOVE);

    this.#clear();
    physics.mocapPosition.set(this.holePose.subarray(0, 3));
    physics.qpos.set(HOME);
    try {
      reach(physics, this.#tip, start);
    } catch (cause) {
      throw new ReflexArcError('RA_WORLD', {
        seen: (cause as Error).message,
        allowed: 'a hole that the arm reaches',
        next: 'Move `task.world.hole_nominal` or narrow `hole_range`.',
        cause,
      });
    }
    readPose(physics, this.#tip, this.#pose);
    this.#controller.reset(physics);
    this.#sensor.reset();
    this.receiver.restart();
    this.#hold();
    this.#score.restart();
    this.#episode++;
    this.#seed = seed;
  }

  /**
   * Goes on from a measured state, in an episode of its own: joints, torques in force, wrench. The receiver holds there. Efforts
   * that are all 0 were not measured: then the arm carries its own weight.
   * @param hole pose of the hole, `[x y z qx qy qz qw]`; without it, it stays where it is
   */
  resume(state: Pick<RobotState, 'position' | 'velocity' | 'effort' | 'wrench'>, hole?: Float64Array): void {
    const physics = this.#physics;
    if (hole !== undefined) {
      this.holePose.set(hole);
      this.estimate.set(hole);
    }
    this.#clear();
    physics.mocapPosition.set(this.holePose.subarray(0, 3));
    physics.qpos.set(state.position);
    physics.qvel.set(state.velocity);
    physics.forward();
    readPose(physics, this.#tip, this.#pose);
    if (state.effort.every((torque) => torque === 0)) this.#controller.reset(physics);
    else this.#controller.resume(state.effort);
    this.#sensor.resume(state.wrench);
    this.receiver.restart();
    this.#hold();
    this.#score.restart();
    this.#episode++;
  }

  /** Takes or refuses a command; never throws, whatever it is. What was refused is in `status()`. */
  receive(command: EquilibriumCommand): void {
    const held = this.receiver.holding;
    this.receiver.receive(command, this.#timeNs);
    if (!held && this.receiver.holding) this.#hold();
  }

  stop(message: Stop): void {
    const held = this.receiver.holding;
    this.receiver.stop(message);
    if (!held) this.#hold();
  }

  /** The robot may follow commands again, whatever their epoch. */
  release(): void {
    this.receiver.release();
  }

  /** One state period: so many physics steps, the servo at each. */
  advance(): void {
    const physics = this.#physics;
    for (let i = 0; i < this.#stepsPerState; i++) {
      if (this.receiver.watch(this.#timeNs)) this.#hold();
      const following = !this.receiver.holding;
      if (following) this.#controller.setpoint.set(this.receiver.setpoint);
      physics.step1();
      readPose(physics, this.#tip, this.#pose);
      this.#controller.apply(physics, this.#tip, this.#pose);
      physics.step2();
      this.#timeNs += this.#stepNs;
      this.#sensor.update(physics);
      const hole = this.holePose;
      this.#score.step(this.#pose, hole, this.estimate, this.#sensor.force, following ? this.#stepNs : 0);
    }
    // The pose belongs to the same instant as the joint positions.
    physics.kinematics();
    readPose(physics, this.#tip, this.#pose);
  }

  /** Fills position, velocity, effort, tip pose and filtered external wrench; the stamp is simulated time. */
  readState(out: RobotState): void {
    const physics = this.#physics;
    out.position.set(physics.qpos);
    out.velocity.set(physics.qvel);
    out.effort.set(physics.applied);
    out.pose.set(this.#pose);
    out.wrench.set(this.#sensor.filtered);
    out.stampNs = this.#timeNs;
  }

  status(): RobotStatus {
    return { header: this.#header(), ...this.receiver.status(this.#timeNs) };
  }

  /** True once the episode has succeeded or timed out. */
  get ended(): boolean {
    return this.#score.phase !== 'running';
  }

  episode(): EpisodeStatus {
    const score = this.#score;
    return {
      header: this.#header(),
      episode: this.#episode,
      seed: this.#seed,
      phase: score.phase,
      success: score.phase === 'success',
      violation: score.violation,
      max_force: score.maxForce,
      depth: score.depth,
      duration_s: score.runningNs / 1e9,
    };
  }

  dispose(): void {
    this.#physics.dispose();
  }

  #header(): EpisodeStatus['header'] {
    return { stamp: timeFromNs(this.#timeNs), frame_id: this.robot.base_frame };
  }

  /** Nothing moves, and the tool carries its load. */
  #clear(): void {
    const physics = this.#physics;
    physics.resetData();
    physics.loads[6 * this.#tool + 2] = this.#dynamics.payload * physics.gravity;
  }

  /** Equilibrium at the measured pose at the nominal stiffness: the robot stays where it is, whatever it was told. */
  #hold(): void {
    const s = this.#controller.setpoint;
    s.set(this.#pose);
    s[7] = this.#nominal.stiffness;
    s[8] = this.#nominal.stiffness_rotation;
  }
}

/** Friction of peg and fixture, and clearance of the hole, on a model that was drawn with 0.3 and 0.5 mm. */
function parametrise(physics: Physics, friction: number, clearance: number): void {
  const outwards = clearance - DRAWN_CLEARANCE;
  const shift = { px: [1, 0], nx: [-1, 0], py: [0, 1], ny: [0, -1] } as const;
  setFriction(physics, friction);
  for (let g = 0; g < physics.geomCount; g++) {
    const name = physics.name('geom', g);
    const side = /^wall_.*?(px|nx|py|ny)$/.exec(name)?.[1] as keyof typeof shift | undefined;
    if (side === undefined) continue;
    const position = physics.geomPosition;
    for (let i = 0; i < 2; i++) position[3 * g + i] = position[3 * g + i]! + shift[side][i]! * outwards;
  }
}

/** Of peg and fixture: the geoms that have a name. */
function setFriction(physics: Physics, friction: number): void {
  for (let g = 0; g < physics.geomCount; g++)
    if (physics.name('geom', g) !== '') physics.geomFriction[3 * g] = friction;
}
