/** So long without a sample, s, and the filter begins anew: what it held says nothing of now. */
const FORGET_AFTER = 1;

/**
 * First-order low pass y ← y + α (x − y) with α = 1 − e^(−2π f dt): exact for a step whatever the time between samples.
 * Begins at its first sample. A sample that is not finite is passed on as it is and leaves no trace in the filter.
 */
export class LowPass {
  readonly #rate: number;
  readonly #held: Float64Array;
  #timeNs = Number.NaN;

  constructor(hz: number, width: number) {
    this.#rate = 2 * Math.PI * hz;
    this.#held = new Float64Array(width);
  }

  reset(): void {
    this.#timeNs = Number.NaN;
  }

  /** Filters `width` numbers in place. */
  filter(timeNs: number, values: Float64Array, at: number): void {
    for (let i = 0; i < this.#held.length; i++) if (!Number.isFinite(values[at + i])) return;
    const dt = (timeNs - this.#timeNs) * 1e-9;
    const goesOn = dt >= 0 && dt <= FORGET_AFTER;
    const alpha = goesOn ? 1 - Math.exp(-this.#rate * dt) : 1;
    for (let i = 0; i < this.#held.length; i++) {
      const x = values[at + i]!;
      this.#held[i] = goesOn ? this.#held[i]! + alpha * (x - this.#held[i]!) : x;
      values[at + i] = this.#held[i]!;
    }
    this.#timeNs = timeNs;
  }
}
