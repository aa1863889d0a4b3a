import { JointArm } from '../../../bridges/mujoco/joint-arm.ts';
import { CLIPPED } from '../../../controllers/safety/envelope.ts';
import { type RobotConfig, type RunConfig, robotSchema, type SafetyConfig } from '../../core/config-schema.ts';
import { type Random, SeededRandom } from '../../core/random.ts';
import { worldOf } from '../../core/task-world.ts';
import { adversary, IdealPlant, JointRig, type Plant } from './joint-rig.ts';
import type { Outcome, Row } from './rows.ts';
import { rounded, rowOf } from './rows.ts';

const T = 0.01;
const EPISODE_TICKS = 400;
const DEFAULT_TICKS = 1_000_000;
/** Ticks of the naive bound, and of the arm at the acceleration that it has not the torque for; and how many times that torque is enough. */
const NAIVE_TICKS = 100_000;
const SHORT_TICKS = 100_000;
const STRONG = 10;
/** The filter's own limit is not what is asked for here: a setpoint may run this far ahead of the joint, rad. */
const REFERENCE_LIMIT = 1;
/** What a joint may at most overshoot its limit by, rad. */
const ALLOWED = 0.002;
/** Lag of the arm's own servo, ms: part of the delay that is declared for it; positions go through its reference too. */
const SERVO_LAG_MS = { joint_velocity: 20, joint_position: 55 };
/** The published acceleration of every joint, rad/s²; the run file's shoulder has less, by what its 87 Nm can do. */
const PUBLISHED = 10;

/** What is attacked, and how. */
interface Case {
  readonly robot: RobotConfig;
  readonly safety: SafetyConfig;
  /** Ticks until a command is obeyed. */
  readonly delay: number;
  /** Share by which a period may be longer or shorter. */
  readonly jitter: number;
  readonly ticks: number;
  /** The same for all that is compared: one stream of commands a case. */
  readonly random: Random;
}

/**
 * Joints under adversarial commands, with delays and period jitter that the filter is told of: how far past a limit does
 * any joint ever go? Values are the worst of each episode of 400 ticks, which begins at rest anywhere within the limits; rad past
 * the hard limit, below 0 is inside. Beside it the naive bound, with the same acceleration limit: distance over period.
 */
export async function benchInvariance(config: RunConfig, options: { samples?: number }): Promise<Outcome> {
  const ticks = options.samples ?? DEFAULT_TICKS;
  const results: Row[] = [];
  const judged: Attacked[] = [];
  const naives: Attacked[] = [];
  const arm = await JointArm.load(config.robot, worldOf(config.task).model);
  for (const type of ['joint_velocity', 'joint_position'] as const) {
    const robot = withInterface(config.robot, type);
    for (const delay of [0, 2, 5]) {
      for (const jitter of [0, 0.3]) {
        const name = `${type}, delay ${delay} ticks, jitter ±${jitter * 100} %`;
        const take = (lagMs: number, ticks: number): Case => {
          const random = new SeededRandom(config.seed).fork(name);
          return { robot, safety: safetyOf(config, delay, lagMs), delay, jitter, ticks, random };
        };
        const ideal = attack(take(0, ticks), null);
        results.push(row(`ideal ${name}`, 'ours', ideal));
        if (type === 'joint_velocity') {
          naives.push(naive(take(0, Math.min(ticks, NAIVE_TICKS))));
          results.push(row(`ideal ${name}`, 'distance over period', naives.at(-1)!));
        }
        process.stderr.write(`${name}\n`);
        const real = attack(take(SERVO_LAG_MS[type], ticks), arm);
        results.push(row(`mujoco ${name}`, 'ours', real));
        judged.push(ideal, real);
      }
    }
  }
  arm.dispose();
  const published = await atPublished(config, Math.min(ticks, SHORT_TICKS));
  results.push(...published.rows);
  judged.push(...published.judged);
  const worst = worstOf(judged);
  const notes = [
    `the arm has the limits of the run file; with ${PUBLISHED} rad/s² on every joint, the shoulder too, its 87 Nm are not enough while the arm is`,
    'stretched: what a joint cannot do, no filter can ask of it. With ten times the torque, and nothing else changed, it keeps its limits',
    'at that too (counted in the worst)',
    `told of the delay, and of ${SERVO_LAG_MS.joint_velocity} ms more for the arm's servo, ${SERVO_LAG_MS.joint_position} where it follows positions; reference limit ${REFERENCE_LIMIT} rad`,
    `${ticks} ticks of ${config.robot.joints.length} joints a case, seed ${config.seed}; worst overshoot ${rounded(worst)} rad, allowed ${ALLOWED}; distance over period ${rounded(worstOf(naives))}`,
  ];
  // NaN is no joint within its limits.
  return { results, notes, failed: !(worst <= ALLOWED) };
}

/**
 * The published acceleration on the arm, with the torque that it has and with ten times that: whether it is the torque. Only what
 * the second comes to is judged.
 */
async function atPublished(config: RunConfig, ticks: number): Promise<{ rows: Row[]; judged: Attacked[] }> {
  const own = withInterface(config.robot, 'joint_velocity');
  const weak = own.joints.map((j) => ({ ...j, acceleration: PUBLISHED }));
  const strong = weak.map((j) => ({ ...j, effort: STRONG * j.effort }));
  const rows: Row[] = [];
  const judged: Attacked[] = [];
  for (const joints of [weak, strong]) {
    const robot = { ...own, joints };
    const arm = await JointArm.load(robot, worldOf(config.task).model);
    for (const delay of [0, 2, 5]) {
      const name = `mujoco joint_velocity at ${PUBLISHED} rad/s², delay ${delay} ticks, jitter ±30 %`;
      const random = new SeededRandom(config.seed).fork(name);
      const safety = safetyOf(config, delay, SERVO_LAG_MS.joint_velocity);
      const came = attack({ robot, safety, delay, jitter: 0.3, ticks, random }, arm);
      rows.push(row(name, joints === strong ? `ours, ${STRONG} times the torque` : 'ours, short of torque', came));
      if (joints === strong) judged.push(came);
    }
    arm.dispose();
  }
  return { rows, judged };
}

const withInterface = (robot: RobotConfig, type: 'joint_velocity' | 'joint_position'): RobotConfig => ({
  ...robot,
  interface: interfaceOf(type),
  sources: ['joint_states'],
});

const worstOf = (all: readonly Attacked[]): number =>
  all.flatMap((a) => a.worst).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

interface Attacked {
  /** Of each episode, rad past the limit. */
  worst: number[];
  /** Ticks, of any joint, in which the limits left nothing. */
  conflicts: number;
}

const row = (name: string, subject: string, { worst, conflicts }: Attacked): Row & { conflicts: number } => ({
  ...rowOf(name, subject, 'rad', worst),
  conflicts,
});

const interfaceOf = (type: 'joint_velocity' | 'joint_position'): RobotConfig['interface'] =>
  robotSchema.shape.interface.parse(type === 'joint_velocity' ? { type, velocity_scale: 1 } : { type });

/** The delay that the filter is told of: the longest that jitter makes of it, and the servo's own. */
function safetyOf({ safety }: RunConfig, delay: number, lagMs: number): SafetyConfig {
  const joints = {
    ...safety.joints,
    delay_ms: Math.ceil(delay * T * 1e3 * 1.3) + lagMs,
    reference_limit: REFERENCE_LIMIT,
  };
  return { ...safety, control_hz: 1 / T, joints };
}

function attack({ robot, safety, delay, jitter, ticks, random }: Case, arm: JointArm | null): Attacked {
  const worst: number[] = [];
  let conflicts = 0;
  for (let done = 0; done < ticks; done += EPISODE_TICKS) {
    const start = anywhere(robot, safety, random);
    const rig = new JointRig(robot, safety, start, delay, arm ? realPlant(arm, start, robot) : undefined);
    const wish = adversary(robot, random);
    let past = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < EPISODE_TICKS; n++) {
      if ((rig.command(wish(rig.by.last, T)) & CLIPPED.conflict) !== 0) conflicts++;
      rig.move(T * (1 + random.range(-jitter, jitter)));
      past = Math.max(past, overshoot(robot, rig.position));
    }
    worst.push(past);
  }
  return { worst, conflicts };
}

/** At rest anywhere within the limits, rad. */
const anywhere = (robot: RobotConfig, { joints: { margin } }: SafetyConfig, random: Random): Float64Array =>
  Float64Array.from(robot.joints, ({ position: [lo, hi] }) => random.range(lo + margin, hi - margin));

function realPlant(arm: JointArm, start: Float64Array, robot: RobotConfig): Plant {
  const isPosition = robot.interface.type === 'joint_position';
  arm.reset(start);
  return {
    obey(setpoint, dt) {
      if (isPosition) arm.commandPosition(setpoint);
      else arm.commandVelocity(setpoint);
      return arm.move(dt);
    },
    read: (position, velocity) => arm.read(position, velocity),
  };
}

/** The bound that most have: v ≤ d/T, then the acceleration limit. It assumes that a joint can stop at once. */
function naive({ robot, safety, delay, jitter, ticks, random }: Case): Attacked {
  const n = robot.joints.length;
  const worst: number[] = [];
  let conflicts = 0;
  for (let done = 0; done < ticks; done += EPISODE_TICKS) {
    const start = anywhere(robot, safety, random);
    const plant = new IdealPlant(start, false);
    const position = Float64Array.from(start);
    const velocity = new Float64Array(n);
    const last = new Float64Array(n);
    const queue = Array.from({ length: delay }, () => new Float64Array(n));
    const wish = adversary(robot, random);
    let past = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < EPISODE_TICKS; t++) {
      const wanted = wish(last, T);
      for (let i = 0; i < n; i++) {
        const joint = robot.joints[i]!;
        const lo = Math.max(-joint.velocity, (joint.position[0] - position[i]!) / T);
        const hi = Math.min(joint.velocity, (joint.position[1] - position[i]!) / T);
        const bounded = Math.min(Math.max(wanted[i]!, lo), hi);
        const a = joint.acceleration * T;
        if (last[i]! - a > hi || last[i]! + a < lo) conflicts++;
        last[i] = Math.min(Math.max(bounded, last[i]! - a), last[i]! + a);
      }
      queue.push(Float64Array.from(last));
      plant.obey(queue.shift()!, T * (1 + random.range(-jitter, jitter)));
      plant.read(position, velocity);
      past = Math.max(past, overshoot(robot, position));
    }
    worst.push(past);
  }
  return { worst, conflicts };
}

function overshoot(robot: RobotConfig, position: Float64Array): number {
  let past = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < position.length; i++) {
    const [lo, hi] = robot.joints[i]!.position;
    past = Math.max(past, position[i]! - hi, lo - position[i]!);
  }
  return past;
}
