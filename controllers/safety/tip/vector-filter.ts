import { norm3 } from '../../../src/core/geometry.ts';
import { CLIPPED } from '../envelope.ts';
import { landing } from '../ramps.ts';
import type { VectorLimits } from './limits.ts';
import type { Room } from './room.ts';

/** Room for rounding: a wish within this share of a limit is inside it, so that a second pass changes nothing. */
const EPS = 1e-9;
/** And this much beside it, m/s or rad/s. */
const SLACK = 1e-12;

/**
 * The hard filter for one half of a tip's twist, three numbers: what the last SENT velocity can change into (acceleration A,
 * jerk J) is approached on the straight line towards what is wanted, and what that leads into must leave room to stop
 * (room.ts). Four things are tried: the way towards the wish; that way along the wall, and its admissible share; the way
 * towards rest within the jerk limit, for which alone the ramps in τ are there. If none is inside all limits, the vector
 * is braked at A along its direction, never beyond zero, and CONFLICT is flagged: the tip was pushed, or a wall moved.
 */
export class VectorFilter {
  readonly #l: VectorLimits;
  readonly #room: Room;
  readonly #period: number;
  /** Of the last sent setpoint, and its derivative. */
  readonly #velocity: Float64Array;
  readonly #acceleration: Float64Array;
  readonly #wanted = new Float64Array(3);
  readonly #step = new Float64Array(3);
  readonly #rest = new Float64Array(3);

  constructor(l: VectorLimits, room: Room, period: number, velocity: Float64Array, acceleration: Float64Array) {
    this.#l = l;
    this.#room = room;
    this.#period = period;
    this.#velocity = velocity;
    this.#acceleration = acceleration;
  }

  /**
   * Writes the admissible velocity for `wish`, which is within its speed limit, into `out`; not into `wish`.
   * @param elapsed s since the last command; what is not within 0 … nominal period is taken to its nearer end
   * @returns CLIPPED flags
   */
  apply(wish: Float64Array, elapsed: number, out: Float64Array): number {
    // REAL-TIME: every tick.
    const { reaction, ramp } = this.#l;
    const room = this.#room;
    const dt = elapsed > 0 ? Math.min(elapsed, this.#period) : 0;
    const step = this.#step;
    let flags = this.#towards(wish, dt, step);
    if (room.share(step, reaction + ramp) === 1) {
      out.set(step);
      return flags;
    }
    flags |= room.flag;
    if (this.#fitted(step, dt, out)) return flags;
    this.#towards(this.#rest, dt, step);
    // Filtered once more, the step is a wish like any other: what would come of it then comes of it now.
    if (this.#fitted(step, dt, out)) return flags;
    out.set(step);
    if (room.share(step, reaction) === 1) return flags;
    this.#brake(dt, out);
    return flags | CLIPPED.conflict;
  }

  /** The way towards what of `step` there is room for; false: it leads where there is none. */
  #fitted(step: Float64Array, dt: number, out: Float64Array): boolean {
    const tau = this.#l.reaction + this.#l.ramp;
    const wanted = this.#wanted;
    wanted.set(step);
    this.#room.slide(wanted, tau);
    const share = this.#room.share(wanted, tau);
    for (let i = 0; i < 3; i++) wanted[i] = wanted[i]! * share;
    this.#towards(wanted, dt, out);
    return this.#room.share(out, tau) === 1;
  }

  /**
   * From the last velocity on the straight line to `wanted`: there, if acceleration and jerk allow it; else as far as they
   * do, landing without overshoot. Where the acceleration that was would make even that too fast, the velocity stays as it
   * is; where it would turn round a tip that is not to turn round, it stops.
   */
  #towards(wanted: Float64Array, dt: number, out: Float64Array): number {
    if (this.#isReachable(wanted, dt)) {
      out.set(wanted);
      return 0;
    }
    const l = this.#l;
    const was = this.#velocity;
    const slope = this.#acceleration;
    let flags: number = CLIPPED.acceleration;
    for (let i = 0; i < 3; i++) out[i] = wanted[i]! - was[i]!;
    const change = norm3(out, 0);
    const fast = within(change, Math.min(l.acceleration, landing(change, l.jerk, dt)) * dt);
    let jerk = 0;
    for (let i = 0; i < 3; i++) {
      out[i] = out[i]! * fast;
      jerk += (out[i]! - slope[i]! * dt) ** 2;
    }
    const smooth = within(Math.sqrt(jerk), l.jerk * dt * dt);
    if (smooth < 1) {
      flags |= CLIPPED.jerk;
      for (let i = 0; i < 3; i++) out[i] = slope[i]! * dt + (out[i]! - slope[i]! * dt) * smooth;
    }
    for (let i = 0; i < 3; i++) out[i] = was[i]! + out[i]!;
    if (within(norm3(out, 0), l.speed) < 1) out.set(was);
    if (dot(wanted, was) >= 0 && dot(out, was) < 0) out.fill(0);
    return flags;
  }

  /** Within acceleration and jerk of the last velocity. Jerk keeps neither from the one that is nor from coming to rest. */
  #isReachable(u: Float64Array, dt: number): boolean {
    const l = this.#l;
    let change = 0;
    let jerk = 0;
    for (let i = 0; i < 3; i++) {
      const d = u[i]! - this.#velocity[i]!;
      change += d * d;
      jerk += (d - this.#acceleration[i]! * dt) ** 2;
    }
    if (change === 0) return true;
    if (within(Math.sqrt(change), l.acceleration * dt) < 1) return false;
    const rests = u[0] === 0 && u[1] === 0 && u[2] === 0;
    return rests || within(Math.sqrt(jerk), l.jerk * dt * dt) === 1;
  }

  /** At full acceleration, never beyond zero. */
  #brake(dt: number, out: Float64Array): void {
    const stop = norm3(this.#velocity, 0) / this.#l.acceleration;
    const kept = stop > dt ? 1 - dt / stop : 0;
    for (let i = 0; i < 3; i++) out[i] = this.#velocity[i]! * kept;
  }
}

const dot = (a: Float64Array, b: Float64Array): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;

/** The share by which a size fits its bound, at most 1. */
export const within = (v: number, most: number): number => (v > most * (1 + EPS) + SLACK ? most / v : 1);
