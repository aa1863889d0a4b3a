import type { RobotState } from '../../src/core/signals.ts';
import type { Envelope } from './envelope.ts';

/**
 * The setpoints that the gate remembers: the last one SENT, from which every rate is measured; the anchors of the decision
 * in force and of a takeover, from which their actions count; and the one that HOLD and STOPPED keep. What else of motion
 * is remembered, the envelope remembers; so seeding here seeds everything (reset rule 5 of facts/safety.md).
 */
export class Setpoints {
  readonly last: Float64Array;
  readonly anchor: Float64Array;
  readonly takeoverAnchor: Float64Array;
  readonly hold: Float64Array;
  /** From when elapsed time counts: the last command, or when the setpoint began anew. */
  #fromNs = 0;
  /** When the robot last had a command, or was armed. */
  #heardNs = 0;
  readonly #envelope: Envelope;
  readonly #leaseNs: number;

  /** @param leaseMs for how long the robot may act on one command */
  constructor(envelope: Envelope, size: number, leaseMs: number) {
    this.#envelope = envelope;
    this.#leaseNs = leaseMs * 1e6;
    this.last = new Float64Array(size);
    this.anchor = new Float64Array(size);
    this.takeoverAnchor = new Float64Array(size);
    this.hold = new Float64Array(size);
  }

  /** Arming: the first command is where the robot is. */
  seed(state: RobotState, nowNs: number): void {
    this.#envelope.seed(state, this.last);
    this.hold.set(this.last);
    this.anchor.set(this.last);
    this.takeoverAnchor.set(this.last);
    this.#fromNs = nowNs;
    this.#heardNs = nowNs;
  }

  /**
   * After a silence longer than the lease the robot has let go (the receiver's contract): what was asked before would pull
   * it there. Until a command goes out, the setpoint is where the robot was measured last; before a state was measured
   * since, nothing may be written.
   * @returns whether the robot may be written to
   */
  rejoin(state: RobotState, nowNs: number): boolean {
    // REAL-TIME: every tick; a comparison.
    if (nowNs - this.#heardNs <= this.#leaseNs) return true;
    if (state.receivedNs - this.#heardNs <= this.#leaseNs) return false;
    this.#envelope.rejoin(state, this.last);
    this.hold.set(this.last);
    this.anchor.set(this.last);
    this.takeoverAnchor.set(this.last);
    this.#fromNs = nowNs;
    return true;
  }

  /** Keeps the measured pose at the stiffness in force: captured once, so that it does not creep under load. */
  holdHere(state: RobotState): void {
    this.#envelope.hold(state, this.last, this.hold);
  }

  /** Goes on holding what was asked last. */
  stay(): void {
    this.#envelope.stay(this.last, this.hold);
  }

  /** A command went out. */
  sent(setpoint: Float64Array, atNs: number): void {
    this.#envelope.sent(setpoint, atNs);
    this.last.set(setpoint);
    this.#fromNs = atNs;
    this.#heardNs = atNs;
  }

  /** Seconds since the last command went out, or since the setpoint began anew. */
  elapsed(nowNs: number): number {
    return (nowNs - this.#fromNs) / 1e9;
  }
}
