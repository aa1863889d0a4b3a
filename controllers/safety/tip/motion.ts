import { multiply, norm3, rotateBy } from '../../../src/core/geometry.ts';
import { type Backwards, InFlight } from '../in-flight.ts';
import type { TipLimits, VectorLimits } from './limits.ts';

/** Numbers of a tip's twist: `[vx vy vz wx wy wz]`, base frame, m/s and rad/s. */
export const TIP_TWIST_SIZE = 6;

/**
 * What was sent, as motion: twist and acceleration of the last setpoint, and the commands that the measured pose cannot
 * show yet (in-flight.ts).
 */
export class TipMotion {
  /** Of the last sent setpoint, and its derivative. */
  readonly twist = new Float64Array(TIP_TWIST_SIZE);
  readonly acceleration = new Float64Array(TIP_TWIST_SIZE);
  /**
   * Where the tip may really be by now, seen from where it was measured: `[x y z]`, m, and the rotation `[qx qy qz qw]` from
   * the measured orientation, base frame, one after another for `count` delays from none to the declared one. Written by
   * `predict`.
   */
  count = 0;
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  /** s of motion that the memory does not reach; usually 0. */
  unknown = 0;

  readonly #limits: TipLimits;
  readonly #inFlight: InFlight;
  readonly #back: Backwards;
  readonly #at = new Float64Array(3);
  readonly #turn = new Float64Array(4);
  readonly #first = new Float64Array(4);

  constructor(limits: TipLimits) {
    this.#limits = limits;
    this.#inFlight = new InFlight(TIP_TWIST_SIZE, limits.delayNs, limits.period);
    this.#back = {
      precede: (twists, at, seconds) => this.#precede(twists, at, seconds),
      remember: () => this.#remember(),
    };
    this.moved = new Float64Array(3 * this.#inFlight.places);
    this.turned = new Float64Array(4 * this.#inFlight.places);
  }

  /** Forgets all motion: the tip rests. */
  seed(): void {
    this.twist.fill(0);
    this.acceleration.fill(0);
    this.#inFlight.clear();
  }

  /** A command went out, `dt` s after the one before it. */
  sent(setpoint: Float64Array, dt: number, atNs: number): void {
    // REAL-TIME: after every command.
    this.#inFlight.sent(setpoint, atNs);
    for (let i = 0; i < TIP_TWIST_SIZE; i++) {
      if (dt > 0) this.acceleration[i] = (setpoint[i]! - this.twist[i]!) / dt;
      this.twist[i] = setpoint[i]!;
    }
    this.#settle(0, this.#limits.linear);
    this.#settle(3, this.#limits.angular);
  }

  /** At rest nothing accelerates any more; and times are rounded, of which no more acceleration comes than was allowed. */
  #settle(at: number, l: VectorLimits): void {
    const a = this.acceleration;
    const most = norm3(this.twist, at) === 0 ? 0 : l.acceleration / norm3(a, at);
    if (!(most < 1)) return;
    for (let i = at; i < at + 3; i++) a[i] = a[i]! * most;
  }

  /** Where a tip that was measured by a state of `receivedNs` may be at `nowNs`. */
  predict(receivedNs: number, nowNs: number): void {
    // REAL-TIME: every tick; a handful of commands.
    this.#at.fill(0);
    this.#turn.fill(0);
    this.#turn[3] = 1;
    this.count = 0;
    this.unknown = this.#inFlight.walk(receivedNs, nowNs, this.#back);
  }

  /** Puts `seconds` of a remembered command before the motion so far. */
  #precede(twists: Float64Array, at: number, seconds: number): void {
    for (let i = 0; i < 3; i++) this.#at[i] = this.#at[i]! + twists[at + i]! * seconds;
    const first = this.#first;
    first.fill(0);
    first[3] = 1;
    rotateBy(twists, at + 3, seconds, first, 0, first, 0);
    multiply(this.#turn, 0, first, 0, this.#turn, 0);
  }

  #remember(): void {
    for (let i = 0; i < 3; i++) this.moved[3 * this.count + i] = this.#at[i]!;
    for (let i = 0; i < 4; i++) this.turned[4 * this.count + i] = this.#turn[i]!;
    this.count++;
  }

  /** What the tip was asked to move between two times: adds to `out`, m and rad. */
  asked(fromNs: number, toNs: number, out: Float64Array): void {
    this.#inFlight.asked(fromNs, toNs, out);
  }
}
