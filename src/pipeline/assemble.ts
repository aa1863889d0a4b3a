import type { RobotConfig } from '../core/config-schema.ts';
import { makeRobotState, type RobotState, type SensorFrame } from '../core/signals.ts';

/**
 * SensorFrame → RobotState: joins joint state, tip pose and wrench that carry the same stamp into one coherent set.
 *
 * Joints are indexed by name in every message, never by a remembered order (facts/safety.md, scenarios 11 to 16): a
 * missing or repeated joint refuses the message, extra joints are ignored. A number that is not one (`null` stands for
 * NaN on the wire) becomes NaN, so that the gate's finite rule sees it; nothing is ever filled with 0 or an old value.
 */

interface Stamped {
  header?: { stamp?: { sec?: unknown; nanosec?: unknown } };
}
interface JointStateLike extends Stamped {
  name?: unknown;
  position?: unknown;
  velocity?: unknown;
  effort?: unknown;
}
type Xyz = { x?: unknown; y?: unknown; z?: unknown; w?: unknown } | undefined;
interface PoseLike extends Stamped {
  pose?: { position?: Xyz; orientation?: Xyz };
}
interface WrenchLike extends Stamped {
  wrench?: { force?: Xyz; torque?: Xyz };
}

const number = (v: unknown): number => (typeof v === 'number' ? v : Number.NaN);

/** Stamp of a message in nanoseconds; NaN when there is none. */
export function stampOf(message: unknown): number {
  const stamp = (message as Stamped | null)?.header?.stamp;
  return number(stamp?.sec) * 1e9 + number(stamp?.nanosec);
}

export interface AssemblerCounters {
  /** Complete sets. */
  complete: number;
  /** JointState messages refused for their names or lengths. */
  refused: number;
  /** Parts given up because a newer stamp came before their set was complete. */
  incomplete: number;
}

const PART = { joint_states: 1, pose: 2, wrench: 4 } as const;

export class StateAssembler {
  readonly counters: AssemblerCounters = { complete: 0, refused: 0, incomplete: 0 };
  /** What was wrong with the last refused message. */
  lastRefusal = '';
  readonly #names: readonly string[];
  readonly #topics: RobotConfig['topics'];
  readonly #state: RobotState;
  readonly #index: Int32Array;
  /** A bit for each source that makes a state. */
  readonly #wanted: number;
  #stampNs = Number.NaN;
  #parts = 0;
  #seq = 0;

  constructor(robot: RobotConfig) {
    this.#names = robot.joints.map((j) => j.name);
    this.#topics = robot.topics;
    this.#state = makeRobotState(robot.joints.length);
    this.#index = new Int32Array(robot.joints.length);
    this.#wanted = robot.sources.reduce((bits, source) => bits | PART[source], 0);
  }

  /** The complete set that this frame closes, or null. The object is reused: copy what you keep. */
  accept(frame: SensorFrame): RobotState | null {
    let part = 0;
    if (frame.topic === this.#topics.joint_states) part = PART.joint_states;
    else if (frame.topic === this.#topics.pose) part = PART.pose;
    else if (frame.topic === this.#topics.wrench) part = PART.wrench;
    if ((part & this.#wanted) === 0) return null;
    if (typeof frame.message !== 'object' || frame.message === null) {
      this.#refuse(`a message that is ${frame.message === null ? 'null' : `a ${typeof frame.message}`}`);
      return null;
    }
    const stampNs = stampOf(frame.message);
    if (!Object.is(stampNs, this.#stampNs)) {
      if (this.#parts !== 0) this.counters.incomplete++;
      this.#stampNs = stampNs;
      this.#parts = 0;
    }
    if (part === PART.joint_states && !this.#joints(frame.message as JointStateLike)) return null;
    if (part === PART.pose) this.#pose(frame.message as PoseLike);
    if (part === PART.wrench) this.#wrench(frame.message as WrenchLike);
    this.#parts |= part;
    if (this.#parts !== this.#wanted) return null;
    this.#parts = 0;
    this.counters.complete++;
    this.#state.seq = ++this.#seq;
    this.#state.stampNs = stampNs;
    this.#state.receivedNs = frame.receivedNs;
    return this.#state;
  }

  #joints(m: JointStateLike): boolean {
    const { name, position, velocity, effort } = m;
    if (!Array.isArray(name) || !Array.isArray(position) || !Array.isArray(velocity) || !Array.isArray(effort))
      return this.#refuse('name, position, velocity and effort must be arrays');
    if (position.length !== name.length || velocity.length !== name.length || effort.length !== name.length)
      return this.#refuse(`${name.length} names, but ${position.length}/${velocity.length}/${effort.length} values`);
    for (let j = 0; j < this.#names.length; j++) {
      const at = name.indexOf(this.#names[j]);
      if (at < 0) return this.#refuse(`joint ${this.#names[j]} is missing; seen: ${name.join(', ')}`);
      if (name.indexOf(this.#names[j], at + 1) >= 0) return this.#refuse(`joint ${this.#names[j]} is named twice`);
      this.#index[j] = at;
    }
    for (let j = 0; j < this.#names.length; j++) {
      const at = this.#index[j]!;
      this.#state.position[j] = number(position[at]);
      this.#state.velocity[j] = number(velocity[at]);
      this.#state.effort[j] = number(effort[at]);
    }
    return true;
  }

  #pose(m: PoseLike): void {
    writePose(m.pose, this.#state.pose);
  }

  #wrench(m: WrenchLike): void {
    const { force, torque } = m.wrench ?? {};
    const w = this.#state.wrench;
    w[0] = number(force?.x);
    w[1] = number(force?.y);
    w[2] = number(force?.z);
    w[3] = number(torque?.x);
    w[4] = number(torque?.y);
    w[5] = number(torque?.z);
  }

  #refuse(why: string): false {
    this.counters.refused++;
    this.lastRefusal = why;
    return false;
  }
}

/** A geometry_msgs/Pose as `[x y z qx qy qz qw]`; what is not a number becomes NaN. */
export function writePose(pose: { position?: Xyz; orientation?: Xyz } | undefined, out: Float64Array): void {
  out[0] = number(pose?.position?.x);
  out[1] = number(pose?.position?.y);
  out[2] = number(pose?.position?.z);
  out[3] = number(pose?.orientation?.x);
  out[4] = number(pose?.orientation?.y);
  out[5] = number(pose?.orientation?.z);
  out[6] = number(pose?.orientation?.w);
}
