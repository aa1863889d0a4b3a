import { readFileSync } from 'node:fs';
import type { RobotConfig, TaskConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { rotateBy, rotationBetween } from '../../src/core/geometry.ts';
import { type Random, SeededRandom } from '../../src/core/random.ts';
import type { RobotState } from '../../src/core/signals.ts';
import {
  type EpisodeStatus,
  type EquilibriumCommand,
  type RobotStatus,
  type Stop,
  timeFromNs,
} from '../messages/messages.ts';
import { ImpedanceController, solveSymmetric } from './controller.ts';
import { Physics } from './mujoco.ts';
import { Receiver } from './receiver.ts';

/** Depth that counts as inserted, m below the mouth of the hole. */
const SUCCESS_DEPTH = 0.02;
/** Cut-off of the force filter, Hz: contact spikes of a millisecond are no violation. */
const FORCE_FILTER_HZ = 30;
/** Workspace around the estimate: leaving it is a violation. */
const WORKSPACE_SIDE = 0.06;
const WORKSPACE_ABOVE = 0.12;
const START_ABOVE = [0.03, 0.05] as const;
const START_SIDE = 0.01;
/** Clearance that the model file is drawn with, m per side. */
const DRAWN_CLEARANCE = 0.0005;
/** Tool pointing down, turned so that peg and hole are parallel. */
const DOWN = Float64Array.of(1, 0, 0, 0);
/** Posture to start inverse kinematics from, and that the null space prefers: inside the rectangular limits. */
const HOME = Float64Array.of(0, 0.1, 0, -2.0, 0, 2.1, 0.7854);
const GRAVITY = 9.81;
const TOOL_MASS = 0.83;

/**
 * The simulated robot and its task, in-process: an arm with a peg, a hole whose pose is known only by a noisy estimate,
 * the robot's own impedance servo and its receiver with the deadman. Deterministic: one seed, the same bits.
 */
export class PegWorld {
  readonly robot: RobotConfig;
  readonly task: TaskConfig;
  /** Pose of the hole as the robot is told it, `[x y z qx qy qz qw]`. */
  readonly estimate = Float64Array.of(0, 0, 0, ...DOWN);
  /** The true pose of the hole; nobody but a demonstrator may look. */
  readonly holePose = Float64Array.of(0, 0, 0, ...DOWN);
  readonly receiver: Receiver;
  readonly #physics: Physics;
  readonly #controller: ImpedanceController;
  readonly #tip: number;
  readonly #sensor: number;
  readonly #tool: number;
  readonly #stepNs: number;
  readonly #stepsPerState: number;
  readonly #pose = new Float64Array(7);
  readonly #wrench = new Float64Array(6);
  readonly #filtered = new Float64Array(6);
  #random: Random = new SeededRandom(0);
  #timeNs = 0;
  #episode = 0;
  #seed = 0;
  #runningNs = 0;
  #maxForce = 0;
  #depth = 0;
  #violation = false;
  #phase: 'running' | 'success' | 'timeout' = 'running';

  private constructor(robot: RobotConfig, task: TaskConfig, physics: Physics) {
    this.robot = robot;
    this.task = task;
    this.#physics = physics;
    this.#tip = physics.id('site', 'tip');
    this.#sensor = physics.id('site', 'ft');
    this.#tool = physics.id('body', 'tool');
    this.#stepNs = task.world.timestep_us * 1000;
    this.#stepsPerState = Math.max(1, Math.round(1e9 / task.world.state_hz / this.#stepNs));
    this.#controller = new ImpedanceController(
      Float64Array.from(robot.joints, (j) => j.effort),
      HOME,
    );
    this.receiver = new Receiver(task.world.deadman_ms);
    this.reset(0);
  }

  /** @throws ReflexArcError RA_WORLD when the model cannot be read or does not fit the robot. */
  static async load(robot: RobotConfig, task: TaskConfig, modelFile: string): Promise<PegWorld> {
    try {
      const physics = await Physics.load(readFileSync(modelFile, 'utf8'));
      if (physics.joints !== robot.joints.length)
        throw new Error(`${physics.joints} joints in the model, ${robot.joints.length} in the robot's description`);
      physics.timestepSeconds = task.world.timestep_us / 1e6;
      parametrise(physics, task.world.friction, task.world.clearance);
      return new PegWorld(robot, task, physics);
    } catch (cause) {
      throw new ReflexArcError('RA_WORLD', {
        seen: `${modelFile}: ${(cause as Error).message}`,
        allowed: 'an MJCF model of this robot',
        cause,
      });
    }
  }

  get timeNs(): number {
    return this.#timeNs;
  }

  /** Measured tip pose, valid until the next `advance`. */
  get pose(): Float64Array {
    return this.#pose;
  }

  /** A new episode: hole, estimate and start drawn from `seed`. Time goes on; the receiver keeps its epoch and holds. */
  reset(seed: number): void {
    const physics = this.#physics;
    const { hole_nominal: nominal, hole_range: range, estimate_error: error } = this.task.world;
    this.#random = new SeededRandom(seed).fork('peg');
    const random = this.#random;
    const spread = (half: number) => random.range(-half, half);
    for (let i = 0; i < 3; i++) this.holePose[i] = nominal[i]! + (i < 2 ? spread(range[i]!) : 0);
    for (let i = 0; i < 3; i++) this.estimate[i] = this.holePose[i]! + spread(error[i]!);
    const start = Float64Array.of(
      this.estimate[0]! + spread(START_SIDE),
      this.estimate[1]! + spread(START_SIDE),
      this.estimate[2]! + random.range(START_ABOVE[0], START_ABOVE[1]),
      ...DOWN,
    );
    physics.resetData();
    physics.mocapPosition.set(this.holePose.subarray(0, 3));
    physics.qpos.set(HOME);
    this.#inverseKinematics(start);
    physics.forward();
    this.#controller.reset(physics);
    this.#measure();
    this.#filtered.fill(0);
    this.#hold();
    this.receiver.restart();
    this.#episode++;
    this.#seed = seed;
    this.#runningNs = 0;
    this.#maxForce = 0;
    this.#depth = 0;
    this.#violation = false;
    this.#phase = 'running';
  }

  receive(command: EquilibriumCommand): void {
    this.receiver.receive(command, this.#timeNs);
  }

  stop(message: Stop): void {
    const wasHolding = this.receiver.holding;
    this.receiver.stop(message);
    if (!wasHolding) this.#hold();
  }

  release(): void {
    this.receiver.release();
  }

  /** One state period: so many physics steps, the servo at each. */
  advance(): void {
    for (let i = 0; i < this.#stepsPerState; i++) {
      if (this.receiver.watch(this.#timeNs)) this.#hold();
      if (!this.receiver.holding) this.#controller.setpoint.set(this.receiver.setpoint);
      this.#physics.step1();
      this.#readPose();
      this.#controller.apply(this.#physics, this.#tip, this.#pose);
      this.#physics.step2();
      this.#timeNs += this.#stepNs;
      this.#filterForce();
      this.#score();
    }
    this.#measure();
  }

  /** Fills position, velocity, effort, tip pose and filtered external wrench; stamp is simulated time. */
  readState(out: RobotState): void {
    const physics = this.#physics;
    out.position.set(physics.qpos);
    out.velocity.set(physics.qvel);
    out.effort.set(physics.applied);
    out.pose.set(this.#pose);
    out.wrench.set(this.#filtered);
    out.stampNs = this.#timeNs;
  }

  status(): RobotStatus {
    return { header: header(this.#timeNs, this.robot.base_frame), ...this.receiver.status(this.#timeNs) };
  }

  episode(): EpisodeStatus {
    return {
      header: header(this.#timeNs, this.robot.base_frame),
      episode: this.#episode,
      seed: this.#seed,
      phase: this.#phase,
      success: this.#phase === 'success',
      violation: this.#violation,
      max_force: this.#maxForce,
      depth: this.#depth,
      duration_s: this.#runningNs / 1e9,
    };
  }

  dispose(): void {
    this.#physics.dispose();
  }

  /** Equilibrium at the measured pose, at the stiffness in force: the robot stays where it is. */
  #hold(): void {
    const s = this.#controller.setpoint;
    s.set(this.#pose);
    if (s[7] === 0) s[7] = this.robot.interface.stiffness;
    if (s[8] === 0) s[8] = this.robot.interface.stiffness_rotation;
  }

  #readPose(): void {
    const position = this.#physics.sitePosition;
    for (let i = 0; i < 3; i++) this.#pose[i] = position[3 * this.#tip + i]!;
    quaternionOf(this.#physics.siteRotation, 9 * this.#tip, this.#pose, 3);
  }

  #measure(): void {
    this.#readPose();
  }

  /**
   * External wrench at the tip. The sensor gives the force of the parent on the child in the site's frame: R·raw is the
   * tool's weight at rest and less when the world pushes up, so external = weight − R·raw; the moment is moved from the
   * flange to the tip: T_tip = T − r × F.
   */
  #filterForce(): void {
    const physics = this.#physics;
    const raw = physics.sensors;
    const R = physics.siteRotation;
    const p = physics.sitePosition;
    const com = physics.bodyInertialPosition;
    const at = 9 * this.#sensor;
    const w = this.#wrench;
    for (let i = 0; i < 3; i++) {
      w[i] = (i === 2 ? TOOL_MASS * GRAVITY : 0) - rotate(R, at, raw, 0, i);
      w[3 + i] = -rotate(R, at, raw, 3, i);
    }
    // The tool's weight also turns about the flange: r_com × (0, 0, m g).
    const cx = rotate(R, at, com, 3 * this.#tool, 0);
    const cy = rotate(R, at, com, 3 * this.#tool, 1);
    w[3] = w[3]! + cy * TOOL_MASS * GRAVITY;
    w[4] = w[4]! - cx * TOOL_MASS * GRAVITY;
    const rx = p[3 * this.#tip]! - p[3 * this.#sensor]!;
    const ry = p[3 * this.#tip + 1]! - p[3 * this.#sensor + 1]!;
    const rz = p[3 * this.#tip + 2]! - p[3 * this.#sensor + 2]!;
    w[3] = w[3]! - (ry * w[2]! - rz * w[1]!);
    w[4] = w[4]! - (rz * w[0]! - rx * w[2]!);
    w[5] = w[5]! - (rx * w[1]! - ry * w[0]!);
    const dt = this.#stepNs / 1e9;
    const alpha = dt / (dt + 1 / (2 * Math.PI * FORCE_FILTER_HZ));
    for (let i = 0; i < 6; i++) this.#filtered[i] = this.#filtered[i]! + alpha * (w[i]! - this.#filtered[i]!);
  }

  #score(): void {
    if (this.#phase !== 'running' || this.receiver.holding) return;
    this.#runningNs += this.#stepNs;
    const f = this.#filtered;
    const force = Math.sqrt(f[0]! * f[0]! + f[1]! * f[1]! + f[2]! * f[2]!);
    if (force > this.#maxForce) this.#maxForce = force;
    const depth = this.holePose[2]! - this.#pose[2]!;
    if (depth > this.#depth) this.#depth = depth;
    const outside =
      Math.abs(this.#pose[0]! - this.estimate[0]!) > WORKSPACE_SIDE ||
      Math.abs(this.#pose[1]! - this.estimate[1]!) > WORKSPACE_SIDE ||
      this.#pose[2]! - this.estimate[2]! > WORKSPACE_ABOVE;
    if (force > this.task.world.violation_force || outside) this.#violation = true;
    if (depth > SUCCESS_DEPTH) this.#phase = 'success';
    else if (this.#runningNs >= (this.task.horizon_steps / this.task.decision_hz) * 1e9) this.#phase = 'timeout';
  }

  /** Damped least squares from the home posture to a tip pose. */
  #inverseKinematics(target: Float64Array): void {
    const physics = this.#physics;
    const n = physics.joints;
    const J = new Float64Array(6 * n);
    const error = new Float64Array(6);
    const gram = new Float64Array(36);
    for (let iteration = 0; iteration < 100; iteration++) {
      physics.forward();
      this.#readPose();
      for (let i = 0; i < 3; i++) error[i] = target[i]! - this.#pose[i]!;
      rotationBetween(this.#pose, 3, target, 3, error, 3);
      if (Math.hypot(...error) < 1e-9) return;
      physics.jacobian(this.#tip, J);
      for (let r = 0; r < 6; r++)
        for (let c = 0; c < 6; c++) {
          let s = r === c ? 1e-6 : 0;
          for (let j = 0; j < n; j++) s += J[r * n + j]! * J[c * n + j]!;
          gram[r * 6 + c] = s;
        }
      solveSymmetric(gram, error, 6);
      const qpos = physics.qpos;
      for (let j = 0; j < n; j++) {
        let dq = 0;
        for (let r = 0; r < 6; r++) dq += J[r * n + j]! * error[r]!;
        qpos[j] = qpos[j]! + Math.max(-0.2, Math.min(0.2, dq));
      }
    }
    throw new Error(`no joint posture reaches ${Array.from(target.subarray(0, 3)).map((v) => v.toFixed(3))}`);
  }
}

const header = (ns: number, frame_id: string) => ({ stamp: timeFromNs(ns), frame_id });

/** Row `i` of the row-major 3×3 at `at`, times the vector at `from`. */
function rotate(R: Float64Array, at: number, v: Float64Array, from: number, i: number): number {
  return R[at + 3 * i]! * v[from]! + R[at + 3 * i + 1]! * v[from + 1]! + R[at + 3 * i + 2]! * v[from + 2]!;
}

/** Unit quaternion `[x y z w]` of a row-major rotation matrix (Shepperd's method). */
export function quaternionOf(R: Float64Array, at: number, out: Float64Array, to: number): void {
  const m00 = R[at]!;
  const m11 = R[at + 4]!;
  const m22 = R[at + 8]!;
  let x: number;
  let y: number;
  let z: number;
  let w: number;
  if (m00 + m11 + m22 > 0) {
    const s = 2 * Math.sqrt(1 + m00 + m11 + m22);
    w = s / 4;
    x = (R[at + 7]! - R[at + 5]!) / s;
    y = (R[at + 2]! - R[at + 6]!) / s;
    z = (R[at + 3]! - R[at + 1]!) / s;
  } else if (m00 > m11 && m00 > m22) {
    const s = 2 * Math.sqrt(1 + m00 - m11 - m22);
    w = (R[at + 7]! - R[at + 5]!) / s;
    x = s / 4;
    y = (R[at + 1]! + R[at + 3]!) / s;
    z = (R[at + 2]! + R[at + 6]!) / s;
  } else if (m11 > m22) {
    const s = 2 * Math.sqrt(1 + m11 - m00 - m22);
    w = (R[at + 2]! - R[at + 6]!) / s;
    x = (R[at + 1]! + R[at + 3]!) / s;
    y = s / 4;
    z = (R[at + 5]! + R[at + 7]!) / s;
  } else {
    const s = 2 * Math.sqrt(1 + m22 - m00 - m11);
    w = (R[at + 3]! - R[at + 1]!) / s;
    x = (R[at + 2]! + R[at + 6]!) / s;
    y = (R[at + 5]! + R[at + 7]!) / s;
    z = s / 4;
  }
  out[to] = x;
  out[to + 1] = y;
  out[to + 2] = z;
  out[to + 3] = w;
  rotateBy(ZERO, 0, 1, out, to, out, to);
}
const ZERO = new Float64Array(3);

/** Friction of peg and fixture, and clearance of the hole, on a model that was drawn with 0.3 and 0.5 mm. */
function parametrise(physics: Physics, friction: number, clearance: number): void {
  const outwards = clearance - DRAWN_CLEARANCE;
  const shift = { px: [1, 0], nx: [-1, 0], py: [0, 1], ny: [0, -1] } as const;
  for (let g = 0; g < physics.geomCount; g++) {
    const name = physics.geomName(g);
    if (name !== '') physics.geomFriction[3 * g] = friction;
    const side = /^wall_.*?(px|nx|py|ny)$/.exec(name)?.[1] as keyof typeof shift | undefined;
    if (side === undefined) continue;
    const position = physics.geomPosition;
    for (let i = 0; i < 2; i++) position[3 * g + i] = position[3 * g + i]! + shift[side][i]! * outwards;
  }
}
