import { jointInterface } from '../../../../controllers/interfaces/joint.ts';
import type { Situation } from '../../../../controllers/safety/envelope.ts';
import { JointEnvelope } from '../../../../controllers/safety/joint/envelope.ts';
import { type RobotConfig, robotSchema, type SafetyConfig, safetySchema } from '../../../../src/core/config-schema.ts';
import type { Random } from '../../../../src/core/random.ts';
import { makeRobotState } from '../../../../src/core/signals.ts';

export type Kind = 'joint_velocity' | 'joint_position';

/** Three joints of the FR3 with the vendor's absolute limits. */
export const FR3 = [
  { position: [-2.7437, 2.7437], velocity: 2.62 },
  { position: [-3.0421, -0.1518], velocity: 2.62 },
  { position: [-2.8065, 2.8065], velocity: 5.26 },
];

export const armOf = (type: Kind, joints: object[] = FR3): RobotConfig =>
  robotSchema.parse({
    name: 'joints',
    joints: joints.map((j, i) => ({ name: `j${i}`, acceleration: 10, jerk: 5000, effort: 87, ...j })),
    sources: ['joint_states'],
    topics: {},
    interface: { type },
  });

export const jointSafety = (changes: object = {}): SafetyConfig => safetySchema.parse({ risk: {}, ...changes });

/** An ideal arm: each joint does exactly what was sent, `delayTicks` late; and the envelope that keeps it. */
export class IdealArm {
  readonly envelope: JointEnvelope;
  readonly by: { -readonly [K in keyof Situation]: Situation[K] };
  readonly out: Float64Array;
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  readonly #queue: Float64Array[];
  /** s since the last command. */
  sinceSent = 0;

  constructor(robot: RobotConfig, safety: SafetyConfig, start: ArrayLike<number>, delayTicks = 0) {
    const n = robot.joints.length;
    this.envelope = new JointEnvelope(safety, robot, jointInterface(robot));
    const state = makeRobotState(n);
    state.position.set(Float64Array.from(start));
    this.position = Float64Array.from(start);
    this.velocity = new Float64Array(n);
    this.out = new Float64Array(n);
    const nothing = new Float64Array(0);
    this.by = { last: new Float64Array(n), state, force: nothing, target: nothing, elapsed: 0, nowNs: 1e9 };
    this.envelope.seed(state, this.by.last);
    this.#queue = Array.from({ length: delayTicks }, () => new Float64Array(this.by.last));
    this.envelope.sent(this.by.last, this.by.nowNs);
    state.receivedNs = this.by.nowNs;
  }

  /** Filters and sends `wish`; returns the CLIPPED flags. */
  command(wish: Float64Array, speedScale = 1): number {
    const { by, envelope, out } = this;
    by.elapsed = this.sinceSent;
    const flags = envelope.limit(wish, by, speedScale, out);
    this.send(out);
    return flags;
  }

  send(setpoint: Float64Array): void {
    this.envelope.sent(setpoint, this.by.nowNs);
    this.by.last.set(setpoint);
    this.#queue.push(Float64Array.from(setpoint));
    this.sinceSent = 0;
  }

  /** Lets `dt` seconds pass: the oldest command moves the joints, and a state arrives. */
  move(dt: number): void {
    const obeyed = this.#queue.shift()!;
    const { by, position, velocity } = this;
    for (let i = 0; i < position.length; i++) {
      const was = position[i]!;
      position[i] = this.envelope.limits.position ? obeyed[i]! : was + obeyed[i]! * dt;
      velocity[i] = (position[i]! - was) / dt;
    }
    by.nowNs += Math.round(dt * 1e9);
    this.sinceSent += dt;
    by.state.position.set(position);
    by.state.velocity.set(velocity);
    by.state.receivedNs = by.nowNs;
    this.envelope.observe(by);
  }
}

/**
 * Wishes of an enemy: ±1e6, uniform ±10 or ±V a joint, drawn anew every 0 to 80 ticks (facts/safety.md 4.4). For a
 * position interface they are steps from the last setpoint.
 */
export function adversary(robot: RobotConfig, random: Random): (last: Float64Array, dt: number) => Float64Array {
  const n = robot.joints.length;
  const velocity = new Float64Array(n);
  const wish = new Float64Array(n);
  const isPosition = robot.interface.type === 'joint_position';
  let left = 0;
  return (last, dt) => {
    if (left-- <= 0) {
      left = random.integer(80);
      const how = random.integer(3);
      for (let i = 0; i < n; i++) {
        const side = random.uniform() < 0.5 ? -1 : 1;
        velocity[i] = how === 0 ? side * 1e6 : how === 1 ? random.range(-10, 10) : side * robot.joints[i]!.velocity;
      }
    }
    for (let i = 0; i < n; i++) wish[i] = isPosition ? last[i]! + velocity[i]! * dt : velocity[i]!;
    return wish;
  };
}
