import { type Backwards, InFlight } from '../in-flight.ts';
import { arc, planar } from './arc.ts';
import type { TwistLimits } from './limits.ts';

/**
 * What was sent, as motion: twist and acceleration of the last setpoint, and the commands that the odometry cannot show
 * yet. A fixed ring; what is older than the ring is taken to have moved at full speed in the worst direction.
 */
export class TwistMotion {
  /** Of the last sent setpoint, `[vx vy wz]`, and its derivative. */
  readonly twist = new Float64Array(3);
  readonly acceleration = new Float64Array(3);
  /**
   * Where the base may really be by now, seen from where it was measured: the centre of its footprint, m, and its
   * heading, rad, for `count` delays from none to the declared one. Written by `predict`.
   */
  count = 0;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly heading: Float64Array;
  /** s of motion that the memory does not reach; usually 0. */
  unknown = 0;

  readonly #limits: TwistLimits;
  readonly #inFlight: InFlight;
  readonly #back: Backwards;
  readonly #arc = planar();
  readonly #pose = planar();

  constructor(limits: TwistLimits) {
    this.#limits = limits;
    this.#inFlight = new InFlight(3, limits.delayNs, limits.period);
    this.#back = {
      precede: (twists, at, seconds) => this.#precede(twists, at, seconds),
      remember: () => this.#remember(),
    };
    const { places } = this.#inFlight;
    this.x = new Float64Array(places);
    this.y = new Float64Array(places);
    this.heading = new Float64Array(places);
  }

  /** Forgets all motion: the base rests. */
  seed(): void {
    this.twist.fill(0);
    this.acceleration.fill(0);
    this.#inFlight.clear();
  }

  /** A command went out, `dt` s after the one before it. */
  sent(setpoint: Float64Array, dt: number, atNs: number): void {
    // REAL-TIME: after every command.
    this.#inFlight.sent(setpoint, atNs);
    for (let i = 0; i < 3; i++) {
      if (dt > 0) this.acceleration[i] = (setpoint[i]! - this.twist[i]!) / dt;
      this.twist[i] = setpoint[i]!;
    }
    // At rest nothing accelerates any more.
    if (setpoint[0] === 0 && setpoint[1] === 0) this.acceleration.fill(0, 0, 2);
    if (setpoint[2] === 0) this.acceleration[2] = 0;
    // Times are rounded to nanoseconds: no more acceleration than was allowed comes of that.
    const a = this.acceleration;
    const most = this.#limits.acceleration / Math.hypot(a[0]!, a[1]!);
    const mostTurn = this.#limits.turnAcceleration / Math.abs(a[2]!);
    if (most < 1) {
      a[0] = a[0]! * most;
      a[1] = a[1]! * most;
    }
    if (mostTurn < 1) a[2] = a[2]! * mostTurn;
  }

  /** Where a base that was measured by a state of `receivedNs` may be at `nowNs`. */
  predict(receivedNs: number, nowNs: number): void {
    // REAL-TIME: every tick; a handful of commands.
    const pose = this.#pose;
    pose.x = 0;
    pose.y = 0;
    pose.heading = 0;
    this.count = 0;
    this.unknown = this.#inFlight.walk(receivedNs, nowNs, this.#back);
  }

  /** Puts `seconds` of a remembered command before the motion so far. */
  #precede(twists: Float64Array, at: number, seconds: number): void {
    const pose = this.#pose;
    const first = this.#arc;
    arc(twists, at, seconds, first);
    const c = Math.cos(first.heading);
    const s = Math.sin(first.heading);
    const { x, y } = pose;
    pose.x = first.x + c * x - s * y;
    pose.y = first.y + s * x + c * y;
    pose.heading += first.heading;
  }

  #remember(): void {
    const { x, y } = this.#limits;
    const { heading } = this.#pose;
    const c = Math.cos(heading);
    const s = Math.sin(heading);
    this.x[this.count] = this.#pose.x + c * x - s * y - x;
    this.y[this.count] = this.#pose.y + s * x + c * y - y;
    this.heading[this.count] = heading;
    this.count++;
  }

  /** What the base was asked to move between two times, in its own frame: adds to `out`, m, m, rad. */
  asked(fromNs: number, toNs: number, out: Float64Array): void {
    this.#inFlight.asked(fromNs, toNs, out);
  }
}
