import { tipTwist } from '../../../../controllers/interfaces/tip-twist.ts';
import type { Situation } from '../../../../controllers/safety/envelope.ts';
import { TipEnvelope } from '../../../../controllers/safety/tip/envelope.ts';
import { type RobotConfig, robotSchema, type SafetyConfig, safetySchema } from '../../../../src/core/config-schema.ts';
import { norm3, rotateBy, rotationBetween } from '../../../../src/core/geometry.ts';
import type { Random } from '../../../../src/core/random.ts';
import { makeRobotState } from '../../../../src/core/signals.ts';

/** An arm of which only the pose of the tip is known, before MoveIt Servo. */
export const armOf = (iface: object = {}, changes: object = {}): RobotConfig =>
  robotSchema.parse({
    name: 'arm',
    base_frame: 'base_link',
    joints: [],
    sources: ['pose'],
    topics: { command: '/servo_node/delta_twist_cmds' },
    interface: { type: 'tip_twist', ...iface },
    ...changes,
  });

/** A box of ±0.2 m around the origin, at 100 Hz. */
export const tipSafety = (tipTwistLimits: object = {}, changes: object = {}): SafetyConfig =>
  safetySchema.parse({
    risk: {},
    pose_box: { min: [-0.2, -0.2, -0.2], max: [0.2, 0.2, 0.2] },
    tip_twist: tipTwistLimits,
    ...changes,
  });

/** An envelope and an ideal tip, that obeys its commands `delayTicks` late. */
export class TipRig {
  readonly envelope: TipEnvelope;
  readonly by: { -readonly [K in keyof Situation]: Situation[K] };
  readonly out = new Float64Array(6);
  readonly pose = Float64Array.of(0, 0, 0, 0, 0, 0, 1);
  sinceSent = 0;
  readonly #queue: Float64Array[];

  constructor(
    readonly safety: SafetyConfig,
    delayTicks = 0,
    robot: RobotConfig = armOf(),
  ) {
    this.envelope = new TipEnvelope(safety, robot, tipTwist(robot));
    const state = makeRobotState(0);
    const target = new Float64Array(7);
    this.by = { last: new Float64Array(6), state, force: new Float64Array(3), target, elapsed: 0, nowNs: 1e9 };
    state.pose.set(this.pose);
    this.envelope.seed(state, this.by.last);
    this.#queue = Array.from({ length: delayTicks }, () => new Float64Array(6));
    this.envelope.sent(this.by.last, this.by.nowNs);
    this.sense();
  }

  /** The pose of now. */
  sense(): void {
    const { state } = this.by;
    state.stampNs = this.by.nowNs;
    state.receivedNs = this.by.nowNs;
    state.pose.set(this.pose);
    this.envelope.observe(this.by);
  }

  command(wish: ArrayLike<number>, speedScale = 1): number {
    this.by.elapsed = this.sinceSent;
    const flags = this.envelope.limit(Float64Array.from(wish), this.by, speedScale, this.out);
    this.send(this.out);
    return flags;
  }

  send(setpoint: Float64Array): void {
    this.envelope.sent(setpoint, this.by.nowNs);
    this.by.last.set(setpoint);
    this.#queue.push(Float64Array.from(setpoint));
    this.sinceSent = 0;
  }

  /** Lets `dt` seconds pass: the oldest command moves the tip, and its pose arrives. */
  move(dt: number): void {
    const u = this.#queue.shift()!;
    for (let i = 0; i < 3; i++) this.pose[i] = this.pose[i]! + u[i]! * dt;
    rotateBy(u, 3, dt, this.pose, 3, this.pose, 3);
    this.by.nowNs += Math.round(dt * 1e9);
    this.sinceSent += dt;
    this.sense();
  }

  /** m that the tip is past its workspace: box and planes; below 0 inside. */
  get past(): number {
    const { pose_box: box, planes } = this.safety;
    let worst = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < 3; i++) worst = Math.max(worst, this.pose[i]! - box!.max[i]!, box!.min[i]! - this.pose[i]!);
    for (const { normal, offset } of planes) {
      const at = normal.reduce((sum, n, i) => sum + n * this.pose[i]!, 0);
      worst = Math.max(worst, (at - offset) / Math.hypot(...normal));
    }
    return worst;
  }

  /** rad away from the orientation at arming. */
  get tilt(): number {
    const turn = new Float64Array(3);
    rotationBetween(Float64Array.of(0, 0, 0, 1), 0, this.pose, 3, turn, 0);
    return norm3(turn, 0);
  }
}

/** Wishes of an enemy: ±1e6, any, or full speed, in a direction that is drawn anew every 0 to 80 ticks. */
export function adversary(random: Random, speed: number, turn: number): () => Float64Array {
  const wish = new Float64Array(6);
  let left = 0;
  return () => {
    if (left-- > 0) return wish;
    left = random.integer(80);
    const how = random.integer(3);
    for (const [at, fastest] of [
      [0, speed],
      [3, turn],
    ] as const) {
      const size = how === 0 ? 1e6 : how === 1 ? random.range(0, 2 * fastest) : fastest;
      const direction = [random.range(-1, 1), random.range(-1, 1), random.range(-1, 1)];
      // Now and then straight at a wall of the box.
      if (random.uniform() < 0.3) direction.fill(0).splice(random.integer(3), 1, random.uniform() < 0.5 ? -1 : 1);
      const length = Math.hypot(...direction) || 1;
      for (let i = 0; i < 3; i++) wish[at + i] = (size * direction[i]!) / length;
    }
    return wish;
  };
}
