import type { JointLimits } from './limits.ts';

/** Room in the memory of commands beyond one a period: ticks also come with states. */
const COMMANDS_PER_PERIOD = 4;
/** The memory reaches this far behind the declared delay, ns: a state may be late. */
const LATE_STATE_NS = 100e6;

/** Most commands that a measurement may not show yet, with room. */
export const commandsWithin = ({ delayNs, period }: JointLimits): number =>
  8 + COMMANDS_PER_PERIOD * Math.ceil((delayNs + LATE_STATE_NS) / (period * 1e9));

/**
 * What was sent, as motion: velocity and acceleration of the last setpoint, and the commands that the measured position
 * cannot show yet. A fixed ring; what is older than the ring is taken to have moved at full speed.
 */
export class JointMotion {
  /** Of the last sent setpoint, rad/s and rad/s². */
  readonly velocity: Float64Array;
  readonly acceleration: Float64Array;
  /**
   * The positions at which a joint may really be by now, rad: measured, and moved on by the commands of any delay from
   * none to the declared one. Written by `predict`.
   */
  readonly highest: Float64Array;
  readonly lowest: Float64Array;

  readonly #limits: JointLimits;
  readonly #capacity: number;
  readonly #sentNs: Float64Array;
  readonly #velocities: Float64Array;
  #count = 0;
  #newest = 0;

  constructor(limits: JointLimits) {
    const n = limits.joints;
    this.#limits = limits;
    this.#capacity = commandsWithin(limits);
    this.velocity = new Float64Array(n);
    this.acceleration = new Float64Array(n);
    this.highest = new Float64Array(n);
    this.lowest = new Float64Array(n);
    this.#sentNs = new Float64Array(this.#capacity);
    this.#velocities = new Float64Array(this.#capacity * n);
  }

  /** Forgets all motion: the robot rests. */
  seed(): void {
    this.velocity.fill(0);
    this.acceleration.fill(0);
    this.#count = 0;
  }

  /** A command of these velocities went out, `dt` s after the one before it. */
  sent(velocities: Float64Array, dt: number, atNs: number): void {
    // REAL-TIME: after every command.
    const n = this.#limits.joints;
    this.#newest = (this.#newest + 1) % this.#capacity;
    this.#count = Math.min(this.#count + 1, this.#capacity);
    this.#sentNs[this.#newest] = atNs;
    for (let i = 0; i < n; i++) {
      const v = velocities[i]!;
      if (dt > 0) this.acceleration[i] = (v - this.velocity[i]!) / dt;
      this.velocity[i] = v;
      this.#velocities[this.#newest * n + i] = v;
    }
  }

  /** Where joints measured at `position` may be at `nowNs`, into `lowest` and `highest`. */
  predict(position: Float64Array, receivedNs: number, nowNs: number): void {
    // REAL-TIME: every tick; a handful of commands.
    const n = this.#limits.joints;
    const oldestNs = receivedNs - this.#limits.delayNs;
    for (let i = 0; i < n; i++) {
      let moved = 0;
      let most = 0;
      let least = 0;
      let endNs = nowNs;
      let k = 0;
      for (; k < this.#count && endNs > oldestNs; k++) {
        const at = (this.#newest - k + this.#capacity) % this.#capacity;
        const v = this.#velocities[at * n + i]!;
        const fromNs = Math.max(this.#sentNs[at]!, oldestNs);
        // What was sent after the measurement is certainly not in it; before it, any share may be.
        if (fromNs < receivedNs && endNs > receivedNs) {
          moved += v * (endNs - receivedNs) * 1e-9;
          most = moved;
          least = moved;
          endNs = receivedNs;
        }
        if (endNs > fromNs) moved += v * (endNs - fromNs) * 1e-9;
        endNs = Math.min(endNs, fromNs);
        if (fromNs >= receivedNs) {
          most = moved;
          least = moved;
        } else {
          most = Math.max(most, moved);
          least = Math.min(least, moved);
        }
      }
      if (k === this.#capacity) {
        const unknown = this.#limits.velocity[i]! * (endNs - oldestNs) * 1e-9;
        most += unknown;
        least -= unknown;
      }
      this.highest[i] = position[i]! + most;
      this.lowest[i] = position[i]! + least;
    }
  }

  /** What joint i was asked to move between two times, rad; nothing before the first command. */
  asked(i: number, fromNs: number, toNs: number): number {
    const n = this.#limits.joints;
    let moved = 0;
    let endNs = toNs;
    for (let k = 0; k < this.#count && endNs > fromNs; k++) {
      const at = (this.#newest - k + this.#capacity) % this.#capacity;
      const startNs = Math.min(Math.max(this.#sentNs[at]!, fromNs), endNs);
      moved += this.#velocities[at * n + i]! * (endNs - startNs) * 1e-9;
      endNs = startNs;
    }
    return moved;
  }
}
