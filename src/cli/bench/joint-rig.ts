import { jointInterface } from '../../../controllers/interfaces/joint.ts';
import type { Situation } from '../../../controllers/safety/envelope.ts';
import { JointEnvelope } from '../../../controllers/safety/joint/envelope.ts';
import type { RobotConfig, SafetyConfig } from '../../core/config-schema.ts';
import type { Random } from '../../core/random.ts';
import { makeRobotState } from '../../core/signals.ts';

/** Joints that obey setpoints, however well. */
export interface Plant {
  /** Obeys `setpoint` for about `dt` s; returns what passed. */
  obey(setpoint: Float64Array, dt: number): number;
  read(position: Float64Array, velocity: Float64Array): void;
}

/** Each joint does exactly what was sent. */
export class IdealPlant implements Plant {
  readonly #position: Float64Array;
  readonly #velocity: Float64Array;
  readonly #isPosition: boolean;

  constructor(start: ArrayLike<number>, isPosition: boolean) {
    this.#position = Float64Array.from(start);
    this.#velocity = new Float64Array(start.length);
    this.#isPosition = isPosition;
  }

  obey(setpoint: Float64Array, dt: number): number {
    for (let i = 0; i < setpoint.length; i++) {
      const was = this.#position[i]!;
      this.#position[i] = this.#isPosition ? setpoint[i]! : was + setpoint[i]! * dt;
      this.#velocity[i] = (this.#position[i]! - was) / dt;
    }
    return dt;
  }

  read(position: Float64Array, velocity: Float64Array): void {
    position.set(this.#position);
    velocity.set(this.#velocity);
  }
}

/** An envelope and the joints behind it, with commands that are obeyed `delayTicks` late. */
export class JointRig {
  readonly envelope: JointEnvelope;
  readonly by: { -readonly [K in keyof Situation]: Situation[K] };
  readonly out: Float64Array;
  readonly position: Float64Array;
  /** s since the last command. */
  sinceSent = 0;
  readonly #plant: Plant;
  readonly #queue: Float64Array[];

  constructor(robot: RobotConfig, safety: SafetyConfig, start: ArrayLike<number>, delayTicks = 0, plant?: Plant) {
    const n = robot.joints.length;
    this.#plant = plant ?? new IdealPlant(start, robot.interface.type === 'joint_position');
    this.envelope = new JointEnvelope(safety, robot, jointInterface(robot));
    const state = makeRobotState(n);
    state.position.set(Float64Array.from(start));
    this.position = state.position;
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
    this.by.elapsed = this.sinceSent;
    const flags = this.envelope.limit(wish, this.by, speedScale, this.out);
    this.send(this.out);
    return flags;
  }

  send(setpoint: Float64Array): void {
    this.envelope.sent(setpoint, this.by.nowNs);
    this.by.last.set(setpoint);
    this.#queue.push(Float64Array.from(setpoint));
    this.sinceSent = 0;
  }

  /** Lets about `dt` seconds pass: the oldest command moves the joints, and a state arrives. */
  move(dt: number): void {
    const passed = this.#plant.obey(this.#queue.shift()!, dt);
    const { by } = this;
    by.nowNs += Math.round(passed * 1e9);
    this.sinceSent += passed;
    this.#plant.read(by.state.position, by.state.velocity);
    by.state.receivedNs = by.nowNs;
    this.envelope.observe(by);
  }
}

/**
 * Wishes of an enemy: ±1e6, uniform ±10 or ±V a joint, drawn anew every 0 to 80 ticks. For a
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
