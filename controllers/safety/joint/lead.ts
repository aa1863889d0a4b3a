import type { TrajectoryEnd } from '../../interfaces/trajectory-end.ts';

/**
 * Where joints are to be that are told velocities in trajectories: position and velocity that the robot's controller has
 * by what went out, from when motion began (`seed`, as measured). Of a trajectory it follows the ramp to the commanded
 * velocity, over `hold`, and then the braking at its end:
 *
 *   p(t) = p0 + v0·t + (v − v0)·t²/(2·hold),  t ≤ hold
 *
 * The next one begins there, so that its speed is between the one before and the commanded one, never beyond both. Not from the
 * measured position: a robot that lags would be held back by its lag, and one that sags a little under its load would be told to
 * be there, tick by tick, and sink.
 */
export class JointLead {
  /** Where each joint is to be `hold` after the setpoint that `lead` was told, rad. */
  readonly reach: Float64Array;
  /** By now, as of the last `at`: rad and rad/s. */
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  readonly #end: TrajectoryEnd;
  /** Of the trajectory that is followed. */
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  readonly #reach: Float64Array;
  #sentNs = Number.NaN;
  /** Positions as each command went out, for as long as a measurement may be of then: a ring. */
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #trail: Float64Array;
  #count = 0;
  #newest = 0;

  /** @param memory commands that may be within the declared delay of a measurement */
  constructor(joints: number, end: TrajectoryEnd, memory: number) {
    this.#end = end;
    this.#capacity = memory;
    this.#times = new Float64Array(memory);
    this.#trail = new Float64Array(memory * joints);
    this.reach = new Float64Array(joints);
    this.position = new Float64Array(joints);
    this.velocity = new Float64Array(joints);
    this.#from = new Float64Array(joints);
    this.#to = new Float64Array(joints);
    this.#reach = new Float64Array(joints);
  }

  /** It rests at `position`. */
  seed(position: Float64Array): void {
    this.position.set(position);
    this.reach.set(position);
    this.#reach.set(position);
    this.velocity.fill(0);
    this.#from.fill(0);
    this.#to.fill(0);
    this.#sentNs = Number.NaN;
    this.#count = 0;
  }

  /** Writes `position` and `velocity` at `nowNs`. */
  at(nowNs: number): void {
    // REAL-TIME: every tick.
    const since = (nowNs - this.#sentNs) * 1e-9;
    if (!(since >= 0)) return;
    const { hold } = this.#end;
    const left = Math.max(0, hold - since);
    for (let i = 0; i < this.position.length; i++) {
      const to = this.#to[i]!;
      const v = left > 0 ? to + ((this.#from[i]! - to) * left) / hold : this.#end.velocity(i, to, since - hold);
      const ahead = left > 0 ? -((v + to) / 2) * left : this.#end.way(i, to, since - hold);
      this.velocity[i] = v;
      this.position[i] = this.#reach[i]! + ahead;
    }
  }

  /** Writes `reach` of a trajectory to these velocities that begins now (`at` was told). */
  lead(velocities: Float64Array): void {
    // REAL-TIME: every tick that writes.
    for (let i = 0; i < this.reach.length; i++)
      this.reach[i] = this.position[i]! + ((this.velocity[i]! + velocities[i]!) / 2) * this.#end.hold;
  }

  /**
   * Where joint `i` still comes to, rad, as of the last `at`, if it is told to stand from now on, tick by tick: each command begins
   * the ramp anew, so that its speed falls as exp(−t/hold). A limit is kept from there.
   */
  rest(i: number): number {
    return this.position[i]! + this.velocity[i]! * this.#end.hold;
  }

  /**
   * The largest distance, rad, of a joint measured at `position` from where it was to be at any time from `oldestNs` to the last
   * `at`; 0 for a robot that follows within that time.
   */
  error(position: Float64Array, oldestNs: number): number {
    // REAL-TIME: every tick; a handful of commands.
    const n = this.position.length;
    let worst = 0;
    for (let i = 0; i < n; i++) {
      let highest = this.position[i]!;
      let lowest = highest;
      for (let k = 0; k < this.#count; k++) {
        const at = (this.#newest - k + this.#capacity) % this.#capacity;
        const was = this.#trail[at * n + i]!;
        highest = Math.max(highest, was);
        lowest = Math.min(lowest, was);
        if (this.#times[at]! <= oldestNs) break;
      }
      worst = Math.max(worst, position[i]! - highest, lowest - position[i]!);
    }
    return worst;
  }

  /** The trajectory to these velocities went out, with the last `reach`. */
  sent(velocities: Float64Array, atNs: number): void {
    // REAL-TIME: after every command.
    this.at(atNs);
    this.#from.set(this.velocity);
    this.#newest = (this.#newest + 1) % this.#capacity;
    this.#count = Math.min(this.#count + 1, this.#capacity);
    this.#times[this.#newest] = atNs;
    this.#trail.set(this.position, this.#newest * this.position.length);
    this.#to.set(velocities);
    this.#reach.set(this.reach);
    this.#sentNs = atNs;
  }
}
