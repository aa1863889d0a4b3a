import type { RobotConfig } from '../core/config-schema.ts';
import { makeRobotState, type RobotState, type SensorFrame } from '../core/signals.ts';
import { JointVelocity } from './joint-velocity.ts';

/**
 * SensorFrame → RobotState: joins the messages of `robot.sources` that carry the same stamp into one coherent set: joint
 * state, tip pose and wrench of an arm, odometry of a mobile base.
 *
 * Joints are indexed by name in every message, never by a remembered order (facts/safety.md, scenarios 11 to 16): a
 * missing or repeated joint refuses the message, extra joints are ignored. A number that is not one (`null` stands for
 * NaN on the wire) becomes NaN, so that the gate's finite rule sees it; nothing is ever filled with 0 or an old value.
 *
 * Many drivers leave velocity or effort empty. That is refused, unless `robot.joint_state` says so: velocities are then
 * estimated from the positions, and efforts stay 0, which the rule that judges them must not (it has to be off).
 */

interface Stamped {
  header?: { stamp?: { sec?: unknown; nanosec?: unknown }; frame_id?: unknown };
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
interface OdometryLike extends Stamped {
  pose?: { pose?: { position?: Xyz; orientation?: Xyz } };
  twist?: { twist?: { linear?: Xyz; angular?: Xyz } };
}

const isOf = (v: unknown, length: number): v is unknown[] => Array.isArray(v) && v.length === length;
const sizeOf = (v: unknown): string => (Array.isArray(v) ? String(v.length) : 'no list of');

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

export class StateAssembler {
  readonly counters: AssemblerCounters = { complete: 0, refused: 0, incomplete: 0 };
  /** What was wrong with the last refused message. */
  lastRefusal = '';
  /** Index in `robot.sources` of the source that the last frame was a usable part from; -1 when it was none. */
  source = -1;
  readonly #names: readonly string[];
  readonly #wantsEffort: boolean;
  /** Null: velocities come with the message. */
  readonly #velocity: JointVelocity | null;
  /** The only frame that a pose may be in; null: it is not asked. */
  readonly #frame: string | null;
  readonly #sources: RobotConfig['sources'];
  readonly #topics: readonly string[];
  readonly #state: RobotState;
  readonly #index: Int32Array;
  /** A bit for each source that makes a state. */
  readonly #wanted: number;
  #stampNs = Number.NaN;
  #parts = 0;
  #seq = 0;

  constructor(robot: RobotConfig) {
    this.#names = robot.joints.map((j) => j.name);
    const { velocity, velocity_hz: hz, effort } = robot.joint_state;
    this.#wantsEffort = effort === 'measured';
    this.#velocity = velocity === 'estimated' ? new JointVelocity(robot.joints.length, hz) : null;
    // A twist is commanded in this frame by name: a pose in another one would be held against the wrong walls.
    this.#frame = robot.interface.type === 'tip_twist' ? robot.base_frame : null;
    this.#sources = robot.sources;
    this.#topics = robot.sources.map((source) => robot.topics[source]);
    this.#state = makeRobotState(robot.joints.length);
    this.#index = new Int32Array(robot.joints.length);
    this.#wanted = 2 ** robot.sources.length - 1;
  }

  /** The complete set that this frame closes, or null. The object is reused: copy what you keep. */
  accept(frame: SensorFrame): RobotState | null {
    this.source = -1;
    const source = this.#topics.indexOf(frame.topic);
    if (source < 0) return null;
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
    if (!this.#read(this.#sources[source]!, frame.message)) return null;
    this.source = source;
    this.#parts |= 1 << source;
    if (this.#parts !== this.#wanted) return null;
    this.#parts = 0;
    this.counters.complete++;
    this.#state.seq = ++this.#seq;
    this.#state.stampNs = stampNs;
    this.#state.receivedNs = frame.receivedNs;
    return this.#state;
  }

  #read(source: RobotConfig['sources'][number], message: object): boolean {
    switch (source) {
      case 'joint_states':
        return this.#joints(message as JointStateLike);
      case 'pose':
        return this.#pose(message as PoseLike);
      case 'wrench':
        this.#wrench(message as WrenchLike);
        return true;
      case 'odom':
        this.#odometry(message as OdometryLike);
        return true;
    }
  }

  #joints(m: JointStateLike): boolean {
    const { name, position, velocity, effort } = m;
    if (!Array.isArray(name) || !Array.isArray(position)) return this.#refuse('name and position must be arrays');
    const n = name.length;
    if (position.length !== n) return this.#refuse(`${n} names, but ${position.length} positions`);
    if (this.#velocity === null && !isOf(velocity, n))
      return this.#refuse(
        `${n} names, but ${sizeOf(velocity)} velocities; if there are none, \`robot.joint_state.velocity: estimated\``,
      );
    if (this.#wantsEffort && !isOf(effort, n))
      return this.#refuse(
        `${n} names, but ${sizeOf(effort)} efforts; if there are none, \`robot.joint_state.effort: none\``,
      );
    for (let j = 0; j < this.#names.length; j++) {
      const at = name.indexOf(this.#names[j]);
      if (at < 0) return this.#refuse(`joint ${this.#names[j]} is missing; seen: ${name.join(', ')}`);
      if (name.indexOf(this.#names[j], at + 1) >= 0) return this.#refuse(`joint ${this.#names[j]} is named twice`);
      this.#index[j] = at;
    }
    for (let j = 0; j < this.#names.length; j++) {
      const at = this.#index[j]!;
      this.#state.position[j] = number(position[at]);
      if (this.#velocity === null) this.#state.velocity[j] = number((velocity as unknown[])[at]);
      if (this.#wantsEffort) this.#state.effort[j] = number((effort as unknown[])[at]);
    }
    if (this.#velocity === null) return true;
    // Without a velocity there is no state yet: the next message brings one.
    if (!this.#velocity.update(this.#state.position, this.#stampNs)) return false;
    this.#state.velocity.set(this.#velocity.estimate);
    return true;
  }

  #pose(m: PoseLike): boolean {
    const frame = m.header?.frame_id;
    if (this.#frame !== null && frame !== this.#frame)
      return this.#refuse(`a pose in the frame ${frame}; allowed: ${this.#frame}, robot.base_frame`);
    writePose(m.pose, this.#state.pose);
    return true;
  }

  #wrench(m: WrenchLike): void {
    writeXyz(m.wrench?.force, this.#state.wrench, 0);
    writeXyz(m.wrench?.torque, this.#state.wrench, 3);
  }

  #odometry(m: OdometryLike): void {
    writePose(m.pose?.pose, this.#state.pose);
    writeXyz(m.twist?.twist?.linear, this.#state.twist, 0);
    writeXyz(m.twist?.twist?.angular, this.#state.twist, 3);
  }

  #refuse(why: string): false {
    this.counters.refused++;
    this.lastRefusal = why;
    return false;
  }
}

/** A geometry_msgs/Pose as `[x y z qx qy qz qw]`; what is not a number becomes NaN. */
export function writePose(pose: { position?: Xyz; orientation?: Xyz } | undefined, out: Float64Array): void {
  writeXyz(pose?.position, out, 0);
  writeXyz(pose?.orientation, out, 3);
  out[6] = number(pose?.orientation?.w);
}

function writeXyz(v: Xyz, out: Float64Array, at: number): void {
  out[at] = number(v?.x);
  out[at + 1] = number(v?.y);
  out[at + 2] = number(v?.z);
}
