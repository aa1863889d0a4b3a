import type { RangeReading, RobotState } from '../../src/core/signals.ts';

/**
 * What a wish lost on its way through a filter: bits of TickRecord.clipped, an interface of the log. `conflict`: the
 * limits left nothing, and the setpoint did what lowers the danger fastest.
 */
export const CLIPPED = {
  speed: 1,
  reference: 2,
  box: 4,
  target: 8,
  rotation: 16,
  stiffness: 32,
  force: 64,
  conflict: 128,
  acceleration: 256,
  jerk: 512,
  position: 1024,
  distance: 2048,
  plane: 4096,
} as const;

/** What a setpoint is made and judged against. One object for the life of the gate; everything in it is only read. */
export interface Situation {
  /** Last SENT setpoint: every rate is measured from it. */
  readonly last: Float64Array;
  /** Newest trusted state. */
  readonly state: RobotState;
  /** Low-passed external force on the tool, N. */
  readonly force: Float64Array;
  /** Pose of the task's target; NaN while it is not known. */
  readonly target: Float64Array;
  /** s since `last` was sent. */
  elapsed: number;
  /** Monotonic time of the tick. */
  nowNs: number;
}

/**
 * The safe set of one kind of setpoint, and the ways to stay in it: the one place that knows how such a robot is kept
 * from harm. The gate, the ladder and the sources know only this. Four parts, each written apart: the filter (`limit`),
 * the post-check (`judge`), the braking law (`brake`), and what keeps the robot where it is (`hold`, `stay`).
 *
 * Contract: all inputs are finite and of the right size, quaternions of unit length. Every method writes into `out`,
 * which may be `last`, and allocates nothing. `limit` gives a setpoint that `judge` accepts, bit for bit the wish where
 * the wish is admissible; `brake` too, without help of the filter. `selfTest` shows the latter at boot and at arming.
 */
export interface Envelope {
  /** What `judge` may say, by index; 0 is "admissible". */
  readonly refusals: readonly string[];
  /** Largest `trackingError` of a robot that follows, and its unit. */
  readonly tracking: { readonly limit: number; readonly unit: string };
  /** Share of the policy's speed that a recovery has. */
  readonly recoverySpeed: number;
  /** Ticks in a row for which limits may be in conflict before that is a fault. */
  readonly patience: number;
  setTarget(pose: Float64Array): void;
  /** A ranging sensor saw something. False: it cannot be used. */
  see(reading: RangeReading): boolean;
  /** Arming: forgets all motion; writes the setpoint that changes nothing. */
  seed(state: RobotState, out: Float64Array): void;
  /** The robot let go by itself and stands: forgets all motion; writes the setpoint that keeps it where it is, into `last`. */
  rejoin(state: RobotState, last: Float64Array): void;
  /** The setpoint that keeps the robot where it was measured, with what else `last` had. */
  hold(state: RobotState, last: Float64Array, out: Float64Array): void;
  /** The setpoint that asks for no further motion: what is there when a policy may not be listened to. */
  stay(last: Float64Array, out: Float64Array): void;
  /** `setpoint` went out at `atNs`. Only here does memory of motion change. */
  sent(setpoint: Float64Array, atNs: number): void;
  /** A new state was taken: `by.state`. For what is estimated over time. */
  observe(by: Situation): void;
  /**
   * Hard filter: the admissible setpoint nearest to `wish`.
   * @param speedScale in [0, 1]; scales how fast a policy may move, never how fast a limit is restored
   * @returns CLIPPED flags
   */
  limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array): number;
  /** Post-check: index into `refusals` of the first limit that is broken, 0 when admissible. */
  judge(setpoint: Float64Array, by: Situation): number;
  /** Braking law: one step towards rest. */
  brake(by: Situation, out: Float64Array): void;
  /**
   * Where commands carry positions besides their setpoint: those that belong to the one `lead` was told of last. Written
   * there and by nobody else.
   */
  readonly reach?: Float64Array | undefined;
  /** Writes `reach` for this setpoint and judges what goes out of it: index into `refusals`, 0 when admissible. */
  lead?(setpoint: Float64Array, by: Situation): number;
  /** Where a recovery wants to be; a wish like any other. */
  recover(by: Situation, out: Float64Array): void;
  /** Takes a learned wish into the workspace before it is filtered. */
  confine(wish: Float64Array): void;
  /** How much motion `setpoint` asks for after `last`, in `tracking.unit`. */
  asked(setpoint: Float64Array, last: Float64Array): number;
  /** Distance between the robot and what it was asked, in `tracking.unit`. */
  trackingError(by: Situation): number;
  /** Runs the braking law through its worst cases. Empty when it keeps its word; else one sentence. */
  selfTest(): string;
}
