/** Room in the memory of commands beyond one a period: ticks also come with states. */
const COMMANDS_PER_PERIOD = 4;
/** The memory reaches this far behind the declared delay, ns: a state may be late. */
const LATE_STATE_NS = 200e6;

/** What is made of the commands that a measurement may not show yet, newest first. */
export interface Backwards {
  /** The velocity at `velocities[at]` was in force for so long, before all that was told so far. */
  precede(velocities: Float64Array, at: number, seconds: number): void;
  /** All that was told so far, and no more, may be what the measurement does not show. */
  remember(): void;
}

/**
 * The velocity commands that the measured pose cannot show yet, and may not: a fixed ring. What was sent after the
 * measurement is certainly not in it; of what was sent up to the declared delay before it, any share may be.
 */
export class InFlight {
  /** Most calls of `remember` in one walk. */
  readonly places: number;
  readonly #size: number;
  readonly #delayNs: number;
  readonly #capacity: number;
  readonly #sentNs: Float64Array;
  readonly #velocities: Float64Array;
  #sent = 0;
  #newest = 0;

  /** @param size numbers of a velocity; `delayNs` a command shows in a measurement after at most this; `period` s */
  constructor(size: number, delayNs: number, period: number) {
    this.#size = size;
    this.#delayNs = delayNs;
    this.#capacity = 8 + COMMANDS_PER_PERIOD * Math.ceil((delayNs + LATE_STATE_NS) / (period * 1e9));
    this.places = this.#capacity + 1;
    this.#sentNs = new Float64Array(this.#capacity);
    this.#velocities = new Float64Array(size * this.#capacity);
  }

  clear(): void {
    this.#sent = 0;
  }

  sent(velocity: Float64Array, atNs: number): void {
    // REAL-TIME: after every command.
    this.#newest = (this.#newest + 1) % this.#capacity;
    this.#sent = Math.min(this.#sent + 1, this.#capacity);
    this.#sentNs[this.#newest] = atNs;
    const at = this.#size * this.#newest;
    for (let i = 0; i < this.#size; i++) this.#velocities[at + i] = velocity[i]!;
  }

  /**
   * Walks back from `nowNs` over what a state of `receivedNs` may not show.
   * @returns s of motion that the memory does not reach; usually 0
   */
  walk(receivedNs: number, nowNs: number, to: Backwards): number {
    // REAL-TIME: every tick; a handful of commands.
    const oldestNs = receivedNs - this.#delayNs;
    let remembered = false;
    let endNs = nowNs;
    let k = 0;
    for (; k < this.#sent && endNs > oldestNs; k++) {
      const slot = (this.#newest - k + this.#capacity) % this.#capacity;
      const at = this.#size * slot;
      const fromNs = Math.max(this.#sentNs[slot]!, oldestNs);
      if (fromNs < receivedNs && endNs > receivedNs) {
        to.precede(this.#velocities, at, (endNs - receivedNs) * 1e-9);
        endNs = receivedNs;
      }
      if (!remembered && fromNs < receivedNs) {
        to.remember();
        remembered = true;
      }
      if (endNs > fromNs) to.precede(this.#velocities, at, (endNs - fromNs) * 1e-9);
      endNs = Math.min(endNs, fromNs);
      if (fromNs < receivedNs) to.remember();
    }
    if (!remembered) to.remember();
    return k === this.#capacity ? (endNs - oldestNs) * 1e-9 : 0;
  }

  /** What was asked between two times: adds velocity × time to `out`. */
  asked(fromNs: number, toNs: number, out: Float64Array): void {
    let endNs = toNs;
    for (let k = 0; k < this.#sent && endNs > fromNs; k++) {
      const slot = (this.#newest - k + this.#capacity) % this.#capacity;
      const startNs = Math.min(Math.max(this.#sentNs[slot]!, fromNs), endNs);
      for (let i = 0; i < this.#size; i++)
        out[i] = out[i]! + this.#velocities[this.#size * slot + i]! * (endNs - startNs) * 1e-9;
      endNs = startNs;
    }
  }
}
