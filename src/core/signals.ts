/**
 * The data path, as types: each arrow of the design is one of these.
 *
 *   SensorFrame → RobotState / Observation → Decision → SafeAction → SentCommand
 *
 * Times ending in `Ns` are integer nanoseconds held in a number. `receivedNs`, `expiresNs` and `nowNs` are our
 * monotonic clock (house rule 7); `stampNs` is the source's own stamp and is never used for freshness, only for skew,
 * order and pairing. Vectors are Float64Array in the robot's joint order; poses are `[x y z qx qy qz qw]` in the base
 * frame, metres; wrenches are `[fx fy fz tx ty tz]`, N and Nm.
 */

/** One message as it came off a bridge. `message` is in ROS 2 spelling, whatever the wire spoke. */
export interface SensorFrame {
  readonly topic: string;
  readonly type: string;
  readonly message: unknown;
  /** Monotonic time of arrival. */
  readonly receivedNs: number;
  /** Connection epoch of the bridge: grows by one at every (re)connection. */
  readonly linkEpoch: number;
}

/** The low-dimensional state the reflex judges against: one coherent set of what `robot.sources` names. */
export interface RobotState {
  seq: number;
  stampNs: number;
  receivedNs: number;
  /** rad, joint order of the robot description. */
  readonly position: Float64Array;
  /** rad/s */
  readonly velocity: Float64Array;
  /** Nm */
  readonly effort: Float64Array;
  /** Tip pose in the base frame, or pose of a mobile base in its odometry frame; `[x y z qx qy qz qw]`, unit quaternion. */
  readonly pose: Float64Array;
  /** Measured velocity of a mobile base in its own frame, `[vx vy vz wx wy wz]`, m/s and rad/s; zeros for an arm. */
  readonly twist: Float64Array;
  /** External wrench at the tip in the base frame: force the environment exerts on the tool. */
  readonly wrench: Float64Array;
}

/**
 * What one ranging sensor saw at one time. It is no part of a RobotState: it comes at a rate of its own, and ages by
 * itself.
 */
export interface RangeReading {
  /** Index in `robot.ranging`. */
  readonly sensor: number;
  readonly stampNs: number;
  readonly receivedNs: number;
  /** Beams, and those among them that tell neither of an obstacle nor of free space. */
  readonly beams: number;
  readonly invalid: number;
  /** Obstacles, `[x y]` one after another, frame of the base at the stamp, m; only the first `count` are meant. */
  readonly points: Float64Array;
  readonly count: number;
}

/** What the policies see: named features, flattened in the order of the task's feature list. */
export interface Observation {
  readonly seq: number;
  readonly stampNs: number;
  readonly receivedNs: number;
  readonly base: Float64Array;
  readonly residual: Float64Array;
  /** In the order of the task's image list; none where it has none. */
  readonly images?: readonly ObservedImage[];
}

/** An image as a policy sees it: `height × width × channels` bytes, row by row from the top, channels together. */
export interface ObservedImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
  readonly stampNs: number;
  readonly receivedNs: number;
}

/** The brain's answer to one observation: base action and residual, both in normalised action units [-1, 1]. */
export interface Decision {
  /** Command epoch under which it was computed; the gate drops any other. */
  readonly epoch: number;
  readonly seq: number;
  readonly observationSeq: number;
  readonly observationStampNs: number;
  /** Monotonic arrival time of the observation it answers. */
  readonly observedNs: number;
  /** Monotonic time after which it must not move the robot. */
  readonly expiresNs: number;
  readonly base: Float64Array;
  /** Bounded residual, already multiplied by its scale: |residual| ≤ residual bound. */
  readonly residual: Float64Array;
}

/**
 * A person's action in the policy's place, in the units of a base action. It counts for a bounded time after the command
 * that it answers went out, by our own clock: whatever held it up on its way, it is no old motion.
 */
export interface Takeover {
  /** Who asks, as a number of this daemon's: while one holds the takeover, nobody else gets it. */
  readonly holder: number;
  readonly epoch: number;
  /** Grows from one to the next within an epoch. */
  readonly seq: number;
  /** Sequence of the newest command that the person had seen: how old this is. */
  readonly commandSeq: number;
  /** Normalised, each in [-1, 1]. */
  readonly action: Float64Array;
  /** Gives the decision back to the policy; the action does not matter then. */
  readonly release: boolean;
}

/** The ladder's modes, in the words of the design; severity order is the array order from ACTIVE on. */
export const MODES = [
  'BOOT',
  'DISARMED',
  'HOLD',
  'ENGAGING',
  'ACTIVE',
  'RECOVERY',
  'STOPPING',
  'STOPPED',
  'ESTOP',
  'FAULT',
] as const;
export type Mode = (typeof MODES)[number];

/** Who the setpoint came from. */
export const SOURCES = ['none', 'policy', 'takeover', 'recovery', 'hold', 'brake'] as const;
export type Source = (typeof SOURCES)[number];

declare const passedTheGate: unique symbol;

/**
 * An action that passed the gate. Only `controllers/safety/gate.ts` makes one (an architecture test checks it), and
 * `Bridge.send` takes nothing else: a path around the gate does not type-check.
 */
export interface SafeAction {
  readonly [passedTheGate]: true;
  /** Layout is the command interface's; Cartesian impedance: `[x y z qx qy qz qw kt kr]`, twist: `[vx vy wz]`. */
  readonly setpoint: Float64Array;
  /**
   * Where the joints are to be at the end of the `hold` of a trajectory of velocities, rad; empty for commands that are no such
   * thing. The gate reckons it: it alone knows what went out before, and from where.
   */
  readonly reach: Float64Array;
  readonly mode: Mode;
  readonly source: Source;
  readonly epoch: number;
  readonly seq: number;
  /** Monotonic time of the decision to send. */
  readonly stampNs: number;
  readonly expiresNs: number;
  /** How long the receiver may act on it, ms: travels inside the command. */
  readonly leaseMs: number;
  /** Source stamp of the state it was judged against. */
  readonly stateStampNs: number;
}

/** An encoded command: what a bridge puts on the wire for a SafeAction. */
export interface Command {
  readonly topic: string;
  readonly type: string;
  readonly message: unknown;
  /** What goes out just before it, in this order, each on a topic of its own. */
  readonly before?: readonly Omit<Command, 'before'>[];
}

/** Turns a SafeAction into the robot's own message. Made from a command interface (controllers/interfaces). */
export interface CommandEncoder {
  readonly topic: string;
  readonly type: string;
  /** Topics that its commands need beside that one; `optional`: that a robot may leave unheard. */
  readonly besides?: readonly { readonly topic: string; readonly type: string; readonly optional?: boolean }[];
  encode(action: SafeAction): Command;
}

/** Encodes commands, and reads those that others can see. */
export interface CommandCodec extends CommandEncoder {
  /** How many numbers of a setpoint its message carries, from the first on; all of them where nothing is said. */
  readonly carries?: number;
  /** Reads a message that was seen on the topic; what is not a number becomes NaN. */
  decode(message: unknown): SeenCommand;
}

/** A command as it was seen on the command topic, whoever sent it. */
export interface SeenCommand {
  /** -1 in a kind of message that has none: it is known by its stamp. */
  readonly epoch: number;
  readonly seq: number;
  /** `stampNs` of the action it was made from; UNSTAMPED in a kind of message that has none: it is known by its values. */
  readonly stampNs: number;
  /** What the message carries of it, and then its `reach`, where it has one; null in a message of another shape. */
  readonly setpoint: Float64Array | null;
}

/** Stamp of a command in a message without a header, e.g. geometry_msgs/Twist. */
export const UNSTAMPED = -1;

export type RefusedBecause = 'not_connected' | 'backpressure' | 'expired' | 'closed' | 'unacknowledged' | 'not_finite';

/** What really went out. */
export interface SentCommand {
  readonly sent: boolean;
  readonly refused: RefusedBecause | null;
  readonly epoch: number;
  readonly seq: number;
  readonly sentNs: number;
}

/** What an operator may ask. `incident` is the id of the incident that a reset answers. */
export type OperatorRequest =
  | { readonly kind: 'arm' | 'engage' | 'disengage' | 'disarm' | 'stop' | 'estop' | 'estop_release' }
  | { readonly kind: 'reset'; readonly incident: number }
  | { readonly kind: 'residual_scale' | 'speed_scale'; readonly value: number };

/** One change of the ladder's mode, complete enough to explain itself. */
export interface LadderTransition {
  readonly atNs: number;
  readonly from: Mode;
  readonly to: Mode;
  /** Code of the rule or event that caused it, e.g. `force_limit`. */
  readonly cause: string;
  /** One sentence: what was seen, what was allowed. */
  readonly detail: string;
  readonly value: number;
  readonly limit: number;
  /** From value to limit, in the unit of both: negative by how far the value was past it. */
  readonly margin: number;
  readonly incident: number;
  readonly epoch: number;
}

export function makeRobotState(joints: number): RobotState {
  return {
    seq: 0,
    stampNs: 0,
    receivedNs: 0,
    position: new Float64Array(joints),
    velocity: new Float64Array(joints),
    effort: new Float64Array(joints),
    pose: Float64Array.of(0, 0, 0, 0, 0, 0, 1),
    twist: new Float64Array(6),
    wrench: new Float64Array(6),
  };
}

/** Copies `from` into `to` without allocating. */
export function copyRobotState(from: RobotState, to: RobotState): void {
  to.seq = from.seq;
  to.stampNs = from.stampNs;
  to.receivedNs = from.receivedNs;
  to.position.set(from.position);
  to.velocity.set(from.velocity);
  to.effort.set(from.effort);
  to.pose.set(from.pose);
  to.twist.set(from.twist);
  to.wrench.set(from.wrench);
}
