import { admissible, type Judged } from './admissible.ts';
import { Brake } from './brake.ts';
import { CartesianFilter, CLIPPED } from './filter.ts';
import type { Inputs } from './inputs.ts';
import type { CartesianLimits } from './limits.ts';
import type { Setpoints } from './setpoints.ts';

/** Filters a wish into `out` and returns CLIPPED flags; a type, so that a test can put a broken filter in. */
export type ApplyFilter = CartesianFilter['apply'];

/**
 * The last line: hard filter, then post-check. If the filter's result is refused, the braking law takes its place for
 * this one tick; if that is refused too, nothing goes out. Nothing after this alters a setpoint.
 */
export class Output {
  readonly brake: Brake;
  /** CLIPPED flags of the last wish. */
  clipped = 0;
  /** Index into REFUSAL of what the post-check said of the filter's result; 0 for well. */
  refusal = 0;
  /** The setpoint is the braking law's, because the filter's was refused. */
  braked = false;
  /** Ticks in a row with limits in conflict. */
  conflicts = 0;

  readonly #limits: CartesianLimits;
  readonly #filter: CartesianFilter;
  readonly #apply: ApplyFilter;
  readonly #judged: Judged;

  constructor(limits: CartesianLimits, inputs: Inputs, last: Float64Array, apply?: ApplyFilter) {
    this.#limits = limits;
    this.brake = new Brake(limits);
    this.#filter = new CartesianFilter(limits);
    this.#apply = apply ?? this.#filter.apply.bind(this.#filter);
    this.#judged = {
      last,
      pose: inputs.state.pose,
      force: inputs.force,
      elapsed: 0,
      target: inputs.target,
      reference: Float64Array.of(0, 0, 0, 1),
    };
  }

  setTarget(pose: Float64Array): void {
    this.#filter.setTarget(pose);
  }

  /** Arming: the tilt cone stands on the measured orientation. */
  seed(pose: Float64Array): void {
    this.#filter.setReference(pose);
    this.#judged.reference.set(pose.subarray(3, 7));
    this.conflicts = 0;
  }

  /** Writes what may go out. False: nothing may. */
  limit(wish: Float64Array, setpoints: Setpoints, nowNs: number, speedScale: number, out: Float64Array): boolean {
    // REAL-TIME: every tick that writes.
    const { pose, force } = this.#judged;
    const elapsed = setpoints.elapsed(nowNs);
    this.clipped = this.#apply(wish, setpoints.last, pose, force, elapsed, speedScale, out);
    this.conflicts = (this.clipped & CLIPPED.conflict) === 0 ? 0 : this.conflicts + 1;
    this.#judged.elapsed = elapsed;
    this.refusal = admissible(out, this.#judged, this.#limits);
    this.braked = this.refusal !== 0;
    if (!this.braked) return true;
    this.brake.step(setpoints.last, pose, elapsed, out);
    return admissible(out, this.#judged, this.#limits) === 0;
  }
}
