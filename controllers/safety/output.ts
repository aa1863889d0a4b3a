import { CLIPPED, type Envelope, type Situation } from './envelope.ts';

/** Filters a wish into `out` and returns CLIPPED flags; a type, so that a test can put a broken filter in. */
export type ApplyFilter = Envelope['limit'];

/**
 * The last line: hard filter, then post-check. If the filter's result is refused, the braking law takes its place for
 * this one tick; if that is refused too, nothing goes out. Nothing after this alters a setpoint, nor the positions that go out
 * with it: they are written for what was admitted, and judged themselves.
 */
export class Output {
  /** CLIPPED flags of the last wish. */
  clipped = 0;
  /** Index into the envelope's refusals of what the post-check said of the filter's result; 0 for well. */
  refusal = 0;
  /** The setpoint is the braking law's, because the filter's was refused. */
  braked = false;
  /** Ticks in a row with limits in conflict. */
  conflicts = 0;

  readonly #envelope: Envelope;
  readonly #apply: ApplyFilter;

  constructor(envelope: Envelope, apply?: ApplyFilter) {
    this.#envelope = envelope;
    this.#apply = apply ?? envelope.limit.bind(envelope);
  }

  /** Writes what may go out. False: nothing may. */
  limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array): boolean {
    // REAL-TIME: every tick that writes.
    this.clipped = this.#apply(wish, by, speedScale, out);
    this.conflicts = (this.clipped & CLIPPED.conflict) === 0 ? 0 : this.conflicts + 1;
    this.refusal = this.#judge(out, by);
    this.braked = this.refusal !== 0;
    if (!this.braked) return true;
    this.#envelope.brake(by, out);
    return this.#judge(out, by) === 0;
  }

  /** Of the setpoint first: positions of one that is none are not worth a look. */
  #judge(out: Float64Array, by: Situation): number {
    const refusal = this.#envelope.judge(out, by);
    return refusal === 0 && this.#envelope.lead !== undefined ? this.#envelope.lead(out, by) : refusal;
  }
}
